"""What a picture is drawn on.

Pixels, and beside them who is where, so that truth is what was drawn.
"""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.colour import Bgr

SUBPIXEL_BITS = 4
_SUBPIXELS = 1 << SUBPIXEL_BITS
BLUR_STEPS = 4
BLUR_FROM_PX = 1.5

_ARC = np.linspace(-math.pi / 2, math.pi / 2, 7)
_ARC_POINTS = np.stack([np.cos(_ARC), np.sin(_ARC)], axis=1)
_ROUND = np.linspace(0, 2 * math.pi, 24, endpoint=False)
_ROUND_POINTS = np.stack([np.cos(_ROUND), np.sin(_ROUND)], axis=1)


def fixed_point(points: Points, scale: float = 1.0) -> NDArray[np.int32]:
    """Give corner-origin points (n, 2) as OpenCV's fixed-point coordinates.

    Whose origin is a pixel's centre.
    """
    return np.rint(points * (scale * _SUBPIXELS) - _SUBPIXELS / 2).astype(np.int32)


def capsule(start: Points, start_radius: float, end: Points, end_radius: float) -> Points:
    """Give the outline (14, 2) of a limb with round ends."""
    dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
    length = math.hypot(dx, dy) or 1.0
    along = np.array([[dx, dy], [-dy, dx]]) / length
    arc = _ARC_POINTS @ along
    return np.concatenate([end + end_radius * arc, start - start_radius * arc])


def ellipsoid(centre: Points, to_picture: Points, radii: Points) -> Points:
    """Give the outline (24, 2) of an ellipsoid with half axes ``radii`` along a body's axes."""
    spread = to_picture * radii
    square = spread @ spread.T
    a = math.sqrt(max(square[0, 0], 1e-9))
    b = square[0, 1] / a
    c = math.sqrt(max(square[1, 1] - b * b, 1e-9))
    return centre + _ROUND_POINTS @ np.array([[a, b], [0.0, c]])


