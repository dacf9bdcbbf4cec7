"""A run is scored from its files."""

import json
from fractions import Fraction

import numpy as np
import pytest

from inyourarea.cli.__main__ import main
from inyourarea.core.measures import CAMERA_TARGETS, SHOT_TARGETS, TRACK_TARGETS
from inyourarea.core.run_files import camera_csv, shots_csv, tracks_csv
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.core.truth import TRUTH_COLUMNS
from inyourarea.core.windows import CameraPath

FRAMES = 90
TIMELINE = Timeline(np.arange(FRAMES, dtype=np.int64) * 1001, Fraction(1, 30000))
SHOTS = (Shot(0, 44), Shot(45, 89))
FACE = (900.0, 160.0, 940.0, 210.0)
#: Face height 50: full framing asks for 550 to 650 lines, the face at 8 to 20 % of them.
WINDOW = (751.25, 105.0, 1088.75, 705.0)


@pytest.fixture
def run(tmp_path):
    """A folder with a run that is right in everything, and beside it the truth."""
    folder = tmp_path / "out"
    folder.mkdir()
    write_run(
        folder,
        {"9x16": "9:16"},
        Track(
            person="p1",
            name="Ada",
            state=np.full(FRAMES, State.OBSERVED, dtype=np.uint8),
            reason=np.zeros(FRAMES, dtype=np.uint8),
            xyxy=np.tile(np.array(FACE, dtype=np.float32), (FRAMES, 1)),
            confidence=np.ones(FRAMES, dtype=np.float32),
            identity=np.ones(FRAMES, dtype=np.float32),
        ),
    )
    rows = [
        f"{frame},{frame * 1001},{int(frame > 44)},Ada,member,900,160,940,210,1,1,860,140,980,660\n"
        for frame in range(FRAMES)
    ]
    (tmp_path / "truth.csv").write_text(",".join(TRUTH_COLUMNS) + "\n" + "".join(rows))
    (tmp_path / "shots.csv").write_text("".join(shots_csv(SHOTS)))
    return folder


def write_run(folder, aspects, *people):
    tracks = Tracks(TIMELINE, (1920, 1080), SHOTS, people)
    paths = [
        CameraPath(person.person, person.name, np.tile(np.array(WINDOW), (FRAMES, 1)), person.state)
        for person in people
    ]
    (folder / "tracks.csv").write_text("".join(tracks_csv(tracks)))
    (folder / "shots.csv").write_text("".join(shots_csv(SHOTS)))
    for label in aspects:
        name = "camera.csv" if len(aspects) == 1 else f"camera-{label}.csv"
        (folder / name).write_text("".join(camera_csv(TIMELINE, SHOTS, paths)))
    report = {
        "version": 1,
        "video": {"width": 1920, "height": 1080, "time_base": "1/30000"},
        "framing": "full",
        "pictures": [{"label": label, "aspect": text} for label, text in aspects.items()],
    }
    (folder / "report.json").write_text(json.dumps(report))


def command(*words):
    return main(["score", *map(str, words)])


def move_windows(run, first, by):
    """From this frame on every window lies so many of its widths to the right."""
    header, *rows = (run / "camera.csv").read_text().splitlines()
    for frame in range(first, FRAMES):
        *head, x1, y1, x2, y2 = rows[frame].split(",")
        step = by * (WINDOW[2] - WINDOW[0])
        rows[frame] = ",".join([*head, str(float(x1) + step), y1, str(float(x2) + step), y2])
    (run / "camera.csv").write_text("\n".join([header, *rows]) + "\n")


def jumps(run):
    assert command(run, "--truth", run.parent / "truth.csv") == 0
    truth = json.loads((run / "report.json").read_text())["truth"]
    return truth["pictures"]["9x16"]["Ada"]["jumps"]


def test_the_help_says_what_each_target_is_and_what_truth_is_made_of(capsys):
    with pytest.raises(SystemExit):
        command("--help")
    told = " ".join(capsys.readouterr().out.split())
    for target in (*TRACK_TARGETS, *CAMERA_TARGETS, *SHOT_TARGETS):
        assert f"{target.words} {target.bound}: {target.meaning}" in told
    assert ",".join(TRUTH_COLUMNS) in told


def test_a_right_run_meets_every_target(run, capsys):
    assert command(run, "--truth", run.parent / "truth.csv") == 0
    printed = capsys.readouterr().out
    assert "every target is met" in printed
    report = json.loads((run / "report.json").read_text())
    assert report["version"] == 1
    assert report["truth"]["members"]["Ada"]["correct"] == 1
    assert report["truth"]["pictures"]["9x16"]["Ada"]["feet_in_window"] == 1
    assert report["truth"]["shots"] == {"f1": 1, "true": 1, "found": 1, "missed": [], "extra": []}


def test_scoring_twice_leaves_the_same_report(run, capsys):
    command(run, "--truth", run.parent / "truth.csv")
    once = (run / "report.json").read_bytes()
    command(run, "--truth", run.parent / "truth.csv")
    assert (run / "report.json").read_bytes() == once
    assert capsys.readouterr().err == ""


