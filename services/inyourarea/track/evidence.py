"""What a tracklet says about who it is: class scores and appearance, summed over its sightings.

After `tracklets`, before `identity`. Neighbouring frames show the same picture of the same head,
so sightings count by the time they stand for, not by their number.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.timeline import TICK_S
from inyourarea.track.tracklets import (
    STRAY_WIDTHS,
    STRAY_WIDTHS_PER_S,
    Ints,
    Sightings,
    Tracklets,
    tracklets_from_labels,
)

Floats = NDArray[np.float64]

#: Two looks closer together than this see the same pose and light: they count as one. Seconds.
FRESH_LOOK_S = 0.2
#: What a single sighting counts for.
FIRST_LOOK = 0.5
#: The least a class score is taken for: a detector is never that sure that somebody is not there.
LEAST_SCORE = 0.02
#: And a face that is seen is taken for another's in so many looks: a blur, a strobe, a head that is
#: half hidden or half out of the picture is, look after look, now this one and now that. A share.
CONFUSED = 0.35
#: Nats per unit of the logarithm of a score.
SCORE_SAYS = 2.0
#: A score that says neither yes nor no, as a share of the one from which on a box is believed: a
#: head that is blurred or half turned scores low for long, and still for the right class.
NEUTRAL_SHARE = 0.5
#: Faces of this height say what they can; smaller ones count less. Pixels; the show's median of
#: wide shots is at most 45.
TELLING_SIDE_PX = 32.0
#: A tracklet is cut in two beside another head where that makes its evidence this much better
#: (nats), or its looks this much more alike (1 - cosine, times looks); where no other head is near
#: that it could have gone over to, it takes so many times as much.
CHANGE_GAIN, LOOKS_CHANGE, LONELY = 0.7, 0.05, 8.0
#: More looks than this at either side of a cut say no more.
MOST_LOOKS_OF_A_SIDE = 3.0
#: How a jump of the box counts, in nats of `tracklets` for one such unit; less than this is none. A
#: head that jumps by 2.5 face widths in a tenth of a second is another: from a wall to the floor.
JUMP_CHANGE, LEAST_JUMP = 1.35, 0.3
#: This near another head is near: face widths, and seconds before or after.
NEAR_WIDTHS, NEAR_S = 3.0, 0.2 + TICK_S


def look_weights(sightings: Sightings, tracklets: Tracklets) -> Floats:
    """How many independent looks each entry of ``tracklets.member`` stands for, float (r,)."""
    seconds = sightings.seconds[tracklets.member]
    weight = np.full(seconds.size, FIRST_LOOK)
    follows = np.diff(tracklets.of_member) == 0
    step = np.minimum(np.diff(seconds) / FRESH_LOOK_S, 1.0)
    weight[1:][follows] = step[follows]
    size = np.clip(sightings.side[tracklets.member] / TELLING_SIDE_PX, 0.8, 1.3)
    return np.asarray(weight * size)


def class_evidence(sightings: Sightings, believed: float) -> Floats:
    """Nats that each sighting speaks for each class against nobody, (n, C).

    ``believed`` is the score from which on a lone box is believed.
    """
    floor = max(believed * NEUTRAL_SHARE, LEAST_SCORE)
    least = np.maximum(CONFUSED * sightings.scores.max(axis=1, initial=0.0), LEAST_SCORE)
    return SCORE_SAYS * np.log(np.maximum(sightings.scores, least[:, None]) / floor)


def tracklet_evidence(sightings: Sightings, tracklets: Tracklets, believed: float) -> Floats:
    """Nats that each tracklet speaks for each class against nobody, (T, C)."""
    weight = look_weights(sightings, tracklets)
    evidence = class_evidence(sightings, believed)[tracklets.member]
    return tracklets.total(evidence * weight[:, None])


def cut_at_changes(sightings: Sightings, tracklets: Tracklets, believed: float) -> Tracklets:
    """Cut each tracklet where its class changes for good: there it took up somebody else.

    ``believed`` is the score from which on a box is believed.
    """
    label = tracklets.labels(len(sightings))
    weight = look_weights(sightings, tracklets)
    company = _has_company(sightings, label)
    change = (
        _change_of_class(sightings, believed)
        if sightings.scores.shape[1]
        else _change_of_looks(sightings)
    )
    named = len(tracklets)
    for tracklet in range(len(tracklets)):
        low, high = tracklets.bounds[tracklet], tracklets.bounds[tracklet + 1]
        if high - low < 4:
            continue
        member = tracklets.member[low:high]
        jump = _jumps(sightings, member)
        could = company[member][1:] | company[member][:-1] | (jump > LEAST_JUMP)
        for piece in _pieces(member, weight[low:high], change, (jump, could))[1:]:
            label[member[piece]] = named
            named += 1
    return tracklets_from_labels(label)


#: For the sightings of a tracklet and their weights: how much better each of the n - 1 ways to cut
#: it explains them, in units of what is enough to cut beside another head.
Change = Callable[[Ints, Floats], Floats]


def _change_of_class(sightings: Sightings, believed: float) -> Change:
    # The last column is nobody: a tracklet may also have gone over to a dancer.
    nobody = np.zeros((len(sightings), 1))
    evidence = np.concatenate([class_evidence(sightings, believed), nobody], axis=1)

    def gain(member: Ints, weight: Floats) -> Floats:
        sums = np.cumsum(evidence[member] * weight[:, None], axis=0)
        before, after = sums[:-1], sums[-1] - sums[:-1]
        return (before.max(axis=1) + after.max(axis=1) - sums[-1].max()) / CHANGE_GAIN

    return gain


def _change_of_looks(sightings: Sightings) -> Change:
    def gain(member: Ints, weight: Floats) -> Floats:
        sums = np.cumsum(sightings.appearance[member] * weight[:, None], axis=0)
        before, after = unit(sums[:-1]), unit(sums[-1] - sums[:-1])
        looks = np.cumsum(weight)
        left = np.minimum(looks[:-1], MOST_LOOKS_OF_A_SIDE)
        right = np.minimum(looks[-1] - looks[:-1], MOST_LOOKS_OF_A_SIDE)
        unlike = 1 - (before * after).sum(axis=1)
        return left * right / (left + right) * unlike / LOOKS_CHANGE

    return gain


def _has_company(sightings: Sightings, label: Ints) -> NDArray[np.bool_]:
    """Which sightings have a sighting of another tracklet near, in this or a near frame, (n,)."""
    near = np.zeros(len(sightings), dtype=bool)
    place, side = sightings.place, sightings.side
    for step in range(1, len(sightings)):
        a = np.arange(len(sightings) - step)
        a = a[sightings.seconds[step:] - sightings.seconds[:-step] <= NEAR_S]
        if not a.size:
            break
        b = a + step
        away = np.abs(place[b] - place[a]).max(axis=1)
        hit = (away < NEAR_WIDTHS * np.maximum(side[a], side[b])) & (label[a] != label[b])
        near[a[hit]] = near[b[hit]] = True
    return near


def _pieces(
    member: Ints, weight: Floats, change: Change, clues: tuple[Floats, NDArray[np.bool_]]
) -> list[slice]:
    """The stretches of one tracklet that are each of one person.

    ``clues`` are, per step, how strangely the head moves and whether it could have gone over.
    """
    jump, could = clues
    pieces, todo = [], [slice(0, member.size)]
    while todo:
        piece = todo.pop()
        inside = slice(piece.start, piece.stop - 1)
        gain = change(member[piece], weight[piece])
        gain = np.where(could[inside], gain + jump[inside], gain / LONELY)
        at = int(np.argmax(gain)) if gain.size else 0
        if gain.size and gain[at] > 1:
            cut = piece.start + at + 1
            todo += [slice(cut, piece.stop), slice(piece.start, cut)]
        else:
            pieces.append(piece)
    return pieces


def _jumps(sightings: Sightings, member: Ints) -> Floats:
    """How strange each of the n - 1 steps of a tracklet is, in units of what is enough to cut.

    A step is expected to go as the one before or the one after it does, or not at all.
    """
    seconds, side = sightings.seconds[member], sightings.side[member]
    wait = np.diff(seconds)
    step = np.diff(sightings.place[member], axis=0)
    speed = step / wait[:, None]
    expected = np.zeros((3, *step.shape))
    expected[1, 1:], expected[2, :-1] = speed[:-1], speed[1:]
    off = np.sqrt(((step - expected * wait[:, None]) ** 2).sum(axis=2)).min(axis=0)
    widths = off / np.minimum(side[1:], side[:-1])
    stray = STRAY_WIDTHS + STRAY_WIDTHS_PER_S * wait
    return np.asarray(np.log1p(0.5 * (widths / stray) ** 2) / JUMP_CHANGE)


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
