"""Any source plays in a browser: the same frames at the same times, whatever it was."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from browsers import Player, Video, shown_s
from footage import boxes_of, decoded, ssim
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, Sound, film, number_of, onset_s, trimmed_mp4

KEYS = tuple(range(0, 150, 25))
LONG = Film(pts=tuple(range(150)), keys=KEYS, time_base=Fraction(1, 15), size=(192, 108))
VARIABLE = tuple(np.cumsum([1001, 2002, 1501, 1001, 3003] * 30).tolist())
SOURCES = {
    "short GOPs": LONG,
    "variable frame rate": Film(
        pts=VARIABLE, keys=KEYS, time_base=Fraction(1, 30000), size=(192, 108)
    ),
    "variable frame rate in matroska": Film(
        pts=tuple(pts // 30 for pts in VARIABLE),
        keys=KEYS,
        time_base=Fraction(1, 1000),
        container="matroska",
        size=(192, 108),
    ),
    "B-frames": Film(
        pts=tuple(range(150)),
        keys=KEYS,
        time_base=Fraction(1, 15),
        options={"bf": "2", "x264-params": "open-gop=0"},
    ),
    "rare key frames": Film(pts=tuple(range(150)), time_base=Fraction(1, 15)),
    "HEVC of ten bits": Film(
        pts=tuple(range(90)),
        time_base=Fraction(1, 15),
        codec="libx265",
        pixels="yuv420p10le",
        options={"x265-params": "log-level=none:keyint=30:min-keyint=30:bframes=0"},
    ),
    "high dynamic range": Film(
        pts=tuple(range(30)),
        time_base=Fraction(1, 15),
        codec="libx265",
        pixels="yuv420p10le",
        options={"x265-params": "log-level=none"},
        context={"colorspace": 9, "color_primaries": 9, "color_trc": 16},
    ),
    "gif": Film(codec="gif", container="gif", pixels="rgb8", time_base=Fraction(1, 25)),
    "transport stream": Film(
        pts=tuple(range(0, 90 * 6000, 6000)),
        keys=KEYS,
        time_base=Fraction(1, 90000),
        container="mpegts",
    ),
    "turned": Film(pts=tuple(range(90)), keys=KEYS, time_base=Fraction(1, 15), turn=(90, False)),
    "interlaced": Film(
        pts=tuple(range(90)),
        keys=KEYS,
        time_base=Fraction(1, 15),
        is_interlaced=True,
        options={"x264-params": "tff=1"},
        context={"field_order": 2},
    ),
    "oblong pixels": Film(
        pts=tuple(range(90)),
        keys=KEYS,
        time_base=Fraction(1, 15),
        context={"sample_aspect_ratio": Fraction(4, 3)},
    ),
    "odd colours": Film(
        pts=tuple(range(90)), keys=KEYS, time_base=Fraction(1, 15), context={"colorspace": 5}
    ),
}
OPEN_GOP = "open-gop=1:keyint=24:min-keyint=24:bframes=3:b-adapt=0:scenecut=0"
COPIED = {"short GOPs", "variable frame rate", "variable frame rate in matroska", "B-frames"}


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_every_frame_of_any_source_is_shown_at_its_time(objects: FolderObjects, name: str) -> None:
    video = Video(objects, film(SOURCES[name]))
    ready = video.ready()
    source, content = video.source_frames(), objects.get(ready.mp4_key)
    assert ready.is_copied == (name in COPIED)
    assert shown_s(content) == video.expected_s()
    shown = decoded(content)
    assert (ready.width, ready.height) == shown[0].y.shape[::-1]
    assert shown[0].y.shape == source[0].y.shape
    for rank in range(0, len(source), 7):
        assert abs(number_of(shown[rank]) - number_of(source[rank])) <= 1
        assert ssim(shown[rank].y, source[rank].y) >= 0.97
        assert np.abs(shown[rank].u.astype(int) - source[rank].u).mean() < 3
    names = boxes_of(content)
    assert names.index("moov") < names.index("mdat")


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in SOURCES if name != "high dynamic range"),
        pytest.param("high dynamic range", marks=pytest.mark.slow),  # its tones' table takes 4 s
    ],
)
def test_the_playlists_play_every_frame(objects: FolderObjects, name: str) -> None:
    video = Video(objects, film(SOURCES[name]))
    ready = video.ready()
    (variant,) = Player(objects, ready.streams_key).variants()
    expected = video.expected_s()
    shown = shown_s(variant.content)
    # The library shows pictures that were decoded early later by a constant; browsers do not.
    assert [at_s - shown[0] for at_s in shown] == expected
    assert decode_time(variant.content) == 0
    assert [number_of(frame) for frame in decoded(variant.content)] == [
        number_of(frame) for frame in decoded(objects.get(ready.mp4_key))
    ]
    starts_s = np.cumsum([0, *variant.durations])
    for segment, start_s in zip(variant.segments, starts_s[:-1], strict=True):
        assert decode_time(segment) == pytest.approx(float(start_s), abs=1e-4)
        assert decoded(segment)
    source = video.accepted.source
    duration_s = (source.end_pts - source.start_pts) * Fraction(
        source.time_base.num, source.time_base.den
    )
    assert starts_s[-1] == pytest.approx(float(duration_s), abs=1e-4)


def decode_time(content: bytes) -> float:
    """The first fragment's base media decode time in seconds, read here (ISO/IEC 14496-12)."""
    scale = int.from_bytes(content[content.index(b"mdhd") + 16 :][:4], "big")
    at = content.index(b"tfdt") + 4
    length = 8 if content[at] == 1 else 4
    return int.from_bytes(content[at + 4 :][:length], "big") / scale


