"""Where nobody is, nobody is found: empty and nearly empty questions have an answer."""

from fractions import Fraction

import numpy as np
import pytest

from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.track.solve import Question, solve_tracks

FRAMES = 30


def seen(boxes: int, confidence: float, classes: int) -> Detections:
    """That many boxes, one in each of the first frames."""
    rows = np.arange(boxes)
    corner = np.array([100.0, 100.0, 130.0, 140.0], dtype=np.float32)
    return Detections(
        pts=rows.astype(np.int64),
        xyxy=np.tile(corner, (boxes, 1)),
        confidence=np.full(boxes, confidence, dtype=np.float32),
        scores=np.full((boxes, max(classes, 1)), confidence, dtype=np.float32),
        appearance=np.tile(np.eye(1, 78, dtype=np.float32), (boxes, 1)),
        portrait=np.zeros((boxes, 0), dtype=np.uint8),
        origin=np.full(boxes, DETECTED, dtype=np.int32),
        looked=np.arange(FRAMES, dtype=np.int64),
    )


@pytest.mark.parametrize("classes", [(), ("Aria", "Bella")])
@pytest.mark.parametrize("people", [0, 3])
@pytest.mark.parametrize(("boxes", "confidence"), [(0, 0.9), (5, 0.05), (1, 0.2), (1, 0.9)])
def test_next_to_nothing_makes_nobody(
    classes: tuple[str, ...], people: int, boxes: int, confidence: float
) -> None:
    tracks = solve_tracks(
        Question(
            detections=seen(boxes, confidence, len(classes)),
            shots=(Shot(0, FRAMES - 1),),
            timeline=Timeline(np.arange(FRAMES, dtype=np.int64), Fraction(1, 30)),
            size=(640, 360),
            classes=classes,
            threshold=0.5,
            people=people,
        )
    )
    assert all(track.has_box.sum() <= boxes for track in tracks.people)
    assert not [track for track in tracks.people if boxes == 0 and track.has_box.any()]
