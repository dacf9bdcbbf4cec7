"""Windows, framings and shots."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.framing import FACE, FRAMINGS, largest_window
from inyourarea.core.shots import Shot, shot_of_frames
from inyourarea.core.windows import quantise

sides = st.integers(16, 8192)


@given(st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4))
def test_a_quantised_window_is_whole_sixteenths_and_hardly_moves(window):
    quantised = quantise(np.array([window]))
    assert (quantised * 16 == np.round(quantised * 16)).all()
    assert np.abs(quantised - np.array([window])).max() <= 1 / 32 + 1e-9
    assert (quantise(quantised) == quantised).all()


@given(st.tuples(sides, sides), st.fractions(Fraction(1, 10), 10, max_denominator=50))
def test_the_largest_window_lies_in_the_frame_and_touches_it(size, aspect):
    width, height = largest_window(size, aspect)
    assert width <= size[0] + 1e-6
    assert height <= size[1] + 1e-6
    assert abs(width - size[0]) < 1e-6 or abs(height - size[1]) < 1e-6


def test_a_safe_band_never_leaves_the_window():
    for framing in FRAMINGS.values():
        low, high = framing.safe_band
        assert 0 <= low < high <= 1
    assert FACE.safe_band == pytest.approx((0.25, 0.65))


def test_every_frame_belongs_to_its_shot():
    shots = (Shot(0, 1), Shot(2, 2), Shot(3, 5, "dissolve"))
    assert shot_of_frames(shots).tolist() == [0, 0, 1, 2, 2, 2]
