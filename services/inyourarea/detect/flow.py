"""Heads from one picture to the next: optical flow on head and shoulders, or their whole shape.

Sparse flow there and back is exact, and knows when it fails; where it does, as while a head turns,
the neighbourhood is searched for the same shape.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes

Grey = NDArray[np.uint8]

#: The parts that move with a head, in face heights from its centre: left, top, right, bottom, and
#: how many points across and down: the head itself, and the shoulders and chest below it.
HEAD = (-0.42, -0.62, 0.42, 0.55, 6, 7)
CHEST = (-0.42, 0.85, 0.42, 1.9, 5, 5)
#: Window of the flow in pixels, and pyramid levels above the picture: 11 x 4 pixels of motion.
WINDOW, LEVELS = (11, 11), 2
#: Pixels round a head's points that the flow looks at: as far as it sees, and twelve at each edge
#: that the picture's own edge would have changed two levels up.
NEAR_PX = 64
#: Flow there and back has to come home within this many pixels, and this share of the face.
HOME_PX, HOME_FACES = 0.5, 0.06
#: Points that move alike stay within this of each other, in pixels and face heights.
ALIKE_PX, ALIKE_FACES = 0.6, 0.08
#: Flow that agrees less than this is checked against the shape.
TRUSTED_FLOW = 0.6
#: The shape: head and shoulders with some surroundings, in face heights from the face's centre, and
#: how far it is searched for from one picture to the next.
SHAPE, SEARCH = (-0.75, -0.95, 0.75, 1.3), 0.6
#: A shape's correlation is worth this much flow: a background that stays fits itself perfectly. So
#: it can bridge a path that is met from the other end, and never make one certain by itself.
SHAPE_TRUST = 0.69
#: Mean and contrast (standard deviation) that every picture is brought to, in grey levels.
MEAN_GREY, CONTRAST_GREY, LEAST_CONTRAST_GREY = 100.0, 50.0, 5.0
#: Least eigenvalue of the window's gradients: plain cloth says nothing about where it went.
LEAST_TEXTURE = 5e-4
#: With fewer points than this nothing can be said.
LEAST_POINTS = 8


def levelled(grey: Grey) -> Grey:
    """What the flow works on, uint8 (h, w), made once per picture.

    Flow wants a point to keep its grey, but a strobe, a flash or a dimmer changes that of all of
    them together: mean and contrast are made the same in every picture.
    """
    mean, contrast = cv2.meanStdDev(grey)
    gain = CONTRAST_GREY / max(float(contrast[0, 0]), LEAST_CONTRAST_GREY)
    table = np.clip((np.arange(256) - float(mean[0, 0])) * gain + MEAN_GREY, 0, 255)
    return np.asarray(cv2.LUT(grey, table.round().astype(np.uint8)), dtype=np.uint8)


def advance(
    before: Grey, after: Grey, xyxy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each head is in the next picture, (n, 4), and how well the pixels agree, (n,) 0..1.

    Boxes float64 (n, 4) in picture pixels keep their size. The agreement is the share of points
    that come home and move alike.
    """
    height, width = before.shape
    moved, agreement = xyxy.copy(), np.zeros(len(xyxy))
    for head, (points, tall) in enumerate(zip(_points(xyxy), boxes.size(xyxy)[:, 1], strict=True)):
        there, back, is_textured = _there_and_back(before, after, points)
        home = np.linalg.norm(back - points, axis=1) < HOME_PX + HOME_FACES * tall
        inside = ((points >= 0) & (points < [width, height])).all(axis=1) & is_textured
        moves = (there - points)[inside].astype(np.float64)
        move, agreement[head] = _common_move(moves, home[inside], ALIKE_PX + ALIKE_FACES * tall)
        if agreement[head] < TRUSTED_FLOW:
            shape, fit = find_shape(before, after, xyxy[head])
            if fit > agreement[head]:
                move, agreement[head] = shape, fit
        moved[head] += np.tile(move, 2)
    return moved, agreement


