"""Which frames of videos teach a detector most, and how much each adds to those before it.

What is seen of a person is a cloud of boxes: near and far, from all sides, in all lights. A frame
teaches what of these clouds no frame before it comes near, and most where the program itself was
unsure.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import iou, size
from inyourarea.core.columns import joined
from inyourarea.core.detections import PORTRAIT_COLUMNS, PORTRAIT_LENGTH, PORTRAIT_ROWS

Floats = NDArray[np.float64]

#: Two boxes of one person are as good as strangers when they differ by this in one of: the head's
#: picture (steps of a `portrait` over its quarters; neighbouring frames differ by 65, two shots by
#: 180, measured on drawn shows), the natural logarithm of the face's side (a factor of 1.6), the
#: light (shares of `Signals.histogram`; between two shots .65).
VIEW_STEPS, SIZE_LOG, LIGHT_SHARES = 180.0, 0.5, 0.6
#: A box that the program was wholly unsure of counts as many that it was sure of.
UNSURE_COUNTS = 4.0
#: A box that is like n others of its person counts 1/n to the power of this: at 1 a close-up of a
#: second would weigh as much as a minute of wide shots, at 0 the rare is never learned. In 10 to 40
#: frames of two drawn shows .75 shows 286 kinds (member, size, hidden or not), 0 shows 254, and
#: every n-th frame 263.
RARITY = 0.75
#: All that detector and tracks disagree about counts as a person: it is one more thing to learn.
DISAGREEMENT = 1.0
#: Frames of a shot that are less apart see the same pose, as in `track.evidence`. Seconds.
AT_ONCE_S = 0.2
#: So are any whose thumbnails differ by less (mean, grey levels of 255; frames a thirtieth of a
#: second apart: 2 to 3, half a second: 9), where nobody came and all boxes overlap this much.
SAME_PICTURE, SAME_PLACE_IOU = 6.0, 0.4


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames to choose from (m), and a row for each box in them whose person is known (n).

    ``shot`` int32 (m,), no number in two videos; ``seconds`` float64 (m,) in it; ``thumbnail``
    uint8 (m, 36, 64) and ``light`` float32 (m, B) as in `Signals`; ``disagreement`` float64 (m,):
    how many people are where the detector found none, and how many it found where nobody is. Of
    the boxes: ``frame`` int32 (n,) ascending, a row of those above; ``who`` int32 (n,); ``xyxy``
    float32 (n, 4) source pixels; ``portrait`` uint8 (n, `PORTRAIT_LENGTH`); ``doubt`` float64 (n,),
    how unsure the program was, 0..1.
    """

    shot: NDArray[np.int32]
    seconds: Floats
    thumbnail: NDArray[np.uint8]
    light: NDArray[np.float32]
    disagreement: Floats
    frame: NDArray[np.int32]
    who: NDArray[np.int32]
    xyxy: NDArray[np.float32]
    portrait: NDArray[np.uint8]
    doubt: Floats

    def __len__(self) -> int:
        return int(self.shot.size)


