"""How alike tracklets and people look: the coin of `people`, where no classes are known.

Appearance comes in parts (hair, face, clothes), of which some may be out of the picture, and some
may change when somebody changes clothes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.assignment import Casting
from inyourarea.track.evidence import look_weights
from inyourarea.track.identity import casting_of
from inyourarea.track.links import Links, links_between
from inyourarea.track.parts import telling_parts
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]

#: A tracklet's looks say no more than this many independent looks: light and angle are the same.
MOST_LOOKS = 6.0
#: Nats of gain per look for a likeness of 1; that of strangers is worth 0.
LIKENESS_NATS = 6.0
#: What it costs that somebody has changed clothes (nats).
CHANGE_NATS = 12.0
#: Nats per look for being anybody: where the number of all people on stage is given, and where not.
EVERYBODY, SOMEBODY = 1.0, 0.0
#: Without class scores a place on the wall says so many times as much.
WALL_SAYS = 4.0
#: Of the likenesses of people seen together, the share that is less than a stranger's.
STRANGER_QUANTILE = 0.75
#: So many tracklets at a time are compared with those seen at once; it bounds memory.
BLOCK = 500


@dataclass(frozen=True, eq=False)
class Looks:
    """What is known of T tracklets.

    ``parts`` float64 (T, P, d) and ``lasting`` as in `Parts`; ``looks`` (T,) independent looks;
    ``present`` (T,) nats as in `screens`; ``casting`` spans and links, without gains.
    """

    parts: Floats
    lasting: int
    looks: Floats
    present: Floats
    casting: Casting

    def together(self) -> NDArray[np.bool_]:
        """Which pairs are seen at once and so are not one person, (T, T)."""
        first, last = self.casting.first, self.casting.last
        return np.asarray((first[:, None] <= last[None, :]) & (first[None, :] <= last[:, None]))

    def take(self, rows: NDArray[np.intp]) -> "Looks":
        """Only these tracklets, without links between them."""
        casting = self.casting
        none = np.zeros(0, dtype=np.int32)
        part = replace(
            casting,
            gain=casting.gain[rows],
            first=casting.first[rows],
            last=casting.last[rows],
            seconds=casting.seconds[rows],
            shot=casting.shot[rows],
            links=Links(none, none, np.zeros(0)),
        )
        return Looks(self.parts[rows], self.lasting, self.looks[rows], self.present[rows], part)


def looks_of(sightings: Sightings, tracklets: Tracklets, present: Floats) -> Looks:
    """What `people` has to know of the tracklets; ``present`` (T,) nats."""
    links = links_between(sightings, tracklets)
    parts = telling_parts(sightings, tracklets)
    return Looks(
        parts=parts.values,
        lasting=parts.lasting,
        looks=np.minimum(tracklets.total(look_weights(sightings, tracklets)), MOST_LOOKS),
        present=present,
        casting=casting_of(sightings, tracklets, np.zeros((len(tracklets), 0)), links),
    )


def likeness(ours: Floats, theirs: Floats) -> Floats:
    """The cosine of every pair over the parts that both show, (n, m); parts (n or m, P, d)."""
    known, known_too = (np.any(parts != 0, axis=2).astype(np.float64) for parts in (ours, theirs))
    product = np.einsum("npd,mpd->nm", ours, theirs, optimize=True)
    length = (ours**2).sum(axis=2) @ known_too.T
    length_too = known @ (theirs**2).sum(axis=2).T
    return np.asarray(product / np.sqrt(np.maximum(length * length_too, 1e-12)))


@dataclass(frozen=True)
class Scale:
    """The likeness of people who are not the same, and nats per look for being anybody at all."""

    strangers: float
    strangers_lasting: float
    base: float


def scale_of(looks: Looks, base: float) -> Scale:
    """What strangers look like here: those seen together."""

    def usual(parts: Floats) -> float:
        cosines = _of_strangers(parts, looks.casting)
        return float(np.quantile(cosines, STRANGER_QUANTILE)) if cosines.size else 0.5

    return Scale(usual(looks.parts), usual(looks.parts[:, : looks.lasting]), base)


def _of_strangers(parts: Floats, casting: Casting) -> Floats:
    """The likenesses of all pairs that are seen at once, each counted from both sides."""
    first, last = casting.first, casting.last  # in order of ``first``
    found = [np.zeros(0)]
    for start in range(0, first.size, BLOCK):
        rows = np.arange(start, min(start + BLOCK, first.size))
        near = np.arange(start, np.searchsorted(first, last[rows].max(), side="right"))
        pairs = (near > rows[:, None]) & (first[near] <= last[rows, None])
        found.append(likeness(parts[rows], parts[near])[pairs])
    return np.repeat(np.concatenate(found), 2)


def gains(looks: Looks, prototypes: Floats, scale: Scale) -> Floats:
    """Nats for each tracklet being each person, (T, K): all alike, or all but the clothes."""

    def better(parts: int, strangers: float) -> Floats:
        cosine = likeness(looks.parts[:, :parts], prototypes[:, :parts])
        return np.maximum((cosine - strangers) / max(1 - strangers, 0.02), -1.0)

    each = LIKENESS_NATS * looks.looks[:, None]
    dressed = each * better(looks.parts.shape[1], scale.strangers)
    changed = each * better(looks.lasting, scale.strangers_lasting) - CHANGE_NATS
    gain = np.maximum(dressed, changed) + (scale.base * looks.looks)[:, None]
    return np.asarray(gain + WALL_SAYS * looks.present[:, None] + 1.0)


def prototypes_of(looks: Looks, who: Ints, before: Floats) -> Floats:
    """The mean look of everybody, (K, P, d); what nobody showed stays as it was before."""
    chosen = np.flatnonzero(who >= 0)
    total = np.zeros_like(before)
    np.add.at(total, who[chosen], looks.parts[chosen] * looks.looks[chosen, None, None])
    known = np.any(total != 0, axis=2, keepdims=True)
    return np.where(known, _scaled(total, looks), before)


def _scaled(total: Floats, looks: Looks) -> Floats:
    """Parts scaled to their usual length, so that what is often hidden weighs the same."""
    length = np.sqrt((total**2).sum(axis=2, keepdims=True))
    every = np.sqrt((looks.parts**2).sum(axis=2))
    usual = every.sum(axis=0) / np.maximum((every > 0).sum(axis=0), 1)
    return np.asarray(total / np.where(length > 0, length, 1) * usual[None, :, None])
