"""Detections, taken apart and joined."""

import numpy as np
import pytest

from inyourarea.core.detections import DETECTED, Detections, join_detections


def some_detections(pts, origin):
    n = len(pts)
    return Detections(
        pts=np.array(pts, dtype=np.int64),
        xyxy=np.arange(4 * n, dtype=np.float32).reshape(n, 4),
        confidence=np.linspace(0.1, 0.9, n, dtype=np.float32),
        scores=np.zeros((n, 2), dtype=np.float32),
        appearance=np.zeros((n, 3), dtype=np.float32),
        portrait=np.zeros((n, 0), dtype=np.uint8),
        origin=np.array(origin, dtype=np.int32),
        looked=np.unique(pts).astype(np.int64),
    )


def test_what_was_followed_still_points_at_its_detection_after_taking_rows():
    taken = some_detections([0, 0, 1, 2], [DETECTED, DETECTED, 1, 1]).take(np.array([1, 2, 3]))
    assert taken.origin.tolist() == [DETECTED, 0, 0]
    assert taken.pts.tolist() == [0, 1, 2]


def test_a_box_whose_origin_is_left_out_counts_as_detected():
    taken = some_detections([0, 1], [DETECTED, 0]).take(np.array([False, True]))
    assert taken.origin.tolist() == [DETECTED]


def test_joining_segments_moves_origins_along():
    first = some_detections([0, 1], [DETECTED, 0])
    second = some_detections([2, 3], [DETECTED, 0])
    joined = join_detections([first, second])
    assert joined.origin.tolist() == [DETECTED, 0, DETECTED, 2]
    assert joined.looked.tolist() == [0, 1, 2, 3]
    assert joined.detected.tolist() == [True, False, True, False]


def test_columns_of_unlike_length_are_refused():
    with pytest.raises(ValueError, match="length"):
        some_detections([0, 1], [DETECTED])
