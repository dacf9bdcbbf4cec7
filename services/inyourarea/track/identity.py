"""What an answer to "who is who" looks like, how pins bind it, and how sure it is.

Shared by `members` (class scores) and `people` (appearance alone), which ask `assignment`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import PinRejected
from inyourarea.core.pins import NOBODY
from inyourarea.core.reasons import told
from inyourarea.track import assignment
from inyourarea.track.assignment import MUST, Casting
from inyourarea.track.links import LOST_AT_ONCE, Links
from inyourarea.track.pins import Orders
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]

#: Nats of margin for one unit of log odds: looks are less independent than reckoned.
TEMPER = 1.5


@dataclass(frozen=True, eq=False)
class Cast:
    """Who each tracklet is: ``who`` int32 (T,) indexes ``names``, -1 nobody; ``sure`` (T,) 0..1.

    A name is empty where nobody has given one.
    """

    who: Ints
    sure: Floats
    names: tuple[str, ...]


def casting_of(sightings: Sightings, tracklets: Tracklets, gain: Floats, links: Links) -> Casting:
    """The question to `assignment` for these gains (T, K)."""
    start, end = tracklets.start, tracklets.end
    return Casting(
        gain=gain,
        first=sightings.frame[start],
        last=sightings.frame[end],
        seconds=np.stack([sightings.seconds[start], sightings.seconds[end]], axis=1),
        shot=sightings.shot[start],
        links=links,
    )


def obey(gain: Floats, orders: Orders, names: tuple[str, ...]) -> Floats:
    """The gains (T, K) under what the user said."""
    gain = gain.copy()
    for tracklet, name in orders.is_named.items():
        gain[tracklet] = -np.inf
        if name != NOBODY:
            gain[tracklet, _index(name, names)] = MUST
    for tracklet, denied in orders.is_not.items():
        for name in denied:
            if name == NOBODY:
                gain[tracklet] += MUST
            else:
                gain[tracklet, _index(name, names)] = -np.inf
    return gain


def _index(name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        raise PinRejected(told("pin-no-member", name=name, members=", ".join(names)))
    return names.index(name)


def sureness(gain: Floats, who: Ints, links: Links) -> Floats:
    """How sure each answer is, (T,) 0..1: the margin over the second best, with its neighbours'.

    A tracklet that continues a sure one without doubt is nearly as sure itself.
    """
    tracklet = np.arange(who.size)
    others = np.concatenate([gain, np.zeros((who.size, 1))], axis=1)
    column = np.where(who == assignment.NOBODY, gain.shape[1], who)
    own = others[tracklet, column]
    others[tracklet, column] = -np.inf
    margin = np.maximum(own - others.max(axis=1, initial=-np.inf), -LOST_AT_ONCE)
    same = (who[links.a] == who[links.b]) & (who[links.a] != assignment.NOBODY)
    a, b, slack = links.a[same], links.b[same], LOST_AT_ONCE - links.cost[same]
    for _ in range(3):
        np.maximum.at(margin, b, np.minimum(margin[a], slack))
        np.maximum.at(margin, a, np.minimum(margin[b], slack))
    return np.asarray(1 / (1 + np.exp(-np.clip(margin / TEMPER, -30, 30))))


def sure_by_frame(cast: Cast, spans: Ints, frames: int) -> NDArray[np.float32]:
    """How sure each person's name is in each frame, (people, frames): of the tracklet there.

    ``spans`` (T, 2) are the tracklets' first and last frames. Where two of one person overlap it is
    the later one's; between two it is drawn straight.
    """
    identity = np.zeros((len(cast.names), frames), dtype=np.float32)
    for number in np.unique(cast.who[cast.who >= 0]):
        sure = np.full(frames, np.nan)
        for tracklet in np.flatnonzero(cast.who == number):
            first, last = spans[tracklet]
            sure[first : last + 1] = cast.sure[tracklet]
        known = np.flatnonzero(~np.isnan(sure))
        identity[number] = np.interp(np.arange(frames), known, sure[known])
    return identity
