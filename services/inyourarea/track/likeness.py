"""How alike two frames are whatever the light: the eye of the shot finder, on ingest's thumbnails.

A thumbnail is reduced to its local structure (each pixel less its surroundings' mean, in units of
their contrast), which gain, tint, flashes and dimming leave as it is. Likeness is the correlation
of two such pictures at the best of some displacements.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter, uniform_filter1d

from inyourarea.core.columns import joined

Ranks = NDArray[np.integer]

#: Side in thumbnail pixels of the surroundings that a pixel is compared with: about a person.
SURROUNDINGS_PX = 9
#: Grey levels of contrast that are noise (grain, coding) rather than structure.
NOISE_GREY = 4.0
#: Luma of black in video range, and the light (grey levels above it) that is too little to measure
#: contrast by.
BLACK_GREY, LEAST_LIGHT_GREY = 16.0, 8.0
#: Luma up to which a row counts as a letterbox bar (black is 16 in video range).
BAR_GREY = 20
#: Share of a bar's row that may be lit: captions stand in bars.
LIT_IN_BAR = 0.11
#: Sum of squared structure below which a thumbnail shows nothing (white, black): a full one has
#: about 1,500, grain on white 115, a dimmed stage 180 or more.
BLANK = 150.0
#: Displacements tried between two frames, in thumbnail pixels (30 source pixels each at 1080p).
QUICK_DOWN, QUICK_ACROSS = 6, 10
#: The same for a whole picture that was panned, compared where both overlap by this share.
PAN_DOWN, PAN_ACROSS = 9, 30
LEAST_OVERLAP = 0.45
#: Rows and columns of tiles that are looked for one by one, and how far (thumbnail pixels).
TILES = (3, 4)
TILE_DOWN, TILE_ACROSS = 5, 8
#: This share of the tiles found says as much as all of them: people hide the others.
TILE_SHARE = 0.6
#: Mean square of structure below which a tile holds nothing to be found.
FLAT = 0.05
#: Product of two tiles' squared structure that is too little to tell anything by.
LITTLE = 4.0
#: Frames that are looked at at a time: what is needed on the way is ten times what is kept.
BLOCK = 128
#: Transforms are padded, so that displaced pictures do not meet themselves: at least 36 + 6 and
#: 64 + 10, and products of small primes.
PADDED = (42, 75)


@dataclass(frozen=True, eq=False)
class Likeness:
    """The structure of a stretch of frames: ``structure`` float32 (n, 36, 64), its ``spectra``.

    ``rows`` float32 (n, 36) are the sums of squares of each row and ``shown`` 1 where a row is in
    no letterbox bar: two frames are compared in the rows that both show. ``contrast`` float32
    (n, 2, 36) is each row's mean squared contrast in grey levels, which a flash leaves as it is,
    and in units of the surroundings' light, which dimming leaves.
    """

    structure: NDArray[np.float32]
    spectra: NDArray[np.complex64]
    rows: NDArray[np.float32]
    shown: NDArray[np.float32]
    contrast: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.structure)

    def quick(self, before: Ranks, after: Ranks, enough: float = 1.0) -> NDArray[np.float64]:
        """Likeness -1..1 of every pair of frames, (pairs,), at the best small displacement.

        A pair that is alike ``enough`` as it stands is not displaced: its likeness may be more.
        """
        level = np.sqrt(
            np.einsum("ij,ij->i", self.rows[before], self.shown[after])
            * np.einsum("ij,ij->i", self.shown[before], self.rows[after])
            + 1e-6
        )
        likeness = self._undisplaced(before, after) / level
        open_ones = np.flatnonzero(likeness < enough)
        product = np.conj(self.spectra[before[open_ones]]) * self.spectra[after[open_ones]]
        at = fft.irfft2(product, PADDED, axes=(1, 2), overwrite_x=True)
        down = np.r_[0 : QUICK_DOWN + 1, -QUICK_DOWN:0]
        across = np.r_[0 : QUICK_ACROSS + 1, -QUICK_ACROSS:0]
        likeness[open_ones] = at[:, down][:, :, across].max(axis=(1, 2)) / level[open_ones]
        return likeness

    def in_common(self, ranks: Ranks) -> NDArray[np.float32]:
        """The structure of frames in the rows that all of them show, (ranks, 36, 64)."""
        return np.asarray(self.structure[ranks] * self.shown[ranks].min(axis=0)[:, None])

    def shared(self, old: int, middle: int, new: int) -> float:
        """How alike two frames are where tiles of each fit the frame between them best.

        Two pictures that are mixed in the middle fit it by different things. The tiles that are
        most alike are left out: captions stay where they are.
        """
        before, between, after = self.in_common(np.array([old, middle, new]))
        one, other = _fitted(between, before), _fitted(between, after)
        alike = []
        for place, _ in _tiles(_side(between)):
            level = float(np.square(one[place]).sum() * np.square(other[place]).sum())
            alike.append(float(np.vdot(one[place], other[place])) / np.sqrt(level + LITTLE))
        return float(np.mean(sorted(alike)[: len(alike) * 3 // 4]))

    def careful(self, before: int, after: int) -> float:
        """Likeness 0..1 of one pair that is looked at carefully.

        The picture may have been panned as a whole, or its tiles are found one by one.
        """
        one, other = self.in_common(np.array([before, after]))
        return max(_panned(one, other), _tiled(one, other), _tiled(other, one))

    def _undisplaced(self, before: Ranks, after: Ranks) -> NDArray[np.float64]:
        flat = self.structure.reshape(len(self.structure), -1)
        return np.array(
            [np.dot(flat[one], flat[other]) for one, other in zip(before, after, strict=True)],
            dtype=np.float64,
        )


def show_something(thumbnails: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the thumbnails uint8 (n, 36, 64), n >= 1, are not all white or black, (n,)."""
    parts = (thumbnails[at : at + BLOCK] for at in range(0, len(thumbnails), BLOCK))
    rows = [_rows(local_structure(part, _bars(part))[0]) for part in parts]
    return np.concatenate(rows).sum(axis=1) >= BLANK


