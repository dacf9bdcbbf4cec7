"""Who each tracklet is, where nobody has told: people found by how they look.

After `tracklets` and `pins`. People have prototypes of their looks; `assignment` gives every
tracklet to one, all at once; the prototypes follow the answer; and so on until nothing changes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.detections import APPEARANCE_PARTS, LASTING_PARTS
from inyourarea.core.pins import NOBODY
from inyourarea.track.assignment import Casting, cast
from inyourarea.track.evidence import look_weights, mean_parts
from inyourarea.track.identity import Cast, casting_of, obey, sureness
from inyourarea.track.links import Links, links_between
from inyourarea.track.pins import Orders
from inyourarea.track.screens import live_evidence
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]

#: A tracklet's looks say no more than this many independent looks: light and angle are the same.
MOST_LOOKS = 6.0
#: Rounds of assigning and re-estimating; it settles in three or four.
MOST_ROUNDS = 8
#: Beginnings that are tried: the moments in which most people are seen.
STARTS = 4
#: What it costs that somebody has changed clothes (nats).
CHANGE_NATS = 12.0
#: Nats per look for being anybody: where the number of all people on stage is given, and where not.
EVERYBODY, SOMEBODY = 4.0, 0.0
#: Without class scores a place on the wall says so many times as much.
WALL_SAYS = 4.0
#: Nats of gain per unit of likeness better than that of strangers.
LIKENESS_NATS = 6.0


@dataclass(frozen=True, eq=False)
class _Looks:
    """What is known of T tracklets: mean ``parts`` (T, P, D / P), ``looks`` (T,), spans and links.

    Parts that were never in the picture are zero.
    """

    parts: Floats
    looks: Floats
    casting: Casting
    live: Floats

    @property
    def first(self) -> Ints:
        return self.casting.first

    @property
    def last(self) -> Ints:
        return self.casting.last

    @property
    def shot(self) -> Ints:
        return self.casting.shot

    @property
    def links(self) -> Links:
        return self.casting.links

    def together(self) -> NDArray[np.bool_]:
        """Which pairs are seen at once and so are not one person, (T, T)."""
        return np.asarray(
            (self.first[:, None] <= self.last[None, :])
            & (self.first[None, :] <= self.last[:, None])
        )


def cast_by_appearance(
    sightings: Sightings, tracklets: Tracklets, orders: Orders, people: int
) -> Cast:
    """People told apart by appearance; ``people`` is their number, 0 where it is to be found.

    Pinned names come first in the answer's names; who has no name yet has an empty one.
    """
    pinned = tuple(sorted({name for name in orders.is_named.values() if name != NOBODY}))
    if not len(tracklets):
        return Cast(np.zeros(0, np.int32), np.zeros(0), ())
    looks = _looks(sightings, tracklets)
    scale = _scale(looks, EVERYBODY if people else SOMEBODY)
    start = _grouped(looks, scale.all_parts) if not people else None
    count = max(people or _count_groups(start, looks), len(pinned))
    names = pinned + ("",) * (count - len(pinned))
    best: tuple[float, Ints, Floats] | None = None
    for prototypes in _starts(looks, count, start):
        value, who, gain = _settle(looks, prototypes, scale, orders, names)
        if best is None or value > best[0] + 1e-9:
            best = (value, who, gain)
    assert best is not None
    _, who, gain = best
    return Cast(who, sureness(gain, who, looks.links), names)


def _looks(sightings: Sightings, tracklets: Tracklets) -> _Looks:
    links = links_between(sightings, tracklets)
    return _Looks(
        parts=mean_parts(sightings, tracklets),
        looks=np.minimum(tracklets.total(look_weights(sightings, tracklets)), MOST_LOOKS),
        casting=casting_of(sightings, tracklets, np.zeros((len(tracklets), 0)), links),
        live=live_evidence(sightings, tracklets),
    )


@dataclass(frozen=True)
class _Scale:
    """The likeness of people who are not the same: of all parts, and of those that last."""

    all_parts: float
    lasting: float
    base: float


def _scale(looks: _Looks, base: float) -> _Scale:
    """What strangers look like here: those seen together."""
    together = looks.together() & ~np.eye(looks.first.size, dtype=bool)

    def usual(parts: Floats) -> float:
        likeness = _likeness(parts, parts)[together]
        return float(np.quantile(likeness, 0.75)) if likeness.size else 0.5

    return _Scale(usual(looks.parts), usual(looks.parts[:, :LASTING_PARTS]), base)


def _likeness(ours: Floats, theirs: Floats) -> Floats:
    """The cosine of every pair over the parts that both show, (n, m); parts (n or m, P, d)."""
    known, known_too = (np.any(parts != 0, axis=2).astype(np.float64) for parts in (ours, theirs))
    product = np.einsum("npd,mpd->nm", ours, theirs, optimize=True)
    length = (ours**2).sum(axis=2) @ known_too.T
    length_too = known @ (theirs**2).sum(axis=2).T
    return np.asarray(product / np.sqrt(np.maximum(length * length_too, 1e-12)))


def _gain(looks: _Looks, prototypes: Floats, scale: _Scale) -> Floats:
    """Nats for each tracklet being each person, (T, K): all alike, or all but the clothes."""

    def better(parts: int, stranger: float) -> Floats:
        likeness = _likeness(looks.parts[:, :parts], prototypes[:, :parts])
        return np.maximum((likeness - stranger) / max(1 - stranger, 0.02), -1.0)

    each = LIKENESS_NATS * looks.looks[:, None]
    dressed = each * better(APPEARANCE_PARTS, scale.all_parts)
    changed = each * better(LASTING_PARTS, scale.lasting) - CHANGE_NATS
    gain = np.maximum(dressed, changed) + (scale.base * looks.looks)[:, None]
    return np.asarray(gain + WALL_SAYS * looks.live[:, None] + 1.0)


def _settle(
    looks: _Looks,
    prototypes: Floats,
    scale: _Scale,
    orders: Orders,
    names: tuple[str, ...],
) -> tuple[float, Ints, Floats]:
    """Assign and re-estimate until nothing changes: the value, the answer and its gains."""
    who = np.full(looks.first.size, -2, dtype=np.int32)
    for _ in range(MOST_ROUNDS):
        gain = obey(_gain(looks, prototypes, scale), orders, names)
        answer = cast(replace(looks.casting, gain=gain))
        if np.array_equal(answer, who):
            break
        who = answer
        prototypes = _prototypes(looks, who, prototypes)
    chosen = np.flatnonzero(who >= 0)
    return float(gain[chosen, who[chosen]].sum()), who, gain


def _prototypes(looks: _Looks, who: Ints, before: Floats) -> Floats:
    """The mean look of everybody, (K, P, d); who has nothing keeps the look from before."""
    chosen = np.flatnonzero(who >= 0)
    total = np.zeros_like(before)
    np.add.at(total, who[chosen], looks.parts[chosen] * looks.looks[chosen, None, None])
    known = np.any(total != 0, axis=2, keepdims=True)
    return np.where(known, _scaled(total, looks), before)


def _scaled(total: Floats, looks: _Looks) -> Floats:
    """Parts scaled to their usual length, so that what is often hidden weighs the same."""
    length = np.sqrt((total**2).sum(axis=2, keepdims=True))
    every = np.sqrt((looks.parts**2).sum(axis=2))
    usual = every.sum(axis=0) / np.maximum((every > 0).sum(axis=0), 1)
    return np.asarray(total / np.where(length > 0, length, 1) * usual[None, :, None])


def _starts(looks: _Looks, count: int, groups: Ints | None) -> list[Floats]:
    """Prototypes to begin with: the groups found, and the moments with most people in sight."""
    starts = []
    if groups is not None:
        sizes = np.bincount(groups, looks.looks)
        biggest = np.argsort(-sizes, kind="stable")[:count]
        place = np.full(sizes.size, -1, dtype=np.int32)
        place[biggest] = np.arange(biggest.size)
        blank = np.zeros((count, *looks.parts.shape[1:]))
        starts.append(_prototypes(looks, place[groups], blank))
    moments = np.unique(looks.first)
    there = (looks.first[None, :] <= moments[:, None]) & (looks.last[None, :] >= moments[:, None])
    # A picture on a wall is nobody to begin with.
    there &= (looks.live > -looks.looks)[None, :]
    there = there[there.any(axis=1)]
    weight = np.minimum(there @ np.minimum(looks.looks, 2.0), 2.0 * count)
    used_shots: set[int] = set()
    for moment in np.argsort(-weight, kind="stable"):
        shot = int(looks.shot[np.flatnonzero(there[moment])[0]])
        if shot in used_shots:
            continue
        used_shots.add(shot)
        starts.append(_seeds(looks, np.flatnonzero(there[moment]), count))
        if len(used_shots) >= STARTS:
            break
    return starts


def _seeds(looks: _Looks, there: NDArray[np.intp], count: int) -> Floats:
    """Prototypes from those seen at one moment, then from who is least like any of them."""
    seeds = list(there[np.argsort(-looks.looks[there], kind="stable")][:count])
    while len(seeds) < count:
        nearest = _likeness(looks.parts, looks.parts[seeds]).max(axis=1)
        novelty = (1 - nearest) * np.sqrt(looks.looks)
        novelty[seeds] = -1
        seeds.append(int(np.argmax(novelty)))
    return looks.parts[seeds[:count]].copy()


def _grouped(looks: _Looks, stranger: float) -> Ints:
    """Groups of tracklets that look alike and are never seen together, int32 (T,).

    Average linkage; pairs that may follow each other in a shot start out more alike.
    """
    count = looks.first.size
    likeness = (_likeness(looks.parts, looks.parts) - stranger) / max(1 - stranger, 0.02) - 0.35
    np.add.at(likeness, (looks.links.a, looks.links.b), np.maximum(3 - looks.links.cost, 0) / 3)
    likeness = np.maximum(likeness, likeness.T)
    likeness[looks.together()] = -np.inf
    size = looks.looks.copy()
    group = np.arange(count, dtype=np.int32)
    while True:
        flat = int(np.argmax(likeness))
        a, b = divmod(flat, count)
        if not likeness[a, b] > 0:
            return np.unique(group, return_inverse=True)[1].astype(np.int32)
        merged = (size[a] * likeness[a] + size[b] * likeness[b]) / (size[a] + size[b])
        likeness[a] = likeness[:, a] = merged
        likeness[b] = likeness[:, b] = -np.inf
        likeness[a, a] = -np.inf
        size[a] += size[b]
        group[group == b] = a


def _count_groups(groups: Ints | None, looks: _Looks) -> int:
    """How many groups are seen for long enough to be people that count."""
    assert groups is not None
    frames = np.bincount(groups, (looks.last - looks.first + 1).astype(np.float64))
    least = 0.05 * float(looks.last.max() - looks.first.min() + 1)
    return max(1, int((frames >= least).sum()))
