"""Which faces a new model is judged by in a whole run, and where the video of them is."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSED,
    REJECTED,
    TEST,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.contracts.digests import file_digest
from inyourarea.contracts.group import Group
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Track, Tracks
from inyourarea.embedded.judging import (
    Face,
    Verdict,
    find_video,
    given,
    judge,
    run_own_videos,
    unseen_faces,
)
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train.group_figures import Given
from inyourarea.train.group_steps import Tried

GROUP = Group("tri", ("Kim", "Lee"), ("#ff0000", "#00ff00"), "tri", 1, 0.3)
LEFT, RIGHT = (10.0, 10.0, 40.0, 50.0), (100.0, 10.0, 130.0, 50.0)
VIDEO = "a" * 64
SEEN = LabelledPicture(
    (320, 180),
    (LabelledBox(LEFT, "Kim", state=CONFIRMED), LabelledBox(RIGHT, "Lee", state=PROPOSED)),
    video=VIDEO,
    pts=1000,
    split=TEST,
)


class Silent:
    """Nobody waits."""

    def begin(self, step: str) -> "Silent":
        return self

    def say(self, text: str) -> None: ...

    def __call__(self, done: int, total: int) -> None: ...


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.make(FolderObjects(tmp_path), "", Members(GROUP.members))


def tried(*unseen: str, folder: Path = Path()) -> Tried:
    return Tried(folder / "model.onnx", GROUP, frozenset(unseen))


def test_only_faces_that_people_confirmed_in_unseen_pictures_of_videos_count(
    dataset: Dataset,
) -> None:
    nobody = LabelledBox(LEFT, "", state=CONFIRMED)
    for name, labels in {
        "one": SEEN,
        "learned": replace(SEEN, pts=2000),
        "rejected": replace(SEEN, pts=3000, state=REJECTED),
        "imported": replace(SEEN, video="", pts=None),
        "stranger": replace(SEEN, pts=4000, boxes=(nobody,)),
    }.items():
        dataset.add(name, b"picture", labels)
    names = ("one", "rejected", "imported", "stranger")
    assert unseen_faces(dataset, tried(*names)) == {VIDEO: [Face("Kim", 1000, LEFT)]}


def track(name: str, box: tuple[float, float, float, float]) -> Track:
    """Observed there in both frames."""
    zeros, ones = np.zeros(2, np.uint8), np.ones(2, np.float32)
    return Track(name, name, zeros, zeros, np.array([box, box], np.float32), ones, ones)


def test_each_face_that_was_run_is_right_another_members_or_missed() -> None:
    timeline = Timeline(np.array([0, 1000]), Fraction(1, 15_000))
    tracks = Tracks(timeline, (320, 180), (Shot(0, 1),), (track("Kim", LEFT),))
    faces = [
        Face("Kim", 1000, LEFT),
        Face("Lee", 0, LEFT),
        Face("Lee", 0, RIGHT),
        Face("Kim", 500, LEFT),  # no frame of the run
    ]
    found = judge(tracks, faces)
    assert found == [
        Verdict("Kim", is_right=True, is_other=False),
        Verdict("Lee", is_right=False, is_other=True),
        Verdict("Lee", is_right=False, is_other=False),
    ]
    assert given(found) == Given(3, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert judge(tracks, faces[3:]) == []


def test_a_video_is_found_in_a_store_or_where_it_was_collected_from(tmp_path: Path) -> None:
    store = tmp_path / "data" / ".inyourarea"
    folder, video = store / "datasets" / "tour", tmp_path / "stage.mp4"
    video.write_bytes(b"video")
    sha256 = file_digest(video)
    assert find_video(folder, sha256) == (f"the video {sha256[:12]!r}", None)
    source = folder / keys.dataset_source("", sha256)
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps({"title": "Encore", "path": str(video)}))
    assert find_video(folder, sha256) == ("the video 'Encore'", video)
    video.write_bytes(b"another")
    assert find_video(folder, sha256)[1] is None
    for place in (store, folder / ".inyourarea"):
        FolderObjects(place).put(keys.source(sha256), b"video")
        assert find_video(folder, sha256)[1] == place / keys.source(sha256)


def test_where_there_is_nothing_to_run_that_is_said(dataset: Dataset, tmp_path: Path) -> None:
    found = run_own_videos(tmp_path, tried(folder=tmp_path), Silent())
    assert (found.all, found.videos) == (None, 0)
    assert found.words == (
        "A whole run was not measured: in `test` nobody has confirmed a member's face."
    )
    found = run_own_videos(tmp_path / "gone", tried(folder=tmp_path), Silent())
    assert (found.all, (tmp_path / "gone").exists()) == (None, False)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".pending").touch()  # in the way
    assert run_own_videos(broken, tried(folder=tmp_path), Silent()).all is None
    dataset.add("one", b"picture", SEEN)
    found = run_own_videos(tmp_path, tried("one", folder=tmp_path), Silent())
    assert found.all is None
    assert found.words.startswith("Not run: the video 'aaaaaaaaaaaa' with 1 face in unseen shots:")
