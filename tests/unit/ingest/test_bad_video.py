"""What can not be used is refused in one sentence and in bounded time; nobody else is harmed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from child_work import CrashingObjects, HangingObjects, ShrinkingObjects
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import Refused, VideoTooLarge, VideoUnreadable
from inyourarea.ingest.settings import IngestSettings, Limits
from inyourarea.ingest.submit import submit_video
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from lying_media import (
    cut_short,
    huge_pictures,
    sound_alone,
    with_a_life_of_years,
    with_a_million_frames,
    with_many_tracks,
)
from media import Film, film

#: Seconds in which every refusal must come, on a busy machine.
BOUND_S = 20.0
SHORT = IngestSettings(probe_timeout_s=3.0)


def without_its_end() -> bytes:
    content = film(Film())
    return content[: len(content) * 2 // 3]


BAD = {
    "an empty file": (b"", VideoUnreadable, "empty"),
    "a text": (b"Dear fans, the concert was wonderful.\n" * 200, VideoUnreadable, "no known kind"),
    "noise": (bytes(range(256)) * 400, VideoUnreadable, "can not be read"),
    "an HLS playlist": (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        VideoUnreadable,
        "list of other files",
    ),
    "a DASH manifest": (b"<?xml version='1.0'?><MPD></MPD>", VideoUnreadable, "list of other"),
    "sound only": (sound_alone, VideoUnreadable, "no moving picture"),
    "an mp4 without its end": (without_its_end, VideoUnreadable, "damaged"),
    "an mp4 whose header promises more": (cut_short, VideoUnreadable, "cut short"),
    "pictures of 1,000,000 x 1,000,000": (
        lambda: huge_pictures(1_000_000),
        VideoUnreadable,
        "no size, or one over 8192x4320",
    ),
    "pictures of 16,000 x 16,000": (
        lambda: huge_pictures(16_000),
        VideoUnreadable,
        "over 8192x4320",
    ),
    "a life of years": (
        lambda: with_a_life_of_years(film(Film(mux={"use_editlist": "0"}))),
        VideoTooLarge,
        "hours",
    ),
    "ten thousand tracks": (
        lambda: with_many_tracks(film(Film()), 10_000),
        VideoTooLarge,
        "more than 64 tracks",
    ),
    "a million frames in a tiny file": (
        lambda: with_a_million_frames(film(Film())),
        VideoTooLarge,
        "1,000,000 frames",
    ),
    "a picture of a few pixels": (
        lambda: film(Film(size=(8, 8), codec="libvpx-vp9", container="webm")),
        VideoUnreadable,
        "needs 16 pixels",
    ),
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def submit(
    content: bytes, objects: FolderObjects, child: Child, settings: IngestSettings | None = None
) -> facts.VideoAccepted:
    objects.put("sources/x", content)
    model = facts.Model(name="faces", width=160, height=96)
    request = SubmitVideoRequest(
        source_key="sources/x", sha256="x", spec=facts.RunSpec(model=model)
    )
    return submit_video(request, objects, child, settings)


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_and_the_reason_is_said(name: str, tmp_path: Path, child: Child) -> None:
    content, error, reason = BAD[name]
    raw = content if isinstance(content, bytes) else content()
    began = time.monotonic()
    with pytest.raises(error, match=reason):
        submit(raw, FolderObjects(tmp_path), child)
    assert time.monotonic() - began < BOUND_S
    assert not list(FolderObjects(tmp_path).list("runs/"))


def test_a_script_of_other_files_reads_none_of_them(tmp_path: Path, child: Child) -> None:
    other = tmp_path / "secret.mp4"
    other.write_bytes(film(Film()))
    script = f"ffconcat version 1.0\nfile '{other}'\n".encode()
    for content in (script, b"\n" + script, b"# a comment\n" + script):
        with pytest.raises(VideoUnreadable):
            submit(content, FolderObjects(tmp_path / "store"), child)


def test_frames_are_counted_where_no_header_tells_them(tmp_path: Path, child: Child) -> None:
    settings = IngestSettings(limits=Limits(frames=20))
    with pytest.raises(VideoTooLarge, match="21 frames or more; it may have 20"):
        submit(film(Film(container="matroska")), FolderObjects(tmp_path), child, settings)


def test_all_pixels_together_are_limited(tmp_path: Path, child: Child) -> None:
    settings = IngestSettings(limits=Limits(pixels=160 * 96 * 29))
    with pytest.raises(VideoTooLarge, match="30 frames of 160x96"):
        submit(film(Film()), FolderObjects(tmp_path), child, settings)


@pytest.mark.parametrize(
    ("store", "error", "reason"),
    [
        (CrashingObjects, VideoUnreadable, "signal 11"),
        (HangingObjects, VideoTooLarge, "more than 3 s"),
        (ShrinkingObjects, VideoUnreadable, "while it was being read"),
    ],
)
def test_what_kills_or_holds_the_decoder_is_refused_and_the_next_video_is_not(
    store: type[FolderObjects], error: type[Refused], reason: str, tmp_path: Path, child: Child
) -> None:
    began = time.monotonic()
    with pytest.raises(error, match=reason):
        submit(film(Film()), store(tmp_path / "bad"), child, SHORT)
    assert time.monotonic() - began < BOUND_S
    assert submit(film(Film()), FolderObjects(tmp_path / "good"), child).source.frames == 30


def test_one_frame_is_a_valid_video(tmp_path: Path, child: Child) -> None:
    accepted = submit(film(Film(pts=(0,))), FolderObjects(tmp_path), child)
    (segment,) = accepted.segments
    assert (segment.frames, accepted.source.frames) == (1, 1)
    assert segment.end_pts > segment.start_pts
