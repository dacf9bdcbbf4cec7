"""What a person looks like, as a unit vector: the colours of hair, face and clothes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes

#: Cells per face height of the patch that is looked at.
CELLS = 6
#: The patch, in face heights from the face's centre: left, top, right, bottom.
REACH = (-1.5, -1.25, 1.5, 4.75)
GRID = (round((REACH[3] - REACH[1]) * CELLS), round((REACH[2] - REACH[0]) * CELLS))

_ACROSS = (np.arange(GRID[1]) + 0.5) / CELLS + REACH[0]
_DOWN = (np.arange(GRID[0]) + 0.5) / CELLS + REACH[1]


def _rectangle(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    rows = (top < _DOWN) & (bottom > _DOWN)
    columns = (left < _ACROSS) & (right > _ACROSS)
    return (rows[:, None] & columns[None, :]).astype(np.float64)


def _parts() -> NDArray[np.float64]:
    """Where hair, face, upper and lower clothes are, shares (4, rows, columns)."""
    face = ((_ACROSS[None, :] / 0.32) ** 2 + (_DOWN[:, None] / 0.4) ** 2 < 1).astype(np.float64)
    top = _rectangle(-0.45, -0.95, 0.45, -0.45)
    sides = _rectangle(-0.85, -0.6, -0.45, 0.7) + _rectangle(0.45, -0.6, 0.85, 0.7)
    hair = np.maximum(top, sides * 0.6)
    return np.stack([hair, face, _rectangle(-0.6, 0.9, 0.6, 2.6), _rectangle(-0.6, 2.7, 0.6, 4.7)])


PARTS = _parts()
#: How much each part says, as shares of the cosine: hair, face, upper and lower clothes.
WEIGHTS = np.array([0.4, 0.2, 0.25, 0.15])

#: Anchor colours of the soft histograms: opponent chroma by lightness.
ANCHORS = np.array(
    [[a, b, light] for light in (0.2, 0.8) for a in (-0.4, 0.0, 0.4) for b in (-0.4, 0.0, 0.4)]
)
#: Width of an anchor's catchment, in the units of `opponent_colours`.
ANCHOR_WIDTH = np.array([0.3, 0.3, 0.45])

LENGTH = len(PARTS) * len(ANCHORS)


def appearance_of(picture: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> NDArray[np.float32]:
    """A unit vector for every face box, float32 (n, `LENGTH`).

    ``picture`` uint8 (h, w, 3) BGR; boxes float64 (n, 4) in its pixels. The cosine of two vectors
    is near 1 for the same person, whatever the light; a part that lies outside the picture counts
    as unknown, with the same vector for everybody.
    """
    if not len(xyxy):
        return np.zeros((0, LENGTH), dtype=np.float32)
    patches, inside = _patches(picture, xyxy)
    return describe(patches, inside)


def describe(patches: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Patches (n, rows, columns, 3) BGR 0..255 and which cells are known, as unit vectors."""
    colours = opponent_colours(patches)
    distance = (colours[..., None, :] - ANCHORS) / ANCHOR_WIDTH
    near = np.exp(-0.5 * (distance**2).sum(axis=-1))
    near /= near.sum(axis=-1, keepdims=True) + 1e-9
    share = np.einsum("prc,nrc,nrca->npa", PARTS, inside, near)
    known = np.einsum("prc,nrc->np", PARTS, inside) / PARTS.sum(axis=(1, 2))
    unknown = np.full(len(ANCHORS), 1 / len(ANCHORS))
    share = share / (share.sum(axis=-1, keepdims=True) + 1e-9)
    share = np.where(known[..., None] > 0.3, share, unknown)
    vector = np.sqrt(share * WEIGHTS[None, :, None]).reshape(len(patches), -1)
    return (vector / np.linalg.norm(vector, axis=1, keepdims=True)).astype(np.float32)


def opponent_colours(patches: NDArray[np.float32]) -> NDArray[np.float64]:
    """Red-green, yellow-blue and lightness of every cell, each patch's own light divided out."""
    linear = (patches.astype(np.float64) / 255) ** 2.2 + 1e-3
    white = np.quantile(linear, 0.9, axis=(1, 2))[:, None, None, :]
    seen = np.clip(linear / white, 1e-3, 1.5)
    root = np.cbrt(seen)
    blue, green, red = root[..., 0], root[..., 1], root[..., 2]
    light = (red + green + blue) / 3
    return np.stack([1.5 * (red - green), 1.5 * ((red + green) / 2 - blue), light], axis=-1)


def _patches(
    picture: NDArray[np.uint8], xyxy: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The neighbourhood of each box on the common grid, and which of its cells are known."""
    tall = np.maximum(boxes.size(xyxy)[:, 1], 2.0)
    x, y = boxes.centre(xyxy).T
    spans = np.stack([x, y, x, y], axis=1) + tall[:, None] * np.array(REACH)
    patches = np.zeros((len(xyxy), *GRID, 3), dtype=np.float32)
    inside = np.zeros((len(xyxy), *GRID), dtype=np.float32)
    for row, span in enumerate(np.round(spans).astype(int)):
        patches[row], inside[row] = _patch(picture, span)
    return patches, inside


def _patch(
    picture: NDArray[np.uint8], span: NDArray[np.int_]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    left, top, right, bottom = span.tolist()
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    edges = (max(0, y1 - top), max(0, bottom - y2), max(0, x1 - left), max(0, right - x2))
    cut = picture[y1 : max(y1, y2), x1 : max(x1, x2)]
    if not cut.size:
        return np.zeros((*GRID, 3), np.uint8), np.zeros(GRID, np.float32)
    whole = cv2.copyMakeBorder(cut, *edges, cv2.BORDER_CONSTANT)
    patch = cv2.resize(whole, GRID[::-1], interpolation=cv2.INTER_AREA)
    across = np.linspace(left, right, 2 * GRID[1] + 1)[1::2]
    down = np.linspace(top, bottom, 2 * GRID[0] + 1)[1::2]
    known = ((down >= 0) & (down < height))[:, None] & ((across >= 0) & (across < width))
    return np.asarray(patch, dtype=np.uint8), known.astype(np.float32)
