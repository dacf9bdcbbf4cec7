"""What a dataset comes to for a network: which pictures, at which size, with whom in them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.contracts.datasets import (
    CONFIRMED,
    REJECTED,
    TEST,
    TRAIN,
    VAL,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.letterbox import BAR_GREY
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train.group_pictures import choose_pictures, frame_size, write_pictures
from inyourarea.train.windows import read_labels, read_picture

SIZE = (320, 180)
KIM = LabelledBox((40.0, 40.0, 80.0, 90.0), "Kim")
STRANGER = LabelledBox((200.0, 40.0, 240.0, 90.0))
NAMES = ("Kim",)


def labels(*boxes: LabelledBox, split: str = TRAIN, state: str = "proposed") -> LabelledPicture:
    return LabelledPicture(SIZE, boxes, split=split, state=state)


def test_pictures_that_say_nothing_are_left_out() -> None:
    chosen = choose_pictures(
        {
            "named": labels(KIM),
            "held out": labels(KIM, split=VAL),
            "nobody named": labels(STRANGER),
            "empty stage, confirmed": labels(state=CONFIRMED),
            "rejected": labels(KIM, state=REJECTED),
        }.items(),
        NAMES,
    )
    assert list(chosen.labels) == ["named", "held out", "empty stage, confirmed"]
    assert chosen.warnings == (
        "No shot of a member is kept for the test: figures are those of `val`.",
    )


@pytest.mark.parametrize("count", [0, 1])
def test_a_dataset_of_one_picture_is_refused(count: int) -> None:
    pictures = {str(number): labels(KIM) for number in range(count)}
    with pytest.raises(DatasetRejected, match=f"has {count} labelled picture"):
        choose_pictures(pictures.items(), NAMES)


def test_a_member_whom_no_picture_shows_is_named() -> None:
    pictures = {"1": labels(KIM), "2": labels(KIM, replace(KIM, member="Lee"), split=VAL)}
    with pytest.raises(DatasetRejected, match="shows Lee;"):
        choose_pictures(pictures.items(), ("Kim", "Lee"))


@pytest.mark.parametrize("split", [TRAIN, VAL, TEST])
@pytest.mark.parametrize("count", [2, 3, 5, 15])
def test_of_a_single_shot_each_fifth_picture_is_held_out(split: str, count: int) -> None:
    pictures = {f"{number:02}": labels(KIM, split=split) for number in range(count)}
    chosen = choose_pictures(pictures.items(), NAMES)
    assert len(chosen.of(VAL)) == max(1, count // 5)
    assert len(chosen.of(TRAIN)) == count - len(chosen.of(VAL))
    missing = {TRAIN: "`val`", VAL: "`train`", TEST: "`train` or `val`"}[split]
    assert chosen.warnings[0].startswith(f"Nobody is named in {missing}, so every fifth")
    assert "too kind" in chosen.warnings[0]


NOBODY = labels(replace(STRANGER, state=CONFIRMED), state=CONFIRMED)


def test_a_test_that_shows_no_member_is_none() -> None:
    pictures = {"a": labels(KIM), "b": labels(KIM, split=VAL), "c": replace(NOBODY, split=TEST)}
    chosen = choose_pictures(pictures.items(), NAMES)
    assert (chosen.of(TRAIN), chosen.of(VAL), chosen.of(TEST)) == (["a"], ["b"], [])
    assert chosen.warnings == (
        "No shot of a member is kept for the test: figures are those of `val`.",
    )


@pytest.mark.parametrize("split", [TRAIN, VAL])
def test_where_there_is_no_test_somebody_is_held_out(split: str) -> None:
    pictures = {
        "empty": replace(NOBODY, split=VAL),
        "a": labels(KIM),
        "b": labels(KIM),
        "z, empty": replace(NOBODY, split=split),
    }
    chosen = choose_pictures(pictures.items(), NAMES)
    assert (chosen.of(TRAIN), chosen.of(VAL)) == (["empty", "a", "z, empty"], ["b"])
    assert chosen.warnings[0].startswith("Nobody is named in `val`, so every fifth")


def test_beside_a_test_that_shows_members_the_rest_stays_as_it_is() -> None:
    pictures = {"a": labels(KIM), "b": replace(NOBODY, split=VAL), "c": labels(KIM, split=TEST)}
    chosen = choose_pictures(pictures.items(), NAMES)
    assert (chosen.of(TRAIN), chosen.of(VAL), chosen.of(TEST)) == (["a"], ["b"], ["c"])
    assert chosen.warnings == ()


def test_a_member_who_is_only_there_to_judge_by_is_refused_at_once() -> None:
    pictures = {"a": NOBODY, "b": replace(NOBODY, split=TEST), "c": labels(KIM, split=VAL)}
    with pytest.raises(DatasetRejected, match="No picture to learn from shows Kim"):
        choose_pictures(pictures.items(), NAMES)


@given(st.integers(64, 4000), st.integers(64, 4000), st.sampled_from([32, 64]))
def test_a_frame_has_whole_strides_and_holds_the_picture(
    width: int, height: int, multiple: int
) -> None:
    found = frame_size([(width, height)], None, multiple)
    assert all(side % multiple == 0 and side >= 96 for side in found)
    assert max(found) <= 1280
    assert (found[0] >= found[1]) == (width >= height) or found[0] == found[1]
    scale = max(found) / max(width, height)
    assert min(found) >= min(width, height) * scale - 0.5 or min(found) == max(found)


def test_the_commonest_shape_decides() -> None:
    assert frame_size([(1920, 1080), (1920, 1080), (1080, 1920)], None, 32) == (1280, 736)
    assert frame_size([(1080, 1920)], 640, 32) == (384, 640)


@pytest.mark.parametrize("imgsz", [100, 650, 128, 4128])
def test_a_size_that_the_network_can_not_take_is_refused(imgsz: int) -> None:
    with pytest.raises(DatasetRejected, match="--imgsz is a multiple of 32"):
        frame_size([(1920, 1080)], imgsz, 32)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.make(FolderObjects(tmp_path / "dataset"), "", Members(NAMES))


def put(dataset: Dataset, name: str, one: LabelledPicture) -> None:
    noise = np.random.default_rng(1).integers(0, 90, (SIZE[1], SIZE[0], 3), np.uint8)
    dataset.add(name, cv2.imencode(".jpg", noise)[1].tobytes(), one)


def write(dataset: Dataset, folder: Path) -> None:
    chosen = choose_pictures(dataset.everything(), NAMES)
    write_pictures(dataset, chosen, folder, (160, 96), lambda *_: None)


def test_labels_stand_where_the_letterboxed_picture_has_them(
    dataset: Dataset, tmp_path: Path
) -> None:
    put(dataset, "a", labels(KIM))
    put(dataset, "b", labels(KIM, split=VAL))
    write(dataset, tmp_path)
    (one,) = read_labels(tmp_path / "images" / TRAIN, (160, 96))
    np.testing.assert_allclose(one.boxes, [[20, 23, 40, 48]], atol=1e-3)
    assert one.classes.tolist() == [0]
    frame = read_picture(one.file)
    assert frame.shape == (96, 160, 3)
    assert np.abs(frame[0].astype(int) - BAR_GREY).max() < 12


@pytest.mark.parametrize(
    ("stranger", "state", "is_painted"),
    [
        (STRANGER, "proposed", True),
        (replace(STRANGER, state=CONFIRMED), "proposed", False),
        (STRANGER, CONFIRMED, True),
        (replace(STRANGER, state=CONFIRMED), CONFIRMED, False),
    ],
)
def test_who_may_be_a_member_is_painted_over(
    dataset: Dataset, tmp_path: Path, stranger: LabelledBox, state: str, is_painted: bool
) -> None:
    put(dataset, "a", labels(KIM, stranger, state=state))
    put(dataset, "b", labels(KIM, split=VAL))
    write(dataset, tmp_path)
    (one,) = read_labels(tmp_path / "images" / TRAIN, (160, 96))
    frame = read_picture(one.file)
    assert len(one.boxes) == 1
    assert (frame[25:46, 102:118].mean() > 100) == is_painted
    assert frame[25:46, 22:38].mean() < 60  # Kim is seen


def test_who_is_renamed_meanwhile_is_learned_as_she_was_called(
    dataset: Dataset, tmp_path: Path
) -> None:
    put(dataset, "a", labels(KIM))
    put(dataset, "b", labels(KIM, split=VAL))
    chosen = choose_pictures(dataset.everything(), NAMES)
    dataset.change(dataset.members().renamed("Kim", "Kimberly"))
    write_pictures(dataset, chosen, tmp_path, (160, 96), lambda *_: None)
    (one,) = read_labels(tmp_path / "images" / TRAIN, (160, 96))
    assert one.classes.tolist() == [0]


def test_a_picture_that_is_none_is_named(dataset: Dataset, tmp_path: Path) -> None:
    put(dataset, "a", labels(KIM))
    dataset.add("b", b"no picture", labels(KIM, split=VAL))
    with pytest.raises(DatasetRejected, match="The picture b is none"):
        write(dataset, tmp_path)
