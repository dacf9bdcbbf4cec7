"""The pins file."""

import io
import unicodedata
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.contracts.specs import from_rational, to_rational
from inyourarea.core.errors import PinRejected
from inyourarea.core.pin_files import parse_time, read_pins
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.text_lines import text_lines

HEADER = "from,to,x,y,w,h,name\n"


def pins_of(text):
    return read_pins(io.StringIO(text))


def test_a_point_at_a_moment_names_somebody():
    assert pins_of(HEADER + "62,,100,200.5,,,Lisa\n") == (
        Pin(Fraction(62), None, 100, 200.5, None, None, "Lisa"),
    )


def test_a_box_over_a_span_denies_somebody():
    assert pins_of("1:02,1:05.5,10,20,30,40,!Lisa\n") == (
        Pin(Fraction(62), Fraction(131, 2), 10, 20, 30, 40, "Lisa", is_denial=True),
    )


def test_nobody_is_no_member():
    assert pins_of("0,,1,1,,,Nobody\n")[0].name == NOBODY


def test_blank_lines_and_blanks_around_fields_do_not_matter():
    assert pins_of(HEADER + "\n 1 , , 2 , 3 , , , Lisa \n,,,,,,\n")[0].x == 2


def test_decomposed_hangul_is_kept_composed():
    decomposed = unicodedata.normalize("NFD", "지수")
    assert pins_of(f"1,,2,3,,,{decomposed}\n")[0].name == "지수"


def test_a_quoted_name_may_hold_a_comma_and_a_line_end():
    assert pins_of('1,,2,3,,,"Lisa, the\nfirst"\n')[0].name == "Lisa, the first"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("x,,1,1,,,Lisa", "no time"),
        ("-1,,1,1,,,Lisa", "no time"),
        ("1e99,,1,1,,,Lisa", "no time"),
        ("nan,,1,1,,,Lisa", "no time"),
        ("1:75,,1,1,,,Lisa", "60"),
        ("999999999,,1,1,,,Lisa", "no time"),
        ("1.0000000001,,1,1,,,Lisa", "no time"),
        ("5,4,1,1,,,Lisa", "before"),
        ("1,,nan,1,,,Lisa", "x is 'nan'"),
        ("1,,1,inf,,,Lisa", "y is 'inf'"),
        ("1,,-3,1,,,Lisa", "0 or more"),
        ("1,,1,1,5,,Lisa", "both w and h"),
        ("1,,1,1,0,5,Lisa", "w is 0"),
        ("1,,1,1,,,", "no name"),
        ("1,,1,1,,,!", "no name"),
        ("1,,1,1,,,!nobody", "says nothing"),
        ("1,,1,1,,Lisa", "6 columns"),
        ('1,,1,1,,,"Lisa', "no row"),
        ("1,,1,1,,," + "L" * 2000, "no name"),
    ],
)
def test_a_broken_pin_is_refused_with_its_line(row, complaint):
    with pytest.raises(PinRejected, match=complaint) as refused:
        pins_of(HEADER + "0,,1,1,,,Lisa\n" + row + "\n")
    assert "line 3" in str(refused.value)


def test_too_many_pins_are_refused_before_they_fill_memory():
    with pytest.raises(PinRejected, match="10000"):
        read_pins("1,,2,3,,,Lisa\n" for _ in range(10**9))


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_all_ways_to_write_a_time_agree(hours, minutes, seconds, thousandths):
    exact = hours * 3600 + minutes * 60 + seconds + Fraction(thousandths, 1000)
    assert parse_time(f"{hours}:{minutes:02}:{seconds:02}.{thousandths:03}") == exact
    assert parse_time(f"{hours * 60 + minutes}:{seconds:02}.{thousandths:03}") == exact
    assert parse_time(f"{hours * 3600 + minutes * 60 + seconds}.{thousandths:03}") == exact


def test_lines_are_decoded_with_or_without_byte_order_mark():
    content = "\ufefffrom\r\n지수".encode()
    assert list(text_lines(io.BytesIO(content), PinRejected)) == ["from\r\n", "지수"]


def test_a_line_that_is_no_text_is_refused_with_its_number():
    with pytest.raises(PinRejected, match="Line 2 is not UTF-8"):
        list(text_lines(io.BytesIO(b"ok\n\xff\xfe\n"), PinRejected))


def test_a_file_without_line_ends_is_refused():
    with pytest.raises(PinRejected, match="longer than"):
        list(text_lines(io.BytesIO(b"1" * 10**6), PinRejected))


def test_the_longest_and_finest_time_fits_into_a_message():
    for text in ("9999:59:59.999999999", "99999:59.999999999", "99999999.999999999"):
        assert from_rational(to_rational(parse_time(text))) == parse_time(text)
