"""Finds slow exchanges of the picture, dissolves and wipes, in a stretch of frames."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from inyourarea.track import dissolves
from inyourarea.track.dissolves import Candidate, Candidates, Pictures
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
    A dissolve's middle is at most ``off`` frames from where one is found first.
    """

    lengths: tuple[int, ...]
    step: int
    between: int
    off: int

    @property
    def reach(self) -> int:
        """How far from its middle frames have a say."""
        return 2 * self.lengths[-1] + 3 * self.step + self.off


def slow_exchanges(pictures: Pictures, cuts: list[int], pace: SlowPace) -> list[int]:
    """Ranks of the first frames that show more of the new shot than of the old.

    The surest first, and none near another or a cut: wipes, since no dancer moves so, then
    dissolves.
    """
    eye, barred = pictures.eye, np.array(cuts, dtype=np.int64)
    middles = np.arange(0, len(eye), pace.step)
    asked = _candidates(eye, middles, barred, pace)
    found: list[int] = []
    for _, middle in sorted(_wipes(eye, asked, pace), reverse=True):
        if _is_free(middle, found, pace.between):
            found.append(middle)
    for one in dissolves.likeliest(pictures, asked):
        if _is_free(one.middle, found, pace.between) and (
            dissolves.evidence(pictures, one) > dissolves.EVIDENCE
        ):
            found.append(_settled(pictures, one, barred, pace))
    return sorted(found)


def _settled(pictures: Pictures, found: Candidate, cuts: Ranks, pace: SlowPace) -> int:
    """The middle near a dissolve that was found of which most tells."""
    near = found.middle + np.arange(-pace.off, pace.off + 1)
    middle, most = found.middle, dissolves.EVIDENCE
    for one in dissolves.likeliest(pictures, _candidates(pictures.eye, near, cuts, pace)):
        if (told := dissolves.evidence(pictures, one, most)) > most:
            middle, most = one.middle, told
    return middle


def _is_free(middle: int, found: list[int], between: int) -> bool:
    return all(abs(middle - other) >= between for other in found)


def _candidates(eye: Likeness, middles: Ranks, cuts: Ranks, pace: SlowPace) -> list[Candidates]:
    """Those of each length near which no cut lies and across which pictures are unlike."""
    found = []
    for length in pace.lengths:
        margin = length // 2 + pace.step + 1
        inside = (middles >= margin) & (middles < len(eye) - margin)
        asked = Candidates(middles[inside], length, pace.step, cuts)
        asked = asked.among(
            asked.is_uncut(asked.middles - pace.between, asked.middles + pace.between - 1)
        )
        nearest = eye.quick(asked.last_old, asked.first_new, SURELY_THERE)
        found.append(asked.among(nearest < SURELY_THERE))
    return found


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
