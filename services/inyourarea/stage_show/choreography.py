"""Who stands where when.

Formations changing on the beat, rows that cross, turns away, people hidden behind others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.spec import ShowSpec
from inyourarea.stage_show.timeline import WIDE, Slot

BAND_Y_M = (1.0, 3.3, 5.6)
"""Front, middle and back of the stage."""
_ROW_SPREAD = (0.75, 1.0, 1.2)
"""Rows farther back are wider, so that nobody stands behind somebody else all the time."""
STAGE_HALF_M = 4.4
MOVE_BEATS = 6.0
FORMATION_BEATS = 8
LONGEST_AWAY_S = 2.9
LONGEST_HIDDEN_S = 1.3
HIDING_S = 1.6
"""How long it takes to walk behind somebody, and out again: it may begin before the shot does."""
BEHIND_M = 0.8


@dataclass(frozen=True)
class Tracks:
    """Where n people are in each of F frames.

    ``roots`` (F, n, 2) metres, ``yaws`` (F, n) radians, ``crouch`` (F, n) metres.

    ``travelled`` (F, n) is the way walked so far, which the steps follow; people are members, then
    dancers.
    """

    roots: Points
    yaws: Points
    crouch: Points
    travelled: Points


def plan_tracks(
    spec: ShowSpec, dancers: int, beat: float, slots: tuple[Slot, ...], rng: np.random.Generator
) -> Tracks:
    """Move everybody for the whole show; ``beat`` in frames."""
    people = spec.members + dancers
    every = FORMATION_BEATS * beat * (2 if spec.setting == "easy" else 1)
    roots = _walk(_formations(spec, dancers, every, rng), spec.frames, every, spec.members)
    seconds = np.arange(spec.frames) / float(spec.fps)
    phase = rng.uniform(0, 2 * np.pi, people)
    roots[..., 0] += 0.05 * np.sin(seconds[:, None] * 1.3 + phase)
    crouch = np.zeros((spec.frames, people))
    if spec.setting != "easy":
        for slot in slots:
            if slot.view == WIDE:
                _hide(spec, slot, roots, crouch, rng)
    velocity = (
        np.gradient(roots, axis=0) * float(spec.fps) if spec.frames > 1 else np.zeros_like(roots)
    )
    heading = 0.55 * np.tanh(velocity[..., 0] / 1.2)
    yaws = heading + 0.22 * np.sin(seconds[:, None] * 0.9 + phase * 1.7)
    yaws += _turns(spec, slots, people, beat, rng)
    step = np.linalg.norm(np.diff(roots, axis=0, prepend=roots[:1]), axis=2)
    return Tracks(roots, yaws, crouch, np.cumsum(step, axis=0))


def _formations(spec: ShowSpec, dancers: int, every: float, rng: np.random.Generator) -> Points:
    """Give the places (K, n, 2) of everybody in each formation.

    Rows change at every second, order at the others.
    """
    count = int(spec.frames / every) + 2
    places = np.zeros((count, spec.members + dancers, 2))
    rows = _rows(spec.members, 0, rng)
    order = rng.permutation(spec.members)
    for k in range(count):
        if k % 2 == 0 and k > 0:
            rows = _rows(spec.members, k // 2, rng)
            places[k, : spec.members] = _stand_in_rows(order, rows, rng)
            order = _nearest_order(places[k - 1, : spec.members], places[k, : spec.members], order)
        elif k > 0:
            order = _shuffled(order, rows, rng)
        places[k, : spec.members] = _stand_in_rows(order, rows, rng)
        places[k, spec.members :] = _dancer_places(dancers, k)
    return places


def _nearest_order(before: Points, after: Points, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give new places to whoever has the shortest way.

    So that nobody has to run across the whole stage.
    """
    slots = after[order]
    cost = np.sum((before[:, None] - slots[None]) ** 2, axis=2)
    members, taken = linear_sum_assignment(cost)
    new = np.empty_like(order)
    new[taken] = members
    return new


