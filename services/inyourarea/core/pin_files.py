"""The pins file: what the user says about who is who, one row per pin."""

import csv
import math
import re
from collections.abc import Iterable
from fractions import Fraction

from inyourarea.core.errors import PinRejected
from inyourarea.core.members import fold, tidy
from inyourarea.core.pins import NOBODY, Pin

PIN_COLUMNS = ("from", "to", "x", "y", "w", "h", "name")
#: Nobody sets more pins than this by hand; it bounds the memory of a wrong file.
MOST_PINS = 10_000
#: Longer names than this are a mistake in the file.
LONGEST_NAME = 1_000
#: With so few digits it fits into a message's 64 bits.
TIME = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,5}):)?(\d{1,8}(?:\.\d{1,9})?)")


def read_pins(lines: Iterable[str]) -> tuple[Pin, ...]:
    """The pins of a file ``from,to,x,y,w,h,name``, with or without that header, in its order.

    Times are seconds, ``m:ss`` or ``h:mm:ss``, with decimals; ``to`` may be empty (only then), and
    ``w,h`` (a point). ``!name`` denies, ``nobody`` is no member.

    Raises:
        PinRejected: what is wrong in which line.
    """
    reader = csv.reader(lines, strict=True)
    pins: list[Pin] = []
    try:
        for row in reader:
            fields = [field.strip() for field in row]
            is_header = not pins and tuple(field.lower() for field in fields) == PIN_COLUMNS
            if not any(fields) or is_header:
                continue
            if len(pins) == MOST_PINS:
                raise PinRejected(f"The pins file has more than {MOST_PINS} pins; keep fewer.")
            pins.append(_pin(fields, reader.line_num))
    except csv.Error as error:
        raise PinRejected(f"Pins line {reader.line_num} is no row of a CSV: {error}.") from None
    return tuple(pins)


def parse_time(text: str) -> Fraction:
    """``62.5``, ``1:02.5`` or ``0:01:02.5`` as seconds, exactly.

    Raises:
        ValueError: it is none of these.
    """
    found = TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:40]!r} is no time; write seconds, m:ss or h:mm:ss")
    hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    if (found[2] and seconds >= 60) or (found[1] and minutes >= 60):
        raise ValueError(f"{text[:40]!r} has more than 60 seconds or minutes behind a colon")
    return hours * 3600 + minutes * 60 + seconds


def _pin(fields: list[str], number: int) -> Pin:
    if len(fields) != len(PIN_COLUMNS):
        raise PinRejected(
            f"Pins line {number} has {len(fields)} columns; it needs {','.join(PIN_COLUMNS)}."
        )
    start, end = _time(fields[0], number), _time(fields[1], number) if fields[1] else None
    if end is not None and end < start:
        raise PinRejected(f"Pins line {number}: {fields[1]} is before {fields[0]}; swap them.")
    if bool(fields[4]) != bool(fields[5]):
        raise PinRejected(f"Pins line {number}: give both w and h, or neither.")
    name, is_denial = _name(fields[6], number)
    return Pin(
        start=start,
        end=end,
        x=_pixels(fields[2], "x", number),
        y=_pixels(fields[3], "y", number),
        width=_side(fields[4], "w", number),
        height=_side(fields[5], "h", number),
        name=name,
        is_denial=is_denial,
    )


def _time(text: str, number: int) -> Fraction:
    try:
        return parse_time(text)
    except ValueError as error:
        raise PinRejected(f"Pins line {number}: {error}.") from None


def _pixels(text: str, what: str, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise PinRejected(
            f"Pins line {number}: {what} is {text[:40]!r}; it must be source pixels, 0 or more."
        )
    return value


def _side(text: str, what: str, number: int) -> float | None:
    if not text:
        return None
    value = _pixels(text, what, number)
    if value == 0:
        raise PinRejected(f"Pins line {number}: {what} is 0; leave w and h empty for a point.")
    return value


def _name(text: str, number: int) -> tuple[str, bool]:
    """The name, and whether the pin denies it."""
    is_denial = text.startswith("!")
    name = tidy(text.removeprefix("!"))
    if not name or len(name) > LONGEST_NAME:
        raise PinRejected(f"Pins line {number} has no name that can be used; write who it is.")
    if fold(name) == NOBODY:
        if is_denial:
            raise PinRejected(f"Pins line {number}: !{NOBODY} says nothing; write who it is.")
        return NOBODY, False
    return name, is_denial
