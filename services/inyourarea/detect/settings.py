"""The knobs of the detect stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inyourarea.runtime.settings import SettingsRejected


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """The folder with ``<model>/1/model.onnx``, and the threads of each detector."""

    model_repository: Path
    threads: int


#: Both cores of the smallest machine.
DEFAULT_THREADS = 2
MOST_THREADS = 64


def read_settings(environment: Mapping[str, str]) -> DetectSettings:
    """Settings from ``INYOURAREA_MODELS`` and ``INYOURAREA_DETECT_THREADS``.

    Raises:
        SettingsRejected: a value can not be used; all problems are reported together.
    """
    problems = []
    threads = environment.get("INYOURAREA_DETECT_THREADS", str(DEFAULT_THREADS))
    if not threads.isdecimal() or not 1 <= int(threads) <= MOST_THREADS:
        problems.append(
            f"INYOURAREA_DETECT_THREADS must be a whole number from 1 to {MOST_THREADS}, "
            f"not {threads!r}"
        )
    repository = environment.get("INYOURAREA_MODELS", "models")
    if not repository:
        problems.append("INYOURAREA_MODELS is empty; name the folder with the models")
    if problems:
        raise SettingsRejected("; ".join(problems))
    return DetectSettings(model_repository=Path(repository), threads=int(threads))
