"""Time as the source tells it: presentation stamps (pts) in a rational time base."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

#: Speeds and accelerations are given per this step, so that they compare across frame rates.
REFERENCE_STEP_S = Fraction(1, 30)

#: What is added to a bound that whole frames may reach exactly: seconds are floats, of which a
#: difference is a hair more at one place of a video and a hair less at another.
TICK_S = 1e-6


@dataclass(frozen=True, eq=False)
class Timeline:
    """The presented frames of a video; a frame's rank in it is its number, from 0.

    ``pts`` int64 (n,), strictly increasing, in units of ``time_base`` seconds.
    """

    pts: NDArray[np.int64]
    time_base: Fraction

    def __post_init__(self) -> None:
        if self.pts.ndim != 1 or np.any(np.diff(self.pts) <= 0):
            raise ValueError("the pts of a timeline must be one strictly increasing row")

    def __len__(self) -> int:
        return int(self.pts.size)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Seconds since the first frame, float64 (n,); for arithmetic, never for identity."""
        return (self.pts - self.pts[0]).astype(np.float64) * float(self.time_base)

    @property
    def steps(self) -> NDArray[np.float64]:
        """Time from each frame to the next in units of 1/30 s, float64 (n-1,)."""
        return np.diff(self.pts).astype(np.float64) * float(self.time_base / REFERENCE_STEP_S)

    def frame_at(self, seconds: Fraction) -> int:
        """The frame on screen then: the last whose pts is not after it, the first before that.

        ``seconds`` counts from the first frame.
        """
        pts = self.pts[0] + int(seconds / self.time_base)
        return max(0, int(np.searchsorted(self.pts, pts, side="right")) - 1)
