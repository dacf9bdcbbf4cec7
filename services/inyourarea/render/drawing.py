"""Where a segment becomes pieces: one decode, every person's window in it, every picture."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.tracks import State
from inyourarea.core.windows import QUANTUM_PX
from inyourarea.render.crop import Canvas, crop
from inyourarea.render.encode import PieceEncoder, PieceFormat
from inyourarea.render.fit import fit
from inyourarea.render.resample import Scratch
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import Planes, decode_segment

#: Threads that draw and encode; each piece is drawn by one at a time, so that no byte depends on
#: their number.
THREADS = 2


@dataclass(frozen=True, eq=False)
class View:
    """One fancam in one segment.

    ``windows`` int64 (n, 4), xyxy in 1/16 source pixels; ``states`` uint8 (n,), values of `State`;
    a row for each of the segment's frames.
    """

    size: tuple[int, int]
    windows: NDArray[np.int64]
    states: NDArray[np.uint8]

    @property
    def content(self) -> bytes:
        """The windows and states as bytes, for a piece's key."""
        return self.windows.astype("<i8").tobytes() + self.states.tobytes()


@dataclass(frozen=True)
class SegmentPlan:
    """What to decode and when each frame is shown, in the source's ``time_base``.

    ``source`` is the object to decode, ``rate`` the frame rate to announce. The segment is
    ``start_pts <= pts < end_pts``; ``pts`` are its frames, and none is shown beyond its end.
    """

    source: str
    start_pts: int
    end_pts: int
    pts: tuple[int, ...]
    time_base: Fraction
    rate: int

    @property
    def durations(self) -> list[int]:
        """How long each frame is shown: until the next, the last until the segment's end."""
        ends = [*self.pts[1:], self.end_pts]
        return [end - start for start, end in zip(self.pts, ends, strict=True)]

    def form(self, size: tuple[int, int]) -> PieceFormat:
        """The format of a piece of that size."""
        return PieceFormat(size, self.time_base, self.rate)


def draw_segment(objects: Objects, plan: SegmentPlan, views: Sequence[View]) -> list[bytes]:
    """The encoded piece of each view; runs in a process of its own, since it decodes.

    Raises:
        VideoUnreadable: no frame of the segment decodes.
    """
    cv2.setNumThreads(1)  # the threads here are enough, and OpenCV's cost more than they bring
    frames = decode_segment(objects, plan.source, plan.start_pts, plan.end_pts)
    return draw_pieces(in_step(frames, plan.pts), plan, views)


def in_step(frames: Iterable[Planes], pts: Sequence[int]) -> Iterator[Planes]:
    """One frame for every one of ``pts``: its own, or where that is missing the one before.

    Where the first are missing they show the first that there is; frames of another pts are
    dropped. Both rows are in rising order.

    Raises:
        VideoUnreadable: there is no frame at all.
    """
    coming = iter(frames)
    shown: Planes | None = None
    ahead = next(coming, None)
    for wanted in pts:
        while ahead is not None and ahead.pts < wanted:
            ahead = next(coming, None)
        if ahead is not None and (ahead.pts == wanted or shown is None):
            shown = ahead
        if shown is None:
            raise VideoUnreadable("a part of the video was announced but can not be decoded")
        yield shown


def draw_pieces(frames: Iterable[Planes], plan: SegmentPlan, views: Sequence[View]) -> list[bytes]:
    """The encoded piece of each view; ``frames`` are those of the plan's pts, one by one.

    While one frame is drawn the next is decoded; no more are held at a time.
    """
    scratch = Scratch()
    drawers = [_Drawer(plan, view, scratch) for view in views]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="draw") as pool:
        drawn: list[Future[None]] = []
        for rank, frame in enumerate(frames):
            _wait(drawn)
            sizes = {view.size for view in views if view.states[rank] == State.ABSENT}
            # Submitted first, so whoever waits for one of them does not keep it from starting.
            stages = {size: pool.submit(_stage, frame, size, scratch) for size in sorted(sizes)}
            drawn = [pool.submit(drawer.draw, rank, frame, stages) for drawer in drawers]
        _wait(drawn)
        return list(pool.map(_Drawer.finish, drawers))


def _wait(drawn: Sequence[Future[None]]) -> None:
    for future in drawn:
        future.result()


def _stage(frame: Planes, size: tuple[int, int], scratch: Scratch) -> Canvas:
    """What everybody who is absent from the frame shows in a picture of that size."""
    canvas = Canvas.blank(*size)
    fit(frame, canvas, scratch)
    return canvas


class _Drawer:
    """Draws and encodes one view of the segment, frame after frame."""

    def __init__(self, plan: SegmentPlan, view: View, scratch: Scratch) -> None:
        self._view = view
        self._stamps = list(zip(plan.pts, plan.durations, strict=True))
        self._encoder = PieceEncoder(plan.form(view.size), plan.start_pts)
        self._scratch = scratch

    def draw(
        self, rank: int, frame: Planes, stages: Mapping[tuple[int, int], Future[Canvas]]
    ) -> None:
        """The segment's frame ``rank`` is in the piece."""
        if self._view.states[rank] == State.ABSENT:
            self._encoder.canvas.copy_from(stages[self._view.size].result())
        else:
            window = self._view.windows[rank] * QUANTUM_PX
            crop(frame, window, self._encoder.canvas, self._scratch)
        self._encoder.add(*self._stamps[rank])

    def finish(self) -> bytes:
        return self._encoder.finish()
