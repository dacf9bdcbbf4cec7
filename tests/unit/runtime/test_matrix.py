"""Colours survive the change from one matrix to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.runtime.matrix import LUMA_SHARES, recolouring

MATRICES = sorted(LUMA_SHARES)
Colour = tuple[float, float, float]


def to_rgb(colour: Colour, matrix: int, is_full: bool) -> Colour:
    red_share, blue_share = LUMA_SHARES[matrix]
    steps, black = ((255, 255), 0) if is_full else ((219, 224), 16)
    y, u, v = (colour[0] - black) / steps[0], *((c - 128) / steps[1] for c in colour[1:])
    red, blue = y + 2 * (1 - red_share) * v, y + 2 * (1 - blue_share) * u
    return red, (y - red_share * red - blue_share * blue) / (1 - red_share - blue_share), blue


@given(
    st.sampled_from(MATRICES),
    st.booleans(),
    st.integers(60, 190),
    st.integers(108, 148),
    st.integers(108, 148),
)
def test_red_green_and_blue_stay_what_they_were(
    matrix: int, is_full: bool, y: int, u: int, v: int
) -> None:
    shapes = zip(((5, 7), (3, 4), (3, 4)), (y, u, v), strict=True)
    flat = (np.full(shape, value, np.uint8) for shape, value in shapes)
    new = recolouring(matrix, is_full).apply(*flat)
    ours = to_rgb(tuple(float(plane[1, 1]) for plane in new), 1, False)
    assert np.allclose(ours, to_rgb((y, u, v), matrix, is_full), atol=0.012)


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1)])
def test_sizes_stay_odd_ones_too(shape: tuple[int, int]) -> None:
    half = (-(-shape[0] // 2), -(-shape[1] // 2))
    planes = (np.zeros(shape, np.uint8), np.zeros(half, np.uint8), np.zeros(half, np.uint8))
    assert [plane.shape for plane in recolouring(5, True).apply(*planes)] == [shape, half, half]


@pytest.mark.parametrize("matrix", MATRICES)
def test_grey_stays_grey(matrix: int) -> None:
    grey = np.full((4, 4), 128, np.uint8)
    ramp = np.arange(16, 235, dtype=np.uint8)[:, None] * np.ones((1, 4), np.uint8)
    y, u, v = recolouring(matrix, False).apply(ramp, *(np.full((110, 2), 128, np.uint8),) * 2)
    assert np.array_equal(y, ramp)
    assert (u == 128).all() and (v == 128).all()
    assert (recolouring(matrix, True).apply(grey, grey[:2, :2], grey[:2, :2])[0] == 126).all()
