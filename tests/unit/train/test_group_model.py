"""What is asked for and what it comes to, without torch."""

from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts.datasets import (
    CONFIRMED,
    TRAIN,
    VAL,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.contracts.group import Group, group_from_toml, group_to_toml
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train import course
from inyourarea.train.group_model import (
    Wish,
    choose_confidence,
    plan_training,
    starting_weights,
)
from inyourarea.train.windows import mirrored
from told import answers


def wish(folder: Path, **more: object) -> Wish:
    return Wish(folder / "tri.toml", folder / "out", folder / "models", **more)  # type: ignore[arg-type]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = Dataset.make(FolderObjects(tmp_path / "pictures"), "", Members(("Kim",)))
    box = LabelledBox((10.0, 10.0, 40.0, 40.0), "Kim", state=CONFIRMED)
    for number in range(10):
        split = VAL if number == 9 else TRAIN
        made.add(f"p{number}", b"picture", LabelledPicture((1920, 1080), (box,), split=split))
    return made


def test_the_course_is_as_long_as_asked_and_no_shorter_than_needed(
    dataset: Dataset, tmp_path: Path
) -> None:
    asked = plan_training(dataset, wish(tmp_path, epochs=5)).course
    assert (asked.rounds, asked.windows_per_round) == (5, 36)
    usual = plan_training(dataset, wish(tmp_path)).course
    assert usual.rounds * usual.windows_per_round >= 24_000
    assert course.course_from_json(asked.to_json()) == asked


def test_windows_are_cut_from_frames_of_the_size_that_the_file_takes(
    dataset: Dataset, tmp_path: Path
) -> None:
    plan = plan_training(dataset, wish(tmp_path))
    assert plan.course.picture_size == plan.size == (plan.info.width, plan.info.height)
    assert plan.size == (1280, 736)
    small = plan_training(dataset, wish(tmp_path, imgsz=160)).course
    assert small.window == small.picture_size == (160, 96)


def test_a_network_of_four_levels_has_sides_of_64(dataset: Dataset, tmp_path: Path) -> None:
    plan = plan_training(dataset, wish(tmp_path, network="yolov5s6"))
    assert plan.size == (1280, 768)
    assert plan.course.architecture == "yolov5s-p6.yaml"
    assert plan.course.window == (448, 320)
    assert len(NETWORKS) == 10


def test_what_decides_the_weights_decides_the_folder(dataset: Dataset, tmp_path: Path) -> None:
    first = plan_training(dataset, wish(tmp_path)).folder
    assert plan_training(dataset, wish(tmp_path, device="0", batch=8)).folder == first
    assert plan_training(dataset, wish(tmp_path, can_mirror=True)).folder != first
    labels = dataset.labelled("p3")
    other = LabelledPicture(labels.size, (LabelledBox((1, 1, 9, 9), "Kim"),), version=2)
    dataset.label("p3", other)
    assert plan_training(dataset, wish(tmp_path)).folder != first


@pytest.mark.parametrize("name", ["faces.toml", "my group.toml", "tri.txt", "-x.toml", "한.toml"])
def test_a_group_file_that_can_name_no_model_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="gives the model its name"):
        _ = Wish(tmp_path / name, tmp_path, tmp_path).name


def test_weights_that_are_not_there_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="can not be read: No such file"):
        plan_training(dataset, wish(tmp_path, weights=tmp_path / "no.pt"))


@pytest.mark.parametrize("place", ["models", "groups"])
def test_where_nothing_can_be_put_is_told_before_anything_is_learned(
    place: str, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / place).write_bytes(b"a file where the folder should be")
    asked = Wish(tmp_path / "groups" / "tri.toml", tmp_path / "out", tmp_path / "models")
    folder = {"models": "models/tri", "groups": "groups"}[place]
    with pytest.raises(Refused, match=f"{folder} can not be written: Not a directory"):
        plan_training(dataset, asked)
    (tmp_path / place).unlink()
    plan_training(dataset, asked)
    assert not (tmp_path / place).exists()


def test_only_a_network_of_their_size_starts_from_the_shows_weights(tmp_path: Path) -> None:
    assert starting_weights(tmp_path, "yolov5n") is None
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "show.pt").touch()
    assert starting_weights(tmp_path, "yolov5n") == tmp_path / "show" / "show.pt"
    assert starting_weights(tmp_path, "yolov5s") is None


def test_the_confidence_is_the_lowest_that_costs_next_to_nothing() -> None:
    right = [answers([(0, 0), (1, 0)], [(0, 0, 0.9), (1, 0, 0.42)]) for _ in range(200)]
    assert choose_confidence(right) == 0.1
    noisy = [answers([(0, 0)], [(0, 0, 0.9), (2, 0, 0.27)]) for _ in range(200)]
    assert choose_confidence(noisy) == 0.3
    assert choose_confidence([answers([], [])]) == 0.3


def test_a_group_file_is_read_as_it_was_written() -> None:
    group = Group("tri", ('Kim "K"', "리\t"), ("#ff0000", "#00ff00"), "tri", 3, 0.25)
    assert group_from_toml(group_to_toml(group)) == group


def test_a_mirrored_window_has_its_boxes_on_the_other_side() -> None:
    picture = np.zeros((4, 10, 3), np.uint8)
    picture[:, 1:3] = 255
    turned, boxes = mirrored(picture, np.array([[1, 0, 3, 4]], np.float32))
    assert boxes.tolist() == [[7, 0, 9, 4]]
    assert turned[:, 7:9].all()
    assert not turned[:, :7].any()
