"""A show written to a folder: stage.mp4 with sound, truth.csv, shots.csv and show.json.

Frames drawn by worker processes.
"""

import csv
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from inyourarea.core.errors import Refused
from inyourarea.core.run_files import SHOT_COLUMNS
from inyourarea.core.truth import TRUTH_COLUMNS
from inyourarea.runtime.disk import sweep, whole
from inyourarea.stage_show.beat import SAMPLE_RATE, sound
from inyourarea.stage_show.difficulty import describe
from inyourarea.stage_show.draw import draw_frame
from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.spec import TruthRow
from inyourarea.stage_show.timeline import CUT

ENCODER_OPTIONS = {"preset": "veryfast", "crf": "20", "threads": "2", "bf": "0", "g": "60"}
"""x264's bytes depend on its thread count, so that is a constant.

The key-frame distance is a broadcaster's 2 s.
"""
AUDIO_BITS_PER_S = 128_000
_AAC_FRAME = 1024
#: Frames that a worker is asked for at once, and how often it is asked before the encoder has them.
_AT_ONCE = 4
_ASKED = 3
FILES = ("stage.mp4", "truth.csv", "shots.csv", "show.json")

_worker_show: list[Show] = []


def write_show(
    show: Show, folder: Path, workers: int = 2, progress: Callable[[int], None] | None = None
) -> dict[str, object]:
    """Write the show's video, truth and description; give the description.

    Equal shows give equal bytes. The files take their names together, when all are whole.

    ``workers`` processes draw while this one encodes; ``progress`` is told the number of frames
    written.

    Raises:
        OSError: the folder can not be written.
        Refused: a worker has died.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    rows: list[TruthRow] = []
    with ExitStack() as files:
        video, truth, shots, about = (files.enter_context(whole(folder / name)) for name in FILES)
        with _drawn(show, workers) as frames:
            _write_video(show, video, _keep_rows(frames, rows, progress))
        _write_csv(truth, TRUTH_COLUMNS, (truth_record(row) for row in rows))
        _write_csv(shots, SHOT_COLUMNS, shot_records(show))
        description = describe(show, rows)
        text = json.dumps(description, indent=1, ensure_ascii=False) + "\n"
        about.write_text(text, encoding="utf-8")
    return description


def truth_record(row: TruthRow) -> tuple[object, ...]:
    """Give a row of ``truth.csv``: pixels to a hundredth, shares to a thousandth."""
    face = tuple(f"{v:.2f}" for v in row.face)
    body = tuple(f"{v:.2f}" for v in row.body)
    shares = (f"{row.face_visible:.3f}", f"{row.head_visible:.3f}")
    return (row.frame, row.pts, row.shot, row.name, row.role, *face, *shares, *body)


def shot_records(show: Show) -> list[tuple[int, int, int, str]]:
    """Give the rows of ``shots.csv``: how each shot begins.

    A wipe is gradual, so it counts as a dissolve.
    """
    return [
        (i, shot.slot.first, shot.slot.last, "cut" if shot.slot.transition == CUT else "dissolve")
        for i, shot in enumerate(show.shots)
    ]


def _write_csv(path: Path, columns: tuple[str, ...], records: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(records)


_Drawn: TypeAlias = tuple[NDArray[np.uint8], list[TruthRow]]


def to_planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give a BGR picture (H, W, 3) as yuv420p planes (H * 3 / 2, W), BT.709 limited range."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
    planes = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
    return np.asarray(planes.to_ndarray(), dtype=np.uint8)


def _begin_worker(show: Show) -> None:
    cv2.setNumThreads(1)
    _worker_show.append(show)
    end_with_parent()


def end_with_parent() -> None:
    """This worker ends when its parent is killed; it would wait for it for ever."""
    threading.Thread(target=_end_after_parent, daemon=True).start()


def _end_after_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that begin meanwhile never hear Ctrl-C; this one hears it afterwards.

    A process that begins is interrupted while it imports, and by a parent that breaks off while it
    tells it what to do.
    """
    if sys.platform == "win32":
        yield
        return
    heard: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()  # no other one is interrupted
    before = signal.signal(signal.SIGINT, lambda at, _: heard.append(at)) if is_main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited, handlers are not
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


def _draw_in_worker(first: int) -> list[_Drawn]:
    show = _worker_show[-1]
    drawn = (draw_frame(show, at) for at in range(first, show.spec.frames)[:_AT_ONCE])
    return [(to_planes(picture), rows) for picture, rows in drawn]


@contextmanager
def _drawn(show: Show, workers: int) -> Iterator[Iterator[_Drawn]]:
    """Draw all frames in order, in worker processes of their own; few wait for the encoder.

    Raises:
        Refused: a worker has died.
    """
    workers, context = max(1, workers), multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (show,))
    try:
        yield _in_order(pool, range(0, show.spec.frames, _AT_ONCE), _ASKED * workers)
    except BrokenProcessPool as died:
        raise Refused(
            "a process that draws has died, most likely for want of memory: end other programs, "
            "or ask for a smaller size"
        ) from died
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, firsts: Iterable[int], most: int) -> Iterator[_Drawn]:
    asked = (_ask(pool, first) for first in firsts)
    waiting = deque(islice(asked, most))
    while waiting:
        drawn = waiting.popleft().result()
        waiting.extend(islice(asked, 1))
        yield from drawn


def _ask(pool: ProcessPoolExecutor, first: int) -> "Future[list[_Drawn]]":
    with deaf_to_ctrl_c():  # the pool begins its processes as it is asked
        return pool.submit(_draw_in_worker, first)


def _keep_rows(
    frames: Iterator[_Drawn], rows: list[TruthRow], progress: Callable[[int], None] | None
) -> Iterator[NDArray[np.uint8]]:
    for number, (planes, drawn) in enumerate(frames, start=1):
        rows.extend(drawn)
        if progress is not None:
            progress(number)
        yield planes


def _write_video(show: Show, path: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
    """Encode frames and sound side by side, so that the file is interleaved as players like it."""
    spec = show.spec
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=spec.fps, options=dict(ENCODER_OPTIONS))
        video.width, video.height = spec.size
        video.pix_fmt = "yuv420p"
        video.time_base = spec.time_base
        video.codec_context.time_base = spec.time_base
        for name, value in (
            ("colorspace", 1),
            ("color_primaries", 1),
            ("color_trc", 1),
            ("color_range", 1),
        ):
            setattr(video.codec_context, name, value)
        audio = container.add_stream(
            "aac", rate=SAMPLE_RATE, layout="mono", bit_rate=AUDIO_BITS_PER_S
        )
        written = 0
        for number, planes in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number * spec.pts_step, spec.time_base
            container.mux(video.encode(frame))
            end = min(_samples(show), int((number + 1) / spec.fps * SAMPLE_RATE))
            is_last = number + 1 == spec.frames
            while written < end and (is_last or end - written >= _AAC_FRAME):
                count = min(_AAC_FRAME, end - written)
                container.mux(audio.encode(_sound_frame(show, written, count)))
                written += count
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _samples(show: Show) -> int:
    return int(show.spec.frames / show.spec.fps * SAMPLE_RATE)


def _sound_frame(show: Show, first: int, count: int) -> av.AudioFrame:
    samples = sound(show, first, count)
    frame = av.AudioFrame.from_ndarray(
        samples[None].astype(np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate = SAMPLE_RATE
    frame.pts, frame.time_base = first, Fraction(1, SAMPLE_RATE)
    return frame
