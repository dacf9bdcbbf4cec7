"""A run's results as files that other programs read: CSV, Parquet and MOTChallenge text."""

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from inyourarea.core import run_files
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.showing import Showing, Shown

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "mot": "text/plain; charset=utf-8",
}

#: Of every column whatever is in it: tables of several runs can be read together.
_TYPES = {
    **dict.fromkeys(("name", "state", "reason", "kind"), pa.string()),
    **dict.fromkeys(("frame", "pts", "shot", "first_frame", "last_frame", "class"), pa.int64()),
    **dict.fromkeys(("x1", "y1", "x2", "y2", "x", "y", "w", "h", "confidence"), pa.float64()),
}


class Exports:
    """The files of a run, made from its objects when they are asked for."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing

    def file(self, shown: Shown, table: str, kind: str) -> bytes:
        """One table in one form.

        Raises:
            NotThere: there is no such table, or it has no such form.
        """
        if kind == "mot":
            rows = {"tracks": _mot_tracks, "detections": self._mot_detections}.get(table)
            if rows is None:
                raise NotThere("such file")
            return "".join(rows(shown)).encode()
        lines = "".join(self._lines(shown, table)).encode()
        return lines if kind == "csv" else _parquet(lines)

    def _lines(self, shown: Shown, table: str) -> Iterator[str]:
        tracks = shown.tracks
        if table == "tracks":
            return run_files.tracks_csv(tracks)
        if table == "shots":
            return run_files.shots_csv(tracks.shots)
        if table == "detections":
            return run_files.detections_csv(
                self._showing.detections(shown.accepted), tracks.timeline, tracks.size
            )
        label = table.removeprefix("camera-")
        for number, picture in enumerate(shown.pictures):
            if table == "camera" or picture.label == label:
                paths = self._showing.cameras(shown.accepted, number)
                return run_files.camera_csv(tracks.timeline, tracks.shots, paths)
        raise NotThere("such file")

    def _mot_detections(self, shown: Shown) -> Iterator[str]:
        found = self._showing.detections(shown.accepted)
        seen = found.take(found.detected)
        frames = np.searchsorted(shown.tracks.timeline.pts, seen.pts)
        for frame, box, confidence in zip(frames, seen.xyxy, seen.confidence, strict=True):
            yield _mot_line(int(frame), -1, box, float(confidence))


def _mot_tracks(shown: Shown) -> Iterator[str]:
    """MOTChallenge text: frames and people count from 1."""
    for frame in range(len(shown.tracks.timeline)):
        for number, track in enumerate(shown.tracks.people, start=1):
            if track.has_box[frame]:
                confidence = float(track.confidence[frame])
                yield _mot_line(frame, number, track.xyxy[frame], confidence)


def _mot_line(
    frame: int, person: int, box: "np.ndarray[tuple[int], np.dtype[np.float32]]", confidence: float
) -> str:
    x1, y1, x2, y2 = (float(side) for side in box)
    place = f"{x1 + 1:.2f},{y1 + 1:.2f},{x2 - x1:.2f},{y2 - y1:.2f}"
    return f"{frame + 1},{person},{place},{confidence:.4f},-1,-1,-1\n"


def _parquet(lines: bytes) -> bytes:
    written = io.BytesIO()
    typed = pa_csv.ConvertOptions(column_types=_TYPES)
    table: pa.Table = pa_csv.read_csv(io.BytesIO(lines), convert_options=typed)
    pq.write_table(table, written, compression="zstd")
    return written.getvalue()
