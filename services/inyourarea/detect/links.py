"""Which sighting of one frame is the same head as which sighting of a later one."""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.detect.sightings import Sightings

#: How far a head goes, in its own heights: at rest, and more per second, a quarter per frame of 30.
REACH_FACES = 0.5
REACH_FACES_PER_S = 7.5
REACH_FACES_MOST = 2.0
#: A head's size changes by no more than this factor between two frames that were looked at.
SIZE_FACTOR = 1.6

NOBODY = -1


def pair_boxes(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], seconds_apart: float
) -> NDArray[np.int64]:
    """For each of our boxes the one of theirs that is the same head, `NOBODY` without; (n,).

    One to one, nearest together over all; boxes xyxy float64 (n, 4) and (m, 4).
    """
    partner = np.full(len(ours), NOBODY, dtype=np.int64)
    if not len(ours) or not len(theirs):
        return partner
    tall, other = boxes.size(ours)[:, 1], boxes.size(theirs)[:, 1]
    mean = (tall[:, None] + other[None, :]) / 2
    steps = boxes.centre(ours)[:, None] - boxes.centre(theirs)[None]
    distance = np.hypot(steps[..., 0], steps[..., 1]) / np.maximum(mean, 1)
    ratio = np.abs(np.log(np.maximum(tall, 1)[:, None] / np.maximum(other, 1)[None, :]))
    reach = min(REACH_FACES + REACH_FACES_PER_S * seconds_apart, REACH_FACES_MOST)
    impossible = (distance > reach) | (ratio > np.log(SIZE_FACTOR))
    cost = np.where(impossible, 100.0, distance + ratio)
    # Imported here: a third of what a run imports, and first needed when a segment was looked at.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    for mine, their in zip(*linear_sum_assignment(cost), strict=True):
        if not impossible[mine, their]:
            partner[mine] = their
    return partner


def link_frames(
    seen: Sightings, seconds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each row's successor and predecessor in the neighbouring looked frames, `NOBODY` without.

    ``seconds`` (frames,) are all frames' times.
    """
    after = np.full(len(seen), NOBODY, dtype=np.int64)
    before = np.full(len(seen), NOBODY, dtype=np.int64)
    for first, second in zip(seen.looked[:-1], seen.looked[1:], strict=True):
        ours, theirs = seen.rows_at(int(first)), seen.rows_at(int(second))
        apart_s = float(seconds[second] - seconds[first])
        partner = pair_boxes(seen.xyxy[ours], seen.xyxy[theirs], apart_s)
        has = partner != NOBODY
        after[ours[has]] = theirs[partner[has]]
        before[theirs[partner[has]]] = ours[has]
    return after, before
