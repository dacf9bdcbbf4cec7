"""Heads that no detector sees: followed through the pictures from the sighting before or after."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.core.timeline import TICK_S
from inyourarea.detect.flow import Grey, advance, levelled
from inyourarea.detect.links import NOBODY, link_frames
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.sightings import Sightings

#: A path on which two followers from both ends agree this much is one head: IoU.
MEETING_IOU = 0.4
#: Two boxes that overlap more than this can not be told apart in a small picture: IoU.
CLASH_IOU = 0.25


#: Two ends that are one head look at least this alike: on drawn shows 95 % of the pairs of one
#: person do, over cuts and in any light, and 20 % of those of two; the ways have met besides.
LEAST_LIKENESS = 0.8
#: A way so short that ends on a sighting needs no second one back from there: five frames of 30 a
#: second. Seconds.
SHORT_S = 0.17

#: A followed box: rank, box, agreement, and the row of the sighting it belongs to.
Row = tuple[int, NDArray[np.float64], float, int]


@dataclass
class Path:
    """A head on its way: one box per frame after (or before) the row it started from.

    ``begin`` is that row's rank.
    """

    origin: int
    begin: int
    start: NDArray[np.float64]
    ranks: list[int] = field(default_factory=list)
    xyxy: list[NDArray[np.float64]] = field(default_factory=list)
    agreement: list[float] = field(default_factory=list)

    @property
    def last(self) -> NDArray[np.float64]:
        """Where the head was last."""
        return self.xyxy[-1] if self.xyxy else self.start

    def add(self, rank: int, box: NDArray[np.float64], agreement: float) -> None:
        """One frame further."""
        self.ranks.append(rank)
        self.xyxy.append(box)
        self.agreement.append(agreement)

    def cut_to(self, length: int) -> None:
        """Only the first so many boxes are left."""
        del self.ranks[length:], self.xyxy[length:], self.agreement[length:]


@dataclass(frozen=True, eq=False)
class Followed:
    """Boxes without a sighting: ``origin`` int64 (n,) rows of the sightings; see `Sightings`."""

    rank: NDArray[np.int64]
    xyxy: NDArray[np.float64]
    confidence: NDArray[np.float64]
    origin: NDArray[np.int64]


NOBODY_FOLLOWED = Followed(
    np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64)
)


@dataclass(frozen=True, eq=False)
class Patience:
    """How long a head is followed, in seconds: until it is met again, or with no end in sight.

    ``seconds`` float64 (frames,) are all frames' times.
    """

    seconds: NDArray[np.float64]
    met_s: float
    unmet_s: float

    def reaches(self, path: Path, rank: int, most_s: float) -> bool:
        """Whether that frame is within ``most_s`` of where the path began."""
        return bool(abs(self.seconds[rank] - self.seconds[path.begin]) <= most_s + TICK_S)


def follow(
    pictures: Pictures,
    seen: Sightings,
    sure: float,
    patience: Patience,
) -> Followed:
    """Every head that was lost, or came from nowhere, has boxes where the pixels show it.

    Rows with at least ``sure`` confidence are followed forward where they have no successor in the
    next looked frame, and backward where they have no predecessor. Two paths that meet are one if
    both ends look alike; one that meets nobody keeps its first, certain part. No box overlaps
    another of its frame.
    """
    after, before = link_frames(seen, patience.seconds)
    is_sure = seen.confidence >= sure
    lost = np.flatnonzero((after == NOBODY) & is_sure)
    new = np.flatnonzero((before == NOBODY) & is_sure)
    ranks = pictures.pictured.tolist()
    forward = _walk(pictures, seen, lost, ranks, patience)
    reached = [_reached(seen, path, patience) for path in forward]
    new = np.setdiff1d(new, reached)
    backward = _walk(pictures, seen, new, ranks[::-1], patience)
    met = _meetings(seen, forward, backward)
    rows = [
        *_settled_ahead(forward, backward, met, reached, patience),
        *_settled_behind(backward, met, patience),
    ]
    return _arranged(seen, rows)


def _walk(
    pictures: Pictures,
    seen: Sightings,
    starts: NDArray[np.int64],
    ranks: list[int],
    patience: Patience,
) -> list[Path]:
    """Follow all starts through the ranks in the order given, each as far as it is certain."""
    waiting: dict[int, list[int]] = {}
    for row in starts.tolist():
        waiting.setdefault(int(seen.rank[row]), []).append(row)
    paths: list[Path] = []
    alive: list[Path] = []
    before: Grey | None = None
    for earlier, rank in pairwise(ranks):
        started = [Path(row, earlier, seen.xyxy[row]) for row in waiting.get(earlier, [])]
        paths += started
        alive = [p for p in alive + started if patience.reaches(p, rank, patience.met_s)]
        if not alive:
            before = None
            continue
        before = levelled(pictures.grey(earlier)) if before is None else before
        after = levelled(pictures.grey(rank))
        moved, agreement = advance(before, after, np.array([path.last for path in alive]))
        before = after
        for path, box, value in zip(alive, moved, agreement.tolist(), strict=True):
            path.add(rank, box, value)
        alive = [path for path in alive if _is_going_on(path, seen, rank, pictures.size)]
        alive = _without_clashes(alive)
    return paths


#: Agreement below which a follower has lost its head.
LEAST_AGREEMENT = 0.5
#: Share of a box that the picture shows at least, and pixels of each side: a head that left it has
#: no box, though the wall beside it is followed as well as ever.
LEAST_SEEN, LEAST_SEEN_PX = 0.5, 1


def _is_going_on(path: Path, seen: Sightings, rank: int, size: tuple[int, int]) -> bool:
    """Whether the path's last box is still a head of its own; if not, the box is taken back.

    ``size`` is the (width, height) of the pictures.
    """
    if path.agreement[-1] < LEAST_AGREEMENT or not _is_seen(path.last, size):
        path.cut_to(len(path.ranks) - 1)
        return False
    rows = seen.rows_at(rank)
    overlap = boxes.iou(path.xyxy[-1][None], seen.xyxy[rows])[0]
    return not rows.size or bool(overlap.max() <= CLASH_IOU)


def _is_seen(box: NDArray[np.float64], size: tuple[int, int]) -> bool:
    shown = boxes.clip(box, *size)
    is_there = bool((boxes.size(shown) >= LEAST_SEEN_PX).all())
    return is_there and bool(boxes.area(shown) >= LEAST_SEEN * boxes.area(box))


def _without_clashes(alive: list[Path]) -> list[Path]:
    """Of two followers on one head the one that agrees less ends, one box earlier."""
    kept: list[Path] = []
    for path in sorted(alive, key=lambda path: (-path.agreement[-1], path.origin)):
        others = np.array([other.last for other in kept]).reshape(-1, 4)
        if kept and boxes.iou(path.last[None], others).max() > CLASH_IOU:
            path.cut_to(len(path.ranks) - 1)
        else:
            kept.append(path)
    return sorted(kept, key=lambda path: path.origin)


def _reached(seen: Sightings, path: Path, patience: Patience) -> int:
    """The row of a sighting that a short path ended upon, `NOBODY` without: needs no way back."""
    if not path.ranks or not patience.reaches(path, path.ranks[-1], SHORT_S):
        return NOBODY
    rows = seen.rows_at(path.ranks[-1])
    overlap = boxes.iou(path.last[None], seen.xyxy[rows])[0]
    if not rows.size or overlap.max() < MEETING_IOU:
        return NOBODY
    row = int(rows[np.argmax(overlap)])
    return row if _is_alike(seen, path.origin, row) else NOBODY


def _is_alike(seen: Sightings, one: int, other: int) -> bool:
    vector = seen.looks.vector
    return float(vector[one] @ vector[other]) >= LEAST_LIKENESS


def _settled_ahead(
    forward: list[Path],
    backward: list[Path],
    met: dict[int, int],
    reached: list[int],
    patience: Patience,
) -> list[Row]:
    """What is left of the ways forward, joined with the ways back that they met."""
    rows: list[Row] = []
    for i, ahead in enumerate(forward):
        if i in met:
            rows += _joined(ahead, backward[met[i]])
        elif reached[i] != NOBODY:
            rows += _rows(ahead, len(ahead.ranks))
        else:
            rows += _certain(ahead, patience)
    return rows


def _settled_behind(backward: list[Path], met: dict[int, int], patience: Patience) -> list[Row]:
    """What is left of the ways back that met nobody."""
    alone = set(range(len(backward))) - set(met.values())
    return [row for j in sorted(alone) for row in _certain(backward[j], patience)]


def _meetings(
    seen: Sightings,
    forward: list[Path],
    backward: list[Path],
) -> dict[int, int]:
    """For each forward path that ends on a head that came from nowhere, the path back from it."""
    met: dict[int, int] = {}
    used: set[int] = set()
    for i, ahead in enumerate(forward):
        best, best_iou = -1, MEETING_IOU
        for j, behind in enumerate(backward):
            overlap = _agreement_of(seen, ahead, behind)
            is_free = j not in used and overlap > best_iou
            if is_free and _is_alike(seen, ahead.origin, behind.origin):
                best, best_iou = j, overlap
        if best >= 0:
            met[i] = best
            used.add(best)
    return met


def _agreement_of(seen: Sightings, ahead: Path, behind: Path) -> float:
    """Mean IoU of two paths where both have boxes, their origins included; 0 where none has."""
    mine = {int(seen.rank[ahead.origin]): seen.xyxy[ahead.origin]}
    mine |= dict(zip(ahead.ranks, ahead.xyxy, strict=True))
    theirs = {int(seen.rank[behind.origin]): seen.xyxy[behind.origin]}
    theirs |= dict(zip(behind.ranks, behind.xyxy, strict=True))
    if seen.rank[ahead.origin] >= seen.rank[behind.origin]:
        return 0.0
    common = sorted(mine.keys() & theirs.keys())
    if not common:
        return 0.0
    pairs = [(mine[rank], theirs[rank]) for rank in common]
    ours, others = (np.array(side) for side in zip(*pairs, strict=True))
    return float(boxes.paired_iou(ours, others).mean())


def _joined(ahead: Path, behind: Path) -> list[Row]:
    """Two paths that met as one: each near its own end, in between by distance."""
    theirs = dict(zip(behind.ranks, zip(behind.xyxy, behind.agreement, strict=True), strict=True))
    rows: list[Row] = []
    ours = dict(zip(ahead.ranks, zip(ahead.xyxy, ahead.agreement, strict=True), strict=True))
    ranks = sorted(ours.keys() | theirs.keys())
    for place, rank in enumerate(ranks):
        share = (place + 1) / (len(ranks) + 1)
        if rank in ours and rank in theirs:
            box = ours[rank][0] * (1 - share) + theirs[rank][0] * share
            sure = max(ours[rank][1], theirs[rank][1])
        else:
            box, sure = ours[rank] if rank in ours else theirs[rank]
        rows.append((rank, box, sure, ahead.origin if share < 0.5 else behind.origin))
    return rows


#: Agreement down to which a path that meets nobody is believed.
CERTAIN_AGREEMENT = 0.7


def _certain(path: Path, patience: Patience) -> list[Row]:
    """The part of a path that meets nobody which can be believed."""
    steps = zip(path.ranks, path.agreement, strict=True)
    doubtful = (
        place
        for place, (rank, value) in enumerate(steps)
        if value < CERTAIN_AGREEMENT or not patience.reaches(path, rank, patience.unmet_s)
    )
    return _rows(path, next(doubtful, len(path.ranks)))


def _rows(path: Path, length: int) -> list[Row]:
    columns = zip(path.ranks, path.xyxy, path.agreement, strict=True)
    return [(rank, box, sure, path.origin) for rank, box, sure in columns][:length]


def _arranged(seen: Sightings, rows: list[Row]) -> Followed:
    """By rank, the most certain first, without those on a head that has a box already."""
    kept: list[Row] = []
    taken: dict[int, list[NDArray[np.float64]]] = {}
    for row in sorted(rows, key=lambda row: (row[0], -row[2], row[3])):
        rank, box = row[0], row[1]
        there = [*seen.xyxy[seen.rows_at(rank)], *taken.get(rank, [])]
        if there and boxes.iou(box[None], np.array(there)).max() > CLASH_IOU:
            continue
        taken.setdefault(rank, []).append(box)
        kept.append(row)
    return Followed(
        rank=np.array([row[0] for row in kept], dtype=np.int64),
        xyxy=np.array([row[1] for row in kept], dtype=np.float64).reshape(-1, 4),
        confidence=np.array([row[2] for row in kept], dtype=np.float64),
        origin=np.array([row[3] for row in kept], dtype=np.int64),
    )
