"""Lay two answers to the same frames side by side: does a file say what its network says?"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BOX_TOLERANCE_PX = 0.5
SCORE_TOLERANCE = 1e-2
"""What float16 weights and another runtime's summation may cost: less than a box is used for."""

Answer = tuple[NDArray[np.floating], NDArray[np.floating]]
"""Boxes xyxy [N,K,4] and scores [N,K,C] of N frames; an answer's rows without a score are none."""

Look = Callable[[NDArray[np.uint8]], Answer]
"""How somebody answers frames uint8 [N,H,W,3]."""


def apart(reference: Answer, answer: Answer) -> tuple[float, float]:
    """The largest difference of boxes, pixels, and of scores.

    Every row of the answer is looked up among the frame's rows of the reference, which may have
    more, in any order.
    """
    worst_box = worst_score = 0.0
    for own_boxes, own_scores, boxes, scores in zip(*reference, *answer, strict=True):
        for box, score in zip(boxes, scores, strict=True):
            if not score.any():
                continue
            box_px = np.abs(own_boxes - box).max(axis=1)
            differing = np.abs(own_scores - score).max(axis=1)
            nearest = int((box_px + differing).argmin())
            worst_box = max(worst_box, float(box_px[nearest]))
            worst_score = max(worst_score, float(differing[nearest]))
    return worst_box, worst_score


def is_within(box_px: float, score: float) -> bool:
    """Whether two answers are as good as one."""
    return box_px <= BOX_TOLERANCE_PX and score <= SCORE_TOLERANCE
