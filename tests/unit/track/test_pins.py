from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inyourarea.core.errors import PinRejected
from inyourarea.core.pins import Pin
from inyourarea.core.timeline import Timeline
from inyourarea.track.pins import pins_in_sight, smallest_box_at

BOXES = np.array([[0, 0, 100, 100], [40, 40, 60, 60], [200, 0, 220, 30]], dtype=float)
FPS, SIZE = 30, (640, 360)
TIMELINE = Timeline(np.arange(300, dtype=np.int64), Fraction(1, FPS))
#: Where somebody stands.
ROSE = 100


def test_the_smallest_box_around_the_point_is_hit():
    assert smallest_box_at(50, 50, BOXES) == 1


def test_else_the_nearest_within_one_face_width():
    assert smallest_box_at(235, 10, BOXES) == 2
    assert smallest_box_at(245, 10, BOXES) is None


def test_nobody_is_hit_where_nobody_is():
    assert smallest_box_at(5, 5, np.zeros((0, 4))) is None


def pin(x, start, name, end=None, **more):
    """A pin on the middle of whoever stands at ``x``; times in frames."""
    until = None if end is None else Fraction(end, FPS)
    return Pin(Fraction(start, FPS), until, x + 20, 125, None, None, name, **more)


def test_a_box_that_sticks_out_of_the_picture_is_clipped():
    box = replace(pin(0, 0, "Lisa"), x=-10, y=340, width=40, height=50)
    (clipped,) = pins_in_sight((box,), TIMELINE, SIZE)
    assert (clipped.x, clipped.y, clipped.width, clipped.height) == (0, 340, 30, 20)
    point = pin(ROSE, 0, "Lisa")
    assert pins_in_sight((point,), TIMELINE, SIZE) == (point,)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (
            {"x": 5000, "y": 200, "width": 60, "height": 70},
            r"\(5000, 200\) is outside of .* 640x360",
        ),
        ({"x": 640, "y": 200}, "outside"),
        ({"x": 5, "y": 360, "width": 5, "height": 5}, "outside"),
        ({"x": -9, "y": 5, "width": 9, "height": 5}, "outside"),
        ({"start": Fraction(9999)}, r"at 9999\.00 s, but the last frame is at 9\.97 s"),
    ],
)
def test_a_pin_outside_of_the_video_is_refused(where, told):
    with pytest.raises(PinRejected, match=told):
        pins_in_sight((replace(pin(ROSE, 0, "Lisa"), **where),), TIMELINE, SIZE)
    end = replace(pin(ROSE, 0, "Lisa"), start=Fraction(10))  # the video's length is its last frame
    assert pins_in_sight((end,), TIMELINE, SIZE) == (end,)
