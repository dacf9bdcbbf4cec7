"""For the report: the stretches of a fancam that a person should look at, and why."""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import camera_measures as measures
from inyourarea.core.camera_measures import Composition
from inyourarea.core.timeline import TICK_S
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.windows import CameraPath

Json = dict[str, object]
Mask = NDArray[np.bool_]

#: Below this an identity is worth a second look: two to one is no certainty.
IDENTITY_THRESHOLD = 0.67
#: Shorter than this nobody notices that a person was not seen.
UNSEEN_S = 1.0
#: Guessed places (followed or filled) are looked at from this length on: a turn of the head is over
#: by then.
GUESSED_S = 1.0
#: Shorter doubts about the identity and shorter losses of the face are not worth a look.
BRIEF_S = 0.2
#: Spans of one reason closer than this are one span to look at.
JOIN_S = 0.5 + TICK_S


def identity_spans(tracks: Tracks, track: Track) -> list[Json]:
    """Where a box may be somebody else's, with the least certainty there."""
    unsure = track.has_box & (track.identity < IDENTITY_THRESHOLD)
    sure = np.where(track.has_box, track.identity, 1.0).astype(np.float64)
    return [
        {**_span(tracks, first, last), "least": round(float(sure[first : last + 1].min()), 4)}
        for first, last in _runs(tracks, unsure, BRIEF_S)
    ]


def spans_to_look_at(
    tracks: Tracks, track: Track, paths: list[CameraPath], asks: list[Composition]
) -> list[Json]:
    """All spans with their reason, ordered by time, each with a sentence for the reader."""
    # Between two neighbouring detector frames there is nothing to guess.
    filled = (track.state == State.FILLED) & (track.reason == Reason.GAP)
    guessed = (track.state == State.FOLLOWED) | filled
    unsure = track.has_box & (track.identity < IDENTITY_THRESHOLD)
    lost = np.zeros(len(track.state), dtype=np.bool_)
    for path, ask in zip(paths, asks, strict=True):
        windows = measures.counted_windows(path)
        inside = measures.face_in_window(windows, track.xyxy.astype(np.float64), ask)
        lost |= track.has_box & np.isfinite(windows[:, 0]) & ~inside
    reasons = (
        ("identity", unsure, BRIEF_S, "this may be somebody else"),
        ("unseen", track.state == State.OPEN, UNSEEN_S, "in the shot but not seen"),
        ("guessed", guessed, GUESSED_S, "followed or filled in, not detected"),
        ("out_of_window", lost, BRIEF_S, "the camera does not hold the whole face"),
    )
    found = [
        (first, last, why, text)
        for why, there, least_s, text in reasons
        for first, last in _runs(tracks, there, least_s)
    ]
    return [
        {**_span(tracks, first, last), "why": why, "text": text}
        for first, last, why, text in sorted(found)
    ]


def _span(tracks: Tracks, first: int, last: int) -> Json:
    """Frames first..last; seconds from the video's first frame, to the end of the last frame."""
    seconds = tracks.timeline.seconds
    lasting = measures.frame_seconds(tracks.timeline)
    return {
        "first_frame": first,
        "last_frame": last,
        "from_s": round(float(seconds[first]), 3),
        "to_s": round(float(seconds[last] + lasting[last]), 3),
    }


def _runs(tracks: Tracks, there: Mask, least_s: float) -> list[tuple[int, int]]:
    """First and last frame of each run of at least so many seconds, near ones joined."""
    seconds = tracks.timeline.seconds
    ends = seconds + measures.frame_seconds(tracks.timeline)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for first, after in edges.reshape(-1, 2):
        if joined and seconds[first] - ends[joined[-1][1]] < JOIN_S:
            joined[-1] = (joined[-1][0], int(after) - 1)
        else:
            joined.append((int(first), int(after) - 1))
    return [(first, last) for first, last in joined if ends[last] - seconds[first] >= least_s]
