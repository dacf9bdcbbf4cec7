"""What a group's model reaches, as its card tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


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
    """How true a runtime is to the network, and what a picture costs there.

    ``cpu_ms`` are milliseconds of CPU a picture, ``ms`` by the clock, one picture after another on
    the machine that trained.
    """

    name: str
    pictures: int
    box_px: float
    score: float
    cpu_ms: float | None
    ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on the pictures of the part ``judged_on``.

    ``confusion`` counts by who was there and who was said; ``mistakes`` are file, picture, words;
    ``spread`` boxes have names that people gave elsewhere.
    """

    judged_on: str
    confidence: float
    members: Mapping[str, MemberFigures]
    confusion: Mapping[str, Mapping[str, int]]
    mistakes: tuple[tuple[str, str, str], ...]
    runtimes: tuple[Runtime, ...]
    pictures: Mapping[str, int]
    windows: int
    spread: int
    start: str
    warnings: tuple[str, ...]

    @property
    def mean(self) -> tuple[float, float]:
        """mAP50 and mAP50-95 over the members that were to be seen; NaN without any."""
        seen = [(one.map50, one.map50_95) for one in self.members.values() if one.boxes]
        found = np.mean(seen, axis=0) if seen else np.full(2, np.nan)
        return float(found[0]), float(found[1])

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
