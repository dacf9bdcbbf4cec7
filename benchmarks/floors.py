"""What no program can do without, measured apart: one floor a call, its CPU and wall seconds.

Used by ``bench.py``. What is only preparation is not counted.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inyourarea.contracts.tables import read_detections
from inyourarea.core.letterbox import fit_letterbox
from inyourarea.core.run_files import read_camera
from inyourarea.core.tracks import State
from inyourarea.detect.onnx import OnnxDetector
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.segment import TOGETHER
from inyourarea.ingest.extract import draw_pack
from inyourarea.render.crop import Canvas, crop
from inyourarea.render.encode import X264, blank_frame, canvas_on
from inyourarea.render.fit import fit
from inyourarea.render.resample import Scratch
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory import keep_freed_memory
from inyourarea.runtime.source import Planes, decode_segment

Frames = list[list[av.VideoFrame]]

THREADS = 2
#: Frames that a floor keeps in memory at a time, so that preparing them is not counted.
CHUNK = 48


class Watch:
    """Counts CPU and wall time of the blocks it is held over."""

    def __init__(self) -> None:
        self.cpu_s = self.wall_s = 0.0

    def over(self, work: Callable[[], None]) -> None:
        """Count this."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.cpu_s += time.process_time() - cpu
        self.wall_s += time.perf_counter() - wall


def main() -> None:
    """Measure one floor and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("floor", choices=sorted(FLOORS))
    parser.add_argument("video", type=Path)
    parser.add_argument("run", type=Path, help="a finished run of that video")
    parser.add_argument("model", type=Path, help="the ONNX file that the run used")
    args = parser.parse_args()
    keep_freed_memory()
    watch = Watch()
    FLOORS[args.floor](args, watch)
    print(json.dumps({"cpu_s": watch.cpu_s, "wall_s": watch.wall_s}))


def _decode(args: argparse.Namespace, watch: Watch) -> None:
    def twice() -> None:
        for _ in range(2):
            with av.open(str(args.video)) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                stream.codec_context.thread_count = THREADS
                for _frame in container.decode(stream):
                    pass

    watch.over(twice)


def _chunks(video: Path) -> Iterator[list[Planes]]:
    objects = FolderObjects(video.parent)
    chunk: list[Planes] = []
    for frame in decode_segment(objects, video.name, -(1 << 60), 1 << 60):
        copy = (np.array(plane) for plane in (frame.y, frame.u, frame.v))
        chunk.append(Planes(frame.pts, *copy))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _pack(args: argparse.Namespace, watch: Watch) -> None:
    info = OnnxDetector(args.model.read_bytes(), 1).info
    cv2.setNumThreads(1)
    for chunk in _chunks(args.video):
        watch.over(lambda chunk=chunk: _shrink(chunk, (info.width, info.height)))


def _shrink(chunk: list[Planes], picture: tuple[int, int]) -> None:
    for frame in chunk:
        box = fit_letterbox(frame.y.shape[::-1], picture)
        inner = (box.inner_width, box.inner_height)
        y, u, v = (cv2.resize(plane, inner) for plane in (frame.y, frame.u, frame.v))
        bgr = cv2.cvtColor(cv2.merge([y, v, u]), cv2.COLOR_YCrCb2BGR)
        cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 75])


def _infer(args: argparse.Namespace, watch: Watch) -> None:
    """The detector on the pictures that the run gave it: what it sees decides what it costs."""
    detector = OnnxDetector(args.model.read_bytes(), THREADS)
    size = (detector.info.width, detector.info.height)
    looked = _looked(args.run)
    waiting: list[NDArray[np.uint8]] = []
    for chunk in _chunks(args.video):
        frames = [frame for frame in chunk if frame.pts in looked]
        pictures = Pictures(draw_pack(frames, size)[0])
        waiting += [pictures.letterboxed([rank])[0].copy() for rank in range(len(frames))]
        while len(waiting) >= TOGETHER:
            some, waiting = np.stack(waiting[:TOGETHER]), waiting[TOGETHER:]
            watch.over(lambda some=some: detector.find(some))
    if waiting:
        watch.over(lambda: detector.find(np.stack(waiting)))


def _looked(run: Path) -> set[int]:
    """The pts of all frames that went through the detector in a finished run."""
    parts = (run / ".inyourarea" / "detections").rglob("*.parquet")
    return {pts for part in parts for pts in read_detections(part.read_bytes()).looked.tolist()}


def _resample(args: argparse.Namespace, watch: Watch) -> None:
    for _drawn in _fancams(args, watch):
        pass


def _fancams(args: argparse.Namespace, watch: Watch) -> Iterator[list[list[av.VideoFrame]]]:
    """Chunk by chunk everybody's pictures; the watch is held over drawing them.

    Who is absent shows the stage, which is drawn once for all of them, as in a run.
    """
    with (args.run / "camera.csv").open(encoding="utf-8") as lines:
        _, paths = read_camera(lines)
    cv2.setNumThreads(1)
    size = _size(next((args.run / "fancams").glob("*.mp4")))
    scratch, done = Scratch(), 0
    for chunk in _chunks(args.video):
        drawn = [[blank_frame(size) for _ in chunk] for _ in paths]

        def draw(chunk: list[Planes] = chunk, done: int = done, drawn: Frames = drawn) -> None:
            for number, frame in enumerate(chunk):
                stage: Canvas | None = None
                for path, pictures in zip(paths, drawn, strict=True):
                    canvas = canvas_on(pictures[number])
                    if path.state[done + number] != State.ABSENT:
                        crop(frame, path.xyxy[done + number], canvas, scratch)
                    elif stage:
                        canvas.copy_from(stage)
                    else:
                        stage = canvas
                        fit(frame, canvas, scratch)

        watch.over(draw)
        for number in range(len(chunk)):
            for pictures in drawn:
                pictures[number].pts = done + number
        yield drawn
        done += len(chunk)


def _encode(args: argparse.Namespace, watch: Watch) -> None:
    """x264 on the crops as they were drawn, not as an encoder left them."""
    with ExitStack() as opened:
        fancams = (args.run / "fancams").glob("*.mp4")
        streams = [_stream(fancam, opened) for fancam in fancams]
        for drawn in _fancams(args, Watch()):
            for stream, frames in zip(streams, drawn, strict=True):

                def encode(
                    stream: VideoStream = stream, frames: list[av.VideoFrame] = frames
                ) -> None:
                    for frame in frames:
                        stream.encode(frame)

                watch.over(encode)
        for stream in streams:
            watch.over(lambda stream=stream: stream.encode(None))


def _stream(fancam: Path, opened: ExitStack) -> VideoStream:
    """An encoder that is set as for that fancam, and writes nowhere."""
    with av.open(str(fancam)) as container:
        like = container.streams.video[0]
        size, rate = (like.width, like.height), like.average_rate
    written = opened.enter_context(av.open("/dev/null", "w", format="mp4"))
    stream = written.add_stream("libx264", rate=rate, options=dict(X264))
    (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
    return stream


def _size(fancam: Path) -> tuple[int, int]:
    with av.open(str(fancam)) as container:
        return container.streams.video[0].width, container.streams.video[0].height


FLOORS = {
    "two decodes": _decode,
    "letterbox and JPEG": _pack,
    "onnxruntime": _infer,
    "resampling": _resample,
    "x264": _encode,
}


if __name__ == "__main__":
    main()
