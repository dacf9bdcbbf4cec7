"""How likely one tracklet goes on as another: motion over the gap between them.

After `tracklets`; `assignment` chooses among the links by what the members' evidence says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]

#: Farther apart in time a person can be anywhere. Seconds.
LONGEST_LINK_S = 4.0
#: How far a person strays from a guess, in face widths: at once, and per second away.
STRAY_WIDTHS, STRAY_WIDTHS_PER_S = 0.4, 3.5
#: The same for the natural logarithm of the size of the face.
SIZE_STRAY, SIZE_STRAY_PER_S = 0.14, 0.12
#: A head keeps its speed for about this long (a beat lasts half a second). Seconds.
SPEED_LASTS_S = 0.12
#: Speed at an end of a tracklet is measured over this long. Seconds.
SPEED_OVER_S = 0.14
#: No jump costs more: with this, somebody was lost from sight and found again anywhere (nats).
LOST = 7.0


@dataclass(frozen=True, eq=False)
class Links:
    """Tracklet ``a`` may go on as ``b`` at ``cost`` (nats, below ``LOST``); arrays (m,)."""

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
    position = np.arange(seconds.size)
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
    del position
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
    nudge = SPEED_OVER_S + 1e-6
    return np.asarray(np.arange(len(tracklets)) * scale + seconds[at] + sign * nudge)


def _links_of_shot(ends: _Ends, inside: NDArray[np.intp]) -> tuple[Ints, Ints, Floats]:
    gap = ends.seconds[0][inside][None, :] - ends.seconds[1][inside][:, None]
    i, j = np.nonzero((gap > 0) & (gap <= LONGEST_LINK_S))
    a, b = inside[i], inside[j]
    cost = _gap_cost(ends, a, b)
    good = cost < LOST
    return a[good].astype(np.int32), b[good].astype(np.int32), cost[good]


def _gap_cost(ends: _Ends, a: NDArray[np.intp], b: NDArray[np.intp]) -> Floats:
    """Negative log likelihood of the move from the end of ``a`` to the start of ``b``."""
    wait = ends.seconds[0][b] - ends.seconds[1][a]
    side = np.maximum(ends.side[1][a], ends.side[0][b])
    moved = ends.place[0][b] - ends.place[1][a]
    # Both speeds die away over the gap; half of the way belongs to each.
    reach = SPEED_LASTS_S * (1 - np.exp(-wait / SPEED_LASTS_S / 2))[:, None]
    guess = reach * (ends.speed[1][a] + ends.speed[0][b])
    off = np.minimum(np.sqrt((moved**2).sum(axis=1)), np.sqrt(((moved - guess) ** 2).sum(axis=1)))
    distance = off / side / (STRAY_WIDTHS + STRAY_WIDTHS_PER_S * wait)
    growth = np.abs(np.log(ends.side[1][a] / ends.side[0][b]))
    return np.asarray(
        2 * np.log1p(0.5 * distance**2)
        + 0.5 * (growth / (SIZE_STRAY + SIZE_STRAY_PER_S * wait)) ** 2
    )
