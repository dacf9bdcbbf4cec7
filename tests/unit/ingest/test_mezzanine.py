"""The copy of a video whose key frames are rare: same frames, same stamps, more key frames."""

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

import media
from inyourarea.ingest.mezzanine import make_mezzanine, mezzanine_keys
from inyourarea.ingest.probe import Probe, probe_video
from inyourarea.ingest.settings import Limits
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes, decode_segment
from lying_media import with_clock
from media import Film, film

UNEVEN = (0, 512, 1024, 1100, 1101, 5000, 40_000, 61_440, 61_441)

SOURCES = {
    "mp4 of one GOP": Film(pts=tuple(range(150))),
    "uneven steps": Film(
        pts=UNEVEN, time_base=Fraction(1, 15360), mux={"video_track_timescale": "15360"}
    ),
    "a transport stream, which begins late": Film(container="mpegts"),
    "matroska": Film(container="matroska", pts=tuple(range(7, 50))),
    "a turned phone video": Film(turn=(90, False)),
    "one frame": Film(pts=(0,)),
    "odd sides": Film(
        size=(161, 97), codec="libvpx-vp9", container="webm", options={"cpu-used": "8", "b": "2M"}
    ),
    "gif": Film(codec="gif", container="gif", pixels="rgb8", time_base=Fraction(1, 25)),
}


def copied(spec: Film, folder: Path) -> tuple[FolderObjects, Probe, Probe]:
    objects = FolderObjects(folder)
    objects.put("sources/x", film(spec))
    probe = probe_video(objects, "sources/x", Limits())
    make_mezzanine(objects, "sources/x", "mezzanines/x.mp4", probe, folder)
    return objects, probe, probe_video(objects, "mezzanines/x.mp4", Limits())


def decoded(objects: FolderObjects, key: str, probe: Probe) -> list[Planes]:
    return list(decode_segment(objects, key, int(probe.pts[0]), probe.end_pts))


@pytest.mark.parametrize("source", SOURCES)
def test_the_copy_has_the_same_frames_at_the_same_stamps(source: str, tmp_path: Path) -> None:
    objects, probe, copy = copied(SOURCES[source], tmp_path)
    assert copy.time_base == probe.time_base
    assert copy.pts.tolist() == probe.pts.tolist()
    before, after = decoded(objects, "sources/x", probe), decoded(objects, "mezzanines/x.mp4", copy)
    assert [frame.pts for frame in after] == [frame.pts for frame in before]
    for old, new in zip(before, after, strict=True):
        height, width = new.y.shape
        assert (height, width) == (old.y.shape[0] // 2 * 2, old.y.shape[1] // 2 * 2)
        off = np.abs(old.y[:height, :width].astype(int) - new.y)
        assert off.mean() < 1.5


def test_a_clock_that_ticks_in_several_parts_of_a_second_keeps_its_stamps(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    spec = Film(tuple(range(300)), container="matroska")
    objects.put("sources/x", with_clock(film(spec), 700_000))
    probe = probe_video(objects, "sources/x", Limits())
    assert probe.time_base == Fraction(7, 10_000)
    make_mezzanine(objects, "sources/x", "mezzanines/x.mp4", probe, tmp_path)
    keys = [*mezzanine_keys(probe.pts, probe.time_base).tolist(), probe.end_pts]
    parts = [decode_segment(objects, "mezzanines/x.mp4", *part) for part in pairwise(keys)]
    found = [[frame.pts for frame in part] for part in parts]
    assert len(found) == 4
    assert found == [[pts for pts in probe.pts.tolist() if a <= pts < b] for a, b in pairwise(keys)]


def test_the_copy_can_be_entered_every_two_seconds(tmp_path: Path) -> None:
    objects, probe, copy = copied(Film(pts=tuple(range(150))), tmp_path)
    assert probe.key_pts.size == 1
    assert copy.key_pts.tolist() == [0, 60 * 512, 120 * 512]
    part = list(decode_segment(objects, "mezzanines/x.mp4", 60 * 512, 62 * 512))
    assert [media.number_of(frame) for frame in part] == [60 % media.NUMBERS, 61 % media.NUMBERS]


def test_a_copy_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    objects, probe, _ = copied(Film(), tmp_path)
    objects.put("mezzanines/x.mp4", b"somebody else's")
    make_mezzanine(objects, "sources/x", "mezzanines/x.mp4", probe, tmp_path)
    assert objects.get("mezzanines/x.mp4") == b"somebody else's"


def test_the_copy_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    objects, probe, _ = copied(Film(), tmp_path)
    make_mezzanine(objects, "sources/x", "mezzanines/y.mp4", probe, tmp_path)
    assert objects.get("mezzanines/x.mp4") == objects.get("mezzanines/y.mp4")
    with av.open(io.BytesIO(objects.get("mezzanines/x.mp4"))) as container:
        assert container.streams.video[0].codec_context.name == "h264"
