"""What ingest measures in every frame, so that the tracker can decide where the shots are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.columns import joined

THUMBNAIL_WIDTH = 64
THUMBNAIL_HEIGHT = 36
#: Bins per plane (Y, U, V) of a frame's histogram.
HISTOGRAM_BINS = 16


@dataclass(frozen=True, eq=False)
class Signals:
    """One row per presented frame of a stretch of video, in order.

    ``pts`` int64 (n,); ``thumbnail`` uint8 (n, 36, 64), luma; ``histogram`` float32 (n, 48),
    shares of pixels in 16 bins each of Y, U and V (each plane sums to 1); ``motion`` float32
    (n, 4), the camera's move from the frame before: dx, dy in source pixels (where the picture's
    content went), ln of the zoom factor, and the share 0..1 of the picture that moved so. The
    first row of a stretch has no frame before: zeros.
    """

    pts: NDArray[np.int64]
    thumbnail: NDArray[np.uint8]
    histogram: NDArray[np.float32]
    motion: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.pts.size)


def join_signals(parts: list[Signals]) -> Signals:
    """The signals of consecutive segments as one."""
    return joined(parts)
