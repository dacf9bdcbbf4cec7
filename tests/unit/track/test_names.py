from fractions import Fraction

import numpy as np

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.track.names import call_people, keep_ids

FRAMES = 30


def person(x, seen, name="", person_id=""):
    state = np.full(FRAMES, State.OPEN, dtype=np.uint8)
    state[:seen] = State.OBSERVED
    xyxy = np.full((FRAMES, 4), np.nan, dtype=np.float32)
    xyxy[:seen] = x, 10, x + 20, 40
    flat = np.zeros(FRAMES, dtype=np.float32)
    return Track(person_id or f"id-{x}", name, state, np.zeros_like(state), xyxy, flat, flat)


def tracks(*people):
    timeline = Timeline(np.arange(FRAMES), Fraction(1, 30))
    return Tracks(timeline, (640, 360), (Shot(0, FRAMES - 1),), people)


def test_people_are_numbered_by_screen_time():
    called = call_people([person(0, 10), person(100, 20), person(200, 15)])
    assert [(track.name, track.person) for track in called] == [
        ("person-1", "id-100"),
        ("person-2", "id-200"),
        ("person-3", "id-0"),
    ]


def test_a_given_name_stays_and_its_number_is_passed_over():
    called = call_people([person(0, 20), person(100, 10, name="person-1")])
    assert [track.name for track in called] == ["person-2", "person-1"]


def test_a_second_run_keeps_ids_and_names_of_the_same_people():
    old = tracks(person(0, 20, "person-1", "a"), person(100, 10, "person-2", "b"))
    new = tracks(person(101, 25, "person-1", "x"), person(1, 20, "person-2", "y"))
    kept = keep_ids(old, new)
    assert [(track.person, track.name) for track in kept.people] == [
        ("b", "person-2"),
        ("a", "person-1"),
    ]


def test_somebody_new_gets_a_free_number():
    old = tracks(person(0, 20, "person-1", "a"))
    new = tracks(person(100, 25, "person-1", "x"), person(1, 20, "person-2", "y"))
    kept = keep_ids(old, new)
    assert [(track.person, track.name) for track in kept.people] == [
        ("x", "person-2"),
        ("a", "person-1"),
    ]


def test_a_pinned_name_wins_over_the_old_one():
    old = tracks(person(0, 20, "person-1", "a"))
    kept = keep_ids(old, tracks(person(1, 20, "Lisa", "y")))
    assert [(track.person, track.name) for track in kept.people] == [("a", "Lisa")]


def test_somebody_new_who_begins_where_another_began_has_an_id_of_her_own():
    old = tracks(person(0, 20, "person-1", "a"))
    kept = keep_ids(old, tracks(person(1, 20, "person-1", "x"), person(200, 10, "person-2", "a")))
    assert [track.person for track in kept.people] == ["a", "a-2"]


def test_ids_are_one_persons_each():
    old = tracks(person(0, 20, "person-1", "a"), person(100, 20, "person-2", "a-2"))
    new = tracks(person(600, 20, "person-1", "a"), person(101, 20, "person-2", "q"))
    kept = keep_ids(old, new)
    assert [(track.person, float(track.xyxy[0, 0])) for track in kept.people] == [
        ("a-3", 600.0),
        ("a-2", 101.0),
    ]
