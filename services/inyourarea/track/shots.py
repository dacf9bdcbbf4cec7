"""Decides where the shots are, once, over the whole video, from the signals that ingest stored.

A cut, a dissolve or a wipe exchanges the picture; a flash, a strobe, a wash of light, a pan, a zoom
or a shaking hand does not, however much changes from one frame to the next. So frames before and
after are compared by their structure (`likeness`), over a flash's length and over a dissolve's.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from inyourarea.core.shots import Shot, ShotKind
from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.track.dissolves import Pictures
from inyourarea.track.exchanges import SlowPace, slow_exchanges
from inyourarea.track.likeness import Likeness, look_at, show_something

#: Frames that are looked at together; kept of them is which show something, and the boundaries.
STRETCH_FRAMES = 1024
#: Stretches that are looked at side by side: while cameras are planned nobody else works.
THREADS = 2
#: A flash lasts at most this long: over that time frames before and after are compared.
FLASH_S = Fraction(2, 15)
#: A frame rate is what most of so many frames have, so that a stutter is none, and it is another
#: one where it is so many times higher or lower: 30 a second is no other than 25. Steps are evened
#: out over so many frames before: those of a telecined film are long and short by turns.
RATE_FRAMES, OTHER_RATE, EVENED_FRAMES = 61, 4 / 3, 11
#: Frames nearer to each other than in any camera's slow motion are counted as if they were that far
#: apart: what is compared over a flash's length grows with the square of its frames.
QUICKEST_STEP_S = 1 / 240
#: Lengths that are tried of slow exchanges: the show's last .2 to 1 s.
SLOW_S = tuple(Fraction(tenths, 15) for tenths in (4, 6, 8, 10, 12, 14))
#: Every how many seconds a slow exchange is looked for; and as far apart are the frames on one side
#: of it that are looked at, since one of them may stand in a flash.
SLOW_STEP_S = Fraction(1, 10)
#: The middle of a dissolve is at most this far from where one is found first: mostly one frame at
#: 30 a second; farther away something else may look like a middle.
SLOW_OFF_S = Fraction(1, 6)
#: Frames whose likeness to the one before is above this hold no cut: those of the drawn shows are
#: .21 at most.
SURELY_ALIKE = 0.3
#: Likeness over a flash's length from which on there is no cut either: .26 at most.
ALIKE_OVER_FLASH = 0.4
#: A fall of likeness by this much, between frames that are still on both sides, needs no care.
CUT_FALL = 0.4
#: Unlikeness, twice over a flash and once when looked at carefully, less the fall: below this it is
#: a cut. Those of the drawn shows have .85 at most, the quickest close-ups .96 and more.
CUT_UNLIKENESS = 0.9
#: Least share of the picture that agrees on a camera's move for it to be believed.
AGREED_SHARE = 0.05
#: A slow exchange is at least this far from another, and from a cut.
BETWEEN_SLOW_S = Fraction(1)


def find_shots(
    signals: Signals, timeline: Timeline, people: NDArray[np.float64] | None = None
) -> tuple[Shot, ...]:
    """The shots of a video, in order and without a hole.

    ``people`` (F,) is what they tell of a change of pictures, as in `departures`, if that is known.
    The first frame of a shot that began with a dissolve or wipe is the first that is more of the
    new picture than of the old one. A boundary among frames that show nothing (white, black) is put
    in their middle.
    """
    frames = len(timeline)
    zooms = _zooms(signals)
    people = np.zeros(frames) if people is None else people

    def is_shown(start: int) -> NDArray[np.bool_]:
        return show_something(signals.thumbnail[start : start + STRETCH_FRAMES])

    def look(stretch: _Stretch) -> dict[int, ShotKind]:
        pace, first = stretch.pace, max(0, stretch.first - stretch.pace.reach)
        seen = shown[first : stretch.end + pace.reach]
        eye = look_at(signals.thumbnail[seen])
        found = _boundaries(Pictures(eye, zooms[seen], people[seen]), stretch.flash, pace)
        return {
            int(seen[rank - 1] + 1 + seen[rank]) // 2: kind
            for rank, kind in found.items()
            if stretch.first <= first + rank < stretch.end
        }

    kinds: dict[int, ShotKind] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="shots") as pool:
        parts = pool.map(is_shown, range(0, frames, STRETCH_FRAMES))
        shown = np.flatnonzero(np.concatenate([*parts]))
        for found in pool.map(look, _stretches(shown, timeline)):
            kinds |= found
    firsts = [0, *sorted(rank for rank in kinds if rank)]
    lasts = [*(rank - 1 for rank in firsts[1:]), frames - 1]
    return tuple(
        Shot(first, last, kinds.get(first, "cut"))
        for first, last in zip(firsts, lasts, strict=True)
    )


@dataclass(frozen=True)
class _Stretch:
    """Frames that are looked at together, as ranks among those that show something.

    From ``first`` to before ``end``, with a ``flash`` of so many frames and a ``pace`` for slow
    exchanges.
    """

    first: int
    end: int
    flash: int
    pace: SlowPace


def _stretches(shown: NDArray[np.int64], timeline: Timeline) -> Iterator[_Stretch]:
    for frame, behind, step_s in _rates(timeline):
        flash, pace = _in_frames(FLASH_S, step_s), _slow_pace(step_s)
        first, last = (int(rank) for rank in np.searchsorted(shown, (frame, behind)))
        for start in range(first, last, STRETCH_FRAMES):
            yield _Stretch(start, min(last, start + STRETCH_FRAMES), flash, pace)


def _rates(timeline: Timeline) -> Iterator[tuple[int, int, float]]:
    """Parts of one frame rate: the first frame, the first behind it, seconds between two frames.

    What remains: near a change, frames of the other rate are counted as if they were of the part's
    own, and a part of less than half of ``RATE_FRAMES`` belongs to those around it.
    """
    frames = len(timeline)
    if frames < 2:
        yield 0, frames, 1.0
        return
    steps = np.diff(timeline.seconds)
    even = uniform_filter1d(steps, EVENED_FRAMES, mode="nearest")
    around = np.maximum(median_filter(even, RATE_FRAMES, mode="nearest"), QUICKEST_STEP_S)
    firsts, own = [0], around[0]
    for frame, step in enumerate(around.tolist()):
        since = frame - firsts[-1]
        if since <= RATE_FRAMES // 2:
            own = step  # at first what lies before has a say
        elif max(step / own, own / step) > OTHER_RATE:
            firsts.append(frame)
    for first, behind in pairwise([*firsts, frames]):
        yield first, behind, max(float(np.median(steps[first:behind])), QUICKEST_STEP_S)


def _in_frames(seconds: Fraction, step_s: float) -> int:
    return max(1, round(float(seconds) / step_s))


def _slow_pace(step_s: float) -> SlowPace:
    lengths = sorted({max(2, _in_frames(seconds, step_s)) for seconds in SLOW_S})
    return SlowPace(
        lengths=tuple(lengths),
        step=_in_frames(SLOW_STEP_S, step_s),
        between=_in_frames(BETWEEN_SLOW_S, step_s),
        off=_in_frames(SLOW_OFF_S, step_s),
    )


def _zooms(signals: Signals) -> NDArray[np.float64]:
    """What the camera's zooms so far add up to, ln, (n,)."""
    is_agreed = signals.motion[:, 3] > AGREED_SHARE
    return np.cumsum(np.where(is_agreed, signals.motion[:, 2], 0.0), dtype=np.float64)


