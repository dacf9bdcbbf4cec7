"""Decides where the shots are, once, over the whole video, from the signals that ingest stored.

A cut, a dissolve or a wipe exchanges the picture; a flash, a strobe, a wash of light, a pan, a zoom
or a shaking hand does not, however much changes from one frame to the next. So frames before and
after are compared by their structure (`likeness`), over a flash's length and over a dissolve's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot
from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.track.likeness import BLANK, Likeness, Ranks, look_at

#: Frames that are looked at together; what is kept of them is the boundaries alone.
STRETCH_FRAMES = 1024
#: A flash lasts at most this long: over that time frames before and after are compared.
FLASH_S = Fraction(2, 15)
#: Half of the time over which a slow exchange is looked for; dissolves and wipes last .2 to 1 s.
HALF_SLOW_S = Fraction(2, 5)
#: Frames whose likeness to the one before is above this hold no cut.
SURELY_ALIKE = 0.6
#: Below this likeness over a flash's length two frames may be of different shots ...
CUT_LIKENESS = 0.42
#: ... and below this, when looked at carefully, they are: cuts of the drawn shows and of cut-up
#: footage lie at .30 to .44, the quickest close-ups at .54 and above.
CUT_CAREFUL = 0.49
#: A fall of likeness by this much, between frames that are still on both sides, needs no care.
CUT_FALL = 0.4
#: The same for a slow exchange, whose frames are further apart.
SLOW_LIKENESS = 0.42
SLOW_CAREFUL = 0.56
#: A slow exchange is a fall in likeness: within the stiller of the two shots frames as far apart
#: are more alike than across it. Dancers who fill the picture change it as much all the time. The
#: fall less the likeness across, quick and careful, is at least this: dissolves and wipes of the
#: drawn shows lie above -.17, the liveliest close-ups below -.20.
SLOW_EVIDENCE = -0.18
#: A camera that moved this share of the picture's sides brings a new picture without an exchange;
#: it takes this much more evidence then. Pans of the drawn shows move .2, their dissolves .02.
MOVED = 0.12
EVIDENCE_IN_MOVEMENT = 0.15
#: Least share of the picture that agrees on a camera's move for it to be believed.
AGREED_SHARE = 0.05
#: Two slow exchanges are at least this far apart.
BETWEEN_SLOW_S = Fraction(1)


@dataclass(frozen=True)
class _Pace:
    """The lengths above in frames."""

    flash: int
    half_slow: int
    between_slow: int


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Frames in which slow exchanges are looked for: what is seen, the camera's moves, the cuts."""

    eye: Likeness
    moves: NDArray[np.float64]
    cuts: list[int]
    pace: _Pace

    def is_uncut(self, first: Ranks, last: Ranks) -> NDArray[np.bool_]:
        """Whether no cut lies between two frames, bool (pairs,)."""
        cuts = np.array(self.cuts, dtype=np.int64)
        before = np.searchsorted(cuts, first, side="right")
        return np.asarray(before == np.searchsorted(cuts, last, side="right"))

    def likeness_across(self, middles: Ranks) -> NDArray[np.floating]:
        """The best likeness of frames on either side of a middle, (middles,)."""
        best = np.full(len(middles), -1.0)
        for before, after in self._pairs(middles):
            best = self._best(best, before, after)
        return best

    def likeness_within(self, middles: Ranks) -> NDArray[np.floating]:
        """How alike frames as far apart are in the stiller of the two shots, (middles,)."""
        best, half = np.full(len(middles), -1.0), self.pace.half_slow
        best = self._best(best, middles + half, middles + 2 * half)
        return self._best(best, middles - 2 * half, middles - half)

    def is_alike_across(self, middle: int, limit: float) -> bool:
        """Whether frames across one middle, looked at carefully, are more alike than a limit."""
        return any(
            self.eye.is_careful_above(int(before[0]), int(after[0]), limit)
            for before, after in self._pairs(np.array([middle]))
            if self.is_uncut(before, after)[0]
        )

    def moved(self, middle: int) -> float:
        """How far the camera went while the picture was exchanged, in shares of its sides."""
        half = self.pace.half_slow
        return float(np.linalg.norm(self.moves[middle + half] - self.moves[middle - half]))

    def half_way(self, middle: int) -> int:
        """The first rank that is more like the frame behind than like the one before."""
        first, last = middle - self.pace.half_slow, middle + self.pace.half_slow
        ranks = np.arange(first + 1, last + 1)
        old = self.eye.quick(np.full(len(ranks), first), ranks)
        new = self.eye.quick(ranks, np.full(len(ranks), last))
        return int(ranks[np.argmax(new > old)])

    def is_abrupt(self, rank: int) -> bool:
        """Whether a frame has nothing of the one before."""
        return bool(self.eye.quick(np.array([rank - 1]), np.array([rank]))[0] < CUT_LIKENESS)

    def _pairs(self, middles: Ranks) -> Iterator[tuple[Ranks, Ranks]]:
        """Frames before and behind, then the same further off: one may stand in a flash."""
        half, off = self.pace.half_slow, 2 * self.pace.flash
        for back, on in ((0, 0), (off, 0), (0, off), (off, off)):
            before, after = middles - half - back, middles + half + on
            yield np.maximum(before, 0), np.minimum(after, len(self.moves) - 1)

    def _best(self, best: NDArray[np.floating], first: Ranks, last: Ranks) -> NDArray[np.floating]:
        """The larger of ``best`` and the likeness of two frames where both are in one shot."""
        is_there = (first >= 0) & (last < len(self.moves)) & self.is_uncut(first, last)
        likeness = self.eye.quick(first[is_there], last[is_there])
        best = best.copy()
        best[is_there] = np.maximum(best[is_there], likeness)
        return best


