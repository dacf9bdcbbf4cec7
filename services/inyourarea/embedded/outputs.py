"""The files of a finished run, written from the objects of the store into the user's folder."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from inyourarea.contracts import keys, tables
from inyourarea.contracts.specs import from_picture
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core import run_files
from inyourarea.core.detections import join_detections
from inyourarea.core.errors import Refused
from inyourarea.core.members import file_names
from inyourarea.core.tracks import Tracks
from inyourarea.core.windows import QUANTUM_PX, CameraPath
from inyourarea.runtime.disk import sweep, whole, words_for
from inyourarea.runtime.objects import Objects


class OutputUnwritable(Refused):
    """The output folder can not be written."""


class Outputs:
    """Writes a run's files under their final names only when they are whole."""

    def __init__(self, objects: Objects, accepted: facts.VideoAccepted, folder: Path) -> None:
        self._objects = objects
        self._accepted = accepted
        self._folder = folder

    def write(self, published: facts.FancamsPublished, timings: dict[str, float]) -> list[Path]:
        """All files of the run; the fancams' paths are returned, in the order of the people."""
        sweep(self._folder)
        spec = self._accepted.spec
        tracks = tables.read_tracks(self._objects.get(keys.tracks(spec)))
        self._write_tables(tracks)
        self._put("report.json", [self._objects.get(keys.report(spec)).decode()])
        self._put("timings.json", [json.dumps(timings, indent=2) + "\n"])
        return self._write_fancams(published)

    def _write_tables(self, tracks: Tracks) -> None:
        spec, size = self._accepted.spec, tracks.size
        parts = [
            tables.read_detections(
                self._objects.get(keys.detections(spec.video_id, spec.model, segment.index))
            )
            for segment in self._accepted.segments
        ]
        found = join_detections(parts)
        self._put("detections.csv", run_files.detections_csv(found, tracks.timeline, size))
        self._put("tracks.csv", run_files.tracks_csv(tracks))
        self._put("shots.csv", run_files.shots_csv(tracks.shots))
        pictures = [from_picture(picture) for picture in spec.pictures]
        for picture, paths in zip(pictures, self._cameras(len(pictures)), strict=True):
            name = f"camera-{picture.label}.csv" if len(pictures) > 1 else "camera.csv"
            self._put(name, run_files.camera_csv(tracks.timeline, tracks.shots, paths))

    def _cameras(self, pictures: int) -> list[list[CameraPath]]:
        """Per picture, everybody's camera path through the whole video."""
        spec = self._accepted.spec
        windows: list[dict[str, list[stored.SegmentWindows.View]]] = [{} for _ in range(pictures)]
        for segment in self._accepted.segments:
            content = self._objects.get(keys.windows(spec, segment.index))
            for view in stored.SegmentWindows.FromString(content).views:
                windows[view.picture].setdefault(view.person, []).append(view)
        return [[_joined(views) for views in people.values()] for people in windows]

    def _write_fancams(self, published: facts.FancamsPublished) -> list[Path]:
        people = list(dict.fromkeys(fancam.name for fancam in published.fancams))
        names = dict(zip(people, file_names(people), strict=True))
        is_single = len(self._accepted.spec.pictures) == 1
        written = []
        for fancam in published.fancams:
            stem = names[fancam.name]
            name = f"{stem}.mp4" if is_single else f"{stem}-{fancam.picture}.mp4"
            written.append(self._copy(fancam.key, Path("fancams") / name))
        return written

    def _put(self, name: str, lines: Iterable[str]) -> None:
        target = self._folder / name
        with _writing(target) as pending, pending.open("w", encoding="utf-8", newline="") as opened:
            opened.writelines(lines)

    def _copy(self, key: str, name: Path) -> Path:
        """The object as a file, copied in blocks."""
        target = self._folder / name
        block = 4 << 20
        with _writing(target) as pending, pending.open("wb") as opened:
            start = 0
            while content := self._objects.read(key, start, block):
                opened.write(content)
                start += len(content)
        return target


@contextmanager
def _writing(target: Path) -> Iterator[Path]:
    try:
        with whole(target) as pending:
            yield pending
    except OSError as trouble:
        raise OutputUnwritable(f"{target} can not be written: {words_for(trouble)}") from trouble


def _joined(views: Sequence[stored.SegmentWindows.View]) -> CameraPath:
    sixteenths = np.concatenate([np.array(view.windows, np.int64) for view in views])
    states = b"".join(view.states for view in views)
    return CameraPath(
        person=views[0].person,
        name=views[0].name,
        xyxy=sixteenths.reshape(-1, 4) * QUANTUM_PX,
        state=np.frombuffer(states, dtype=np.uint8),
    )
