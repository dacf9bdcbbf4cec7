"""Who is who, decided for all members and tracklets of a shot at once: an integer program.

`identity` states the question as a `Casting`; the answer is one member, or nobody, per tracklet.
Every member is a unit of flow that runs through the shot: along links from tracklet to tracklet,
or through a waiting line where the member is lost from sight; who was not seen yet has another.
Flows of different members meet only in the rule that a tracklet is at most one member.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from inyourarea.core.timeline import TICK_S
from inyourarea.track.links import LONGEST_LINK_S, Links
from inyourarea.track.tracklets import Ints

Floats = NDArray[np.float64]

NOBODY = -1
#: A gain that stands for "must": larger than all evidence of a shot together (nats).
MUST = 1e4
#: Members whose evidence is this much weaker than the best one's are not asked for (nats).
HOPELESS = 12.0
#: And of the others only so many are.
MOST_CANDIDATES = 3
#: What speaks this much against being anybody is nobody, however well it would fit in (nats).
WEAKEST = 2.0
#: What it costs that a member appears, or disappears for the rest of the shot, without a link: at
#: the shot's ends everybody does, in its midst few do; a false detection is worth a look (nats).
ENTRY_AT_CUT, ENTRY, EXIT = 1.2, 2.5, 1.5
#: This near to the first and the last sighting of a shot are its ends. Seconds.
NEAR_CUT_S = 0.25 + TICK_S
#: HiGHS stops branching here and gives its best answer so far; counted in nodes and not in
#: seconds, so that the answer is the same on a busy machine.
MOST_NODES = 100
#: Seconds; a last resort that no shot of the benchmarks comes near.
TIME_LIMIT_S = 60.0


#: So many tracklets of a shot are decided on together, two minutes of eight people, and the last
#: of them once more with what follows.
MOST_AT_ONCE, LOOK_AHEAD = 600, 200


@dataclass(frozen=True, eq=False)
class Casting:
    """The question: which of K members is each of T tracklets.

    ``gain`` float64 (T, K): what it is worth that a tracklet is a member, against nobody;
    -inf where it can not be, ``MUST`` and more where it must. ``first``, ``last`` int32 (T,)
    frames; ``seconds`` float64 (T, 2), the same in time; ``shot`` int32 (T,); ``links`` what one
    costs after another.
    """

    gain: Floats
    first: Ints
    last: Ints
    seconds: Floats
    shot: Ints
    links: Links


def cast(casting: Casting) -> Ints:
    """The best answer, int32 (T,): a member's index or ``NOBODY`` for each tracklet.

    A member is never two tracklets that go on side by side (`links` has which may follow which).
    Shots are solved apart: nothing but ``gain`` reaches over a cut.
    """
    who = np.full(len(casting.first), NOBODY, dtype=np.int32)
    for shot in np.unique(casting.shot):
        _cast_shot(casting, np.flatnonzero(casting.shot == shot), who)
    return who


def _cast_shot(casting: Casting, inside: NDArray[np.intp], who: Ints) -> None:
    """Write the answer for a shot's tracklets, which are in order of when they begin.

    A video without a cut is solved a few minutes at a time, in time that grows with its length:
    who was decided on stays so, and what comes next has a say before that.
    """
    ends = casting.seconds[:, 1]
    begun = 0
    while begun < inside.size:
        part = inside[begun : begun + MOST_AT_ONCE]
        is_last = begun + MOST_AT_ONCE >= inside.size
        decided = part if is_last else part[:-LOOK_AHEAD]
        since = casting.seconds[part[0], 0] - LONGEST_LINK_S
        held = inside[:begun]
        held = held[(who[held] != NOBODY) & (ends[held] >= since)]
        gain = np.full((held.size, casting.gain.shape[1]), -np.inf)
        gain[np.arange(held.size), who[held]] = MUST
        asked = np.concatenate([held, part])
        answer = _cast_part(casting, asked, np.concatenate([gain, casting.gain[part]]))
        who[decided] = answer[held.size : held.size + decided.size]
        begun += decided.size


def _cast_part(casting: Casting, inside: NDArray[np.intp], gain: Floats) -> Ints:
    best = np.maximum(gain.max(axis=1, keepdims=True), 0) if gain.size else gain
    possible = gain > np.maximum(best - HOPELESS, -WEAKEST)
    if gain.shape[1] > MOST_CANDIDATES:
        floor = np.partition(gain, -MOST_CANDIDATES, axis=1)[:, -MOST_CANDIDATES]
        possible &= gain >= floor[:, None]
    tracklet, member = np.nonzero(possible.T)[::-1]
    who = np.full(inside.size, NOBODY, dtype=np.int32)
    if not tracklet.size:
        return who
    place = np.full(len(casting.first), -1)
    place[inside] = np.arange(inside.size)
    a, b = place[casting.links.a], place[casting.links.b]
    mine = (a >= 0) & (b >= 0)
    program = _Program(
        tracklet=tracklet,
        member=member,
        gain=gain[tracklet, member],
        seconds=casting.seconds[inside][tracklet],
        shot_s=(casting.seconds[inside, 0].min(), casting.seconds[inside, 1].max()),
        links=Links(a[mine].astype(np.int32), b[mine].astype(np.int32), casting.links.cost[mine]),
    )
    chosen = program.solve()
    who[tracklet[chosen]] = member[chosen]
    return who


@dataclass(frozen=True, eq=False)
class _Program:
    """The integer program of one shot; a candidate is a tracklet that may be a member.

    Candidates are ordered by member, and within one by when they begin. ``seconds`` (c, 2) is when
    each begins and ends, ``shot_s`` when the first of all the shot's tracklets does and the last;
    ``links`` are between the shot's tracklets.
    """

    tracklet: NDArray[np.intp]
    member: NDArray[np.intp]
    gain: Floats
    seconds: Floats
    shot_s: tuple[float, float]
    links: Links

    def solve(self) -> NDArray[np.bool_]:
        """Which candidates are chosen."""
        a, b, cost = self._arcs()
        count = self.tracklet.size
        line, line_after = self._waiting_line()
        # Columns: enter at first, along an arc, leave into the line, leave for good, wait to be
        # seen at first, enter from the line, wait in it.
        enter = np.arange(count)
        arcs = count + np.arange(a.size)
        lost = arcs.size + count + np.arange(count)
        gone, wait, again, wait_again = (lost + count * n for n in range(1, 5))
        columns = int(wait_again[-1]) + 1
        price = np.zeros(columns)
        begin, end = self.seconds[:, 0], self.seconds[:, 1]
        at_start = begin <= self.shot_s[0] + NEAR_CUT_S
        price[enter] = np.where(at_start, ENTRY_AT_CUT, ENTRY) - self.gain
        price[again] = ENTRY - self.gain
        price[gone] = np.where(end >= self.shot_s[1] - NEAR_CUT_S, 0.0, EXIT)
        price[arcs] = cost - self.gain[b]
        rows = _Rows(columns)
        # What comes into a candidate goes out of it.
        for into in (enter, again):
            rows.add(enter, into, 1.0)
        rows.add(b, arcs, 1.0)
        rows.add(a, arcs, -1.0)
        for out in (lost, gone):
            rows.add(enter, out, -1.0)
        # The lines: stage i lets candidate i in; who is lost joins at the next candidate behind.
        follows = np.flatnonzero(self._has_next())
        for stage, goes_in, waits in (
            (count + line, enter, wait),
            (2 * count + line, again, wait_again),
        ):
            rows.add(stage, goes_in, -1.0)
            rows.add(stage, waits, -1.0)
            rows.add(stage[follows + 1], waits[follows], 1.0)
        rejoin = line_after >= 0
        rows.add(2 * count + line_after[rejoin], lost[rejoin], 1.0)
        supply = np.zeros(3 * count)
        supply[count + line[self._is_first()]] = -1.0
        # At most one member per tracklet.
        tracklets, index = np.unique(self.tracklet, return_inverse=True)
        for into in (enter, again):
            rows.add(3 * count + index, into, 1.0)
        rows.add(3 * count + index[b], arcs, 1.0)
        matrix = rows.matrix(3 * count + tracklets.size)
        low = np.concatenate([supply, np.zeros(tracklets.size)])
        high = np.concatenate([supply, np.ones(tracklets.size)])
        upper = np.ones(columns)
        upper[lost[~rejoin]] = 0
        # Who is lost comes back: else she has left for good, which has its price.
        upper[wait_again[~self._has_next()]] = 0
        answer = milp(
            price,
            integrality=np.ones(columns, dtype=np.int64),
            bounds=Bounds(0, upper),
            constraints=LinearConstraint(matrix, low, high),
            options={
                "node_limit": MOST_NODES,
                "time_limit": TIME_LIMIT_S,
                "mip_rel_gap": 1e-6,
            },
        )
        if answer.x is None:
            return self._greedy()
        taken = answer.x[enter] + answer.x[again]
        np.add.at(taken, b, answer.x[arcs])
        return np.asarray(taken > 0.5)

    def _arcs(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """The links between candidates of the same member."""
        parts = []
        size = int(self.tracklet.max()) + 1
        for member in np.unique(self.member):
            candidate = np.full(size, -1)
            mine = np.flatnonzero(self.member == member)
            candidate[self.tracklet[mine]] = mine
            a, b = (
                candidate[self._within(self.links.a, size)],
                candidate[self._within(self.links.b, size)],
            )
            good = (a >= 0) & (b >= 0) & (self.links.a < size) & (self.links.b < size)
            parts.append((a[good], b[good], self.links.cost[good]))
        a, b, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
        return a, b, cost

    @staticmethod
    def _within(index: Ints, size: int) -> Ints:
        return np.minimum(index, size - 1)

    def _is_first(self) -> NDArray[np.bool_]:
        """Which candidates are the first of their member's, which are in order of time."""
        return np.append(True, self.member[1:] != self.member[:-1])

    def _has_next(self) -> NDArray[np.bool_]:
        return np.append(self.member[1:] == self.member[:-1], False)

    def _waiting_line(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Each candidate's stage in the line, and the stage that it can rejoin at (-1: none)."""
        line = np.arange(self.tracklet.size)
        after = np.full(line.size, -1)
        for mine in np.split(line, np.flatnonzero(self._is_first())[1:]):
            begin, end = self.seconds[mine].T
            behind = mine[0] + np.searchsorted(begin, end + LONGEST_LINK_S, side="right")
            after[mine] = np.where(behind <= mine[-1], behind, -1)
        return line, after

    def _greedy(self) -> NDArray[np.bool_]:
        """Best gain first: what is left when the solver found no answer in time."""
        chosen = np.zeros(self.tracklet.size, dtype=bool)
        for i in np.argsort(-self.gain, kind="stable"):
            rivals = chosen & (
                (self.tracklet == self.tracklet[i])
                | (
                    (self.member == self.member[i])
                    & (self.seconds[:, 0] <= self.seconds[i, 1])
                    & (self.seconds[:, 1] >= self.seconds[i, 0])
                )
            )
            chosen[i] = self.gain[i] > 0 and not rivals.any()
        return chosen


class _Rows:
    """A sparse matrix written entry by entry."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._row: list[NDArray[np.intp]] = []
        self._column: list[NDArray[np.intp]] = []
        self._value: list[Floats] = []

    def add(self, row: NDArray[np.intp], column: NDArray[np.intp], value: float) -> None:
        """Put ``value`` at every (row, column)."""
        self._row.append(row)
        self._column.append(column)
        self._value.append(np.full(row.size, value))

    def matrix(self, rows: int) -> csr_array:
        """All that was added."""
        entries = (np.concatenate(self._row), np.concatenate(self._column))
        return csr_array((np.concatenate(self._value), entries), shape=(rows, self._columns))
