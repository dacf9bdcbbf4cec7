"""Between the messages of a run and the core's nouns: pictures, pins and rational numbers."""

from fractions import Fraction

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.picture import Picture
from inyourarea.core.pins import Pin


def to_rational(value: Fraction) -> facts.Rational:
    """A fraction as a message."""
    return facts.Rational(num=value.numerator, den=value.denominator)


def from_rational(value: facts.Rational) -> Fraction:
    """A message as a fraction."""
    return Fraction(value.num, value.den)


def to_picture(picture: Picture) -> facts.Picture:
    """A fancam's aspect and size as a message."""
    width, height = picture.size or (0, 0)
    return facts.Picture(aspect=to_rational(picture.aspect), width=width, height=height)


def from_picture(picture: facts.Picture) -> Picture:
    """A message as a fancam's aspect and size."""
    size = (picture.width, picture.height) if picture.width else None
    return Picture(from_rational(picture.aspect), size)


def to_pin(pin: Pin) -> facts.Pin:
    """A pin as a message."""
    return facts.Pin(
        start_s=to_rational(pin.start),
        end_s=None if pin.end is None else to_rational(pin.end),
        x=pin.x,
        y=pin.y,
        width=pin.width,
        height=pin.height,
        name=pin.name,
        is_denial=pin.is_denial,
    )


def from_pin(pin: facts.Pin) -> Pin:
    """A message as a pin."""
    return Pin(
        start=from_rational(pin.start_s),
        end=from_rational(pin.end_s) if pin.HasField("end_s") else None,
        x=pin.x,
        y=pin.y,
        width=pin.width if pin.HasField("width") else None,
        height=pin.height if pin.HasField("height") else None,
        name=pin.name,
        is_denial=pin.is_denial,
    )
