"""In which sizes a browser gets the stage and a fancam. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from inyourarea.render.encode import FINE_CRF

#: Pixels of the shorter side, as "1080p" counts them: the largest rung at most, and those below.
LARGEST, LOWER = 1080, (720, 480)
#: Constant quality of the lower rungs: they are there for thin connections. On a drawn show at 24
#: they take 42 % and 21 % of the largest one's bits, at 19 they took 80 % and 38 %.
LOWER_CRF = 24
#: Pixels of the longer side at most: what decoders of telephones take at level 5.1.
LONGEST = 2560
#: A lower rung is worth its bytes where it has at most this share of the largest one's side.
WORTHWHILE = Fraction(9, 10)
#: Pixels of a side below which a fancam is not halved: nothing is left to see.
SMALLEST_HALF = 90


@dataclass(frozen=True)
class Rung:
    """One size of a film; ``name`` is told in playlists and names of files."""

    name: str
    size: tuple[int, int]
    crf: int


def stage_rungs(source: tuple[int, int]) -> tuple[Rung, ...]:
    """The stage's rungs, the largest first; none has more pixels than the source.

    ``source`` is (width, height), upright with square pixels; all sides that come out are even.
    """
    short, long = min(source), max(source)
    largest = min(Fraction(1), Fraction(LARGEST, short), Fraction(LONGEST, long))
    sides = [side for side in LOWER if side <= WORTHWHILE * largest * short]
    scales = [largest, *(Fraction(side, short) for side in sides)]
    sizes = [(_even(source[0] * scale), _even(source[1] * scale)) for scale in scales]
    crfs = [FINE_CRF, *(LOWER_CRF for _ in sides)]
    return tuple(Rung(str(min(size)), size, crf) for size, crf in zip(sizes, crfs, strict=True))


def half_size(size: tuple[int, int]) -> tuple[int, int] | None:
    """Half a fancam's width and height, to even numbers; none where too little would be left."""
    half = (_even(Fraction(size[0], 2)), _even(Fraction(size[1], 2)))
    return half if min(half) >= SMALLEST_HALF else None


def _even(length: Fraction) -> int:
    """The nearest even number that is not larger than the length, but 2 at least."""
    return max(2, int(length) // 2 * 2)