def test_the_library_plays_the_master_playlist(objects: FolderObjects, tmp_path: Path) -> None:
    sound = Sound(length_s=Fraction(10), click_s=Fraction(13, 2))
    video = Video(objects, film(Film(**{**vars(LONG), "sound": sound})))
    player = Player(objects, video.ready().streams_key)
    for name, key in player.keys.items():
        (tmp_path / name).write_bytes(objects.get(key))
    with av.open(str(tmp_path / "master.m3u8")) as container:
        assert [stream.type for stream in container.streams] == ["audio", "video"]
        assert sum(1 for _ in container.decode(video=0)) == 150


@pytest.mark.slow
def test_a_large_source_has_three_rungs_of_the_same_segments(objects: FolderObjects) -> None:
    spec = Film(pts=tuple(range(20)), keys=(0, 10), size=(2560, 1440), time_base=Fraction(1, 2))
    video = Video(objects, film(spec))
    ready = video.ready()
    assert (ready.width, ready.height, ready.is_copied) == (1920, 1080, False)
    variants = Player(objects, ready.streams_key).variants()
    sizes = [variant.info.resolution for variant in variants]
    assert sizes == [(852, 480), (1280, 720), (1920, 1080)]
    assert len({tuple(variant.durations) for variant in variants}) == 1
    for variant in variants:
        shown = decoded(variant.content)
        assert shown[0].y.shape == variant.info.resolution[::-1]
        assert [number_of(frame) for frame in shown] == list(range(20))
        assert shown_s(variant.content) == video.expected_s()
        assert variant.info.frame_rate == 2
        assert variant.info.codecs.startswith("avc1.6400")
        peak = max(
            8 * size / duration
            for size, duration in zip(variant.sizes, variant.durations, strict=True)
        )
        assert peak <= variant.info.bandwidth <= peak + 1


def test_pictures_that_lean_on_the_next_segment_are_encoded(objects: FolderObjects) -> None:
    spec = Film(
        pts=tuple(range(150)),
        time_base=Fraction(1, 15),
        options={"bf": "3", "preset": "fast", "g": "24", "x264-params": OPEN_GOP},
        keys=(),
    )
    assert not Video(objects, film(spec)).ready().is_copied


@pytest.mark.parametrize("first", [25, 31])
def test_an_edit_list_s_first_frame_is_the_first(objects: FolderObjects, first: int) -> None:
    spec = Film(pts=tuple(range(90)), keys=tuple(range(0, 90, 25)))
    video = Video(objects, trimmed_mp4(film(spec), first=first, frames=50))
    content = objects.get(video.ready().mp4_key)
    assert shown_s(content) == video.expected_s()
    shown = [number_of(frame) for frame in decoded(content)]
    assert shown == [number_of(frame) for frame in video.source_frames()]
    assert shown[0] == first


def test_a_part_that_begins_between_key_frames_is_encoded(objects: FolderObjects) -> None:
    video = Video(objects, film(LONG), (Fraction(1), Fraction(8)))
    ready = video.ready()
    assert not ready.is_copied
    assert [number_of(frame) for frame in decoded(objects.get(ready.mp4_key))] == [
        number % 50 for number in range(15, 120)
    ]


def test_a_part_that_begins_at_a_key_frame_is_copied(objects: FolderObjects) -> None:
    video = Video(objects, film(LONG), (Fraction(25, 15), Fraction(100, 15)))
    ready = video.ready()
    assert ready.is_copied
    content = objects.get(ready.mp4_key)
    assert shown_s(content) == [Fraction(rank, 15) for rank in range(75)]
    assert number_of(decoded(content)[0]) == 25


