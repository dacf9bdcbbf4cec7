"""Labels that a few clicks gave, made more and better by networks that look at the pictures.

Self-training. A teacher, which learned for a while from what people have named, looks at all the
pictures to learn from. Where it is sure, its names are learned as well; where it is not, the face
stays painted over. A tracklet, which is one person, is named as one, by all that is seen of it. So
most faces that nobody has clicked are learned from, and those that the first detector had missed
no longer are background. Before that the weights that training starts from look, if they know such
faces: whose they are they can not tell, but where they are often better than the detector.

Source: Yarowsky 1995 (self-training; one sense per discourse is one person per tracklet here);
Sohn et al. 2020, "A Simple Semi-Supervised Learning Framework for Object Detection" (pseudo-labels
for boxes, of which only sure ones are learned).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.datasets import CONFIRMED, Box, LabelledBox, LabelledPicture, clipped
from inyourarea.core.boxes import iou

SAME_FROM = 0.3
"""Overlap (IoU) from which on two boxes are about one face: boxes of small faces are shaky. Of 163
pairs of the drawn hard shows' boxes that overlapped by .3 to .4, both on faces, 25 were on two."""

SURE = 0.5
"""Score from which on a network's name is learned: of one face, or of a tracklet's on the mean."""

APART = 0.5
"""At most this share of a tracklet's mean score may the next likely member have."""

NOBODY_BELOW, NOBODY_SEEN = 0.05, 3
"""A tracklet of so many boxes whose best scores are lower on the mean is nobody's: half of what a
detector sees of the drawn dancers is, and of these boxes 5 % are a member's, mostly turned away."""

SUSPECTED = 0.1
"""Score from which on a box may be a member, so that it must not be learned as background."""

SMALL_PX = 64
"""Faces less high, in pixels of the picture, are boxed by a look at it enlarged by a half: where a
face ends is told in cells of 8 pixels, of which one of 24 has three. Of faces from 96 px on the
boxes are as good without, and who has 200 and more is not seen there."""

KNOWS_FROM = 0.5
"""Share of the proposed boxes that weights must see themselves, or they do not know such faces."""

Labels = Mapping[str, LabelledPicture]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a network sees in a picture: ``boxes`` xyxy (n, 4) in its pixels, ``scores`` (n, C)."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]

    def about(self, boxes: tuple[LabelledBox, ...]) -> NDArray[np.int64]:
        """Which of its boxes is about each of these, -1 for none."""
        if not boxes or not len(self.boxes):
            return np.full(len(boxes), -1)
        overlap = iou(np.array([box.box for box in boxes]), self.boxes)
        return np.where(overlap.max(axis=1) >= SAME_FROM, overlap.argmax(axis=1), -1)

    @property
    def suspected(self) -> "Look":
        """Only what may be a member."""
        rows = self.scores.max(axis=1, initial=0) >= SUSPECTED
        return Look(self.boxes[rows], self.scores[rows])

    @property
    def is_small(self) -> NDArray[np.bool_]:
        """Which of its boxes are better where the picture is enlarged."""
        return self.boxes[:, 3] - self.boxes[:, 1] < SMALL_PX

    @property
    def sees_small(self) -> bool:
        """Whether it sees anybody who is."""
        return bool(self.is_small.any())

    def with_small_of(self, closer: "Look") -> "Look":
        """The same with small boxes as ``closer``, of the picture enlarged, has them."""
        closer = closer.suspected
        if not len(self.boxes) or not len(closer.boxes):
            return self
        overlap = iou(self.boxes, closer.boxes)
        is_better = self.is_small & (overlap.max(axis=1) >= SAME_FROM)
        boxes = np.where(is_better[:, None], closer.boxes[overlap.argmax(axis=1)], self.boxes)
        return Look(boxes, self.scores)

    def box(self, row: int, size: tuple[int, int]) -> Box:
        """One of its boxes, to the hundredth of a pixel."""
        return clipped(np.round(self.boxes[row], 2).tolist(), size)


Looks = Mapping[str, Look]


def count_named(labels: Labels) -> int:
    """How many boxes have a member's name."""
    return sum(bool(box.member) for one in labels.values() for box in one.boxes)


def knows_such_faces(labels: Labels, looks: Looks) -> bool:
    """Whether a network sees most of those whom a detector saw."""
    seen = [
        row >= 0
        for picture, one in labels.items()
        for row in looks[picture].suspected.about(tuple(box for box in one.boxes if box.tracklet))
    ]
    return sum(seen) >= KNOWS_FROM * max(len(seen), 1)