def _rows(structure: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sums of squares of each row, (n, 36)."""
    return np.asarray(np.square(structure).sum(axis=2))


def look_at(thumbnails: NDArray[np.uint8]) -> Likeness:
    """The structure of thumbnails uint8 (n, 36, 64), n >= 1; letterbox bars have none."""
    return joined(
        [_look_at(thumbnails[at : at + BLOCK]) for at in range(0, len(thumbnails), BLOCK)]
    )


def _look_at(thumbnails: NDArray[np.uint8]) -> Likeness:
    bars = _bars(thumbnails)
    structure, contrast = local_structure(thumbnails, bars)
    return Likeness(
        structure=structure,
        spectra=fft.rfft2(structure, PADDED, axes=(1, 2)).astype(np.complex64),
        rows=_rows(structure),
        shown=(~bars).astype(np.float32),
        contrast=contrast,
    )


def local_structure(
    thumbnails: NDArray[np.uint8], bars: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each pixel less its surroundings' mean, in units of their contrast, float32 (n, 36, 64).

    0 in the rows of bars, bool (n, 36), which are nobody's surroundings either. And the mean
    squared contrast of every row, float32 (n, 2, 36): in grey levels, and in units of the
    surroundings' light.
    """
    grey = thumbnails.astype(np.float32)
    rows = (~bars).astype(np.float32)
    shown = rows[:, :, None]
    surrounding = (0, SURROUNDINGS_PX, SURROUNDINGS_PX)
    weight = uniform_filter1d(rows, SURROUNDINGS_PX, axis=1, mode="nearest")[:, :, None] + 1e-3
    mean = uniform_filter(grey * shown, surrounding, mode="nearest") / weight
    rise = (grey - mean) * shown
    power = uniform_filter(rise * rise, surrounding, mode="nearest") / weight
    light = np.maximum(mean - BLACK_GREY, 0) + LEAST_LIGHT_GREY
    contrast = [np.square(way).mean(axis=2) for way in (rise, rise / light)]
    return rise / np.sqrt(power + NOISE_GREY**2), np.stack(contrast, axis=1)


def _bars(thumbnails: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Rows in a dark bar at the upper or lower edge, (n, 36)."""
    lit = np.count_nonzero(thumbnails > BAR_GREY, axis=2)
    dark = lit <= LIT_IN_BAR * thumbnails.shape[2]
    upper = np.logical_and.accumulate(dark, axis=1)
    lower = np.logical_and.accumulate(dark[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((upper | lower) & ~dark.all(axis=1, keepdims=True))


def _panned(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The correlation of two pictures at the best common displacement, over what overlaps."""
    padded = (one.shape[0] + PAN_DOWN + 1, one.shape[1] + PAN_ACROSS + 1)

    def correlate(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
        product = np.conj(fft.rfft2(first, padded)) * fft.rfft2(second, padded)
        at = fft.irfft2(product, padded)
        down = np.r_[0 : PAN_DOWN + 1, -PAN_DOWN:0]
        return np.asarray(at[down][:, np.r_[0 : PAN_ACROSS + 1, -PAN_ACROSS:0]])

    full = np.ones_like(one)
    power_one, power_other = correlate(one**2, full), correlate(full, other**2)
    overlaps = np.minimum(power_one / np.square(one).sum(), power_other / np.square(other).sum())
    level = np.sqrt(np.maximum(power_one * power_other, 1e-6))
    return float(np.max(np.where(overlaps >= LEAST_OVERLAP, correlate(one, other) / level, 0)))


def _tiled(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """How well the tiles of a picture are found in another, each displaced by itself."""
    side = _side(one)
    padded = _padded(other)
    windows = np.lib.stride_tricks.sliding_window_view(padded, side)
    sums, squares = _window_sums(padded, side), _window_sums(padded**2, side)
    spread = np.maximum(squares - sums**2 / (side[0] * side[1]), 1e-3)
    found = []
    for place, there in _tiles(side):
        tile = one[place]
        tile = tile - tile.mean()
        power = float(np.square(tile).sum())
        if power < FLAT * tile.size:
            continue
        product = np.tensordot(windows[there], tile, axes=2)
        found.append(float(np.max(product / np.sqrt(power * spread[there]))))
    return _quantile(found) if found else 0.0


def _fitted(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture like ``one``, made of the tiles of ``other`` that are most like its own."""
    side = _side(one)
    padded = _padded(other)
    windows = np.lib.stride_tricks.sliding_window_view(padded, side)
    squares = np.maximum(_window_sums(padded**2, side), 1e-3)
    fitted = np.zeros_like(one)
    for place, there in _tiles(side):
        product = np.tensordot(windows[there], one[place], axes=2) / np.sqrt(squares[there])
        fitted[place] = windows[there][np.unravel_index(product.argmax(), product.shape)]
    return fitted


def _padded(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(picture, ((TILE_DOWN, TILE_DOWN), (TILE_ACROSS, TILE_ACROSS)), mode="symmetric")


def _side(picture: NDArray[np.float32]) -> tuple[int, int]:
    """Height and width of a picture's tiles."""
    return picture.shape[0] // TILES[0], picture.shape[1] // TILES[1]


def _tiles(side: tuple[int, int]) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Where each tile of that size is, and where it is looked for in a padded picture's windows."""
    for top in range(0, side[0] * TILES[0], side[0]):
        for left in range(0, side[1] * TILES[1], side[1]):
            yield (
                (slice(top, top + side[0]), slice(left, left + side[1])),
                (slice(top, top + 2 * TILE_DOWN + 1), slice(left, left + 2 * TILE_ACROSS + 1)),
            )


def _quantile(found: list[float]) -> float:
    """What all but ``TILE_SHARE`` of the tiles reach, between two of them as it falls."""
    place = TILE_SHARE * (len(found) - 1)
    low, ordered = int(place), sorted(found)
    high = min(low + 1, len(found) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _window_sums(picture: NDArray[np.float32], side: tuple[int, int]) -> NDArray[np.float64]:
    """The sum over the window of that size at every place where it fits."""
    total = np.pad(picture.astype(np.float64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    down, across = side
    return np.asarray(
        total[down:, across:]
        - total[:-down, across:]
        - total[down:, :-across]
        + total[:-down, :-across]
    )
