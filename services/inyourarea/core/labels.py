"""Boxes that the user brings instead of a detector: the old CSV, or MOTChallenge text.

Read once, at the edge: frames count from 1 in both files and from 0 in here.
"""

import csv
import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import LabelsUnreadable

#: Value of ``klass`` for a box that does not say who it is.
NO_CLASS = -1
#: What MOTChallenge text has for a confidence that is not told.
UNTOLD = -1.0
#: Detectors whose scores are no shares stay far below it.
LARGEST_SCORE = 1e6
#: A class number beyond this is a mistake, not a group; every class up to the largest is a member.
LARGEST_CLASS = 99
#: More boxes per frame than this, on average, are no stage; it bounds the memory of a giant file.
BOXES_PER_FRAME = 300
OLD_HEADER = ("frame", "class", "x", "y", "w", "h")


@dataclass(frozen=True, eq=False)
class Labels:
    """Boxes ordered by frame, rows of one frame in the file's order.

    ``frame`` int64 (n,) rank from 0; ``klass`` int32 (n,), ``NO_CLASS`` where the file does not
    tell; ``xyxy`` float32 (n, 4) source pixels, inside the frame; ``confidence`` float32 (n,), 1
    where the file has none.
    """

    frame: NDArray[np.int64]
    klass: NDArray[np.int32]
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.frame.size)


@dataclass(frozen=True)
class _Row:
    """One row as the file tells it: ``box`` is x1, y1, x2, y2 in source pixels, unclipped."""

    frame: int
    klass: int
    box: tuple[float, float, float, float]
    confidence: float


def read_labels(lines: Iterable[str], frames: int, size: tuple[int, int]) -> Labels:
    """All boxes of a file whose form, old CSV or MOTChallenge, is found out from its first row.

    The old CSV is ``frame,class,x,y,w,h`` with an optional ``confidence`` and header, centre and
    size as shares of the frame; MOTChallenge is ``frame,id,left,top,width,height,confidence,...``
    in pixels, taken as they stand; confidences that are no shares, as its public detections have
    them, are brought between 0 and 1 by the file's lowest and highest. ``frames`` and ``size``
    (width, height) are the video's. Boxes partly outside the frame are clipped.

    Raises:
        LabelsUnreadable: what is wrong in which line, and what to do.
    """
    frame_ranks, classes, confidences = array("q"), array("i"), array("f")
    sides = array("f")
    most = BOXES_PER_FRAME * frames
    for number, row in _rows(lines, size):
        if not 1 <= row.frame <= frames:
            raise LabelsUnreadable(
                f"Line {number}: frame {row.frame} is not in the video; "
                f"its frames are 1 to {frames}."
            )
        if len(frame_ranks) == most:
            raise LabelsUnreadable(
                f"Line {number}: more than {most} boxes for {frames} frames; leave the "
                "uncertain ones out."
            )
        frame_ranks.append(row.frame - 1)
        classes.append(row.klass)
        confidences.append(row.confidence)
        sides.extend(_inside(row.box, size, number))
    if not frame_ranks:
        raise LabelsUnreadable("The file has no boxes; give at least one row.")
    order = np.argsort(frame_ranks, kind="stable")
    return Labels(
        frame=np.array(frame_ranks, dtype=np.int64)[order],
        klass=np.array(classes, dtype=np.int32)[order],
        xyxy=np.array(sides, dtype=np.float32).reshape(-1, 4)[order],
        confidence=_as_shares(np.array(confidences, dtype=np.float32))[order],
    )


def _as_shares(told: NDArray[np.float32]) -> NDArray[np.float32]:
    """Confidences (n,) as they are told; where they are no shares, by their lowest and highest.

    MOTChallenge writes -1 where a file does not tell.
    """
    told = np.where(told == UNTOLD, 1, told)
    low, high = float(told.min()), float(told.max())
    if low >= 0 and high <= 1:
        return told
    if low == high:
        return np.ones_like(told)
    return np.asarray((told - low) / (high - low), np.float32)


def _rows(lines: Iterable[str], size: tuple[int, int]) -> Iterator[tuple[int, _Row]]:
    """Line number and content of every row; the first one decides which form the file has."""
    is_old: bool | None = None
    for number, fields in _fields(lines):
        if is_old is None and [name.lower() for name in fields[:2]] == ["frame", "class"]:
            _check_header(fields, number)
            is_old = True
            continue
        if is_old is None:
            is_old = _looks_old(fields)
        yield number, _old_row(fields, size, number) if is_old else _mot_row(fields, number)


