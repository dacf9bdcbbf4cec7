"""What was asked for and what was said, at places of a small picture."""

import numpy as np
from numpy.typing import NDArray

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
        scores=scores([(kind, confidence) for _, kind, confidence in said], classes=2),
    )


def scores(said: list[tuple[int, float]], classes: int) -> NDArray[np.float64]:
    """Class and confidence of each box, as (n, classes) scores: of no other class it has any."""
    given = np.zeros((len(said), classes))
    for row, (kind, confidence) in zip(given, said, strict=True):
        row[kind] = confidence
    return given
