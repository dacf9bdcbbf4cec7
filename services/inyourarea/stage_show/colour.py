"""Colours of the stage show: hex tables in, BGR out, and how far apart two of them look."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bgr: TypeAlias = tuple[int, int, int]

_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])
_SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def bgr(code: str) -> Bgr:
    """Turn ``rrggbb`` into a BGR triple, as OpenCV draws it."""
    red, green, blue = (int(code[i : i + 2], 16) for i in (0, 2, 4))
    return blue, green, red


def mix(first: Bgr, second: Bgr, share: float) -> Bgr:
    """Blend ``share`` of the second colour into the first."""
    b, g, r = (round(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return b, g, r


def darker(colour: Bgr, share: float) -> Bgr:
    """Move towards black by ``share``."""
    return mix(colour, (0, 0, 0), share)


def lighter(colour: Bgr, share: float) -> Bgr:
    """Move towards white by ``share``."""
    return mix(colour, (255, 255, 255), share)


def lab(colour: Bgr) -> NDArray[np.float64]:
    """Give CIE L*a*b* (D65) of an sRGB colour, shape (3,)."""
    channel = np.array(colour[::-1], dtype=np.float64) / 255.0
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    ratio = _SRGB_TO_XYZ @ linear / _WHITE_D65
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def colour_distance(first: Bgr, second: Bgr) -> float:
    """Give the CIE 1976 colour difference (dE) of two sRGB colours."""
    return float(np.linalg.norm(lab(first) - lab(second)))
