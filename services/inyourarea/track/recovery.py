"""Weak sightings that go on where a person was lost, or lead to where she was found.

After `members` or `people`, before `gaps`. A head that comes out from behind another scores low at
first and begins no tracklet; once it is known whose tracklet follows, it is hers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.timeline import TICK_S
from inyourarea.track.tracklets import (
    SIZE_STRAY,
    STRAY_WIDTHS,
    STRAY_WIDTHS_PER_S,
    Ints,
    Sightings,
    Tracklets,
    stray_nats,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: From one look at a person to the next no more time passes than this; farther off a weak box says
#: nothing about who it is. Seconds.
LONGEST_STEP_S = 0.15 + TICK_S
#: Nor does a chain lead farther from where she is known. Seconds.
LONGEST_CHAIN_S = 0.3 + TICK_S
#: What it is worth that there is a box at all, and the most that its scores speak for the person
#: and against her (nats).
A_BOX, MOST_FOR, MOST_AGAINST = 1.0, 2.0, 8.0
#: Scores differ by less than this for no reason; nats per unit of the difference of logarithms; and
#: what the background scores.
SCORE_NOISE, SCORE_SAYS, BACKGROUND = 0.05, 1.5, 0.2
#: A chain may be worth this little on its way: a blurred face is taken for another's for a moment.
LEAST_SO_FAR = -5.0
#: The speed at a known end is measured over so long. Seconds.
SPEED_OVER_S = 0.14
#: A tracklet that lasts longer than this and was found to be nobody stays that. Seconds.
SHORT_TRACKLET_S = 0.3 + TICK_S
#: So does one that stands on a wall (nats, as in `screens`).
LEAST_PRESENT = -3.0


@dataclass(frozen=True, eq=False)
class _End:
    """A known sighting of a person beside which she has none: from there time goes by ``sign``.

    ``speed`` (2,) pixels per second; in ``limit_s`` she is seen again.
    """

    person: int
    row: int
    sign: int
    speed: Floats
    limit_s: float


@dataclass(frozen=True)
class _Chain:
    """Sightings that continue a person from one of her ends, and what they are worth (nats)."""

    person: int
    rows: tuple[int, ...]
    value: float


def unclaimed(sightings: Sightings, tracklets: Tracklets, who: Ints, present: Floats) -> Mask:
    """Which sightings may still turn out to be somebody's, bool (n,).

    Those of no tracklet, and those of a short one that is nobody (``who`` -1) and on no wall.
    """
    lasts = sightings.seconds[tracklets.end] - sightings.seconds[tracklets.start]
    short = (who < 0) & (lasts <= SHORT_TRACKLET_S) & (present > LEAST_PRESENT)
    return np.append(short, True)[tracklets.labels(len(sightings))]


def recover(sightings: Sightings, person: Ints, free: Mask) -> Ints:
    """Who each sighting is once free ones are given to the people they continue, int32 (n,).

    ``person`` int32 (n,) is -1 where nobody was told; only sightings in ``free`` bool (n,) change.
    Nobody gets a second sighting in a frame; the surest chains are given first.
    """
    person = person.copy()
    while chains := sorted(
        _chains(sightings, person, free & (person < 0)), key=lambda chain: -chain.value
    ):
        for chain in chains:
            rows = list(chain.rows)
            mine = sightings.frame[person == chain.person]
            if (person[rows] < 0).all() and not np.isin(sightings.frame[rows], mine).any():
                person[rows] = chain.person
    return person


def _chains(sightings: Sightings, person: Ints, free: Mask) -> Iterator[_Chain]:
    """The best continuation of every end of everybody that is worth something."""
    for shot in np.unique(sightings.shot[free]):
        inside = np.flatnonzero(sightings.shot == shot)
        loose = inside[free[inside]]
        for who in np.unique(person[inside][person[inside] >= 0]):
            for end in _ends(sightings, int(who), inside, person[inside] == who):
                if chain := _continuation(sightings, end, loose):
                    yield chain


def _ends(sightings: Sightings, who: int, inside: Rows, hers: Mask) -> Iterator[_End]:
    """The sides of a person's sightings in a shot on which the next look has none of her."""
    known = inside[hers]
    seconds, place = sightings.seconds[known], sightings.place[known]
    looks, look = np.unique(sightings.frame[inside], return_inverse=True)
    look = np.concatenate([[-1], look[hers], [looks.size]])
    for at, row in enumerate(known.tolist()):
        for sign in (1, -1):
            if abs(look[at + 1 + sign] - look[at + 1]) <= 1:
                continue
            inner = int(np.searchsorted(seconds, seconds[at] - sign * SPEED_OVER_S))
            inner = min(inner, known.size - 1)
            wait = seconds[at] - seconds[inner]
            speed = (place[at] - place[inner]) / wait if wait else np.zeros(2)
            is_last = not 0 <= at + sign < known.size
            limit = np.inf if is_last else abs(float(seconds[at + sign] - seconds[at]))
            yield _End(who, row, sign, speed, limit)


