"""The written show: video, sound and tables agree, and the same seed gives the same bytes."""

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inyourarea.cli import stage_show as command
from inyourarea.core.errors import Refused
from inyourarea.stage_show import Show, ShowSpec, draw_frame, write_show
from inyourarea.stage_show.beat import SAMPLE_RATE, onset_samples
from waiting import until

TRUTH_COLUMNS = (
    *("frame", "pts", "shot", "name", "role", "x1", "y1", "x2", "y2"),
    *("face_visible", "head_visible", "body_x1", "body_y1", "body_x2", "body_y2"),
)
SPEC = ShowSpec(seed=7, members=3, seconds=Fraction(5, 2), size=(320, 180))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("show")
    write_show(Show.plan(SPEC), path)
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_show(Show.plan(SPEC), tmp_path, workers=1)
    assert digests(tmp_path) == digests(folder)
    assert set(digests(folder)) == {"stage.mp4", "truth.csv", "shots.csv", "show.json"}


def test_every_frame_is_in_the_video_at_its_pts(folder: Path) -> None:
    with av.open(str(folder / "stage.mp4")) as container:
        stream = container.streams.video[0]
        pts = [frame.pts for frame in container.decode(stream)]
        assert stream.time_base == SPEC.time_base
        assert stream.average_rate == SPEC.fps
        assert stream.codec_context.name == "h264"
    assert pts == [i * 1001 for i in range(SPEC.frames)]


def test_the_video_shows_what_was_drawn(folder: Path) -> None:
    show = Show.plan(SPEC)
    with av.open(str(folder / "stage.mp4")) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % 25 == 20:
                drawn, _ = draw_frame(show, number)
                decoded = frame.to_ndarray(format="bgr24")
                assert np.abs(decoded.astype(int) - drawn.astype(int)).mean() < 6


def test_each_kick_begins_with_its_flash(folder: Path) -> None:
    show = Show.plan(SPEC)
    with av.open(str(folder / "stage.mp4")) as container:
        blocks = [(frame.pts, frame.to_ndarray()[0]) for frame in container.decode(audio=0)]
    sound = np.concatenate([block for _, block in blocks])
    start = blocks[0][0]
    level = np.abs(sound)
    onsets = onset_samples(show)
    assert len(onsets) >= 2
    for onset in onsets:
        near = level[onset - start - 2400 : onset - start + 2400]
        first = int(np.argmax(near > 0.3)) - 2400
        assert abs(first) <= 0.012 * SAMPLE_RATE
    quiet = np.ones(len(level), bool)
    for onset in onsets:
        quiet[max(0, onset - start - 1500) : onset - start + 9600] = False
    assert level[quiet].max() < 0.2


def test_sound_and_picture_are_equally_long(folder: Path) -> None:
    with av.open(str(folder / "stage.mp4")) as container:
        ends = [0.0, 0.0]
        for packet in container.demux():
            if packet.pts is not None and packet.duration is not None:
                end = float((packet.pts + packet.duration) * packet.time_base)
                ends[packet.stream.index] = max(ends[packet.stream.index], end)
    assert ends[0] == pytest.approx(float(SPEC.frames / SPEC.fps), abs=0.001)
    assert ends[1] == pytest.approx(ends[0], abs=0.05)


def test_truth_has_the_defined_columns_and_a_members_row_where_she_is(folder: Path) -> None:
    rows = read_rows(folder / "truth.csv")
    assert list(rows[0]) == [
        "frame",
        "pts",
        "shot",
        "name",
        "role",
        "x1",
        "y1",
        "x2",
        "y2",
        "face_visible",
        "head_visible",
        "body_x1",
        "body_y1",
        "body_x2",
        "body_y2",
    ]
    assert {row["role"] for row in rows} == {"member", "dancer", "screen"}
    assert [int(row["frame"]) for row in rows] == sorted(int(row["frame"]) for row in rows)
    assert all(int(row["pts"]) == 1001 * int(row["frame"]) for row in rows)


def test_shots_cover_all_frames(folder: Path) -> None:
    rows = read_rows(folder / "shots.csv")
    assert list(rows[0]) == ["shot", "first_frame", "last_frame", "kind"]
    assert rows[0]["first_frame"] == "0"
    assert int(rows[-1]["last_frame"]) == SPEC.frames - 1
    assert {row["kind"] for row in rows} <= {"cut", "dissolve"}


def test_show_json_says_who_and_how_hard(folder: Path) -> None:
    described = json.loads((folder / "show.json").read_text(encoding="utf-8"))
    assert len(described["members"]) == 3
    assert described["seed"] == 7
    assert described["look_alikes"]["outfit_de"] <= 8
    difficulty = described["difficulty"]
    assert difficulty["face_height_px"]["min"] >= 24
    assert difficulty["face_height_px"]["max"] <= 400
    assert set(difficulty["crossings_per_minute"]) == {"front", "middle", "back"}


@pytest.mark.parametrize("dying", [1, 2])
@pytest.mark.slow
def test_a_drawing_process_that_dies_is_told_and_leaves_no_file(dying: int, tmp_path: Path) -> None:
    others = set(multiprocessing.active_children())

    def kill(_: int) -> None:
        drawing = set(multiprocessing.active_children()) - others
        for process in sorted(drawing, key=lambda one: one.pid or 0)[:dying]:
            process.kill()

    with pytest.raises(Refused, match="process that draws has died"):
        write_show(Show.plan(SPEC), tmp_path, workers=2, progress=kill)
    assert list(tmp_path.iterdir()) == []
    assert set(multiprocessing.active_children()) <= others


def test_the_command_refuses_in_words_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    out = tmp_path / "show"
    args = parser.parse_args(["stage-show", "--out", str(out), "--members", "2"])
    assert args.main(args) == 2
    assert "members is 3 to 9" in capsys.readouterr().err
    assert not out.exists()


def test_the_command_says_where_it_can_not_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    small = ["--size", "64x64", "--seconds", "1/10"]
    args = parser.parse_args(["stage-show", "--out", str(blocker), *small])
    assert args.main(args) == 1
    assert str(blocker) in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("is_drawn", [False, True], ids=["while they begin", "while they draw"])
def test_ctrl_c_stops_it_and_its_processes_in_one_word(is_drawn: bool, tmp_path: Path) -> None:
    words = ["stage-show", "--out", str(tmp_path), "--seconds", "30", "--size", "320x180"]
    command = [sys.executable, "-m", "inyourarea.cli", *words]
    # A terminal tells all processes of the group at once.
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as drawing:
        children = Path(f"/proc/{drawing.pid}/task/{drawing.pid}/children")

        def is_at_work() -> bool:
            if is_drawn:
                return any(path.stat().st_size for path in tmp_path.glob("*.part"))
            return len(children.read_text().split()) == 3  # who draws, and who cleans up

        try:
            until(is_at_work, 60)
            os.killpg(drawing.pid, signal.SIGINT)
            _, said = drawing.communicate(timeout=60)
        finally:
            drawing.kill()
    assert said == "stopped\n"
    assert drawing.returncode == 130
    assert list(tmp_path.iterdir()) == []
