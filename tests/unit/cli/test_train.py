"""What `inyourarea train` says before and without torch."""

import errno
import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from inyourarea.cli import train
from inyourarea.cli.__main__ import main
from inyourarea.contracts.datasets import CONFIRMED, VAL, LabelledBox, LabelledPicture, Members
from inyourarea.core.errors import DatasetRejected
from inyourarea.embedded.models import published_folder
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.train import group_plan
from inyourarea.train.group_figures import EIGHT_BITS, HALF, TORCH, Runtime
from inyourarea.train.group_steps import learning, tell_doubt
from published_models import PAIR, dim, publish
from tiny_model import tiny_model


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    made = Dataset.make(FolderObjects(folder), "", Members(("Kim",)))
    box = LabelledBox((10.0, 10.0, 40.0, 40.0), "Kim", state=CONFIRMED)
    made.add("a", b"picture", LabelledPicture((320, 180), (box,)))
    made.add("b", b"picture", LabelledPicture((320, 180), (box,), split=VAL))
    return folder


def asked(folder: Path, *words: str) -> int:
    group = str(folder.parent / "tri.toml")
    return main(["train", "--dataset", str(folder), "--group", group, *words])


def test_without_torch_it_says_what_to_install(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "inyourarea.train.group_network", raising=False)
    monkeypatch.delattr("inyourarea.train.group_network", raising=False)
    assert asked(dataset) == 1
    said = capsys.readouterr().err
    assert "torch is not installed" in said
    assert "pip install .[train]" in said


def test_a_folder_that_is_no_dataset_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(tmp_path / "nothing") == 1
    assert "There is no dataset" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert asked(empty) == 1
    assert f"There is no dataset {empty}" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_the_file_that_can_not_be_written_is_named(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/models/tri/1/model.onnx")

    monkeypatch.setattr(group_plan, "plan_training", full)
    assert asked(dataset) == 1
    said = capsys.readouterr().err
    assert "/models/tri/1/model.onnx can not be written: the disk is full" in said


def test_the_version_that_the_groups_runs_use_takes_the_same_test(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished: list[group_plan.Wish] = []

    def plan(_: Dataset, wish: group_plan.Wish) -> None:
        wished.append(wish)
        raise DatasetRejected("enough")

    monkeypatch.setattr(group_plan, "plan_training", plan)
    models = tmp_path / "models"
    assert asked(dataset, "--models", str(models)) == 1  # nothing was ever published there
    folder = published_folder(models)
    folder.mkdir(parents=True)
    versions = ModelVersions(FolderObjects(folder))
    publish(versions, group=replace(PAIR, name="tri"))
    publish(versions, dim(0.3))
    versions.choose("pair", 1, 0, "kim")  # another group's
    assert asked(dataset, "--models", str(models)) == 1
    versions.choose("tri", 1, 0, "kim")
    assert asked(dataset, "--models", str(models)) == 1
    assert [wish.before for wish in wished] == [None, None, tiny_model()]


@pytest.mark.parametrize("group", ["", ".", "/", "tri"])
def test_a_group_file_without_a_name_is_refused(
    group: str, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(dataset, "--group", group) == 1
    assert "gives the model its name" in capsys.readouterr().err


def test_networks_that_there_are_are_listed(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(dataset, "--model", "yolov8n") == 1
    assert "yolov5n, yolov5s" in capsys.readouterr().err


def test_a_size_that_does_not_fit_is_refused(
    dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(dataset, "--imgsz", "650") == 1
    assert "--imgsz is a multiple of 32" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--force",), "--force:"),
        (("--token-file", "token", "--force"), "--token-file, --force:"),
    ],
)
def test_what_only_a_site_heeds_is_refused_without_one(
    dataset: Path, words: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(dataset, *words) == 1
    said = capsys.readouterr().err
    assert f"{named} only where a site trains" in said
    assert "--server" in said


def test_the_time_left_is_told_where_nobody_looks_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(train.time, "monotonic", lambda: now)
    written = io.StringIO()
    with train._Steps(Console(file=written)) as steps:
        step = steps.begin("learning")
        for done in (0, 10, 50, 100):
            now += 10
            step(done, 100)
    assert written.getvalue().splitlines() == [
        "learning: 10 %, 1:30 left",
        "learning: 50 %, 0:20 left",
        "learning: 100 %",
    ]


def test_a_smaller_batch_is_said_once() -> None:
    said: list[str] = []

    class Listener(train._Steps):
        def say(self, text: str) -> None:
            said.append(text)

    with Listener(Console(file=io.StringIO())) as steps:
        tell = learning(steps, 16)
        for batch in (16, 8, 8):
            tell(0, 4, batch)
    assert said == ["The memory was full with 16 pictures at a time; going on with 8."]


def test_a_file_that_is_not_true_to_the_network_is_told() -> None:
    said: list[str] = []
    for name, score in ((HALF, 0.02), (HALF, 0.002), (EIGHT_BITS, 0.2)):
        tell_doubt(Runtime(f"onnxruntime, {name}", TORCH, 200, 0.1, score, 1.0, 1.0), said.append)
    assert said == [
        "onnxruntime, float16 differs from torch by 0.10 px and 0.0200 in score, which is more "
        "than may be: do not use it"
    ]
