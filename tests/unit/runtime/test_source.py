"""Frames come out of the source upright, in one colour space, each at its pts."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import media
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes, decode_segment
from media import Film, film

ALL = 2**62
KEY = "sources/film"


def decode(content: bytes, folder: Path, start: int = -ALL, end: int = ALL) -> list[Planes]:
    objects = FolderObjects(folder)
    objects.put(KEY, content)
    return list(decode_segment(objects, KEY, start, end))


KINDS = {
    "H.264": Film(),
    "H.264 with B-frames": Film(options={"bf": "3", "preset": "fast"}),
    "HEVC": Film(codec="libx265", options={"x265-params": "log-level=none:crf=12"}),
    "VP9": Film(codec="libvpx-vp9", container="webm", options={"cpu-used": "8", "crf": "10"}),
    "AV1": Film(codec="libsvtav1", options={"preset": "12", "crf": "15"}),
    "MPEG-2": Film(
        codec="mpeg2video",
        container="mpegts",
        options={"b": "8000000", "qmax": "2"},
        time_base=Fraction(1, 25),
    ),
    "matroska": Film(container="matroska", time_base=Fraction(1, 25)),
    "MPEG-TS": Film(container="mpegts"),
    "mov": Film(container="mov"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_accepted_kind_shows_its_frames_in_order(kind: str, tmp_path: Path) -> None:
    spec = KINDS[kind]
    frames = decode(film(spec), tmp_path)
    assert [media.number_of(frame) for frame in frames] == list(range(30))
    assert all(media.is_upright(frame) for frame in frames)
    assert all(frame.y.shape == spec.size[::-1] for frame in frames)


def test_a_stretch_is_the_same_frames_whatever_was_decoded_before(tmp_path: Path) -> None:
    spec = Film(keys=(0, 10, 20), options={"bf": "3", "preset": "fast"}, container="mp4")
    content = film(spec)
    whole = decode(content, tmp_path)
    for start, end in ((0, 4), (3, 11), (9, 10), (10, 20), (19, 26), (25, 30)):
        part = decode(content, tmp_path, whole[start].pts, _end(whole, end))
        assert [frame.pts for frame in part] == [frame.pts for frame in whole[start:end]]
        for ours, theirs in zip(part, whole[start:end], strict=True):
            assert np.array_equal(ours.y, theirs.y)


def _end(frames: list[Planes], number: int) -> int:
    return frames[number].pts if number < len(frames) else ALL


H264_OPEN_GOP = {"bf": "3", "preset": "fast", "g": "10", "b_strategy": "0"}
H264_OPEN_GOP |= {"x264-params": "open-gop=1:keyint=10"}
HEVC_OPEN_GOP = {"preset": "fast", "x265-params": "log-level=none:keyint=10:open-gop=1:crf=8"}


@pytest.mark.parametrize(
    "spec",
    [
        Film(keys=(), options=H264_OPEN_GOP, container="mp4"),
        Film(keys=(), options=H264_OPEN_GOP, container="mpegts"),
        Film(keys=(), options=H264_OPEN_GOP, container="matroska"),
        Film(keys=(), options=HEVC_OPEN_GOP, codec="libx265", container="mp4"),
    ],
    ids=["H.264 mp4", "H.264 ts", "H.264 mkv", "HEVC mp4"],
)
def test_leading_pictures_of_an_open_gop_belong_to_the_stretch_before(
    spec: Film, tmp_path: Path
) -> None:
    content = film(spec)
    whole = decode(content, tmp_path)
    assert [media.number_of(frame) for frame in whole] == list(range(30))
    for cut in (8, 9, 10, 11, 18, 19, 20, 21):
        head = decode(content, tmp_path, -ALL, whole[cut].pts)
        tail = decode(content, tmp_path, whole[cut].pts, ALL)
        assert [media.number_of(frame) for frame in head + tail] == list(range(30))
        assert all(np.array_equal(a.y, b.y) for a, b in zip(head + tail, whole, strict=True))


def test_pictures_that_recover_slowly_are_run_up_to(tmp_path: Path) -> None:
    params = "intra-refresh=1:keyint=12:bframes=0"
    content = film(Film(keys=(), options={"g": "12", "x264-params": params}, container="mpegts"))
    whole = decode(content, tmp_path)
    part = decode(content, tmp_path, whole[20].pts)
    assert [media.number_of(frame) for frame in part] == list(range(20, 30))


def test_variable_frame_rates_keep_every_pts(tmp_path: Path) -> None:
    pts = (0, 512, 1024, 1100, 1101, 5000, 9000, 9512, 40000)
    spec = Film(pts=pts, time_base=Fraction(1, 15360), mux={"video_track_timescale": "15360"})
    assert tuple(frame.pts for frame in decode(film(spec), tmp_path)) == pts


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "50", "60000/1001", "60"])
def test_every_frame_rate_keeps_its_exact_steps(rate: str, tmp_path: Path) -> None:
    step = 1 / Fraction(rate)
    spec = Film(
        pts=tuple(number * step.numerator for number in range(12)),
        time_base=Fraction(1, step.denominator),
        mux={"video_track_timescale": str(step.denominator)},
    )
    frames = decode(film(spec), tmp_path)
    assert [frame.pts * spec.time_base for frame in frames] == [step * n for n in range(12)]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_turned_video_comes_out_upright(degrees: int, is_mirrored: bool, tmp_path: Path) -> None:
    upright = decode(film(Film(turn=(degrees, is_mirrored))), tmp_path)
    plain = decode(film(Film()), tmp_path)
    expected = np.rot90(plain[3].y, degrees // 90)
    expected = expected[:, ::-1] if is_mirrored else expected
    assert np.array_equal(upright[3].y, expected)
    assert upright[3].u.shape == (-(-expected.shape[0] // 2), -(-expected.shape[1] // 2))


def test_every_stretch_of_a_video_whose_pictures_change_size_has_the_same_one(
    tmp_path: Path,
) -> None:
    spec = Film(tuple(range(60)), keys=(0, 30), container="mpegts")
    small = replace(spec, pts=tuple(range(60, 120)), size=(96, 64))
    whole = decode(film(spec) + film(small), tmp_path)
    for start in (0, 30, 60, 90):
        part = decode(film(spec) + film(small), tmp_path, whole[start].pts, _end(whole, start + 30))
        assert {frame.y.shape for frame in part} == {(96, 160)}
        assert [media.number_of(frame) for frame in part] == [
            media.number_of(frame) for frame in whole[start : start + 30]
        ]


def test_odd_sizes_keep_their_last_row_and_column(tmp_path: Path) -> None:
    spec = Film(size=(161, 97), codec="libvpx-vp9", container="webm", options={"cpu-used": "8"})
    frame = decode(film(spec), tmp_path)[0]
    assert (frame.y.shape, frame.u.shape, frame.v.shape) == ((97, 161), (49, 81), (49, 81))
    assert media.is_upright(frame)


@pytest.mark.parametrize(
    ("pixel_aspect", "size"),
    [("4/3", (214, 96)), ("8/9", (160, 108)), ("1/1", (160, 96)), ("1000/1001", (160, 96))],
)
def test_oblong_pixels_become_square_and_none_is_lost(
    pixel_aspect: str, size: tuple[int, int], tmp_path: Path
) -> None:
    content = film(Film(context={"sample_aspect_ratio": Fraction(pixel_aspect)}))
    frame = decode(content, tmp_path)[7]
    assert frame.y.shape[::-1] == size
    assert media.number_of(frame) == 7


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv422p", "yuv444p", "yuvj420p", "gbrp"])
def test_every_pixel_format_gives_the_same_colours(pixels: str, tmp_path: Path) -> None:
    codec = "libx264rgb" if pixels == "gbrp" else "libx264"
    options = {"bf": "0", "crf": "4", "preset": "ultrafast"}
    tags = {} if pixels == "gbrp" else {"colorspace": 1}
    spec = Film(codec=codec, pixels="rgb24" if pixels == "gbrp" else pixels, context=tags)
    frames = decode(film(Film(**{**vars(spec), "options": options})), tmp_path)
    plain = media.card(9, spec.size)
    for ours, drawn in zip((frames[9].y, frames[9].u, frames[9].v), plain, strict=True):
        inner = np.abs(ours.astype(int) - drawn)[2:-2, 2:-2]
        assert np.percentile(inner, 95) <= 3


def test_colours_of_standard_definition_become_those_of_high_definition(tmp_path: Path) -> None:
    tagged = decode(film(Film(context={"colorspace": 5})), tmp_path)[0]
    plain = decode(film(Film(context={"colorspace": 1})), tmp_path)[0]
    # BT.601 (Y, Cb, Cr) of the left half in BT.709, by the two standards' matrices.
    expected = _in_bt709((media.GROUND, *media.LEFT_UV))
    seen = [float(plane[-20:, 4:20].mean()) for plane in (tagged.y, tagged.u, tagged.v)]
    assert np.allclose(seen, expected, atol=2)
    assert abs(float(plain.u[-20:, 4:20].mean()) - media.LEFT_UV[0]) <= 1


def _in_bt709(colour: tuple[int, int, int]) -> list[float]:
    y, u, v = (colour[0] - 16) / 219, (colour[1] - 128) / 224, (colour[2] - 128) / 224
    red, blue = y + 2 * (1 - 0.299) * v, y + 2 * (1 - 0.114) * u
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    in_blue, in_red = (blue - luma) / (2 * (1 - 0.0722)), (red - luma) / (2 * (1 - 0.2126))
    return [16 + 219 * luma, 128 + 224 * in_blue, 128 + 224 * in_red]


def test_untagged_television_sizes_are_standard_definition_and_web_sizes_are_not(
    tmp_path: Path,
) -> None:
    options = {"preset": "ultrafast", "crf": "10"}
    old = decode(film(Film(size=(720, 576), pts=(0, 1), options=options)), tmp_path)[0]
    web = decode(film(Film(size=(640, 360), pts=(0, 1), options=options)), tmp_path)[0]
    assert abs(float(web.v[-9:, 9:60].mean()) - media.LEFT_UV[1]) <= 1
    expected = _in_bt709((media.GROUND, *media.LEFT_UV))
    assert abs(float(old.v[-9:, 9:60].mean()) - expected[2]) <= 2


@pytest.mark.parametrize(
    "transfer",
    [pytest.param(16, id="PQ"), pytest.param(18, id="HLG")],
)
@pytest.mark.slow
def test_high_dynamic_range_keeps_its_order_and_its_white_is_not_clipped(
    transfer: int, tmp_path: Path
) -> None:
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": transfer}
    spec = Film(pts=tuple(range(45)), pixels="yuv420p10le", context=tags)
    frames = decode(film(spec), tmp_path)
    height, width = frames[0].y.shape
    middle = [float(frame.y[height // 2, width // 2]) for frame in frames]
    assert all(b >= a - 1 for a, b in pairwise(middle))
    assert middle[40] - middle[30] > 4
    assert frames[0].y.dtype == np.uint8


def test_interlaced_frames_lose_their_combs_and_keep_their_pts(tmp_path: Path) -> None:
    interlaced = {"x264-params": "tff=1", "flags": "+ildct+ilme", "preset": "fast", "bf": "0"}
    spec = Film(options=interlaced, is_interlaced=True, keys=(0, 10, 20), size=(160, 128))
    content = film(spec)
    frames = decode(content, tmp_path)
    assert [frame.pts for frame in frames] == [number * 512 for number in range(30)]
    for frame in frames[1:-1]:
        middle = frame.y[52:76, 70:90].astype(int)
        assert np.abs(np.diff(middle.mean(axis=1))).max() < media.STEP / 2
    part = decode(content, tmp_path, frames[10].pts, frames[20].pts)
    assert all(np.array_equal(a.y, b.y) for a, b in zip(part, frames[10:20], strict=True))


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    spec = Film(codec="gif", container="gif", pixels="rgb8", time_base=Fraction(1, 25))
    frames = decode(film(spec), tmp_path)
    assert len(frames) == 30
    assert [frame.pts for frame in frames] == [4 * number for number in range(30)]
    assert media.is_upright(frames[5])


def test_an_edit_list_decides_what_is_presented(tmp_path: Path) -> None:
    content = media.trimmed_mp4(film(Film()), first=5, frames=20)
    frames = decode(content, tmp_path)
    assert [media.number_of(frame) for frame in frames] == list(range(5, 25))
    assert [frame.pts for frame in frames] == [512 * number for number in range(20)]


def test_a_late_video_keeps_its_delay(tmp_path: Path) -> None:
    spec = Film(pts=tuple(range(15, 30)), sound=media.Sound())
    frames = decode(film(spec), tmp_path)
    assert frames[0].pts == 15 * 512


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    assert [frame.pts for frame in decode(film(Film(pts=(0,))), tmp_path)] == [0]


def test_a_damaged_packet_costs_no_other_stretch(tmp_path: Path) -> None:
    content = bytearray(film(Film(keys=(0, 10, 20), container="mpegts")))
    whole = decode(bytes(content), tmp_path)
    begin = len(content) // 3 + 100
    content[begin : begin + 400] = bytes(400)
    tail = decode(bytes(content), tmp_path, whole[20].pts)
    assert [media.number_of(frame) for frame in tail] == list(range(20, 30))
