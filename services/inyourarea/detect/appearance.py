"""What a person looks like: a unit vector of the colours of hair, face and clothes, and a portrait.

Light on a stage multiplies what is there (a wash, a dimmer) and adds to it (haze, a flash). What it
adds is taken off by the picture's own black; what it multiplies falls out where every colour is
divided by that of the person's own skin, which stands in the same light. Skin itself so says least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.core.detections import PORTRAIT_COLUMNS, PORTRAIT_LENGTH, PORTRAIT_ROWS

Floats = NDArray[np.float32]

#: Cells per face height of the patch that is looked at: a face of 12 pixels has two per cell.
CELLS = 6
#: The patch, in face heights from the face's centre: left, top, right, bottom.
REACH = (-1.0, -1.0, 1.0, 4.7)
GRID = (round((REACH[3] - REACH[1]) * CELLS), round((REACH[2] - REACH[0]) * CELLS))

#: Centres and width of the soft bins of both chroma axes and of lightness, in `opponent_colours`'
#: units, where the person's skin is (0, 0, 1). Chosen on drawn shows, by rank-1 over all light.
CHROMA_BINS, CHROMA_WIDTH = (-0.3, 0.0, 0.3), 0.12
LIGHT_BINS, LIGHT_WIDTH = (0.25, 0.5, 0.75, 1.05), 0.15
BINS = len(CHROMA_BINS) ** 2 + len(LIGHT_BINS)

#: Each part's share in the cosine by its chroma and by its lightness, fitted (logistic, same or
#: different person) on twelve drawn shows: fringe, top of the hair, face, hair beside the neck,
#: torso, legs. Hair above the face says most: it is seldom hidden, and no two members share it.
WEIGHTS = (
    *((0.15, 0.17), (0.085, 0.085), (0.02, 0.04)),
    *((0.06, 0.1), (0.105, 0.125), (0.025, 0.035)),
)
LENGTH = len(WEIGHTS) * BINS

#: A part that is seen by less than this share is unknown.
LEAST_SEEN = 0.3
#: Of the picture's dark end, so much is taken for light that was added everywhere.
BLACK_QUANTILE, BLACK_SHARE = 0.02, 0.9
#: Pixels darker than this are bars of a letterbox, no matter how bright the light: grey levels.
BAR_GREY_LEVELS = 4
#: Floor of linear light, so that noise in the dark has no colour.
LEAST_LIGHT = 2e-3
DISPLAY_GAMMA = 2.2
#: Where the skin should be and it is so many times darker (linear light) than the others' in the
#: picture, there is the back of a dark-haired head; the darkest skin is four times darker.
TURNED_DARKER = 8.0
#: A portrait's colours, in `opponent_colours`' units, lie between these (hair that shines in a
#: bright wash reaches 1.8) and are stored in so many steps; step 0 says that nothing is known.
PORTRAIT_RANGE, PORTRAIT_STEPS = (-1.5, 2.0), 254
#: The rows and columns of the patch that are the head.
HEAD = np.s_[:PORTRAIT_ROWS, (GRID[1] - PORTRAIT_COLUMNS) // 2 : (GRID[1] + PORTRAIT_COLUMNS) // 2]


@dataclass(frozen=True, eq=False)
class Looks:
    """What n people look like.

    ``vector`` float32 (n, `LENGTH`) unit vectors; ``portrait`` uint8 as in `Detections`.
    """

    vector: Floats
    portrait: NDArray[np.uint8]

    def __getitem__(self, rows: NDArray[Any]) -> "Looks":
        return Looks(self.vector[rows], self.portrait[rows])


def join_looks(parts: Sequence[Looks]) -> Looks:
    """Several people's looks after each other."""
    nobody = Looks(np.zeros((0, LENGTH), np.float32), np.zeros((0, PORTRAIT_LENGTH), np.uint8))
    return Looks(
        np.concatenate([nobody.vector, *(part.vector for part in parts)]),
        np.concatenate([nobody.portrait, *(part.portrait for part in parts)]),
    )


