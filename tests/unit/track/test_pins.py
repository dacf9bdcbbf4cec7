from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inyourarea.core.errors import PinRejected
from inyourarea.core.pin_places import smallest_box_at
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.timeline import Timeline
from inyourarea.track.pins import Scene, orders_from_pins, pins_in_sight
from inyourarea.track.tracklets import Sightings, tracklets_from_labels

BOXES = np.array([[0, 0, 100, 100], [40, 40, 60, 60], [200, 0, 220, 30]], dtype=float)
FPS, SIZE = 30, (640, 360)
TIMELINE = Timeline(np.arange(300, dtype=np.int64), Fraction(1, FPS))
#: Where two people stand.
ROSE, LISA = 100, 400


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


def said(tracklets, *pins):
    """What the pins say of tracklets (x, frames, who): what is named, and in which frames."""
    rows = sorted(
        (frame, number, x) for number, (x, frames, _) in enumerate(tracklets) for frame in frames
    )
    frame, number, x = (np.array(column) for column in zip(*rows, strict=True))
    n = frame.size
    sightings = Sightings(
        row=np.arange(n, dtype=np.int32),
        frame=frame.astype(np.int32),
        shot=np.zeros(n, np.int32),
        seconds=frame / FPS,
        xyxy=np.stack([x, x * 0 + 100, x + 40, x * 0 + 150], axis=1).astype(np.float64),
        confidence=np.ones(n),
        scores=np.zeros((n, 0)),
        appearance=np.zeros((n, 6)),
        portrait=np.zeros((n, 0), np.uint8),
    )
    scene = Scene(TIMELINE, sightings, sightings.xyxy)
    who = np.array([one[2] for one in tracklets], np.int32)
    orders, cut = orders_from_pins(pins, tracklets_from_labels(number), scene, who)

    def where(tracklet):
        seen = cut.sightings(tracklet)
        return int(sightings.xyxy[seen[0], 0]), int(frame[seen[0]]), int(frame[seen[-1]])

    denied = [(where(t), f"!{name}") for t, names in orders.is_not.items() for name in names]
    return sorted([(where(t), name) for t, name in orders.is_named.items()] + denied)


#: Rose is lost from sight for a while, Lisa is not.
BOTH = [(ROSE, range(150), 0), (LISA, range(300), 1), (ROSE, range(190, 300), 0)]


def test_a_pin_without_an_end_speaks_of_the_tracklet_there():
    assert said(BOTH, pin(ROSE, 30, NOBODY)) == [((ROSE, 0, 149), NOBODY)]


def test_a_pin_with_an_end_speaks_of_that_person_until_then_and_of_nothing_else():
    assert said(BOTH, pin(ROSE, 30, NOBODY, end=290)) == [
        ((ROSE, 30, 149), NOBODY),
        ((ROSE, 190, 289), NOBODY),
    ]
    assert said(BOTH, pin(LISA, 30, "Lisa", end=60, is_denial=True)) == [((LISA, 30, 59), "!Lisa")]


def test_whom_nobody_would_be_told_apart_is_spoken_of_while_she_is_in_sight():
    nobodies = [(x, frames, -1) for x, frames, _ in BOTH]
    assert said(nobodies, pin(ROSE, 30, "Rose", end=290)) == [((ROSE, 30, 149), "Rose")]


def test_a_pin_may_begin_where_another_ends():
    assert said(BOTH, pin(LISA, 30, "Lisa", end=60), pin(LISA, 60, "Jisoo", end=90)) == [
        ((LISA, 30, 59), "Lisa"),
        ((LISA, 60, 89), "Jisoo"),
    ]


def test_a_pin_within_the_time_of_another_must_say_the_same():
    lasting = pin(LISA, 30, "Lisa", end=60)
    assert said(BOTH, lasting, pin(LISA, 40, "Lisa")) == [((LISA, 30, 59), "Lisa")]
    with pytest.raises(PinRejected, match="'Jisoo' and 'Lisa'; keep one"):
        said(BOTH, lasting, pin(LISA, 40, "Jisoo"))
    with pytest.raises(PinRejected, match="this is not 'Lisa'"):
        said(BOTH, lasting, pin(LISA, 40, "Lisa", is_denial=True))


def test_one_pin_speaks_of_two_boxes_of_a_head_where_one_tracklet_goes_on_as_another():
    overlapping = [(ROSE, range(150), 0), (ROSE + 2, range(148, 300), 0)]
    assert len(said(overlapping, pin(ROSE, 30, "Rose", end=290))) == 2


def test_a_pin_between_two_looks_is_brought_to_the_next_one():
    looks = [(ROSE, range(0, 300, 4), 0)]
    assert said(looks, pin(ROSE, 20, "Rose"), pin(ROSE, 150, "Lisa")) == [
        ((ROSE, 0, 148), "Rose"),
        ((ROSE, 152, 296), "Lisa"),
    ]
    assert said(looks, pin(ROSE, 150, "Lisa", end=151)) == [((ROSE, 152, 152), "Lisa")]


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
