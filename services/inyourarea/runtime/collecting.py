"""From runs that are tracked to a dataset: which frames, and what is proposed as their labels.

The runs are in one store, the dataset is in it or in another: a folder, or a site's.
"""

import json
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import pyarrow
from numpy.typing import NDArray

from inyourarea.contracts import keys, tables
from inyourarea.contracts.datasets import PROPOSAL, LabelledPicture, Members, picture_name
from inyourarea.contracts.proposals import Parts, Proposals, who_tracklets_are
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.detections import join_detections
from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.lessons import Watched
from inyourarea.core.signals import join_signals
from inyourarea.core.teaching import Frames, Lesson, choose_lessons, join_frames, rank_lessons
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.datasets import Conflict, Dataset
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds
from inyourarea.runtime.stills import draw_stills

#: How people are called whom nobody has named: not found out, or given as boxes of a class.
_NUMBER = re.compile(r"(person|class)-\d+")
#: Frames that are weighed against each other in one choice: 4,000 of seven people take ten seconds
#: and 10 MB, and are a look every quarter of a second in sixteen minutes of video.
MOST_CANDIDATES = 4000
#: Pictures that are in memory at a time, twice; one of 8K has 10 MB.
_AT_A_TIME = 16
#: Seconds to decode what lies between those: no segment is longer than ten seconds.
_TIMEOUT_S = 120.0


@dataclass(frozen=True, eq=False)
class TrackedRun:
    """A run that is tracked, and what is stored of it; ``title`` is what people call the video.

    ``path`` is where it is found again, told to datasets in folders of the same machine. ``called``
    says what people, by id, are called since, where that is not what the tracks say.
    """

    accepted: facts.VideoAccepted
    watched: Watched
    title: str = ""
    path: str = ""
    called: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """What everybody who has a name is called, by id; numbers are only this run's."""
        people = self.watched.tracks.people
        called = {track.person: self.called.get(track.person, track.name) for track in people}
        return {person: name for person, name in called.items() if not _NUMBER.fullmatch(name)}

    def members(self, known: Members) -> dict[str, str]:
        """Which of these members people are, by id; whoever is called otherwise is left out."""
        found = {person: known.now(name) for person, name in self.names.items()}
        return {person: name for person, name in found.items() if name is not None}


def read_run(objects: Objects, accepted: facts.VideoAccepted) -> TrackedRun | None:
    """What is stored of a run; none where it is not tracked, or parts of it are gone or damaged."""
    spec, parts = accepted.spec, range(len(accepted.segments))
    at = [(spec.video_id, spec.model, accepted.segments[part].index) for part in parts]
    try:
        watched = Watched(
            tracks=tables.read_tracks(objects.get(keys.tracks(spec))),
            signals=join_signals(
                [tables.read_signals(objects.get(keys.signals(*one))) for one in at]
            ),
            detections=join_detections(
                [tables.read_detections(objects.get(keys.detections(*one))) for one in at]
            ),
            classes=tuple(spec.model.members),
            threshold=spec.model.confidence,
        )
    except (ObjectNotFound, pyarrow.ArrowException, OSError, KeyError, ValueError):
        return None
    is_there = holds(objects, accepted.source.decode_key)
    return TrackedRun(accepted, watched) if is_there else None


@dataclass(frozen=True)
class Pick:
    """A frame of a run, by rank, and what its picture teaches beside the others picked."""

    frame: int
    teaches: float


def pick_every(runs: Sequence[TrackedRun], step: int, known: Members) -> list[list[Pick]]:
    """Every ``step``-th frame of each run, as the original took them; the most telling first.

    Where the detector did not look at that frame, the next one to it that it did.
    """
    chosen = [run.watched.every(step) for run in runs]
    return _picks(chosen, rank_lessons(_frames(runs, chosen, known)))


