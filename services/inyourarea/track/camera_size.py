"""Third step of the camera: how high the windows are, decided before where they stand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import SAFE_WIDTH
from inyourarea.core.picture import LARGEST_UPSCALE, Picture
from inyourarea.track.camera_demand import Demand, per_coefficient
from inyourarea.track.camera_knots import Knots, change_rows, limited, value_rows
from inyourarea.track.camera_solver import solve_paths, stack_rows

Array = NDArray[np.float64]

# Prices are in ln units of height: per second of being off, per change, per change of speed.
#: Outside the framing's range (less a margin for what the boxes do not tell) ...
OUTSIDE, OUTSIDE_MARGIN = 30.0, 0.35
#: ... and off its middle, as shares of half the range: boxes may be 8 % off for as long as a head
#: is turned, half the range is as much.
OFF_MIDDLE, MIDDLE_MARGIN = 5.0, 0.75
#: How near the top of the range (share of half of it) a small face's window may go for sharpness.
ROOMY = 0.8
#: Not holding all places where somebody unseen may be: less than the framing of those who are seen,
#: or one turned head would widen the whole shot.
EASE = 8.0
#: Not showing the whole stage while the person is gone.
NOT_WIDE = 12.0
#: Zooming at all, changing the zoom's speed, and its acceleration: being outside the range for a
#: sixth of a second is cheaper than zooming there and back.
ZOOM = (2.5, 0.8, 0.25)
#: So many times that while the person hardly moves: a change is seen least while she moves herself.
#: At 6 the framing is given up where the source's camera zooms meanwhile.
CALM = 5.0
#: Zoom faster than this (ln per second, a doubling in two seconds) is unpleasant ...
FAST, FAST_PRICE = 0.35, 40.0
#: ... and one frame to the next must stay well under the 5 % of a jump.
MOST_PER_FRAME, MOST_PER_S, MOST_PRICE = 0.03, 0.9, 5000.0
#: A face's box may be this much wider than its mean within a knot's frames.
BREATH = 1.05
#: What the largest window's height is aimed above, so that "as large as fits" is reached exactly.
OVERSHOOT = 0.03


@dataclass(frozen=True)
class _Range:
    """Least and most ln height at each knot, (k,)."""

    least: Array
    most: Array


def plan_heights(knots: Knots, demand: Demand, asked: Composition, picture: Picture) -> Array:
    """Coefficients of the windows' ln height, (size,), as constant as the faces allow."""
    largest = float(np.log(asked.largest[1]))
    outside, middle = _ranges(demand, asked, picture)
    weight = demand.seconds * demand.trust
    size = int(knots.first[-1])
    one = np.ones(size)
    frame_limit = np.minimum(MOST_PER_S, MOST_PER_FRAME / demand.frame_step)
    zoom = change_rows(knots, 1, one, one)
    calm = 1 + (CALM - 1) * demand.rest
    parts = [change_rows(knots, i + 1, one, calm * price) for i, price in enumerate(ZOOM)]
    parts.append(limited(change_rows(knots, 1, one, one * FAST_PRICE), np.array(FAST)))
    parts.append(limited(change_rows(knots, 1, one, one * MOST_PRICE), frame_limit[zoom.first]))
    widest = np.log(asked.framing.height[1] * demand.height)
    low = np.where(outside.least > widest, EASE, OUTSIDE)
    for wish, too_low, price in ((outside, low, OUTSIDE), (middle, OFF_MIDDLE, OFF_MIDDLE)):
        free = np.zeros(demand.knot.size)
        least = np.minimum(wish.least, largest + OVERSHOOT)
        parts.append(value_rows(knots, demand.knot, least, too_low * weight, free))
        parts.append(value_rows(knots, demand.knot, wish.most, free, price * weight))
    wide = NOT_WIDE * demand.seconds * demand.gone
    wanted = np.full(demand.knot.size, largest)
    parts.append(value_rows(knots, demand.knot, wanted, wide, wide))
    return solve_paths(stack_rows(parts), _guess(knots, demand, middle, largest))


def _ranges(demand: Demand, asked: Composition, picture: Picture) -> tuple[_Range, _Range]:
    """Within which the height must be, and would best be."""
    least = np.log(asked.framing.height[0] * demand.height)
    most = np.log(asked.framing.height[1] * demand.height)
    half = (most - least) / 2
    face = demand.faces[:, 2] - demand.faces[:, 0]
    hold = (BREATH * face + 2 * demand.doubt) / (SAFE_WIDTH * float(asked.aspect))
    known = demand.doubt <= 0
    hold = np.where(known, np.minimum(np.log(hold), most - 0.3 * half), np.log(hold))
    sharp = np.minimum(np.log(_sharp_height(asked, picture)), most - ROOMY * half)
    outside = _bounded(least + OUTSIDE_MARGIN * half, most - OUTSIDE_MARGIN * half, hold)
    best = (least + most) / 2
    slack = (1 - MIDDLE_MARGIN) * half
    middle = _bounded(np.maximum(best - slack, sharp), best + slack, hold)
    return outside, middle


def _bounded(least: Array, most: Array, hold: Array) -> _Range:
    least = np.maximum(least, hold)
    return _Range(least, np.maximum(most, least))


def _sharp_height(asked: Composition, picture: Picture) -> float:
    """The window height below which the picture would be enlarged more than twice.

    It moves the window within the framing's range only: the framing comes first.
    """
    height = picture.size[1] if picture.size else asked.largest[1]
    return min(height / LARGEST_UPSCALE, asked.largest[1])


def _guess(knots: Knots, demand: Demand, middle: _Range, largest: float) -> Array:
    wanted = np.minimum((middle.least + middle.most) / 2, largest)
    return per_coefficient(knots, demand.knot, wanted)
