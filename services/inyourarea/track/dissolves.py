"""Tells a dissolve: pictures unlike each other, and between them a paler mixture of both.

Dancers who fill the picture change it as much within a second. So it is told by a line that weighs
how alike frames on both sides are, how alike frames as far apart are within either shot, how pale
the middle is, how far the camera zoomed, and whether the middle is made of both.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.likeness import Likeness, Ranks

#: What the line weighs, in ln of the odds for each unit; fitted by logistic regression to drawn
#: shows and real footage.
OFFSET = 1.5
ACROSS, CLOSEST = -24.7, -14.4
LIVELIER, STILLER = 18.1, 10.0
PALE, ZOOMED, SHARED = -6.2, -19.5, -20.3
#: What a letterbox that comes or goes takes away, for fewer rows are compared; and from how many
#: rows on it is one: dark pictures have a dark row or two.
BARS, BAR_ROWS = -5.0, 4
#: ln of the odds from which it is a dissolve: there are more places for a false one.
EVIDENCE = 0.6
#: Likeness that pictures have in common which have nothing in common.
UNRELATED = 0.1
#: Mean likeness across from which on it is no dissolve: those of the drawn shows have .24.
MOST_ACROSS = 0.27
#: How much more the frames beside the middle may tell than the middle itself, ln of the odds.
ROOM = 2.0
#: The least that two shots that are mixed were seen to share.
LEAST_SHARED = 0.05
#: More than this (ln) tells no more: a row that is this much paler or richer, a picture that is
#: richer, a camera that zoomed so far.
PALEST_ROW, RICHEST, LARGEST_ZOOM = 1.5, 0.3, 0.3
#: Squared contrast that is grain and coding: in grey levels, and in units of the light.
GRAIN = (4.0, 5e-4)
#: Frames that are looked at on each side for the two that are most alike, so many times
#: ``apart``: two seconds together, in which a turn, a flash and a passer-by are over.
WIDELY = (0, 1, 3, 4, 6, 7)


@dataclass(frozen=True, eq=False)
class Pictures:
    """What is known of a stretch of frames.

    Their ``eye``; the ``zooms`` so far, ln, (n,); and what ``people`` tell of a change of pictures,
    ln of the odds, (n,).
    """

    eye: Likeness
    zooms: NDArray[np.float64]
    people: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Middles at which a dissolve of one ``length`` may be half way: (n,) and frames.

    ``apart`` frames lie between the frames that are looked at on each side; ``cuts`` are ranks over
    which nothing is compared.
    """

    middles: Ranks
    length: int
    apart: int
    cuts: Ranks

    @property
    def last_old(self) -> Ranks:
        """The last frames of the old shot, (n,)."""
        return np.asarray(self.middles - self.length // 2 - 1)

    @property
    def first_new(self) -> Ranks:
        """The first frames of the new shot, (n,)."""
        return np.asarray(self.middles + self.length // 2)

    def among(self, chosen: NDArray[np.bool_]) -> "Candidates":
        """Those of the candidates."""
        return Candidates(self.middles[chosen], self.length, self.apart, self.cuts)

    def is_uncut(self, first: Ranks, last: Ranks) -> NDArray[np.bool_]:
        """Whether no cut lies between two frames, bool (pairs,)."""
        before = np.searchsorted(self.cuts, first, side="right")
        return np.asarray(before == np.searchsorted(self.cuts, last, side="right"))


@dataclass(frozen=True, eq=False)
class Candidate:
    """One of ``asked``, at ``place``: at most so much tells of it (ln of the odds).

    ``most_across`` is how alike the frames are that were compared for that.
    """

    asked: Candidates
    place: int
    at_most: float
    most_across: float

    @property
    def middle(self) -> int:
        """The frame in which it is half way."""
        return int(self.asked.middles[self.place])


def likeliest(pictures: Pictures, asked: Iterable[Candidates]) -> list[Candidate]:
    """The candidates across which pictures are unlike, those first of which most may tell."""
    found = []
    for candidates in asked:
        unlike, across = _unlike(pictures.eye, candidates)
        at_most = _evidence_at_most(pictures, unlike, across)
        found += [
            Candidate(unlike, place, float(bound), float(most))
            for place, (bound, most) in enumerate(zip(at_most, across[1], strict=True))
        ]
    return sorted(found, key=lambda one: -one.at_most)


def evidence(pictures: Pictures, one: Candidate, least: float = EVIDENCE) -> float:
    """What tells of a dissolve, ln of the odds; -inf where that is no more than ``least``.

    The cheapest look comes first, and the dearer ones only where enough may be left.
    """
    eye, asked = pictures.eye, one.asked
    middle, old = one.middle, int(asked.last_old[one.place])
    new = int(asked.first_new[one.place])
    if one.at_most + SHARED * LEAST_SHARED <= least:
        return -math.inf
    once = SHARED * eye.shared(old, middle, new)
    if one.at_most + once + ROOM <= least:
        return -math.inf
    told = one.at_most + CLOSEST * (_closest(eye, asked, old, new) - one.most_across)
    if told + once + ROOM <= least:
        return -math.inf
    way = 2 * asked.apart // 3
    others = [SHARED * eye.shared(old, at, new) for at in (middle - way, middle + way)]
    told += (once + sum(others)) / 3
    return told if told > least else -math.inf


def _unlike(eye: Likeness, asked: Candidates) -> tuple[Candidates, NDArray[np.float64]]:
    """The candidates across which pictures are unlike, and how alike: the mean and most, (2, n)."""
    old, new, apart = asked.last_old, asked.first_new, asked.apart
    pairs = [eye.quick(old - back, new + on) for back in (0, apart) for on in (0, apart)]
    across = np.stack([np.mean(pairs, axis=0), np.max(pairs, axis=0)])
    is_unlike = across[0] < MOST_ACROSS
    return asked.among(is_unlike), across[:, is_unlike]


def _evidence_at_most(
    pictures: Pictures, asked: Candidates, across: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What tells of a dissolve without a look at the mixture, ln of the odds, (n,).

    And if no frames across it are more alike than those that were looked at.
    """
    eye, old, new, apart = pictures.eye, asked.last_old, asked.first_new, asked.apart
    sides = (
        [(old - at - asked.length, old - at) for at in (0, apart, 2 * apart)],
        [(new + at, new + at + asked.length) for at in (0, apart, 2 * apart)],
    )
    within = [_within(eye, asked, pairs) for pairs in sides]
    return np.asarray(
        OFFSET
        + ACROSS * across[0]
        + CLOSEST * across[1]
        + LIVELIER * np.min(within, axis=0)
        + STILLER * np.max(within, axis=0)
        + PALE * _paleness(eye, asked)
        + ZOOMED * _zoomed(pictures.zooms, asked)
        + pictures.people[asked.middles]
        + BARS * (np.abs(eye.shown[old] - eye.shown[new]).sum(axis=1) >= BAR_ROWS)
    )


def _closest(eye: Likeness, asked: Candidates, old: int, new: int) -> float:
    """The likeness of the two frames within a second on either side that are most alike."""
    times = np.array(WIDELY) * asked.apart
    before = np.repeat(old - times, len(times))
    after = np.tile(new + times, len(times))
    is_there = (before >= 0) & (after < len(eye))
    is_there[is_there] = asked.is_uncut(before[is_there], after[is_there])
    return float(eye.quick(before[is_there], after[is_there]).max(initial=UNRELATED))


def _paleness(eye: Likeness, asked: Candidates) -> NDArray[np.float64]:
    """How pale the middle is: ln of its squared contrast, less that of both shots, (n,).

    A mixture of two pictures that have nothing in common has half of their squared contrast,
    measured either way and in all rows: so a bright caption has little say.
    """
    last = len(eye) - 1
    old = np.maximum(asked.last_old[:, None] - np.arange(5), 0)
    middle = asked.middles[:, None] + np.arange(-2, 2)
    new = np.minimum(asked.first_new[:, None] + np.arange(5), last)
    rows = eye.shown[np.concatenate([old, middle, new], axis=1)].min(axis=1)
    before, between, after = (
        np.median(eye.contrast[ranks], axis=1) + np.array(GRAIN)[:, None]
        for ranks in (old, middle, new)
    )
    paler = np.clip(np.log(2 * between / (before + after)), -PALEST_ROW, PALEST_ROW)
    mean = np.einsum("nwy,ny->nw", paler, rows) / np.maximum(rows.sum(axis=1), 1)[:, None]
    return np.minimum(mean.max(axis=1), RICHEST)


def _within(
    eye: Likeness, asked: Candidates, pairs: list[tuple[Ranks, Ranks]]
) -> NDArray[np.float64]:
    """The mean likeness of those pairs that lie in one shot, (n,)."""
    total, count = np.zeros(len(asked.middles)), np.zeros(len(asked.middles))
    for first, last in pairs:
        is_there = (first >= 0) & (last < len(eye)) & asked.is_uncut(first, last)
        total[is_there] += eye.quick(first[is_there], last[is_there])
        count += is_there
    return np.where(count > 0, total / np.maximum(count, 1), UNRELATED)


def _zoomed(zooms: NDArray[np.float64], asked: Candidates) -> NDArray[np.float64]:
    """By how much the camera zoomed while the picture was exchanged, ln, (n,).

    A pan is told by displaced pictures, which a zoom is not.
    """
    return np.minimum(np.abs(zooms[asked.first_new] - zooms[asked.last_old]), LARGEST_ZOOM)
