"""How the camera moved between two frames, whoever dances in front of it. Pure.

One corner per cell of a grid is followed; the move that most cells agree on is the camera's, since
the stage covers more cells than the people do.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

#: Width in pixels of the picture that motion is measured in: a tenth of a pixel here is under one
#: source pixel at 1080p, and following takes about half a millisecond.
MOTION_WIDTH = 320

#: Cells of the grid, across and down: enough that a few dancers are a minority.
_ACROSS, _DOWN = 16, 9
#: Smallest eigenvalue of the gradients in a corner that is worth following (grey values in 0..255).
_CORNER = 2e-4
#: Pixels of the motion picture within which a cell agrees with a move.
_AGREES_PX = 0.6
#: Mean difference of grey values beyond which a corner was not found again.
_FOUND = 14.0
#: Moves that are tried, each from two cells; with half the cells on the stage all but one in a
#: million pictures gets one from two stage cells.
_TRIALS = 48
#: Cells that must be worth following for a move to be told at all.
_FEWEST = 6
#: A zoom beyond this from one frame to the next is no camera's.
_LARGEST_ZOOM = 1.25
_WINDOW = (13, 13)
_LEVELS = 3


@dataclass(frozen=True)
class Move:
    """Where the picture's content went: pixels at the picture's centre, ln of the zoom factor.

    ``share`` 0..1 of the cells worth following went so.
    """

    dx: float = 0.0
    dy: float = 0.0
    zoom: float = 0.0
    share: float = 0.0


STILL = Move()


def camera_move(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Move:
    """The camera's move between two luma pictures uint8 (H, W) of equal size, in their pixels."""
    corners = _corners(before)
    if len(corners) < _FEWEST:
        return STILL
    went, found, difference = cv2.calcOpticalFlowPyrLK(
        before, after, corners, np.empty_like(corners), winSize=_WINDOW, maxLevel=_LEVELS
    )
    is_found = (found.reshape(-1) == 1) & (difference.reshape(-1) < _FOUND)
    if int(is_found.sum()) < _FEWEST:
        return STILL
    centre = np.array([before.shape[1], before.shape[0]], dtype=np.float64) / 2
    places = corners[is_found].astype(np.float64) - centre
    return _agreed(places, went[is_found] - corners[is_found], len(corners))


def _corners(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The best corner of each cell that has one, float32 (n, 2) x, y."""
    strength = cv2.cornerMinEigenVal(picture, 3)
    height, width = (strength.shape[0] // _DOWN, strength.shape[1] // _ACROSS)
    if not height or not width:
        return np.zeros((0, 2), np.float32)
    cells = strength[: height * _DOWN, : width * _ACROSS]
    cells = cells.reshape(_DOWN, height, _ACROSS, width).swapaxes(1, 2).reshape(-1, height * width)
    best = cells.argmax(axis=1)
    number = np.flatnonzero(cells[np.arange(len(cells)), best] > _CORNER)
    best = best[number]
    x = number % _ACROSS * width + best % width
    y = number // _ACROSS * height + best // width
    return np.stack([x, y], axis=1).astype(np.float32)


def _agreed(places: NDArray[np.float64], flows: NDArray[np.float64], corners: int) -> Move:
    """The move (flow = shift + growth * place) that most cells agree on, fitted to those."""
    one, other = _pairs(len(places))
    apart = places[one] - places[other]
    distance = np.maximum((apart**2).sum(axis=1), 1e-9)
    growth = ((flows[one] - flows[other]) * apart).sum(axis=1) / distance
    # Two neighbours tell nothing about zoom: without it they still tell the shift.
    growth[np.abs(growth) > _LARGEST_ZOOM - 1] = 0.0
    shift = flows[one] - growth[:, None] * places[one]
    off_x, off_y = (
        flows[None, :, side] - shift[:, side, None] - growth[:, None] * places[None, :, side]
        for side in (0, 1)
    )
    agrees = off_x * off_x + off_y * off_y < _AGREES_PX**2
    chosen = agrees[int(agrees.sum(axis=1).argmax())]
    if int(chosen.sum()) < _FEWEST:
        return Move(share=float(chosen.sum()) / corners)
    seen, moved = places[chosen], flows[chosen]
    middle, mean = seen.mean(axis=0), moved.mean(axis=0)
    spread = max(float(((seen - middle) ** 2).sum()), 1e-9)
    grown = float(((seen - middle) * (moved - mean)).sum()) / spread
    dx, dy = (mean - grown * middle).tolist()
    return Move(dx, dy, float(np.log1p(max(grown, -0.5))), float(chosen.sum()) / corners)


@lru_cache(maxsize=_ACROSS * _DOWN + 1)
def _pairs(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of different cells, the same ones every time."""
    chosen = np.random.default_rng(count).integers(0, count, size=(2, _TRIALS))
    other = (chosen[1] + (chosen[0] == chosen[1])) % count
    return chosen[0], other
