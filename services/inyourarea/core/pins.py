"""What a person says about who is who: hard facts for the identity step."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

#: The name that says: this is no member.
NOBODY = "nobody"


@dataclass(frozen=True)
class Pin:
    """From one moment (to another) the person at a point, or in a box, is, or is not, somebody.

    ``start`` and ``end`` are seconds from the run's first frame, half open (``end`` None: then);
    ``x``, ``y`` source pixels: a point, or the box's upper left corner when ``width`` and
    ``height`` are given. ``name`` is a member, or ``NOBODY``; ``is_denial`` turns it around
    ("this is not Lisa").
    """

    start: Fraction
    end: Fraction | None
    x: float
    y: float
    width: float | None
    height: float | None
    name: str
    is_denial: bool = False


def given_names(pins: Iterable[Pin]) -> tuple[str, ...]:
    """The names that pins say people have, each once; what is denied, and nobody, is none."""
    names = (pin.name for pin in pins if not pin.is_denial and pin.name != NOBODY)
    return tuple(dict.fromkeys(names))
