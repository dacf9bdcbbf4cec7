"""From a run's objects to what the player is told of it; a run's answer never changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts import keys, tables
from inyourarea.contracts.specs import from_picture
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.detections import Detections, join_detections
from inyourarea.core.picture import Picture
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.windows import QUANTUM_PX, CameraPath
from inyourarea.gateway.documents import State as StateName
from inyourarea.gateway.names import find_names
from inyourarea.gateway.problems import NotThere
from inyourarea.runtime.objects import ObjectNotFound, Objects

Json = dict[str, Any]

_NAMES: dict[State, StateName] = {
    State.OBSERVED: "observed",
    State.FOLLOWED: "followed",
    State.FILLED: "filled",
    State.OPEN: "open",
    State.ABSENT: "absent",
}

#: Runs of which the tracks are kept in memory: a few people watch the same video at a time. Seven
#: people for four hours at 60 fps are 160 MB.
_KEPT = 4


@dataclass(frozen=True)
class Shown:
    """A run whose tracks are there: what was accepted, who is where, and how good it is.

    ``names`` is what its objects are called.
    """

    accepted: facts.VideoAccepted
    names: stored.KeptRun
    tracks: Tracks
    report: Json

    @property
    def pictures(self) -> list[Picture]:
        """The shapes that were asked for."""
        return [from_picture(picture) for picture in self.accepted.spec.pictures]

    @property
    def aspects(self) -> list[str]:
        """What the shapes are called."""
        return [picture.label for picture in self.pictures]

    def person(self, person: str) -> Track:
        """Somebody's track, by id.

        Raises:
            NotThere: nobody has it.
        """
        for track in self.tracks.people:
            if track.person == person:
                return track
        raise NotThere("such person")


class Showing:
    """Reads runs out of the object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.run = lru_cache(_KEPT)(self._run)
        self.changed_segments = lru_cache(_KEPT)(self._changed_segments)
        self.changed_people = lru_cache(_KEPT)(self._changed_people)

    def accepted(self, run: str) -> facts.VideoAccepted:
        """What was accepted.

        Raises:
            NotThere: no run has that id.
        """
        try:
            return facts.VideoAccepted.FromString(self._objects.get(keys.accepted(run)))
        except ObjectNotFound:
            raise NotThere("such run") from None

    def _run(self, run: str) -> Shown:
        """A run that has been tracked.

        Raises:
            NotThere: there is none, or it is not that far.
        """
        return self.shown(self.accepted(run))

    def shown(self, accepted: facts.VideoAccepted) -> Shown:
        """What is stored of the run.

        Raises:
            NotThere: it has not been tracked yet.
        """
        names = self._names(accepted)
        tracks = tables.read_tracks(self._objects.get(names.tracks_key))
        return Shown(accepted, names, tracks, self.report(accepted))

    def report(self, accepted: facts.VideoAccepted) -> Json:
        """The run's quality report.

        Raises:
            NotThere: it has not been tracked yet.
        """
        found: Json = json.loads(self._objects.get(keys.planned_report(self._names(accepted).plan)))
        return found

    def _names(self, accepted: facts.VideoAccepted) -> stored.KeptRun:
        names = find_names(self._objects, accepted)
        if names is None:
            raise NotThere("such run, or it has not come that far")
        return names

    def published(self, run: str) -> dict[tuple[str, str], str]:
        """The objects of a run's finished fancams, by person and shape; none while it is made."""
        try:
            found = facts.FancamsPublished.FromString(self._objects.get(keys.published(run)))
        except ObjectNotFound:
            return {}
        return {(fancam.person, fancam.picture): fancam.key for fancam in found.fancams}

    def windows(self, accepted: facts.VideoAccepted) -> list[stored.SegmentWindows]:
        """Everybody's windows, segment by segment.

        Raises:
            NotThere: it has not been tracked yet.
        """
        plan = self._names(accepted).plan
        return [
            stored.SegmentWindows.FromString(
                self._objects.get(keys.planned_windows(plan, segment.index))
            )
            for segment in accepted.segments
        ]

    def _changed_segments(self, old: str, new: str) -> int:
        """How many segments of a run show somebody in another window than an older run of it."""
        return changed_segments(*(self.windows(self.accepted(run)) for run in (old, new)))

    def _changed_people(self, old: str, new: str) -> frozenset[str]:
        """Whose fancams, by id, are others in a run than in an older one of the same video."""
        return changed_people(*(self.windows(self.accepted(run)) for run in (old, new)))

    def cameras(self, accepted: facts.VideoAccepted, picture: int) -> list[CameraPath]:
        """Everybody's camera in one shape through the whole video."""
        return [
            CameraPath(
                person=view.person,
                name=view.name,
                xyxy=windows.astype(np.float64) * QUANTUM_PX,
                state=states,
            )
            for view, windows, states in self._paths(accepted, picture)
        ]

    def _paths(
        self, accepted: facts.VideoAccepted, picture: int
    ) -> list[tuple[stored.SegmentWindows.View, NDArray[np.int64], NDArray[np.uint8]]]:
        views: dict[str, list[stored.SegmentWindows.View]] = {}
        for part in self.windows(accepted):
            for view in part.views:
                if view.picture == picture:
                    views.setdefault(view.person, []).append(view)
        return [
            (
                mine[0],
                np.concatenate([np.array(view.windows, np.int64) for view in mine]).reshape(-1, 4),
                np.frombuffer(b"".join(view.states for view in mine), np.uint8),
            )
            for mine in views.values()
        ]

    def detections(self, accepted: facts.VideoAccepted) -> Detections:
        """Everything that was found in the whole video.

        Raises:
            NotThere: an older version of the program found it.
        """
        spec = accepted.spec
        names = [
            keys.detections(spec.video_id, spec.model, segment.index)
            for segment in accepted.segments
        ]
        try:
            parts = [tables.read_detections(self._objects.get(name)) for name in names]
        except ObjectNotFound:
            raise NotThere("such file any more") from None
        return join_detections(parts)

    def camera_document(self, shown: Shown, aspect: str) -> Json:
        """Everybody's windows in sixteenths of a pixel: the first, then the differences.

        Raises:
            NotThere: the run has no fancams of that shape.
        """
        if aspect not in shown.aspects:
            raise NotThere("such shape")
        paths = self._paths(shown.accepted, shown.aspects.index(aspect))
        return {
            "unit": round(1 / QUANTUM_PX),
            "people": {
                view.person: {"size": [view.width, view.height], "windows": _differences(windows)}
                for view, windows, _ in paths
            },
        }

    def boxes_document(self, shown: Shown) -> Json:
        """Where everybody's face is, in whole pixels, and faces that are nobody's."""
        return {
            "people": {track.person: _stretches(track) for track in shown.tracks.people},
            "others": self._others(shown),
        }

    def _others(self, shown: Shown) -> list[Json]:
        """Detections of the believed kind that no person has, as frames and boxes.

        None where an older version of the program made them: they are not kept.
        """
        spec, tracks = shown.accepted.spec, shown.tracks
        try:
            found = self.detections(shown.accepted)
        except NotThere:
            return []
        seen = found.take(found.detected & (found.confidence >= spec.model.confidence))
        frames = np.searchsorted(tracks.timeline.pts, seen.pts)
        taken = np.zeros(len(frames), dtype=bool)
        for track in tracks.people:
            near = np.abs(track.xyxy[frames] - seen.xyxy).max(axis=1)
            taken |= np.nan_to_num(near, nan=np.inf) < 1
        rows = zip(frames[~taken].tolist(), seen.xyxy[~taken].round().tolist(), strict=True)
        return [{"frame": frame, "box": [int(side) for side in box]} for frame, box in rows]