def _rows(members: int, turn: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Share the members among the three bands, at least two in a band that has any.

    All bands get their turn.
    """
    if members < 4:
        counts = [0, 0, 0]
        counts[(turn + 1) % 3] = members
        return tuple(counts)
    if members < 6:
        empty = turn % 3
        counts = [2, 2, 2]
        counts[empty] = 0
        counts[(empty + 1) % 3] += members - 4
        return tuple(counts)
    counts = [2, 2, 2]
    for _ in range(members - 6):
        counts[int(rng.integers(0, 3))] += 1
    return tuple(counts)


def _shuffled(
    order: NDArray[np.int64], rows: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Turn each row of two or three round and swap neighbours in longer ones.

    So that paths cross.
    """
    new, start = order.copy(), 0
    for count in rows:
        row = new[start : start + count].copy()
        if count < 4:
            row = row[::-1]
        else:
            first = int(rng.integers(0, 2))
            for i in range(first, count - 1, 2):
                row[[i, i + 1]] = row[[i + 1, i]]
        new[start : start + count] = row
        start += count
    return new


def _stand_in_rows(
    order: NDArray[np.int64], rows: tuple[int, ...], rng: np.random.Generator
) -> Points:
    """Give each member (n, 2) her place in her row."""
    places = np.zeros((len(order), 2))
    start = 0
    for band, count in enumerate(rows):
        half = (
            min(STAGE_HALF_M - 0.6, 0.70 + 0.30 * count)
            * _ROW_SPREAD[band]
            * float(rng.uniform(0.92, 1.08))
        )
        shift = (-0.3, 0.3, 0.0)[band] + float(rng.uniform(-0.4, 0.4))
        bow = float(rng.uniform(-0.4, 0.4))
        for i in range(count):
            share = 2 * i / (count - 1) - 1 if count > 1 else 0.0
            x = half * share + shift + float(rng.uniform(-0.15, 0.15))
            places[order[start + i]] = (x, BAND_Y_M[band] + bow * share * share)
        start += count
    return places


def _dancer_places(dancers: int, turn: int) -> Points:
    """Give the dancers' places (d, 2) at the stage's sides, each behind a band.

    One crosses the stage at each change.
    """
    places = np.zeros((dancers, 2))
    for d in range(dancers):
        crossed = (turn + dancers - 1 - d) // dancers
        side = 1 if (d + crossed) % 2 else -1
        places[d] = (side * (2.6 + 1.3 * ((d * 7) % 5) / 4), BAND_Y_M[d % 3] + 0.8)
    return places


def _walk(formations: Points, frames: int, every: float, members: int) -> Points:
    """Give places (F, n, 2): people walk for three of four beats.

    Members to the right and odd dancers pass in front.
    """
    place = np.arange(frames) / every
    index = np.minimum(place.astype(np.int64), len(formations) - 2)
    share = np.clip((place - index) / (MOVE_BEATS / FORMATION_BEATS), 0.0, 1.0)
    eased = (share * share * (3 - 2 * share))[:, None, None]
    start, end = formations[index], formations[index + 1]
    roots = start + (end - start) * eased
    across = np.tanh(end[..., 0] - start[..., 0])
    passing = -0.38 * across
    passing[:, members::2] = -1.5 * np.abs(across[:, members::2])
    roots[..., 1] += np.sin(np.pi * eased[..., 0]) * passing
    return np.asarray(roots)


def _ease(frames: int, start: float, end: float, edge: float) -> Points:
    """Give a ramp (F,) that rises to 1 before ``start``, stays, and falls after ``end``.

    ``edge`` in frames.
    """
    place = np.arange(frames)
    rise = np.clip((place - (start - edge)) / edge, 0.0, 1.0)
    fall = np.clip(((end + edge) - place) / edge, 0.0, 1.0)
    share = np.minimum(rise, fall)
    return np.asarray(share * share * (3 - 2 * share))


def _hide(
    spec: ShowSpec, slot: Slot, roots: Points, crouch: Points, rng: np.random.Generator
) -> None:
    """Let one member stand behind another, as this shot's camera sees it, for up to 1.9 s."""
    fps = float(spec.fps)
    edge, margin = HIDING_S * fps, 0.3 * fps
    room = slot.last - slot.first - 2 * margin
    longest = min(LONGEST_HIDDEN_S * fps, room)
    if longest < 0.5 * fps:
        return
    length = longest * float(rng.uniform(0.8, 1.0))
    start = slot.first + margin + float(rng.uniform(0, 1)) * (room - length)
    hidden, front = _nearest_pair(
        roots[
            np.clip([start - edge, start, start + length + edge], 0, spec.frames - 1).astype(int),
            : spec.members,
        ],
        rng,
    )
    weight = _ease(spec.frames, start, start + length, edge)
    away = roots[:, front] - np.array(slot.position[:2])
    behind = roots[:, front] + away / np.linalg.norm(away, axis=1, keepdims=True) * BEHIND_M
    roots[:, hidden] += (behind - roots[:, hidden]) * weight[:, None]
    crouch[:, hidden] += 0.10 * weight


def _nearest_pair(places: Points, rng: np.random.Generator) -> tuple[int, int]:
    """Choose two members (moments, members, 2) who have a short way to each other.

    The farther back one first.
    """
    apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3).max(axis=0)
    apart += rng.uniform(0, 0.3, apart.shape) + 1e3 * np.eye(len(apart))
    i, j = (int(v) for v in np.unravel_index(int(np.argmin(apart)), apart.shape))
    return (i, j) if places[:, i, 1].mean() > places[:, j, 1].mean() else (j, i)


def _turns(
    spec: ShowSpec, slots: tuple[Slot, ...], people: int, beat: float, rng: np.random.Generator
) -> Points:
    """Give the turn (F, n) in radians that comes on top.

    Backs shown for up to 3 s, and whole spins.
    """
    fps = float(spec.fps)
    turns = np.zeros((spec.frames, people))
    if spec.setting == "easy":
        return turns
    for slot in slots:
        span = (slot.last - slot.first) / fps
        if slot.view != WIDE or span < 2.2:
            continue
        pieces = max(1, int(span / 4)) if spec.setting == "handheld" else 1
        for piece in range(pieces):
            first = slot.first + piece * span / pieces * fps
            member = int(rng.integers(0, spec.members))
            length = (
                min(LONGEST_AWAY_S - 0.55, span / pieces - 1.1) * float(rng.uniform(0.7, 1.0)) * fps
            )
            start = (
                first
                + 0.5 * fps
                + float(rng.uniform(0, 1)) * max(0.0, (span / pieces - 1.1) * fps - length)
            )
            turns[:, member] += np.pi * _ease(spec.frames, start, start + length, 0.35 * fps)
    for k in range(int(spec.frames / (8 * beat))):
        person = int(rng.integers(0, people))
        place = np.clip((np.arange(spec.frames) - (8 * k + 5) * beat) / (2 * beat), 0.0, 1.0)
        turns[:, person] += 2 * np.pi * place * place * (3 - 2 * place)
    return turns
