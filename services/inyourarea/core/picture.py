"""The fancam's picture: its aspect, and its size in pixels."""

import re
from dataclasses import dataclass
from fractions import Fraction

from inyourarea.core.errors import Refused

#: A fancam is never enlarged more than this over the source's pixels.
LARGEST_UPSCALE = 2.0
#: Sides beyond this are refused: no source is that large either.
LARGEST_SIDE_PX = 8192


@dataclass(frozen=True)
class Picture:
    """An aspect (width / height), and a size in even pixels where the user asked for one."""

    aspect: Fraction
    size: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """How file names tell it: ``9x16``, or ``200x630`` for an explicit size."""
        if self.size:
            return f"{self.size[0]}x{self.size[1]}"
        return f"{self.aspect.numerator}x{self.aspect.denominator}"


def parse_aspect(text: str) -> Picture:
    """``9:16`` as a picture.

    Raises:
        Refused: not two whole numbers, or stretched beyond 1:10.
    """
    found = re.fullmatch(r"(\d{1,4}):(\d{1,4})", text.strip())
    if not found or not int(found[1]) or not int(found[2]):
        raise Refused(f"{text!r} is no aspect; write it as width:height, such as 9:16 or 1:1")
    aspect = Fraction(int(found[1]), int(found[2]))
    if not Fraction(1, 10) <= aspect <= 10:
        raise Refused(f"the aspect {text} is too stretched; keep it between 1:10 and 10:1")
    return Picture(aspect)


def parse_size(text: str) -> Picture:
    """``200x630`` as a picture.

    Raises:
        Refused: not two even whole numbers between 16 and 8192, or stretched beyond 1:10.
    """
    found = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text.strip())
    if not found:
        raise Refused(f"{text!r} is no size; write it as WIDTHxHEIGHT, such as 200x630")
    width, height = int(found[1]), int(found[2])
    if width % 2 or height % 2:
        raise Refused(f"the size {text} has an odd side; H.264 needs even ones")
    if not all(16 <= side <= LARGEST_SIDE_PX for side in (width, height)):
        raise Refused(f"the size {text} is out of range; each side may be 16 to {LARGEST_SIDE_PX}")
    parse_aspect(f"{width}:{height}")
    return Picture(Fraction(width, height), (width, height))


def output_size(
    picture: Picture, largest_used: tuple[float, float], source_height: int
) -> tuple[int, int]:
    """The fancam's width and height in pixels, even.

    Without an explicit size it is the aspect at the largest window used (``largest_used``,
    width and height in source pixels), never above the source's height. An explicit size that
    would enlarge that window more than twice becomes the same aspect, smaller.
    """
    if picture.size is None:
        return _even(picture.aspect, min(largest_used[1], source_height))
    width, height = picture.size
    if height <= LARGEST_UPSCALE * largest_used[1]:
        return width, height
    return _even(picture.aspect, LARGEST_UPSCALE * largest_used[1])


def _even(aspect: Fraction, height: float) -> tuple[int, int]:
    tall = max(16, int(height) // 2 * 2)
    return max(16, round(tall * aspect / 2) * 2), tall