def join_frames(parts: Sequence[Frames]) -> Frames:
    """Frames of several videos after each other; whoever has one number in two is one person."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    shots = np.cumsum([0, *(int(part.shot.max(initial=-1)) + 1 for part in parts)])
    pairs = list(zip(parts, starts.tolist(), shots.tolist(), strict=False))
    frame = np.concatenate([part.frame + start for part, start, _ in pairs])
    shot = np.concatenate([part.shot + shot for part, _, shot in pairs])
    numbers = {"frame": frame.astype(np.int32), "shot": shot.astype(parts[0].shot.dtype)}
    return joined(parts, **numbers)


@dataclass(frozen=True)
class Lesson:
    """A frame that was chosen, and what it adds to those chosen before it."""

    frame: int
    teaches: float


def choose_lessons(frames: Frames, count: int) -> list[Lesson]:
    """At most ``count`` frames that together teach most, the most telling first.

    Greedy on a sum that saturates, which is within 1 - 1/e of the best choice. Every person is
    worth 1, shared out among all her boxes, more to those that the program was unsure of (identity,
    detector) and to rare ones; a box is learned as far as a box of hers in a chosen frame is like
    it in view, size and light. So rare members, sizes and views are not left out, and what is seen
    again adds next to nothing. What detector and tracks disagree about is worth 1 as well, less for
    each further frame of one shot. A near-duplicate of a chosen frame is never chosen. Equal input,
    equal answer; the first frames of a longer choice are the shorter one.

    Source: Nemhauser, Wolsey, Fisher 1978; the sum is a facility location.
    """
    chosen: list[Lesson] = []
    ahead = _Ahead(frames)
    while len(chosen) < count and (lesson := ahead.next()) is not None:
        earlier = np.array([one.frame for one in chosen], dtype=np.intp)
        if not _repeats(frames, lesson.frame, earlier):
            ahead.learn(lesson.frame)
            chosen.append(lesson)
    return chosen


def rank_lessons(frames: Frames) -> list[Lesson]:
    """All frames, the most telling first; what each adds is reckoned as in `choose_lessons`."""
    ahead = _Ahead(frames)
    ranked = []
    while (lesson := ahead.next()) is not None:
        ahead.learn(lesson.frame)
        ranked.append(lesson)
    return ranked


class _Ahead:
    """The frames that are left, by what they add to what is learned already."""

    def __init__(self, frames: Frames) -> None:
        self._boxes = np.searchsorted(frames.frame, np.arange(len(frames) + 1))
        self._frames = frames
        self._clouds = [
            _Cloud(frames, np.flatnonzero(frames.who == who)) for who in np.unique(frames.who)
        ]
        self._cloud = np.unique(frames.who, return_inverse=True)[1]
        self._row = np.zeros(frames.frame.size, dtype=np.intp)
        for cloud in self._clouds:
            self._row[cloud.boxes] = np.arange(cloud.boxes.size)
        self._shown = np.zeros(int(frames.shot.max(initial=-1)) + 1)
        everything = np.bincount(frames.shot, frames.disagreement, minlength=self._shown.size)
        self._disagreements = max(float(np.sqrt(everything).sum()), 1e-9)
        self._learned = 0
        # What a frame adds can only shrink, so an old figure is a bound (Minoux 1978).
        self._heap = [(-self._adds(frame), frame, 0) for frame in range(len(frames))]
        heapq.heapify(self._heap)

    def next(self) -> Lesson | None:
        """The frame that adds most; it is not looked at again. Of equals the first."""
        while self._heap:
            adds, frame, when = heapq.heappop(self._heap)
            if when == self._learned:
                return Lesson(frame, round(-adds, 6))
            heapq.heappush(self._heap, (-self._adds(frame), frame, self._learned))
        return None

    def learn(self, frame: int) -> None:
        """What the frame shows is learned."""
        for box in range(self._boxes[frame], self._boxes[frame + 1]):
            self._clouds[self._cloud[box]].learn(self._row[box])
        self._shown[self._frames.shot[frame]] += self._frames.disagreement[frame]
        self._learned += 1

    def _adds(self, frame: int) -> float:
        boxes = range(self._boxes[frame], self._boxes[frame + 1])
        adds = sum(self._clouds[self._cloud[box]].adds(self._row[box]) for box in boxes)
        shown = self._shown[self._frames.shot[frame]]
        more = np.sqrt(shown + self._frames.disagreement[frame]) - np.sqrt(shown)
        return float(adds + DISAGREEMENT * more / self._disagreements)


class _Cloud:
    """All boxes of one person (k of them), and how far each is learned, 0..1."""

    def __init__(self, frames: Frames, boxes: NDArray[np.intp]) -> None:
        self.boxes = boxes
        self._looks = _looks(frames, boxes)
        self._squares = (self._looks**2).sum(axis=1)
        crowd = np.array([self._alike(row).sum() for row in range(boxes.size)])
        weight = (1 + (UNSURE_COUNTS - 1) * frames.doubt[boxes]) / crowd**RARITY
        self._weight = (weight / weight.sum()).astype(np.float32)
        self._learned = np.zeros(boxes.size, dtype=np.float32)

    def adds(self, row: int) -> float:
        """What a frame with that box teaches of her, as a share of all that there is."""
        return float(np.maximum(self._alike(row) - self._learned, 0) @ self._weight)

    def learn(self, row: int) -> None:
        """A frame with that box is chosen."""
        np.maximum(self._learned, self._alike(row), out=self._learned)

    def _alike(self, row: int) -> NDArray[np.float32]:
        """How like each box is to one of them, (k,) 0..1."""
        apart = self._squares + self._squares[row] - 2 * (self._looks @ self._looks[row])
        return np.exp(-np.maximum(apart, 0))


def _looks(frames: Frames, boxes: NDArray[np.intp]) -> NDArray[np.float32]:
    """Boxes as points (k, d) whose distance is 1 where they are as good as strangers."""
    heads = frames.portrait[boxes].reshape(-1, PORTRAIT_LENGTH).astype(np.float32)
    quarters = (boxes.size, PORTRAIT_ROWS // 2, 2, PORTRAIT_COLUMNS // 2, 2, 3)
    view = heads.reshape(quarters).mean(axis=(2, 4)).reshape(boxes.size, -1)
    side = np.log(np.maximum(size(frames.xyxy[boxes]), 1).prod(axis=1)) / 2
    light = frames.light[frames.frame[boxes]]
    parts = (view / VIEW_STEPS, side[:, None] / SIZE_LOG, light / LIGHT_SHARES)
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _repeats(frames: Frames, frame: int, earlier: NDArray[np.intp]) -> bool:
    """Whether a frame is a near-duplicate of an earlier one."""
    mine = frames.thumbnail[frame].astype(np.int16)
    change = np.abs(frames.thumbnail[earlier] - mine).mean(axis=(1, 2))
    apart_s = np.abs(frames.seconds[earlier] - frames.seconds[frame])
    at_once = (frames.shot[earlier] == frames.shot[frame]) & (apart_s < AT_ONCE_S)
    alike = earlier[change < SAME_PICTURE].tolist()
    return bool(at_once.any()) or any(_is_nothing_new(frames, frame, other) for other in alike)


def _is_nothing_new(frames: Frames, frame: int, other: int) -> bool:
    """Whether everybody in a frame is where she is in the other."""
    ours, theirs = (
        slice(*np.searchsorted(frames.frame, [number, number + 1])) for number in (frame, other)
    )
    if not np.isin(frames.who[ours], frames.who[theirs]).all():
        return False
    is_same = frames.who[ours][:, None] == frames.who[theirs]
    overlap = iou(frames.xyxy[ours], frames.xyxy[theirs])
    return bool(np.all(overlap[is_same] >= SAME_PLACE_IOU))
