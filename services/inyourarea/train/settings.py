"""The knobs of training that somebody wants of a site, read once from the environment."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inyourarea.runtime.settings import Environment


@dataclass(frozen=True)
class TrainSettings:
    """Where is trained, and on what.

    ``scratch`` is where everything on the way lies: kept between two tries, the second goes on
    where the first was stopped. ``models`` has the show's weights to start from; none: nothing to
    start from. ``device`` is ``cpu``, GPUs by number, or ``auto``: the first GPU, without one the
    CPU. ``detects_on_gpu`` where what comes of it is to find people on a GPU.
    """

    scratch: Path
    models: Path | None = None
    device: str = "auto"
    detects_on_gpu: bool = False


def read_settings(environment: Mapping[str, str]) -> TrainSettings:
    """Settings from ``INYOURAREA_SCRATCH``, ``_MODELS``, ``_TRAIN_DEVICE``, ``_DETECT_DEVICE``.

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    asked = Environment(environment)
    settings = TrainSettings(
        scratch=(asked.folder("SCRATCH") or Path(tempfile.gettempdir())) / "training",
        models=asked.folder("MODELS"),
        device=read_device(asked),
        detects_on_gpu=read_detects_on_gpu(asked),
    )
    asked.check()
    return settings


def read_device(asked: Environment) -> str:
    """What is trained on: ``INYOURAREA_TRAIN_DEVICE`` (auto)."""
    return asked.text("TRAIN_DEVICE", "auto", "auto, cpu, or GPUs by number, such as 0,1")


def read_detects_on_gpu(asked: Environment) -> bool:
    """Whether people are found on a GPU: ``INYOURAREA_DETECT_DEVICE`` (cpu)."""
    return asked.read("DETECT_DEVICE", False, _is_gpu, "cpu or gpu")


def _is_gpu(text: str) -> bool:
    if text not in ("cpu", "gpu"):
        raise ValueError(text)
    return text == "gpu"
