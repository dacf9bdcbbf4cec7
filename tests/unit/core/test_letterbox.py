"""Between source pixels and the detector's picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from inyourarea.core.letterbox import fit_letterbox

source_side = st.integers(1, 8000)
picture_side = st.integers(16, 2000)
sizes = st.tuples(source_side, source_side)
pictures = st.tuples(picture_side, picture_side)


@given(sizes, pictures, st.lists(st.floats(-10, 9000), min_size=4, max_size=4))
def test_to_the_picture_and_back_is_the_identity(source, picture, box):
    letterbox = fit_letterbox(source, picture)
    boxes = np.array([box])
    assert_allclose(letterbox.to_source(letterbox.to_picture(boxes)), boxes, atol=1e-6)


@given(sizes, pictures)
def test_the_whole_frame_fits_the_picture(source, picture):
    letterbox = fit_letterbox(source, picture)
    frame = letterbox.to_picture(np.array([[0, 0, *source]], dtype=np.float64))[0]
    assert (frame[:2] >= -1e-6).all()
    assert (frame[2:] <= np.array(picture) + 1 + 1e-6).all()
    assert letterbox.left + letterbox.inner_width <= picture[0]
    assert letterbox.top + letterbox.inner_height <= picture[1]


@given(sizes, pictures)
def test_one_side_is_filled_and_the_bars_are_even(source, picture):
    letterbox = fit_letterbox(source, picture)
    assert letterbox.inner_width == picture[0] or letterbox.inner_height == picture[1]
    right = picture[0] - letterbox.inner_width - letterbox.left
    below = picture[1] - letterbox.inner_height - letterbox.top
    assert 0 <= right - letterbox.left <= 1
    assert 0 <= below - letterbox.top <= 1


def test_full_hd_in_640_by_384_has_bars_of_12_lines():
    letterbox = fit_letterbox((1920, 1080), (640, 384))
    assert (letterbox.left, letterbox.top) == (0, 12)
    assert (letterbox.inner_width, letterbox.inner_height) == (640, 360)