def may_move(box: LabelledBox, one: LabelledPicture) -> bool:
    """Whether nobody has looked where a box of the picture lies: a strip's name says only whose.

    Whoever gives one box another member takes it out of its tracklet.
    """
    return one.state != CONFIRMED and (bool(box.tracklet) or box.state != CONFIRMED)


def with_boxes_of(
    labels: Labels, looks: Looks, proposed: Mapping[str, Collection[Box]]
) -> dict[str, LabelledPicture]:
    """The same names, with a network's boxes in place of those that were only ``proposed``.

    What else it suspects is a box without a name. A picture that somebody has confirmed, and a box
    that somebody has looked at by itself, stay.
    """
    return {
        picture: _with_suspects(
            _with_its_boxes(one, looks[picture], proposed[picture]), looks[picture], ()
        )
        for picture, one in labels.items()
    }


def with_names_of(
    labels: Labels, looks: Looks, members: tuple[str, ...]
) -> dict[str, LabelledPicture]:
    """Whom the network is sure of is named, or is no member; what people have said stays.

    What it only suspects is a box without a name. All this is for learning alone: it belongs into
    no dataset.
    """
    votes: dict[str, list[NDArray[np.float64]]] = {}
    for picture, one in labels.items():
        look = looks[picture]
        for box, row in zip(one.boxes, look.about(one.boxes), strict=True):
            if box.tracklet and box.is_unsaid:
                scores = look.scores[row] if row >= 0 else np.zeros(len(members))
                votes.setdefault(box.tracklet, []).append(scores)
    scores = {tracklet: np.array(rows) for tracklet, rows in votes.items()}
    names = {tracklet: _name_of(rows, members) for tracklet, rows in scores.items()}
    nobody = {tracklet for tracklet, rows in scores.items() if _is_nobody(rows)}
    return {
        picture: _with_suspects(_with_names(one, names, nobody), looks[picture], members)
        for picture, one in labels.items()
    }


def _with_its_boxes(one: LabelledPicture, look: Look, proposed: Collection[Box]) -> LabelledPicture:
    look = look.suspected
    boxes = [
        replace(box, box=look.box(row, one.size))
        if row >= 0 and box.box in proposed and may_move(box, one)
        else box
        for box, row in zip(one.boxes, look.about(one.boxes), strict=True)
    ]
    return replace(one, boxes=tuple(boxes))


def _with_names(
    one: LabelledPicture, names: Mapping[str, str], nobody: Collection[str]
) -> LabelledPicture:
    boxes = [
        replace(
            box,
            member=names[box.tracklet],
            state=CONFIRMED if box.tracklet in nobody else box.state,
        )
        if box.is_unsaid and box.tracklet in names
        else box
        for box in one.boxes
    ]
    return replace(one, boxes=tuple(boxes))


def _name_of(scores: NDArray[np.float64], members: tuple[str, ...]) -> str:
    """Whose all boxes are by their scores (n, C); empty where that is not sure."""
    mean = scores.mean(axis=0)
    best = int(mean.argmax())
    is_sure = mean[best] >= SURE and np.delete(mean, best).max(initial=0) <= APART * mean[best]
    return members[best] if is_sure else ""


def _is_nobody(scores: NDArray[np.float64]) -> bool:
    best = scores.max(axis=1)
    return best.size >= NOBODY_SEEN and float(best.mean()) < NOBODY_BELOW


def _with_suspects(one: LabelledPicture, look: Look, members: tuple[str, ...]) -> LabelledPicture:
    """The picture with whom the network sees besides, named if it is sure and they are members.

    Whom an earlier network has seen keeps that one's box: from such boxes this one has learned.
    """
    if one.state == CONFIRMED:  # somebody has looked for whoever else is there
        return one
    look = look.suspected
    kept = [
        replace(box, member=_name_of(look.scores[row][None], members))
        if members and row >= 0 and box.is_unsaid and not box.tracklet
        else box
        for box, row in zip(one.boxes, look.about(one.boxes), strict=True)
    ]
    for row in np.argsort(-look.scores.max(axis=1, initial=0), kind="stable").tolist():
        there = np.array([box.box for box in kept]).reshape(-1, 4)
        if iou(look.boxes[row][None], there).max(initial=0) < SAME_FROM:
            name = _name_of(look.scores[row][None], members) if members else ""
            kept.append(LabelledBox(look.box(row, one.size), name))
    return replace(one, boxes=tuple(kept))
