"""Decides where the shots are, once, over the whole video, from the signals that ingest stored.

A cut, a dissolve or a wipe exchanges the picture; a flash, a strobe, a wash of light, a pan, a zoom
or a shaking hand does not, however much changes from one frame to the next. So frames before and
after are compared by their structure (`likeness`), over a flash's length and over a dissolve's.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot
from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.track.likeness import BLANK, Likeness, look_at

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
#: The same for a slow exchange.
SLOW_LIKENESS = 0.42
SLOW_CAREFUL = 0.50
#: A slow exchange is a fall in likeness: within one of the shots frames as far apart are at least
#: this much more alike. Dancers who fill the picture change it as much all the time.
SLOW_FALL = 0.28
#: Two slow exchanges are at least this far apart.
BETWEEN_SLOW_S = Fraction(1)


@dataclass(frozen=True)
class _Pace:
    """The lengths above in frames."""

    flash: int
    half_slow: int
    between_slow: int


def find_shots(
    signals: Signals,
    timeline: Timeline,
    size: tuple[int, int],  # noqa: ARG001 - the signals are the same for every size
) -> tuple[Shot, ...]:
    """The shots of a video, in order and without a hole.

    The first frame of a shot that began with a dissolve or wipe is the first that is more of the
    new picture than of the old one.
    """
    frames = len(timeline)
    pace = _pace(timeline)
    margin = 4 * pace.half_slow
    kinds: dict[int, bool] = {}
    for start in range(0, frames, STRETCH_FRAMES):
        first, last = max(0, start - margin), min(frames, start + STRETCH_FRAMES + margin)
        found = _boundaries(signals.thumbnail[first:last], pace)
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


def _boundaries(thumbnails: NDArray[np.uint8], pace: _Pace) -> dict[int, bool]:
    """Ranks of first frames of shots within a stretch, and whether each began slowly.

    Frames that show nothing (white, black) are left out; a boundary among them is put in their
    middle.
    """
    everything = look_at(thumbnails)
    shown = np.flatnonzero(everything.energy >= BLANK)
    if len(shown) < 2:
        return {}
    eye = Likeness(everything.structure[shown], everything.spectra[shown], everything.energy[shown])
    cuts = _cuts(eye, pace)
    slow = _slow_exchanges(eye, cuts, pace)
    ranks = {cut: False for cut in cuts} | {rank: True for rank in slow}
    return {int(shown[rank - 1] + 1 + shown[rank]) // 2: kind for rank, kind in ranks.items()}


def _cuts(eye: Likeness, pace: _Pace) -> list[int]:
    """Ranks of the first frames behind a cut."""
    frames = len(eye.energy)
    ranks = np.arange(1, frames)
    next_to = np.concatenate([[1.0], eye.quick(ranks - 1, ranks)])
    over = np.ones(frames)
    doubtful = np.flatnonzero(next_to < SURELY_ALIKE)
    over[doubtful] = _over_a_flash(eye, doubtful, next_to[doubtful], pace.flash)
    cuts = []
    for rank in np.flatnonzero(over < CUT_LIKENESS):
        around = slice(max(0, rank - pace.flash // 2), rank + pace.flash // 2 + 1)
        is_lowest = next_to[rank] <= next_to[around].min()
        if is_lowest and _is_exchanged(eye, int(rank), pace.flash):
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


def _is_exchanged(eye: Likeness, rank: int, flash: int) -> bool:
    """Whether nothing of the picture before a rank is found behind it, however it moved."""
    last = len(eye.energy) - 1
    pairs = [(rank - 1, rank), (rank - 2, rank + 1), (rank - flash, rank + flash - 1)]
    return all(
        eye.careful(max(0, before), min(last, after)) < CUT_CAREFUL for before, after in pairs
    )


def _slow_exchanges(eye: Likeness, cuts: list[int], pace: _Pace) -> list[int]:
    """Ranks at which a dissolve or wipe has got half way."""
    half, frames = pace.half_slow, len(eye.energy)
    middles = np.arange(half, frames - half, 1)
    middles = middles[_is_uncut(middles - half, middles + half, cuts)]
    if not len(middles):
        return []
    across = eye.quick(middles - half, middles + half)
    middles, across = middles[across < SLOW_LIKENESS], across[across < SLOW_LIKENESS]
    fall = _within(eye, middles, cuts, half) - across
    found: list[int] = []
    for place in np.argsort(across - fall, kind="stable"):
        middle = int(middles[place])
        is_apart = all(abs(middle - other) >= pace.between_slow for other in found)
        if fall[place] < SLOW_FALL or not is_apart:
            continue
        if eye.careful(middle - half, middle + half) < SLOW_CAREFUL:
            found.append(_half_way(eye, middle - half, middle + half))
    return sorted(set(found) - set(cuts))


def _within(
    eye: Likeness, middles: NDArray[np.integer], cuts: list[int], half: int
) -> NDArray[np.floating]:
    """How alike frames are in the stiller of the two shots, (middles,), as far apart as they go."""
    best = np.full(len(middles), -1.0)
    for near, far in ((half, 2 * half), (-2 * half, -half)):
        first, last = middles + near, middles + far
        is_there = (first >= 0) & (last < len(eye.energy)) & _is_uncut(first, last, cuts)
        best[is_there] = np.maximum(best[is_there], eye.quick(first[is_there], last[is_there]))
    return best


def _is_uncut(
    first: NDArray[np.integer], last: NDArray[np.integer], cuts: list[int]
) -> NDArray[np.bool_]:
    """Whether no cut lies between two frames, bool (pairs,)."""
    sorted_cuts = np.array(cuts, dtype=np.int64)
    before = np.searchsorted(sorted_cuts, first, side="right")
    return np.asarray(before == np.searchsorted(sorted_cuts, last, side="right"))


def _half_way(eye: Likeness, first: int, last: int) -> int:
    """The first rank that is more like the frame behind an exchange than like the one before."""
    ranks = np.arange(first + 1, last + 1)
    old = eye.quick(np.full(len(ranks), first), ranks)
    new = eye.quick(ranks, np.full(len(ranks), last))
    return int(ranks[np.argmax(new > old)])
