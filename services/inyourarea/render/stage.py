"""Where a segment of the stage is drawn for browsers: one decode, all rungs, the sprite's tiles."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.render.crop import Canvas
from inyourarea.render.drawing import THREADS
from inyourarea.render.encode import PieceEncoder, PieceFormat
from inyourarea.render.pictures import jpeg
from inyourarea.render.scaling import Room, draw_whole
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import Planes, decode_segment

#: JPEG quality of a tile on its way into the sprite, where it is encoded once more.
TILE_QUALITY = 92


@dataclass(frozen=True)
class StageTask:
    """What to draw of a segment; stamps in the source's ``time_base``.

    ``forms`` of the pieces to encode; ``tile`` the size of a tile, one for each of ``instants``,
    which lie in the segment in rising order.
    """

    source: str
    start_pts: int
    end_pts: int
    forms: tuple[PieceFormat, ...]
    tile: tuple[int, int]
    instants: tuple[int, ...]


@dataclass(frozen=True)
class Tile:
    """The frame of that pts, small; ``light`` is the mean of luma, ``contrast`` its deviation."""

    pts: int
    jpeg: bytes
    light: float
    contrast: float


@dataclass(frozen=True)
class DrawnStage:
    """A piece per size, and a tile per instant."""

    pieces: list[bytes]
    tiles: list[Tile]


def draw_stage(objects: Objects, task: StageTask) -> DrawnStage:
    """Every frame that decodes is in every piece; runs in a process of its own.

    Raises:
        VideoUnreadable: no frame of the segment decodes.
    """
    cv2.setNumThreads(1)  # what turns and recolours frames; the threads here are enough
    frames = decode_segment(objects, task.source, task.start_pts, task.end_pts)
    return draw_rungs(frames, task)


def draw_rungs(frames: Iterable[Planes], task: StageTask) -> DrawnStage:
    """As `draw_stage`, of these frames; while one is drawn, the next is decoded.

    Raises:
        VideoUnreadable: there is no frame.
    """
    room = Room()
    rungs = [_RungDrawer(form, task.start_pts) for form in task.forms]
    tiles = _Tiles(task)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="stage") as pool:
        drawn: list[Future[None]] = []
        for frame, until in lasting(frames, task.end_pts):
            for future in drawn:
                future.result()
            held = room.hold(frame)
            drawn = [pool.submit(rung.draw, held, frame.pts, until) for rung in rungs]
            tiles.show(held, frame.pts, until)
        if not drawn and not tiles.shown:
            raise VideoUnreadable(told("undecodable-part"))
        for future in drawn:
            future.result()
        return DrawnStage([rung.finish() for rung in rungs], tiles.drawn)


def lasting(frames: Iterable[Planes], end_pts: int) -> Iterator[tuple[Planes, int]]:
    """Every frame, and until when it is shown: the next one, the last until ``end_pts``."""
    shown: Planes | None = None
    for frame in frames:
        if shown is not None:
            yield shown, frame.pts
        shown = frame
    if shown is not None:
        yield shown, end_pts


class _RungDrawer:
    def __init__(self, form: PieceFormat, start_pts: int) -> None:
        self._encoder = PieceEncoder(form, start_pts)
        self._scaler = VideoReformatter()

    def draw(self, frame: VideoFrame, pts: int, until: int) -> None:
        draw_whole(frame, self._encoder.canvas, self._scaler)
        self._encoder.add(pts, until - pts)

    def finish(self) -> bytes:
        return self._encoder.finish()


class _Tiles:
    """Collects what is on screen at each instant."""

    def __init__(self, task: StageTask) -> None:
        self._instants = list(task.instants)
        self._canvas = Canvas.blank(*task.tile)
        self._scaler = VideoReformatter()
        self.shown = 0
        self.drawn: list[Tile] = []

    def show(self, frame: VideoFrame, pts: int, until: int) -> None:
        self.shown += 1
        due = [instant for instant in self._instants if instant < until]
        if not due:
            return
        del self._instants[: len(due)]
        draw_whole(frame, self._canvas, self._scaler)
        light, contrast = float(self._canvas.y.mean()), float(self._canvas.y.std())
        tile = Tile(pts, jpeg(self._canvas, TILE_QUALITY), light, contrast)
        self.drawn += [tile] * len(due)
