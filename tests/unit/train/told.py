"""What was asked for and what was said, at places of a small picture."""

import numpy as np

from inyourarea.train.measure import Answers

PLACES = np.array([[10.0, 10, 30, 40], [60, 10, 80, 40], [100, 10, 120, 40]])


def answers(truth: list[tuple[int, int]], said: list[tuple[int, int, float]]) -> Answers:
    """Truth as (place, class), what was said as (place, class, confidence)."""
    return Answers(
        truth=PLACES[[place for place, _ in truth]].reshape(-1, 4),
        truth_class=np.array([kind for _, kind in truth], np.int64),
        doubtful=np.zeros((0, 4)),
        doubtful_class=np.zeros(0, np.int64),
        boxes=PLACES[[place for place, *_ in said]].reshape(-1, 4),
        box_class=np.array([kind for _, kind, _ in said], np.int64),
        confidence=np.array([confidence for *_, confidence in said]),
    )