def _fields(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LabelsUnreadable(
                f"Line {reader.line_num} is no row of a CSV ({error}); write plain numbers "
                "between commas."
            ) from None
        if len(fields) == 1:  # MOTChallenge files are found with blanks for commas, too
            fields = fields[0].split()
        if fields:
            yield reader.line_num, [field.strip() for field in fields]


def _check_header(fields: list[str], number: int) -> None:
    names = [name.lower() for name in fields]
    if names not in ([*OLD_HEADER], [*OLD_HEADER, "confidence"]):
        raise LabelsUnreadable(
            f"Line {number}: the header is {','.join(fields)[:80]!r}; it must be "
            f"{','.join(OLD_HEADER)} and may end with confidence."
        )


def _looks_old(fields: list[str]) -> bool:
    """Whether a first row without header is the old CSV: no more columns, sides of at most 1."""
    if len(fields) != 7:
        return len(fields) < 7
    return all(_number(side) <= 1 for side in fields[4:6])


def _old_row(fields: list[str], size: tuple[int, int], number: int) -> _Row:
    if len(fields) not in (6, 7):
        raise LabelsUnreadable(
            f"Line {number} has {len(fields)} columns; the old CSV has "
            f"{','.join(OLD_HEADER)} and may end with confidence."
        )
    x, y, w, h = (_finite(field, number) for field in fields[2:6])
    _check_sides(w, h, number)
    if max(w, h) > 2:
        raise LabelsUnreadable(
            f"Line {number}: a box of {w:g} x {h:g} frames; the old CSV gives centre and size as "
            "shares of the frame, 0 to 1."
        )
    box = ((x - w / 2) * size[0], (y - h / 2) * size[1])
    return _Row(
        frame=_whole(fields[0], "frame", number),
        klass=_class(fields[1], number),
        box=(*box, box[0] + w * size[0], box[1] + h * size[1]),
        confidence=_confidence(fields[6], number) if len(fields) == 7 else 1.0,
    )


def _mot_row(fields: list[str], number: int) -> _Row:
    if not 7 <= len(fields) <= 10:
        raise LabelsUnreadable(
            f"Line {number} has {len(fields)} columns; MOTChallenge text has frame,id,left,top,"
            "width,height,confidence and up to three more."
        )
    left, top, width, height = (_finite(field, number) for field in fields[2:6])
    _check_sides(width, height, number)
    return _Row(
        frame=_whole(fields[0], "frame", number),
        klass=NO_CLASS,
        box=(left, top, left + width, top + height),
        confidence=_score(fields[6], number),
    )


def _inside(
    box: tuple[float, float, float, float], size: tuple[int, int], number: int
) -> tuple[float, float, float, float]:
    """The box clipped to the frame."""
    x1, y1, x2, y2 = box
    left, top, right, bottom = max(0.0, x1), max(0.0, y1), min(size[0], x2), min(size[1], y2)
    if left >= right or top >= bottom:
        raise LabelsUnreadable(
            f"Line {number}: the box ({x1:.6g}, {y1:.6g})-({x2:.6g}, {y2:.6g}) lies outside the "
            f"{size[0]}x{size[1]} frame; remove it, or check that it belongs to this video."
        )
    return left, top, right, bottom


def _check_sides(width: float, height: float, number: int) -> None:
    if width <= 0 or height <= 0:
        raise LabelsUnreadable(
            f"Line {number}: a box of size {width:g} x {height:g}; both sides must be above 0."
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _finite(text: str, number: int) -> float:
    value = _number(text)
    if not math.isfinite(value):
        raise LabelsUnreadable(
            f"Line {number}: {text[:40]!r} is no number that can be used; remove the row or "
            "correct it."
        )
    return value


def _whole(text: str, what: str, number: int) -> int:
    value = _finite(text, number)
    if not value.is_integer():
        raise LabelsUnreadable(f"Line {number}: the {what} {text[:40]!r} is not a whole number.")
    return int(value)


def _class(text: str, number: int) -> int:
    if text == "":
        return NO_CLASS
    value = _whole(text, "class", number)
    if not NO_CLASS <= value <= LARGEST_CLASS:
        raise LabelsUnreadable(
            f"Line {number}: the class {text[:40]} is out of range; classes count from 0 to "
            f"{LARGEST_CLASS}, and {NO_CLASS} says that it is unknown."
        )
    return value


def _score(text: str, number: int) -> float:
    value = _finite(text, number)
    if abs(value) > LARGEST_SCORE:
        raise LabelsUnreadable(
            f"Line {number}: the confidence {text[:40]} is no detector's; write it between 0 and 1."
        )
    return value


def _confidence(text: str, number: int) -> float:
    value = _finite(text, number)
    if not 0 <= value <= 1:
        raise LabelsUnreadable(
            f"Line {number}: the confidence {text[:40]} is not between 0 and 1; divide by the "
            "largest one."
        )
    return value
