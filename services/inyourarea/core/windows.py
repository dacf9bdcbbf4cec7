"""The camera of one person: the part of the source frame that the fancam shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Windows are rounded to this fraction of a pixel, so that a piece's key is exact.
QUANTUM_PX = 1 / 16


@dataclass(frozen=True, eq=False)
class CameraPath:
    """A window for every frame: ``xyxy`` float64 (F, 4), multiples of 1/16 source pixel.

    ``state`` uint8 (F,) is the person's `State`. Where it is ``ABSENT`` the window is the whole
    frame and is shown fitted into the picture over a blurred, darkened copy of itself; elsewhere
    the window has the picture's aspect (up to rounding) and fills it.
    """

    person: str
    name: str
    xyxy: NDArray[np.float64]
    state: NDArray[np.uint8]


def quantise(windows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Windows rounded to the nearest 1/16 pixel."""
    return np.round(windows.astype(np.float64) / QUANTUM_PX) * QUANTUM_PX
