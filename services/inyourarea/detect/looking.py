"""Which frames of a segment go through the detector: few at first, then those that matter."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.core.timeline import TICK_S
from inyourarea.detect.links import NOBODY, link_frames
from inyourarea.detect.sightings import Sightings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: The longest time from one look to the next where nothing happens, and where somebody comes, goes,
#: crosses or turns: four and two frames of 30 a second; see docs/adr/0021 for others. Seconds.
CALM_S, BUSY_S = 0.14, 0.07
#: A head this far off a straight line half-way between two looks turns. Face widths; a filled box
#: is honest within half of one.
MOST_BEND = 0.2
#: At a cut and in the middle of a dissolve heads came or go within this time, and have at least
#: this share of the confidence of all. Seconds.
CHANGE_S, CHANGED_SHARE = 0.15, 0.5


def first_look(pictured: Ints, seconds: Floats) -> Ints:
    """Pictured ranks `CALM_S` apart or a little less, the first and the last among them.

    ``seconds`` (frames,) are all frames' times. Where frames are rare, each of them is looked at.
    """
    looked = pictured[:1].tolist()
    for rank, following in pairwise(pictured[1:].tolist()):
        if seconds[following] - seconds[looked[-1]] > CALM_S + TICK_S:
            looked.append(rank)
    return np.union1d(looked, pictured[-1:]).astype(np.int64)


def next_look(seen: Sightings, pictured: Ints, seconds: Floats, sure: float) -> Ints:
    """The pictured ranks in the middle of stretches without a look in which too much happens.

    Where somebody comes or goes, two heads touch, or one turns, looks are to be `BUSY_S` apart;
    where half of all just came or are about to go there may be a cut or a dissolve, which is looked
    for down to the frame. Only boxes with at least ``sure`` confidence matter. Empty where no
    stretch is too long.
    """
    first, second = np.searchsorted(pictured, [seen.looked[:-1], seen.looked[1:]])
    lasts_s = seconds[seen.looked[1:]] - seconds[seen.looked[:-1]]
    is_too_long = (second - first > 1) & (lasts_s > _longest_s(seen, seconds, sure) + TICK_S)
    return pictured[(first + second)[is_too_long] // 2]


def _longest_s(seen: Sightings, seconds: Floats, sure: float) -> Floats:
    """How long each stretch between two looks may be for what happens in it, (looks - 1,)."""
    after, before = link_frames(seen, seconds)
    turns = _bends(seen, seconds, after, before) > MOST_BEND
    is_sure = seen.confidence >= sure
    longest_s = np.full(max(0, len(seen.looked) - 1), CALM_S)
    for stretch, (first, second) in enumerate(pairwise(seen.looked.tolist())):
        ours, theirs = seen.rows_at(first), seen.rows_at(second)
        stays = ours[after[ours] != NOBODY]
        stays = stays[is_sure[stays] | is_sure[after[stays]]]
        ours, theirs = ours[is_sure[ours]], theirs[is_sure[theirs]]
        if (
            (after[ours] == NOBODY).any()
            or (before[theirs] == NOBODY).any()
            or turns[stays].any()
            or any(_is_touching(seen.xyxy[one]) for one in (ours, theirs))
        ):
            longest_s[stretch] = BUSY_S
    longest_s[_changes(seen, seconds, sure, after, before)] = 0.0
    return longest_s


def _changes(seen: Sightings, seconds: Floats, sure: float, after: Ints, before: Ints) -> Bools:
    """In which stretches between two looks most heads are just coming or going, (looks - 1,).

    Some do each there: a cut, or a dissolve's middle. A head counts by its best confidence.
    """
    time, weight = seconds[seen.rank], seen.confidence.copy()
    came = np.where(np.isin(seen.rank, seen.looked[:1]), -np.inf, time)
    goes = np.where(np.isin(seen.rank, seen.looked[-1:]), np.inf, time)
    for row in np.flatnonzero(before != NOBODY).tolist():
        came[row] = came[before[row]]
        weight[row] = max(weight[row], weight[before[row]])
    for row in np.flatnonzero(after != NOBODY)[::-1].tolist():
        goes[row] = goes[after[row]]
        weight[row] = weight[after[row]]
    weight[weight < sure] = 0.0
    within_s = CHANGE_S - TICK_S
    comes, leaves = time - came < within_s, goes - time < within_s
    changes = np.zeros(max(0, len(seen.looked) - 1), dtype=bool)
    for stretch, (first, second) in enumerate(pairwise(seen.looked.tolist())):
        ours = seen.rows_at(first)
        there = np.concatenate([ours[after[ours] == NOBODY], seen.rows_at(second)])
        some = [weight[there[which[there]]].sum() for which in (comes, leaves, comes | leaves)]
        changes[stretch] = min(some) > 0 and some[2] >= CHANGED_SHARE * weight[there].sum()
    return changes


def _bends(seen: Sightings, seconds: Floats, after: Ints, before: Ints) -> Floats:
    """How far off a straight line each head is half-way to its successor, face widths, (n,).

    By how its speed changes at either end; as if it did not where that can not be told.
    """
    place, time = boxes.centre(seen.xyxy), seconds[seen.rank]
    going, passing = after != NOBODY, (after != NOBODY) & (before != NOBODY)
    wait, speed, turn = np.zeros(len(seen)), np.zeros((len(seen), 2)), np.zeros(len(seen))
    wait[going] = time[after[going]] - time[going]
    speed[going] = (place[after[going]] - place[going]) / wait[going, None]
    change = np.linalg.norm(speed[passing] - speed[before[passing]], axis=1)
    turn[passing] = change / (wait[passing] + wait[before[passing]]) * 2
    # Half-way through an even acceleration a head is off by an eighth of it times the time squared.
    off = (turn + turn[after]) / 2 * wait**2 / 8
    return np.asarray(off / np.maximum(boxes.size(seen.xyxy)[:, 0], 1))


def _is_touching(xyxy: Floats) -> bool:
    shared = boxes.intersection(xyxy, xyxy)
    np.fill_diagonal(shared, 0)
    return bool(shared.any())