def _continuation(sightings: Sightings, end: _End, loose: Rows) -> _Chain | None:
    """The chain of loose sightings from one end that is worth most, if it is worth anything."""
    after = end.sign * (sightings.seconds[loose] - sightings.seconds[end.row])
    if not ((after > 0) & (after < end.limit_s) & (after <= LONGEST_STEP_S)).any():
        return None
    rows = loose[(after > 0) & (after < end.limit_s) & (after <= LONGEST_CHAIN_S)]
    rows = rows[np.argsort(end.sign * sightings.frame[rows], kind="stable")]
    value, before = _best_ways(sightings, end, rows)
    if not value.max(initial=0.0) > 0:
        return None
    picks, at = [], int(np.argmax(value))
    while at >= 0:
        picks.append(int(rows[at]))
        at = int(before[at])
    return _Chain(end.person, tuple(picks), float(value.max()))


def _best_ways(sightings: Sightings, end: _End, rows: Rows) -> tuple[Floats, Ints]:
    """What the best chain to each row is worth, and the row before it in that chain (-1: none)."""
    seconds = sightings.seconds[rows]
    gain = _gain(sightings, end.person, rows)
    value, before = np.full(rows.size, -np.inf), np.full(rows.size, -1, dtype=np.int32)
    start = np.array([end.row])
    for at, row in enumerate(rows.tolist()):
        if abs(seconds[at] - sightings.seconds[end.row]) <= LONGEST_STEP_S:
            value[at] = gain[at] - _cost(sightings, start, row, end.speed)[0]
        wait = np.abs(seconds[:at] - seconds[at])
        near = np.flatnonzero((value[:at] > LEAST_SO_FAR) & (wait > 0) & (wait <= LONGEST_STEP_S))
        if near.size:
            ways = value[near] + gain[at] - _cost(sightings, rows[near], row, np.zeros(2))
            best = int(np.argmax(ways))
            if ways[best] > value[at]:
                value[at], before[at] = ways[best], near[best]
    return value, before


def _gain(sightings: Sightings, who: int, rows: Rows) -> Floats:
    """Nats for each sighting being this person rather than somebody else or nobody."""
    if not sightings.scores.shape[1]:
        return np.full(rows.size, A_BOX)
    scores = sightings.scores[rows]
    own = np.log(scores[:, who] + SCORE_NOISE)
    others = np.log(np.delete(scores, who, axis=1).max(axis=1, initial=BACKGROUND) + SCORE_NOISE)
    return A_BOX + np.clip(SCORE_SAYS * (own - others), -MOST_AGAINST, MOST_FOR)


def _cost(sightings: Sightings, rows: Rows, row: int, speed: Floats) -> Floats:
    """Negative log likelihood that the head in each of ``rows`` is the one in ``row``, (k,)."""
    wait = sightings.seconds[row] - sightings.seconds[rows]
    side = np.maximum(sightings.side[rows], sightings.side[row])
    moved = sightings.place[row] - sightings.place[rows]
    still = np.linalg.norm(moved, axis=1)
    going = np.linalg.norm(moved - speed * wait[:, None], axis=1)
    stray = STRAY_WIDTHS + STRAY_WIDTHS_PER_S * np.abs(wait)
    distance = np.minimum(still, going) / side / stray
    growth = np.log(sightings.side[rows] / sightings.side[row]) / SIZE_STRAY
    return np.asarray(stray_nats(distance) + 0.5 * growth**2)
