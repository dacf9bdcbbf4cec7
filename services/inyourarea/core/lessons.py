"""From what a run has stored to the frames that one may choose from, and where it was unsure.

Pure; `teaching` chooses among them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import iou
from inyourarea.core.detections import PORTRAIT_LENGTH, Detections
from inyourarea.core.shots import shot_of_frames
from inyourarea.core.signals import Signals
from inyourarea.core.teaching import Frames
from inyourarea.core.tracks import Reason, State, Tracks

#: A track's box and a detection that overlap so much are of one head.
SAME_HEAD_IOU = 0.5


@dataclass(frozen=True, eq=False)
class Watched:
    """What a run has stored: who is where, and what that was decided from.

    ``classes`` are the members' names in the order of the class scores (empty: the detector knows
    faces only), ``threshold`` is the score from which on a box was believed.
    """

    tracks: Tracks
    signals: Signals
    detections: Detections
    classes: tuple[str, ...]
    threshold: float

    @property
    def looked(self) -> NDArray[np.int64]:
        """The frames that went through the detector: elsewhere nobody can be observed."""
        return np.flatnonzero(np.isin(self.tracks.timeline.pts, self.detections.looked))

    def every(self, step: int) -> NDArray[np.int64]:
        """Every ``step``-th frame from the first on, or which the detector looked at next to it.

        A frame is left out where none was looked at within half a step.
        """
        looked = self.looked
        if not looked.size:
            return looked
        wanted = np.arange(0, len(self.tracks.timeline), step)
        after = np.searchsorted(looked, wanted).clip(max=looked.size - 1)
        around = np.stack([looked[after], looked[np.maximum(after - 1, 0)]])
        away = np.abs(around - wanted)
        nearest = around[np.argmin(away, axis=0), np.arange(wanted.size)]
        return np.unique(nearest[2 * away.min(axis=0) <= step])

    def telling(self, step: int = 1) -> NDArray[np.int64]:
        """Every ``step``-th of the frames that show somebody."""
        looked = self.looked
        seen = [track.state[looked] == State.OBSERVED for track in self.tracks.people]
        return looked[np.any(seen, axis=0)][::step] if seen else looked[:0]

    def frames(self, chosen: NDArray[np.int64], who: NDArray[np.int32]) -> Frames:
        """These frames (m,), ascending, to choose from; ``who`` is each person's number there."""
        seeing = _Seeing(self)
        rows = [(rank, *one) for rank, at in enumerate(chosen) for one in seeing.people(int(at))]
        frame, place, match = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        people = self.tracks.people
        boxes = [people[p].xyxy[chosen[rank]] for rank, p, _ in rows]
        at = np.searchsorted(self.signals.pts, self.tracks.timeline.pts[chosen])
        return Frames(
            shot=shot_of_frames(self.tracks.shots)[chosen],
            seconds=self.tracks.timeline.seconds[chosen],
            thumbnail=self.signals.thumbnail[at],
            light=self.signals.histogram[at],
            disagreement=np.array([seeing.disagreement(int(one)) for one in chosen], np.float64),
            frame=frame.astype(np.int32),
            who=who[place],
            xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
            portrait=seeing.portraits(match),
            doubt=np.array([seeing.doubt(int(chosen[r]), p, m) for r, p, m in rows], np.float64),
        )


class _Seeing:
    """Tracks beside the detections that they were made from."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._tracks, self._found = watched.tracks, watched.detections
        pts = self._tracks.timeline.pts
        self._bounds = np.searchsorted(self._found.pts, [*pts, pts[-1] + 1])

    def people(self, frame: int) -> list[tuple[int, int]]:
        """Who is observed in a frame, by place, and the detection that shows it, -1 for none."""
        return [
            (place, self._match(frame, place))
            for place, track in enumerate(self._tracks.people)
            if track.state[frame] == State.OBSERVED
        ]

    def portraits(self, match: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The heads in these detections; a blank one where there is none."""
        heads = np.zeros((match.size, PORTRAIT_LENGTH), dtype=np.uint8)
        if self._found.portrait.shape[1]:
            heads[match >= 0] = self._found.portrait[match[match >= 0]]
        return heads

    def disagreement(self, frame: int) -> int:
        """How many people the detector missed who are there, and found who are not."""
        people = self._tracks.people
        missed = sum(track.reason[frame] == Reason.GAP for track in people)
        rows = self._rows(frame)
        rows = rows[self._found.confidence[rows] >= self._watched.threshold]
        there = np.array([track.xyxy[frame] for track in people if track.has_box[frame]])
        if not there.size:
            return int(missed + rows.size)
        overlap = iou(self._found.xyxy[rows], there).max(axis=1)
        return int(missed + (overlap < SAME_HEAD_IOU).sum())

    def doubt(self, frame: int, place: int, match: int) -> float:
        """How unsure the program was of who this is and whether it is anybody, 0..1."""
        track = self._tracks.people[place]
        # A sureness of one half is a coin that was thrown.
        identity = min(1.0, 2 * (1 - float(track.identity[frame])))
        room = max(1 - self._watched.threshold, 1e-6)
        detector = np.clip((1 - float(track.confidence[frame])) / room, 0, 1) ** 2
        return float(max(identity, detector, self._rivalry(track.name, match)))

    def _rivalry(self, name: str, match: int) -> float:
        """How near another member's class score comes to that of who this is said to be, 0..1."""
        classes = self._watched.classes
        if match < 0 or name not in classes:
            return 0.0
        scores = self._found.scores[match].astype(np.float64)
        own = scores[classes.index(name)]
        rival = np.delete(scores, classes.index(name)).max(initial=0.0)
        return float(min(1.0, rival / max(own, 1e-6)) ** 2)

    def _match(self, frame: int, place: int) -> int:
        rows = self._rows(frame)
        if not rows.size:
            return -1
        box = self._tracks.people[place].xyxy[frame]
        overlap = iou(box[None], self._found.xyxy[rows])[0]
        best = int(np.argmax(overlap))
        return int(rows[best]) if overlap[best] >= SAME_HEAD_IOU else -1

    def _rows(self, frame: int) -> NDArray[np.intp]:
        """The detector's boxes in a frame."""
        rows = np.arange(self._bounds[frame], self._bounds[frame + 1])
        return rows[self._found.detected[rows]]
