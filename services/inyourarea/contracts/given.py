"""The boxes that a user brings instead of a detector: one canonical CSV per video.

The front end writes it from whatever the user has; detect reads a segment's part of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import Refused
from inyourarea.core.reasons import told

HEADER = b"pts,class,x1,y1,x2,y2,confidence\n"

#: Class of a box of which only the place is known.
NO_CLASS = -1


@dataclass(frozen=True, eq=False)
class GivenBoxes:
    """Boxes by pts, ascending; rows of one frame keep the order in which they were given.

    ``pts`` int64 (n,) of their frames, in the source's time base; ``classes`` int32 (n,),
    `NO_CLASS` where none is known; ``xyxy`` float64 (n, 4) in source pixels; ``confidence``
    float64 (n,).
    """

    pts: NDArray[np.int64]
    classes: NDArray[np.int32]
    xyxy: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.pts.size)


def write_given(boxes: GivenBoxes) -> bytes:
    """The boxes as canonical CSV: sorted by pts, to the thousandth. Equal input, equal bytes."""
    order = np.argsort(boxes.pts, kind="stable")
    rows = zip(
        boxes.pts[order].tolist(),
        boxes.classes[order].tolist(),
        boxes.xyxy[order].tolist(),
        boxes.confidence[order].tolist(),
        strict=True,
    )
    lines = (
        f"{pts},{kind},{x1:.3f},{y1:.3f},{x2:.3f},{y2:.3f},{confidence:.3f}\n"
        for pts, kind, (x1, y1, x2, y2), confidence in rows
    )
    return HEADER + "".join(lines).encode()


def read_given(content: bytes, start_pts: int, end_pts: int) -> GivenBoxes:
    """The boxes with ``start_pts <= pts < end_pts``; only that part of the text is parsed.

    Raises:
        Refused: an earlier version of the program wrote the content.
    """
    if not content.startswith(HEADER):
        raise Refused(told("boxes-old"))
    start = _line_of(content, lambda pts: pts >= start_pts)
    end = _line_of(content, lambda pts: pts >= end_pts)
    rows = [line.split(b",") for line in content[start:end].splitlines()]
    table = np.array(rows, dtype=np.float64).reshape(-1, 7)
    return GivenBoxes(
        pts=table[:, 0].astype(np.int64),
        classes=table[:, 1].astype(np.int32),
        xyxy=table[:, 2:6],
        confidence=table[:, 6],
    )


def _line_of(content: bytes, is_reached: Callable[[int], bool]) -> int:
    """Where the first line begins whose pts has reached something; the end if none has."""
    low, high = len(HEADER), len(content)
    while low < high:
        middle = content.rfind(b"\n", 0, (low + high) // 2) + 1
        if is_reached(int(content[middle : content.index(b",", middle)])):
            high = middle
        else:
            low = content.index(b"\n", middle) + 1
    return low
