"""Counts how often people pass each other in the picture, and how deep on the stage.

Used to plan and to measure.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.choreography import BAND_Y_M

CLEAR_WIDTHS = 0.75
"""Once their face centres are this many face widths apart, people are clear of each other."""
_LIMITS_M = ((BAND_Y_M[0] + BAND_Y_M[1]) / 2, (BAND_Y_M[1] + BAND_Y_M[2]) / 2)


def count_crossings(
    centres: Points, widths: Points, depths: Points, shots: NDArray[np.int64], members: int
) -> tuple[int, int, int]:
    """Count crossings at the front, the middle and the back of the stage.

    ``centres`` (F, n) are face centres in pixels along the picture, NaN where a person is not in
    the picture; ``widths`` (F, n) face widths; ``depths`` (F, n) metres from the stage's front;
    ``shots`` (F,). A crossing is a pair, at least one of the two among the first ``members``, that
    changes sides within one shot.
    """
    counts = [0, 0, 0]
    people = centres.shape[1]
    for i in range(members):
        for j in range(i + 1, people):
            apart = (centres[:, i] - centres[:, j]) / (
                CLEAR_WIDTHS * (widths[:, i] + widths[:, j]) / 2
            )
            depth = (depths[:, i] + depths[:, j]) / 2
            for frame in _side_changes(apart, shots):
                counts[int(np.searchsorted(_LIMITS_M, depth[frame]))] += 1
    return counts[0], counts[1], counts[2]


def _side_changes(apart: Points, shots: NDArray[np.int64]) -> list[int]:
    """Give the frames at which a pair's order changes for good.

    Beyond 1 on one side, then on the other.
    """
    sides = np.where(np.abs(apart) > 1.0, np.sign(apart), 0.0)
    sides[np.isnan(apart)] = 0.0
    clear = np.flatnonzero(sides)
    is_change = (sides[clear[1:]] != sides[clear[:-1]]) & (shots[clear[1:]] == shots[clear[:-1]])
    changes = []
    for before, after in zip(clear[:-1][is_change], clear[1:][is_change], strict=True):
        between = apart[before : after + 1]
        if not np.isnan(between).any():
            changes.append(int(before + np.argmin(np.abs(between))))
    return changes