def changed_segments(
    old: Sequence[stored.SegmentWindows], new: Sequence[stored.SegmentWindows]
) -> int:
    """How many segments show somebody in another window than before."""
    drawn = ([{view for _, view in _drawn(part)} for part in parts] for parts in (old, new))
    return sum(a != b for a, b in zip(*drawn, strict=True))


def changed_people(
    old: Sequence[stored.SegmentWindows], new: Sequence[stored.SegmentWindows]
) -> frozenset[str]:
    """Who, by id, is shown in another window than before somewhere, or in another shape."""
    pairs = zip_longest(old, new, fillvalue=stored.SegmentWindows())
    return frozenset(person for a, b in pairs for person, _ in _drawn(a) ^ _drawn(b))


def _drawn(part: stored.SegmentWindows) -> set[tuple[str, bytes]]:
    """What is drawn of a segment, and of whom; whatever people are called."""
    drawn = set()
    for view in part.views:
        plain = stored.SegmentWindows.View()
        plain.CopyFrom(view)
        plain.person = plain.name = ""
        drawn.add((view.person, plain.SerializeToString(deterministic=True)))
    return drawn


def times(shown: Shown) -> Json:
    """When each frame is shown, counted from the first."""
    timeline = shown.tracks.timeline
    base = timeline.time_base
    return {
        "time_base": f"{base.numerator}/{base.denominator}",
        "pts": np.diff(timeline.pts, prepend=timeline.pts[0]).tolist(),
    }


def states(track: Track) -> list[tuple[int, StateName]]:
    """Where each run of one state begins.

    A place between two neighbouring frames that were looked at is as good as observed.
    """
    told = np.where(track.reason == Reason.STRIDE, State.OBSERVED, track.state).astype(np.int16)
    first = np.flatnonzero(np.diff(told, prepend=-1))
    return [(int(frame), _NAMES[State(told[frame])]) for frame in first]


def _stretches(track: Track) -> list[Json]:
    """The runs of frames in which there is a box."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], track.has_box, [False]]).astype(int)))
    return [
        {"first_frame": int(first), "boxes": _differences(track.xyxy[first:end].round())}
        for first, end in edges.reshape(-1, 2)
    ]


def _differences(rows: NDArray[Any]) -> list[int]:
    """Rows of four numbers as one list: the first row, then what each adds to the one before."""
    whole = rows.astype(np.int64)
    return np.diff(whole, axis=0, prepend=np.zeros((1, 4), np.int64)).ravel().tolist()
