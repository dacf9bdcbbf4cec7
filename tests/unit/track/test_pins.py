import numpy as np

from inyourarea.track.pins import smallest_box_at

BOXES = np.array([[0, 0, 100, 100], [40, 40, 60, 60], [200, 0, 220, 30]], dtype=float)


def test_the_smallest_box_around_the_point_is_hit():
    assert smallest_box_at(50, 50, BOXES) == 1


def test_else_the_nearest_within_one_face_width():
    assert smallest_box_at(235, 10, BOXES) == 2
    assert smallest_box_at(245, 10, BOXES) is None


def test_nobody_is_hit_where_nobody_is():
    assert smallest_box_at(5, 5, np.zeros((0, 4))) is None
