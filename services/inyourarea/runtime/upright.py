"""How a source's frames become upright and square: rotation flags and pixel shapes. Pure."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

#: Pixel shapes beyond this are damage, not lenses: the widest real one is 2.
_OBLONGEST = Fraction(4)


@dataclass(frozen=True)
class Orientation:
    """What to do to a stored picture: first swap its axes, then mirror it; all eight ways."""

    is_transposed: bool = False
    is_mirrored_x: bool = False
    is_mirrored_y: bool = False

    def upright(self, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A plane (H, W) turned; the same plane where there is nothing to do."""
        turned = cv2.transpose(plane) if self.is_transposed else plane
        if self.is_mirrored_x or self.is_mirrored_y:
            both = self.is_mirrored_x and self.is_mirrored_y
            turned = cv2.flip(turned, -1 if both else int(self.is_mirrored_x))
        return np.asarray(turned, np.uint8)

    def upright_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """A stored (width, height), turned."""
        return (size[1], size[0]) if self.is_transposed else size


UPRIGHT = Orientation()


def orientation(matrix: bytes) -> Orientation:
    """What a display matrix (nine int32, as in mp4's track header) asks for, to the quarter turn.

    Source: ISO/IEC 14496-12, 8.3.2: x' = a x + c y + tx, y' = b x + d y + ty; y points down.
    """
    if len(matrix) < 36:
        return UPRIGHT
    a, b, _, c, d = (float(value) for value in np.frombuffer(matrix, np.int32)[:5])
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, c < 0, b < 0)
    return Orientation(False, a < 0, d < 0)


def square_size(size: tuple[int, int], pixel_aspect: Fraction | None) -> tuple[int, int]:
    """The size (width, height) at which a stored picture has square pixels.

    The side that is too short grows, so that no pixel is lost; where a side changes it becomes
    even. An unsaid or absurd pixel aspect counts as square.
    """
    width, height = size
    if not pixel_aspect or not 1 / _OBLONGEST <= pixel_aspect <= _OBLONGEST:
        return size
    if round(width * pixel_aspect) > width:
        return _even(width * pixel_aspect), height
    if round(height / pixel_aspect) > height:
        return width, _even(height / pixel_aspect)
    return size


def _even(length: Fraction) -> int:
    return max(2, round(length / 2) * 2)
