"""How alike two frames are whatever the light: the eye of the shot finder, on ingest's thumbnails.

A thumbnail is reduced to its local structure (each pixel less its surroundings' mean, in units of
their contrast), which gain, tint, flashes and dimming leave as it is. Likeness is the correlation
of two such pictures at the best of some displacements.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter

Ranks = NDArray[np.integer]

#: Side in thumbnail pixels of the surroundings that a pixel is compared with: about a person.
SURROUNDINGS_PX = 9
#: Grey levels of contrast that are noise (grain, coding) rather than structure.
NOISE_GREY = 4.0
#: Luma up to which a row counts as a letterbox bar (black is 16 in video range).
BAR_GREY = 20
#: Sum of squared structure below which a thumbnail shows nothing (white, black): a full one has
#: about 1,500.
BLANK = 60.0
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

    def quick(self, before: Ranks, after: Ranks) -> NDArray[np.float32]:
        """Likeness -1..1 of every pair of frames, (pairs,), at the best small displacement."""
        product = np.conj(self.spectra[before]) * self.spectra[after]
        at = fft.irfft2(product, PADDED, axes=(1, 2))
        down = np.r_[0 : QUICK_DOWN + 1, -QUICK_DOWN:0]
        across = np.r_[0 : QUICK_ACROSS + 1, -QUICK_ACROSS:0]
        best = at[:, down][:, :, across].max(axis=(1, 2))
        return np.asarray(best / np.sqrt(self.energy[before] * self.energy[after] + 1e-6))

    def careful(self, before: int, after: int) -> float:
        """Likeness of one pair: panned as a whole, or found tile by tile; the larger of the two.

        Rows in which either has a letterbox bar are left out.
        """
        pair = self.structure[[before, after]]
        rows = np.flatnonzero(np.any(pair != 0, axis=2).all(axis=0))
        one, other = pair[:, rows[0] : rows[-1] + 1] if len(rows) >= LEAST_ROWS else pair
        return max(_panned(one, other), _tiled(one, other), _tiled(other, one))


def look_at(thumbnails: NDArray[np.uint8]) -> Likeness:
    """The structure of thumbnails uint8 (n, 36, 64); letterbox bars have none."""
    structure = local_structure(thumbnails)
    return Likeness(
        structure=structure,
        spectra=fft.rfft2(structure, PADDED, axes=(1, 2)).astype(np.complex64),
        energy=np.square(structure).sum(axis=(1, 2)),
    )


def local_structure(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Each pixel less its surroundings' mean, in units of their contrast, float32 (n, 36, 64)."""
    grey = thumbnails.astype(np.float32)
    shown = np.broadcast_to(~_bars(thumbnails)[:, :, None], grey.shape).astype(np.float32)
    surrounding = (0, SURROUNDINGS_PX, SURROUNDINGS_PX)
    weight = uniform_filter(shown, surrounding, mode="nearest") + 1e-3
    mean = uniform_filter(grey * shown, surrounding, mode="nearest") / weight
    rise = (grey - mean) * shown
    power = uniform_filter(rise * rise, surrounding, mode="nearest") / weight
    return np.asarray(rise / np.sqrt(power + NOISE_GREY**2), dtype=np.float32)


def _bars(thumbnails: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Rows that belong to a dark bar at the upper or lower edge, bool (n, 36).

    A tenth of a row may be lit: captions stand in bars.
    """
    dark = np.quantile(thumbnails, 0.9, axis=2, method="lower") <= BAR_GREY
    upper = np.logical_and.accumulate(dark, axis=1)
    lower = np.logical_and.accumulate(dark[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(upper | lower)


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
    height, width = (side // count for side, count in zip(one.shape, TILES, strict=True))
    padded = np.pad(other, ((TILE_DOWN, TILE_DOWN), (TILE_ACROSS, TILE_ACROSS)), mode="symmetric")
    found = []
    for top in range(0, height * TILES[0], height):
        for left in range(0, width * TILES[1], width):
            tile = one[top : top + height, left : left + width]
            tile = tile - tile.mean()
            power = float(np.square(tile).sum())
            if power < 0.05 * tile.size:  # nothing to be found
                continue
            there = padded[
                top : top + height + 2 * TILE_DOWN, left : left + width + 2 * TILE_ACROSS
            ]
            places = np.lib.stride_tricks.sliding_window_view(there, tile.shape)
            product = np.einsum("yxij,ij->yx", places, tile)
            sums, squares = places.sum(axis=(2, 3)), np.einsum("yxij,yxij->yx", places, places)
            spread = np.maximum(squares - sums**2 / tile.size, 1e-3)
            found.append(float((product / np.sqrt(power * spread)).max()))
    return float(np.quantile(found, TILE_SHARE)) if found else 0.0
