"""How much of a person a fancam shows, measured in face heights."""

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType


@dataclass(frozen=True)
class Framing:
    """Bounds of a window, by the face's height h; see `FRAMINGS`.

    ``height`` is the least and largest window height in h; ``face_band`` where the face's centre
    may lie, as a share of the window's height from its top.
    """

    name: str
    height: tuple[float, float]
    face_band: tuple[float, float]

    @property
    def safe_band(self) -> tuple[float, float]:
        """The face band widened by ten points to either side, within the window."""
        low, high = self.face_band
        return max(0.0, low - 0.1), min(1.0, high + 0.1)


#: The face box of the safe area lies within this central share of the window's width.
SAFE_WIDTH = 0.8
#: A face larger than this share of the largest possible window is inside when its centre is.
LARGE_FACE = 0.8

FULL = Framing("full", (11.0, 13.0), (0.08, 0.20))
UPPER = Framing("upper", (5.0, 7.0), (0.15, 0.35))
FACE = Framing("face", (2.5, 3.5), (0.35, 0.55))

FRAMINGS = MappingProxyType({framing.name: framing for framing in (FULL, UPPER, FACE)})


def largest_window(size: tuple[int, int], aspect: Fraction) -> tuple[float, float]:
    """Width and height of the largest window of that aspect (width / height) inside a frame."""
    width, height = size
    fitted = min(Fraction(height), Fraction(width) / aspect)
    return float(fitted * aspect), float(fitted)
