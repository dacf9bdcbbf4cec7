"""The first step of identity: detections of one shot that are surely the same head, joined.

Detections come in, tracklets go out to `evidence` and `assignment`. A tracklet that is too short
costs little, one that holds two people can not be repaired later: so in doubt it is cut.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inyourarea.core.boxes import area, centre, paired_iou
from inyourarea.core.detections import Detections
from inyourarea.core.timeline import TICK_S, Timeline

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

#: A head that was not found for longer than this is a new question. Seconds; a blurred turn of the
#: head is missed for a tenth or two.
LONGEST_MISS_S = 0.3 + TICK_S
#: Two boxes that overlap more than this are a crossing: who comes out of it is a new question.
CROSSING_IOU = 0.65
#: Two boxes that overlap more than this are on one head, as a rule.
DOUBLE_IOU = 0.45
#: So are two that overlap more than this and are of one class: nobody is twice in one place.
SAME_CLASS_IOU = 0.1
#: A face farther than this from where it was expected is another one: at once, and per second (who
#: runs across a stage in two seconds moves more than a face width per frame); face widths.
REACH_WIDTHS, REACH_WIDTHS_PER_S = 1.0, 45.0
#: How far a face strays from where its speed would take it: at rest, and per second between two
#: looks (a dancer's head changes its speed several times a second); face widths.
STRAY_WIDTHS, STRAY_WIDTHS_PER_S = 0.25, 6.0
#: Natural logarithm of how much a face's size changes from one look to the next.
SIZE_STRAY = 0.16
#: Costs are negative log likelihoods; above this two boxes are not joined.
DEAREST_JOIN = 9.0
#: Where another way of joining costs less than this more, the joining is in doubt.
DOUBT = 2.0
#: Share of the newest look in the running means of a head's speed, and of its class and looks.
SPEED_SHARE, LOOKS_SHARE = 0.5, 0.3
#: What two appearances differ by within one head, as 1 - cosine.
APPEARANCE_STRAY = 0.03
#: How wrong a class posterior may be: the least that agreement is believed to be.
LEAST_AGREEMENT = 0.02


@dataclass(frozen=True, eq=False)
class Sightings:
    """The detected boxes of a video in frames, ordered by frame: what identity works on.

    ``row`` int32 (n,) is the row in `Detections`; ``frame``, ``shot`` int32 (n,); ``seconds``
    float64 (n,); ``xyxy`` float64 (n, 4) pixels; ``confidence`` float64 (n,); ``scores`` float64
    (n, C) class scores; ``appearance`` float64 (n, D) unit vectors (zero rows: not known);
    ``portrait`` uint8 (n, E) as in `Detections`.
    """

    row: Ints
    frame: Ints
    shot: Ints
    seconds: Floats
    xyxy: Floats
    confidence: Floats
    scores: Floats
    appearance: Floats
    portrait: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.row.size)

    @cached_property
    def place(self) -> Floats:
        """Centres of the boxes, (n, 2) pixels."""
        return np.asarray(centre(self.xyxy))

    @cached_property
    def side(self) -> Floats:
        """Square roots of the boxes' areas, (n,) pixels: the face's size."""
        return np.sqrt(np.maximum(area(self.xyxy), 1e-6))

    @cached_property
    def posterior(self) -> Floats:
        """Class probabilities, (n, C); what is missing to 1 is the chance that it is nobody."""
        return np.asarray(self.scores / np.maximum(self.scores.sum(axis=1, keepdims=True), 1.0))


@dataclass(frozen=True, eq=False)
class Tracklets:
    """Sightings grouped by tracklet, and within one by frame.

    ``member`` int32 (r,) indexes the sightings; tracklet t owns ``member[bounds[t]:bounds[t+1]]``;
    ``bounds`` int32 (T+1,). Tracklets are ordered by first frame, then by first sighting.
    """

    member: Ints
    bounds: Ints

    def __len__(self) -> int:
        return int(self.bounds.size) - 1

    @cached_property
    def start(self) -> Ints:
        """The first sighting of each tracklet, (T,)."""
        return self.member[self.bounds[:-1]]

    @cached_property
    def end(self) -> Ints:
        """The last sighting of each tracklet, (T,)."""
        return self.member[self.bounds[1:] - 1]

    @cached_property
    def of_member(self) -> Ints:
        """The tracklet of each entry of ``member``, (r,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.bounds))

    def sightings(self, tracklet: int) -> Ints:
        """The sightings of one tracklet, in time order."""
        return self.member[self.bounds[tracklet] : self.bounds[tracklet + 1]]

    def labels(self, count: int) -> Ints:
        """The tracklet of each of ``count`` sightings, -1 for none."""
        label = np.full(count, -1, dtype=np.int32)
        label[self.member] = self.of_member
        return label

    def total(self, values: Floats) -> Floats:
        """Sums over each tracklet of one value (r,) or row (r, k) per entry of ``member``."""
        if not len(self):
            return np.zeros((0, *values.shape[1:]))
        return np.asarray(np.add.reduceat(values, self.bounds[:-1], axis=0))


