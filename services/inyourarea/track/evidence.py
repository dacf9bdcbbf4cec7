"""What a tracklet says about who it is: class scores and appearance, summed over its sightings.

After `tracklets`, before `identity`. Neighbouring frames show the same picture of the same head,
so sightings count by the time they stand for, not by their number.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.tracklets import Ints, Sightings, Tracklets, tracklets_from_labels

Floats = NDArray[np.float64]

#: Two looks closer together than this see the same pose and light: they count as one. Seconds.
FRESH_LOOK_S = 0.2
#: What a single sighting counts for.
FIRST_LOOK = 0.5
#: The least a class score is taken for: a detector is never that sure that somebody is not there.
LEAST_SCORE = 0.02
#: Faces of this height say what they can; smaller ones count less. Pixels; the show's median of
#: wide shots is at most 45.
TELLING_SIDE_PX = 32.0
#: A tracklet is cut in two where that makes its evidence this much better (nats).
CHANGE_GAIN = 2.5


def look_weights(sightings: Sightings, tracklets: Tracklets) -> Floats:
    """How many independent looks each entry of ``tracklets.member`` stands for, float (r,)."""
    seconds = sightings.seconds[tracklets.member]
    weight = np.full(seconds.size, FIRST_LOOK)
    follows = np.diff(tracklets.of_member) == 0
    step = np.minimum(np.diff(seconds) / FRESH_LOOK_S, 1.0)
    weight[1:][follows] = step[follows]
    size = np.clip(sightings.side[tracklets.member] / TELLING_SIDE_PX, 0.6, 1.3)
    return np.asarray(weight * size)


def class_evidence(sightings: Sightings, believed: float) -> Floats:
    """Log likelihood ratio of each class against nobody per sighting, (n, C).

    ``believed`` is the score from which on a box is believed: what scores less speaks against.
    """
    return np.log(np.maximum(sightings.scores, LEAST_SCORE) / max(believed, LEAST_SCORE))


def cut_at_changes(sightings: Sightings, tracklets: Tracklets) -> Tracklets:
    """Cut each tracklet where its class changes for good: there it took up somebody else."""
    label = tracklets.labels(len(sightings))
    if not sightings.scores.shape[1]:
        return tracklets
    weight = look_weights(sightings, tracklets)
    named = len(tracklets)
    evidence = np.log(np.maximum(sightings.scores, LEAST_SCORE))
    for tracklet in range(len(tracklets)):
        low, high = tracklets.bounds[tracklet], tracklets.bounds[tracklet + 1]
        if high - low < 4:
            continue
        member = tracklets.member[low:high]
        for piece in _pieces(evidence[member] * weight[low:high, None])[1:]:
            label[member[piece]] = named
            named += 1
    return tracklets_from_labels(label)


def _pieces(evidence: Floats) -> list[slice]:
    """The stretches of one tracklet's evidence (n, C) that are each of one class."""
    pieces, todo = [], [slice(0, len(evidence))]
    while todo:
        piece = todo.pop()
        sums = np.cumsum(evidence[piece], axis=0)
        total = sums[-1]
        gain = sums[:-1].max(axis=1) + (total - sums[:-1]).max(axis=1) - total.max()
        at = int(np.argmax(gain)) if gain.size else 0
        if gain.size and gain[at] > CHANGE_GAIN:
            cut = piece.start + at + 1
            todo += [slice(cut, piece.stop), slice(piece.start, cut)]
        else:
            pieces.append(piece)
    return pieces


def mean_appearance(sightings: Sightings, tracklets: Tracklets) -> Floats:
    """The mean appearance of each tracklet, (T, D), unit length; zeros where none is known."""
    weight = look_weights(sightings, tracklets) * sightings.confidence[tracklets.member]
    mean = tracklets.total(sightings.appearance[tracklets.member] * weight[:, None])
    return unit(mean)


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; zero rows stay zero."""
    length = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.where(length > 1e-12, length, 1.0))


def spans(sightings: Sightings, tracklets: Tracklets) -> tuple[Ints, Ints]:
    """First and last frame of each tracklet, (T,) each."""
    return sightings.frame[tracklets.start], sightings.frame[tracklets.end]
