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


def test_the_number_of_somebody_pinned_who_is_not_reported_is_passed_over():
    called = call_people([person(0, 20), person(100, 10)], ["person-1", ""])
    assert [track.name for track in called] == ["person-2", "person-3"]


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


def called(kept):
    return [(track.person, track.name) for track in kept.people]


def test_a_number_that_a_pin_gives_wins_over_the_name_of_before():
    old = tracks(person(0, 20, "person-1", "a"), person(100, 10, "person-2", "b"))
    new = tracks(person(1, 20, "person-5", "x"), person(101, 10, "person-1", "y"))
    assert called(keep_ids(old, new)) == [("a", "person-1"), ("b", "person-2")]
    assert called(keep_ids(old, new, ["person-5"])) == [("a", "person-5"), ("b", "person-2")]


def test_who_was_called_as_a_pin_calls_another_gets_the_next_free_number():
    old = tracks(*(person(100 * i, 20 - i, f"person-{i + 1}", "abc"[i]) for i in range(3)))
    # Whoever is pinned is the third of before; she may come before the second or after.
    pinned, second = person(201, 20, "person-2", "x"), person(101, 10, "person-3", "y")
    first = person(1, 5, "person-1", "z")
    calls = {"a": "person-1", "b": "person-3", "c": "person-2"}
    for people in ((pinned, first, second), (first, second, pinned)):
        assert dict(called(keep_ids(old, tracks(*people), ["person-2"]))) == calls


def test_who_is_new_and_pinned_has_the_name_alone_however_it_was_spelt():
    old = tracks(person(0, 20, "person-1", "a"), person(100, 10, "Lisa", "b"))
    new = tracks(
        person(1, 20, "person-2", "x"),
        person(101, 10, "person-3", "y"),
        person(300, 5, "person-1", "z"),
        person(400, 5, "LISA", "w"),
    )
    assert called(keep_ids(old, new, ["person-1", "LISA"])) == [
        ("a", "person-2"),
        ("b", "person-3"),
        ("z", "person-1"),
        ("w", "LISA"),
    ]


def test_a_pinned_name_that_nobody_has_in_the_end_takes_no_name_away():
    old = tracks(person(0, 20, "person-1", "a"), person(100, 10, "person-2", "b"))
    new = tracks(person(1, 20, "person-1", "x"), person(101, 10, "person-3", "y"))
    assert called(keep_ids(old, new, ["person-2"])) == [("a", "person-1"), ("b", "person-2")]
