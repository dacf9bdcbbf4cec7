"""The original product's way from detections to tracks, rebuilt for the exam beside ours.

Per frame and class the highest score counts (of equal ones the last row), every gap of any length
is bridged by a straight line, across cuts too; before the first and behind the last sighting there
is no box.
"""

from collections.abc import Sequence

import numpy as np

from inyourarea.core.detections import Detections
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks


def original_tracks(
    detections: Detections,
    classes: Sequence[str],
    threshold: float,
    timeline: Timeline,
    size: tuple[int, int],
) -> Tracks:
    """One track per class, in the order of the classes; the video counts as one shot.

    A box belongs to the class with its highest score, and counts from that score = ``threshold``
    on. Classes without any box have a track that is absent throughout.
    """
    seen = detections.take(detections.detected)
    frames = np.searchsorted(timeline.pts, seen.pts)
    best = seen.scores.argmax(axis=1) if len(seen) else np.zeros(0, dtype=np.int64)
    score = seen.scores.max(axis=1) if len(seen) else np.zeros(0)
    people = []
    for number, name in enumerate(classes):
        rows = np.flatnonzero((best == number) & (score >= threshold))
        # ascending by score, a later row behind an earlier one: the last of a frame stays
        rows = rows[np.lexsort((rows, score[rows], frames[rows]))]
        known, last = np.unique(frames[rows][::-1], return_index=True)
        chosen = rows[::-1][last]
        people.append(_bridged(name, known, seen.xyxy[chosen], score[chosen], len(timeline)))
    return Tracks(timeline, size, (Shot(0, len(timeline) - 1),), tuple(people))


def _bridged(
    name: str, known: np.ndarray, xyxy: np.ndarray, score: np.ndarray, frames: int
) -> Track:
    """Straight lines between the known frames of one person."""
    state = np.full(frames, State.OPEN if known.size else State.ABSENT, dtype=np.uint8)
    reason = np.zeros(frames, dtype=np.uint8)
    boxes = np.full((frames, 4), np.nan, dtype=np.float32)
    confidence = np.zeros(frames, dtype=np.float32)
    if known.size:
        there = np.arange(known[0], known[-1] + 1)
        for side in range(4):
            boxes[there, side] = np.interp(there, known, xyxy[:, side])
        state[there], reason[there] = State.FILLED, Reason.GAP
        state[known], reason[known] = State.OBSERVED, Reason.NONE
        confidence[known] = score
    return Track(
        person=name,
        name=name,
        state=state,
        reason=reason,
        xyxy=boxes,
        confidence=confidence,
        identity=np.where(state <= State.FILLED, 1, 0).astype(np.float32),
    )
