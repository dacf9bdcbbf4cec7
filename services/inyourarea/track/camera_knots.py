"""Under the camera: evenly spaced knots in time for each shot, and the smooth curve through frames.

A path is a uniform cubic B-spline. Its coefficients, about six a second, are what the solver
moves: equal ones make a window that stands exactly still, evenly growing ones a straight pan, and
a curve never leaves the range of the four coefficients around it, so it has no overshoot.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.camera_solver import REACH, Rows

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Coefficients per second: a camera operator changes his mind less often than that.
KNOTS_PER_S = 6
#: A cubic B-spline at its knots: shares of the coefficient before, the one there, the one after.
AT_KNOT = (1 / 6, 4 / 6, 1 / 6, 0.0)
#: Differences of neighbouring coefficients: the spline's derivatives times the spacing's powers.
DIFFERENCES = ((-1.0, 1.0, 0.0, 0.0), (1.0, -2.0, 1.0, 0.0), (-1.0, 3.0, -3.0, 1.0))


@dataclass(frozen=True, eq=False)
class Knots:
    """The knots of many blocks (a block is one person in one shot), side by side.

    A block of n intervals has n + 3 coefficients and n + 1 knots, the first at its first frame.
    ``spacing`` (blocks,) is seconds between knots, ``first`` int64 (blocks + 1,) the first
    coefficient of each block. The frames of all blocks stand in one row as well: ``frame_block``
    and ``frame_knot`` int64 (M,) say to which block and to which nearest knot (counted over all
    blocks) a frame belongs, ``basis_first`` and ``basis`` (M, 4) how its value comes from the
    coefficients.
    """

    spacing: Array
    first: Index
    frame_block: Index
    frame_knot: Index
    basis_first: Index
    basis: Array

    @property
    def knot_block(self) -> Index:
        """The block of each knot, (K,)."""
        return np.repeat(np.arange(self.spacing.size), np.diff(self.first) - 2)

    @property
    def knot_coefficient(self) -> Index:
        """The coefficient that stands at each knot, (K,)."""
        return np.arange(self.knot_block.size) + 1 + 2 * self.knot_block

    def at_frames(self, coefficients: Array) -> Array:
        """The curve's value in every frame, (M,)."""
        return np.einsum(
            "mj,mj->m", self.basis, coefficients[self.basis_first[:, None] + np.arange(REACH)]
        )

    def at_knots(self, coefficients: Array) -> Array:
        """The curve's value at every knot, (K,)."""
        at = self.knot_coefficient
        before, after = coefficients[at - 1], coefficients[at + 1]
        return AT_KNOT[0] * before + AT_KNOT[1] * coefficients[at] + AT_KNOT[2] * after

    def through(self, values: Array) -> Array:
        """Coefficients of a rough curve through a value at each knot, (size,): a first guess."""
        coefficients = np.zeros(int(self.first[-1]))
        coefficients[self.knot_coefficient] = values
        coefficients[self.first[:-1]] = coefficients[self.first[:-1] + 1]
        coefficients[self.first[1:] - 1] = coefficients[self.first[1:] - 2]
        return coefficients


def lay_knots(seconds: list[Array]) -> Knots:
    """Knots for blocks whose frames stand at these seconds (one increasing array per block)."""
    spans = np.array([times[-1] - times[0] for times in seconds])
    intervals = np.maximum(1, np.ceil(spans * KNOTS_PER_S - 1e-9)).astype(np.int64)
    spacing = np.where(spans > 0, spans, 1 / KNOTS_PER_S) / intervals
    first = np.concatenate([[0], np.cumsum(intervals + 3)])
    counts = [len(times) for times in seconds]
    block = np.repeat(np.arange(len(seconds)), counts)
    place = np.concatenate([times - times[0] for times in seconds]) / spacing[block]
    whole = np.minimum(place.astype(np.int64), intervals[block] - 1)
    knots_before = first[:-1] - 2 * np.arange(len(seconds))
    return Knots(
        spacing=spacing,
        first=first,
        frame_block=block,
        frame_knot=knots_before[block] + np.rint(place).astype(np.int64),
        basis_first=first[block] + whole,
        basis=_cubic(place - whole),
    )


def value_rows(knots: Knots, knot: Index, wanted: Array, below: Array, above: Array) -> Rows:
    """Wishes for the curve's value at these knots (``knot`` int64 (n,), rising)."""
    block = knots.knot_block[knot]
    weights = np.tile(np.array(AT_KNOT), (knot.size, 1))
    first, fitted = _within(knots, block, knots.knot_coefficient[knot] - 1, weights)
    return Rows(block, first, fitted, wanted, below, above)


def change_rows(knots: Knots, order: int, scale: Array, price: Array) -> Rows:
    """Each unit of the derivative of that order (1, 2, 3), up or down, costs ``price`` per second.

    Per coefficient (size,): ``scale`` is the length that counts as one (a window's width), and
    ``price``. Derivatives are per second to the order.
    """
    per_block = np.diff(knots.first) - order
    block = np.repeat(np.arange(per_block.size), per_block)
    start = np.arange(block.size) + order * block
    time = knots.spacing[block]
    weights = np.array(DIFFERENCES[order - 1]) / (scale[start] * time**order)[:, None]
    first, fitted = _within(knots, block, start, weights)
    cost = price[start] * time
    return Rows(block, first, fitted, np.zeros(first.size), cost, cost)


def limited(rows: Rows, limit: Array) -> Rows:
    """The same rows, priced only for what goes beyond +-``limit`` (per row, or one number)."""
    stop = np.broadcast_to(limit, rows.first.shape)
    free = np.zeros(rows.first.size)
    return Rows(
        block=np.concatenate([rows.block, rows.block]),
        first=np.concatenate([rows.first, rows.first]),
        weights=np.concatenate([rows.weights, rows.weights]),
        wanted=np.concatenate([stop, -stop]),
        below=np.concatenate([free, rows.below]),
        above=np.concatenate([rows.above, free]),
    )


def frames_per_knot(knots: Knots) -> tuple[Index, Index]:
    """Where the run of frames of each knot begins in the row of frames, and which knot it is.

    Knots between two frames of a slow video have none and are left out.
    """
    edges = np.flatnonzero(np.diff(knots.frame_knot, prepend=-1))
    return edges, knots.frame_knot[edges]


def _within(knots: Knots, block: Index, first: Index, weights: Array) -> tuple[Index, Array]:
    """The same forms, told so that no coefficient beyond the block is touched, even by a zero."""
    shift = np.maximum(0, first + REACH - knots.first[block + 1])
    place = np.arange(REACH) - shift[:, None]
    moved = np.take_along_axis(weights, np.maximum(place, 0), axis=1)
    return first - shift, np.where(place >= 0, moved, 0.0)


def _cubic(place: Array) -> Array:
    """The four weights of a uniform cubic B-spline at 0..1 between two knots, (n, 4)."""
    rest = 1 - place
    return np.stack(
        [
            rest**3 / 6,
            (3 * place**3 - 6 * place**2 + 4) / 6,
            (3 * rest**3 - 6 * rest**2 + 4) / 6,
            place**3 / 6,
        ],
        axis=1,
    )
