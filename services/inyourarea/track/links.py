"""How likely one tracklet goes on as another: motion over the gap between them.

After `tracklets`; `assignment` chooses among the links by what the members' evidence says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.columns import ranges
from inyourarea.core.timeline import TICK_S
from inyourarea.track.tracklets import Ints, Sightings, Tracklets, stray_nats, tracklets_from_labels

Floats = NDArray[np.float64]

#: Farther apart in time a person can be anywhere. Seconds.
LONGEST_LINK_S = 2.5 + TICK_S
#: A head has two boxes for a moment where one tracklet of it ends and the next begins. Seconds.
MOST_OVERLAP_S = 0.1 + TICK_S
#: How far a person strays from a guess, in face widths: at once, and per second away.
STRAY_WIDTHS, STRAY_WIDTHS_PER_S = 0.4, 8.0
#: The same for the natural logarithm of the size of the face.
SIZE_STRAY, SIZE_STRAY_PER_S = 0.14, 0.12
#: A head keeps its speed for about this long (a beat lasts half a second). Seconds.
SPEED_LASTS_S = 0.12
#: Speed at an end of a tracklet is measured over this long. Seconds.
SPEED_OVER_S = 0.14
#: No jump costs more: somebody was lost from sight and is found again anywhere. At once nobody
#: jumps; the longer ago it is, the less it says (nats, and seconds to fall by a factor e).
LOST, LOST_AT_ONCE, LOST_FADES_S = 2.0, 8.0, 0.8
#: Tracklets are joined for good where that costs little, anything else a lot more, at once.
SURE_COST, SURE_MARGIN, SURE_WAIT_S = 2.0, 2.0, 0.4 + TICK_S


@dataclass(frozen=True, eq=False)
class Links:
    """Tracklet ``a`` may go on as ``b`` at ``cost`` (nats); arrays (m,).

    All pairs of a shot with at most `LONGEST_LINK_S` between them, or hardly overlapping.
    """

    a: Ints
    b: Ints
    cost: Floats


def links_between(sightings: Sightings, tracklets: Tracklets) -> Links:
    """All plausible continuations of a tracklet by another of the same shot."""
    ends = _ends(sightings, tracklets)
    shot = sightings.shot[tracklets.start]
    parts = [_links_of_shot(ends, np.flatnonzero(shot == s)) for s in np.unique(shot)]
    if not parts:
        return Links(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
    return Links(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def join_sure(sightings: Sightings, tracklets: Tracklets, evidence: Floats) -> Tracklets:
    """Join tracklets that surely go on as one another: nobody else comes near, on either side.

    ``evidence`` (T, k) is what each tracklet says for each class; two that speak for different
    ones are not joined.
    """
    links = links_between(sightings, tracklets)
    best = evidence.max(axis=1, initial=0.0)
    together = np.maximum((evidence[links.a] + evidence[links.b]).max(axis=1, initial=0.0), 0)
    clash = np.maximum(best[links.a], 0) + np.maximum(best[links.b], 0) - together
    cost = links.cost + 2 * clash
    runner_up = np.minimum(
        _next_best(links.a, cost, len(tracklets)), _next_best(links.b, cost, len(tracklets))
    )
    wait = sightings.seconds[tracklets.start[links.b]] - sightings.seconds[tracklets.end[links.a]]
    sure = (cost < SURE_COST) & (runner_up - cost > SURE_MARGIN)
    sure &= (wait > 0) & (wait <= SURE_WAIT_S)
    group = np.arange(len(tracklets), dtype=np.int32)
    for a, b in zip(links.a[sure].tolist(), links.b[sure].tolist(), strict=True):
        group[b] = group[a]  # Links go forward in time and tracklets are in order of time.
    label = tracklets.labels(len(sightings))
    return tracklets_from_labels(np.append(group, -1)[label])


def _next_best(side: Ints, cost: Floats, count: int) -> Floats:
    """For each link the lowest cost of the other links that share its tracklet on this side."""
    first, second = np.full(count, np.inf), np.full(count, np.inf)
    np.minimum.at(first, side, cost)
    is_best = cost <= first[side]
    np.minimum.at(second, side[~is_best], cost[~is_best])
    ties = np.bincount(side[is_best], minlength=count) > 1
    second[ties] = first[ties]
    return np.where(is_best, second[side], first[side])


@dataclass(frozen=True, eq=False)
class _Ends:
    """Where each tracklet begins (index 0) and ends (index 1): seconds, place, speed, side."""

    seconds: Floats
    place: Floats
    speed: Floats
    side: Floats


def _ends(sightings: Sightings, tracklets: Tracklets) -> _Ends:
    place, seconds = sightings.place[tracklets.member], sightings.seconds[tracklets.member]
    side = np.log(sightings.side[tracklets.member])
    low, high = tracklets.bounds[:-1], tracklets.bounds[1:] - 1
    # A few looks in from each end, but never beyond the tracklet.
    last_in = np.searchsorted(_running(seconds, tracklets), _keys(seconds, tracklets, low))
    first_in = np.searchsorted(
        _running(seconds, tracklets), _keys(seconds, tracklets, high, -1), side="left"
    )
    inner = [np.clip(last_in - 1, low, high), np.clip(first_in, low, high)]
    outer = [low, high]
    speed, sides = np.zeros((2, len(tracklets), 2)), np.zeros((2, len(tracklets)))
    total = np.concatenate([[0.0], np.cumsum(side)])
    for end in (0, 1):
        time = seconds[outer[end]] - seconds[inner[end]]
        moved = place[outer[end]] - place[inner[end]]
        speed[end] = np.where(time[:, None] != 0, moved / np.where(time != 0, time, 1)[:, None], 0)
        first = np.minimum(outer[end], inner[end])
        count = np.abs(outer[end] - inner[end]) + 1
        sides[end] = np.exp((total[first + count] - total[first]) / count)
    return _Ends(
        np.stack([seconds[low], seconds[high]]),
        np.stack([place[low], place[high]]),
        speed,
        sides,
    )


def _running(seconds: Floats, tracklets: Tracklets) -> Floats:
    """A key that grows over all entries: tracklet number times a long time, plus seconds."""
    return np.asarray(tracklets.of_member * (seconds.max(initial=0.0) + 10.0) + seconds)


def _keys(seconds: Floats, tracklets: Tracklets, at: Ints, sign: int = 1) -> Floats:
    scale = seconds.max(initial=0.0) + 10.0
    nudge = SPEED_OVER_S + TICK_S
    return np.asarray(np.arange(len(tracklets)) * scale + seconds[at] + sign * nudge)


def _links_of_shot(ends: _Ends, inside: NDArray[np.intp]) -> tuple[Ints, Ints, Floats]:
    start, end = ends.seconds[0][inside], ends.seconds[1][inside]
    # They are in order of start: who may follow on an end starts near it (a little more is asked
    # for than counts, so that rounding loses nobody).
    low = np.searchsorted(start, end - 2 * MOST_OVERLAP_S)
    count = np.searchsorted(start, end + LONGEST_LINK_S + MOST_OVERLAP_S) - low
    i, j = ranges(low, count)
    gap = start[j] - end[i]
    forward = (start[j] > start[i]) & (end[j] > end[i])
    follows = (gap > -MOST_OVERLAP_S) & (gap <= LONGEST_LINK_S) & forward
    i, j = i[follows], j[follows]
    a, b = inside[i], inside[j]
    return a.astype(np.int32), b.astype(np.int32), _gap_cost(ends, a, b)


def _gap_cost(ends: _Ends, a: NDArray[np.intp], b: NDArray[np.intp]) -> Floats:
    """Negative log likelihood of the move from the end of ``a`` to the start of ``b``."""
    wait = np.maximum(ends.seconds[0][b] - ends.seconds[1][a], 0.0)
    side = np.maximum(ends.side[1][a], ends.side[0][b])
    moved = ends.place[0][b] - ends.place[1][a]
    # Both speeds die away over the gap; half of the way belongs to each.
    reach = SPEED_LASTS_S * (1 - np.exp(-wait / SPEED_LASTS_S / 2))[:, None]
    guess = reach * (ends.speed[1][a] + ends.speed[0][b])
    off = np.minimum(np.sqrt((moved**2).sum(axis=1)), np.sqrt(((moved - guess) ** 2).sum(axis=1)))
    distance = off / side / (STRAY_WIDTHS + STRAY_WIDTHS_PER_S * wait)
    growth = np.abs(np.log(ends.side[1][a] / ends.side[0][b]))
    cost = stray_nats(distance) + 0.5 * (growth / (SIZE_STRAY + SIZE_STRAY_PER_S * wait)) ** 2
    return np.minimum(cost, LOST + (LOST_AT_ONCE - LOST) * np.exp(-wait / LOST_FADES_S))
