"""Who each tracklet is, where a model knows the members: class scores, for all at once.

After `tracklets` and `pins`; states the question to `assignment`.
"""

from inyourarea.track.assignment import Casting, cast
from inyourarea.track.evidence import class_evidence, look_weights, spans
from inyourarea.track.identity import Cast, obey, sureness
from inyourarea.track.links import links_between
from inyourarea.track.pins import Orders
from inyourarea.track.screens import live_evidence
from inyourarea.track.tracklets import Sightings, Tracklets

#: What a tracklet must be worth to be anybody: a false detection is worth a look or two (nats).
ENTRY = 0.3


def cast_by_class(
    sightings: Sightings,
    tracklets: Tracklets,
    orders: Orders,
    classes: tuple[str, ...],
    believed: float,
) -> Cast:
    """Members by class scores, less what speaks for an image on a wall.

    ``believed`` is the score from which on a box is believed.

    Raises:
        PinRejected: a pin names somebody who is no member.
    """
    weight = look_weights(sightings, tracklets)
    evidence = class_evidence(sightings, believed)[tracklets.member]
    live = live_evidence(sightings, tracklets)
    gain = tracklets.total(evidence * weight[:, None]) + live[:, None] - ENTRY
    gain = obey(gain, orders, classes)
    links = links_between(sightings, tracklets)
    first, last = spans(sightings, tracklets)
    shot = sightings.shot[tracklets.start]
    who = cast(Casting(gain, first, last, shot, links))
    return Cast(who, sureness(gain, who, links), classes)
