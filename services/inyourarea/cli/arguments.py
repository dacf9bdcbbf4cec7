"""Words of the command line that several commands take: numbers, times and shapes."""

import argparse
from fractions import Fraction

from inyourarea.core.errors import Refused
from inyourarea.core.picture import Picture, parse_aspect, parse_size
from inyourarea.core.pin_files import parse_time


def count(text: str) -> int:
    """A whole number from 0 to 1000."""
    if not text.isdecimal() or int(text) > 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 1000")
    return int(text)


def port(text: str) -> int:
    """A port to listen at, 0 for any that is free."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, which is from 0 to 65535")
    return int(text)


def moment(text: str) -> Fraction:
    """A time in the video, as seconds."""
    try:
        return parse_time(text)
    except (Refused, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def aspect(text: str) -> Picture:
    """The shape of a picture, such as 9:16."""
    try:
        return parse_aspect(text)
    except Refused as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def shape(text: str) -> Picture:
    """The shape of a picture, or its exact size, such as 200x630."""
    try:
        return parse_aspect(text) if ":" in text else parse_size(text)
    except Refused as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def label(text: str) -> tuple[str, str]:
    """A label's name and value."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no label; write name=value")
    return name, value
