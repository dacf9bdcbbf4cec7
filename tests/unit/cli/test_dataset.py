"""What the command line says of datasets, and that what is refused leaves nothing behind."""

import json
from pathlib import Path

import pytest

from inyourarea.cli import operating
from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    FRONTAL,
    PROFILE,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.embedded.collect import Collected, Wanted
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from labelled_files import WRITTEN, picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two members: a profile and a frontal face of one, nothing of the other."""
    dataset = Dataset.make(FolderObjects(tmp_path / "tour"), "", Members(("아리아", "Bea")))
    faces = (
        LabelledBox((0, 0, 9, 9), "Bea", "r:0:1", PROFILE, CONFIRMED),
        LabelledBox((20, 0, 29, 9), "Bea", "r:0:2", FRONTAL),
        LabelledBox((40, 0, 49, 9)),
    )
    dataset.add("ab-1", picture(), LabelledPicture((160, 90), faces, video="ab", pts=1))
    return tmp_path / "tour"


def test_show_counts_everybody_against_the_advice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", "show", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 pictures (train 1, val 0, test 0), 0 rejected"
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:5]}
    assert rows["Bea"] == ["2", "0%", "1", "1", "1", "1", "1", "2", "0", "0"]
    assert rows["아리아"][0] == "0"
    assert "advice: 1500 boxes of each; who has fewest has 0% of most" in lines
    assert "1 boxes wait for a name" in lines
    assert "warning: no picture is in val" in lines
    assert lines[-1].startswith("warning: 1 pictures are lower than 720 pixels")


def test_show_tells_programs_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "show", str(folder), "--json", "--min-height", "90"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["members"]["Bea"]["splits"] == {"train": 2, "val": 0, "test": 0}
    assert (found["minimum"], found["balance"], found["lower_than_min_height"]) == (1500, 0, 0)


def test_what_is_exported_can_be_imported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "tour.zip")
    assert main(["dataset", "export", str(folder), target, "--format", "cvat"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"1 pictures with 2 boxes are in {target}")
    assert "note: 1 boxes have no member" in told
    assert main(["dataset", "import", str(tmp_path / "new"), target, "--min-height", "0"]) == 0
    assert capsys.readouterr().out == (
        "1 new pictures came, 0 got new labels, 0 are as they were; 2 boxes\n"
        "note: no box of '아리아'\n"
    )
    assert Dataset(FolderObjects(tmp_path / "new")).members().names == ("아리아", "Bea")


def test_an_export_that_does_not_come_back_at_once_says_so(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for most, is_told in ((2, True), (3, False)):  # classes, a picture, its labels
        monkeypatch.setattr("inyourarea.train.formats.files.MOST_FILES", most)
        target = str(tmp_path / f"out-{most}")
        assert main(["dataset", "export", str(folder), target, "--format", "yolo"]) == 0
        told = "note: that is 3 files; `dataset import` takes 2 at a time"
        assert (told in capsys.readouterr().out) is is_told


def write_labelimgs(root: Path) -> Path:
    for name, content in WRITTEN["yolo"].items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_low_pictures_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_labelimgs(tmp_path / "in")
    assert main(["dataset", "import", str(tmp_path / "new"), str(source)]) == 0
    assert "warning: 1 pictures are lower than 720 pixels" in capsys.readouterr().out


def test_a_dry_run_and_a_refusal_leave_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_labelimgs(tmp_path / "in")
    new = tmp_path / "new"
    assert main(["dataset", "import", str(new), str(source), "--dry-run"]) == 0
    assert "1 new pictures would come" in capsys.readouterr().out
    assert not new.exists()
    (source / "stage/frame.txt").write_bytes(b"0 0.5 0.5 0.1")
    assert main(["dataset", "import", str(new), str(source)]) == 1
    assert "frame.txt, line 1: 4 columns" in capsys.readouterr().err
    assert not new.exists()


def test_strange_classes_come_in_only_when_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_labelimgs(tmp_path / "in")
    (source / "stage/classes.txt").write_text("Dana\nCleo\nBea\n")
    words = ["dataset", "import", str(folder), str(source)]
    assert main(words) == 1
    assert "frame.txt, line 2: 'Dana' is none of the dataset's members" in capsys.readouterr().err
    assert main([*words, "--add-members"]) == 0
    assert Dataset(FolderObjects(folder)).members().names == ("아리아", "Bea", "Dana", "Cleo")


def test_a_member_is_renamed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "rename", str(folder), "Bea", "Beatrice"]) == 0
    assert capsys.readouterr().out == "members: 아리아, Beatrice\n"
    assert Dataset(FolderObjects(folder)).labelled("ab-1").boxes[0].member == "Beatrice"
    assert main(["dataset", "rename", str(folder), "Bea", "B"]) == 1
    assert "Nobody here is called 'Bea'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["show"], ["rename", "a", "b"]])
def test_a_folder_that_is_no_dataset_is_not_made_one(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", verb[0], str(tmp_path / "none"), *verb[1:]]) == 1
    assert "is no dataset" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_the_help_explains_each_form(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["dataset", "--help"])
    told = capsys.readouterr().out
    assert all(word in told for word in ("LabelImg", "VOC", "CVAT for images 1.1", "COCO"))


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderObjects:
    """What stands in for a cluster's bucket, whose settings are there."""
    bucket = FolderObjects(tmp_path / "bucket")
    monkeypatch.setenv("INYOURAREA_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(operating, "open_objects", lambda _: bucket)
    monkeypatch.chdir(tmp_path)
    return bucket


def test_labels_come_into_a_clusters_dataset_by_its_name(
    cluster: FolderObjects, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_labelimgs(tmp_path / "in")
    assert main(["dataset", "import", "tour", str(source), "--min-height", "0"]) == 0
    assert len([*Dataset(cluster, keys.dataset("tour")).pictures()]) == 1
    assert not Path("tour").exists()
    assert main(["dataset", "show", "tour"]) == 0
    assert "1 pictures" in capsys.readouterr().out
    assert main(["dataset", "show", "other"]) == 1
    assert "other is no dataset" in capsys.readouterr().err


def test_a_clusters_store_is_opened_once_for_a_command(
    cluster: FolderObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_labelimgs(tmp_path / "in")
    opened: list[Path | None] = []

    def open_objects(folder: Path | None) -> FolderObjects:
        opened.append(folder)
        return cluster

    monkeypatch.setattr(operating, "open_objects", open_objects)
    for words in (["import", "tour", str(source), "--min-height", "0"], ["show", "tour"]):
        opened.clear()
        assert main(["dataset", *words]) == 0
        assert opened == [None]


def test_a_folder_of_this_machine_goes_before_a_cluster(
    cluster: FolderObjects, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", "show", folder.name]) == 0
    assert "1 pictures" in capsys.readouterr().out
    assert not [*cluster.list("")]


def test_what_is_collected_for_a_cluster_is_run_somewhere_else(
    cluster: FolderObjects, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Wanted] = []

    def collect(wanted: Wanted, _: object) -> list[Collected]:
        asked.append(wanted)
        return []

    monkeypatch.setattr("inyourarea.cli.collect.collect_videos", collect)
    assert main(["collect", "a.mp4", "--dataset", "tour"]) == 1
    assert "--out DIR is needed" in capsys.readouterr().err
    assert main(["collect", "a.mp4", "--dataset", "tour", "--out", "runs"]) == 0
    assert asked[0].place == (cluster, keys.dataset("tour"))
