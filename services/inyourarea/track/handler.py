"""Third stage: when all of a video was looked at, says who is where and where each camera is."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import pyarrow
from google.protobuf.message import Message

from inyourarea.contracts import keys, tables
from inyourarea.contracts.specs import from_picture, from_pin, from_rational, to_picture
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.detections import join_detections
from inyourarea.core.framing import FRAMINGS
from inyourarea.core.members import match_members
from inyourarea.core.picture import Picture, output_size
from inyourarea.core.pins import given_names
from inyourarea.core.signals import Signals, join_signals
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Tracks
from inyourarea.core.windows import QUANTUM_PX, CameraPath
from inyourarea.runtime.memory import give_back_memory
from inyourarea.runtime.meter import charged
from inyourarea.runtime.objects import ObjectDamaged, Objects, holds
from inyourarea.runtime.runs import accepted_run, is_all_detected
from inyourarea.runtime.units import done_already
from inyourarea.track.camera import plan_cameras
from inyourarea.track.departures import departure_evidence
from inyourarea.track.holding import hold_cameras, hold_people
from inyourarea.track.names import keep_ids
from inyourarea.track.report import Planned, write_report
from inyourarea.track.settings import TrackSettings
from inyourarea.track.shots import find_shots
from inyourarea.track.solve import Question, solve_tracks
from inyourarea.track.standpoint import standpoint_from_motion

log = logging.getLogger(__name__)

#: Of every so many-th segment (the window) this many may have to be drawn in the urgent lane: for
#: one shot that a pin corrects, however long the video, and another; not for all of a concert.
_URGENT = 2

Cameras = tuple[tuple[CameraPath, ...], ...]
Table = TypeVar("Table")


class TrackHandler:
    """Per video: shots, tracks, cameras and the quality report, once all segments are detected.

    It keeps nothing between facts: each `SegmentDetected` makes it look into the store.
    """

    def __init__(self, objects: Objects, settings: TrackSettings) -> None:
        self._objects = objects
        self._settings = settings
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {facts.SegmentDetected: self.on_segment_detected}
        )

    def on_segment_detected(self, fact: facts.SegmentDetected) -> list[Message]:
        """Nothing while a segment is missing; then `TracksCompleted` and the first `CameraPlanned`.

        The others follow as these are drawn, so that nobody waits for all of a long video.
        Of many facts that find everything there one is answered, each time that it comes.
        """
        accepted = accepted_run(self._objects, fact.run_id)
        if not is_all_detected(accepted, self._objects):
            self._choose_teller(accepted, None)
            return []
        self._store(accepted)
        is_told = self._choose_teller(accepted, fact.segment.index) == fact.segment.index
        return self._facts(accepted) if is_told else []

    def _choose_teller(self, accepted: facts.VideoAccepted, segment: int | None) -> int | None:
        """The segment whose fact tells of the run: this one where there was none; now known.

        If all facts did that came after the last segment was detected, a video of a thousand
        segments could lead to a million facts. The chosen one comes again after a crash, since it
        was not committed, and when the run is announced again. ``None`` takes the choice back.
        """
        key = keys.teller(accepted.spec, accepted.run_id)
        chosen = self._objects.get(key) if holds(self._objects, key) else b""
        if chosen and segment is not None:
            return int(chosen)
        written = b"" if segment is None else b"%d" % segment
        if written != chosen:
            self._objects.put(key, written)
        return segment

    def solve(self, accepted: facts.VideoAccepted) -> None:
        """The tracks, windows and report of a run are stored; all of its segments are detected.

        Raises:
            PinRejected: a pin hits nobody, names somebody unknown, or contradicts another.
            UnknownMember: somebody was asked for who is not there.
        """
        with charged(self._objects, keys.spent(accepted.run_id, "track", "solve")):
            self._store(accepted)

    def _store(self, accepted: facts.VideoAccepted) -> None:
        if done_already(holds(self._objects, keys.report(accepted.spec))):
            return
        tracks = self._tracks(accepted)
        if not accepted.spec.model.members:
            self._name_first_tracks(accepted)
        self._check_members(accepted.spec, tracks)
        self._plan(accepted, tracks)

    def _name_first_tracks(self, accepted: facts.VideoAccepted) -> None:
        """Later runs of the source keep these people's names, unless there are others already."""
        first, mine = keys.first_tracks(accepted.source.sha256), keys.tracks(accepted.spec).encode()
        known = self._objects.put_once(first, mine)
        if not holds(self._objects, known.decode()):
            self._objects.put(first, mine)

    def _tracks(self, accepted: facts.VideoAccepted) -> Tracks:
        """Who is where, from the store or solved now."""
        key = keys.tracks(accepted.spec)
        if holds(self._objects, key):
            return self._read(tables.read_tracks, key)
        spec = accepted.spec
        tracks = self._solve(accepted)
        log.info("told %d people apart", len(tracks.people))
        if spec.names_from:
            before = self._read(tables.read_tracks, spec.names_from)
            tracks = keep_ids(before, tracks, given_names(map(from_pin, spec.pins)))
        if spec.held:
            held = [self._read(tables.read_tracks, one.tracks_key) for one in spec.held]
            tracks = hold_people(tracks, held, [one.person for one in spec.held])
        return tables.read_tracks(self._objects.put_once(key, tables.write_tracks(tracks)))

    def _solve(self, accepted: facts.VideoAccepted) -> Tracks:
        spec, source = accepted.spec, accepted.source
        signals = self._signals(accepted)
        size = (source.width, source.height)
        timeline = Timeline(signals.pts, from_rational(source.time_base))
        detections = join_detections(
            [
                self._read(
                    tables.read_detections, keys.detections(spec.video_id, spec.model, one.index)
                )
                for one in accepted.segments
            ]
        )
        people = departure_evidence(
            detections, timeline, len(spec.model.members), spec.model.confidence
        )
        shots, motion = find_shots(signals, timeline, people), signals.motion
        del signals  # two kilobytes a frame, and nothing looks at pictures any more
        give_back_memory()  # else what its threads took lies free beside all that follows
        return solve_tracks(
            Question(
                detections=detections,
                shots=shots,
                timeline=timeline,
                size=size,
                classes=tuple(spec.model.members),
                threshold=spec.model.confidence,
                people=spec.people,
                pins=tuple(from_pin(pin) for pin in spec.pins),
                longest_gap_s=self._settings.longest_gap_s,
                smooth=spec.smooth_frames,
                motion=motion,
            )
        )

    def _signals(self, accepted: facts.VideoAccepted) -> Signals:
        spec = accepted.spec
        return join_signals(
            [
                self._read(
                    tables.read_signals, keys.signals(spec.video_id, spec.model, segment.index)
                )
                for segment in accepted.segments
            ]
        )

    def _read(self, read: Callable[[bytes], Table], key: str) -> Table:
        """A table of the store.

        Raises:
            ObjectDamaged: its bytes are none.
        """
        try:
            return read(self._objects.get(key))
        except (pyarrow.ArrowException, OSError, KeyError, ValueError) as damage:
            raise ObjectDamaged(
                f"{key} is damaged ({damage}); delete it and try again, and it is made anew"
            ) from damage

    def _check_members(self, spec: facts.RunSpec, tracks: Tracks) -> None:
        known = dict.fromkeys([*(track.name for track in tracks.people), *spec.model.members])
        match_members(spec.members, tuple(known))

    def _plan(self, accepted: facts.VideoAccepted, tracks: Tracks) -> None:
        """Every segment's windows are stored, then the report, whose presence says: all is."""
        spec = accepted.spec
        pictures = tuple(from_picture(picture) for picture in spec.pictures)
        framing = FRAMINGS[spec.framing]
        motion = self._signals(accepted).motion
        standpoint = standpoint_from_motion(motion, tracks.shots, tracks.size)
        cameras: Cameras = tuple(
            hold_cameras(
                plan_cameras(tracks, framing, picture, standpoint), self._held_paths(spec, picture)
            )
            for picture in pictures
        )
        for segment in accepted.segments:
            windows = segment_windows(segment, tracks, cameras, pictures)
            content = windows.SerializeToString(deterministic=True)
            self._objects.put(keys.windows(spec, segment.index), content)
        warnings = source_warnings(accepted.source, len(tracks.timeline))
        planned = Planned(tracks, framing, pictures, cameras, standpoint)
        report = write_report(planned, warnings, spec.model.members)
        content = json.dumps(report, indent=2, ensure_ascii=False, sort_keys=True).encode()
        self._objects.put(keys.report(spec), content)

    def _held_paths(self, spec: facts.RunSpec, picture: Picture) -> list[CameraPath]:
        """The earlier windows of approved people in this picture, where they were of such a one."""
        asked, paths = to_picture(picture), []
        for held in spec.held:
            if held.framing != spec.framing or asked not in held.pictures:
                continue
            number = list(held.pictures).index(asked)
            parts = [
                stored.SegmentWindows.FromString(self._objects.get(name))
                for name in self._objects.list(held.plan)
                if name.endswith(keys.WINDOWS)
            ]
            views = [
                view
                for part in parts
                for view in part.views
                if (view.person, view.picture) == (held.person, number)
            ]
            if views:
                paths.append(path_of(views))
        return paths

    def _facts(self, accepted: facts.VideoAccepted) -> list[Message]:
        spec, window = accepted.spec, self._settings.window
        about = {"video_id": accepted.video_id, "run_id": accepted.run_id}
        planned = [
            facts.CameraPlanned(
                **about,
                segment=segment,
                windows_key=keys.windows(spec, segment.index),
                lane=accepted.lane,
                stride=window,
                urgent=_URGENT,
            )
            for segment in accepted.segments[:window]
        ]
        tracks = self._read(tables.read_tracks, keys.tracks(spec))
        completed = facts.TracksCompleted(
            **about,
            tracks_key=keys.tracks(spec),
            report_key=keys.report(spec),
            people=[track.name for track in tracks.people],
        )
        return [completed, *planned]


