"""What a group's model reaches, as its card tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inyourarea.train.parity import is_within


@dataclass(frozen=True, slots=True)
class MemberFigures:
    """Of one member: NaN where she is in no picture, or was not seen at all."""

    map50: float
    map50_95: float
    precision: float
    recall: float
    boxes: int


@dataclass(frozen=True, slots=True)
class Runtime:
    """How true a runtime is to what it was compared with, and what a picture costs there.

    ``like`` is that other one's name. ``cpu_ms`` are milliseconds of CPU a picture, ``ms`` by the
    clock, one picture after another on the machine that trained.
    """

    name: str
    like: str
    pictures: int
    box_px: float
    score: float
    cpu_ms: float | None
    ms: float

    @property
    def is_true(self) -> bool | None:
        """Whether it answers as that other one does; none: 8 bits are not asked to."""
        if self.like == TORCH and self.name.endswith(EIGHT_BITS):
            return None
        return is_within(self.box_px, self.score)


TORCH, FLOAT, HALF, EIGHT_BITS = "torch", "float32", "float16", "8 bits"
"""The network itself, and its files by their numbers."""

Marks = tuple[float, float]
"""mAP50 and mAP50-95."""

MOST_LOST: Marks = (0.005, 0.015)
"""What 8 bits may cost, or they are not served: of who is found and named as much as two trainings
of the same differ by, of the boxes' last tenth of a pixel more, for half of the CPU."""


def are_eight_bits_enough(plain: Marks, small: Marks) -> bool:
    """Whether a file in 8 bits reaches what the one in float32 does; not where nothing is known."""
    each = zip(plain, small, MOST_LOST, strict=True)
    return all(after >= before - most for before, after, most in each)


@dataclass(frozen=True, slots=True)
class Given:
    """Shares of ``boxes`` that a run gives to the right member, and to another one."""

    boxes: int
    right: float
    other: float


@dataclass(frozen=True, slots=True)
class WholeRun:
    """To whom runs of the dataset's own videos give the faces of unseen shots; by member, and all.

    Of ``videos`` so many ``seconds`` were run. ``notes`` are sentences on what was not measured.
    """

    members: Mapping[str, Given] = field(default_factory=dict)
    all: Given | None = None
    videos: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it in a line."""
        found = []
        if self.all:
            found.append(
                f"A whole run gives {self.all.right:.1%} of {self.all.boxes} confirmed faces in "
                f"unseen shots to the right member, {self.all.other:.1%} to another one "
                f"({self.videos} video{'s'[: self.videos != 1]}, {self.seconds:.0f} s)."
            )
        return " ".join([*found, *self.notes])


NOT_RUN = WholeRun(
    notes=("A whole run was not measured: only `inyourarea train` on a folder does that.",)
)
"""Where a site trains there is nothing that follows people."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on the pictures of the part ``judged_on``, of the file that is served.

    ``numbers`` are those that it computes in; ``marks`` has those of each file that could be.
    ``confusion`` counts by who was there and who was said; ``mistakes`` are file, picture, words;
    ``spread`` boxes have names that people gave elsewhere. Of the boxes that it was judged by
    ``placed`` lie where the weights to start from see the face; ``hidden`` places are painted over.
    ``exam`` is the digest of all that it was judged by; ``before`` has by its ``sha256`` the file
    that was in use, and what its ``members`` reach in the same exam.
    """

    judged_on: str
    numbers: str
    marks: Mapping[str, Marks]
    confidence: float
    members: Mapping[str, MemberFigures]
    confusion: Mapping[str, Mapping[str, int]]
    mistakes: tuple[tuple[str, str, str], ...]
    runtimes: tuple[Runtime, ...]
    pictures: Mapping[str, int]
    windows: int
    spread: int
    placed: int
    hidden: int
    start: str
    warnings: tuple[str, ...]
    exam: str
    before: Mapping[str, Any] | None
    whole_run: WholeRun = NOT_RUN

    @property
    def mean(self) -> Marks:
        """mAP50 and mAP50-95 over the members that were to be seen; NaN without any."""
        return mean_of(self.members)

    def test(self) -> Mapping[str, Any]:
        """What a card has under ``test``: the figures of `judged_on`, which it says beside them."""
        members = {
            name: {"map50": one.map50, "map50_95": one.map50_95, "precision": one.precision}
            | {"recall": one.recall, "boxes": one.boxes}
            for name, one in self.members.items()
            if one.boxes
        }
        map50, map50_95 = self.mean
        return {"test": {"members": members, "map50": map50, "map50_95": map50_95}}


def mean_of(members: Mapping[str, MemberFigures]) -> Marks:
    """The mean over the members that were to be seen; NaN without any."""
    seen = [(one.map50, one.map50_95) for one in members.values() if one.boxes]
    found = np.mean(seen, axis=0) if seen else np.full(2, np.nan)
    return float(found[0]), float(found[1])
