"""From what an editor says on the page to pins for the stages, and what they would change."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.specs import to_pin
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.boxes import paired_iou
from inyourarea.core.errors import PinRejected
from inyourarea.core.members import tidy
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.tracks import Reason, State, Track, Tracks, surest_sighting
from inyourarea.gateway.documents import PinDocument, Place
from inyourarea.gateway.journal import PinMade
from inyourarea.gateway.showing import Shown

#: Boxes of one person in two runs are the same place when they overlap this much.
SAME_PLACE_IOU = 0.5
#: Changes shorter than this are not told: a box more or less at the end of a track.
LEAST_CHANGE_S = 0.1
#: Seconds in floating point may lie this much before the frame that they were read from.
HAIR_S = Fraction(1, 10_000)
#: Sightings in a row for less than this may have been given to somebody as an afterthought, and
#: then are no tracklet that a pin could name.
LEAST_HELD_S = 0.3


@dataclass(frozen=True)
class Difference:
    """A stretch, last frame included, in which a person's place is another one."""

    person: str
    name: str
    first_frame: int
    last_frame: int
    was: Place
    becomes: Place


def pins_from(
    asked: Iterable[PinDocument], shown: Shown, settled: Collection[str] = ()
) -> tuple[PinMade, ...]:
    """The pins, each at one place: a stretch becomes a pin per run of boxes, and one at its ends.

    ``settled`` are the ids of people whose places no pin may take away.

    Raises:
        PinRejected: one says nothing, lies outside of the picture or the time, names nobody, or
            takes a place from somebody settled.
    """
    made: list[PinMade] = []
    for number, pin in enumerate(asked, start=1):
        label = _label(pin, shown, number)
        _check_time(pin, shown, number)
        if pin.of is not None:
            made += _stretch(pin, label, shown, number)
        else:
            made.append(_point(pin, label, shown, number))
    for one in made:
        _refuse_theft(one, shown, settled)
    return tuple(dict.fromkeys(made))


def _refuse_theft(pin: PinMade, shown: Shown, settled: Collection[str]) -> None:
    """The pin does not say of somebody settled that she is somebody else."""
    frame = shown.tracks.timeline.frame_at(Fraction(pin.start_s))
    there = [track for track in shown.tracks.people if track.has_box[frame]]
    boxes = np.array([track.xyxy[frame] for track in there]).reshape(-1, 4)
    hit = _place_hit(pin, boxes)
    if hit is None or there[hit].person not in settled:
        return
    if (pin.label == there[hit].name) == pin.is_denial:
        raise PinRejected(
            f"The pin at {float(Fraction(pin.start_s)):.2f} s takes a place from "
            f"{there[hit].name}, who is approved; reopen her first."
        )


def _place_hit(pin: PinMade, boxes: NDArray[np.float32]) -> int | None:
    """Which box (n, 4) the pin means: the one it gives, or the smallest around its point."""
    if not len(boxes):
        return None
    if pin.width is not None and pin.height is not None:
        box = np.array([[pin.x, pin.y, pin.x + pin.width, pin.y + pin.height]])
        overlap = paired_iou(box, boxes)
        return int(overlap.argmax()) if overlap.max() >= SAME_PLACE_IOU else None
    point = np.array([pin.x, pin.y])
    inside = ((boxes[:, :2] <= point) & (point < boxes[:, 2:])).all(axis=1)
    if not inside.any():
        return None
    return int(np.where(inside, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.inf).argmin())


def _label(pin: PinDocument, shown: Shown, number: int) -> str:
    if pin.nobody and pin.person is None:
        return NOBODY
    if pin.nobody or pin.person is None or not tidy(pin.person):
        raise PinRejected(f"Pin {number} must say either a person or nobody.")
    for track in shown.tracks.people:
        if pin.person in (track.person, track.name):
            return track.name
    members = list(shown.accepted.spec.model.members)
    if members and tidy(pin.person) not in members:
        raise PinRejected(
            f"Pin {number} names {pin.person!r}, who is no member of this group; "
            f"members are {', '.join(members)}."
        )
    return tidy(pin.person)


