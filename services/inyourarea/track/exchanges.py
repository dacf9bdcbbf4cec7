"""Finds slow exchanges of the picture, dissolves and wipes, in a stretch of frames."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from inyourarea.track import dissolves
from inyourarea.track.dissolves import Candidates
from inyourarea.track.likeness import Likeness, Ranks
from inyourarea.track.wipes import profiles, wipe_evidence

#: Likeness of a frame before and one behind above which nothing was exchanged between them: across
#: dissolves and wipes of the drawn shows it is .07 to .24.
SURELY_THERE = 0.3
#: Evidence of a wipe from which it is one: those of the drawn shows have .66 and more, whatever
#: else happens .48 at most.
WIPE_EVIDENCE = 0.55
#: The same where length or middle may be a little off.
WORTH_A_LOOK = 0.22


@dataclass(frozen=True)
class SlowPace:
    """What slow exchanges are looked for by, in frames.

    ``lengths`` that one may have, every how many frames one is looked for (``step``), which is how
    far apart the frames on one side are too, and how far two exchanges at least (``between``).
    """

    lengths: tuple[int, ...]
    step: int
    between: int

    @property
    def reach(self) -> int:
        """How far from its middle frames have a say."""
        return 2 * self.lengths[-1] + 3 * self.step


def slow_exchanges(
    eye: Likeness, zooms: NDArray[np.float64], cuts: list[int], pace: SlowPace
) -> list[int]:
    """Ranks of the first frames that show more of the new shot than of the old.

    The surest first, and none near another or a cut: wipes, since no dancer moves so, then
    dissolves.
    """
    barred = np.array(cuts, dtype=np.int64)
    asked = [
        _candidates(eye, Candidates(_grid(eye, length, pace), length, pace.step, barred), pace)
        for length in pace.lengths
    ]
    found: list[int] = []
    for _, middle in sorted(_wipes(eye, asked, pace), reverse=True):
        if _is_free(middle, found, pace.between):
            found.append(middle)
    found += _dissolves(eye, zooms, asked, found, pace.between)
    return sorted(found)


def _dissolves(
    eye: Likeness,
    zooms: NDArray[np.float64],
    asked: list[Candidates],
    taken: list[int],
    between: int,
) -> list[int]:
    """Middles of dissolves that are not near places which are taken."""
    tried = []
    for candidates in asked:
        unlike, across = dissolves.unlike(eye, candidates)
        evidence = dissolves.evidence_at_most(eye, zooms, unlike, across)
        tried += [
            (at_most, most, unlike, place)
            for place, (at_most, most) in enumerate(zip(evidence, across[1], strict=True))
        ]
    found: list[int] = []
    for at_most, most, unlike, place in sorted(tried, key=lambda one: -one[0]):
        middle = int(unlike.middles[place])
        if _is_free(middle, taken + found, between) and dissolves.is_dissolve(
            eye, unlike, place, at_most, most
        ):
            found.append(middle)
    return found


def _is_free(middle: int, found: list[int], between: int) -> bool:
    return all(abs(middle - other) >= between for other in found)


def _grid(eye: Likeness, length: int, pace: SlowPace) -> Ranks:
    margin = length // 2 + pace.step + 1
    return np.arange(margin, len(eye) - margin, pace.step)


def _candidates(eye: Likeness, asked: Candidates, pace: SlowPace) -> Candidates:
    """Those near which no cut lies and across which pictures are unlike."""
    asked = asked.among(
        asked.is_uncut(asked.middles - pace.between, asked.middles + pace.between - 1)
    )
    nearest = eye.quick(asked.last_old, asked.first_new, SURELY_THERE)
    return asked.among(nearest < SURELY_THERE)


def _wipes(eye: Likeness, asked: list[Candidates], pace: SlowPace) -> Iterator[tuple[float, int]]:
    """Evidence and middles of wipes, those of lengths between two that are asked among them."""
    edges = profiles(eye.structure)
    further = max(1, pace.lengths[0] // 4)
    for candidates in asked:
        middles = np.unique(candidates.middles[:, None] + np.arange(pace.step))
        for length in (candidates.length, candidates.length + further):
            evidence = _evidence(edges, middles, (length,))
            is_peak = evidence >= maximum_filter1d(evidence, 2 * pace.step + 1)
            for middle in middles[is_peak & (evidence > WORTH_A_LOOK)]:
                near = middle + np.arange(-1, 2)
                closer = _evidence(edges, near, range(length - further + 1, length + further))
                if closer.max() > WIPE_EVIDENCE:
                    yield float(closer.max()), int(near[closer.argmax()])


def _evidence(
    edges: tuple[NDArray[np.float32], ...], middles: Ranks, lengths: Iterable[int]
) -> NDArray[np.float64]:
    """The best evidence of a wipe of these lengths, half way in a frame or between two, (n,)."""
    ways = product(edges, lengths, (0.0, 0.5))
    return np.max(
        [wipe_evidence(edge, middles, length, phase) for edge, length, phase in ways], axis=0
    )
