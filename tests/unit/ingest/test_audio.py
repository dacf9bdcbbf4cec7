"""Sound keeps its place against the picture, to the sample where it is copied."""

import io
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from inyourarea.ingest.audio import AudioCut, store_audio
from inyourarea.runtime.container import open_video
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, Sound, film, heard_s, onset_s

FRAME_S = Fraction(1, 30)
LONG = Film(pts=tuple(range(90)), sound=Sound(length_s=Fraction(3), click_s=Fraction(3, 2)))


def stored(spec: Film | bytes, folder: Path, frames: tuple[int, int]) -> bytes | None:
    """The sound of those frames (first, and first not); the film's first frame is at its time 0."""
    objects = FolderObjects(folder)
    content = film(spec) if isinstance(spec, Film) else spec
    objects.put("sources/x", content)
    with av.open(io.BytesIO(content)) as container:
        video = container.streams.video[0]
        start, base = video.start_time or 0, Fraction(video.time_base or 0)
    pts = [start + round(number * FRAME_S / base) for number in frames]
    cut = AudioCut("sources/x", pts[0], pts[1], (base.numerator, base.denominator), "audio/x.mp4")
    return objects.get("audio/x.mp4") if store_audio(objects, cut, folder) else None


def sound(content: bytes | None) -> bytes:
    assert content is not None
    return content


def payloads(content: bytes) -> list[bytes]:
    with av.open(io.BytesIO(content)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_aac_is_copied_byte_for_byte(tmp_path: Path) -> None:
    assert payloads(sound(stored(LONG, tmp_path, (0, 90)))) == payloads(film(LONG))


@pytest.mark.parametrize("container", ["mp4", "mov"])
@pytest.mark.parametrize("first", [0, 1, 7, 31, 44])
def test_a_copied_click_keeps_its_place_to_the_sample(
    container: str, first: int, tmp_path: Path
) -> None:
    spec = Film(**{**vars(LONG), "container": container})
    found = onset_s(sound(stored(spec, tmp_path, (first, 90))))
    assert abs(found - (onset_s(film(spec)) - first * FRAME_S)) <= Fraction(1, 48000)


@pytest.mark.parametrize("container", ["mpegts", "matroska"])
@pytest.mark.parametrize("first", [0, 31])
def test_coarser_stamps_cost_no_more_than_their_rounding(
    container: str, first: int, tmp_path: Path
) -> None:
    spec = Film(**{**vars(LONG), "container": container})
    found = onset_s(sound(stored(spec, tmp_path, (first, 90))))
    assert abs(found - (Fraction(3, 2) - first * FRAME_S)) < Fraction(2, 1000)


@pytest.mark.parametrize(
    ("codec", "container"),
    [("pcm_s16le", "mov"), ("libopus", "webm"), ("mp3", "mp4"), ("ac3", "mpegts")],
)
@pytest.mark.parametrize("first", [0, 31])
def test_other_sound_is_encoded_once_and_keeps_its_place(
    codec: str, container: str, first: int, tmp_path: Path
) -> None:
    picture = "libvpx-vp9" if container == "webm" else "libx264"
    options = {"cpu-used": "8"} if container == "webm" else {}
    track = Sound(length_s=Fraction(3), click_s=Fraction(3, 2), codec=codec)
    spec = Film(LONG.pts, codec=picture, container=container, options=options, sound=track)
    content = sound(stored(spec, tmp_path, (first, 90)))
    with av.open(io.BytesIO(content)) as opened:
        assert opened.streams.audio[0].codec_context.name == "aac"
    assert abs(onset_s(content) - (track.click_s - first * FRAME_S)) < Fraction(1, 1000)
    assert abs(heard_s(content)[0]) < Fraction(1, 48)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_sound_that_starts_later_starts_later(codec: str, tmp_path: Path) -> None:
    late = Sound(Fraction(1, 2), Fraction(2), Fraction(1), codec=codec)
    spec = Film(LONG.pts, container="mov", sound=late)
    content = sound(stored(spec, tmp_path, (6, 90)))
    # An encoder is in full swing only after one packet, which is silence here.
    begins = heard_s(film(spec))[0] - 6 * FRAME_S
    assert abs(heard_s(content)[0] - begins) <= Fraction(1025, 48000)
    assert heard_s(content)[0] > Fraction(1, 4)
    assert abs(onset_s(content) - (1 - 6 * FRAME_S)) < Fraction(1, 1000)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_sound_that_ends_earlier_ends_earlier(codec: str, tmp_path: Path) -> None:
    short = Sound(length_s=Fraction(1), codec=codec)
    content = sound(stored(Film(LONG.pts, container="mov", sound=short), tmp_path, (0, 90)))
    assert abs(heard_s(content)[1] - 1) <= Fraction(2048, 48000)


def test_sound_does_not_outlast_the_part(tmp_path: Path) -> None:
    content = sound(stored(LONG, tmp_path, (31, 61)))
    assert abs(heard_s(content)[1] - 1) <= Fraction(1024, 48000)


@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
def test_a_part_far_in_is_found(container: str, tmp_path: Path) -> None:
    track = Sound(length_s=Fraction(20), click_s=Fraction(29, 2))
    pts, keys = tuple(range(600)), tuple(range(0, 600, 60))
    spec = Film(pts, size=(32, 32), container=container, keys=keys, sound=track)
    found = onset_s(sound(stored(spec, tmp_path, (420, 480))))
    assert abs(found - Fraction(1, 2)) < Fraction(2, 1000)


def joined(*sounds: Sound) -> bytes:
    """Transport streams of a second each, one behind the other in one file."""
    return b"".join(
        film(Film(tuple(range(30 * n, 30 * n + 30)), container="mpegts", keys=(0,), sound=sound))
        for n, sound in enumerate(sounds)
    )


def assert_both_are_heard(content: bytes) -> None:
    """A click half a second into each of two seconds, and nothing is missing at the end."""
    assert_heard(content, [0.5, 1.5])


def assert_heard(content: bytes, expected_s: list[float]) -> None:
    """Clicks at these times, and sound for half a second more.

    Behind a joint a transport stream's own stamps are off by up to a packet.
    """
    with av.open(io.BytesIO(content)) as container:
        loud_s = [
            float((frame.pts or 0) * frame.time_base) + int(at) / frame.sample_rate
            for frame in container.decode(audio=0)
            for at in np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.2)
        ]
    clicks_s = [at for before, at in pairwise([-1.0, *loud_s]) if at - before > 0.1]
    assert clicks_s == pytest.approx(expected_s, abs=0.025)
    assert abs(heard_s(content)[1] - Fraction(expected_s[-1]) - Fraction(1, 2)) <= Fraction(
        2048, 48000
    )


