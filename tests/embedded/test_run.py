"""The whole run: a video in, one fancam per person out, judged by truth and by pixels."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from google.protobuf.message import Message
from numpy.typing import NDArray

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.picture import parse_aspect
from inyourarea.embedded import run
from inyourarea.runtime.child import Child
from media import Film, film
from small_show import SIZE, SmallShow, inyourarea, inyourarea_here
from tree import digests
from waiting import until


def frames_of(path: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every frame as (pts, luma)."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            yield frame.pts, frame.reformat(format="gray").to_ndarray()


def windows_of(camera: Path, name: str) -> list[NDArray[np.float64]]:
    with camera.open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["name"] == name]
    return [np.array([float(row[side]) for side in ("x1", "y1", "x2", "y2")]) for row in rows]


def ssim(ours: NDArray[np.uint8], ideal: NDArray[np.uint8]) -> float:
    """Structural similarity (Wang et al. 2004), Gaussian window of 1.5 px."""
    a, b = ours.astype(np.float64), ideal.astype(np.float64)
    blur = lambda image: cv2.GaussianBlur(image, (11, 11), 1.5)  # noqa: E731
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + low) * (2 * both + high)
    return float((top / ((mean_a**2 + mean_b**2 + low) * (var_a + var_b + high))).mean())


def written(out: Path) -> dict[Path, int]:
    """When each object of the store was written, but for what it has cost."""
    objects = (path for path in (out / ".inyourarea").rglob("*") if path.is_file())
    objects = (path for path in objects if "usage" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in objects}


def test_everybody_has_a_fancam_with_every_frame_and_the_sound(
    small_show: SmallShow, finished: Path
) -> None:
    source = [pts for pts, _ in frames_of(small_show.video)]
    fancams = sorted((finished / "fancams").glob("*.mp4"))
    assert len(fancams) == len(small_show.members)
    for fancam in fancams:
        pts = [stamp for stamp, _ in frames_of(fancam)]
        with av.open(fancam) as container, av.open(small_show.video) as original:
            ours, theirs = container.streams.video[0], original.streams.video[0]
            seconds = np.diff(pts) * float(ours.time_base or 0)
            expected = np.diff(source) * float(theirs.time_base or 0)
            assert len(container.streams.audio) == 1
            heard = sum(packet.size for packet in container.demux(audio=0))
        np.testing.assert_allclose(seconds, expected, atol=1e-9)
        with av.open(small_show.video) as original:
            assert heard == sum(packet.size for packet in original.demux(audio=0))


@pytest.mark.slow
def test_a_fancam_shows_the_window_of_its_frame(small_show: SmallShow, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("--boxes", small_show.boxes, "--to", "2", "--size", "116x204")
    inyourarea("run", small_show.video, "--out", out, *asked)
    windows = windows_of(out / "camera.csv", "class-0")
    fancam = list(frames_of(out / "fancams" / "class-0.mp4"))
    sources = [source for _, source in frames_of(small_show.video)]
    assert len(fancam) == len(windows) == 60
    for number in range(0, 60, 10):
        ours, window = fancam[number][1], windows[number]
        height, width = ours.shape
        scale = np.array([width, height]) / (window[2:] - window[:2])
        move = np.array(
            [[scale[0], 0, (0.5 - window[0]) * scale[0] - 0.5],
             [0, scale[1], (0.5 - window[1]) * scale[1] - 0.5]]
        )  # fmt: skip
        alike = [
            ssim(ours, cv2.warpAffine(source, move, (width, height), flags=cv2.INTER_CUBIC))
            for source in sources[max(number - 1, 0) : number + 2]
        ]
        assert alike[min(number, 1)] == max(alike) >= 0.97, "and no frame beside it is as alike"


def test_each_flash_is_seen_within_a_frame_of_its_beat(
    small_show: SmallShow, finished: Path
) -> None:
    flashes = json.loads((small_show.folder / "show.json").read_text())["sound"]["flash_frames"]
    assert len(flashes) >= 3
    for fancam in (finished / "fancams").glob("*.mp4"):
        shown_s, light = lights_of(fancam)
        frame_s = 1001 / 30000
        for flash in flashes:
            near = slice(max(1, flash - 4), flash + 5)
            rises = np.diff(light)[near.start - 1 : near.stop - 1]
            seen_s = shown_s[near][int(np.argmax(rises))]
            assert abs(seen_s - flash * frame_s) < frame_s / 2
            assert abs(heard_s(fancam, seen_s) - seen_s) <= frame_s


def lights_of(fancam: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When each frame is shown, in seconds, and its mean luma."""
    with av.open(fancam) as container:
        base = float(container.streams.video[0].time_base or 0)
    frames = [(pts * base, float(luma.mean())) for pts, luma in frames_of(fancam)]
    shown_s, light = np.array(frames).T
    return shown_s, light


