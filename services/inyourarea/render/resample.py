"""Part of cropping: resamples one plane of a frame, at any place and scale, to the sub-pixel."""

import threading
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

#: Lobes of the Lanczos kernel to either side: sharp when enlarging, free of alias when shrinking.
LOBES = 3
#: Steps of the tabled kernel per sample; an error below that of the weights' rounding.
FINE = 8192
#: Output samples per matrix product. Small products have fewer zeros in them, large ones fewer
#: calls; and below 2**18 multiplications OpenBLAS does not wake threads of its own.
BLOCK = 16
#: Where one output takes in more samples than this, blocks are half as large: most of a product
#: would be zeros. A whole 1080p stage at 200 samples across takes two thirds of the time so.
WIDE = 24
#: Blocks of output rows worked on at once, so that what lies between stays in the cache; 630 rows
#: are 40.
STRIPE = 40
#: Weights are multiples of 1/4096 and the rows between the two passes multiples of 1/8: then all
#: sums are whole numbers below 2**24 and exact in float32, on every CPU, in whatever order.
WEIGHT = 4096
BETWEEN = 8
#: Places are rounded to this fraction of a sample, far below what can be seen; equal phases of a
#: moving window then share their weights.
PHASE = 1 / 1024
#: Sets of weights kept: a still or panning window needs few, each at most about 200 KB.
KEPT = 128
#: Multiplications in one product at most, see BLOCK.
PRODUCT = 1 << 18


@dataclass(frozen=True)
class Span:
    """A stretch of one axis of a plane and the number of samples that it becomes.

    ``start`` and ``length`` in samples of the plane, counted from the outer edge of sample 0, so
    that sample i covers i to i + 1; both may reach beyond the plane, whose edge is then repeated.
    """

    start: float
    length: float
    outputs: int


@dataclass(frozen=True, eq=False)
class Weights:
    """Which samples of an axis make up which outputs, in blocks of so many outputs.

    Block i is the product of ``weights[i]``, float32 (block, taps), with the ``taps`` samples from
    ``first[i]`` on; rows past the last output are zero, the others sum to BETWEEN. ``turned`` is
    the same with the last two axes swapped. Samples count from ``lowest``, which itself counts
    from the sample in which the span starts.
    """

    first: tuple[int, ...]
    weights: NDArray[np.float32]
    turned: NDArray[np.float32]
    lowest: int

    @property
    def block(self) -> int:
        """Outputs of a block."""
        return self.weights.shape[1]

    @property
    def reach(self) -> int:
        """How many samples are looked at in all."""
        return self.first[-1] - self.first[0] + self.weights.shape[2]

    def part(self, start: int, end: int) -> "Weights":
        """The blocks from ``start`` to before ``end``."""
        chosen = slice(start, end)
        return Weights(self.first[chosen], self.weights[chosen], self.turned[chosen], self.lowest)


class Scratch(threading.local):
    """Room for what lies between the passes; kept, since fresh memory costs as much as the work.

    Every thread finds its own room in it.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, NDArray[np.float32]] = {}

    def room(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """A float32 array (rows, columns) whose content is left over from before."""
        if name not in self._rooms or self._rooms[name].size < rows * columns:
            self._rooms[name] = np.zeros(rows * columns, np.float32)
        return self._rooms[name][: rows * columns].reshape(rows, columns)


def resample(plane: Plane, across: Span, down: Span, into: Plane, scratch: Scratch) -> None:
    """The part of the plane under both spans fills ``into``, uint8 (down.outputs, across.outputs).

    Separable Lanczos, widened when shrinking so that nothing aliases; each output is the weighted
    mean around its exact place. ``into`` may be a view with padded rows.
    """
    left, columns = _weights_of(across)
    top, rows = _weights_of(down)
    for start in range(0, len(rows.first), STRIPE):
        stripe = rows.part(start, start + STRIPE)
        samples = _cut(plane, (top + stripe.first[0], stripe.reach), (left, columns.reach), scratch)
        between = _filter_rows(samples, stripe, scratch)
        out = _filter_columns(between, columns, scratch)
        to = into[start * rows.block : (start + STRIPE) * rows.block]
        whole = out[: len(to), : across.outputs]
        cv2.addWeighted(whole, 1 / BETWEEN**2, whole, 0, 0, dst=to, dtype=cv2.CV_8U)


def _weights_of(span: Span) -> tuple[int, Weights]:
    """The first sample to look at, and the weights from there on."""
    place = round(span.start / PHASE) * PHASE
    whole = int(np.floor(place))
    weights = _weights(place - whole, span.length / span.outputs, span.outputs)
    return whole + weights.lowest, weights


@lru_cache(maxsize=KEPT)
def _weights(phase: float, scale: float, outputs: int) -> Weights:
    widened = max(1.0, scale)
    places = phase + (np.arange(outputs) + 0.5) * scale - 0.5
    lowest = np.ceil(places - LOBES * widened).astype(np.int64)
    taps = lowest[:, None] + np.arange(int(2 * LOBES * widened) + 1)
    away = np.abs(taps - places[:, None])
    exact = _lanczos()[np.rint(away * (FINE / widened)).astype(np.int64)]
    weights = _as_whole_numbers(exact) * (BETWEEN / WEIGHT)
    return _in_blocks(lowest - lowest[0], weights, int(lowest[0]))


@lru_cache(maxsize=1)
def _lanczos() -> NDArray[np.float64]:
    """The kernel at every 1/FINE from its centre outwards, zero from the last lobe's end on."""
    x = np.arange((LOBES + 1) * FINE + 1) / FINE
    return np.where(x < LOBES, np.sinc(x) * np.sinc(x / LOBES), 0.0)


