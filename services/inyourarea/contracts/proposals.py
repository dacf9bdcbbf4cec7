"""What a run proposes as labels: the boxes that were detected, and whose they are.

Pure; between a run's tracks and a dataset's labels.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.datasets import LabelledBox, clipped
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.shots import shot_of_frames
from inyourarea.core.tracks import State, Track, Tracks


class Proposals:
    """The labels that a run proposes; ``members`` says who people (by id) are, where it is known.

    Only `State.OBSERVED` boxes are proposed: whatever was followed or filled in nobody has seen.
    """

    def __init__(self, run: str, tracks: Tracks, members: Mapping[str, str]) -> None:
        self._run = run
        self._tracks = tracks
        self._members = members
        self.shots = shot_of_frames(tracks.shots)
        self._tracklets = [number_tracklets(track, self.shots) for track in tracks.people]

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
            member = self._members.get(track.person, "")
            found.append(LabelledBox(box, member, self._tracklet(frame, place)))
        return tuple(found)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames."""
        return self._tracks.size

    def _tracklet(self, frame: int, place: int) -> str:
        """Its name; what stands before the dash is one person's in the run and shot."""
        number = self._tracklets[place][frame]
        return f"{self._run}:{self.shots[frame]}:{place}-{number}"


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
