"""Which sighting of a person makes the best picture, and which frames show everybody. Pure."""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import area, clip
from inyourarea.core.boxes import size as sides_of
from inyourarea.core.shots import shot_of_frames
from inyourarea.core.tracks import State, Track, Tracks

#: Pixels of a face's side from which on more bring nothing to a picture of 160.
LARGE_PX = 96.0
#: A wide frame has at least this share of the most people that are ever seen at once.
NEARLY_ALL = 0.8
#: Frames of one shot, by share of its wide ones, and shots, that are looked at for a poster.
SHARES, MOST_SHOTS = (0.25, 0.75), 4


def best_sighting(tracks: Tracks, number: int) -> int | None:
    """The frame that shows the person's face best; none where she is never observed.

    It is large, sure (a detector is surest of a face seen from the front), hers, whole and free
    of other faces. Of equals the first.
    """
    track = tracks.people[number]
    frames = np.flatnonzero(track.state == State.OBSERVED)
    if not frames.size:
        return None
    boxes = track.xyxy[frames]
    whole = area(clip(boxes, *tracks.size)) / np.maximum(area(boxes), 1e-6)
    size = np.minimum(sides_of(boxes).max(axis=1) / LARGE_PX, 1.0)
    free = 1.0 - _covered(tracks, number, frames)
    score = size * track.confidence[frames] * track.identity[frames] * whole * free**2
    return int(frames[np.argmax(score)])


def _covered(tracks: Tracks, number: int, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """The largest share of the person's box under another one's, float64 (n,)."""
    ours = tracks.people[number].xyxy[frames]
    covered = np.zeros(frames.size)
    for other in _others(tracks, number):
        theirs = np.nan_to_num(other.xyxy[frames])
        low = np.maximum(ours[:, :2], theirs[:, :2])
        high = np.minimum(ours[:, 2:], theirs[:, 2:])
        shared = area(np.concatenate([low, high], axis=1))
        covered = np.maximum(covered, shared / np.maximum(area(ours), 1e-6))
    return np.clip(covered, 0.0, 1.0)


def _others(tracks: Tracks, number: int) -> list[Track]:
    return [track for rank, track in enumerate(tracks.people) if rank != number]


def wide_frames(tracks: Tracks) -> list[int]:
    """Frames that show nearly everybody, in order; a few of each of the first shots with any."""
    if not tracks.people:
        return []
    seen = np.sum([track.has_box for track in tracks.people], axis=0)
    wide = np.flatnonzero(seen >= max(1.0, NEARLY_ALL * seen.max()))
    shots = shot_of_frames(tracks.shots)[wide]
    chosen: list[int] = []
    for shot in np.unique(shots)[:MOST_SHOTS]:
        frames = wide[shots == shot]
        chosen += [int(frames[int(share * frames.size)]) for share in SHARES]
    return list(dict.fromkeys(chosen))
