"""The stills that a page shows: sprite, poster and faces, as JPEG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.render.crop import Canvas, Picture, crop
from inyourarea.render.resample import Scratch
from inyourarea.runtime.matrix import to_bgr
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import Planes, decode_segment

#: JPEG quality of what is shown: above it files grow and nothing more is seen.
QUALITY = 82
#: Tiles of a sprite at most, and beside each other; pixels of a tile's width.
MOST_TILES, COLUMNS, TILE_WIDTH = 100, 10, 160
#: Pixels of a poster's width at most.
POSTER_WIDTH = 1280
#: Mean and deviation of luma from which on a frame is well lit: a dark stage with a few lights
#: has a mean of 30 to 45, a fade a small deviation, a flash a small one too.
LIT, VARIED = 48, 22
#: Pixels to a side of a face's picture.
FACE_SIDE = 160
#: Side of the picture in sides of the face: hair and chin are in it.
FACE_ROOM = 1.7


@dataclass(frozen=True)
class Grid:
    """A sprite's layout: tile k shows second ``k * interval_s``; ``tile`` is (width, height)."""

    tiles: int
    interval_s: int
    tile: tuple[int, int]

    @property
    def columns(self) -> int:
        """Tiles beside each other."""
        return min(COLUMNS, self.tiles)

    @property
    def rows(self) -> int:
        """Tiles above each other."""
        return -(-self.tiles // self.columns)


@dataclass(frozen=True)
class FacePlace:
    """A face to be drawn: ``box`` xyxy in source pixels in the frame of that pts."""

    pts: int
    box: tuple[float, float, float, float]


def plan_grid(duration_s: Fraction, size: tuple[int, int]) -> Grid:
    """The sprite of a video so long and of that (width, height): a whole second apart or more."""
    interval_s = max(1, math.ceil(duration_s / MOST_TILES))
    height = max(2, round(TILE_WIDTH * size[1] / size[0] / 2) * 2)
    return Grid(max(1, math.ceil(duration_s / interval_s)), interval_s, (TILE_WIDTH, height))


def jpeg(picture: Picture, quality: int = QUALITY) -> bytes:
    """The picture as a JPEG file."""
    return _encoded(to_bgr(picture.y, picture.u, picture.v), quality)


def _encoded(bgr: NDArray[np.uint8], quality: int) -> bytes:
    return cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()


def assemble(tiles: Sequence[bytes], grid: Grid) -> bytes:
    """The sprite of these tiles (JPEG), row by row; what is left of the last row is black."""
    width, height = grid.tile
    sheet = np.zeros((grid.rows * height, grid.columns * width, 3), np.uint8)
    for number, tile in enumerate(tiles):
        top, left = (number // grid.columns) * height, (number % grid.columns) * width
        found = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_COLOR)
        sheet[top : top + height, left : left + width] = np.asarray(found, np.uint8)
    return _encoded(sheet, QUALITY)


def is_well_lit(light: float, contrast: float) -> bool:
    """Whether a frame of that mean and deviation of luma is fit to be shown."""
    return light >= LIT and contrast >= VARIED


def best_lit(lights: Sequence[tuple[float, float]]) -> int:
    """Which of these frames (light, contrast) to show: the first well lit one, else the best."""
    best = max(range(len(lights)), key=lambda rank: math.prod(lights[rank]))
    return next((rank for rank, light in enumerate(lights) if is_well_lit(*light)), best)


def draw_poster(objects: Objects, key: str, frames: Sequence[int]) -> bytes:
    """The best lit of the frames of these pts as a poster; empty where none of them decodes.

    Runs in a process of its own.
    """
    cv2.setNumThreads(1)
    found: list[Planes] = []
    lights: list[tuple[float, float]] = []
    for pts in frames:
        for frame in decode_segment(objects, key, pts, pts + 1):
            found.append(frame)
            lights.append((float(frame.y.mean()), float(frame.y.std())))
        if lights and is_well_lit(*lights[-1]):
            break
    if not found:
        return b""
    chosen = found[best_lit(lights)]
    height, width = chosen.y.shape
    scale = min(1.0, POSTER_WIDTH / width)
    canvas = Canvas.blank(*(max(2, int(side * scale) // 2 * 2) for side in (width, height)))
    crop(chosen, np.array([0.0, 0.0, width, height]), canvas, Scratch())
    return jpeg(canvas)


def draw_faces(objects: Objects, key: str, places: Sequence[FacePlace | None]) -> list[bytes]:
    """A square picture of every face; empty where there is no place or its frame is lost.

    Runs in a process of its own, since it decodes.
    """
    cv2.setNumThreads(1)
    scratch = Scratch()
    faces = []
    for place in places:
        stretch = decode_segment(objects, key, place.pts, place.pts + 1) if place else iter(())
        frame = next(stretch, None)
        faces.append(_face(frame, place, scratch) if place and frame else b"")
    return faces


def _face(frame: Planes, place: FacePlace, scratch: Scratch) -> bytes:
    canvas = Canvas.blank(FACE_SIDE, FACE_SIDE)
    height, width = frame.y.shape
    crop(frame, face_window(place.box, (width, height)), canvas, scratch)
    return jpeg(canvas)


def face_window(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.float64]:
    """The square xyxy around a face, shifted into the frame of that (width, height)."""
    x1, y1, x2, y2 = box
    side = min(FACE_ROOM * max(x2 - x1, y2 - y1), *size)
    left = min(max(0.0, (x1 + x2 - side) / 2), size[0] - side)
    top = min(max(0.0, (y1 + y2 - side) / 2), size[1] - side)
    return np.array([left, top, left + side, top + side])
