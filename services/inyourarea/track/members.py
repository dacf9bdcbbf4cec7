"""Who each tracklet is, where a model knows the members: class scores and looks, for all at once.

After `tracklets` and `pins`; states the question to `assignment`. A first answer, by class scores,
tells what the members look like in this video; the final one goes by both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.assignment import cast
from inyourarea.track.evidence import tracklet_evidence
from inyourarea.track.identity import Cast, casting_of, obey, sureness
from inyourarea.track.looks import Looks, likeness, looks_of, prototypes_of
from inyourarea.track.pins import Orders
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]


#: A member for whom all that is hers speaks less than this is probably not in the video (nats);
#: what that speaks against each single tracklet being hers.
LEAST_PRESENCE, NOT_IN_THE_SHOW = 25.0, 3.0
#: What a member looks like is learned from tracklets that are this surely hers, of so many looks.
SURELY, LEAST_LOOKS = 0.95, 1.5
#: Whoever is seen for so many looks, and has less than this of every class for each of them (nats),
#: is surely nobody: of the drawn shows' dancers 13 of 29, of their members none of 389.
NOBODY_LOOKS, NOBODY_NATS = 4.0, -1.0
#: The share of members' likenesses to another one that is less than a stranger's.
STRANGER_QUANTILE = 0.9
#: Where members are less alike to themselves than this above strangers, looks tell nothing here.
LEAST_APART = 0.1
#: Nats for being as like as one usually is to oneself, against a stranger's likeness, for one look;
#: they grow with the root of the looks, and are no more than so many.
LIKENESS_NATS, MOST_NATS = 14.0, 14.0
#: A few looks are less alike to the mean than many: of so many, half as much is asked for.
FEW_LOOKS = 0.5


@dataclass(frozen=True, eq=False)
class _Familiar:
    """What members look like: ``prototypes`` (C, P, d), zero where not known, and their scale.

    ``nobodies`` (n, P, d) are looks of people who are surely no members: a group's dancers wear the
    same. ``same`` and ``stranger`` are likenesses: a member's to herself, and at most to another.
    """

    prototypes: Floats
    nobodies: Floats
    same: float
    stranger: float


def cast_by_class(
    sightings: Sightings,
    tracklets: Tracklets,
    orders: Orders,
    believed: tuple[tuple[str, ...], float],
    present: Floats,
) -> Cast:
    """Members by class scores, and by how surely each tracklet is a person on the floor.

    ``believed`` are the classes and the score from which on a lone box is believed; ``present``
    (T,) nats, as from `screens` and `ghosts`.

    Raises:
        PinRejected: a pin names somebody who is no member.
    """
    classes, least = believed
    if not len(tracklets):
        return Cast(np.zeros(0, np.int32), np.zeros(0), classes)
    evidence = tracklet_evidence(sightings, tracklets, least) + present[:, None]
    gain = obey(evidence, orders, classes)
    looks = looks_of(sightings, tracklets, present)
    links = looks.casting.links
    who = cast(casting_of(sightings, tracklets, gain, links))
    familiar = _familiar(looks, who, sureness(gain, who, links), gain)
    evidence = evidence - _never_seen(gain, who)[None, :] * NOT_IN_THE_SHOW
    gain = obey(evidence + _by_looks(looks, familiar), orders, classes)
    who = cast(casting_of(sightings, tracklets, gain, links))
    return Cast(who, sureness(gain, who, links), classes)


def _never_seen(gain: Floats, who: Ints) -> NDArray[np.bool_]:
    """Which members have hardly any evidence in the whole video, (C,)."""
    cast_as = np.flatnonzero(who >= 0)
    presence = np.zeros(gain.shape[1])
    np.maximum.at(presence, who[cast_as], gain[cast_as, who[cast_as]])
    return np.asarray(presence < min(LEAST_PRESENCE, 0.5 * presence.max(initial=0.0)))


def _familiar(looks: Looks, who: Ints, sure: Floats, gain: Floats) -> _Familiar:
    """What people look like by a first answer ``who`` (T,), ``sure`` (T,), for ``gain`` (T, C)."""
    telling = np.flatnonzero((who >= 0) & (sure >= SURELY) & (looks.looks >= LEAST_LOOKS))
    hers = np.full(who.size, -1, dtype=np.int32)
    hers[telling] = who[telling]
    blank = np.zeros((gain.shape[1], *looks.parts.shape[1:]))
    prototypes = prototypes_of(looks, hers, blank)
    is_nobody = (gain.max(axis=1) < NOBODY_NATS * looks.looks) & (looks.looks >= NOBODY_LOOKS)
    nobodies = looks.parts[is_nobody & (looks.present >= 0)]
    if not telling.size:
        return _Familiar(prototypes, nobodies, 0.0, 0.0)
    alike = likeness(looks.parts[telling], prototypes)
    own = alike[np.arange(telling.size), who[telling]].copy()
    alike[np.arange(telling.size), who[telling]] = -np.inf
    alike[:, ~_is_known(prototypes)] = -np.inf
    other = alike.max(axis=1)
    other = other[np.isfinite(other)]
    stranger = float(np.quantile(other, STRANGER_QUANTILE)) if other.size else 0.0
    return _Familiar(prototypes, nobodies, float(own.mean()), stranger)


def _by_looks(looks: Looks, familiar: _Familiar) -> Floats:
    """Nats for each tracklet looking like each member, (T, C); 0 where that can not be told."""
    apart = familiar.same - familiar.stranger
    known = _is_known(looks.parts)[:, None] & _is_known(familiar.prototypes)
    if apart < LEAST_APART or not known.any():
        return np.zeros(known.shape)
    alike, rival = (
        (likeness(looks.parts, others) - familiar.stranger) / apart
        for others in (familiar.prototypes, familiar.nobodies)
    )
    asked = 0.5 * looks.looks / (looks.looks + FEW_LOOKS)
    asked = np.maximum(asked, rival.max(axis=1, initial=0.0))
    nats = LIKENESS_NATS * np.sqrt(looks.looks)[:, None] * (alike - asked[:, None])
    # Where the place tells of a picture of her, looks tell nothing for her: it looks like her.
    most = np.where(looks.present < 0, 0.0, MOST_NATS)[:, None]
    return np.where(known, np.clip(nats, -MOST_NATS, most), 0.0)


def _is_known(parts: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.any(parts != 0, axis=(1, 2)))