def _as_whole_numbers(exact: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights in units of 1/WEIGHT whose every row sums to exactly one: flat areas stay flat."""
    scaled = np.rint(exact * (WEIGHT / exact.sum(axis=1, keepdims=True)))
    largest = np.argmax(scaled, axis=1)
    scaled[np.arange(len(scaled)), largest] += WEIGHT - scaled.sum(axis=1)
    return scaled


def _in_blocks(lowest: NDArray[np.int64], values: NDArray[np.float64], start: int) -> Weights:
    outputs, taps = values.shape
    block = BLOCK if taps <= WIDE else BLOCK // 2
    blocks = -(-outputs // block)
    first = lowest[::block]
    last = lowest[np.minimum(np.arange(1, blocks + 1) * block, outputs) - 1]
    width = int((last - first).max()) + taps
    weights = np.zeros((blocks, block, width), np.float32)
    rank = np.arange(outputs)
    place = (lowest - np.repeat(first, block)[:outputs])[:, None] + np.arange(taps)
    weights[rank[:, None] // block, rank[:, None] % block, place] = values
    turned = np.ascontiguousarray(weights.transpose(0, 2, 1))
    return Weights(tuple(first.tolist()), weights, turned, start)


def _cut(
    plane: Plane, rows: tuple[int, int], columns: tuple[int, int], scratch: Scratch
) -> NDArray[np.float32]:
    """That part (start, length) of the plane as float32, the plane's edge repeated outside."""
    above, low, high, below = _inside(*rows, plane.shape[0])
    before, near, far, after = _inside(*columns, plane.shape[1])
    inside = plane[low:high, near:far]
    if above or below or before or after:
        edges = (above, below, before, after)
        inside = cv2.copyMakeBorder(inside, *edges, cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )
    samples = scratch.room("samples", rows[1], columns[1])
    np.copyto(samples, inside)
    return samples


def _inside(start: int, length: int, limit: int) -> tuple[int, int, int, int]:
    """Samples missing before the axis, its first and last (exclusive) ones, missing after it."""
    low = min(max(start, 0), limit - 1)
    high = max(min(start + length, limit), low + 1)
    before = min(max(0, low - start), length - 1)
    return before, low, high, length - before - (high - low)


def _filter_rows(
    samples: NDArray[np.float32], rows: Weights, scratch: Scratch
) -> NDArray[np.float32]:
    """Every output row from the sample rows around it, whole numbers in units of 1/BETWEEN."""
    taps = rows.weights.shape[2]
    block = rows.block
    between = scratch.room("between", len(rows.first) * block, samples.shape[1])
    step = max(1, PRODUCT // (block * taps))
    for left in range(0, samples.shape[1], step):
        part = slice(left, left + step)
        for number, first in enumerate(rows.first):
            near = samples[first - rows.first[0] :][:taps, part]
            np.matmul(rows.weights[number], near, out=between[number * block :][:block, part])
    return np.rint(between, out=between)


def _filter_columns(
    between: NDArray[np.float32], columns: Weights, scratch: Scratch
) -> NDArray[np.float32]:
    """Every output column from the columns around it, in units of 1/BETWEEN**2."""
    taps = columns.weights.shape[2]
    block = columns.block
    out = scratch.room("out", len(between), len(columns.first) * block)
    step = max(1, PRODUCT // (block * taps))
    for top in range(0, len(between), step):
        part = slice(top, top + step)
        for number, first in enumerate(columns.first):
            near = between[part, first : first + taps]
            # A contiguous right factor is twice as fast as a transposed view.
            np.matmul(near, columns.turned[number], out=out[part, number * block :][:, :block])
    return out
