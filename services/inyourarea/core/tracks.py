"""Who is where in every frame, and how we know."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline


class State(IntEnum):
    """How a person's place in a frame is known."""

    OBSERVED = 0  # a detection
    FOLLOWED = 1  # image evidence without a detection
    FILLED = 2  # interpolated
    OPEN = 3  # in the shot, no box
    ABSENT = 4  # nowhere in the shot


class Reason(IntEnum):
    """Why a box was filled."""

    NONE = 0
    STRIDE = 1  # between two neighbouring frames that the detector looked at
    GAP = 2  # where the detector looked and found nothing


@dataclass(frozen=True, eq=False)
class Track:
    """One person through the whole video; arrays have a row per frame of the timeline.

    ``person`` is an id that outlives names, ``name`` what people call them. ``state`` and
    ``reason`` uint8 (F,), values of `State` and `Reason`; ``xyxy`` float32 (F, 4) source pixels,
    NaN where there is no box (open, absent); ``confidence`` float32 (F,), of the box, 0 where
    there is none; ``identity`` float32 (F,), how sure it is that this is the person, 0..1.
    """

    person: str
    name: str
    state: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    identity: NDArray[np.float32]

    @property
    def has_box(self) -> NDArray[np.bool_]:
        """Where there is a box, bool (F,)."""
        return self.state <= State.FILLED


def surest_sighting(track: Track, among: NDArray[np.bool_] | None = None) -> int | None:
    """The frame in which a person is told best, of those ``among`` (F,); none if not seen there.

    In the middle of a long sighting rather than at its ends.
    """
    seen = track.state == State.OBSERVED
    if among is not None:
        seen = seen & among
    if not seen.any():
        return None
    height = np.where(seen, track.xyxy[:, 3] - track.xyxy[:, 1], 0)
    sure = np.where(seen, track.identity * track.confidence, 0) * np.sqrt(height)
    run = np.convolve(sure, np.ones(15), mode="same")
    return int(np.argmax(np.where(seen, run, -1)))


@dataclass(frozen=True, eq=False)
class Tracks:
    """Everybody who is reported, the shots they stand in, and how many others were seen.

    ``size`` is the frame's width and height in pixels, after rotation.
    """

    timeline: Timeline
    size: tuple[int, int]
    shots: tuple[Shot, ...]
    people: tuple[Track, ...]
    others: int = 0