def _check_time(pin: PinDocument, shown: Shown, number: int) -> None:
    end = float(shown.tracks.timeline.seconds[-1])
    if pin.from_s > end + 1:
        raise PinRejected(f"Pin {number} is at {pin.from_s:g} s; the video ends at {end:.1f} s.")
    if pin.to_s is not None and pin.to_s < pin.from_s:
        raise PinRejected(f"Pin {number} ends at {pin.to_s:g} s, before it begins.")


def _point(pin: PinDocument, label: str, shown: Shown, number: int) -> PinMade:
    if pin.x is None or pin.y is None:
        raise PinRejected(f"Pin {number} has no place; give x and y in pixels of the source.")
    if (pin.w is None) != (pin.h is None):
        raise PinRejected(f"Pin {number} needs both w and h, or neither.")
    width, height = shown.tracks.size
    # A face at the edge has a box that sticks out.
    is_inside = pin.x + (pin.w or 0) >= 0 and pin.x < width
    if not (is_inside and pin.y + (pin.h or 0) >= 0 and pin.y < height):
        raise PinRejected(
            f"Pin {number} is at ({pin.x:g}, {pin.y:g}), outside of the picture "
            f"of {width}x{height}."
        )
    return PinMade(
        start_s=str(_start_of(_frame_at(pin.from_s, shown), shown)),
        end_s=None if pin.to_s is None else str(Fraction(str(pin.to_s)).limit_denominator(10**9)),
        x=pin.x,
        y=pin.y,
        width=pin.w,
        height=pin.h,
        label=label,
        is_denial=pin.denies,
    )


def _stretch(pin: PinDocument, label: str, shown: Shown, number: int) -> list[PinMade]:
    """One pin at the first box of each run; what lies before and after stays whose it was."""
    track = next((track for track in shown.tracks.people if track.person == pin.of), None)
    if track is None:
        raise PinRejected(f"Pin {number} speaks of the boxes of {pin.of!r}, whom nobody knows.")
    first = _frame_at(pin.from_s, shown)
    end_s = pin.from_s if pin.to_s is None else pin.to_s
    last = _frame_at(end_s, shown)
    seen = np.flatnonzero(track.state == State.OBSERVED)
    inside = seen[(seen >= first) & (seen <= last)]
    if not inside.size:
        raise PinRejected(
            f"Pin {number}: nobody saw {track.name} between {pin.from_s:g} and {end_s:g} s."
        )
    starts = _starts(inside, track.has_box, shown)
    made = [_pin_at(track, int(frame), label, shown, is_denial=pin.denies) for frame in starts]
    if label != track.name and not pin.denies:
        beside = [*seen[seen < first][-1:], *seen[seen > last][:1]]
        made += [_pin_at(track, int(frame), track.name, shown) for frame in beside]
    return made


def _starts(
    frames: NDArray[np.intp], is_unbroken: NDArray[np.bool_], shown: Shown
) -> NDArray[np.intp]:
    """Those of the frames that do not go on from the one before: in another shot, or broken off.

    ``frames`` rise; ``is_unbroken`` (F,) says of every frame of the video whether it can be
    between two that belong together.
    """
    shot_starts = np.array([shot.first_frame for shot in shown.tracks.shots])
    shot = np.searchsorted(shot_starts, frames, side="right")
    breaks = np.concatenate([[0], np.cumsum(~is_unbroken)])
    is_broken = np.diff(breaks[frames]) > 0
    return frames[np.concatenate([[True], is_broken | (np.diff(shot) > 0)])]


def _frame_at(seconds: float, shown: Shown) -> int:
    """The frame on screen then; one that begins a hair later is meant too."""
    return shown.tracks.timeline.frame_at(Fraction(str(seconds)) + HAIR_S)


def _start_of(frame: int, shown: Shown) -> Fraction:
    """When the frame begins, in seconds from the first one, exactly."""
    timeline = shown.tracks.timeline
    return Fraction(int(timeline.pts[frame] - timeline.pts[0])) * timeline.time_base


