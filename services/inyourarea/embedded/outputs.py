"""The files of a finished run, written from the objects of the store into the user's folder."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from inyourarea.embedded.own_files import STORE, OwnFile, OwnFiles
from inyourarea.runtime.disk import sweep, whole, words_for
from inyourarea.runtime.objects import Objects

FANCAMS = "fancams"


class OutputUnwritable(Refused):
    """The output folder can not be written."""


@dataclass(frozen=True)
class Written:
    """What a run left in the user's folder: its fancams, in the order of the people.

    ``removed`` are files of earlier runs that are gone, as nothing stands for them any more.
    """

    fancams: tuple[Path, ...]
    removed: tuple[Path, ...]


@dataclass(frozen=True)
class FancamNames:
    """How fancams' files are called: everybody's stem, and the picture behind it where several."""

    stems: Mapping[str, str]
    is_single: bool

    def of(self, person: str, picture: str) -> str:
        """The file's name in the output folder."""
        stem = self.stems[person]
        return f"{FANCAMS}/{stem}.mp4" if self.is_single else f"{FANCAMS}/{stem}-{picture}.mp4"


class Outputs:
    """Writes a run's files under their final names only when they are whole."""

    def __init__(self, objects: Objects, accepted: facts.VideoAccepted, folder: Path) -> None:
        self._objects = objects
        self._accepted = accepted
        self._folder = folder
        self._own = OwnFiles(folder, folder / STORE / "own_files.json")
        self._earlier = dict(self._own)

    def write(self, published: facts.FancamsPublished, timings: dict[str, float]) -> Written:
        """All files of the run are there, and of earlier runs those that still hold (ADR 12)."""
        with _speaking_of(self._folder):
            for folder in (self._folder, self._folder / FANCAMS, self._folder / STORE):
                sweep(folder)
            return self._write(published, timings)

    def _write(self, published: facts.FancamsPublished, timings: dict[str, float]) -> Written:
        spec = self._accepted.spec
        tracks = tables.read_tracks(self._objects.get(keys.tracks(spec)))
        self._write_tables(tracks)
        self._put("report.json", [self._objects.get(keys.report(spec)).decode()])
        self._put("timings.json", [json.dumps(timings, indent=2) + "\n"])
        people = [track.name for track in tracks.people]
        stems = dict(zip(people, file_names(people), strict=True))
        kept = self._kept(published, stems)
        labels = {from_picture(picture).label for picture in spec.pictures}
        labels |= {file.picture for file in kept.values()}
        names = FancamNames(stems, is_single=len(labels) == 1)
        fancams = [self._write_fancam(fancam, names) for fancam in published.fancams]
        return Written(tuple(fancams), tuple(self._clear(kept, names)))

    def _kept(
        self, published: facts.FancamsPublished, stems: Mapping[str, str]
    ) -> dict[str, OwnFile]:
        """Earlier fancams of this video's people that this run does not make anew."""
        made = {(fancam.name, fancam.picture) for fancam in published.fancams}
        return {
            name: file
            for name, file in self._earlier.items()
            if file.video == self._accepted.video_id
            and file.person in stems
            and (file.person, file.picture) not in made
            and self._own.is_there(name)
        }

    def _clear(self, kept: Mapping[str, OwnFile], names: FancamNames) -> Iterator[Path]:
        """What was kept is named as this run names; the other earlier files are gone, and given."""
        for name in sorted(self._earlier):
            if name not in kept:
                if self._own.remove(name):
                    yield self._folder / name
            elif (wanted := names.of(kept[name].person, kept[name].picture)) != name:
                self._own.rename(name, wanted)

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
            self._add(name)

    def _cameras(self, pictures: int) -> list[list[CameraPath]]:
        """Per picture, everybody's camera path through the whole video."""
        spec = self._accepted.spec
        windows: list[dict[str, list[stored.SegmentWindows.View]]] = [{} for _ in range(pictures)]
        for segment in self._accepted.segments:
            content = self._objects.get(keys.windows(spec, segment.index))
            for view in stored.SegmentWindows.FromString(content).views:
                windows[view.picture].setdefault(view.person, []).append(view)
        return [[_joined(views) for views in people.values()] for people in windows]

    def _write_fancam(self, fancam: facts.Fancam, names: FancamNames) -> Path:
        name = names.of(fancam.name, fancam.picture)
        path = self._copy(fancam.key, name)
        self._add(name, self._accepted.video_id, fancam.name, fancam.picture)
        return path

    def _add(self, name: str, video: str = "", person: str = "", picture: str = "") -> None:
        self._own.add(name, video, person, picture)
        self._earlier.pop(name, None)

    def _put(self, name: str, lines: Iterable[str]) -> None:
        target = self._folder / name
        with (
            _speaking_of(target),
            whole(target) as pending,
            pending.open("w", encoding="utf-8", newline="") as opened,
        ):
            opened.writelines(lines)

    def _copy(self, key: str, name: str) -> Path:
        """The object as a file, copied in blocks."""
        target = self._folder / name
        block = 4 << 20
        with _speaking_of(target), whole(target) as pending, pending.open("wb") as opened:
            start = 0
            while content := self._objects.read(key, start, block):
                opened.write(content)
                start += len(content)
        return target


@contextmanager
def _speaking_of(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as trouble:
        raise OutputUnwritable(f"{place} can not be written: {words_for(trouble)}") from trouble


def _joined(views: Sequence[stored.SegmentWindows.View]) -> CameraPath:
    sixteenths = np.concatenate([np.array(view.windows, np.int64) for view in views])
    states = b"".join(view.states for view in views)
    return CameraPath(
        person=views[0].person,
        name=views[0].name,
        xyxy=sixteenths.reshape(-1, 4) * QUANTUM_PX,
        state=np.frombuffer(states, dtype=np.uint8),
    )