def heard_s(fancam: Path, about_s: float) -> float:
    """When the first loud sample is heard from a tenth of a second before that on."""
    with av.open(fancam) as container:
        for frame in container.decode(audio=0):
            begins_s = float(frame.pts * frame.time_base)
            at_s = begins_s + np.arange(frame.samples) / frame.sample_rate
            loud = (np.abs(frame.to_ndarray()[0]) > 0.3) & (at_s > about_s - 0.1)
            if loud.any():
                return float(at_s[loud][0])
    raise AssertionError("nothing is heard")


def test_the_faces_are_where_the_truth_says(
    small_show: SmallShow, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    assert inyourarea_here("score", out, "--truth", small_show.truth) == 0
    assert "correct member" in capsys.readouterr().out
    truth = json.loads((out / "report.json").read_text())["truth"]
    for member in truth["members"].values():
        assert member["correct"] >= 0.99
        assert member["wrong"] <= 0.01
    assert truth["shots"]["extra"] == []
    for member in truth["pictures"]["9x16"].values():
        assert member["face_in_window"] == 1
        assert member["jumps"] == 0


def test_asked_again_nothing_is_done_over(
    small_show: SmallShow, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    before = written(out)
    words = ("run", small_show.video, "--boxes", small_show.boxes, "--out", out, "--json")
    assert inyourarea_here(*words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["people"] == ["class-0", "class-1", "class-2"]
    assert len(said["fancams"]) == 3
    assert written(out) == before
    assert digests(out) == digests(finished)


def test_another_aspect_and_member_detects_nothing_again(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    detections = {
        path: path.stat().st_mtime_ns for path in (out / ".inyourarea/detections").rglob("*.*")
    }
    shapes = ("--aspect", "1:1", "--aspect", "4:5", "--member", "CLASS-1")
    words = ("run", small_show.video, "--boxes", small_show.boxes, "--out", out, *shapes)
    assert inyourarea_here(*words) == 0
    assert detections == {path: path.stat().st_mtime_ns for path in detections}
    assert not list((out / ".inyourarea/frames").rglob("*.tar"))
    for shape, aspect in (("1x1", 1.0), ("4x5", 0.8)):
        _, picture = next(frames_of(out / "fancams" / f"class-1-{shape}.mp4"))
        assert picture.shape[1] / picture.shape[0] == pytest.approx(aspect, abs=0.02)
    # The fancams of before stay, and now that there are several aspects they say theirs.
    names = {path.name for path in (out / "fancams").iterdir()}
    before = {f"class-{number}-9x16.mp4" for number in range(3)}
    assert names == {"class-1-1x1.mp4", "class-1-4x5.mp4"} | before
    kept = (out / "fancams" / "class-0-9x16.mp4").read_bytes()
    assert kept == (finished / "fancams" / "class-0.mp4").read_bytes()
    # The cameras are those of the last run.
    assert {path.name for path in out.glob("camera*")} == {"camera-1x1.csv", "camera-4x5.csv"}


def test_a_part_of_the_video_is_run_with_its_sound(small_show: SmallShow, tmp_path: Path) -> None:
    out = tmp_path / "out"
    part = ("--from", "1", "--to", "2.5", "--size", "48x152")
    words = ("run", small_show.video, "--boxes", small_show.boxes, "--out", out, *part)
    assert inyourarea_here(*words) == 0
    frames = list(frames_of(out / "fancams" / "class-0.mp4"))
    assert len(frames) == 45
    assert frames[0][1].shape == (152, 48)
    with av.open(out / "fancams" / "class-0.mp4") as container:
        audio = container.streams.audio[0]
        assert float(audio.duration * audio.time_base) == pytest.approx(1.5, abs=0.05)


@pytest.mark.slow
def test_people_are_told_apart_without_a_class(small_show: SmallShow, tmp_path: Path) -> None:
    unnamed = tmp_path / "boxes.csv"
    lines = small_show.boxes.read_text().splitlines()
    bare = [",".join([line.split(",")[0], "", *line.split(",")[2:]]) for line in lines[1:]]
    unnamed.write_text("\n".join([lines[0], *bare]))
    out = tmp_path / "out"
    inyourarea("run", small_show.video, "--boxes", unnamed, "--people", "3", "--out", out)
    inyourarea("score", out, "--truth", small_show.truth)
    truth = json.loads((out / "report.json").read_text())["truth"]
    assert len(list((out / "fancams").glob("person-*.mp4"))) == 3
    assert all(member["correct"] >= 0.97 for member in truth["members"].values())


@pytest.mark.slow
def test_the_others_keep_their_names_when_one_is_pinned(
    small_show: SmallShow, tmp_path: Path
) -> None:
    lines = small_show.boxes.read_text().splitlines()
    bare = [",".join([line.split(",")[0], "", *line.split(",")[2:]]) for line in lines[1:]]
    (tmp_path / "boxes.csv").write_text("\n".join([lines[0], *bare]))
    out, pins = tmp_path / "out", tmp_path / "pins.csv"
    words = ("--boxes", tmp_path / "boxes.csv", "--people", "3", "--out", out)
    inyourarea("run", small_show.video, *words)
    before, first = digests(out), _places(out)
    x1, y1, x2, y2 = first["person-1"]
    middle = f"{(x1 + x2) / 2:.1f},{(y1 + y2) / 2:.1f}"
    pins.write_text(f"from,to,x,y,w,h,name\n0.001,,{middle},,,Aria\n")
    inyourarea("run", small_show.video, *words, "--pins", pins)
    # Whoever was second stays second, although there is no first any more.
    assert _places(out) == {"Aria": first["person-1"]} | {
        name: place for name, place in first.items() if name != "person-1"
    }
    files = {path.name for path in (out / "fancams").iterdir()}
    assert files == {"Aria.mp4", "person-2.mp4", "person-3.mp4"}
    inyourarea("run", small_show.video, *words)
    assert digests(out) == before


@pytest.mark.slow
def test_a_stretch_is_given_to_somebody_by_the_name_that_was_printed(
    small_show: SmallShow, tmp_path: Path
) -> None:
    header, *lines = small_show.boxes.read_text().splitlines()
    seen = {"0": range(1, 151), "1": range(1, 61), "2": range(91, 151)}
    rows = [line.split(",") for line in lines]
    rows = [[row[0], "", *row[2:]] for row in rows if int(row[0]) in seen[row[1]]]
    (tmp_path / "boxes.csv").write_text("\n".join([header, *map(",".join, rows)]))
    out, pins = tmp_path / "out", tmp_path / "pins.csv"
    words = ("run", small_show.video, "--boxes", tmp_path / "boxes.csv", "--out", out)
    assert inyourarea_here(*words, "--people", "3") == 0
    early, late, first = _seen_at(out, 30), _seen_at(out, 120), _seen_at(out, 0)
    (lost,) = early.keys() - late.keys()
    (stray,) = late.keys() - early.keys()
    x1, y1, x2, y2 = late[stray]
    place = f",,{(x1 + x2) / 2:.1f},{(y1 + y2) / 2:.1f},,,{lost}"
    # A pin counts from the first frame that is run.
    for begins, asked in ((0, ()), (30, ("--from", f"{30 * 1001 / 30000:.4f}"))):
        pins.write_text(f"from,to,x,y,w,h,name\n{(120.5 - begins) * 1001 / 30000:.4f}{place}\n")
        assert inyourarea_here(*words, "--people", "2", "--pins", pins, *asked) == 0
        assert _seen_at(out, 30 - begins) == early
        (other,) = early.keys() - {lost}
        assert _seen_at(out, 120 - begins) == {lost: late[stray], other: late[other]}
        assert {path.stem for path in (out / "fancams").iterdir()} == {lost, other}
    # Where she is seen elsewhere, somebody else is given her name, and she another.
    x1, y1, x2, y2 = first[other]
    middle = f"{(x1 + x2) / 2:.1f},{(y1 + y2) / 2:.1f}"
    pins.write_text(f"from,to,x,y,w,h,name\n0,,{middle},,,{lost}\n")
    assert inyourarea_here(*words, "--people", "3", "--pins", pins) == 0
    now = _seen_at(out, 0)
    assert now.pop(lost) == first[other]
    assert list(now.values()) == [first[lost]]


def _seen_at(out: Path, frame: int) -> dict[str, list[float]]:
    """Where everybody is seen in a frame of the run."""
    with (out / "tracks.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["frame"] == str(frame) and row["x1"]]
    return {row["name"]: [float(row[side]) for side in ("x1", "y1", "x2", "y2")] for row in rows}


@pytest.mark.slow
def test_one_aspect_after_the_other_gives_both(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out, both = tmp_path / "out", tmp_path / "both"
    words = ("--boxes", small_show.boxes)
    shutil.copytree(finished, out)
    shutil.copytree(finished, both)
    for shape in ("4:5", "9:16"):
        inyourarea("run", small_show.video, *words, "--out", out, "--aspect", shape)
    shapes = ("--aspect", "9:16", "--aspect", "4:5")
    inyourarea("run", small_show.video, *words, "--out", both, *shapes)
    fancams = {name for name in digests(both) if name.startswith("fancams/")}
    assert len(fancams) == 6
    assert fancams == {name for name in digests(out) if name.startswith("fancams/")}
    assert all(digests(out)[name] == digests(both)[name] for name in fancams)


def test_what_the_user_put_there_or_changed_stays(
    small_show: SmallShow, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    (out / "fancams" / "my cut.mp4").write_bytes(b"mine")
    with (out / "fancams" / "class-0.mp4").open("ab") as opened:
        opened.write(b"changed")
    words = ("--boxes", small_show.boxes, "--to", "1", "--member", "class-2")
    assert inyourarea_here("run", small_show.video, *words, "--out", out, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["removed"] == [str(out / "fancams" / "class-1.mp4")]  # another part of the video
    files = {path.name for path in (out / "fancams").iterdir()}
    assert files == {"class-0.mp4", "class-2.mp4", "my cut.mp4"}


def _places(out: Path) -> dict[str, list[float]]:
    """Where everybody is in the first frame."""
    with (out / "tracks.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["frame"] == "0"]
    return {row["name"]: [float(row[side]) for side in ("x1", "y1", "x2", "y2")] for row in rows}


@pytest.mark.slow
def test_a_pin_names_a_person(small_show: SmallShow, finished: Path, tmp_path: Path) -> None:
    with (finished / "tracks.csv").open(newline="") as opened:
        row = next(row for row in csv.DictReader(opened) if row["name"] == "class-2")
    with av.open(small_show.video) as container:
        seconds = int(row["frame"]) / float(container.streams.video[0].average_rate or 30)
    x, y = float(row["x1"]) + 2, float(row["y1"]) + 2
    pins = tmp_path / "pins.csv"
    pins.write_text(f"from,to,x,y,w,h,name\n{seconds + 0.001:.4f},,{x:.1f},{y:.1f},,,제니\n")
    lines = small_show.boxes.read_text().splitlines()
    bare = [",".join([line.split(",")[0], "", *line.split(",")[2:]]) for line in lines[1:]]
    (tmp_path / "boxes.csv").write_text("\n".join([lines[0], *bare]))
    out = tmp_path / "out"
    told = ("--boxes", tmp_path / "boxes.csv", "--people", "3", "--pins", pins)
    inyourarea("run", small_show.video, "--out", out, *told)
    assert (out / "fancams" / "제니.mp4").is_file()


def test_the_folder_holds_every_file_of_a_run(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()} - {".inyourarea"}
    files = ("camera", "detections", "shots", "tracks")
    assert names == {"fancams", "report.json", "timings.json", *(f"{name}.csv" for name in files)}
    width, _ = SIZE
    assert json.loads((finished / "report.json").read_text())["video"]["width"] == width


def test_boxes_lie_in_the_frames_they_were_given_for_also_behind_one_that_is_lost(
    tmp_path: Path,
) -> None:
    content = bytearray(film(Film(pts=tuple(range(60)), size=(320, 180))))
    with av.open(io.BytesIO(content)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    lost = packets[20]
    content[lost.pos : lost.pos + lost.size] = bytes(lost.size)
    (tmp_path / "a.mp4").write_bytes(content)
    places = {packet.pts: 40 + number for number, packet in enumerate(packets)}
    rows = (f"{number + 1},-1,{40 + number},50,20,24,1\n" for number in range(60))
    (tmp_path / "boxes.txt").write_text("".join(rows))
    boxes = ("--boxes", tmp_path / "boxes.txt")
    assert inyourarea_here("run", tmp_path / "a.mp4", *boxes, "--out", tmp_path / "out") == 0
    with (tmp_path / "out" / "tracks.csv").open(newline="") as opened:
        found = {int(row["pts"]): float(row["x1"]) for row in csv.DictReader(opened)}
    assert lost.pts not in found
    assert len([pts for pts in found if pts > lost.pts]) == 39
    assert found == pytest.approx({pts: places[pts] for pts in found}, abs=0.01)


def test_boxes_below_the_confidence_asked_for_are_not_believed(
    small_show: SmallShow, tmp_path: Path
) -> None:
    header, *lines = small_show.boxes.read_text().splitlines()
    sure = [f"{line},{0.3 if line.split(',')[1] == '2' else 0.9}" for line in lines]
    (tmp_path / "boxes.csv").write_text("\n".join([f"{header},confidence", *sure]))
    out = tmp_path / "out"
    words = ("--boxes", tmp_path / "boxes.csv", "--to", "2", "--size", "48x152", "--out", out)
    fancams = {}
    for asked in ("0.5", "0.2"):
        assert inyourarea_here("run", small_show.video, *words, "--confidence", asked) == 0
        fancams[asked] = {path.stem for path in (out / "fancams").iterdir()}
    assert fancams["0.5"] == {"class-0", "class-1"}
    assert fancams["0.2"] == {"class-0", "class-1", "class-2"}


def test_where_no_box_is_believed_it_says_what_to_ask_for(
    small_show: SmallShow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = small_show.boxes.read_text().splitlines()
    (tmp_path / "boxes.csv").write_text(
        "\n".join([f"{header},confidence", *(f"{line},.9" for line in lines)])
    )
    words = ("--boxes", tmp_path / "boxes.csv", "--to", "1", "--confidence", ".99")
    assert inyourarea_here("run", small_show.video, *words, "--out", tmp_path / "out") == 0
    assert "Nobody was found: nobody is as sure as --confidence 0.99" in capsys.readouterr().err


def test_smoothing_calms_the_boxes(small_show: SmallShow, finished: Path, tmp_path: Path) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
    words = ("--boxes", small_show.boxes, "--smooth", "9", "--out", out)
    assert inyourarea_here("run", small_show.video, *words) == 0
    assert _restlessness(out) < 0.5 * _restlessness(finished)


def _restlessness(out: Path) -> float:
    """How much class-0's box changes its speed from frame to frame, where it changes most."""
    with (out / "tracks.csv").open(newline="") as opened:
        left = [float(row["x1"]) for row in csv.DictReader(opened) if row["name"] == "class-0"]
    return float(np.percentile(np.abs(np.diff(left, 2)), 95))


@dataclass(frozen=True)
class Named:
    """A run with the show's own model."""

    out: Path
    told: tuple[Message, ...]
    does_rest: bool


@pytest.fixture(scope="module")
def named(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> Named:
    out, looking = tmp_path_factory.mktemp("named"), run.see
    seen: list[run.Seeing] = []
    told: list[Message] = []
    rested: list[bool] = []

    def is_gone() -> bool:
        detector = seen[0].detector
        return detector is not None and detector._session is None

    def see(request: run.Request) -> run.Seeing:
        seen.append(looking(request))
        return seen[-1]

    def listen(fact: Message) -> None:
        told.append(fact)
        if isinstance(fact, facts.TracksCompleted):
            with suppress(AssertionError):
                until(is_gone)
            rested.append(is_gone())

    request = run.Request(small_show.video, out, (parse_aspect("9:16"),), group="show")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "see", see)
        run.run_video(request, listen, Child())
    return Named(out, tuple(told), all(rested))


@pytest.mark.slow
def test_while_cameras_are_planned_the_detector_rests(named: Named) -> None:
    assert named.does_rest


def test_what_the_video_is_comes_before_every_fact(named: Named) -> None:
    kinds = [type(fact) for fact in named.told]
    assert kinds[:2] == [facts.Source, facts.VideoAccepted]
    assert kinds.count(facts.Source) == 1


def test_the_shows_model_finds_and_names_every_member(small_show: SmallShow, named: Named) -> None:
    assert {path.stem for path in (named.out / "fancams").iterdir()} == set(small_show.members)
    inyourarea_here("score", named.out, "--truth", small_show.truth)
    truth = json.loads((named.out / "report.json").read_text())["truth"]
    for member in truth["members"].values():
        assert member["correct"] >= 0.97
        assert member["wrong"] <= 0.03  # faces of 9 px, one of which passes behind another
