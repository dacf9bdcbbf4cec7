"""Approved people stay where they were, to the last box and window."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inyourarea.core.errors import PinRejected
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.core.windows import CameraPath
from inyourarea.track.holding import hold_cameras, hold_people

FRAMES = 30


def person(name: str, x: float, first: int = 0, end: int = FRAMES) -> Track:
    """Somebody who is observed at one place from ``first`` to before ``end``."""
    state = np.full(FRAMES, State.OPEN, np.uint8)
    state[first:end] = State.OBSERVED
    xyxy = np.full((FRAMES, 4), np.nan, np.float32)
    xyxy[first:end] = x, 10, x + 20, 40
    sure = (state == State.OBSERVED).astype(np.float32)
    return Track(f"id-{name}", name, state, np.zeros_like(state), xyxy, sure, sure)


def tracks(*people: Track) -> Tracks:
    timeline = Timeline(np.arange(FRAMES), Fraction(1, 30))
    return Tracks(timeline, (640, 360), (Shot(0, FRAMES - 1),), people, others=2)


def test_who_is_held_is_where_she_was_and_in_the_same_order() -> None:
    old = tracks(person("Aria", 100), person("Bella", 300))
    new = tracks(person("Cho", 500), person("Aria", 102, 5), person("Bella", 305))
    held = hold_people(new, [old], ["id-Aria"])
    assert [track.name for track in held.people] == ["Cho", "Aria", "Bella"]
    assert held.people[1].xyxy.tobytes() == old.people[0].xyxy.tobytes()
    assert held.people[2] is not old.people[1]


def test_nobody_else_is_at_a_held_place() -> None:
    old = tracks(person("Aria", 100, 0, 20))
    new = tracks(person("Aria", 100, 0, 10), person("Bella", 104, 10))
    held = hold_people(new, [old], ["id-Aria"])
    bella = held.people[1]
    assert (bella.state[10:20] == State.OPEN).all()
    assert np.isnan(bella.xyxy[10:20]).all()
    assert (bella.state[20:] == State.OBSERVED).all()
    assert held.others == 2


def test_who_is_left_with_nothing_in_a_shot_is_absent_there() -> None:
    shots = (Shot(0, 9), Shot(10, FRAMES - 1))
    old = replace(tracks(person("Aria", 100, 0, 20)), shots=shots)
    new = replace(tracks(person("Aria", 100, 0, 5), person("Bella", 104)), shots=shots)
    bella = hold_people(new, [old], ["id-Aria"]).people[1]
    assert (bella.state[:10] == State.ABSENT).all()
    assert (bella.state[10:20] == State.OPEN).all()
    assert (bella.state[20:] == State.OBSERVED).all()


def test_who_was_found_only_where_somebody_is_held_is_one_of_the_others() -> None:
    old = tracks(person("Aria", 100))
    new = tracks(person("person-7", 101), person("Bella", 300))
    held = hold_people(new, [old], ["id-Aria"])
    assert [track.name for track in held.people] == ["Bella", "Aria"]
    assert held.others == 3


def test_a_held_name_is_nobody_else_s() -> None:
    old = tracks(person("person-2", 100))
    other = replace(person("person-2", 300), person="id-other")
    held = hold_people(tracks(other, person("person-2", 100, 3)), [old], ["id-person-2"])
    assert [(t.person, t.name) for t in held.people] == [
        ("id-other", "person-1"),
        ("id-person-2", "person-2"),
    ]


def test_two_people_are_held_as_each_was_approved() -> None:
    first, second = tracks(person("Aria", 100)), tracks(person("Aria", 9), person("Bella", 300))
    new = tracks(person("Aria", 100, 2), person("Bella", 300, 2))
    held = hold_people(new, [first, second], ["id-Aria", "id-Bella"])
    assert [track.xyxy[0, 0] for track in held.people] == [100, 300]


def test_other_frames_can_not_be_held() -> None:
    old = tracks(person("Aria", 100))
    other = replace(old, timeline=Timeline(np.arange(FRAMES) + 1, Fraction(1, 30)))
    with pytest.raises(PinRejected, match="Reopen"):
        hold_people(old, [other], ["id-Aria"])


def test_an_earlier_camera_is_taken_as_it_was() -> None:
    def path(who: str, x: float) -> CameraPath:
        return CameraPath(who, who, np.full((2, 4), x), np.zeros(2, np.uint8))

    kept = hold_cameras([path("a", 1), path("b", 2)], [replace(path("b", 9), name="before")])
    assert [(one.name, one.xyxy[0, 0]) for one in kept] == [("a", 1), ("b", 9)]
