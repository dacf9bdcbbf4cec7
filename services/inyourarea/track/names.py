"""What people are called: pinned names, else ``person-1``... by screen time; ids that last.

The last word after `identity`: an id outlives a name, and both outlive a second run.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from itertools import count

import numpy as np
from scipy.optimize import linear_sum_assignment

from inyourarea.core.boxes import paired_iou
from inyourarea.core.members import fold, is_numbered
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks

#: Two runs mean the same person where their boxes overlap this much.
SAME_PLACE_IOU = 0.5
#: A person keeps the id when at least this share of the shorter track is in the same place.
LEAST_SHARED = 0.3


def call_people(people: list[Track], pinned: Collection[str] = ()) -> tuple[Track, ...]:
    """People in order of screen time; who has no name yet becomes ``person-1``, ``person-2``...

    Names that were given (pins) stay; a number that is taken is passed over, as is one that is
    ``pinned`` to somebody who is not among them.
    """
    taken = {track.name for track in people if track.name}.union(pinned)
    called, number = [], 0
    for track in sorted(people, key=lambda track: (-screen_time(track), first_frame(track))):
        name = track.name
        while not name:
            number += 1
            if f"person-{number}" not in taken:
                name = f"person-{number}"
        called.append(replace(track, name=name))
    return tuple(called)


def screen_time(track: Track) -> int:
    """Frames in which the person is observed, or between two neighbouring looks at her."""
    return int(((track.state == State.OBSERVED) | (track.reason == Reason.STRIDE)).sum())


def first_frame(track: Track) -> int:
    """The first frame in which the person is observed."""
    return int(np.argmax(track.state == State.OBSERVED))


def id_from_first_sight(track: Track, timeline: Timeline) -> str:
    """A stable id for somebody without a class: a digest of when and where first observed."""
    frame = first_frame(track)
    box = ",".join(f"{side:.0f}" for side in track.xyxy[frame])
    text = f"{int(timeline.pts[frame])}@{timeline.time_base}:{box}"
    return "p" + hashlib.sha256(text.encode()).hexdigest()[:11]


def keep_ids(old: Tracks, new: Tracks, pinned: Collection[str] = ()) -> Tracks:
    """The new tracks with the ids, and the names nobody pinned, of the same people before.

    People are the same where their boxes overlap in most frames; matched one to one, best
    overall. Whoever has a ``pinned`` name has it alone, even one such as ``person-2``: who was
    called so before gets the next free number, as does someone new who would take a kept name.
    """
    given = {track.name for track in new.people if track.name in pinned}
    gone = {fold(name) for name in given}
    shared = np.array([[_shared(a, b, old, new) for b in new.people] for a in old.people])
    kept: dict[int, Track] = {}
    taken = {track.person for track in old.people}
    if shared.size:
        rows, columns = linear_sum_assignment(-shared)
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
            if shared[i, j] >= LEAST_SHARED:
                kept[j] = old.people[i]
    people = []
    for j, track in enumerate(new.people):
        if j in kept:
            person, before = kept[j].person, kept[j].name
            before = "" if fold(before) in gone else before
        else:
            # First seen where somebody else was: that id is hers.
            person, before = _free_id(track.person, taken), ""
            taken.add(person)
        is_hers = track.name in given or not is_numbered(track.name)
        people.append(replace(track, person=person, name=track.name if is_hers else before))
    return replace(new, people=with_free_names(people))


def _free_id(person: str, taken: set[str]) -> str:
    tries = (f"{person}-{number}" if number > 1 else person for number in count(1))
    return next(one for one in tries if one not in taken)


def with_free_names(people: list[Track]) -> tuple[Track, ...]:
    """Every name once: the first to hold it keeps it, the others and the nameless get numbers."""
    taken: set[str] = set()
    unique = []
    for track in people:
        unique.append(track if track.name not in taken else replace(track, name=""))
        taken.add(track.name)
    named = call_people(unique)
    by_person = {track.person: track for track in named}
    return tuple(by_person[track.person] for track in people)


def _shared(a: Track, b: Track, old: Tracks, new: Tracks) -> float:
    """Share of the shorter of two tracks in which both are in the same place."""
    _, i, j = np.intersect1d(old.timeline.pts, new.timeline.pts, return_indices=True)
    same = paired_iou(a.xyxy[i], b.xyxy[j]) >= SAME_PLACE_IOU
    return float(same.sum() / max(1, min(a.has_box[i].sum(), b.has_box[j].sum())))
