"""Which tracklets are no people but pictures of them: LED walls and posters.

Speaks to `members` and `people` in the same coin as the class scores: nats for being live.
Whoever stands on one floor under one camera obeys one line: the larger the face, the lower in
the picture. A wall's faces are larger and higher.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.evidence import look_weights, mean_appearance, unit
from inyourarea.track.tracklets import Ints, Sightings, Tracklets

Floats = NDArray[np.float64]
#: Rows (m,) of the earlier and the later tracklet, and what the pair is worth (m,).
_Pairs = tuple[NDArray[np.intp], NDArray[np.intp], Floats]

#: How far a face is above the floor's line because people differ and jump, and below it because
#: they crouch; face heights.
OFF_ABOVE, OFF_BELOW = 0.8, 0.9
#: And because faces differ in height, as a share: on a steep line that is worth more.
SIZE_DIFFERS = 0.12
#: So far above the line a face is suspect, and surely on a wall; units of what it may be off.
FIRST_OFF, SURELY_OFF = 2.9, 4.2
#: How much lower a face is that is one face height larger, in face heights: a camera between a
#: face height below the faces and some six metres above them.
SLOPES = np.array(
    [
        -4.0,
        -2.5,
        -1.5,
        -0.7,
        0.0,
        0.7,
        1.4,
        2.1,
        3.0,
        4.0,
        5.0,
        6.5,
        8.0,
        10.0,
        13.0,
        17.0,
        22.0,
        28,
    ]
)
#: Lines of a camera below the faces, or far above them, are less likely: share of all looks per
#: unit of slope below 0, and per unit above that of a camera at three metres.
LOW_DOUBT, HIGH_DOUBT, HIGH_SLOPE = 0.1, 0.004, 7.0
#: A face below the line contradicts it this much more than one above, which a wall explains; a wall
#: that is seen all the time has up to twice the looks of the small faces on the floor.
BELOW = 3.0
#: What a look at a face high above the line speaks against its being live (nats).
NATS_PER_LOOK = 6.0
#: Two faces at once that are this surely one person may be her and her picture: the chance that
#: they are of one class, or the squared worth of appearance times a cosine from the mean.
LEAST_TWIN, APPEARANCE_SAYS = 0.25, 0.65
#: Lines are laid through at most this many of the longest tracklets of a shot.
MOST_ANCHORS = 60
#: So many tracklets at a time are compared with those seen at once, and so many lines with all
#: tracklets: it bounds memory.
BLOCK, LINES = 500, 64


def live_evidence(sightings: Sightings, tracklets: Tracklets) -> Floats:
    """Nats for each tracklet being somebody on the floor rather than on a wall, (T,), <= 0."""
    nats = np.zeros(len(tracklets))
    if not len(tracklets):
        return nats
    faces = _faces(sightings, tracklets)
    for shot in np.unique(faces.shot):
        inside = np.flatnonzero(faces.shot == shot)
        if inside.size > 1:
            nats[inside] = _nats_of_shot(faces.take(inside))
    return nats


@dataclass(frozen=True, eq=False)
class _Faces:
    """A row per tracklet: mean ``y`` and height ``h``, number of ``looks``, span, class.

    Rows are in order of ``first``. The product of two rows of ``vector`` (T, k) says how surely
    they are one person.
    """

    y: Floats
    h: Floats
    looks: Floats
    first: Ints
    last: Ints
    shot: Ints
    vector: Floats

    def take(self, rows: NDArray[np.intp]) -> "_Faces":
        return _Faces(
            self.y[rows],
            self.h[rows],
            self.looks[rows],
            self.first[rows],
            self.last[rows],
            self.shot[rows],
            self.vector[rows],
        )

    def twins(self) -> _Pairs:
        """Pairs that seem to be one person twice at once, and for how many looks that holds."""
        parts = [
            self._alike_at_once(start, min(start + BLOCK, self.first.size))
            for start in range(0, self.first.size, BLOCK)
        ]
        a, b, same = (np.concatenate(column) for column in zip(*parts, strict=True))
        shared = np.minimum(self.last[a], self.last[b]) - self.first[b] + 1
        length = self.last - self.first + 1
        part = shared / np.minimum(length[a], length[b])
        weight = same * part * np.minimum(self.looks[a], self.looks[b])
        lasting = weight > 0.3
        return a[lasting], b[lasting], weight[lasting]

    def _alike_at_once(self, start: int, end: int) -> _Pairs:
        """The twins of these rows among the later ones that begin before they end; how alike."""
        last = self.last[start:end]
        near = slice(start, np.searchsorted(self.first, last.max(), side="right"))
        same = self.vector[start:end] @ self.vector[near].T
        a, b = np.nonzero(np.triu(same > LEAST_TWIN, 1) & (self.first[near] <= last[:, None]))
        return start + a, start + b, same[a, b]


def _faces(sightings: Sightings, tracklets: Tracklets) -> _Faces:
    member = tracklets.member
    weight = look_weights(sightings, tracklets) * sightings.confidence[member] ** 2
    looks = tracklets.total(weight)
    boxes = sightings.xyxy[member]

    def mean(values: Floats) -> Floats:
        scale = looks if values.ndim == 1 else looks[:, None]
        spread = weight if values.ndim == 1 else weight[:, None]
        return tracklets.total(values * spread) / scale

    return _Faces(
        y=mean((boxes[:, 1] + boxes[:, 3]) / 2),
        h=mean(boxes[:, 3] - boxes[:, 1]),
        looks=looks,
        first=sightings.frame[tracklets.start],
        last=sightings.frame[tracklets.end],
        shot=sightings.shot[tracklets.start],
        vector=_who(sightings, tracklets, mean),
    )


def _who(sightings: Sightings, tracklets: Tracklets, mean: Callable[[Floats], Floats]) -> Floats:
    """What tells one person from another: products of two are high for the same, low for others."""
    if sightings.scores.shape[1]:
        return mean(sightings.posterior[tracklets.member])
    looks = mean_appearance(sightings, tracklets)
    return APPEARANCE_SAYS * unit(looks - looks.mean(axis=0))


def _nats_of_shot(faces: _Faces) -> Floats:
    off = _off_floor(faces)
    # The audience in front of the stage is as far below the line as a wall is above it.
    suspect = np.clip((np.abs(off) - FIRST_OFF) / (SURELY_OFF - FIRST_OFF), 0, 1)
    return -NATS_PER_LOOK * suspect * faces.looks


def _off_floor(faces: _Faces) -> Floats:
    """How far below the floor's line each face is; negative is above, (T,).

    In units of how far a person's face may be off.

    The line is the one that explains most looks: faces on it, few below, and of two pictures of
    one person exactly one on it.
    """
    anchors = np.argsort(-faces.looks, kind="stable")[:MOST_ANCHORS]
    slope = np.repeat(SLOPES, anchors.size)
    anchor = np.tile(anchors, SLOPES.size)
    twins = faces.twins()
    some = [slice(at, at + LINES) for at in range(0, slope.size, LINES)]
    price = np.concatenate([_price(faces, twins, slope[at], anchor[at]) for at in some])
    best = [int(np.argmin(price))]
    return _off_lines(faces, slope[best], anchor[best])[0]


def _off_lines(faces: _Faces, slope: Floats, anchor: NDArray[np.intp]) -> Floats:
    """How far below each of the lines through these anchors each face is, (lines, T)."""
    zero = faces.y[anchor] - slope * faces.h[anchor]
    off = (faces.y[None, :] - zero[:, None] - slope[:, None] * faces.h[None, :]) / faces.h
    differs = (SIZE_DIFFERS * slope)[:, None]
    return np.asarray(off / np.hypot(np.where(off > 0, OFF_BELOW, OFF_ABOVE), differs))


def _price(faces: _Faces, twins: _Pairs, slope: Floats, anchor: NDArray[np.intp]) -> Floats:
    """The looks that each of the lines does not explain, and how unlikely it is."""
    off = _off_lines(faces, slope, anchor)
    miss = 1 - np.exp(-0.5 * off**2)
    price = (miss * np.where(off > 0, BELOW, 1.0)) @ faces.looks
    a, b, weight = twins
    price += (miss[:, a] * miss[:, b] + (1 - miss[:, a]) * (1 - miss[:, b])) @ weight
    doubt = LOW_DOUBT * np.maximum(-slope, 0) + HIGH_DOUBT * np.maximum(slope - HIGH_SLOPE, 0)
    return np.asarray(price + doubt * faces.looks.sum())
