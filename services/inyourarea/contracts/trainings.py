"""What is written of a training that somebody wants: what of, how far it is, how it ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

from inyourarea.contracts.v1 import facts_pb2 as facts

State = Literal["waiting", "working", "done", "failed", "cancelled"]
WAITING: Final = "waiting"
WORKING: Final = "working"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"

LOOKING: Final = "looking"
"""The weights that are started from look at all pictures; counted in pictures."""
TEACHERS_PICTURES: Final = "teacher pictures"
"""What the teacher learns from is written; in pictures."""
TEACHER: Final = "teacher"
"""A network learns from what is named, so that it can name more; in rounds."""
NAMING: Final = "naming"
"""The teacher looks at the pictures to learn from; in pictures."""
PICTURES: Final = "pictures"
"""What the model learns from is written; in pictures."""
LEARNING: Final = "learning"
"""The model learns; in rounds."""
EXPORTING: Final = "exporting"
"""The model's files are written and compared with it; in pictures."""
PUBLISHING: Final = "publishing"
"""What came of it becomes a version of the group's: from here on nobody cancels it."""
STEPS: Final = (
    *(LOOKING, TEACHERS_PICTURES, TEACHER, NAMING),
    *(PICTURES, LEARNING, EXPORTING, PUBLISHING),
)
"""In their order. The first only where nobody has looked at all boxes, those from there up to
`NAMING` only where names are to be spread."""

STAGE: Final = "train"
"""The consumer group that trains, as a `StageFailed` names it."""

SIZES: Final = ("n", "s", "m", "l", "x")
NETWORKS: Final = tuple(f"yolov5{size}{level}" for level in ("", "6") for size in SIZES)


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """What is asked for; ``imgsz`` and ``epochs`` are the usual ones where they are none.

    ``group`` is whose model it becomes the next version of; runs use it unless it is worse than the
    one in use, or even then where it ``is_forced``. ``has_model`` is whether runs had one of that
    name when it was asked for, be it published or one that came with the site.
    """

    group: str
    network: str = NETWORKS[0]
    imgsz: int | None = None
    epochs: int | None = None
    is_forced: bool = False
    has_model: bool = False


@dataclass(frozen=True, slots=True)
class Training:
    """That ``by`` wanted a model trained from a dataset at ``at_ns``."""

    dataset: str
    number: int
    wish: TrainingWish
    by: str
    at_ns: int

    @property
    def fact(self) -> facts.TrainingWanted:
        """As whoever trains is told of it."""
        return facts.TrainingWanted(dataset=self.dataset, number=self.number)


@dataclass(frozen=True, slots=True)
class TrainingState:
    """How far a training is, since ``at_ns``: ``done`` of ``total`` of a step.

    ``left_s`` of the step were left then, if that could be told. ``by`` has cancelled it.
    Once it is done ``version`` is the group's version that came of it, ``members`` what the version
    reaches by member (mAP50 and mAP50-95, on the part ``judged_on``), ``worse`` in what it falls
    short of the one before, or why nobody knows, and ``is_used`` whether the group's runs use it.
    """

    state: State = WAITING
    at_ns: int = 0
    step: str = ""
    done: int = 0
    total: int = 0
    left_s: float | None = None
    by: str = ""
    failure: str = ""
    version: int = 0
    is_used: bool = False
    worse: tuple[str, ...] = ()
    judged_on: str = ""
    members: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in (DONE, FAILED, CANCELLED)


def write_training(training: Training) -> bytes:
    """A training as JSON."""
    return _json(training)


def read_training(content: bytes) -> Training:
    """What `write_training` wrote; of a later version of the program, what is known here."""
    told = json.loads(content)
    wish = TrainingWish(**_known(TrainingWish, told["wish"]))
    return Training(**{**_known(Training, told), "wish": wish})


def write_state(state: TrainingState) -> bytes:
    """A state as JSON."""
    return _json(state)


def read_state(content: bytes) -> TrainingState:
    """What `write_state` wrote; of a later version of the program, what is known here."""
    known = _known(TrainingState, json.loads(content))
    members = {name: (float(pair[0]), float(pair[1])) for name, pair in known["members"].items()}
    return TrainingState(**{**known, "worse": tuple(known["worse"]), "members": members})


def _known(kind: type, told: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: told[one.name] for one in fields(kind) if one.name in told}


def _json(what: Training | TrainingState) -> bytes:
    return json.dumps(asdict(what), ensure_ascii=False, indent=1).encode()
