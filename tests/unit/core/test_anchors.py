"""Who bears a name already, where a pins file gives it to somebody's stretch."""

from fractions import Fraction

import numpy as np

from inyourarea.core.anchors import anchors
from inyourarea.core.pins import NOBODY, Pin
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks

FRAMES = 90


def track(name: str, first: int, end: int, x: float, surest: int | None = None) -> Track:
    """Somebody who is observed at one place from ``first`` to before ``end``."""
    state = np.full(FRAMES, State.OPEN, np.uint8)
    state[first:end] = State.OBSERVED
    xyxy = np.full((FRAMES, 4), np.nan, np.float32)
    xyxy[first:end] = x, 50, x + 40, 100
    sure = np.where(state == State.OBSERVED, 0.5, 0).astype(np.float32)
    if surest is not None:
        sure[surest] = 1
    none = np.full(FRAMES, Reason.NONE, np.uint8)
    return Track(f"p-{name}", name, state, none, xyxy, sure, sure)


#: The second is lost at two seconds; whom the first is from then on, a pin has to say.
PEOPLE = (track("person-1", 0, FRAMES, 100), track("person-2", 0, 60, 300, surest=30))


def kept(people: tuple[Track, ...] = PEOPLE, begins: int = 0) -> Tracks:
    """Three seconds of a video whose first stamp is 600, thirty frames a second."""
    timeline = Timeline(
        np.arange(FRAMES, dtype=np.int64) * 20 + 600 + begins * 20, Fraction(1, 600)
    )
    return Tracks(timeline, (640, 360), (Shot(0, FRAMES - 1),), people)


def run(first: int = 0, end: int = FRAMES) -> Timeline:
    """The part of that video from one frame to before another."""
    return Timeline(np.arange(first, end, dtype=np.int64) * 20 + 600, Fraction(1, 600))


def pin(
    frame: float, x: float, name: str, end: float | None = None, is_denial: bool = False
) -> Pin:
    """At that frame of the run; a face is 40 px wide and its middle 20 px from its left."""
    stop = None if end is None else Fraction(end) / 30
    return Pin(Fraction(frame) / 30, stop, x + 20, 75, None, None, name, is_denial)


def found(*pins: Pin, people: tuple[Track, ...] = PEOPLE) -> list[tuple[str, int]]:
    made = anchors(pins, kept(people), run())
    assert {(one.x, one.y, one.width, one.height) for one in made} <= {(300, 50, 40, 50)}
    return [(one.name, int(one.start * 30)) for one in made]


def test_whose_name_a_stretch_is_given_is_pinned_where_she_is_surest() -> None:
    ((name, frame),) = found(pin(75, 100, "person-2"))
    assert name == "person-2"
    assert 15 <= frame <= 45


def test_the_anchor_has_the_spelling_of_the_file() -> None:
    assert [name for name, _ in found(pin(75, 100, "PERSON-2"))] == ["PERSON-2"]


def test_a_name_that_an_earlier_pins_file_gave_is_given_anew() -> None:
    named = (PEOPLE[0], track("Lisa", 0, 60, 300, surest=30))
    assert found(pin(75, 100, "Lisa"), people=named) == []


def test_a_name_that_nobody_had_needs_no_anchor() -> None:
    assert found(pin(75, 100, "Lisa"), pin(20, 100, NOBODY)) == []


def test_who_is_elsewhere_in_that_frame_is_not_meant() -> None:
    assert found(pin(40, 100, "person-2")) == []


def test_who_is_named_by_the_file_needs_no_anchor() -> None:
    assert found(pin(75, 100, "person-2"), pin(10, 300, "person-2")) == []


def test_whose_own_boxes_the_file_gives_away_or_denies_is_not_anchored() -> None:
    stretch = pin(75, 100, "person-2")
    assert found(stretch, pin(10, 300, "Lisa")) == []
    assert found(stretch, pin(10, 300, NOBODY)) == []
    assert found(stretch, pin(10, 300, "person-2", is_denial=True)) == []
    assert found(stretch, pin(10, 300, "person-1", is_denial=True)) != []
    assert found(stretch, pin(10, 100, "person-2", is_denial=True)) != []


def test_the_anchor_lies_outside_of_a_stretch_that_is_hers_by_the_file() -> None:
    early = track("person-2", 20, 60, 300, surest=50)
    stretch = pin(10, 100, "person-2", end=45)
    ((_, frame),) = found(stretch, people=(PEOPLE[0], early))
    assert frame >= 45
    assert found(pin(10, 100, "person-2", end=60), people=(PEOPLE[0], early)) == []


def test_pins_and_anchors_count_from_the_first_frame_of_the_run() -> None:
    (made,) = anchors([pin(45, 100, "person-2")], kept(), run(first=30))  # frame 75 of the video
    frame = 30 + made.start * 30
    assert frame.denominator == 1
    assert 30 <= frame < 60
    assert anchors([pin(20, 100, "person-2")], kept(), run(first=30)) == ()


def test_who_is_not_seen_in_the_run_has_no_anchor() -> None:
    assert anchors([pin(5, 100, "person-2")], kept(), run(first=70)) == ()


def test_where_the_earlier_run_did_not_go_nobody_is_elsewhere() -> None:
    part = kept(begins=60)  # its frame 0 is frame 60 of the video
    (made,) = anchors([pin(10, 100, "person-2")], part, run(end=150))
    assert 60 <= made.start * 30 < 120
