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

    The product of two rows of ``vector`` (T, k) says how surely they are one person.
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

    def twins(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """Pairs that seem to be one person twice at once, and for how many looks that holds."""
        same = self.vector @ self.vector.T
        shared = np.minimum(self.last[:, None], self.last[None, :]) - np.maximum(
            self.first[:, None], self.first[None, :]
        )
        length = np.maximum(self.last - self.first + 1, 1)
        part = np.clip((shared + 1) / np.minimum(length[:, None], length[None, :]), 0, 1)
        weight = np.where(
            same > LEAST_TWIN, same * part * np.minimum(self.looks[:, None], self.looks[None, :]), 0
        )
        a, b = np.nonzero(np.triu(weight, 1) > 0.3)
        return a, b, weight[a, b]


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
    zero = faces.y[anchor] - slope * faces.h[anchor]
    off = (faces.y[None, :] - zero[:, None] - slope[:, None] * faces.h[None, :]) / faces.h
    differs = (SIZE_DIFFERS * slope)[:, None]
    off = off / np.hypot(np.where(off > 0, OFF_BELOW, OFF_ABOVE), differs)
    miss = 1 - np.exp(-0.5 * off**2)
    price = (miss * np.where(off > 0, BELOW, 1.0)) @ faces.looks
    a, b, weight = faces.twins()
    price += (miss[:, a] * miss[:, b] + (1 - miss[:, a]) * (1 - miss[:, b])) @ weight
    doubt = LOW_DOUBT * np.maximum(-slope, 0) + HIGH_DOUBT * np.maximum(slope - HIGH_SLOPE, 0)
    price += doubt * faces.looks.sum()
    return np.asarray(off[int(np.argmin(price))])
