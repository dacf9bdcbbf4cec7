"""The knobs of the detect stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inyourarea.runtime.settings import Environment


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
    asked = Environment(environment)
    threads = asked.whole("DETECT_THREADS", DEFAULT_THREADS, 1, MOST_THREADS)
    repository = asked.text("MODELS", "models", "the folder with the models")
    asked.check()
    return DetectSettings(model_repository=Path(repository), threads=threads)