@pytest.mark.parametrize("layouts", [("stereo", "5.1"), ("5.1", "stereo"), ("stereo", "mono")])
def test_sound_whose_channels_change_is_heard_to_its_end(
    layouts: tuple[str, str], tmp_path: Path
) -> None:
    first = Sound(codec="ac3", layout=layouts[0])
    second = Sound(Fraction(1), click_s=Fraction(3, 2), codec="ac3", layout=layouts[1])
    assert_both_are_heard(sound(stored(joined(first, second), tmp_path, (0, 60))))


@pytest.mark.parametrize("change", [{"layout": "5.1"}, {"layout": "mono"}, {"rate": 32_000}])
@pytest.mark.parametrize("first", [0, 30])
def test_aac_whose_form_changes_is_heard_to_its_end(
    change: dict[str, Any], first: int, tmp_path: Path
) -> None:
    """The whole, or the second part alone."""
    before = Sound(layout="stereo")
    after = replace(before, start_s=Fraction(1), click_s=Fraction(3, 2), **change)
    found = sound(stored(joined(before, after), tmp_path, (first, 60)))
    assert_heard(found, [0.5, 1.5] if first == 0 else [0.5])


@pytest.mark.parametrize("overlap_s", [Fraction(0), Fraction(1, 5)])
def test_recordings_whose_aac_overlaps_where_they_were_joined_are_copied(
    overlap_s: Fraction, tmp_path: Path
) -> None:
    second = Sound(1 - overlap_s, 1 + overlap_s, click_s=Fraction(3, 2))
    assert_both_are_heard(sound(stored(joined(Sound(), second), tmp_path, (0, 60))))


def test_a_long_gap_is_silent_in_little_memory(tmp_path: Path) -> None:
    pieces = [
        Film(tuple(range(30 * at, 30 * at + 30)), container="mpegts", sound=ac3_at(at))
        for at in (0, 200)
    ]
    content = b"".join(film(piece) for piece in pieces)
    tracemalloc.start()
    try:
        found = sound(stored(content, tmp_path, (0, 201 * 30)))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert abs(heard_s(found)[1] - 201) <= Fraction(2048, 48000)


def ac3_at(start_s: int) -> Sound:
    return Sound(Fraction(start_s), click_s=start_s + Fraction(1, 2), codec="ac3")


def test_a_decoder_that_is_not_known_here_does_not_hear_the_sound(tmp_path: Path) -> None:
    forgotten = Film(LONG.pts, container="mov", sound=Sound(codec="adpcm_ima_qt"))
    assert stored(forgotten, tmp_path, (0, 90)) is None
    with open_video(FolderObjects(tmp_path), "sources/x") as container:
        assert container.streams.audio[0].format is None  # nor when the file was opened


def test_a_video_without_sound_has_none(tmp_path: Path) -> None:
    assert stored(Film(), tmp_path, (0, 30)) is None


def test_a_part_after_the_sounds_end_has_none(tmp_path: Path) -> None:
    short = Sound(length_s=Fraction(1))
    assert stored(Film(LONG.pts, sound=short), tmp_path, (60, 90)) is None


def test_equal_sound_gives_equal_bytes(tmp_path: Path) -> None:
    one, other = (stored(LONG, tmp_path / name, (3, 80)) for name in ("one", "other"))
    assert one == other
