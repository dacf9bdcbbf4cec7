"""One head from one picture to the next: sparse optical flow on head and shoulders, checked."""

import cv2
import numpy as np
from numpy.typing import NDArray

#: The part that moves with a head, in face sizes from its centre: left, top, right, bottom.
BUST = (-0.8, -0.9, 0.8, 2.0)
GRID_POINTS = (8, 12)
#: Optical flow there and back must come home within this many pixels.
HOME_PX = 1.0
#: Mean difference of 32x18 thumbnails, in grey levels, from which on two pictures share no scene.
CUT_GREY = 28.0


def is_cut(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Whether the picture changes so much that no head can be followed over it."""
    small = [cv2.resize(p, (32, 18), interpolation=cv2.INTER_AREA) for p in (before, after)]
    return float(np.abs(small[0].astype(float) - small[1]).mean()) > CUT_GREY


class HeadStep:
    """Where a head is, and the picture in which it was there."""

    def __init__(self, picture: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> None:
        self._grey = _grey(picture)
        self._box = np.asarray(xyxy, dtype=np.float64)

    def advance(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
        """The head's box in the next picture, and how well the pixels agree, 0..1."""
        grey = _grey(picture)
        points = self._points()
        there, found = _flow(self._grey, grey, points)
        back, _ = _flow(grey, self._grey, there)
        home = np.linalg.norm((back - points).reshape(-1, 2), axis=1)
        good = (found.ravel() == 1) & (home < HOME_PX)
        self._grey = grey
        if good.sum() < 8:
            return self._box, 0.0
        moves = (there - points).reshape(-1, 2)[good].astype(np.float64)
        move = np.median(moves, axis=0)
        near = np.linalg.norm(moves - move, axis=1) < 2.0
        self._box = self._box + np.tile(move, 2)
        return self._box, float(good.mean() * near.mean()) ** 0.5

    def _points(self) -> NDArray[np.float32]:
        x, y = (self._box[:2] + self._box[2:]) / 2
        tall = self._box[3] - self._box[1]
        height, width = self._grey.shape
        across = np.linspace(x + BUST[0] * tall, x + BUST[2] * tall, GRID_POINTS[0])
        down = np.linspace(y + BUST[1] * tall, y + BUST[3] * tall, GRID_POINTS[1])
        grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 1, 2)
        inside = (grid >= 0).all(axis=(1, 2)) & (grid < [width, height]).all(axis=(1, 2))
        return grid[inside].astype(np.float32)


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _flow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Where the points went, and whether each was found at all."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=(11, 11)
    )
    return np.asarray(there, dtype=np.float32), np.asarray(found, dtype=np.uint8)
