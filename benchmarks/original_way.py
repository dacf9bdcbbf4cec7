"""The original product's way from a video to fancams, rebuilt: what `make bench` runs beside ours.

ultralytics predicts on each frame, one CSV row per box; then, per member, one pass over the video
with cv2: read, crop a window around the face clamped to the frame, write mp4v; then H.264. It needs
the ``train`` extra (torch, ultralytics) and nothing of inyourarea.
"""

import argparse
import csv
import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from ultralytics import YOLO

Box = tuple[float, float]


def predict(video: Path, weights: Path, table: Path, confidence: float) -> list[int]:
    """Write ``frame,class,x,y,w,h`` for every box; the classes that were seen are returned."""
    model = YOLO(str(weights))
    seen = set()
    with table.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["frame", "class", "x", "y", "w", "h"])
        results = model.predict(
            str(video), stream=True, conf=confidence, imgsz=IMAGE_SIZE, device="cpu", verbose=False
        )
        for number, result in enumerate(results, start=1):
            kinds = result.boxes.cls.int().tolist()
            for kind, box in zip(kinds, result.boxes.xywhn.tolist(), strict=True):
                rows.writerow([number, kind, *box])
                seen.add(kind)
    return sorted(seen)


#: Width of the picture that the weights were trained for; predict at the training size.
IMAGE_SIZE = 960


def centres(table: Path, kind: int, frames: int) -> np.ndarray:
    """A member's face centre in every frame, as shares: last row wins, lines between."""
    known: dict[int, Box] = {}
    with table.open(newline="") as opened:
        for row in csv.DictReader(opened):
            if int(row["class"]) == kind:
                known[int(row["frame"]) - 1] = (float(row["x"]), float(row["y"]))
    at = sorted(known)
    path = np.array([known[frame] for frame in at])
    every = np.arange(frames)
    return np.stack([np.interp(every, at, path[:, axis]) for axis in range(2)], axis=1)


def crop(video: Path, path: np.ndarray, size: tuple[int, int], target: Path) -> None:
    """One pass: read, crop a window of ``size`` source pixels clamped to the frame, write mp4v."""
    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
    width, height = size
    for share_x, share_y in path:
        is_read, frame = capture.read()
        if not is_read:
            break
        left = int(np.clip(share_x * frame.shape[1] - width / 2, 0, frame.shape[1] - width))
        top = int(np.clip(share_y * frame.shape[0] - height / 2, 0, frame.shape[0] - height))
        writer.write(frame[top : top + height, left : left + width])
    capture.release()
    writer.release()


def to_h264(source: Path, target: Path, options: dict[str, str]) -> None:
    """Browsers need H.264: decode and encode once more."""
    with av.open(str(source)) as opened, av.open(str(target), "w") as written:
        video = opened.streams.video[0]
        rate = Fraction(video.average_rate)
        stream = written.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        for frame in opened.decode(video):
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))


def main() -> None:
    """Make a fancam of every class that was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="200x630")
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--confidence", type=float, default=0.25)
    parser.add_argument("--x264", default='{"preset": "veryfast"}', help="options as JSON")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(side) for side in args.size.split("x"))
    table = args.out / "detections.csv"
    kinds = predict(args.video, args.weights, table, args.confidence)
    capture = cv2.VideoCapture(str(args.video))
    frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    # The show's model knows nine members; the rows of those who are on stage are the most.
    counts = {kind: table.read_text().count(f",{kind},") for kind in kinds}
    for kind in sorted(kinds, key=lambda one: -counts[one])[: args.members]:
        raw = args.out / f"{kind}-raw.mp4"
        crop(args.video, centres(table, kind, frames), (width, height), raw)
        to_h264(raw, args.out / f"{kind}.mp4", json.loads(args.x264))
        raw.unlink()


if __name__ == "__main__":
    main()