def pick_smart(runs: Sequence[TrackedRun], count: int, known: Members) -> list[list[Pick]]:
    """The ``count`` frames of all runs together that teach most, as `choose_lessons` has it.

    Who is a member in several videos is one person. Of more than `MOST_CANDIDATES` frames that
    show somebody every second, third, ... is weighed.
    """
    total = sum(run.watched.telling().size for run in runs)
    chosen = [run.watched.telling(-(-total // MOST_CANDIDATES) or 1) for run in runs]
    return _picks(chosen, choose_lessons(_frames(runs, chosen, known), count))


def _frames(
    runs: Sequence[TrackedRun], chosen: Sequence[NDArray[np.int64]], known: Members
) -> Frames:
    numbers: dict[tuple[str, str], int] = {}
    parts = []
    for run, frames in zip(runs, chosen, strict=True):
        members = run.members(known)
        people = [track.person for track in run.watched.tracks.people]
        whose = [
            ("", members[one]) if one in members else (run.accepted.run_id, one) for one in people
        ]
        who = np.array([numbers.setdefault(one, len(numbers)) for one in whose], dtype=np.int32)
        parts.append(run.watched.frames(frames, who))
    return join_frames(parts)


def _picks(chosen: Sequence[NDArray[np.int64]], lessons: Sequence[Lesson]) -> list[list[Pick]]:
    """The lessons by run; their frames count through all that were chosen from."""
    ends = np.cumsum([frames.size for frames in chosen])
    picks: list[list[Pick]] = [[] for _ in chosen]
    for lesson in lessons:
        run = int(np.searchsorted(ends, lesson.frame, side="right"))
        frame = chosen[run][lesson.frame - (ends[run] - chosen[run].size)]
        picks[run].append(Pick(int(frame), lesson.teaches))
    return picks


@dataclass(frozen=True)
class Taken:
    """What became of the frames picked of a run.

    ``added`` pictures are new; of those that were there, ``renewed`` have better proposals and the
    others are as they were, labelled by somebody or proposed so already; ``lost`` frames do not
    decode.
    """

    added: tuple[LabelledPicture, ...]
    renewed: int
    lost: int


class Collector:
    """Puts frames of runs into a dataset; ``objects`` has the runs. Each picture at a stroke."""

    def __init__(self, objects: Objects, child: Child, place: tuple[Objects, str]) -> None:
        self._objects = objects
        self._child = child
        self._place = place
        self._dataset = Dataset(*place)

    def take(self, run: TrackedRun, picks: Sequence[Pick], note: Callable[[], None]) -> Taken:
        """The frames are pictures of the dataset; ``note`` is called for each.

        A picture that is there stays. Proposals that nobody has touched give way to this run's,
        unless those name fewer people; what anybody has said does not. A tracklet of which somebody
        has confirmed boxes is proposed as that member's.

        Raises:
            VideoUnreadable: the video can not be decoded.
        """
        self._tell_source(run)
        added, renewed, lost, missing = [], 0, 0, []
        for labels in self._proposed(run, picks):
            try:
                renewed += self._renew(labels)
                note()
            except ObjectNotFound:
                missing.append(labels)
        for labels, picture in self._draw(run, missing):
            if not picture:
                lost += 1
            elif self._dataset.add(_name(labels), picture, labels):
                added.append(labels)
            note()
        return Taken(tuple(added), renewed, lost)

    def _proposed(self, run: TrackedRun, picks: Sequence[Pick]) -> Iterator[LabelledPicture]:
        tracks, video = run.watched.tracks, run.accepted.source.sha256
        known, everything = self._dataset.snapshot()
        there = [one for one in everything.values() if one.video == video]
        members, named = run.members(known), who_tracklets_are(there)
        proposals = Proposals(run.accepted.run_id, tracks, members, named)
        parts = Parts(video, tracks, there)
        for pick in sorted(picks, key=lambda pick: pick.frame):
            shot, split = parts.of(pick.frame)
            yield LabelledPicture(
                size=proposals.size,
                boxes=proposals.boxes(pick.frame),
                video=video,
                pts=int(tracks.timeline.pts[pick.frame]),
                shot=shot,
                split=split,
                by=PROPOSAL,
                at_ns=time.time_ns(),
                teaches=pick.teaches,
            )

    def _renew(self, labels: LabelledPicture) -> bool:
        """Whether these proposals took the place of other ones.

        Raises:
            ObjectNotFound: there is no such picture yet.
        """
        newest = self._dataset.labelled(_name(labels))
        is_better = newest.boxes != labels.boxes and _named(newest) <= _named(labels)
        if newest.by != PROPOSAL or not is_better:
            return False
        boxes, teaches, at_ns = labels.boxes, labels.teaches, labels.at_ns
        version = newest.version + 1
        again = replace(newest, boxes=boxes, teaches=teaches, at_ns=at_ns, version=version)
        try:
            self._dataset.label(_name(labels), again)
        except Conflict:  # somebody has just labelled it
            return False
        return True

    def _draw(
        self, run: TrackedRun, missing: Sequence[LabelledPicture]
    ) -> Iterator[tuple[LabelledPicture, bytes]]:
        """The pictures, segment by segment, so that little is decoded between them."""
        starts = [segment.start_pts for segment in run.accepted.segments]
        key = run.accepted.source.decode_key
        by_segment = groupby(missing, lambda one: bisect_right(starts, _pts(one)))
        for _, group in by_segment:
            labels = list(group)
            for first in range(0, len(labels), _AT_A_TIME):
                some = labels[first : first + _AT_A_TIME]
                yield from zip(some, self._stills(key, [_pts(one) for one in some]), strict=True)

    def _stills(self, key: str, stamps: list[int]) -> list[bytes]:
        try:
            return self._child.call(draw_stills, self._objects, key, stamps, timeout_s=_TIMEOUT_S)
        except ChildDied as death:
            raise VideoUnreadable(f"taking pictures out of the video failed: {death}") from death

    def _tell_source(self, run: TrackedRun) -> None:
        objects, prefix = self._place
        source = run.accepted.source
        about = {
            "digest": source.sha256,
            "run_id": run.accepted.run_id,
            "size": [source.width, source.height],
            "title": run.title,
        }
        if run.path:
            about["path"] = run.path
        content = json.dumps(about, ensure_ascii=False).encode()
        objects.put(keys.dataset_source(prefix, source.sha256), content)


def _name(labels: LabelledPicture) -> str:
    return picture_name(labels.video, _pts(labels))


def _named(labels: LabelledPicture) -> int:
    return sum(bool(box.member) for box in labels.boxes)


def _pts(labels: LabelledPicture) -> int:
    """When it is seen; pictures of videos have that."""
    return labels.pts or 0
