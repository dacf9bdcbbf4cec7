"""Who each tracklet is, where nobody has told: people found by how they look.

After `tracklets` and `pins`. People have prototypes of their looks; `assignment` gives every
tracklet to one, all at once; the prototypes follow the answer; and so on until nothing changes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inyourarea.core.errors import PinRejected
from inyourarea.core.pins import NOBODY
from inyourarea.core.reasons import told
from inyourarea.track.assignment import cast
from inyourarea.track.identity import Cast, obey, sureness
from inyourarea.track.looks import (
    EVERYBODY,
    SOMEBODY,
    Looks,
    Scale,
    gains,
    likeness,
    looks_of,
    prototypes_of,
    scale_of,
)
from inyourarea.track.pins import Orders
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]

#: Beginnings that are tried: the moments in which most people are seen.
STARTS = 5
#: Rounds of assigning and re-estimating on the telling tracklets; it settles in three or four.
MOST_ROUNDS = 8
#: Prototypes are learned from this many shots, those in which most is seen, and from tracklets of
#: at least this many looks.
TELLING_SHOTS, TELLING_LOOKS = 16, 1.0
#: People are found by comparing every pair of tracklets; where there are more than this, only those
#: telling ones, no more than this of them, evenly over the video: an hour's would take gigabytes.
MOST_COMPARED = 2000
#: Groups are people when they are seen for this share of the video.
LEAST_GROUP_SHARE = 0.05
#: A group is one person while its likeness is this much nearer to 1 than to strangers'.
GROUP_LIKENESS = 0.35


@dataclass(frozen=True, eq=False)
class _Search:
    """The question: whose looks, on which scale, under which orders, and who has a name."""

    looks: Looks
    scale: Scale
    orders: Orders
    names: tuple[str, ...]

    def gain(self, prototypes: Floats) -> Floats:
        return obey(gains(self.looks, prototypes, self.scale), self.orders, self.names)


def cast_by_appearance(
    sightings: Sightings, tracklets: Tracklets, orders: Orders, people: int, present: Floats
) -> Cast:
    """People told apart by appearance; ``people`` is their number, 0 where it is to be found.

    ``present`` (T,): nats for being a person on the floor, as from `screens` and `ghosts`.

    Pinned names come first in the answer's names; who has no name yet has an empty one.

    Raises:
        PinRejected: a pin denies a name that nobody is pinned to.
    """
    pinned = tuple(sorted({name for name in orders.is_named.values() if name != NOBODY}))
    for name in sorted(set[str]().union(*orders.is_not.values())):
        if name not in (*pinned, NOBODY):
            raise PinRejected(told("pin-unnamed", name=name))
    if not len(tracklets):
        return Cast(np.zeros(0, np.int32), np.zeros(0), ())
    looks = looks_of(sightings, tracklets, present)
    scale = scale_of(looks, EVERYBODY if people else SOMEBODY)
    telling = _telling(looks, orders)
    compared = telling if len(tracklets) > MOST_COMPARED else np.arange(len(tracklets))
    groups = _grouped(looks, compared, scale) if not people else None
    count = max(people or _count_groups(groups, looks, compared), len(pinned))
    names = pinned + ("",) * (count - len(pinned))
    search = _Search(looks, scale, orders, names)
    starts = _starts(search, compared, groups)
    who, gain = _finished(search, _best_prototypes(search, telling, starts))
    return Cast(who, sureness(gain, who, looks.casting.links), names)


def _best_prototypes(search: _Search, telling: NDArray[np.intp], starts: list[Floats]) -> Floats:
    """Settle every beginning on the telling tracklets; the prototypes of the best answer."""
    part = search.looks.take(telling)
    best: tuple[float, Floats] | None = None
    for start in starts:
        prototypes, who = start, np.full(telling.size, -2, dtype=np.int32)
        value = 0.0
        for _ in range(MOST_ROUNDS):
            gain = search.gain(prototypes)[telling]
            answer = cast(replace(part.casting, gain=gain))
            chosen = np.flatnonzero(answer >= 0)
            value = float(gain[chosen, answer[chosen]].sum())
            if np.array_equal(answer, who):
                break
            who = answer
            prototypes = prototypes_of(part, who, prototypes)
        if best is None or value > best[0] + 1e-9:
            best = (value, prototypes)
    assert best is not None
    return best[1]


def _finished(search: _Search, prototypes: Floats) -> tuple[Ints, Floats]:
    """The answer for all tracklets, and the gains it was found with.

    Prototypes are estimated once more from all tracklets; then links join in.
    """
    looks = search.looks
    everything = looks.take(np.arange(looks.looks.size))
    who = cast(replace(everything.casting, gain=search.gain(prototypes)))
    gain = search.gain(prototypes_of(looks, who, prototypes))
    return cast(replace(looks.casting, gain=gain)), gain


def _telling(looks: Looks, orders: Orders) -> NDArray[np.intp]:
    """The tracklets from which prototypes are learned: long ones of busy shots, and pinned ones."""
    shots, index = np.unique(looks.casting.shot, return_inverse=True)
    seen = np.bincount(index, looks.looks)
    busy = np.zeros(shots.size, dtype=bool)
    busy[np.argsort(-seen, kind="stable")[:TELLING_SHOTS]] = True
    telling = np.flatnonzero(busy[index] & (looks.looks >= TELLING_LOOKS))
    if not telling.size and not orders.is_named:
        telling = np.arange(looks.looks.size)
    telling = telling[:: 1 + telling.size // MOST_COMPARED]
    return np.union1d(telling, list(orders.is_named)).astype(np.intp)


def _starts(search: _Search, compared: NDArray[np.intp], groups: Ints | None) -> list[Floats]:
    """Prototypes to begin with: the groups found, and the moments with most people in sight."""
    looks, count = search.looks.take(compared), len(search.names)
    starts = []
    if groups is not None:
        sizes = np.bincount(groups, looks.looks)
        biggest = np.argsort(-sizes, kind="stable")[:count]
        place = np.full(sizes.size, -1, dtype=np.int32)
        place[biggest] = np.arange(biggest.size)
        starts.append(prototypes_of(looks, place[groups], _blank(looks, count)))
    first, last = looks.casting.first, looks.casting.last
    moments = np.unique(first)
    there = (first[None, :] <= moments[:, None]) & (last[None, :] >= moments[:, None])
    # A picture on a wall is nobody to begin with.
    there &= (looks.present > -looks.looks)[None, :]
    there = there[there.any(axis=1)]
    weight = np.minimum(there @ np.minimum(looks.looks, 2.0), 2.0 * count)
    used_shots: set[int] = set()
    for moment in np.argsort(-weight, kind="stable"):
        shot = int(looks.casting.shot[np.flatnonzero(there[moment])[0]])
        if shot in used_shots:
            continue
        used_shots.add(shot)
        starts.append(_seeds(looks, np.flatnonzero(there[moment]), count))
        if len(used_shots) >= STARTS:
            break
    if not starts:
        starts.append(_seeds(looks, np.arange(looks.looks.size), count))
    return [_with_pinned_first(search, start) for start in starts]


def _blank(looks: Looks, count: int) -> Floats:
    return np.zeros((count, *looks.parts.shape[1:]))


def _seeds(looks: Looks, there: NDArray[np.intp], count: int) -> Floats:
    """Prototypes from those seen at one moment, then from who is least like any of them."""
    seeds = list(there[np.argsort(-looks.looks[there], kind="stable")][:count])
    while len(seeds) < count:
        nearest = likeness(looks.parts, looks.parts[seeds]).max(axis=1)
        novelty = (1 - nearest) * np.sqrt(looks.looks)
        novelty[seeds] = -1
        seeds.append(int(np.argmax(novelty)))
    return looks.parts[seeds].copy()


def _with_pinned_first(search: _Search, start: Floats) -> Floats:
    """Prototypes in the order of the names: pinned ones look like what was pinned."""
    looks, named = search.looks, search.orders.is_named
    label = np.full(looks.looks.size, -1, dtype=np.int32)
    for tracklet, name in named.items():
        label[tracklet] = search.names.index(name) if name != NOBODY else -1
    pinned = int(label.max(initial=-1)) + 1
    if not pinned:
        return start
    own = prototypes_of(looks, label, _blank(looks, pinned))
    _, taken = linear_sum_assignment(-likeness(own, start))
    rest = np.setdiff1d(np.arange(len(start)), taken)
    return np.concatenate([own, start[rest]])


def _grouped(looks: Looks, compared: NDArray[np.intp], scale: Scale) -> Ints:
    """Groups of those tracklets that look alike and are never seen together, int32 (n,).

    Average linkage; pairs that may follow each other in a shot start out more alike.
    """
    part, count = looks.take(compared), compared.size
    alike = likeness(part.parts, part.parts) - scale.strangers
    alike = alike / max(1 - scale.strangers, 0.02) - GROUP_LIKENESS
    links = looks.casting.links
    both = np.isin(links.a, compared) & np.isin(links.b, compared)
    pairs = tuple(np.searchsorted(compared, side[both]) for side in (links.a, links.b))
    np.add.at(alike, pairs, np.maximum(3 - links.cost[both], 0) / 3)
    alike = np.maximum(alike, alike.T)
    alike[part.together()] = -np.inf
    size = part.looks.copy()
    group = np.arange(count, dtype=np.int32)
    while True:
        a, b = divmod(int(np.argmax(alike)), count)
        if not alike[a, b] > 0:
            return np.unique(group, return_inverse=True)[1].astype(np.int32)
        merged = (size[a] * alike[a] + size[b] * alike[b]) / (size[a] + size[b])
        alike[a] = alike[:, a] = merged
        alike[b] = alike[:, b] = -np.inf
        alike[a, a] = -np.inf
        size[a] += size[b]
        group[group == b] = a


def _count_groups(groups: Ints | None, looks: Looks, compared: NDArray[np.intp]) -> int:
    """How many groups are seen for long enough, of what was compared, to be people that count."""
    if groups is None:
        return 1
    first, last = looks.casting.first, looks.casting.last
    lasting = (last - first + 1).astype(np.float64)
    frames = np.bincount(groups, lasting[compared])
    share = LEAST_GROUP_SHARE * float(lasting[compared].sum() / lasting.sum())
    least = share * float(last.max() - first.min() + 1)
    return max(1, int((frames >= least).sum()))
