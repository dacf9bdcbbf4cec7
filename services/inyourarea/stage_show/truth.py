"""Truth from what was drawn: who is in the picture, where, and how much of her can be seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.figure import FACE, HEAD, PARTS_PER_FIGURE, FigureDrawn
from inyourarea.stage_show.head import face_share
from inyourarea.stage_show.plan import Performer
from inyourarea.stage_show.spec import TruthRow

Box = tuple[float, float, float, float]

SMALLEST_SHOWN_PX = 1.0
"""A face of which less than this is inside the picture has no row."""


@dataclass(frozen=True)
class FrameOf:
    """The frame that rows are about: its number, pts, shot, and the picture's (width, height)."""

    frame: int
    pts: int
    shot: int
    size: tuple[int, int]


@dataclass(frozen=True)
class OnScreen:
    """A member shown on the LED wall: boxes in the picture's pixels, not clipped."""

    name: str
    face: Box
    body: Box
    turned_deg: float


def clip(box: Box, size: tuple[int, int]) -> Box | None:
    """Cut a box at the picture's edges; None where less than a pixel of it is inside."""
    x1, y1 = max(0.0, box[0]), max(0.0, box[1])
    x2, y2 = min(float(size[0]), box[2]), min(float(size[1]), box[3])
    if x2 - x1 < SMALLEST_SHOWN_PX or y2 - y1 < SMALLEST_SHOWN_PX:
        return None
    return x1, y1, x2, y2


def area(box: Box) -> float:
    """Give a box's area; 0 where it is empty."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def rows_of_people(
    frame: FrameOf,
    performers: Sequence[Performer],
    drawn: Mapping[int, FigureDrawn],
    ids: NDArray[np.uint8],
) -> list[TruthRow]:
    """Give a row for each person whose face lies in the picture, in the performers' order."""
    rows = []
    for index, performer in enumerate(performers):
        figure = drawn[index]
        face, body = clip(figure.face_box, frame.size), clip(figure.body_box, frame.size)
        if face is None or body is None:
            continue
        first = 1 + PARTS_PER_FIGURE * index
        inside = area(face) / area(figure.face_box)
        window = ids[figure.head_window]
        face_cells = int(np.count_nonzero(window == first + FACE))
        head_cells = face_cells + int(np.count_nonzero(window == first + HEAD))
        face_seen = _share(face_cells, figure.face_cells) * inside * face_share(figure.turned_deg)
        head_seen = _share(head_cells, figure.head_cells) * inside
        rows.append(
            TruthRow(
                frame.frame,
                frame.pts,
                frame.shot,
                performer.name,
                performer.role,
                face,
                face_seen,
                head_seen,
                body,
            )
        )
    return rows


def rows_of_screens(
    frame: FrameOf, screens: Iterable[OnScreen], ids: NDArray[np.uint8]
) -> list[TruthRow]:
    """Give a row for each member shown on the LED wall; people in front of the wall cover it."""
    rows = []
    scale = ids.shape[1] / frame.size[0]
    for screen in screens:
        face, body = clip(screen.face, frame.size), clip(screen.body, frame.size)
        if face is None or body is None:
            continue
        x1, y1, x2, y2 = (round(v * scale) for v in face)
        window = ids[y1 : max(y1 + 1, y2), x1 : max(x1 + 1, x2)]
        free = float(np.mean(window == 0)) if window.size else 1.0
        seen = free * area(face) / area(screen.face)
        rows.append(
            TruthRow(
                frame.frame,
                frame.pts,
                frame.shot,
                screen.name,
                "screen",
                face,
                seen * face_share(screen.turned_deg),
                seen,
                body,
            )
        )
    return rows


def _share(seen: int, alone: int) -> float:
    return min(1.0, float(seen) / alone) if alone else 0.0


def faded(rows: list[TruthRow], weight: float) -> list[TruthRow]:
    """Give rows of a picture that is mixed in with this weight."""
    return [
        replace(row, face_visible=row.face_visible * weight, head_visible=row.head_visible * weight)
        for row in rows
    ]


def wipe_edge(weight: float, width: int) -> float:
    """Give the column up to which a wipe shows the picture that comes."""
    return round(weight * width)


def uncovered(rows: list[TruthRow], columns: tuple[float, float], weight: float) -> list[TruthRow]:
    """Give rows of a picture of which only these columns are shown.

    Whoever shows a face's pixel there.
    """
    kept = []
    for row in rows:
        left, right = max(row.face[0], columns[0]), min(row.face[2], columns[1])
        if right - left < SMALLEST_SHOWN_PX:
            continue
        kept.append((row, (right - left) / (row.face[2] - row.face[0])))
    return [
        replace(
            row,
            face_visible=row.face_visible * share * weight,
            head_visible=row.head_visible * share * weight,
        )
        for row, share in kept
    ]


def covered(rows: list[TruthRow], covers: Sequence[Box]) -> list[TruthRow]:
    """Take what opaque boxes cover from the visible shares.

    The covers do not overlap each other.
    """
    if not covers:
        return rows
    uncovered_rows = []
    for row in rows:
        hidden = 0.0
        for cover in covers:
            x1, y1 = max(row.face[0], cover[0]), max(row.face[1], cover[1])
            x2, y2 = min(row.face[2], cover[2]), min(row.face[3], cover[3])
            hidden += area((x1, y1, x2, y2))
        free = max(0.0, 1.0 - hidden / area(row.face))
        uncovered_rows.append(
            replace(row, face_visible=row.face_visible * free, head_visible=row.head_visible * free)
        )
    return uncovered_rows
