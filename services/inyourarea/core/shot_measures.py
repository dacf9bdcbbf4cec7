"""How right the shots are, against the truth."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import TICK_S, Timeline

#: A cut is found when it is at most this many frames off ...
CUT_FRAMES = 1
#: ... a dissolve or wipe when it is at most this many seconds off.
DISSOLVE_S = 0.5


@dataclass(frozen=True)
class ShotMeasures:
    """Counts of true and found boundaries; ``extra`` are found where none is, frames from 0."""

    true_boundaries: int
    found_boundaries: int
    matched: int
    missed: tuple[int, ...]
    extra: tuple[int, ...]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing to find, nor found."""
        total = self.true_boundaries + self.found_boundaries
        return 2 * self.matched / total if total else 1.0


def measure_shots(
    found: tuple[Shot, ...], truth: tuple[Shot, ...], timeline: Timeline
) -> ShotMeasures:
    """Which boundaries were found, missed, and made up (see `match_boundaries`)."""
    pairs = match_boundaries(found, truth, timeline)
    matched = {true for true, _ in pairs}
    right = {ours for _, ours in pairs}
    return ShotMeasures(
        true_boundaries=len(truth[1:]),
        found_boundaries=len(found[1:]),
        matched=len(pairs),
        missed=tuple(shot.first_frame for shot in truth[1:] if shot not in matched),
        extra=tuple(shot.first_frame for shot in found[1:] if shot not in right),
    )


def match_boundaries(
    found: tuple[Shot, ...], truth: tuple[Shot, ...], timeline: Timeline
) -> list[tuple[Shot, Shot]]:
    """Pairs of a true and a found shot that begin at one boundary, within its kind's tolerance.

    One to one, as many as can be.
    """
    ours = np.array([shot.first_frame for shot in found[1:]], dtype=np.int64)
    theirs = np.array([shot.first_frame for shot in truth[1:]], dtype=np.int64)
    is_cut = np.array([shot.kind == "cut" for shot in truth[1:]], dtype=np.bool_)
    seconds = timeline.seconds
    frames_off = np.abs(theirs[:, None] - ours[None, :])
    seconds_off = np.abs(seconds[theirs][:, None] - seconds[ours][None, :])
    fits = np.where(is_cut[:, None], frames_off <= CUT_FRAMES, seconds_off <= DISSOLVE_S + TICK_S)
    rows, columns = linear_sum_assignment(fits, maximize=True)
    return [
        (truth[1 + row], found[1 + column])
        for row, column in zip(rows, columns, strict=True)
        if fits[row, column]
    ]
