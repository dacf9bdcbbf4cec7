"""Where a model is wrong: who is taken for whom, and pictures of the worst of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inyourarea.core.boxes import iou
from inyourarea.train.measure import Answers
from inyourarea.train.repository import write_whole
from inyourarea.train.windows import read_picture

NOBODY = "nobody"
"""Who is asked for where a box is on no member; what is said where a member has no box."""

SAME_FROM = 0.5
"""Overlap (IoU) from which on a box is about somebody, as in mAP50."""

SHOWN = 12
"""Pictures of mistakes that are written."""

AROUND = 2.5
"""Sides of the picture of a mistake, in sides of its box: hair and outfit are seen too."""

SHOWN_PX = 320
"""Sides of that picture."""

TRUE_COLOUR, SAID_COLOUR = (80, 220, 80), (60, 60, 240)
"""BGR: the box that was asked for, and that which was said."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """In a picture, ``said`` stood where ``truth`` is; ``box`` xyxy in the picture's pixels."""

    picture: str
    truth: str
    said: str
    confidence: float
    box: tuple[float, float, float, float]

    @property
    def words(self) -> str:
        """In one line."""
        if self.said == NOBODY:
            return f"{self.truth} was not seen"
        if self.truth == NOBODY:
            return f"{self.said} was seen where no member is ({self.confidence:.2f})"
        return f"{self.truth} was taken for {self.said} ({self.confidence:.2f})"


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each (row: truth, `NOBODY` last) was taken for each (column), and the mistakes."""

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    mistakes: tuple[Mistake, ...]

    def table(self) -> Mapping[str, Mapping[str, int]]:
        """By names, without the zeros."""
        return {
            truth: {said: int(n) for said, n in zip(self.names, row, strict=True) if n}
            for truth, row in zip(self.names, self.counts, strict=True)
        }


def confusion(
    answers: Mapping[str, Answers], classes: Sequence[str], confidence: float
) -> Confusion:
    """Pair everybody asked for with what was said there, best overlap first in sum.

    ``answers`` by picture. The mistakes are in order of how bad they are: wrong names, boxes on
    nobody, members not seen; the surest, and of those not seen the largest, first.
    """
    names = (*classes, NOBODY)
    counts = np.zeros((len(names), len(names)), np.int64)
    found = []
    for picture, one in answers.items():
        sure = one.confidence >= confidence
        boxes, kinds, scores = one.boxes[sure], one.box_class[sure], one.confidence[sure]
        pairs = _pairs(iou(one.truth, boxes))
        for row, column in pairs:
            truth, said = int(one.truth_class[row]), int(kinds[column])
            counts[truth, said] += 1
            if truth != said:
                told = names[truth], names[said], float(scores[column])
                found.append(_mistake(picture, told, boxes[column]))
        for row in {*range(len(one.truth))}.difference(row for row, _ in pairs):
            truth = int(one.truth_class[row])
            counts[truth, -1] += 1
            found.append(_mistake(picture, (names[truth], NOBODY, 0.0), one.truth[row]))
        for column in {*range(len(boxes))}.difference(column for _, column in pairs):
            said = int(kinds[column])
            counts[-1, said] += 1
            told = NOBODY, names[said], float(scores[column])
            found.append(_mistake(picture, told, boxes[column]))
    return Confusion(names, counts, tuple(sorted(found, key=_badness, reverse=True)))


def _pairs(overlap: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Rows and columns that are about the same, one to one."""
    rows, columns = linear_sum_assignment(-overlap)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if overlap[pair] >= SAME_FROM]


def _mistake(picture: str, told: tuple[str, str, float], box: NDArray[np.float64]) -> Mistake:
    x1, y1, x2, y2 = box.tolist()
    return Mistake(picture, *told, (x1, y1, x2, y2))


def _badness(mistake: Mistake) -> tuple[int, float, float]:
    kind = 2 if NOBODY not in (mistake.truth, mistake.said) else int(mistake.truth == NOBODY)
    return kind, mistake.confidence, mistake.box[3] - mistake.box[1]


def write_mistakes(
    mistakes: Sequence[Mistake], images: Path, folder: Path
) -> list[tuple[Path, Mistake]]:
    """The worst mistakes are pictures in the folder, worst first; what it showed before is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    written = []
    for number, mistake in enumerate(mistakes[:SHOWN], 1):
        picture = read_picture(images / f"{mistake.picture}.jpg")[..., ::-1]
        file = folder / f"{number:02}.jpg"
        write_whole(file, cv2.imencode(".jpg", _close_up(picture, mistake))[1].tobytes())
        written.append((file, mistake))
    return written


def _close_up(picture: NDArray[np.uint8], mistake: Mistake) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = mistake.box
    colour = TRUE_COLOUR if mistake.said == NOBODY else SAID_COLOUR
    side = AROUND * max(x2 - x1, y2 - y1)
    scale = SHOWN_PX / side
    corner = np.asarray([(x1 + x2 - side) / 2, (y1 + y2 - side) / 2])
    place = np.column_stack([np.eye(2) * scale, -corner * scale])
    shown = cv2.warpAffine(np.ascontiguousarray(picture), place, (SHOWN_PX, SHOWN_PX))
    first, last = (
        ((np.asarray(point) - corner) * scale).round().astype(int).tolist()
        for point in ((x1, y1), (x2, y2))
    )
    cv2.rectangle(shown, first, last, colour, 1)
    return np.asarray(shown, np.uint8)
