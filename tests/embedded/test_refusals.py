"""Bad input through the command line: one clear line, exit code 1, nothing half-written."""

import os
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.core.errors import VideoUnreadable
from inyourarea.embedded.run import store_source
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import SmallShow, inyourarea

HEADER = "frame,class,x,y,w,h\n"


def refused(*words: str | Path) -> str:
    """What the command says, in one line, when it refuses."""
    done = inyourarea(*words, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("inyourarea: ")]
    assert len(said) == 1, done.stderr
    return said[0]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "no box"),
        (HEADER + "1,0,nan,0.5,0.1,0.1\n", "Line 2"),
        (HEADER + "1,0,inf,0.5,0.1,0.1\n", "Line 2"),
        (HEADER + "1,0,5.0,0.5,0.1,0.1\n", "outside"),
        (HEADER + "1,0,0.5,0.5,-0.1,0.1\n", "Line 2"),
        (HEADER + "1,0,0.5\n", "Line 2"),
        (HEADER + "0,0,0.5,0.5,0.1,0.1\n", "frame"),
        (HEADER + "99999,0,0.5,0.5,0.1,0.1\n", "99999"),
        ("a,b,c\n", "columns"),
    ],
)
def test_bad_boxes_are_refused_with_their_line(
    rows: str, expected: str, small_show: SmallShow, tmp_path: Path
) -> None:
    (tmp_path / "boxes.csv").write_text(rows)
    words = ("run", small_show.video, "--boxes", tmp_path / "boxes.csv", "--out", tmp_path / "out")
    assert expected in refused(*words)
    assert not (tmp_path / "out" / "fancams").exists()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("from,to,x,y,w,h,name\nx,,1,1,,,Lisa\n", "ine 2"),
        ("from,to,x,y,w,h,name\n1,,5,5,,,class-1\n", "class-1"),
        ("from,to,x,y,w,h,name\n1,,5,5,,,\n", "ine 2"),
    ],
)
def test_bad_pins_are_refused(
    rows: str, expected: str, small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "pins.csv").write_text(rows)
    told = ("--boxes", small_show.boxes, "--pins", tmp_path / "pins.csv")
    assert expected in refused("run", small_show.video, "--out", out, *told)


def test_an_unknown_member_is_told_the_known_ones(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    told = ("--boxes", small_show.boxes, "--member", "Nobody At All")
    said = refused("run", small_show.video, "--out", out, *told)
    assert "class-0" in said
    assert "class-2" in said


def test_a_video_that_is_not_there(tmp_path: Path) -> None:
    said = refused("run", tmp_path / "none.mp4", "--out", tmp_path / "out")
    assert "none.mp4" in said
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file(small_show: SmallShow, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    told = ("--boxes", small_show.boxes, "--out", tmp_path / "out")
    assert "can not be made" in refused("run", small_show.video, *told)
    assert (tmp_path / "out").read_text() == "in the way"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"a small disk can not be mounted here: {mounted.stderr}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_said_and_leaves_no_half_file(
    small_show: SmallShow, small_disk: Path
) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(700_000))
    out = small_disk / "out"
    said = refused("run", small_show.video, "--boxes", small_show.boxes, "--out", out)
    assert f"{out}/" in said
    assert "the disk is full; make room on it and ask again" in said
    assert "sources/" not in said
    assert not (out / "fancams").exists()
    assert not list(out.rglob("*.part"))


def test_a_show_on_a_full_disk_is_said_and_leaves_no_half_file(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(900_000))
    out = small_disk / "show"
    words = ("--members", "3", "--seconds", "3", "--size", "640x360")
    done = inyourarea("stage-show", "--out", out, *words, check=False)
    assert done.returncode == 1
    said = f"stage-show: can not write to {out}: the disk is full; make room on it and ask again"
    assert done.stderr.splitlines() == [said]
    assert list(out.iterdir()) == []


def test_a_finished_run_on_a_disk_that_became_read_only_is_said(
    small_show: SmallShow, finished: Path, small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    out = shutil.copytree(finished, small_disk / "out")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = refused("run", small_show.video, "--boxes", small_show.boxes, "--out", out)
    assert str(out) in said
    assert "Read-only" in said


class _Vanishing(FolderObjects):
    def put(self, key: str, content: bytes | Path) -> None:
        assert isinstance(content, Path)
        content.unlink()
        super().put(key, content)


def test_a_video_that_vanishes_while_it_is_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "stage.mp4").write_bytes(b"anything")
    with pytest.raises(VideoUnreadable, match="vanished"):
        store_source(_Vanishing(tmp_path / "store"), tmp_path / "stage.mp4")


@pytest.mark.parametrize(
    "name",
    [
        "a'b\"c.mp4",
        "line\nbreak.mp4",
        "..mp4",
        "직캠.mp4",
        "n" * 250 + ".mp4",
        "-dash.mp4",
        "%s.mp4",
    ],
)
def test_a_video_of_any_name_is_run(name: str, small_show: SmallShow, tmp_path: Path) -> None:
    shutil.copy(small_show.video, tmp_path / name)
    told = ("--boxes", small_show.boxes, "--to", "0.2", "--out", tmp_path / "out")
    inyourarea("run", *told, "--", tmp_path / name)
    assert (tmp_path / "out" / "fancams" / "class-0.mp4").is_file()


def test_two_spellings_of_one_name_are_one_member(small_show: SmallShow, tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "제니")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    rows = (tmp_path / "boxes.csv", tmp_path / "pins.csv")
    line = small_show.boxes.read_text().splitlines()[1].split(",")
    share = [float(value) for value in line[2:4]]
    x, y = share[0] * 640, share[1] * 360
    seconds = (int(line[0]) - 1) * 1001 / 30000 + 0.001
    bare = [row.split(",") for row in small_show.boxes.read_text().splitlines()[1:]]
    rows[0].write_text(HEADER + "\n".join(",".join([row[0], "", *row[2:]]) for row in bare))
    pins = f"{seconds:.4f},,{x:.1f},{y:.1f},,,{decomposed}\n"
    rows[1].write_text(f"from,to,x,y,w,h,name\n{pins}")
    told = ("--boxes", rows[0], "--pins", rows[1], "--people", "3", "--member", composed)
    inyourarea("run", small_show.video, "--out", tmp_path / "out", *told)
    assert [path.name for path in (tmp_path / "out" / "fancams").iterdir()] == [f"{composed}.mp4"]


def test_a_group_that_nobody_knows_is_refused(small_show: SmallShow, tmp_path: Path) -> None:
    told = ("--group", "no such group", "--out", tmp_path / "out")
    assert "no such group" in refused("run", small_show.video, *told)


def test_a_model_that_breaks_the_contract_is_refused(
    small_show: SmallShow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    (models / "faces" / "1").mkdir(parents=True)
    (models / "faces" / "1" / "model.onnx").write_bytes(b"this is no graph")
    monkeypatch.setenv("INYOURAREA_MODELS", str(models))
    assert "ONNX" in refused("run", small_show.video, "--out", tmp_path / "out")


def test_wrong_usage_teaches(tmp_path: Path) -> None:
    done = inyourarea("run", "x.mp4", "--out", tmp_path, "--aspect", "wide", check=False)
    assert done.returncode == 2
    assert "9:16" in done.stderr
