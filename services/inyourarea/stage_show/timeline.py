"""When the picture changes and from where it is taken.

Shots, their transitions and camera places, before anybody moves.
"""

from dataclasses import dataclass

import numpy as np

from inyourarea.stage_show.spec import ShowSpec

WIDE, HALF, CLOSE, SIDE = "wide", "half", "close", "side"
CUT, DISSOLVE, WIPE = "cut", "dissolve", "wipe"

SHORTEST_SHOT_S, LONGEST_SHOT_S = 2.0, 6.0
_LENGTHS_S = {WIDE: (3.8, 5.2), HALF: (2.1, 2.8), CLOSE: (2.05, 2.5), SIDE: (2.05, 2.5)}
_ORDERS = (
    (WIDE, CLOSE, WIDE, SIDE, HALF),
    (WIDE, SIDE, WIDE, HALF, CLOSE),
    (WIDE, HALF, CLOSE, WIDE, SIDE),
)
"""Cycles of views: about two thirds of the time is wide, and twenty seconds show them all."""
TRANSITION_S = (0.25, 0.95)


@dataclass(frozen=True)
class Slot:
    """A shot's time and place.

    Frames first..last, how it begins, and where its camera stands (metres).

    ``overlap`` frames of a dissolve or wipe lie half before and half after ``first``; 0 at a cut.
    """

    first: int
    last: int
    view: str
    transition: str
    overlap: int
    position: tuple[float, float, float]


def plan_timeline(spec: ShowSpec, rng: np.random.Generator) -> tuple[Slot, ...]:
    """Lay out the shots of a show; the first is wide and begins with a cut."""
    fps = float(spec.fps)
    if spec.setting == "handheld":
        return (Slot(0, spec.frames - 1, WIDE, CUT, 0, (float(rng.uniform(-1, 1)), -22.0, 4.2)),)
    views, starts = _cut_up(spec, rng)
    transitions = _transitions(spec, len(views), rng)
    slots = []
    for i, (view, first) in enumerate(zip(views, starts, strict=True)):
        last = starts[i + 1] - 1 if i + 1 < len(starts) else spec.frames - 1
        overlap = 0
        if transitions[i] != CUT:
            overlap = 2 * max(1, round(float(rng.uniform(*TRANSITION_S)) * fps / 2))
        slots.append(Slot(first, last, view, transitions[i], overlap, _place(view, rng)))
    return tuple(slots)


def _cut_up(spec: ShowSpec, rng: np.random.Generator) -> tuple[list[str], list[int]]:
    """Choose views and first frames.

    Every second shot is wide, none shorter than 2 s or longer than 6 s.
    """
    fps = float(spec.fps)
    slower = 1.6 if spec.setting == "easy" else 1.0
    order = _ORDERS[int(rng.integers(0, len(_ORDERS)))]
    views, starts = [WIDE], [0]
    while True:
        low, high = _LENGTHS_S[views[-1]]
        length = min(LONGEST_SHOT_S * slower, float(rng.uniform(low, high)) * slower)
        first = starts[-1] + max(1, round(length * fps))
        if spec.frames - first < SHORTEST_SHOT_S * fps:
            break
        starts.append(first)
        views.append(order[len(views) % len(order)])
    _fit_last(spec, starts)
    return views, starts


def _fit_last(spec: ShowSpec, starts: list[int]) -> None:
    """Keep the last shot within the longest allowed: an early last start is moved later."""
    longest = round(LONGEST_SHOT_S * float(spec.fps))
    if spec.setting == "hard" and len(starts) > 1 and spec.frames - starts[-1] > longest:
        starts[-1] = spec.frames - longest


def _transitions(spec: ShowSpec, count: int, rng: np.random.Generator) -> list[str]:
    """Choose how each shot begins.

    In a hard show of four shots or more a cut, a dissolve and a wipe are among them.
    """
    if spec.setting == "easy":
        return [CUT] * count
    kinds = [
        str(kind) for kind in rng.choice([CUT, DISSOLVE, WIPE], size=count, p=[0.6, 0.22, 0.18])
    ]
    if count >= 4:
        kinds[1:4] = [str(kind) for kind in rng.permutation([CUT, DISSOLVE, WIPE])]
    elif count > 1:
        kinds[1] = CUT
    kinds[0] = CUT
    return kinds


def _place(view: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """Choose where the camera stands.

    In the hall for front views, beside the stage for side views.
    """
    if view == WIDE:
        return (
            float(rng.uniform(-2.5, 2.5)),
            float(rng.uniform(-23, -20)),
            float(rng.uniform(4.0, 5.0)),
        )
    if view == SIDE:
        side = float(rng.choice([-1.0, 1.0]))
        return 12.5 * side, float(rng.uniform(-9.0, -6.0)), float(rng.uniform(1.7, 2.4))
    if view == CLOSE:
        return float(rng.uniform(-3, 3)), float(rng.uniform(-27, -23)), float(rng.uniform(1.5, 2.1))
    return float(rng.uniform(-3, 3)), float(rng.uniform(-17, -14)), float(rng.uniform(1.5, 2.1))