def find_shots(signals: Signals, timeline: Timeline, size: tuple[int, int]) -> tuple[Shot, ...]:
    """The shots of a video, in order and without a hole; ``size`` is the frame's, in pixels.

    The first frame of a shot that began with a dissolve or wipe is the first that is more of the
    new picture than of the old one.
    """
    frames = len(timeline)
    pace = _pace(timeline)
    margin = 4 * pace.half_slow
    moves = _moves(signals, size)
    kinds: dict[int, bool] = {}
    for start in range(0, frames, STRETCH_FRAMES):
        first, last = max(0, start - margin), min(frames, start + STRETCH_FRAMES + margin)
        found = _boundaries(signals.thumbnail[first:last], moves[first:last], pace)
        kinds |= {
            first + rank: is_slow
            for rank, is_slow in found.items()
            if start <= first + rank < start + STRETCH_FRAMES
        }
    firsts = [0, *sorted(rank for rank in kinds if rank)]
    lasts = [*(rank - 1 for rank in firsts[1:]), frames - 1]
    return tuple(
        Shot(first, last, "dissolve" if kinds.get(first) else "cut")
        for first, last in zip(firsts, lasts, strict=True)
    )


def _pace(timeline: Timeline) -> _Pace:
    step_s = float(np.median(np.diff(timeline.seconds))) if len(timeline) > 1 else 1.0
    return _Pace(
        flash=max(1, round(float(FLASH_S) / step_s)),
        half_slow=max(2, round(float(HALF_SLOW_S) / step_s)),
        between_slow=max(2, round(float(BETWEEN_SLOW_S) / step_s)),
    )


def _moves(signals: Signals, size: tuple[int, int]) -> NDArray[np.float64]:
    """What the camera's moves so far add up to, (n, 3): shares of the sides and ln zoom."""
    is_agreed = signals.motion[:, 3] > AGREED_SHARE
    steps = signals.motion[:, :3] / np.array([*size, 1.0])
    return np.cumsum(np.where(is_agreed[:, None], steps, 0.0), axis=0)