def _pin_at(
    track: Track, frame: int, label: str, shown: Shown, *, is_denial: bool = False
) -> PinMade:
    x1, y1, x2, y2 = (float(side) for side in track.xyxy[frame])
    return PinMade(
        start_s=str(_start_of(frame, shown)),
        x=x1,
        y=y1,
        width=x2 - x1,
        height=y2 - y1,
        label=label,
        is_denial=is_denial,
    )


def to_stages(
    made: Sequence[PinMade], shown: Shown, settled: Collection[str] = ()
) -> list[facts.Pin]:
    """The pins as the stages take them, what holds settled people in place, and anchors of names.

    Whoever is ``settled`` (by id) is pinned wherever sightings of her begin. Without a model a
    label such as ``person-2`` means nothing by itself; her surest sighting says who that is.
    """
    pins = list(made)
    has_members = bool(shown.accepted.spec.model.members)
    named = {pin.label for pin in made}
    for track in shown.tracks.people:
        if track.person in settled:
            pins += [_pin_at(track, frame, track.name, shown) for frame in _held(track, shown)]
        elif track.name in named and not has_members:
            frame = surest_sighting(track)
            pins += [] if frame is None else [_pin_at(track, frame, track.name, shown)]
    return [_to_pin(pin) for pin in dict.fromkeys(pins)]


def _held(track: Track, shown: Shown) -> list[int]:
    """The surest frame of every run of sightings that is long enough to be told by itself.

    What nobody would believe alone is no tracklet, so no pin could name it.
    """
    seen = track.state == State.OBSERVED
    frames = np.flatnonzero(seen)
    if not frames.size:
        return []
    starts = _starts(frames, seen | (track.reason == Reason.STRIDE), shown)
    runs = np.split(frames, np.searchsorted(frames, starts[1:]))
    seconds, believed = shown.tracks.timeline.seconds, shown.accepted.spec.model.confidence
    surest = [
        int(run[(track.identity * track.confidence)[run].argmax()])
        for run in runs
        if seconds[run[-1]] - seconds[run[0]] >= LEAST_HELD_S
    ]
    return [frame for frame in surest if track.confidence[frame] >= believed]


def _to_pin(pin: PinMade) -> facts.Pin:
    return to_pin(
        Pin(
            start=Fraction(pin.start_s),
            end=None if pin.end_s is None else Fraction(pin.end_s),
            x=pin.x,
            y=pin.y,
            width=pin.width,
            height=pin.height,
            name=pin.label,
            is_denial=pin.is_denial,
        )
    )


def differences(old: Tracks, new: Tracks) -> list[Difference]:
    """Where people are elsewhere than before, in order of time."""
    before = {track.person: track for track in old.people}
    after = {track.person: track for track in new.people}
    found = []
    for person in dict.fromkeys([*before, *after]):
        a, b = before.get(person), after.get(person)
        name = (b or a or new.people[0]).name
        codes = _codes(a, b, len(old.timeline))
        edges = np.flatnonzero(np.diff(codes, prepend=-1))
        for first, end in zip(edges, [*edges[1:], len(codes)], strict=True):
            seconds = old.timeline.seconds[end - 1] - old.timeline.seconds[first]
            if codes[first] and seconds >= LEAST_CHANGE_S:
                was, becomes = _WORDS[int(codes[first])]
                found.append(Difference(person, name, int(first), int(end) - 1, was, becomes))
    return sorted(found, key=lambda change: (change.first_frame, change.person))


#: What happened to a place: nothing, a box is gone, one is new, it is another.
_WORDS: dict[int, tuple[Place, Place]] = {
    1: ("seen", "unseen"),
    2: ("unseen", "seen"),
    3: ("seen", "elsewhere"),
}


def _codes(a: Track | None, b: Track | None, frames: int) -> NDArray[np.int8]:
    none = np.zeros(frames, dtype=bool)
    has_a, has_b = (none if track is None else track.has_box for track in (a, b))
    codes = np.where(has_a & ~has_b, 1, np.where(has_b & ~has_a, 2, 0)).astype(np.int8)
    if a is not None and b is not None:
        both = has_a & has_b
        moved = np.zeros(frames, dtype=bool)
        moved[both] = paired_iou(a.xyxy[both], b.xyxy[both]) < SAME_PLACE_IOU
        codes[moved] = 3
    return codes