@dataclass
class Canvas:
    """A BGR picture (H, W, 3) uint8, and beside it a map (h, w) uint8 of who was drawn last where.

    ``part`` is what the map is painted with; ``extent`` (x1, y1, x2, y2 in pixels) grows with all
    that is drawn since the last ``begin``.
    """

    picture: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    part: int = 0
    extent: list[float] = field(default_factory=lambda: [math.inf, math.inf, -math.inf, -math.inf])

    @classmethod
    def over(cls, picture: NDArray[np.uint8], map_rows: int) -> "Canvas":
        """Start on a picture whose map has this many rows, whatever the picture's size."""
        height, width = picture.shape[:2]
        return cls(picture, np.zeros((map_rows, round(width * map_rows / height)), np.uint8))

    @property
    def map_scale(self) -> float:
        """Map cells per pixel."""
        return self.ids.shape[1] / self.picture.shape[1]

    def begin(self, part: int) -> None:
        """Draw somebody new: the map is painted with ``part`` and the extent starts empty."""
        self.part = part
        self.extent = [math.inf, math.inf, -math.inf, -math.inf]

    def _grow(self, points: Points) -> None:
        x1, y1 = np.minimum.reduce(points).tolist()
        x2, y2 = np.maximum.reduce(points).tolist()
        extent = self.extent
        extent[0] = min(extent[0], x1)
        extent[1] = min(extent[1], y1)
        extent[2] = max(extent[2], x2)
        extent[3] = max(extent[3], y2)

    def polygon(self, points: Points, colour: Bgr) -> None:
        """Fill a polygon that takes part in truth: skin, hair, clothes."""
        self._grow(points)
        cv2.fillPoly(self.picture, [fixed_point(points)], colour, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.fillPoly(
            self.ids, [fixed_point(points, self.map_scale)], (self.part,), cv2.LINE_8, SUBPIXEL_BITS
        )

    def detail(self, points: Points, colour: Bgr) -> None:
        """Fill a polygon that lies upon what is drawn already: a pattern, an eye, a shade."""
        cv2.fillPoly(self.picture, [fixed_point(points)], colour, cv2.LINE_AA, SUBPIXEL_BITS)

    def line(self, points: Points, colour: Bgr, width: float) -> None:
        """Draw an open line of a width in pixels.

        Thinner than one pixel is one pixel of a paler line's width.
        """
        cv2.polylines(
            self.picture,
            [fixed_point(points)],
            False,
            colour,
            max(1, round(width)),
            cv2.LINE_AA,
            SUBPIXEL_BITS,
        )

    def swept(self, outlines: list[Points], colour: Bgr) -> None:
        """Fill a part that moves while the shutter is open: the mean of its outlines meanwhile.

        The map gets the middle outline.
        """
        middle = outlines[len(outlines) // 2]
        low = np.min([outline.min(axis=0) for outline in outlines], axis=0) - 2
        high = np.max([outline.max(axis=0) for outline in outlines], axis=0) + 3
        height, width = self.picture.shape[:2]
        x1, y1 = max(0, int(low[0])), max(0, int(low[1]))
        x2, y2 = min(width, int(high[0])), min(height, int(high[1]))
        self._grow(middle)
        if x1 >= x2 or y1 >= y2:
            return
        window = self.picture[y1:y2, x1:x2]
        total = np.zeros(window.shape, np.uint16)
        for outline in outlines:
            layer = window.copy()
            moved = fixed_point(outline - np.array([x1, y1]))
            cv2.fillPoly(layer, [moved], colour, cv2.LINE_AA, SUBPIXEL_BITS)
            total += layer
        window[:] = total // len(outlines)
        cv2.fillPoly(
            self.ids, [fixed_point(middle, self.map_scale)], (self.part,), cv2.LINE_8, SUBPIXEL_BITS
        )

    def smear(self, motion: Points, first_part: int, end_part: int) -> None:
        """Smear what these parts of the map cover along ``motion`` (2,) pixels.

        Within the current extent.
        """
        height, width = self.picture.shape[:2]
        reach = np.abs(motion) / 2 + 2
        x1, y1 = max(0, int(self.extent[0] - reach[0])), max(0, int(self.extent[1] - reach[1]))
        x2, y2 = (
            min(width, int(self.extent[2] + reach[0]) + 2),
            min(height, int(self.extent[3] + reach[1]) + 2),
        )
        if x2 - x1 < 4 or y2 - y1 < 4:
            return
        window = self.picture[y1:y2, x1:x2]
        scale = self.map_scale
        rows = slice(int(y1 * scale), max(int(y1 * scale) + 1, int(y2 * scale)))
        columns = slice(int(x1 * scale), max(int(x1 * scale) + 1, int(x2 * scale)))
        ids = self.ids[rows, columns]
        mask = ((ids >= first_part) & (ids < end_part)).astype(np.uint8) * 255
        grow = tuple(2 * int(np.ceil(v * scale)) + 1 for v in reach)
        grown = cv2.dilate(mask, np.ones(grow[::-1], np.uint8))
        covered = cv2.resize(grown, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
        cv2.copyTo(smear(window, motion), covered, window)


def smear(picture: NDArray[np.uint8], motion: Points) -> NDArray[np.uint8]:
    """Give the mean of a picture moved along ``motion`` (2,) pixels.

    From half of it back to half of it ahead.
    """
    steps = int(np.clip(np.ceil(float(np.abs(motion).max()) / 3), 2, 6))
    total = picture
    for i in range(steps):
        share = i / (steps - 1) - 0.5
        moved = _moved(picture, round(float(motion[0]) * share), round(float(motion[1]) * share))
        total = (
            moved
            if i == 0
            else np.asarray(cv2.addWeighted(total, i / (i + 1), moved, 1 / (i + 1), 0), np.uint8)
        )
    return total


def _moved(picture: NDArray[np.uint8], dx: int, dy: int) -> NDArray[np.uint8]:
    """Move a picture by whole pixels; what comes in at the rim is what was there."""
    height, width = picture.shape[:2]
    moved = picture.copy()
    if abs(dx) < width and abs(dy) < height:
        moved[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = picture[
            max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)
        ]
    return moved