def _boundaries(
    thumbnails: NDArray[np.uint8], moves: NDArray[np.float64], pace: _Pace
) -> dict[int, bool]:
    """Ranks of first frames of shots within a stretch, and whether each began slowly.

    Frames that show nothing (white, black) are left out; a boundary among them is put in their
    middle.
    """
    everything = look_at(thumbnails, pace.half_slow + 2 * pace.flash)
    shown = np.flatnonzero(everything.energy >= BLANK)
    if len(shown) < 2:
        return {}
    eye = Likeness(everything.structure[shown], everything.spectra[shown], everything.energy[shown])
    cuts = _cuts(eye, pace)
    stretch = _Stretch(eye, moves[shown], cuts, pace)
    # an exchange that happens from one frame to the next is a cut after all, found the slow way
    ranks = {rank: not stretch.is_abrupt(rank) for rank in _slow_exchanges(stretch)}
    ranks |= dict.fromkeys(cuts, False)
    return {int(shown[rank - 1] + 1 + shown[rank]) // 2: kind for rank, kind in ranks.items()}


def _cuts(eye: Likeness, pace: _Pace) -> list[int]:
    """Ranks of the first frames behind a cut."""
    frames = len(eye.energy)
    ranks = np.arange(1, frames)
    next_to = np.concatenate([[1.0], eye.quick(ranks - 1, ranks, SURELY_ALIKE)])
    over = np.ones(frames)
    doubtful = np.flatnonzero(next_to < SURELY_ALIKE)
    over[doubtful] = _over_a_flash(eye, doubtful, next_to[doubtful], pace.flash)
    cuts = []
    for rank in np.flatnonzero(over < CUT_LIKENESS):
        around = slice(max(0, rank - pace.flash // 2), rank + pace.flash // 2 + 1)
        is_lowest = next_to[rank] <= next_to[around].min()
        if not is_lowest:
            continue
        fall = _stillness(eye, int(rank), pace.flash) - over[rank]
        if fall > CUT_FALL or _is_exchanged(eye, int(rank), pace.flash):
            cuts.append(int(rank))
    return cuts


def _over_a_flash(
    eye: Likeness, ranks: NDArray[np.integer], best: NDArray[np.floating], flash: int
) -> NDArray[np.floating]:
    """The best likeness of a frame shortly before a rank and one shortly behind it, (ranks,)."""
    last = len(eye.energy) - 1
    for back in range(1, flash + 1):
        for on in range(flash):
            before, after = np.maximum(ranks - back, 0), np.minimum(ranks + on, last)
            best = np.maximum(best, eye.quick(before, after))
    return best


def _stillness(eye: Likeness, rank: int, flash: int) -> float:
    """How alike frames a flash apart are, in the livelier of the shots before and behind a rank."""
    first = np.array([rank - 1 - flash, rank])
    last = first + flash
    if first[0] < 0 or last[1] >= len(eye.energy):
        return -1.0
    return float(eye.quick(first, last).min())


def _is_exchanged(eye: Likeness, rank: int, flash: int) -> bool:
    """Whether nothing of the picture before a rank is found behind it, however it moved."""
    last = len(eye.energy) - 1
    pairs = [(rank - 1, rank), (rank - 2, rank + 1), (rank - flash, rank + flash - 1)]
    return not any(
        eye.is_careful_above(max(0, before), min(last, after), CUT_CAREFUL)
        for before, after in pairs
    )


def _slow_exchanges(stretch: _Stretch) -> list[int]:
    """Ranks at which a dissolve or wipe has got half way."""
    half = stretch.pace.half_slow
    middles = np.arange(half, len(stretch.moves) - half)
    middles = middles[stretch.is_uncut(middles - half, middles + half)]
    nearest = stretch.eye.quick(middles - half, middles + half, SLOW_LIKENESS)
    middles = middles[nearest < SLOW_LIKENESS]
    across = stretch.likeness_across(middles)
    evidence = stretch.likeness_within(middles) - 2 * across
    found: list[int] = []
    looked_at: list[int] = []
    for place in np.argsort(-evidence, kind="stable"):
        middle = int(middles[place])
        is_new = all(abs(middle - other) > half for other in looked_at) and all(
            abs(middle - other) >= stretch.pace.between_slow for other in found
        )
        if across[place] >= SLOW_LIKENESS or evidence[place] < SLOW_EVIDENCE or not is_new:
            continue
        looked_at.append(middle)
        asked = SLOW_EVIDENCE + EVIDENCE_IN_MOVEMENT * (stretch.moved(middle) > MOVED)
        if not stretch.is_alike_across(middle, min(SLOW_CAREFUL, evidence[place] - asked)):
            found.append(stretch.half_way(middle))
    return sorted(set(found) - set(stretch.cuts))