def look_at(picture: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> Looks:
    """Everybody's vector, as of `appearance_of`, and portrait."""
    if not len(xyxy):
        return join_looks([])
    patches, is_known = _patches(picture, xyxy)
    colours = opponent_colours(patches, is_known * _parts()[1], black_of(picture))
    return Looks(describe(colours, is_known), portray(colours, is_known))


def appearance_of(picture: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> Floats:
    """A unit vector for every face box, float32 (n, `LENGTH`).

    ``picture`` uint8 (h, w, 3) BGR; boxes float64 (n, 4) in its pixels. The cosine of two vectors
    is near 1 for the same person, whatever the light, and smaller the more two people differ. A
    part outside the picture is unknown, and the same for everybody.
    """
    return look_at(picture, xyxy).vector


def portray(colours: Floats, is_known: Floats) -> NDArray[np.uint8]:
    """The head's cells in steps of colour, uint8 (n, `PORTRAIT_LENGTH`); 0 where not known."""
    low, high = PORTRAIT_RANGE
    head = np.clip((colours[:, *HEAD] - low) / (high - low), 0, 1)
    steps = np.rint(head * PORTRAIT_STEPS) + 1
    return (steps * is_known[:, *HEAD, None]).astype(np.uint8).reshape(len(colours), -1)


def describe(colours: Floats, is_known: Floats) -> Floats:
    """The vectors of patches (n, rows, columns, 3) in opponent colours; which cells are known."""
    parts, _ = _parts()
    weight = is_known[:, None] * parts
    across, down, light = (
        _soft_bins(colours[..., axis], bins, width)
        for axis, (bins, width) in enumerate(
            [(CHROMA_BINS, CHROMA_WIDTH)] * 2 + [(LIGHT_BINS, LIGHT_WIDTH)]
        )
    )
    chroma = (across[..., :, None] * down[..., None, :]).reshape(*across.shape[:-1], -1)
    seen = weight.sum(axis=(2, 3)) / parts.sum(axis=(1, 2))
    flat = weight.reshape(*weight.shape[:2], -1)
    shares = [flat @ one.reshape(len(colours), flat.shape[2], -1) for one in (chroma, light)]
    blocks = [_block(share, seen, column) for column, share in enumerate(shares)]
    vector = np.concatenate(blocks, axis=2).reshape(len(colours), -1)
    return (vector / np.linalg.norm(vector, axis=1, keepdims=True)).astype(np.float32)


def opponent_colours(patches: Floats, skin: Floats, black: Floats) -> Floats:
    """Red-green, yellow-blue and lightness of every cell, where the skin is (0, 0, 1).

    All patches are of one picture: dark hair in place of skin is told by the others' skin.
    """
    linear = (np.maximum(patches - black, 1.0) / 255) ** DISPLAY_GAMMA
    reference = (linear * skin[..., None]).sum(axis=(1, 2))
    reference /= skin.sum(axis=(1, 2))[:, None] + 1e-9
    usual = np.median(reference, axis=0)
    is_turned = reference.sum(axis=1) * TURNED_DARKER < usual.sum()
    reference = np.where(is_turned[:, None], usual, reference)
    seen = np.cbrt((linear + LEAST_LIGHT) / (reference[:, None, None] + LEAST_LIGHT))
    blue, green, red = seen[..., 0], seen[..., 1], seen[..., 2]
    yellow = (red + green) / 2 - blue
    light = (red + green + blue) / 3
    return np.stack([1.5 * (red - green), 1.5 * yellow, light], axis=-1)


def black_of(picture: NDArray[np.uint8]) -> Floats:
    """What haze or a flash adds to the whole picture, float32 (3,) BGR in grey levels."""
    blue, green, red = picture[::8, ::8].reshape(-1, 3).T.copy()
    is_lit = np.maximum(np.maximum(blue, green), red) >= BAR_GREY_LEVELS
    if not is_lit.any():
        return np.zeros(3, dtype=np.float32)
    dark = [_quantile(plane[is_lit], BLACK_QUANTILE) for plane in (blue, green, red)]
    return np.array(dark, dtype=np.float32) * BLACK_SHARE


def _quantile(values: NDArray[np.uint8], share: float) -> float:
    """What `np.quantile` says, found by counting."""
    until = np.bincount(values, minlength=256).cumsum()
    place = share * (len(values) - 1)
    below = int(place)
    low, high = np.searchsorted(until, [below, min(below + 1, len(values) - 1)], side="right")
    return float(low + (high - low) * (place - below))


def _block(share: Floats, seen: Floats, column: int) -> Floats:
    """One kind of histogram of every part, (n, parts, bins), each as long as its weight says."""
    share = share / (share.sum(axis=2, keepdims=True) + 1e-9)
    share = np.where(seen[..., None] >= LEAST_SEEN, share, 1 / share.shape[2])
    # The root of a histogram has length 1, and lets small shares count (Hellinger).
    weights = np.array([weight[column] for weight in WEIGHTS], dtype=np.float32)
    return np.asarray(np.sqrt(share) * np.sqrt(weights)[:, None], dtype=np.float32)


def _soft_bins(values: Floats, bins: tuple[float, ...], width: float) -> Floats:
    """The share of each value in each bin, summing to 1."""
    near = np.exp(-0.5 * ((values[..., None] - np.array(bins, dtype=np.float32)) / width) ** 2)
    near += 1e-9
    return np.asarray(near / near.sum(axis=-1, keepdims=True))


@cache
def _parts() -> tuple[Floats, Floats]:
    """Where each part of `WEIGHTS` is, 0 or 1 (parts, rows, columns), and where the skin is."""
    across = ((np.arange(GRID[1]) + 0.5) / CELLS + REACH[0])[None, :]
    down = ((np.arange(GRID[0]) + 0.5) / CELLS + REACH[1])[:, None]

    def span(left: float, top: float, right: float, bottom: float) -> NDArray[np.bool_]:
        return (top < down) & (bottom > down) & (left < across) & (right > across)

    face = (across / 0.32) ** 2 + (down / 0.38) ** 2 < 1
    parts = [
        span(-0.35, -0.5, 0.35, -0.28),
        span(-0.35, -0.72, 0.35, -0.5),
        face,
        span(-0.8, 0.5, -0.35, 1.1) | span(0.35, 0.5, 0.8, 1.1),
        span(-0.5, 0.9, 0.5, 2.6),
        span(-0.5, 2.9, 0.5, 4.6),
    ]
    return np.stack(parts).astype(np.float32), face.astype(np.float32)


def _patches(picture: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """The neighbourhood of each box on the common grid, and which of its cells are known."""
    tall = np.maximum(boxes.size(xyxy)[:, 1], 2.0)
    x, y = boxes.centre(xyxy).T
    spans = np.stack([x, y, x, y], axis=1) + tall[:, None] * np.array(REACH)
    patches = np.zeros((len(xyxy), *GRID, 3), dtype=np.float32)
    is_known = np.zeros((len(xyxy), *GRID), dtype=np.float32)
    for row, span in enumerate(np.round(spans).astype(int).tolist()):
        patches[row], is_known[row] = _patch(picture, span)
    return patches, is_known


def _patch(picture: NDArray[np.uint8], span: list[int]) -> tuple[NDArray[np.uint8], Floats]:
    left, top, right, bottom = span
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if x1 >= x2 or y1 >= y2:
        return np.zeros((*GRID, 3), np.uint8), np.zeros(GRID, np.float32)
    whole, edges = picture[y1:y2, x1:x2], (y1 - top, bottom - y2, x1 - left, right - x2)
    if not any(edges):
        return _on_grid(whole), np.ones(GRID, np.float32)
    patch = _on_grid(cv2.copyMakeBorder(whole, *edges, cv2.BORDER_CONSTANT))
    across = np.linspace(left, right, 2 * GRID[1] + 1)[1::2]
    down = np.linspace(top, bottom, 2 * GRID[0] + 1)[1::2]
    is_known = ((down >= 0) & (down < height))[:, None] & ((across >= 0) & (across < width))
    return patch, is_known.astype(np.float32)


def _on_grid(patch: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(patch, GRID[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)
