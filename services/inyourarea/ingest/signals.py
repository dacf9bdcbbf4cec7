"""What is measured in every frame for the tracker's shots: thumbnail, colours, camera. Pure.

Works on the small planes that extraction makes anyway.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core.signals import HISTOGRAM_BINS, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Signals
from inyourarea.ingest.motion import MOTION_WIDTH, STILL, camera_move
from inyourarea.runtime.source import Planes


def thumbnail(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma uint8 (H, W) as uint8 (36, 64), stretched."""
    size = (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def histogram(*planes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shares of pixels in 16 bins of each plane uint8, float32 (16 * planes,); each sums to 1."""
    parts = [
        cv2.calcHist([plane], [0], None, [HISTOGRAM_BINS], [0, 256]).reshape(-1) / plane.size
        for plane in planes
    ]
    return np.concatenate(parts).astype(np.float32)


def motion_picture(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A plane uint8 (H, W) at the size that is measured; smaller ones stay as they are."""
    height, width = plane.shape
    if width <= MOTION_WIDTH:
        return plane
    size = (MOTION_WIDTH, max(1, round(height * MOTION_WIDTH / width)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


class SignalsBook:
    """One segment's signals, written frame by frame."""

    def __init__(self, source_width: int) -> None:
        self._source_width = source_width
        self._before: NDArray[np.uint8] | None = None
        self._pts: list[int] = []
        self._thumbnails: list[NDArray[np.uint8]] = []
        self._histograms: list[NDArray[np.float32]] = []
        self._motions: list[tuple[float, float, float, float]] = []

    def write(self, frame: Planes) -> None:
        """The next frame, made small, is measured."""
        small = motion_picture(frame.y)
        move = STILL if self._before is None else camera_move(self._before, small)
        scale = self._source_width / small.shape[1]
        self._before = small
        self._pts.append(frame.pts)
        self._thumbnails.append(thumbnail(small))
        self._histograms.append(histogram(small, *map(motion_picture, (frame.u, frame.v))))
        self._motions.append((move.dx * scale, move.dy * scale, move.zoom, move.share))

    def signals(self) -> Signals:
        """Everything written so far."""
        rows = len(self._pts)
        return Signals(
            pts=np.array(self._pts, dtype=np.int64),
            thumbnail=np.array(self._thumbnails, dtype=np.uint8).reshape(
                rows, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
            ),
            histogram=np.array(self._histograms, dtype=np.float32).reshape(
                rows, 3 * HISTOGRAM_BINS
            ),
            motion=np.array(self._motions, dtype=np.float32).reshape(rows, 4),
        )
