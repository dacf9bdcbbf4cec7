"""Lay two answers to the same frames side by side: does a file say what its network says?"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.model import BOXES_PER_FRAME
from inyourarea.core.boxes import iou
from inyourarea.train.graph import Suppression

BOX_TOLERANCE_PX = 0.5
SCORE_TOLERANCE = 1e-2
"""What float16 weights and another runtime's summation may cost: less than a box is used for."""

SUPPRESSION = Suppression(candidates=300, iou=0.55)
"""That of all files here. A face is seen by some ten cells, thirty people fill 300, and 600 bring
nothing where two looks are joined; members who cross overlap less than .55 in the face box until
one is hidden."""

_MOVED_IOU = 0.1
"""By how much two boxes of 10 px overlap otherwise once one has moved by half a pixel."""


class Answer(NamedTuple):
    """Boxes xyxy [N,K,4] and scores [N,K,C] of N frames; rows without a score are none.

    Rows that are not ``is_told`` [N,K] are ones that a file may leave out; none: all are.
    """

    boxes: NDArray[np.floating]
    scores: NDArray[np.floating]
    is_told: NDArray[np.bool_] | None = None


Look = Callable[[NDArray[np.uint8]], Answer]
"""How somebody answers frames uint8 [N,H,W,3]."""


def apart(reference: Answer, answer: Answer, floor: float) -> tuple[float, float]:
    """The largest difference of boxes, pixels, and of scores.

    Every row of the answer is looked up among the frame's rows of the reference, which may have
    more, in any order; and for every row of the reference above ``floor`` the answer must have one
    that is it, or that suppresses it. One that is lost differs by its score above the floor.
    """
    worst_box = worst_score = 0.0
    told = np.ones(reference.scores.shape[:2], bool)
    if reference.is_told is not None:
        told = reference.is_told
    frames = zip(reference.boxes, reference.scores, told, answer.boxes, answer.scores, strict=True)
    for own_boxes, own_scores, is_told, boxes, scores in frames:
        there = scores.any(axis=1)
        for box, score in zip(boxes[there], scores[there], strict=True):
            box_px = np.abs(own_boxes - box).max(axis=1)
            differing = np.abs(own_scores - score).max(axis=1)
            nearest = int((box_px + differing).argmin())
            worst_box = max(worst_box, float(box_px[nearest]))
            worst_score = max(worst_score, float(differing[nearest]))
        best = own_scores.max(axis=1)
        least = _least_told(best, scores, floor)
        asked = is_told & (best > least)
        stands_in = iou(own_boxes[asked], boxes) >= SUPPRESSION.iou - _MOVED_IOU
        instead = np.where(stands_in, scores.max(axis=1), least).max(axis=1, initial=least)
        worst_score = max(worst_score, float((best[asked] - instead).max(initial=0.0)))
    return worst_box, worst_score


def _least_told(best: NDArray[np.floating], scores: NDArray[np.floating], floor: float) -> float:
    """The score above which an answer has to tell of rows: it has room for so many only."""
    least = floor
    if len(best) > SUPPRESSION.candidates:
        least = max(least, float(np.sort(best)[-SUPPRESSION.candidates]))
    if scores.any(axis=1).sum() >= BOXES_PER_FRAME:
        least = max(least, float(scores.max(axis=1).min()))
    return least


def is_within(box_px: float, score: float) -> bool:
    """Whether two answers are as good as one."""
    return box_px <= BOX_TOLERANCE_PX and score <= SCORE_TOLERANCE
