"""Where a segment becomes pieces: one decode, every person's window in it, every picture."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.reasons import told
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
#: Threads that draw fancams: one more, as one of them may wait for another.
DRAWING_THREADS = THREADS + 1
#: Frames that are drawn of one person after the other: with one, handing them over took the time of
#: a tenth of a decode; nine frames of 8192x4320 (a third are being decoded) take 450 MiB.
TOGETHER = 3

#: That somebody has drawn some frames; none: before the first.
_Drawn = Future[None] | None


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
            raise VideoUnreadable(told("undecodable-part"))
        yield shown


def draw_pieces(frames: Iterable[Planes], plan: SegmentPlan, views: Sequence[View]) -> list[bytes]:
    """The encoded piece of each view; ``frames`` are those of the plan's pts, one by one.

    While some frames are drawn the next are decoded. Whose frames are drawn goes on with the next,
    though those of others are not; so no core waits for the slowest. Frames of three turns are held
    at a time.
    """
    scratch = Scratch()
    drawers = [_Drawer(plan, view, scratch) for view in views]
    coming = enumerate(frames)
    with ThreadPoolExecutor(DRAWING_THREADS, thread_name_prefix="draw") as pool:
        before, latest = list[_Drawn](), list[_Drawn]([None] * len(drawers))
        while some := list(islice(coming, TOGETHER)):
            _wait(before)
            stages = _Stages(scratch)
            turns = zip(drawers, latest, strict=True)
            before, latest = latest, [pool.submit(_draw, *turn, some, stages) for turn in turns]
        _wait(latest)
        return list(pool.map(_Drawer.finish, drawers))


def _wait(drawn: Sequence[_Drawn]) -> None:
    for future in drawn:
        if future:
            future.result()


def _draw(
    drawer: "_Drawer", before: _Drawn, frames: Sequence[tuple[int, Planes]], stages: "_Stages"
) -> None:
    """The drawer draws these frames after those before them, which some thread has in hand."""
    _wait([before])
    drawer.draw(frames, stages)


class _Stages:
    """What everybody who is absent shows, drawn once for all of them, by whoever comes first."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._drawn: dict[tuple[int, tuple[int, int]], Canvas] = {}
        self._locks: dict[tuple[int, tuple[int, int]], Lock] = {}

    def of(self, rank: int, frame: Planes, size: tuple[int, int]) -> Canvas:
        """The stage of a frame in a picture of that size."""
        which = (rank, size)
        with self._locks.setdefault(which, Lock()):
            if which not in self._drawn:
                canvas = Canvas.blank(*size)
                fit(frame, canvas, self._scratch)
                self._drawn[which] = canvas
            return self._drawn[which]


class _Drawer:
    """Draws and encodes one view of the segment, some frames after others."""

    def __init__(self, plan: SegmentPlan, view: View, scratch: Scratch) -> None:
        self._size = view.size
        self._windows = view.windows * QUANTUM_PX
        self._is_absent = (view.states == State.ABSENT).tolist()
        self._stamps = list(zip(plan.pts, plan.durations, strict=True))
        self._encoder = PieceEncoder(plan.form(view.size), plan.start_pts)
        self._scratch = scratch

    def draw(self, frames: Sequence[tuple[int, Planes]], stages: _Stages) -> None:
        """These frames of the segment, each with its rank, are in the piece."""
        canvas = self._encoder.canvas
        for rank, frame in frames:
            if self._is_absent[rank]:
                canvas.copy_from(stages.of(rank, frame, self._size))
            else:
                crop(frame, self._windows[rank], canvas, self._scratch)
            self._encoder.add(*self._stamps[rank])

    def finish(self) -> bytes:
        return self._encoder.finish()
