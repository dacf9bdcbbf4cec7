"""What a run proposes as labels: the boxes that were detected, whose they are, and in which part.

Pure; between a run's tracks and a dataset's labels.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.datasets import (
    CONFIRMED,
    LabelledBox,
    LabelledPicture,
    clipped,
    split_shots,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.shots import Shot, shot_of_frames
from inyourarea.core.tracks import State, Track, Tracks

_BEYOND_S = 5
"""Seconds by which a picture may lie before a run or behind it, and still be of the shot in which
the run began or ended: whether that goes on outside nobody knows, and neighbours are alike."""


class Proposals:
    """The labels that a run proposes; ``members`` says who people (by id) are, where it is known.

    ``named`` says who tracklets are, and is believed more, since people have said so.
    Only `State.OBSERVED` boxes are proposed: whatever was followed or filled in nobody has seen.
    """

    def __init__(
        self, run: str, tracks: Tracks, members: Mapping[str, str], named: Mapping[str, str]
    ) -> None:
        self._run = run
        self._named = named
        self._tracks = tracks
        self._members = members
        self._shot = shot_of_frames(tracks.shots)
        self._tracklets = [number_tracklets(track, self._shot) for track in tracks.people]

    def boxes(self, frame: int) -> tuple[LabelledBox, ...]:
        """Everybody observed in a frame, to the hundredth of a pixel."""
        found = []
        for place, track in enumerate(self._tracks.people):
            if track.state[frame] != State.OBSERVED:
                continue
            try:
                box = clipped([round(float(side), 2) for side in track.xyxy[frame]], self.size)
            except DatasetRejected:  # nothing of it is in the picture
                continue
            tracklet = self._tracklet(frame, place)
            member = self._named.get(tracklet, self._members.get(track.person, ""))
            identity = round(float(track.identity[frame]), 3)
            found.append(LabelledBox(box, member, tracklet, identity=identity))
        return tuple(found)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames."""
        return self._tracks.size

    def _tracklet(self, frame: int, place: int) -> str:
        """Its name; what stands before the dash is one person's in the run and shot."""
        number = self._tracklets[place][frame]
        return f"{self._run}:{self._shot[frame]}:{place}-{number}"


def person_of(tracklet: str) -> tuple[str, str]:
    """Whose a tracklet is: the run, and whom that takes for one person in all of its shots."""
    run, _, rest = tracklet.partition(":")
    return run, rest.partition(":")[2].partition("-")[0]


def who_tracklets_are(pictures: Iterable[LabelledPicture]) -> dict[str, str]:
    """The member of each tracklet of which boxes are confirmed; of several, who has most of them.

    It is empty for who is no member.
    """
    boxes = [box for picture in pictures for box in picture.boxes if box.tracklet]
    said = Counter((box.tracklet, box.member) for box in boxes if box.state == CONFIRMED)
    return {tracklet: member for (tracklet, member), _ in reversed(said.most_common())}


def names_of_people(pictures: Iterable[LabelledPicture]) -> dict[tuple[str, str], set[str]]:
    """What people call whom runs take for one person (`person_of`); empty: no member."""
    names: dict[tuple[str, str], set[str]] = {}
    for one in pictures:
        for box in one.boxes:
            if box.tracklet and box.state == CONFIRMED:
                names.setdefault(person_of(box.tracklet), set()).add(box.member)
    return names


def with_names_over_shots(labels: Mapping[str, LabelledPicture]) -> dict[str, LabelledPicture]:
    """Whoever was named in one shot has that name in the others of the run, where it is one person.

    Whom people call by several names has none of these elsewhere.
    """
    names = names_of_people(labels.values())
    known = {person: name for person, (name, *others) in names.items() if not others}
    return {picture: _with_names(one, known) for picture, one in labels.items()}


def _with_names(one: LabelledPicture, known: Mapping[tuple[str, str], str]) -> LabelledPicture:
    boxes = tuple(
        replace(box, member=known[person_of(box.tracklet)], state=CONFIRMED)
        if box.is_unsaid and box.tracklet and person_of(box.tracklet) in known
        else box
        for box in one.boxes
    )
    return one if boxes == one.boxes else replace(one, boxes=boxes)


class Parts:
    """Which shot and which part of a dataset a run's frames are in.

    ``there`` are the pictures that it has of the video. Runs may number shots otherwise, and cut
    otherwise: where the dataset has pictures of a shot, the nearest one says, and for the first and
    the last shot of a run else one just outside; elsewhere lots are drawn as in `split_shots`, and
    a number that is another shot's already gives way to a new one.
    """

    def __init__(self, video: str, tracks: Tracks, there: Iterable[LabelledPicture]) -> None:
        shots = range(len(tracks.shots))
        self._pts = tracks.timeline.pts
        self._beyond = _BEYOND_S / tracks.timeline.time_base
        self._shots = tracks.shots
        self._shot = shot_of_frames(tracks.shots)
        self._there = [(one.pts, one.shot, one.split) for one in there if one.pts is not None]
        taken = {shot for _, shot, _ in self._there}
        free = count(max((*taken, *shots), default=0) + 1)
        parts = split_shots(video, shots)
        self._drawn = [(next(free) if shot in taken else shot, parts[shot]) for shot in shots]

    def of(self, frame: int) -> tuple[int, str]:
        """The shot's number in the dataset, and the part."""
        extent, pts = self._shots[self._shot[frame]], int(self._pts[frame])
        first, last = self._pts[extent.first_frame], self._pts[extent.last_frame]
        inside = [one for one in self._there if first <= one[0] <= last]
        if inside:
            _, shot, split = min(inside, key=lambda one: abs(one[0] - pts))
            return shot, split
        return self._just_outside(extent) or self._drawn[self._shot[frame]]

    def _just_outside(self, extent: Shot) -> tuple[int, str] | None:
        """What the nearest picture before or behind the run says of a shot at its begin or end."""
        start, end = int(self._pts[0]), int(self._pts[-1])
        near = []
        for pts, shot, split in self._there:
            if extent == self._shots[0] and pts < start:
                near.append((start - pts, shot, split))
            if extent == self._shots[-1] and pts > end:
                near.append((pts - end, shot, split))
        apart, shot, split = min(near, default=(self._beyond + 1, 0, ""))
        return (shot, split) if apart <= self._beyond else None


def number_tracklets(track: Track, shots: NDArray[np.int32]) -> NDArray[np.int32]:
    """Which stretch of its shot each frame of a track is in, int32 (F,), -1 where not observed.

    Within a stretch all boxes are surely one person's. `track` decides who tracklets are one by
    one and tells how sure each is, to the last bit; a sureness goes over to the next only where
    that continues it as surely. So a stretch ends where the sureness is another, or the shot.
    """
    number = np.full(track.state.size, -1, dtype=np.int32)
    seen = np.flatnonzero(track.state == State.OBSERVED)
    if not seen.size:
        return number
    cut = np.diff(shots[seen], prepend=-1) != 0
    change = cut | (np.diff(track.identity[seen], prepend=-1) != 0)
    stretch = np.cumsum(change)
    number[seen] = stretch - np.maximum.accumulate(np.where(cut, stretch, 0))
    return number
