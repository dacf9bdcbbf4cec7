"""The arithmetic under the camera: many small paths of least total cost, solved side by side.

A path is a row of coefficients; what it should be is said by `Rows`, each a linear form of up to
four neighbouring coefficients and the price of ending up above or below a wanted value. Prices are
linear, so the answer has the still, straight and parabolic stretches of an L1 camera path, and a
wish that can not be met is missed by as little as it costs, never refused.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: Coefficients that one row may touch: a cubic spline's value or third difference.
REACH = 4
#: Interior-point steps; 15 to 25 are what convergence takes, the rest is for awkward blocks.
MOST_STEPS = 40
#: A block is done when its duality gap is below this share of its cost.
RELATIVE_GAP = 1e-5
#: How far towards the nearest bound one step may go.
STEP_SHARE = 0.99
#: Blocks are solved together up to this many coefficients: fewer cost calls, more leave the cache.
GROUP_SIZE = 1024
#: Added to the diagonal against blocks that their rows leave undetermined.
RIDGE = 1e-10


@dataclass(frozen=True, eq=False)
class Rows:
    """Linear wishes about the coefficients of all blocks, ordered by block.

    Row i asks for ``sum_j weights[i, j] * x[first[i] + j] == wanted[i]``; each unit below costs
    ``below[i]`` and each unit above ``above[i]`` (at least one of them positive). ``block`` int64
    (n,) never decreases and says which block a row belongs to; no row reaches into the next block.
    """

    block: Index
    first: Index
    weights: Array
    wanted: Array
    below: Array
    above: Array

    def between(self, start: int, stop: int, shift: int) -> "Rows":
        """Rows start..stop, their coefficients counted from ``shift``."""
        part = slice(start, stop)
        return Rows(
            block=self.block[part],
            first=self.first[part] - shift,
            weights=self.weights[part],
            wanted=self.wanted[part],
            below=self.below[part],
            above=self.above[part],
        )


def stack_rows(parts: list[Rows]) -> Rows:
    """All rows together, ordered by block; rows that cost nothing are left out."""
    block = np.concatenate([part.block for part in parts])
    below = np.concatenate([part.below for part in parts])
    above = np.concatenate([part.above for part in parts])
    order = np.argsort(block, kind="stable")
    order = order[(below + above)[order] > 0]
    return Rows(
        block=block[order],
        first=np.concatenate([part.first for part in parts])[order],
        weights=np.concatenate([part.weights for part in parts])[order],
        wanted=np.concatenate([part.wanted for part in parts])[order],
        below=below[order],
        above=above[order],
    )


@dataclass(eq=False)
class _Iterate:
    """Where the solver stands: x, the rows' prices (the dual), and the misses.

    A row's price y lies between -above and below; ``price`` is y + above, ``room`` what is left up
    to the other end, below - y, both positive. ``over`` and ``under`` are how far a
    row lies above and below its wanted value, both kept positive.
    """

    x: Array
    price: Array
    room: Array
    under: Array
    over: Array


def solve_paths(rows: Rows, start: Array) -> Array:
    """The coefficients of least total price, (size,), for every block by itself.

    ``start`` (size,) is a guess; every block needs at least one row. The blocks share the loop but
    no number: step lengths, barrier and end are each block's own, so that a block's answer does not
    depend on what stands beside it, to the last bit.

    Source: primal-dual interior point on the bounded dual of an L1 problem (Portnoy, Koenker
    1997), with Mehrotra's corrector; the normal matrix is banded.
    """
    found = np.empty_like(start)
    edges = np.append(np.flatnonzero(np.diff(rows.block, prepend=-1)), rows.block.size)
    firsts = np.append(np.minimum.reduceat(rows.first, edges[:-1]), start.size)
    group = (firsts[:-1] // GROUP_SIZE).astype(np.int64)
    for blocks in np.split(np.arange(group.size), np.flatnonzero(np.diff(group)) + 1):
        low, high = firsts[blocks[0]], firsts[blocks[-1] + 1]
        part = rows.between(edges[blocks[0]], edges[blocks[-1] + 1], low)
        found[low:high] = _solve_group(part, start[low:high])
    return found


def _solve_group(rows: Rows, start: Array) -> Array:
    """Blocks side by side; each by itself where the arithmetic of one fails at its limit."""
    solver = _Solver(rows, start.size)
    at = solver.begin(start)
    try:
        for _ in range(MOST_STEPS):
            if not solver.step(at):
                break
    except LinAlgError:
        return at.x if len(solver.edges) == 1 else _solve_apart(rows, start)
    return at.x


def _solve_apart(rows: Rows, start: Array) -> Array:
    found = np.empty_like(start)
    edges = np.append(np.flatnonzero(np.diff(rows.block, prepend=-1)), rows.block.size)
    firsts = np.append(np.minimum.reduceat(rows.first, edges[:-1]), start.size)
    for i, (low, high) in enumerate(pairwise(firsts)):
        found[low:high] = _solve_group(rows.between(edges[i], edges[i + 1], low), start[low:high])
    return found


class _Forms:
    """The linear forms of rows, as contiguous columns."""

    def __init__(self, rows: Rows, size: int) -> None:
        self.size = size
        self.places = [rows.first + j for j in range(REACH)]
        self.weights = [np.ascontiguousarray(rows.weights[:, j]) for j in range(REACH)]

    def apply(self, x: Array) -> Array:
        """The forms at x, (n,)."""
        total = self.weights[0] * x[self.places[0]]
        for place, weight in zip(self.places[1:], self.weights[1:], strict=True):
            total += weight * x[place]
        return total

    def gather(self, values: Array) -> Array:
        """The transpose of `apply`: per coefficient the weighted sum of its rows' values."""
        total = np.zeros(self.size)
        for place, weight in zip(self.places, self.weights, strict=True):
            total += np.bincount(place, weight * values, minlength=self.size)
        return total

    def normal(self, scale: Array) -> Array:
        """A' diag(scale) A in LAPACK's lower banded form, (REACH, size)."""
        band = np.zeros((REACH, self.size))
        for j in range(REACH):
            scaled = scale * self.weights[j]
            for k in range(j, REACH):
                product = scaled * self.weights[k]
                band[k - j] += np.bincount(self.places[j], product, minlength=self.size)
        return band


