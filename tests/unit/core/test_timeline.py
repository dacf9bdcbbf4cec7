"""Time as the source tells it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.timeline import Timeline


@st.composite
def timelines(draw):
    steps = draw(st.lists(st.integers(1, 5000), min_size=0, max_size=40))
    start = draw(st.integers(-5000, 5000))
    base = Fraction(1, draw(st.sampled_from([25, 1000, 30000, 90000])))
    return Timeline(np.cumsum([start, *steps]).astype(np.int64), base)


@given(timelines())
def test_every_frame_is_on_screen_at_its_own_time(timeline):
    for rank, pts in enumerate(timeline.pts.tolist()):
        seconds = (pts - int(timeline.pts[0])) * timeline.time_base
        assert timeline.frame_at(seconds) == rank


@given(timelines(), st.fractions(-2, 100))
def test_the_frame_on_screen_is_the_last_that_has_begun(timeline, seconds):
    begun = (timeline.pts - timeline.pts[0]) * timeline.time_base <= seconds
    assert timeline.frame_at(seconds) == max(0, np.count_nonzero(begun) - 1)


def test_a_step_of_29_97_is_a_thirtieth_and_a_bit():
    timeline = Timeline(np.array([0, 1001, 2002]), Fraction(1, 30000))
    assert timeline.steps == pytest.approx([1.001, 1.001])
    assert timeline.seconds == pytest.approx([0, 1001 / 30000, 2002 / 30000])


def test_pts_that_do_not_rise_are_no_timeline():
    with pytest.raises(ValueError, match="increasing"):
        Timeline(np.array([0, 10, 10]), Fraction(1, 25))
