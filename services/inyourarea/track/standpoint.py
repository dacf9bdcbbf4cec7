"""Where the camera looks in every frame: pixels of different frames brought to one place.

Identity and gaps reckon in steady coordinates, those of the first frame of a shot, so that a pan
or a shaking hand is no motion of the people. Between `shots` and `tracklets`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot

Floats = NDArray[np.float64]

#: Where less of the picture than this agreed on a motion of the camera, none is believed.
LEAST_AGREEING_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Standpoint:
    """Steady coordinates are (pixels - ``shift``) / ``zoom``, frame by frame.

    ``zoom`` float64 (F,), 1 in the first frame of a shot; ``shift`` float64 (F, 2) pixels.
    """

    zoom: Floats
    shift: Floats

    def steady(self, boxes: Floats, frames: NDArray[np.integer]) -> Floats:
        """Boxes xyxy (n, 4) in pixels of their frames, in steady coordinates."""
        shift = np.tile(self.shift[frames], 2)
        return np.asarray((boxes - shift) / self.zoom[frames, None])

    def pixels(self, boxes: Floats, frames: NDArray[np.integer]) -> Floats:
        """Steady boxes (n, 4) back in pixels of their frames."""
        return np.asarray(boxes * self.zoom[frames, None] + np.tile(self.shift[frames], 2))


def fixed_standpoint(frames: int) -> Standpoint:
    """A camera of which no motion is known."""
    return Standpoint(np.ones(frames), np.zeros((frames, 2)))


def standpoint_from_motion(
    motion: NDArray[np.floating], shots: tuple[Shot, ...], size: tuple[int, int]
) -> Standpoint:
    """Add up the camera's motion from frame to frame, anew in each shot.

    ``motion`` (F, 4) as in `Signals`: dx, dy in pixels, ln of the zoom about the picture's
    centre, and the share of the picture that moved so. Where nothing was compared, as in a
    segment's first frame, the camera goes on as in the frames beside that one.
    """
    is_believed = motion[:, 3] >= LEAST_AGREEING_SHARE
    move = np.where(is_believed[:, None], motion[:, :3], 0).astype(np.float64)
    first = np.array([shot.first_frame for shot in shots])
    for frame in np.setdiff1d(np.flatnonzero(motion[:, 3] == 0), first):
        beside = np.array([frame - 1, min(frame + 1, len(move) - 1)])
        beside = beside[is_believed[beside] & ~np.isin(beside, first)]
        if beside.size:
            move[frame] = move[beside].mean(axis=0)
    middle = np.array(size, dtype=np.float64) / 2
    zoom, shift = np.ones(len(move)), np.zeros((len(move), 2))
    for shot in shots:
        factor, offset = 1.0, np.zeros(2)
        for frame in range(shot.first_frame + 1, shot.last_frame + 1):
            step = float(np.exp(move[frame, 2]))
            factor *= step
            offset = step * offset + move[frame, :2] + middle * (1 - step)
            zoom[frame], shift[frame] = factor, offset
    return Standpoint(zoom, shift)