def test_what_is_missed_is_marked_and_listed(run, capsys):
    camera = (run / "camera.csv").read_text().splitlines(keepends=True)
    camera[11] = camera[11].replace("751.2500", "1051.2500").replace("1088.7500", "1388.7500")
    (run / "camera.csv").write_text("".join(camera))
    assert command(run, "--truth", run.parent / "truth.csv") == 0
    printed = capsys.readouterr().out
    truth = json.loads((run / "report.json").read_text())["truth"]
    assert truth["pictures"]["9x16"]["Ada"]["jumps"] == 2
    assert truth["pictures"]["9x16"]["Ada"]["face_in_window"] == pytest.approx(89 / 90, abs=1e-6)
    assert any("jumps 2" in line for line in truth["missed_targets"])
    assert "2!" in printed


@pytest.mark.parametrize("kind", ["cut", "dissolve"])
def test_a_window_jumps_freely_only_where_the_picture_changes(run, kind):
    (run.parent / "shots.csv").write_text("".join(shots_csv((Shot(0, 44), Shot(45, 89, kind)))))
    move_windows(run, 45, 0.5)
    assert jumps(run) == 0
    move_windows(run, 55, 4.5)
    assert jumps(run) == 1


@pytest.mark.parametrize(
    ("kind", "first", "counted"),
    [("dissolve", 55, 0), ("dissolve", 61, 1), ("cut", 46, 1)],
    ids=["a dissolve as found", "a dissolve found too late", "one frame behind a cut"],
)
def test_a_window_jumps_freely_where_the_run_has_found_a_dissolve(run, kind, first, counted):
    (run.parent / "shots.csv").write_text("".join(shots_csv((Shot(0, 44), Shot(45, 89, kind)))))
    (run / "shots.csv").write_text("".join(shots_csv((Shot(0, first - 1), Shot(first, 89)))))
    move_windows(run, first, 0.5)
    assert jumps(run) == counted


def test_a_truth_without_members_is_refused(run, capsys):
    truth = run.parent / "truth.csv"
    truth.write_text(truth.read_text().replace(",member,", ",dancer,"))
    assert command(run, "--truth", truth) == 1
    assert "has no member in the run's frames" in capsys.readouterr().err


@pytest.mark.parametrize("last", [999_999_999_999, 2**63 - 1])
def test_a_true_shot_that_ends_far_behind_the_run_is_scored(run, last):
    (run.parent / "shots.csv").write_text("".join(shots_csv([Shot(0, last)])))
    assert jumps(run) == 0


def test_each_of_several_pictures_has_its_measures(run):
    people = [CameraPath("p1", "Ada", np.tile(np.array(WINDOW), (FRAMES, 1)), np.zeros(FRAMES))]
    for label in ("9x16", "4x5"):
        text = "".join(camera_csv(TIMELINE, SHOTS, people))
        (run / f"camera-{label}.csv").write_text(text)
    report = json.loads((run / "report.json").read_text())
    report["pictures"].append({"label": "4x5", "aspect": "4:5"})
    (run / "report.json").write_text(json.dumps(report))
    assert command(run, "--truth", run.parent / "truth.csv") == 0
    pictures = json.loads((run / "report.json").read_text())["truth"]["pictures"]
    assert set(pictures) == {"9x16", "4x5"}


def test_a_member_nobody_is_counts_as_never_found(run, capsys):
    text = (run.parent / "truth.csv").read_text()
    more = [
        line.replace("Ada", "Bora").replace(",900,", ",300,").replace(",940,", ",340,")
        for line in text.splitlines(keepends=True)[1:]
    ]
    (run.parent / "truth.csv").write_text(text + "".join(more))
    assert command(run, "--truth", run.parent / "truth.csv") == 0
    assert "nobody in the run is Bora" in capsys.readouterr().out
    members = json.loads((run / "report.json").read_text())["truth"]["members"]
    assert members["Bora"]["track"] is None
    assert members["Bora"]["correct"] == 0


@pytest.mark.parametrize(
    "missing", ["report.json", "camera.csv", "tracks.csv", "shots.csv", "../truth.csv"]
)
def test_a_missing_file_is_one_clear_sentence(run, missing, capsys):
    (run / missing).unlink()
    assert command(run, "--truth", run.parent / "truth.csv") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert missing.removeprefix("../") in captured.err
    assert "is missing" in captured.err


def test_the_truth_of_another_video_is_refused(run, capsys):
    text = (run.parent / "truth.csv").read_text().replace(",0,Ada", ",0,Ada")
    header, *rows = text.splitlines(keepends=True)
    moved = [
        row.replace(f",{frame * 1001},", f",{frame * 1001 + 5},", 1)
        for frame, row in enumerate(rows)
    ]
    (run.parent / "truth.csv").write_text(header + "".join(moved))
    assert command(run, "--truth", run.parent / "truth.csv") == 1
    assert "another video" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"video": {"width": "wide"}}'])
def test_a_damaged_report_is_one_clear_sentence(run, text, capsys):
    (run / "report.json").write_text(text)
    assert command(run, "--truth", run.parent / "truth.csv") == 1
    assert capsys.readouterr().err.count("\n") == 1