class _Solver:
    def __init__(self, rows: Rows, size: int) -> None:
        self.rows = rows
        self.forms = _Forms(rows, size)
        edges = np.flatnonzero(np.diff(rows.block, prepend=-1))
        self.edges = edges
        counts = np.diff(np.append(edges, rows.block.size))
        self.of_row = np.repeat(np.arange(edges.size), counts)
        self.counts = counts.astype(np.float64)
        self.total = rows.below + rows.above
        low = np.minimum.reduceat(rows.first, edges)
        self.of_coefficient = np.clip(
            np.searchsorted(low, np.arange(size), side="right") - 1, 0, None
        )
        self.target = self.forms.gather(rows.above)

    def begin(self, start: Array) -> _Iterate:
        """Strictly inside all bounds, with the misses that belong to the guess."""
        short = self.rows.wanted - self.forms.apply(start)
        slack = 0.1 * self.sum(np.abs(short)) / self.counts + 1e-3
        margin = slack[self.of_row]
        middle = self.total / 2
        return _Iterate(
            x=start.copy(),
            price=middle,
            room=middle.copy(),
            under=np.maximum(short, 0) + margin,
            over=np.maximum(-short, 0) + margin,
        )

    def sum(self, values: Array) -> Array:
        """Per block."""
        return np.asarray(np.add.reduceat(values, self.edges))

    def step(self, at: _Iterate) -> bool:
        """Move every unfinished block one step; False when all are done.

        Raises:
            LinAlgError: some block's prices lie too far apart for double precision.
        """
        gap = self.sum(at.price * at.over + at.room * at.under)
        cost = self.sum(self.rows.above * at.over + self.rows.below * at.under)
        unmet = self.target - self.forms.gather(at.price)
        going = gap > RELATIVE_GAP * cost + 1e-9
        if not going.any():
            return False
        scale = 1 / (at.under / at.room + at.over / at.price)
        band = self.forms.normal(scale)
        band[0] += RIDGE + RIDGE * band[0]
        factor = cholesky_banded(band, lower=True, check_finite=False)
        full = self._direction(at, factor, scale, unmet, (-at.price * at.over, -at.room * at.under))
        primal, dual = self._lengths(at, full)
        _, d_price, d_under, d_over = full
        after = self.sum(
            (at.price + dual[self.of_row] * d_price) * (at.over + primal[self.of_row] * d_over)
            + (at.room - dual[self.of_row] * d_price) * (at.under + primal[self.of_row] * d_under)
        )
        mean = gap / (2 * self.counts)
        barrier = (mean * np.clip(after / gap, 0, 1) ** 3)[self.of_row]
        corrected = self._direction(
            at,
            factor,
            scale,
            unmet,
            (
                barrier - at.price * at.over - d_price * d_over,
                barrier - at.room * at.under + d_price * d_under,
            ),
        )
        primal, dual = self._lengths(at, corrected)
        self._move(at, corrected, primal * going, dual * going)
        return True

    def _direction(
        self,
        at: _Iterate,
        factor: Array,
        scale: Array,
        unmet: Array,
        wanted: tuple[Array, Array],
    ) -> tuple[Array, Array, Array, Array]:
        """Newton's step towards products price*over and room*under changed by ``wanted``."""
        push = wanted[1] / at.room - wanted[0] / at.price
        right = -self.forms.gather(scale * push) - unmet
        d_x = cho_solve_banded((factor, True), right, check_finite=False)
        d_price = scale * (-self.forms.apply(d_x) - push)
        d_over = (wanted[0] - at.over * d_price) / at.price
        d_under = (wanted[1] + at.under * d_price) / at.room
        return d_x, d_price, d_under, d_over

    def _lengths(
        self, at: _Iterate, step: tuple[Array, Array, Array, Array]
    ) -> tuple[Array, Array]:
        """How far each block can go: for x and the misses, and for the prices."""
        _, d_price, d_under, d_over = step
        primal = np.maximum(-d_under / at.under, -d_over / at.over)
        dual = np.maximum(-d_price / at.price, d_price / at.room)
        return self._length(primal), self._length(dual)

    def _length(self, falling: Array) -> Array:
        """Of each block: a full step, or a little less than to where the first value is zero."""
        fastest = np.maximum.reduceat(falling, self.edges)
        return STEP_SHARE / np.maximum(fastest, STEP_SHARE)

    def _move(
        self,
        at: _Iterate,
        step: tuple[Array, Array, Array, Array],
        primal: Array,
        dual: Array,
    ) -> None:
        d_x, d_price, d_under, d_over = step
        at.x += primal[self.of_coefficient] * d_x
        at.under += primal[self.of_row] * d_under
        at.over += primal[self.of_row] * d_over
        at.price += dual[self.of_row] * d_price
        at.room -= dual[self.of_row] * d_price
