"""Odd names and bad disks: what the command makes of them, and what it leaves."""

import csv
import json
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from small_show import SIZE, SmallShow, inyourarea, inyourarea_here


def refused(*words: str | Path, code: int = 1) -> str:
    """What the command says, in one line, when it refuses; 75 where the store is what fails."""
    done = inyourarea(*words, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("inyourarea: ")]
    assert len(said) == 1, done.stderr
    return said[0]


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


def test_an_inspection_without_room_for_its_sample_is_said(
    small_show: SmallShow, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small_disk / "filler").write_bytes(bytes(1_000_000))
    monkeypatch.setenv("TMPDIR", str(small_disk))
    said = refused("inspect", small_show.video, "--group", "show", code=75)
    assert "the disk is full; make room on it and ask again" in said
    assert not list(small_disk.glob("inyourarea-*"))


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
    assert inyourarea_here("run", *told, "--", tmp_path / name) == 0
    assert (tmp_path / "out" / "fancams" / "class-0.mp4").is_file()


def test_two_spellings_of_one_name_are_one_member(small_show: SmallShow, tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "제니")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    told = pinned(small_show, [decomposed], tmp_path)
    inyourarea("run", small_show.video, "--out", tmp_path / "out", *told, "--member", composed)
    assert [path.name for path in (tmp_path / "out" / "fancams").iterdir()] == [f"{composed}.mp4"]


def test_people_of_any_name_have_their_fancams_in_the_folder(
    small_show: SmallShow, tmp_path: Path
) -> None:
    names = ["../../evil", "line\nbreak \"quoted\" 'twice'", "n" * 300]
    told = pinned(small_show, names, tmp_path)
    before = {path for path in tmp_path.parent.rglob("*") if tmp_path / "out" not in path.parents}
    inyourarea("run", small_show.video, "--out", tmp_path / "out", *told)
    after = {path for path in tmp_path.parent.rglob("*") if tmp_path / "out" not in path.parents}
    assert after == before | {tmp_path / "out"}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert {person["name"] for person in report["people"]} == {" ".join(n.split()) for n in names}
    assert len(list((tmp_path / "out" / "fancams").glob("*.mp4"))) == len(names)


def pinned(show: SmallShow, names: list[str], folder: Path) -> tuple[str | Path, ...]:
    """The words of a run without classes, in which a pin names one person after the other."""
    with show.boxes.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    bare, pins = folder / "boxes.csv", folder / "pins.csv"
    lines = [",".join([row["frame"], "", row["x"], row["y"], row["w"], row["h"]]) for row in rows]
    bare.write_text("frame,class,x,y,w,h\n" + "\n".join(lines))
    with pins.open("w", newline="") as opened:
        written = csv.writer(opened)
        written.writerow(["from", "to", "x", "y", "w", "h", "name"])
        for number, name in enumerate(names):
            first = next(row for row in rows if row["class"] == str(number))
            seconds = (int(first["frame"]) - 1) * 1001 / 30000 + 0.001
            x, y = float(first["x"]) * SIZE[0], float(first["y"]) * SIZE[1]
            written.writerow([f"{seconds:.4f}", "", f"{x:.1f}", f"{y:.1f}", "", "", name])
    return ("--boxes", bare, "--pins", pins, "--people", "3")


def test_wrong_usage_teaches(tmp_path: Path) -> None:
    done = inyourarea("run", "x.mp4", "--out", tmp_path, "--aspect", "wide", check=False)
    assert done.returncode == 2
    assert "9:16" in done.stderr


def test_several_values_after_one_option_teach_how_it_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        inyourarea_here("run", "x.mp4", "--out", "o", "--aspect", "9:16", "1:1")
    assert ended.value.code == 2
    assert "1:1; name an option before each of its values" in capsys.readouterr().err
