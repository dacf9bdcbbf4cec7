"""What ``inyourarea inspect`` says of a video, beside what is true of it."""

import csv
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inyourarea.core.picture import Picture
from inyourarea.embedded import inspect
from inyourarea.embedded.run import Request, Seeing, see
from media import Film, film
from small_show import SIZE, SmallShow, inyourarea, inyourarea_here

FRAMES = 150


def true_faces(show: SmallShow) -> dict[str, list[float]]:
    """The heights of every member's faces that are seen, source pixels."""
    heights: dict[str, list[float]] = {name: [] for name in show.members}
    with show.truth.open(newline="") as opened:
        for row in csv.DictReader(opened):
            if row["role"] == "member" and float(row["face_visible"]) >= 0.5:
                heights[row["name"]].append(float(row["y2"]) - float(row["y1"]))
    return heights


def test_people_shares_faces_and_sizes_are_those_of_the_video(
    small_show: SmallShow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    lines = inyourarea("inspect", small_show.video, "--group", "show").stdout.splitlines()
    assert lines[0].startswith(f"{SIZE[0]}x{SIZE[1]}, 5.0 s; looked at ")
    people = {line.split()[0]: line.split() for line in lines if " on screen " in line}
    truth = true_faces(small_show)
    assert set(people) == set(small_show.members)
    for name, words in people.items():
        share = float(words[words.index("screen") + 1].rstrip("%,")) / 100
        assert share == pytest.approx(len(truth[name]) / FRAMES, abs=0.15)
        face = float(words[words.index("face") + 1])
        assert face == pytest.approx(float(np.median(truth[name])), rel=0.35)
        width, height = map(int, words[-1].split("x"))
        assert width / height == pytest.approx(9 / 16, abs=0.02)
        assert height <= SIZE[1]
    assert lines[-1].startswith("3 people were seen")
    assert not list(tmp_path.glob("inyourarea-*"))  # the sample is gone


def test_who_is_there_for_half_of_the_video_is_said_to_be(
    small_show: SmallShow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = tmp_path / "half.mp4"
    with av.open(small_show.video) as show, av.open(half, "w") as written:
        stream = written.add_stream("libx264", rate=30)
        stream.width, stream.height = SIZE
        stream.codec_context.gop_size = 30
        pictures = [frame.to_ndarray(format="rgb24") for frame in show.decode(video=0)]
        for picture in (*pictures[:120], *[np.zeros_like(pictures[0])] * 120):
            written.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        written.mux(stream.encode())
    assert inyourarea_here("inspect", half, "--group", "show") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if " on screen " in line]
    assert {line.split()[0] for line in lines} == set(small_show.members)
    assert all(" on screen  50%," in line for line in lines), lines


def test_as_many_people_are_told_apart_by_their_looks_as_are_said_to_be_there(
    small_show: SmallShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def see_without_classes(request: Request) -> Seeing:
        seeing = see(request)
        seeing.model.ClearField("members")
        return seeing

    monkeypatch.setattr(inspect, "see", see_without_classes)
    aspect = (Picture(Fraction(9, 16)),)
    request = Request(small_show.video, small_show.folder, aspect, group="show", people=2)
    assert len(inspect.inspect_video(request).people) == 2


@pytest.mark.parametrize(
    ("video", "seconds", "sampled"),
    [
        (Film(pts=(0,)), "0.0", "0.0"),
        (Film(pts=tuple(range(9)), time_base=Fraction(1), keys=(0, 4)), "9.0", "2.0"),
        (Film(pts=tuple(range(0, 50, 5)), time_base=Fraction(1)), "50.0", "10.0"),
        (Film(pts=tuple(range(180))), "6.0", "1.2"),
    ],
    ids=["one frame", "slides", "slow slides", "one segment"],
)
def test_a_frame_that_stands_for_long_is_looked_at_for_as_long(
    video: Film, seconds: str, sampled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(film(video))
    assert inyourarea_here("inspect", path) == 0
    size, cuts, *_ = capsys.readouterr().out.splitlines()
    assert size == f"160x96, {seconds} s; looked at {sampled} s of it"
    assert cuts.startswith("no cut in what was looked at: about 0 cuts per minute, hardly more ")


def test_a_video_that_takes_too_long_to_decode_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(film(Film()))
    monkeypatch.setattr(inspect, "_TIMEOUT_S", 0.0)
    assert inyourarea_here("inspect", path) == 1
    said = capsys.readouterr().err
    assert said == "inyourarea: decoding the frames 0 to 29 failed: it took more than 0 s\n"
