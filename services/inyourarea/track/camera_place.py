"""Fourth step of the camera: where the windows stand, across and down apart, sizes given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import SAFE_WIDTH
from inyourarea.track.camera_demand import Demand, per_coefficient
from inyourarea.track.camera_knots import Knots, change_rows, limited, value_rows
from inyourarea.track.camera_solver import Rows, solve_paths, stack_rows

Array = NDArray[np.float64]

# Prices are in widths of the window: per second of being off, per move, per change of speed.
#: The face (and where it may be) leaves the window; the safe area; the safe area with something
#: to spare; the place it looks best in.
LOST, UNSAFE, TIGHT, UNPLEASANT = 3000.0, 1000.0, 25.0, 1.0
#: Not standing before the people who are left while the person is gone.
ELSEWHERE = 6.0
#: Moving at all, changing speed, and acceleration.
MOVE = (2.0, 0.2, 0.02)
#: So many times that while the person hardly moves: a move is seen least while she moves herself.
CALM = 3.0
#: Faster than .052 widths per 1/30 s is seldom (hand-moved crops: p95 .058, p99 .15) ...
BRISK, BRISK_PRICE = 0.052 * 30, 18.0
#: ... than .13 nearly never ...
FAST, FAST_PRICE = 0.13 * 30, 60.0
#: ... and one frame to the next, across and down together, stays under the .20 widths of a jump.
MOST_ACROSS, MOST_DOWN, MOST_PRICE = 0.18, 0.06, 5000.0
#: The safe area is aimed at with this much to spare, in widths and heights of the window; a little
#: at all costs, for boxes are not exact, and more where it does not make the window run.
LITTLE, SPARE = 0.012, 0.035
#: The face may stand this many widths off the middle before the window is drawn after it.
COMFORT = 0.12
#: How far beyond the picture's edge a window may be aimed, in its widths: it is stopped there, and
#: then stands at the edge exactly.
OVERSHOOT = 0.02
#: In face heights: hair above the face box, and by how much a detected box may be off where the
#: window's edge, or the safe area's, is near.
HAIR, BOX_ERROR, SAFE_ERROR = 0.3, 0.15, 0.15


@dataclass(frozen=True)
class _Between:
    """Bounds for the window's centre on one axis at each knot, (k,)."""

    low: Array
    high: Array

    def within(self, low: Array, high: Array) -> "_Between":
        """Crossed bounds become their middle, then all lies between these."""
        middle = (self.low + self.high) / 2
        crossed = self.low > self.high
        lower = np.where(crossed, middle, self.low)
        upper = np.where(crossed, middle, self.high)
        return _Between(np.clip(lower, low, high), np.clip(upper, low, high))


def plan_across(knots: Knots, demand: Demand, asked: Composition, height: Array) -> Array:
    """Coefficients of the centre's x, (size,) source pixels; ``height`` (k,) at demand's knots."""
    width = height * float(asked.aspect)
    x1, x2 = demand.extent[:, 0], demand.extent[:, 2]
    middle = (demand.faces[:, 0] + demand.faces[:, 2]) / 2
    doubt = demand.doubt + BOX_ERROR * demand.height
    least = SAFE_WIDTH / 2 * width - SAFE_ERROR * demand.height
    more = SAFE_WIDTH / 2 * width - SPARE * width
    bounds = [
        _Between(x2 + doubt - width / 2, x1 - doubt + width / 2),
        _Between(x2 - least, x1 + least),
        _Between(x2 - more, x1 + more),
        _Between(middle - COMFORT * width, middle + COMFORT * width),
    ]
    axis = _Axis(knots, demand, width, width / 2, asked.frame_size[0] - width / 2, MOST_ACROSS)
    return axis.solve(bounds, demand.company[:, 0])


def plan_down(knots: Knots, demand: Demand, asked: Composition, height: Array) -> Array:
    """Coefficients of the centre's y, (size,) source pixels; ``height`` (k,) at demand's knots."""
    y1, y2 = demand.extent[:, 1], demand.extent[:, 3]
    middle = (demand.faces[:, 1] + demand.faces[:, 3]) / 2
    top, bottom = middle + y1 - demand.faces[:, 1], middle + y2 - demand.faces[:, 3]
    (low, high), (safe_low, safe_high) = asked.framing.face_band, asked.framing.safe_band
    bounds = [
        _Between(
            y2 + demand.doubt + BOX_ERROR * demand.height - height / 2,
            y1 - HAIR * demand.height - demand.doubt + height / 2,
        ),
        *(
            _Between(
                bottom + (0.5 - safe_high + spare) * height, top + (0.5 - safe_low - spare) * height
            )
            for spare in (LITTLE, SPARE)
        ),
        _Between(middle + (0.5 - high) * height, middle + (0.5 - low) * height),
    ]
    width = height * float(asked.aspect)
    axis = _Axis(knots, demand, width, height / 2, asked.frame_size[1] - height / 2, MOST_DOWN)
    return axis.solve(bounds, demand.company[:, 1])


@dataclass(frozen=True, eq=False)
class _Axis:
    """One axis of all windows.

    ``width`` (k,); ``nearest`` and ``farthest`` (k,) the centre's bounds at the frame's edges;
    ``most_per_frame`` how many widths it may move from one frame to the next.
    """

    knots: Knots
    demand: Demand
    width: Array
    nearest: Array
    farthest: Array
    most_per_frame: float

    def solve(self, bounds: list[_Between], company: Array) -> Array:
        """Bounds go from holding the face at all to holding it where it looks best."""
        weight = self.demand.seconds * self.demand.trust / self.width
        parts = self._motion()
        beyond = OVERSHOOT * self.width
        for bound, price in zip(bounds, (LOST, UNSAFE, TIGHT, UNPLEASANT), strict=True):
            fitted = bound.within(self.nearest - beyond, self.farthest + beyond)
            parts += self._between(fitted, price * weight)
        gone = ELSEWHERE * self.demand.seconds * self.demand.gone / self.width
        there = np.clip(company, self.nearest, self.farthest)
        parts += self._between(_Between(there, there), gone)
        return solve_paths(stack_rows(parts), self._every((fitted.low + fitted.high) / 2))

    def _between(self, bound: _Between, price: Array) -> list[Rows]:
        free = np.zeros(price.size)
        return [
            value_rows(self.knots, self.demand.knot, bound.low, price, free),
            value_rows(self.knots, self.demand.knot, bound.high, free, price),
        ]

    def _motion(self) -> list[Rows]:
        width = self._every(self.width)
        one = np.ones(width.size)
        calm = 1 + (CALM - 1) * self.demand.rest
        parts = [
            change_rows(self.knots, i + 1, width, calm * price) for i, price in enumerate(MOVE)
        ]
        for limit, price in ((BRISK, BRISK_PRICE), (FAST, FAST_PRICE)):
            parts.append(limited(change_rows(self.knots, 1, width, one * price), np.array(limit)))
        stop = change_rows(self.knots, 1, width, one * MOST_PRICE)
        parts.append(limited(stop, (self.most_per_frame / self.demand.frame_step)[stop.first]))
        return parts

    def _every(self, values: Array) -> Array:
        """Values at demand's knots as one per coefficient."""
        return per_coefficient(self.knots, self.demand.knot, values)