def source_warnings(source: facts.Source, decoded: int) -> list[str]:
    """What the user should know of the video itself, in whole sentences."""
    warnings = [source.warning] if source.warning else []
    if lost := source.frames - decoded:
        warnings.append(
            f"{lost} of {source.frames} frames could not be decoded; the video is damaged."
        )
    return warnings


def segment_windows(
    segment: facts.Segment, tracks: Tracks, cameras: Cameras, pictures: tuple[Picture, ...]
) -> stored.SegmentWindows:
    """The windows of everybody, in every picture, for the frames of one segment."""
    pts = tracks.timeline.pts
    first, last = np.searchsorted(pts, [segment.start_pts, segment.end_pts])
    views = []
    for number, (picture, paths) in enumerate(zip(pictures, cameras, strict=True)):
        for path in paths:
            if (size := fancam_size(path, picture, tracks.size[1])) is None:
                continue
            sixteenths = np.round(path.xyxy[first:last] / QUANTUM_PX).astype(np.int64)
            views.append(
                stored.SegmentWindows.View(
                    person=path.person,
                    name=path.name,
                    picture=number,
                    width=size[0],
                    height=size[1],
                    windows=sixteenths.ravel().tolist(),
                    states=path.state[first:last].tobytes(),
                )
            )
    return stored.SegmentWindows(segment=segment, views=views, pts=pts[first:last].tolist())


def path_of(views: Sequence[stored.SegmentWindows.View]) -> CameraPath:
    """Somebody's camera through all segments, as `segment_windows` wrote it down."""
    sixteenths = np.concatenate([np.array(view.windows, np.int64) for view in views])
    return CameraPath(
        person=views[0].person,
        name=views[0].name,
        xyxy=sixteenths.reshape(-1, 4) * QUANTUM_PX,
        state=np.frombuffer(b"".join(view.states for view in views), np.uint8),
    )


def fancam_size(path: CameraPath, picture: Picture, source_height: int) -> tuple[int, int] | None:
    """The fancam's size in pixels; None where the person is nowhere in the video."""
    windows = path.xyxy[path.state != State.ABSENT]
    if not len(windows):
        return None
    sides = windows[:, 2:] - windows[:, :2]
    largest = sides[np.argmax(sides[:, 1])]
    return output_size(picture, (float(largest[0]), float(largest[1])), source_height)
