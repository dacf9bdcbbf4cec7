"""A face's picture shows that face, from the sighting that shows it best."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from browsers import Video
from inyourarea.contracts import keys, tables
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.render.faces_handler import FacesHandler
from inyourarea.render.pictures import best_lit, face_window
from inyourarea.render.sightings import best_sighting, wide_frames
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, film

FRAMES, SIZE = 30, (160, 96)


def track(name: str, box: tuple[float, ...], state: State = State.OBSERVED) -> Track:
    return Track(
        person=f"id-{name}",
        name=name,
        state=np.full(FRAMES, state, np.uint8),
        reason=np.zeros(FRAMES, np.uint8),
        xyxy=np.tile(np.array(box, np.float32), (FRAMES, 1)),
        confidence=np.full(FRAMES, 0.8, np.float32),
        identity=np.ones(FRAMES, np.float32),
    )


def tracks(*people: Track, shots: tuple[Shot, ...] = (Shot(0, FRAMES - 1),)) -> Tracks:
    return Tracks(Timeline(np.arange(FRAMES), Fraction(1, 15)), SIZE, shots, people)


def changed(person: Track, column: str, frames: slice | int, value: Any) -> Track:
    values = getattr(person, column).copy()
    values[frames] = value
    return replace(person, **{column: values})


def test_the_best_sighting_is_large_sure_whole_and_free() -> None:
    ours = track("one", (40, 20, 60, 40))
    assert best_sighting(tracks(ours), 0) == 0
    assert best_sighting(tracks(changed(ours, "xyxy", 7, (40, 20, 70, 50))), 0) == 7
    assert best_sighting(tracks(changed(ours, "confidence", 9, 0.95)), 0) == 9
    assert best_sighting(tracks(changed(ours, "xyxy", slice(0, 5), (-15, 20, 5, 40))), 0) == 5
    over = changed(track("two", (100, 20, 120, 40)), "xyxy", slice(0, 11), (45, 20, 65, 40))
    assert best_sighting(tracks(ours, over), 0) == 11
    unsure = changed(ours, "identity", slice(0, 3), 0.5)
    assert best_sighting(tracks(unsure), 0) == 3


def test_what_was_not_observed_is_no_sighting() -> None:
    filled = track("one", (40, 20, 60, 40), State.FILLED)
    assert best_sighting(tracks(filled), 0) is None
    assert best_sighting(tracks(changed(filled, "state", 20, State.OBSERVED)), 0) == 20


def test_wide_frames_show_nearly_everybody() -> None:
    one, two = track("one", (40, 20, 60, 40)), track("two", (80, 20, 99, 40))
    two = changed(two, "state", slice(0, 12), State.ABSENT)
    found = wide_frames(tracks(one, two, shots=(Shot(0, 11), Shot(12, 20), Shot(21, 29))))
    assert found
    assert min(found) >= 12
    assert wide_frames(tracks()) == []


def test_a_dark_frame_is_passed_over() -> None:
    assert best_lit([(17, 1), (30, 30), (80, 40), (90, 50)]) == 2
    assert best_lit([(17, 1), (30, 30), (20, 5)]) == 1
    assert best_lit([(235, 2), (60, 30)]) == 1


def test_a_face_at_the_edge_stays_in_the_middle_as_far_as_it_goes() -> None:
    assert face_window((70, 40, 90, 60), SIZE).tolist() == [63, 33, 97, 67]
    assert face_window((0, 0, 20, 20), SIZE).tolist() == [0, 0, 34, 34]
    assert face_window((0, 0, 160, 96), SIZE).tolist() == [32, 0, 128, 96]


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


def completed(video: Video, people: Tracks) -> list[Any]:
    accepted = video.accepted
    pts = np.array([frame.pts for frame in video.source_frames()])
    people = replace(people, timeline=Timeline(pts, people.timeline.time_base))
    video.objects.put(keys.tracks(accepted.spec), tables.write_tracks(people))
    fact = facts.TracksCompleted(video_id=accepted.video_id, run_id=accepted.run_id)
    handler = FacesHandler(video.objects, video.child)  # type: ignore[arg-type]
    return handler.handlers[facts.TracksCompleted](fact)


def picture(content: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def test_everybodys_picture_shows_the_face_and_nobody_else(objects: FolderObjects) -> None:
    video = Video(objects, film(Film(time_base=Fraction(1, 15), keys=(0, 15))))
    # The card's bright corner is the one face, its middle the other, brightest at frame 29.
    corner, middle = track("one", (4, 2, 36, 22)), track("two", (64, 38, 96, 58))
    middle = changed(middle, "confidence", 29, 0.99)
    unseen = track("three", (np.nan,) * 4, State.ABSENT)
    (drawn,) = completed(video, tracks(corner, middle, unseen))
    assert [(face.person, face.name) for face in drawn.faces] == [
        ("id-one", "one"),
        ("id-two", "two"),
    ]
    one, two = (picture(objects.get(face.key)) for face in drawn.faces)
    assert one.shape == two.shape == (160, 160, 3)
    assert one[40:60, 40:80].mean() > 150
    assert two[70:90, 70:90].mean() == pytest.approx((30 + 4 * 29 - 16) * 255 / 219, abs=12)
    poster = picture(objects.get(drawn.poster_key))
    assert poster.shape == (96, 160, 3)
    assert poster.mean() > 30


def test_handled_twice_nothing_is_done_over(objects: FolderObjects) -> None:
    video = Video(objects, film(Film(time_base=Fraction(1, 15))))
    people = tracks(track("one", (4, 2, 36, 22)))
    first = completed(video, people)
    before, calls = {key: objects.get(key) for key in objects.list("")}, list(video.child.calls)
    assert completed(video, people) == first
    assert {key: objects.get(key) for key in objects.list("")} == before
    assert video.child.calls == calls


def test_nobody_is_no_trouble(objects: FolderObjects) -> None:
    video = Video(objects, film(Film(time_base=Fraction(1, 15))))
    (drawn,) = completed(video, tracks())
    assert not drawn.faces
    assert not drawn.poster_key


def test_a_run_that_is_not_for_browsers_costs_nothing(objects: FolderObjects) -> None:
    video = Video(objects, film(Film(time_base=Fraction(1, 15))), for_browsers=False)
    assert completed(video, tracks(track("one", (4, 2, 36, 22)))) == []
    assert not list(objects.list("faces/"))