Move = tuple[NDArray[np.float64], float]


def _common_move(moves: NDArray[np.float64], home: NDArray[np.bool_], loose: float) -> Move:
    """Where most points went, (2,), and the share of all that did; ``loose`` pixels apart."""
    good = moves[home]
    if len(good) < LEAST_POINTS:
        return np.zeros(2), 0.0
    middle = np.median(good, axis=0)
    alike = np.linalg.norm(good - middle, axis=1) < loose
    move = good[alike].mean(axis=0) if alike.any() else middle
    return move, float(alike.sum() / len(moves))


def find_shape(
    before: NDArray[np.uint8], after: NDArray[np.uint8], box: NDArray[np.float64]
) -> Move:
    """Where head and shoulders went that correlate best nearby, (2,) pixels, and how well.

    No agreement where they do not lie wholly in the first picture.
    """
    tall = box[3] - box[1]
    centre = (box[:2] + box[2:]) / 2
    reach = int(np.ceil(SEARCH * tall)) + 1
    left, top, right, bottom = np.round(np.tile(centre, 2) + np.array(SHAPE) * tall).astype(int)
    height, width = before.shape
    if left < 0 or top < 0 or right > width or bottom > height or right - left < 4:
        return np.zeros(2), 0.0
    x, y = max(left - reach, 0), max(top - reach, 0)
    window = after[y : bottom + reach, x : right + reach]
    template = before[top:bottom, left:right]
    fit = cv2.matchTemplate(window, template, cv2.TM_CCOEFF_NORMED).astype(np.float64)
    row, column = np.unravel_index(int(np.argmax(fit)), fit.shape)
    move = np.array(
        [
            column + _summit(fit[row], int(column)) + x - left,
            row + _summit(fit[:, column], int(row)) + y - top,
        ]
    )
    return move, float(fit[row, column]) * SHAPE_TRUST


def _summit(values: NDArray[np.floating], top: int) -> float:
    """How far beside the highest value the parabola through it and its neighbours is highest."""
    if not 0 < top < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[top - 1 : top + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _points(xyxy: NDArray[np.float64]) -> NDArray[np.float32]:
    """A grid of points on every head and chest, float32 (n, p, 2)."""
    grids = []
    for left, top, right, bottom, columns, rows in (HEAD, CHEST):
        across = np.linspace(left, right, columns)
        down = np.linspace(top, bottom, rows)
        grids.append(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))
    grid = np.concatenate(grids)
    tall = boxes.size(xyxy)[:, 1]
    points = boxes.centre(xyxy)[:, None] + grid[None] * tall[:, None, None]
    return points.astype(np.float32)


def _there_and_back(
    before: Grey, after: Grey, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Where one head's points went, where they came home, and which have texture enough to tell.

    Only the neighbourhood is looked at: the flow would prepare all of both pictures each time.
    """
    limits = np.array(before.shape[::-1])
    low = np.clip(np.floor(points.min(axis=0)) - NEAR_PX, 0, limits).astype(int)
    low -= low % (1 << LEVELS)  # so that the levels above have the whole picture's samples
    high = np.clip(np.ceil(points.max(axis=0)) + NEAR_PX, 0, limits).astype(int)
    if (high - low < WINDOW).any():
        return points, points, np.zeros(len(points), dtype=bool)
    part = np.s_[low[1] : high[1], low[0] : high[0]]
    corner = low.astype(np.float32)
    there, is_textured = _flow(before[part], after[part], points - corner)
    back, _ = _flow(after[part], before[part], there)
    return there + corner, back + corner, is_textured


def _flow(
    before: Grey, after: Grey, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the points went, and which have enough texture round them to tell."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        points[:, None],
        points[:, None].copy(),
        winSize=WINDOW,
        maxLevel=LEVELS,
        minEigThreshold=LEAST_TEXTURE,
    )
    return np.asarray(there, dtype=np.float32).reshape(-1, 2), np.asarray(found).ravel() == 1
