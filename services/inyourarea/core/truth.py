"""What was really drawn: the truth of a stage show, laid beside a run's frames."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import RunUnreadable
from inyourarea.core.run_files import real, table, whole
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline

TRUTH_COLUMNS = (
    *("frame", "pts", "shot", "name", "role", "x1", "y1", "x2", "y2"),
    *("face_visible", "head_visible", "body_x1", "body_y1", "body_x2", "body_y2"),
)
ROLES = ("member", "dancer", "screen")
MEMBER = ROLES.index("member")


@dataclass(frozen=True, eq=False)
class Truth:
    """Every drawn person in every picture, one per row, in the file's order.

    ``frame`` int64 (n,) rank in the show; ``pts`` int64 (n,); ``shot`` int32 (n,); ``who`` int32
    (n,), a place in ``names``; ``role`` uint8 (n,), a place in `ROLES`; ``face`` and ``body``
    float64 (n, 4) source pixels, the face where it would be when turned away; ``face_visible`` and
    ``head_visible`` float64 (n,), shares 0..1.
    """

    names: tuple[str, ...]
    frame: NDArray[np.int64]
    pts: NDArray[np.int64]
    shot: NDArray[np.int32]
    who: NDArray[np.int32]
    role: NDArray[np.uint8]
    face: NDArray[np.float64]
    body: NDArray[np.float64]
    face_visible: NDArray[np.float64]
    head_visible: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_]) -> "Truth":
        """Only the rows of this mask, bool (n,)."""
        return Truth(
            names=self.names,
            frame=self.frame[rows],
            pts=self.pts[rows],
            shot=self.shot[rows],
            who=self.who[rows],
            role=self.role[rows],
            face=self.face[rows],
            body=self.body[rows],
            face_visible=self.face_visible[rows],
            head_visible=self.head_visible[rows],
        )

    @property
    def members(self) -> tuple[str, ...]:
        """The names that some row has as a member, in order of their first row."""
        return tuple(self.names[who] for who in dict.fromkeys(self.who[self.role == MEMBER]))


@dataclass(frozen=True, eq=False)
class Member:
    """One member through the frames of a run; arrays have a row per frame.

    ``face`` and ``body`` float64 (F, 4), NaN where the member is not in the picture;
    ``face_visible`` and ``head_visible`` float64 (F,), 0 there; ``is_absent`` bool (F,): nowhere in
    the frame's shot.
    """

    name: str
    face: NDArray[np.float64]
    body: NDArray[np.float64]
    face_visible: NDArray[np.float64]
    head_visible: NDArray[np.float64]
    is_absent: NDArray[np.bool_]


def read_truth(lines: Iterable[str], file: str = "truth.csv") -> Truth:
    """The rows of a ``truth.csv``.

    Raises:
        RunUnreadable: a row is broken, or there is none.
    """
    names: dict[str, int] = {}
    whole_numbers: list[tuple[int, int, int, int, int]] = []
    numbers: list[list[float]] = []
    for number, (frame, pts, shot, name, role, *rest) in table(lines, TRUTH_COLUMNS, file):
        if role not in ROLES:
            raise RunUnreadable(f"{file} line {number}: {role!r} is no role.")
        place = (whole(frame, file, number), whole(pts, file, number), whole(shot, file, number))
        whole_numbers.append((*place, names.setdefault(name, len(names)), ROLES.index(role)))
        numbers.append([real(value, file, number) for value in rest])
    if not numbers:
        raise RunUnreadable(f"{file} holds nobody; give the truth of the video that was run.")
    columns = np.array(whole_numbers, dtype=np.int64).T
    values = np.array(numbers, dtype=np.float64)
    return Truth(
        names=tuple(names),
        frame=columns[0],
        pts=columns[1],
        shot=columns[2].astype(np.int32),
        who=columns[3].astype(np.int32),
        role=columns[4].astype(np.uint8),
        face=values[:, :4],
        body=values[:, 6:10],
        face_visible=values[:, 4],
        head_visible=values[:, 5],
    )


def align(truth: Truth, timeline: Timeline) -> Truth:
    """The rows whose pts a run has, ``frame`` being the run's rank from now on.

    A run of a part of the video has other ranks than the show: pts say which frame is which.

    Raises:
        RunUnreadable: no row belongs to the run's frames.
    """
    rank = np.searchsorted(timeline.pts, truth.pts).clip(max=len(timeline) - 1)
    is_here = timeline.pts[rank] == truth.pts
    if not is_here.any():
        raise RunUnreadable("The truth shares no frame with the run; it tells of another video.")
    here = truth.take(is_here)
    here.frame[:] = rank[is_here]
    return here


def shots_of_rows(truth: Truth, frames: int) -> NDArray[np.int32]:
    """The true shot of every frame of the run, int32 (F,), as far as aligned rows tell.

    In a dissolve both pictures have rows; the frame belongs to the one with the best visible head.
    A frame without anybody takes the shot of the last one with somebody.
    """
    order = np.lexsort((truth.head_visible, truth.frame))
    shot = np.full(frames, -1, dtype=np.int32)
    shot[truth.frame[order]] = truth.shot[order]
    known = np.maximum.accumulate(np.where(shot >= 0, np.arange(frames), -1))
    return np.where(known >= 0, shot[known], truth.shot[order[0]]).astype(np.int32)


def shots_of_show(shots: tuple[Shot, ...], show: Truth, timeline: Timeline) -> NDArray[np.int32]:
    """The true shot of every frame of the run, int32 (F,), as the show's ``shots.csv`` tells.

    ``show`` is the truth as read, not aligned: it tells how far the run's ranks are off the show's.
    """
    rank = np.searchsorted(timeline.pts, show.pts).clip(max=len(timeline) - 1)
    is_here = timeline.pts[rank] == show.pts
    shift = int(np.median(show.frame[is_here] - rank[is_here]))
    firsts = [shot.first_frame for shot in shots]
    ranks = (np.arange(len(timeline)) + shift).clip(min=0)
    return (np.searchsorted(firsts, ranks, side="right") - 1).astype(np.int32)


def true_shots(numbers: NDArray[np.int32], shots: tuple[Shot, ...]) -> tuple[Shot, ...]:
    """The run's true shots from the show's shot of every frame; ``shots`` tell the kinds.

    Without ``shots`` every boundary is taken for a cut.
    """
    firsts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    lasts = [*(firsts[1:] - 1), len(numbers) - 1]
    return tuple(
        Shot(int(first), int(last), shots[numbers[first]].kind if shots and first else "cut")
        for first, last in zip(firsts, lasts, strict=True)
    )


def member_of(truth: Truth, name: str, shots: NDArray[np.int32]) -> Member:
    """One member's aligned rows as arrays over the run's frames; ``shots`` (F,) are the true ones.

    Where a dissolve shows the member in both pictures, the row of the frame's own shot counts.
    """
    frames = len(shots)
    own = np.flatnonzero((truth.role == MEMBER) & (truth.who == truth.names.index(name)))
    rows = own[truth.shot[own] == shots[truth.frame[own]]]
    at = truth.frame[rows]
    face, body = np.full((frames, 4), np.nan), np.full((frames, 4), np.nan)
    face_visible, head_visible = np.zeros(frames), np.zeros(frames)
    face[at], body[at] = truth.face[rows], truth.body[rows]
    face_visible[at], head_visible[at] = truth.face_visible[rows], truth.head_visible[rows]
    return Member(
        name=name,
        face=face,
        body=body,
        face_visible=face_visible,
        head_visible=head_visible,
        is_absent=~np.isin(shots, np.unique(truth.shot[rows])),
    )
