"""How alike two frames are whatever the light: the eye of the shot finder, on ingest's thumbnails.

A thumbnail is reduced to its local structure (each pixel less its surroundings' mean, in units of
their contrast), which gain, tint, flashes and dimming leave as it is. Likeness is the correlation
of two such pictures at the best of some displacements.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import maximum_filter1d, uniform_filter

Ranks = NDArray[np.integer]

#: Side in thumbnail pixels of the surroundings that a pixel is compared with: about a person.
SURROUNDINGS_PX = 9
#: Grey levels of contrast that are noise (grain, coding) rather than structure.
NOISE_GREY = 4.0
#: Luma up to which a row counts as a letterbox bar (black is 16 in video range).
BAR_GREY = 20
#: Sum of squared structure below which a thumbnail shows nothing (white, black): a full one has
#: about 1,500, grain on white 115, a dimmed stage 180 or more.
BLANK = 150.0
#: Displacements tried between two frames, in thumbnail pixels (30 source pixels each at 1080p).
QUICK_DOWN, QUICK_ACROSS = 6, 10
#: The same for a whole picture that was panned, compared where both overlap by this share.
PAN_DOWN, PAN_ACROSS = 9, 30
LEAST_OVERLAP = 0.45
#: Fewer common rows than this are too few to leave the others out.
LEAST_ROWS = 18
#: Rows and columns of tiles that are looked for one by one, and how far (thumbnail pixels).
TILES = (3, 4)
TILE_DOWN, TILE_ACROSS = 5, 8
#: This share of the tiles found says as much as all of them: people hide the others.
TILE_SHARE = 0.6
#: Mean square of structure below which a tile holds nothing to be found.
FLAT = 0.05
#: Transforms are padded, so that displaced pictures do not meet themselves.
PADDED = (48, 80)


@dataclass(frozen=True, eq=False)
class Likeness:
    """The structure of a stretch of frames: ``structure`` float32 (n, 36, 64), its ``spectra``.

    ``energy`` float32 (n,) is the sum of squares, small where a frame shows nothing.
    """

    structure: NDArray[np.float32]
    spectra: NDArray[np.complex64]
    energy: NDArray[np.float32]

    def quick(self, before: Ranks, after: Ranks, enough: float = 1.0) -> NDArray[np.float64]:
        """Likeness -1..1 of every pair of frames, (pairs,), at the best small displacement.

        A pair that is alike ``enough`` as it stands is not displaced: its likeness may be more.
        """
        level = np.sqrt(self.energy[before] * self.energy[after] + 1e-6)
        likeness = self._undisplaced(before, after) / level
        open_ones = np.flatnonzero(likeness < enough)
        product = np.conj(self.spectra[before[open_ones]]) * self.spectra[after[open_ones]]
        at = fft.irfft2(product, PADDED, axes=(1, 2), overwrite_x=True)
        down = np.r_[0 : QUICK_DOWN + 1, -QUICK_DOWN:0]
        across = np.r_[0 : QUICK_ACROSS + 1, -QUICK_ACROSS:0]
        likeness[open_ones] = at[:, down][:, :, across].max(axis=(1, 2)) / level[open_ones]
        return likeness

    def _undisplaced(self, before: Ranks, after: Ranks) -> NDArray[np.float64]:
        flat = self.structure.reshape(len(self.structure), -1)
        return np.array(
            [np.dot(flat[one], flat[other]) for one, other in zip(before, after, strict=True)],
            dtype=np.float64,
        )

    def is_careful_above(self, before: int, after: int, limit: float) -> bool:
        """Whether one pair, looked at carefully, is more alike than a limit.

        The picture may have been panned as a whole, or its tiles are found one by one. Rows in
        which either has a letterbox bar are left out.
        """
        pair = self.structure[[before, after]]
        rows = np.flatnonzero(np.any(pair != 0, axis=2).all(axis=0))
        one, other = pair[:, rows[0] : rows[-1] + 1] if len(rows) >= LEAST_ROWS else pair
        # the cheapest first: most pairs that are alike end here
        return (
            _panned(one, other) > limit or _tiled(one, other) > limit or _tiled(other, one) > limit
        )


def look_at(thumbnails: NDArray[np.uint8], reach: int) -> Likeness:
    """The structure of thumbnails uint8 (n, 36, 64); letterbox bars have none.

    A bar in one frame is left out of all frames up to ``reach`` away: when it goes or comes, what
    it hid is no other picture.
    """
    structure = local_structure(thumbnails, _bars(thumbnails, reach))
    return Likeness(
        structure=structure,
        spectra=fft.rfft2(structure, PADDED, axes=(1, 2)).astype(np.complex64),
        energy=np.square(structure).sum(axis=(1, 2)),
    )


def local_structure(thumbnails: NDArray[np.uint8], bars: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Each pixel less its surroundings' mean, in units of their contrast, float32 (n, 36, 64).

    0 in the rows of bars, bool (n, 36), which are nobody's surroundings either.
    """
    grey = thumbnails.astype(np.float32)
    shown = np.broadcast_to(~bars[:, :, None], grey.shape).astype(np.float32)
    surrounding = (0, SURROUNDINGS_PX, SURROUNDINGS_PX)
    weight = uniform_filter(shown, surrounding, mode="nearest") + 1e-3
    mean = uniform_filter(grey * shown, surrounding, mode="nearest") / weight
    rise = (grey - mean) * shown
    power = uniform_filter(rise * rise, surrounding, mode="nearest") / weight
    return np.asarray(rise / np.sqrt(power + NOISE_GREY**2), dtype=np.float32)


def _bars(thumbnails: NDArray[np.uint8], reach: int) -> NDArray[np.bool_]:
    """Rows in a dark bar at the upper or lower edge, here or up to ``reach`` frames away, (n, 36).

    A tenth of a row may be lit: captions stand in bars.
    """
    dark = np.quantile(thumbnails, 0.9, axis=2, method="lower") <= BAR_GREY
    upper = np.logical_and.accumulate(dark, axis=1)
    lower = np.logical_and.accumulate(dark[:, ::-1], axis=1)[:, ::-1]
    is_bar = (upper | lower) & ~dark.all(axis=1, keepdims=True)
    return np.asarray(maximum_filter1d(is_bar.view(np.uint8), 2 * reach + 1, axis=0) > 0)


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
    side = (one.shape[0] // TILES[0], one.shape[1] // TILES[1])
    padded = np.pad(other, ((TILE_DOWN, TILE_DOWN), (TILE_ACROSS, TILE_ACROSS)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, side)
    sums, squares = _window_sums(padded, side), _window_sums(padded**2, side)
    spread = np.maximum(squares - sums**2 / (side[0] * side[1]), 1e-3)
    found = []
    for top in range(0, side[0] * TILES[0], side[0]):
        for left in range(0, side[1] * TILES[1], side[1]):
            tile = one[top : top + side[0], left : left + side[1]]
            tile = tile - tile.mean()
            power = float(np.square(tile).sum())
            if power < FLAT * tile.size:
                continue
            there = (
                slice(top, top + 2 * TILE_DOWN + 1),
                slice(left, left + 2 * TILE_ACROSS + 1),
            )
            product = np.tensordot(windows[there], tile, axes=2)
            found.append(float(np.max(product / np.sqrt(power * spread[there]))))
    return _quantile(found) if found else 0.0


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
