"""The first look tells every frame's stamp before any is decoded."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inyourarea.ingest.probe import Probe, probe_video, read_probe, write_probe
from inyourarea.ingest.settings import Limits
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import decode_segment
from media import Film, Sound, film, trimmed_mp4

VFR = (0, 512, 1024, 1100, 1101, 5000, 9000)
OPEN_GOP = {"bf": "3", "preset": "fast", "g": "10", "x264-params": "open-gop=1:keyint=10"}
INTERLACED = {"x264-params": "tff=1", "flags": "+ildct+ilme", "preset": "fast", "bf": "0"}

FILMS = {
    "mp4": Film(),
    "B-frames": Film(options={"bf": "3", "preset": "fast"}),
    "open GOP": Film(keys=(), options=OPEN_GOP),
    "MPEG-TS with open GOP": Film(keys=(), options=OPEN_GOP, container="mpegts"),
    "matroska": Film(container="matroska"),
    "webm": Film(codec="libvpx-vp9", container="webm", options={"cpu-used": "8"}),
    "HEVC": Film(codec="libx265", options={"x265-params": "log-level=none"}),
    "AV1": Film(codec="libsvtav1", options={"preset": "12"}),
    "gif": Film(codec="gif", container="gif", pixels="rgb8", time_base=Fraction(1, 25)),
    "variable": Film(VFR, Fraction(1, 15360), mux={"video_track_timescale": "15360"}),
    "interlaced": Film(options=INTERLACED, is_interlaced=True),
    "late": Film(pts=tuple(range(15, 30)), sound=Sound()),
    "one frame": Film(pts=(0,)),
}


def probed(content: bytes, folder: Path) -> tuple[Probe, list[int]]:
    """The probe, and the stamps that decoding really gives."""
    objects = FolderObjects(folder)
    objects.put("sources/x", content)
    probe = probe_video(objects, "sources/x", Limits())
    frames = decode_segment(objects, "sources/x", -(2**62), 2**62)
    return probe, [frame.pts for frame in frames]


@pytest.mark.parametrize("name", FILMS)
def test_what_the_packets_promise_is_what_decoding_gives(name: str, tmp_path: Path) -> None:
    probe, decoded = probed(film(FILMS[name]), tmp_path)
    assert probe.pts.tolist() == decoded
    assert len(decoded) == len(FILMS[name].pts)
    assert probe.end_pts > decoded[-1]
    assert probe.key_pts[0] == decoded[0]


def test_an_edit_list_hides_frames_from_the_probe_as_well(tmp_path: Path) -> None:
    probe, decoded = probed(trimmed_mp4(film(Film()), first=5, frames=20), tmp_path)
    assert probe.pts.tolist() == decoded == [512 * number for number in range(20)]


def test_the_size_is_that_of_the_upright_picture_with_square_pixels(tmp_path: Path) -> None:
    turned, _ = probed(film(Film(turn=(90, False))), tmp_path / "turned")
    oblong = Film(context={"sample_aspect_ratio": Fraction(4, 3)}, turn=(270, False))
    both, _ = probed(film(oblong), tmp_path / "both")
    assert (turned.width, turned.height) == (96, 160)
    assert (both.width, both.height) == (96, 214)


def test_the_last_frame_lasts_as_long_as_the_file_says(tmp_path: Path) -> None:
    spec = Film((0, 100, 700), Fraction(1, 1000), mux={"video_track_timescale": "1000"})
    probe, _ = probed(film(spec), tmp_path)
    assert probe.end_pts == 1300
    assert probe.average_rate == Fraction(30, 13)


@pytest.mark.parametrize(("name", "codec"), [("AV1", "av1"), ("webm", "vp9"), ("mp4", "h264")])
def test_a_codec_is_called_by_its_own_name(name: str, codec: str, tmp_path: Path) -> None:
    assert probed(film(FILMS[name]), tmp_path)[0].codec == codec


def test_sound_is_noticed(tmp_path: Path) -> None:
    assert probed(film(Film(sound=Sound())), tmp_path / "a")[0].has_audio
    assert not probed(film(Film()), tmp_path / "b")[0].has_audio


def test_a_probe_is_read_as_it_was_written(tmp_path: Path) -> None:
    probe, _ = probed(film(Film(keys=(0, 7, 20))), tmp_path)
    again = read_probe(write_probe(probe))
    for name in ("pts", "key_pts"):
        assert np.array_equal(getattr(again, name), getattr(probe, name))
    assert again.key_pts.tolist() == [0, 7 * 512, 20 * 512]
    assert write_probe(again) == write_probe(probe)


@pytest.mark.slow
def test_what_is_done_to_the_pictures_is_said(tmp_path: Path) -> None:
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 18}
    high = Film(pts=(0, 1), pixels="yuv420p10le", context=tags)
    assert "BT.709" in probed(film(high), tmp_path / "high")[0].warning
    assert "interlaced" in probed(film(FILMS["interlaced"]), tmp_path / "old")[0].warning
    assert probed(film(Film()), tmp_path / "plain")[0].warning == ""
