"""What a network learns from and for how long: written beside the weights, read by who trains."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ARCHITECTURE = "yolov5n.yaml"
"""In today's ultralytics this is the anchor-free "u" variant with the split head."""

WINDOW = (416, 288)
"""Width and height of a training window, pixels: enough for the largest face, and small enough that
little of an empty stage is paid for."""

WINDOWS_PER_ROUND = 480
"""A round is only what lies between two checkpoints and two steps of the learning rate."""

BATCH = 16


@dataclass(frozen=True, slots=True)
class Course:
    """What is learned from, and for how long: ``hours``, or so many ``rounds`` where that is none.

    ``pictures`` are all of ``picture_size`` (width, height). ``start`` are weights of which what
    fits is taken over. ``device`` is ``cpu``, or GPUs by number, such as ``0,1``. ``can_mirror``
    where left and right mean nothing, ``can_redress`` where people wear something else elsewhere.
    """

    pictures: Path
    picture_size: tuple[int, int]
    classes: tuple[str, ...]
    work: Path
    seed: int
    hours: float | None = None
    rounds: int = 30
    windows_per_round: int = WINDOWS_PER_ROUND
    window: tuple[int, int] = WINDOW
    architecture: str = ARCHITECTURE
    start: Path | None = None
    batch: int = BATCH
    device: str = "cpu"
    can_mirror: bool = False
    can_redress: bool = False

    @property
    def checkpoint(self) -> Path:
        """The newest weights, with all that is needed to go on."""
        return self.work / "run" / "weights" / "last.pt"

    @property
    def progress(self) -> Path:
        """How far several processes are: rounds, of how many, pictures a batch."""
        return self.work / "progress.json"

    @property
    def stop(self) -> Path:
        """There where several GPUs are to learn no further round."""
        return self.work / "stop"

    def to_json(self) -> str:
        """As a process that is started for another GPU reads it."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False, indent=1)


def course_from_json(text: str) -> Course:
    """Read back what `Course.to_json` wrote."""
    fields: dict[str, Any] = json.loads(text)
    for name in ("picture_size", "classes", "window"):
        fields[name] = tuple(fields[name])
    for name in ("pictures", "work", "start"):
        fields[name] = fields[name] and Path(fields[name])
    return Course(**fields)