def sightings_of(detections: Detections, timeline: Timeline, classes: int, shot: Ints) -> Sightings:
    """What was detected, in pixels, with that many class scores; ``shot`` (F,) is each frame's."""
    row = np.flatnonzero(detections.detected)
    frame = np.searchsorted(timeline.pts, detections.pts[row])
    return Sightings(
        row=row.astype(np.int32),
        frame=frame.astype(np.int32),
        shot=shot[frame],
        seconds=timeline.seconds[frame],
        xyxy=detections.xyxy[row].astype(np.float64),
        confidence=detections.confidence[row].astype(np.float64),
        scores=detections.scores[row, :classes].astype(np.float64),
        appearance=detections.appearance[row].astype(np.float64),
        portrait=detections.portrait[row],
    )


def without_doubles(sightings: Sightings, believed: float) -> Sightings:
    """Leave out the weaker of two boxes on one head, unless both are believed and differ."""
    has_classes = sightings.scores.shape[1] > 0
    a, b = overlapping_pairs(sightings, SAME_CLASS_IOU if has_classes else DOUBLE_IOU)
    weaker = np.where(sightings.confidence[a] < sightings.confidence[b], a, b)
    both = np.minimum(sightings.confidence[a], sightings.confidence[b]) >= believed
    if has_classes:
        differ = sightings.scores[a].argmax(axis=1) != sightings.scores[b].argmax(axis=1)
        apart = paired_iou(sightings.xyxy[a], sightings.xyxy[b]) <= DOUBLE_IOU
        both = differ & (both | apart)
    keep = np.ones(len(sightings), dtype=bool)
    keep[weaker[~both]] = False
    return Sightings(
        row=sightings.row[keep],
        frame=sightings.frame[keep],
        shot=sightings.shot[keep],
        seconds=sightings.seconds[keep],
        xyxy=sightings.xyxy[keep],
        confidence=sightings.confidence[keep],
        scores=sightings.scores[keep],
        appearance=sightings.appearance[keep],
        portrait=sightings.portrait[keep],
    )