@pytest.mark.parametrize("start_s", [Fraction(-1, 3), Fraction(0), Fraction(5)])
def test_the_sound_lies_where_it_lay(objects: FolderObjects, start_s: Fraction) -> None:
    sound = Sound(start_s=start_s, length_s=Fraction(10) - start_s, click_s=Fraction(13, 2))
    spec = Film(**{**vars(LONG), "sound": sound})
    video = Video(objects, film(spec))
    ready = video.ready()
    player = Player(objects, ready.streams_key)
    expected = onset_s(objects.get(keys.audio(video.id)))
    assert expected == pytest.approx(6.5, abs=0.03)
    assert onset_s(objects.get(ready.mp4_key)) == pytest.approx(float(expected), abs=1e-3)
    heard = player.sound()
    assert onset_s(heard.content) == pytest.approx(float(expected), abs=1e-3)
    assert len(heard.segments) >= 2
    assert all(v.info.audio and "mp4a.40.2" in v.info.codecs for v in player.variants())


def test_every_tile_shows_its_second(objects: FolderObjects) -> None:
    video = Video(objects, film(LONG))
    sprite = video.ready().sprite
    sheet = cv2.imdecode(np.frombuffer(objects.get(sprite.key), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    assert sheet.shape == (sprite.rows * sprite.height, sprite.columns * sprite.width)
    assert (sprite.tiles, sprite.columns, sprite.width, sprite.interval_s.num) == (10, 10, 160, 1)
    source = video.source_frames()
    for tile in range(sprite.tiles):
        left = tile * sprite.width
        middle = sheet[sprite.height * 7 // 16 : sprite.height * 9 // 16, left + 70 : left + 90]
        shown = source[15 * tile].y
        expected = (float(shown[54, 96]) - 16) * 255 / 219
        assert float(middle.mean()) == pytest.approx(expected, abs=8)


def test_the_poster_is_not_the_dark_beginning(objects: FolderObjects) -> None:
    video = Video(objects, darkness_then_light())
    poster = objects.get(video.ready().poster_key)
    picture = cv2.imdecode(np.frombuffer(poster, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape == (108, 192)
    assert float(picture.mean()) > 60


def darkness_then_light() -> bytes:
    written: Any = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=5, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 192, 108, "yuv420p"
        lit = np.kron(np.arange(12).reshape(3, 4) * 20, np.ones((36, 48))).astype(np.uint8)
        for rank in range(30):
            grey = np.full((108, 192), 16, np.uint8) if rank < 12 else np.maximum(lit, 16)
            frame = av.VideoFrame.from_ndarray(grey, format="gray")
            frame.pts = rank
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return written.getvalue()


def test_handled_twice_nothing_is_done_over(objects: FolderObjects) -> None:
    video = Video(objects, film(LONG))
    first = video.ready()
    before = {key: objects.get(key) for key in objects.list("")}
    calls = list(video.child.calls)
    assert video.ready() == first
    assert {key: objects.get(key) for key in objects.list("")} == before
    assert video.child.calls == calls


def test_another_store_gets_the_same_bytes(objects: FolderObjects, tmp_path: Path) -> None:
    other = FolderObjects(tmp_path / "other")
    for store in (objects, other):
        Video(store, film(SOURCES["rare key frames"])).ready()
    assert {k: objects.get(k) for k in objects.list("")} == {
        k: other.get(k) for k in other.list("")
    }


def test_a_run_that_is_not_for_browsers_costs_nothing(objects: FolderObjects) -> None:
    video = Video(objects, film(LONG), for_browsers=False)
    before = list(objects.list(""))
    assert video.draw(0) == []
    assert video.hear() == []
    assert list(objects.list("")) == before
    assert video.child.calls == []


def test_a_run_may_be_asked_for_browsers_later(objects: FolderObjects) -> None:
    content = film(LONG)
    plain = Video(objects, content, for_browsers=False)
    asked = Video(objects, content)
    assert asked.accepted.run_id == plain.accepted.run_id
    assert isinstance(asked.ready(), facts.StageReady)
    assert Video(objects, content, for_browsers=False).accepted.for_browsers


def test_the_last_part_may_be_the_sound(objects: FolderObjects) -> None:
    video = Video(objects, film(Film(**{**vars(LONG), "sound": Sound(length_s=Fraction(9))})))
    key = keys.audio(video.id)
    sound = objects.get(key)
    objects.delete(key)
    assert all(video.draw(segment.index) == [] for segment in video.accepted.segments)
    objects.put(key, sound)
    assert len(video.hear()) == 1
