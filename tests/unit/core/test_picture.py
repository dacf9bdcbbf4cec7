"""The fancam's aspect and size."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.errors import Refused
from inyourarea.core.picture import Picture, output_size, parse_aspect, parse_size


def test_an_aspect_is_reduced_and_names_its_files():
    assert parse_aspect("18:32").aspect == Fraction(9, 16)
    assert parse_aspect("18:32").label == "9x16"
    assert parse_size("200x630").label == "200x630"


@pytest.mark.parametrize("text", ["", "9", "9:0", "0:16", "9:16:3", "-9:16", "1:11", "11:1", "a:b"])
def test_what_is_no_aspect_is_refused(text):
    with pytest.raises(Refused):
        parse_aspect(text)


@pytest.mark.parametrize("text", ["", "200", "201x630", "200x631", "8x8", "9000x9000", "16x8000"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(Refused):
        parse_size(text)


@given(
    aspect=st.fractions(Fraction(1, 10), 10, max_denominator=100),
    height=st.floats(16, 4000),
    source_height=st.integers(16, 4320),
)
def test_an_output_has_even_sides_and_is_never_above_the_source(aspect, height, source_height):
    width_px, height_px = output_size(Picture(aspect), (height * aspect, height), source_height)
    assert width_px % 2 == 0
    assert height_px % 2 == 0
    assert height_px <= source_height
    assert height_px <= max(16, height)
    assert abs(width_px - height_px * aspect) <= 1 or width_px == 16


def test_an_explicit_size_is_kept_up_to_twice_the_window():
    asked = parse_size("200x630")
    assert output_size(asked, (100.0, 315.0), 1080) == (200, 630)


def test_an_explicit_size_beyond_that_becomes_smaller_in_the_same_aspect():
    assert output_size(parse_size("200x630"), (50.0, 157.5), 1080) == (100, 314)
