"""Where a fancam's piece becomes its lower rung: decoded, drawn at half its size, encoded again."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from inyourarea.render.drawing import THREADS
from inyourarea.render.encode import PieceEncoder, PieceFormat
from inyourarea.render.film import open_own
from inyourarea.render.scaling import draw_whole
from inyourarea.runtime.objects import Objects


@dataclass(frozen=True)
class HalfTask:
    """A stored piece, and the format of the smaller one."""

    piece: str
    form: PieceFormat


def draw_halves(objects: Objects, tasks: Sequence[HalfTask]) -> list[bytes]:
    """A smaller piece for each, frame for frame with the same stamps; runs in a child process."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="half") as pool:
        return list(pool.map(lambda task: _half(objects.get(task.piece), task.form), tasks))


def _half(piece: bytes, form: PieceFormat) -> bytes:
    encoder, scaler = PieceEncoder(form, 0), VideoReformatter()
    for frame, pts, duration in _frames(piece, form):
        draw_whole(frame, encoder.canvas, scaler)
        encoder.add(pts, duration)
    return encoder.finish()


def _frames(piece: bytes, form: PieceFormat) -> Iterator[tuple[VideoFrame, int, int]]:
    """Every frame, from when on and how long it is shown, in the format's time base."""
    step = form.time_base.numerator  # pieces count in the denominator's ticks
    with open_own(io.BytesIO(piece)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            yield frame, (frame.pts or 0) // step, (frame.duration or step) // step