def tracklets_from_labels(label: Ints) -> Tracklets:
    """Group sightings (already in frame order) by label; negative labels are left out."""
    used = np.flatnonzero(label >= 0)
    _, first, inverse = np.unique(label[used], return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")[inverse]
    order = np.argsort(rank, kind="stable")
    counts = np.bincount(rank, minlength=first.size)
    return Tracklets(
        member=used[order].astype(np.int32),
        bounds=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
    )


@dataclass(eq=False)
class _Heads:
    """The heads followed at the moment; arrays with a row per head."""

    tracklet: Ints
    seconds: Floats
    place: Floats
    speed: Floats
    side: Floats
    posterior: Floats
    appearance: Floats

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "_Heads":
        return _Heads(
            self.tracklet[rows],
            self.seconds[rows],
            self.place[rows],
            self.speed[rows],
            self.side[rows],
            self.posterior[rows],
            self.appearance[rows],
        )

    def and_also(self, new: "_Heads") -> "_Heads":
        if not self.tracklet.size:
            return new
        return _Heads(
            np.concatenate([self.tracklet, new.tracklet]),
            np.concatenate([self.seconds, new.seconds]),
            np.concatenate([self.place, new.place]),
            np.concatenate([self.speed, new.speed]),
            np.concatenate([self.side, new.side]),
            np.concatenate([self.posterior, new.posterior]),
            np.concatenate([self.appearance, new.appearance]),
        )


def join_sightings(sightings: Sightings, confident: float) -> Tracklets:
    """Tracklets of all shots; none reaches over a cut, none goes on through a crossing.

    Sightings with a confidence of at least ``confident`` are joined first and may begin a
    tracklet; the weaker ones only continue what is left over (the two stages of ByteTrack,
    Zhang et al. 2022). A joining that could as well have been another one begins a new tracklet.
    """
    label = np.full(len(sightings), -1, dtype=np.int32)
    strong = sightings.confidence >= confident
    columns = _columns(sightings)
    bounds = np.flatnonzero(np.diff(sightings.frame, prepend=-1, append=-1))
    heads, shot, named = None, -1, 0
    for low, high in pairwise(bounds.tolist()):
        seen = columns.take(np.arange(low, high))
        if heads is None or sightings.shot[low] != shot:
            heads, shot = columns.take(np.arange(0)), int(sightings.shot[low])
        label[low:high], heads, named = _join_frame(heads, seen, strong[low:high], named)
    return tracklets_from_labels(_cut_at_crossings(sightings, label))


def _columns(sightings: Sightings) -> _Heads:
    """Every sighting as if it were a head that does not move yet."""
    return _Heads(
        tracklet=np.full(len(sightings), -1, dtype=np.int32),
        seconds=sightings.seconds,
        place=sightings.place,
        speed=np.zeros((len(sightings), 2)),
        side=sightings.side,
        posterior=sightings.posterior,
        appearance=sightings.appearance,
    )


def _join_frame(
    heads: _Heads, seen: _Heads, strong: NDArray[np.bool_], named: int
) -> tuple[Ints, _Heads, int]:
    """One frame: who of the heads is seen where; returns labels, the heads after it, names used."""
    now = float(seen.seconds[0])
    label = np.full(seen.tracklet.size, -1, dtype=np.int32)
    alive = np.flatnonzero(now - heads.seconds <= LONGEST_MISS_S)
    if alive.size < heads.tracklet.size:
        heads = heads.take(alive)
    kept = np.ones(heads.tracklet.size, dtype=bool)
    pairs: list[tuple[int, int]] = []
    if heads.tracklet.size:
        cost = _join_cost(heads, seen)
        stages = [np.flatnonzero(strong)]
        if stages[0].size < strong.size:
            stages.append(np.flatnonzero(~strong))
        for columns in stages:
            free = np.flatnonzero(kept)
            if not (free.size and columns.size):
                continue
            part = cost[np.ix_(free, columns)]
            for i, j in zip(*linear_sum_assignment(np.minimum(part, DEAREST_JOIN)), strict=True):
                if part[i, j] < DEAREST_JOIN:
                    pairs.append((int(free[i]), int(columns[j])))
                    kept[free[i]] = False
        named = _name_pairs(heads, cost, pairs, label, named)
    new = np.flatnonzero((label < 0) & strong)
    label[new] = np.arange(named, named + new.size)
    named += new.size
    after = _after_look(heads, seen, label, pairs, new)
    return label, heads.take(np.flatnonzero(kept)).and_also(after), named


def _join_cost(heads: _Heads, seen: _Heads) -> Floats:
    """Negative log likelihood that each head (rows) is seen in each box (columns)."""
    wait = float(seen.seconds[0]) - heads.seconds
    side = np.maximum(heads.side[:, None], seen.side[None, :])
    moved = seen.place[None, :, :] - heads.place[:, None, :]
    strays = moved - (heads.speed * wait[:, None])[:, None, :]
    reach = np.sqrt((strays**2).sum(axis=2)) / side
    still = np.sqrt((moved**2).sum(axis=2)) / side
    stray = (STRAY_WIDTHS + STRAY_WIDTHS_PER_S * wait)[:, None]
    distance = np.minimum(reach, 0.5 * reach + 0.5 * still)
    cost = stray_nats(distance / stray)
    cost += 0.5 * (np.log(heads.side[:, None] / seen.side[None, :]) / SIZE_STRAY) ** 2
    if heads.posterior.shape[1]:
        agreement = heads.posterior @ seen.posterior.T
        own = np.sqrt(
            (heads.posterior**2).sum(axis=1)[:, None] * (seen.posterior**2).sum(axis=1)[None, :]
        )
        cost -= np.log(np.maximum(agreement / np.maximum(own, 0.05), LEAST_AGREEMENT))
    if heads.appearance.shape[1]:
        likeness = heads.appearance @ seen.appearance.T
        known = _is_known(heads.appearance) & _is_known(seen.appearance).T
        cost += np.where(known, np.minimum((1 - likeness) / APPEARANCE_STRAY, 5.0), 0.0)
    reached = distance <= REACH_WIDTHS + REACH_WIDTHS_PER_S * np.minimum(wait, 0.1)[:, None]
    return np.where(reached, cost, 2 * DEAREST_JOIN)


def stray_nats(strays: Floats) -> Floats:
    """Negative log likelihood of being off by so many times what heads stray; heavy tails."""
    return np.asarray(2 * np.log1p(0.5 * strays**2))


def _name_pairs(
    heads: _Heads, cost: Floats, pairs: list[tuple[int, int]], label: Ints, named: int
) -> int:
    """Give each joined box its head's tracklet, or a new one where the joining is in doubt."""
    if not pairs:
        return named
    i, j = (np.array(side) for side in zip(*pairs, strict=True))
    doubt = _doubts(cost, i, j)
    label[j] = heads.tracklet[i]
    label[j[doubt]] = np.arange(named, named + int(doubt.sum()))
    return named + int(doubt.sum())


def _doubts(cost: Floats, i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which joined pairs (i, j) could as well have been joined otherwise."""
    own = cost[i, j]
    swap = cost[np.ix_(i, j)]
    swapped = swap + swap.T - own[:, None] - own[None, :]
    np.fill_diagonal(swapped, np.inf)
    doubt = swapped.min(axis=1) < DOUBT
    if i.size < cost.shape[0]:
        idle_heads = np.ones(cost.shape[0], dtype=bool)
        idle_heads[i] = False
        doubt |= (cost[idle_heads][:, j] - own[None, :]).min(axis=0) < DOUBT
    if j.size < cost.shape[1]:
        idle_boxes = np.ones(cost.shape[1], dtype=bool)
        idle_boxes[j] = False
        doubt |= (cost[i][:, idle_boxes] - own[:, None]).min(axis=1) < DOUBT
    return doubt


def _after_look(
    heads: _Heads, seen: _Heads, label: Ints, pairs: list[tuple[int, int]], new: NDArray[np.intp]
) -> _Heads:
    """The heads that were seen in this frame, as they stand after it."""
    if not pairs:
        fresh = seen.take(new)
        fresh.tracklet = label[new]
        return fresh
    i, j = (np.array(side) for side in zip(*pairs, strict=True))
    old, after = heads.take(i), seen.take(np.concatenate([j, new]))
    after.tracklet = label[np.concatenate([j, new])]
    m = i.size
    wait = np.maximum(after.seconds[:m] - old.seconds, 1e-3)
    speed = (after.place[:m] - old.place) / wait[:, None]
    fresh_speed = ~_is_known(old.speed)
    after.speed[:m] = np.where(fresh_speed, speed, _mixed(old.speed, speed, SPEED_SHARE))
    after.posterior[:m] = _mixed(old.posterior, after.posterior[:m], LOOKS_SHARE)
    known = _is_known(after.appearance[:m])
    mixed = _mixed(old.appearance, after.appearance[:m], LOOKS_SHARE)
    length = np.maximum(np.sqrt((mixed**2).sum(axis=1, keepdims=True)), 1e-9)
    after.appearance[:m] = np.where(known, mixed / length, old.appearance)
    return after


def _is_known(vectors: Floats) -> NDArray[np.bool_]:
    """Which rows are not all zero, (n, 1)."""
    return np.asarray(np.any(vectors != 0, axis=1, keepdims=True))


def _mixed(old: Floats, new: Floats, share: float) -> Floats:
    return (1 - share) * old + share * new


def overlapping_pairs(sightings: Sightings, least_iou: float) -> tuple[Ints, Ints]:
    """All pairs of sightings in one frame that overlap by more than ``least_iou``, a < b."""
    first, second = [], []
    for step in range(1, len(sightings)):
        a = np.flatnonzero(sightings.frame[:-step] == sightings.frame[step:])
        if not a.size:
            break
        ours, theirs = sightings.xyxy[a], sightings.xyxy[a + step]
        low, high = np.maximum(ours[:, :2], theirs[:, :2]), np.minimum(ours[:, 2:], theirs[:, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        hit = a[shared > least_iou * (area(ours) + area(theirs) - shared)]
        first.append(hit)
        second.append(hit + step)
    join = np.concatenate
    return (
        (join(first).astype(np.int32), join(second).astype(np.int32))
        if first
        else (np.zeros(0, np.int32), np.zeros(0, np.int32))
    )


def _cut_at_crossings(sightings: Sightings, label: Ints) -> Ints:
    """Labels in which both tracklets of a crossing end there and new ones begin behind it."""
    a, b = overlapping_pairs(sightings, CROSSING_IOU)
    crossing = np.zeros(len(sightings), dtype=bool)
    crossing[a] = crossing[b] = True
    tracklets = tracklets_from_labels(label)
    at = crossing[tracklets.member]
    changes = np.ones(at.size, dtype=np.int64)
    changes[1:] = (at[1:] != at[:-1]) | (np.diff(tracklets.of_member) != 0)
    cut = np.full(label.size, -1, dtype=np.int32)
    cut[tracklets.member] = np.cumsum(changes) - 1
    return cut
