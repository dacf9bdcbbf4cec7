"""Who each tracklet is, where a model knows the members: class scores, for all at once.

After `tracklets` and `pins`; states the question to `assignment`.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.assignment import cast
from inyourarea.track.evidence import tracklet_evidence
from inyourarea.track.identity import Cast, casting_of, obey, sureness
from inyourarea.track.links import links_between
from inyourarea.track.pins import Orders
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]


#: A member for whom all that is hers speaks less than this is probably not in the video (nats);
#: what that speaks against each single tracklet being hers.
LEAST_PRESENCE, NOT_IN_THE_SHOW = 25.0, 3.0


def _never_seen(gain: Floats, who: Ints) -> NDArray[np.bool_]:
    """Which members have hardly any evidence in the whole video, (C,)."""
    cast_as = np.flatnonzero(who >= 0)
    presence = np.zeros(gain.shape[1])
    np.maximum.at(presence, who[cast_as], gain[cast_as, who[cast_as]])
    return np.asarray(presence < min(LEAST_PRESENCE, 0.5 * presence.max(initial=0.0)))


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
    gain = tracklet_evidence(sightings, tracklets, least) + present[:, None]
    gain = obey(gain, orders, classes)
    links = links_between(sightings, tracklets)
    who = cast(casting_of(sightings, tracklets, gain, links))
    gain = gain - _never_seen(gain, who)[None, :] * NOT_IN_THE_SHOW
    who = cast(casting_of(sightings, tracklets, gain, links))
    return Cast(who, sureness(gain, who, links), classes)
