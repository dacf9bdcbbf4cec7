"""The LED wall high behind the stage.

Panels that show members larger than themselves, a moment late, in a pixel grid.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Camera, Points
from inyourarea.stage_show.stage_set import BACKDROP_Y_M, neon

DELAY_S = 0.2
PANEL_PIXELS = (312, 200)
PANEL_WIDTH_M, PANEL_HEIGHT_M = 4.0, 2.56
PANEL_BOTTOM_M = 2.25
PANEL_CENTRES_M = (-4.3, 0.0, 4.3)
FACE_SHARE = 0.30
"""A face's height on the wall as a share of the panel's: .77 m, four times the live one."""
PAIRS_FROM = 6
GRAPHICS_SHARE = 0.12
_GRID = 2


@dataclass(frozen=True)
class WallSpan:
    """Whom a panel shows from ``first`` to ``last`` frame, side by side.

    Members' indices, none for moving graphics.
    """

    panel: int
    first: int
    last: int
    members: tuple[int, ...]


def plan_wall(
    members: int, frames: int, fps: float, rng: np.random.Generator
) -> tuple[WallSpan, ...]:
    """Fill the three panels for the whole show: members for most of the time, each for 2.5 to 5 s.

    Larger groups are shown in pairs, so that everybody is on the wall often enough.
    """
    spans = []
    side_by_side = 1 if members < PAIRS_FROM else 2
    for panel in range(len(PANEL_CENTRES_M)):
        first, turn = 0, int(rng.integers(0, members))
        while first < frames:
            last = min(frames - 1, first + round(float(rng.uniform(2.5, 5.0)) * fps))
            shown = tuple((turn + i) % members for i in range(side_by_side))
            spans.append(
                WallSpan(panel, first, last, () if rng.random() < GRAPHICS_SHARE else shown)
            )
            turn = int(turn + rng.integers(side_by_side, members)) % members
            first = last + 1
    return tuple(spans)


def panel_corners(panel: int) -> Points:
    """Give a panel's corners (4, 3) in world metres.

    Top left, top right, bottom right, bottom left.
    """
    x, half = PANEL_CENTRES_M[panel], PANEL_WIDTH_M / 2
    low, high = PANEL_BOTTOM_M, PANEL_BOTTOM_M + PANEL_HEIGHT_M
    y = BACKDROP_Y_M - 0.1
    return np.array(
        [(x - half, y, high), (x + half, y, high), (x + half, y, low), (x - half, y, low)]
    )


def panel_map(panel: int, camera: Camera) -> Points | None:
    """Give the homography (3, 3) from panel pixels to picture pixels.

    None where the camera does not see it whole in front.
    """
    points, depths = camera.project(panel_corners(panel))
    if float(depths.min()) < 1.0:
        return None
    x1, y1 = points.min(axis=0)
    x2, y2 = points.max(axis=0)
    if x2 < 0 or y2 < 0 or x1 > camera.size[0] or y1 > camera.size[1]:
        return None
    width, height = PANEL_PIXELS
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
    return np.asarray(
        cv2.getPerspectiveTransform(source, points.astype(np.float32)), dtype=np.float64
    )


def map_box(
    box: tuple[float, float, float, float], tile: slice, to_picture: Points
) -> tuple[float, float, float, float]:
    """Give the picture's box around a box on a panel's tile, cut at the tile's edge."""
    height, left, right = PANEL_PIXELS[1], tile.start, tile.stop
    x1, x2 = (float(np.clip(x + left, left, right)) for x in (box[0], box[2]))
    y1, y2 = (float(np.clip(y, 0, height)) for y in (box[1], box[3]))
    corners = np.array([(x1, y1, 1), (x2, y1, 1), (x2, y2, 1), (x1, y2, 1)]) @ to_picture.T
    flat = corners[:, :2] / corners[:, 2:]
    (x1, y1), (x2, y2) = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    return x1, y1, x2, y2


def tiles(count: int) -> tuple[slice, ...]:
    """Give the columns of a panel that each of ``count`` people side by side fills."""
    width = PANEL_PIXELS[0] // max(1, count)
    return tuple(slice(i * width, (i + 1) * width) for i in range(count))


def panel_backdrop(hue: float, seconds: float, panel: int) -> NDArray[np.uint8]:
    """Give a panel's moving graphics (H, W, 3): slanted bands of light."""
    width, height = PANEL_PIXELS
    x = np.linspace(0, 1, 40)[None, :]
    y = np.linspace(0, 1, 26)[:, None]
    wave = 0.5 + 0.5 * np.sin(9 * x + 5 * y * (1 if panel % 2 else -1) + seconds * 2.2 + panel)
    low, high = np.array(neon(hue + 0.45, 0.28, 0.7)), np.array(neon(hue + 0.58, 0.62, 0.6))
    small = (low + (high - low) * wave[..., None]).astype(np.uint8)
    return np.asarray(
        cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )


@cache
def _rims() -> NDArray[np.uint8]:
    """Give how bright each of the grid's places is (H, W, 3).

    Pixels, and the darker rims between them.
    """
    width, height = PANEL_PIXELS
    rims = np.full((height * _GRID, width * _GRID, 3), 255, np.uint8)
    rims[::_GRID] = 190
    rims[:, ::_GRID] = 190
    rims[::_GRID, ::_GRID] = 140
    return rims


def put_panel(picture: NDArray[np.uint8], panel: NDArray[np.uint8], to_picture: Points) -> None:
    """Show a panel's pixels (H, W, 3) on the wall, each a square with a dark rim."""
    height, width = panel.shape[:2]
    grid = cv2.resize(panel, (width * _GRID, height * _GRID), interpolation=cv2.INTER_NEAREST)
    grid = cv2.multiply(grid, _rims(), scale=1 / 255)
    corners = (
        np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)]) @ to_picture.T
    )
    flat = corners[:, :2] / corners[:, 2:]
    x1, y1 = np.maximum(np.floor(flat.min(axis=0)).astype(int), 0)
    x2, y2 = np.minimum(np.ceil(flat.max(axis=0)).astype(int), (picture.shape[1], picture.shape[0]))
    if x1 >= x2 or y1 >= y2:
        return
    # A pixel's centre lies at its index + .5 in both pictures, and the grid is _GRID times as fine.
    to_window = (
        np.array([[1, 0, -x1 - 0.5], [0, 1, -y1 - 0.5], [0, 0, 1]])
        @ to_picture
        @ np.array([[1 / _GRID, 0, 0.5 / _GRID], [0, 1 / _GRID, 0.5 / _GRID], [0, 0, 1]])
    )
    window = picture[y1:y2, x1:x2]
    cv2.warpPerspective(
        grid,
        to_window,
        (x2 - x1, y2 - y1),
        dst=window,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
