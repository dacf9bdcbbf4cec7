"""Approved people stay where they were: put in place of what was found, after `names`.

Pins tell the solver where they are; this takes them to the last box and window as they were.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import paired_iou
from inyourarea.core.errors import PinRejected
from inyourarea.core.reasons import told
from inyourarea.core.shots import shot_of_frames
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.windows import CameraPath
from inyourarea.track.names import SAME_PLACE_IOU, with_free_names


def hold_people(tracks: Tracks, held: Sequence[Tracks], people: Sequence[str]) -> Tracks:
    """Those people are where they were in earlier tracks of the video, and nobody else is there.

    ``held`` are the earlier tracks, ``people`` the id of whom each is about. Where somebody else
    was found at a held place, that is open, or absent if nothing is left of them in the shot; who
    is left with no observed box is one of the others.

    Raises:
        PinRejected: the earlier tracks are of other frames, so nobody can be held.
    """
    kept = [_track_of(tracks, old, person) for old, person in zip(held, people, strict=True)]
    elsewhere = [
        _without(track, _is_taken(track, kept), shot_of_frames(tracks.shots))
        for track in tracks.people
        if track.person not in people
    ]
    seen = [track for track in elsewhere if (track.state == State.OBSERVED).any()]
    named = {track.person: track for track in with_free_names([*kept, *seen])}
    order = dict.fromkeys([*(track.person for track in tracks.people), *people])
    return replace(
        tracks,
        people=tuple(named[person] for person in order if person in named),
        others=tracks.others + len(elsewhere) - len(seen),
    )


def _track_of(tracks: Tracks, old: Tracks, person: str) -> Track:
    if not np.array_equal(old.timeline.pts, tracks.timeline.pts):
        raise PinRejected(told("held"))
    return next(track for track in old.people if track.person == person)


def _is_taken(track: Track, kept: Sequence[Track]) -> NDArray[np.bool_]:
    """In which frames somebody held has the track's place, bool (F,)."""
    taken = np.zeros(track.state.size, dtype=bool)
    for other in kept:
        both = np.flatnonzero(track.has_box & other.has_box)
        taken[both] |= paired_iou(track.xyxy[both], other.xyxy[both]) >= SAME_PLACE_IOU
    return taken


def _without(track: Track, taken: NDArray[np.bool_], shot: NDArray[np.int32]) -> Track:
    """The track without those boxes: open there, and absent where its shot has none left."""
    if not taken.any():
        return track
    is_in = np.bincount(shot, track.has_box & ~taken) > 0
    state = np.where(taken, State.OPEN, track.state)
    return replace(
        track,
        state=np.where(is_in[shot], state, State.ABSENT).astype(np.uint8),
        reason=np.where(taken, Reason.NONE, track.reason).astype(np.uint8),
        xyxy=np.where(taken[:, None], np.nan, track.xyxy).astype(np.float32),
        confidence=np.where(taken, 0, track.confidence).astype(np.float32),
        identity=np.where(taken, 0, track.identity).astype(np.float32),
    )


def hold_cameras(paths: Sequence[CameraPath], held: Sequence[CameraPath]) -> tuple[CameraPath, ...]:
    """The paths, but those of whom there is an earlier one are that."""
    earlier = {path.person: path for path in held}
    return tuple(
        replace(earlier[path.person], name=path.name) if path.person in earlier else path
        for path in paths
    )
