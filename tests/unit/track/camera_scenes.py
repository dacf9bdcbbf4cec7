"""People at given places in given shots, as tracks for the camera."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks

SIZE = (1920, 1080)
#: A face is about three quarters as wide as high.
FACE_ASPECT = 0.75

Array = NDArray[np.float64]


def even_timeline(frames: int, fps: int = 30) -> Timeline:
    return Timeline(np.arange(frames, dtype=np.int64) * 512, Fraction(1, 512 * fps))


def faces_at(x: Array | float, y: Array | float, height: Array | float, frames: int) -> Array:
    """Face boxes (frames, 4) around these centres."""
    x, y, height = (
        np.broadcast_to(np.asarray(v, dtype=np.float64), frames) for v in (x, y, height)
    )
    half = height * FACE_ASPECT / 2
    return np.stack([x - half, y - height / 2, x + half, y + height / 2], axis=1)


def jittered(faces: Array, share: float = 0.04, seed: int = 1) -> Array:
    """Boxes as a detector gives them: every edge off by some percent of the face."""
    height = (faces[:, 3] - faces[:, 1])[:, None]
    return faces + np.random.default_rng(seed).normal(size=faces.shape) * share * height


def person(name: str, faces: Array) -> Track:
    """Observed wherever there is a box, open elsewhere."""
    there = np.isfinite(faces[:, 0])
    state = np.where(there, State.OBSERVED, State.OPEN).astype(np.uint8)
    sure = there.astype(np.float32)
    reason = np.full(len(faces), Reason.NONE, dtype=np.uint8)
    return Track(name, name, state, reason, faces.astype(np.float32), sure, sure)


def without(track: Track, frames: slice | NDArray[np.int64], state: State) -> Track:
    """The same person with no box in these frames."""
    states, faces, sure = track.state.copy(), track.xyxy.copy(), track.confidence.copy()
    states[frames], faces[frames], sure[frames] = state, np.nan, 0
    return replace(track, state=states, xyxy=faces, confidence=sure, identity=sure)


def stage(
    *people: Track,
    shots: Sequence[Shot] = (),
    size: tuple[int, int] = SIZE,
    timeline: Timeline | None = None,
) -> Tracks:
    """Tracks of these people; one shot where none are told."""
    frames = len(people[0].state)
    timeline = timeline or even_timeline(frames)
    return Tracks(timeline, size, tuple(shots) or (Shot(0, frames - 1),), people)
