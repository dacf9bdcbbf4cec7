"""What no program can do without, measured apart: one floor a call, its CPU and wall seconds.

Used by ``bench.py``. What is only preparation is not counted.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from inyourarea.core.letterbox import fit_letterbox
from inyourarea.core.run_files import read_camera
from inyourarea.detect.onnx import OnnxDetector
from inyourarea.render.crop import Canvas, crop
from inyourarea.render.encode import X264
from inyourarea.render.resample import Scratch
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory import keep_freed_memory
from inyourarea.runtime.source import Planes, decode_segment

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
    parser.add_argument("looks", type=int, help="frames that the run sent through the model")
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
    detector = OnnxDetector(args.model.read_bytes(), THREADS)
    shape = (1, detector.info.height, detector.info.width, 3)
    picture = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    detector.find(picture)

    def look() -> None:
        for _ in range(args.looks):
            detector.find(picture)

    watch.over(look)


def _resample(args: argparse.Namespace, watch: Watch) -> None:
    with (args.run / "camera.csv").open(encoding="utf-8") as lines:
        _, paths = read_camera(lines)
    cv2.setNumThreads(1)
    fancams = sorted((args.run / "fancams").glob("*.mp4"))
    canvases = [Canvas.blank(*_size(fancam)) for fancam in fancams]
    scratch, done = Scratch(), 0
    for chunk in _chunks(args.video):

        def draw(chunk: list[Planes] = chunk, done: int = done) -> None:
            for path, canvas in zip(paths, canvases, strict=True):
                for number, frame in enumerate(chunk):
                    crop(frame, path.xyxy[done + number], canvas, scratch)

        watch.over(draw)
        done += len(chunk)


def _encode(args: argparse.Namespace, watch: Watch) -> None:
    for fancam in sorted((args.run / "fancams").glob("*.mp4")):
        frames = []
        with av.open(str(fancam)) as container:
            frames = [frame for frame in container.decode(video=0)]
            rate = container.streams.video[0].average_rate
        with av.open("/dev/null", "w", format="mp4") as written:
            stream = written.add_stream("libx264", rate=rate, options=dict(X264))
            stream.width, stream.height = frames[0].width, frames[0].height
            stream.pix_fmt = "yuv420p"

            def encode(frames: list[av.VideoFrame] = frames, stream: object = stream) -> None:
                for frame in frames:
                    stream.encode(frame)  # type: ignore[attr-defined]
                stream.encode(None)  # type: ignore[attr-defined]

            watch.over(encode)


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