def _boundaries(pictures: Pictures, flash: int, pace: SlowPace) -> dict[int, ShotKind]:
    """Ranks of first frames of shots within a stretch, and how each began."""
    if len(pictures.eye) < 2:
        return {}
    cuts = _cuts(pictures.eye, flash)
    slow = slow_exchanges(pictures, cuts, pace)
    ranks: dict[int, ShotKind] = dict.fromkeys(slow, "dissolve")
    return ranks | dict.fromkeys(cuts, "cut")


def _cuts(eye: Likeness, flash: int) -> list[int]:
    """Ranks of the first frames behind a cut."""
    frames = len(eye)
    ranks = np.arange(1, frames)
    next_to = np.concatenate([[1.0], eye.quick(ranks - 1, ranks, SURELY_ALIKE)])
    over = np.ones(frames)
    doubtful = np.flatnonzero(next_to < SURELY_ALIKE)
    over[doubtful] = _over_a_flash(eye, doubtful, next_to[doubtful], flash)
    cuts = []
    for rank in np.flatnonzero(over < ALIKE_OVER_FLASH):
        around = slice(max(0, rank - flash // 2), rank + flash // 2 + 1)
        is_lowest = next_to[rank] <= next_to[around].min()
        if not is_lowest:
            continue
        fall = _stillness(eye, int(rank), flash) - over[rank]
        if fall > CUT_FALL or (
            2 * over[rank] + _carefully(eye, int(rank), flash) - fall < CUT_UNLIKENESS
        ):
            cuts.append(int(rank))
    return cuts


def _over_a_flash(
    eye: Likeness, ranks: NDArray[np.integer], best: NDArray[np.floating], flash: int
) -> NDArray[np.floating]:
    """The best likeness of a frame shortly before a rank and one shortly behind it, (ranks,)."""
    last = len(eye) - 1
    for back in range(1, flash + 1):
        for on in range(flash):
            before, after = np.maximum(ranks - back, 0), np.minimum(ranks + on, last)
            best = np.maximum(best, eye.quick(before, after))
    return best


def _stillness(eye: Likeness, rank: int, flash: int) -> float:
    """How alike frames a flash apart are, in the livelier of the shots before and behind a rank."""
    first = np.array([rank - 1 - flash, rank])
    last = first + flash
    is_there = (first >= 0) & (last < len(eye))
    return float(eye.quick(first[is_there], last[is_there]).min(initial=1.0))


def _carefully(eye: Likeness, rank: int, flash: int) -> float:
    """How much of the picture before a rank is found behind it, however it moved."""
    last = len(eye) - 1
    pairs = [(rank - 1, rank), (rank - 2, rank + 1), (rank - flash, rank + flash - 1)]
    return max(eye.careful(max(0, before), min(last, after)) for before, after in pairs)
