"""A video that comes in becomes a run, the same one every time."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import Refused
from inyourarea.ingest.settings import IngestSettings
from inyourarea.ingest.submit import decide_video, submit_video
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, Sound, film

LONG = Film(pts=tuple(range(300)), keys=tuple(range(0, 300, 30)), size=(64, 36))


class NoChild(Child):
    """Refuses all work."""

    def call(self, function: Any, *args: Any, timeout_s: float) -> Any:
        raise AssertionError(f"{function.__name__}{args} was called, for {timeout_s} s")


class Here(Child):
    """Works in this process, and remembers at what."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def call(self, function: Any, *args: Any, timeout_s: float) -> Any:
        self.done.append(function.__name__)
        return function(*args)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


def request(objects: FolderObjects, spec: Film, **wanted: Any) -> SubmitVideoRequest:
    objects.put("sources/x", film(spec))
    model = facts.Model(name="faces", width=160, height=96)
    run = facts.RunSpec(model=model, framing="full")
    return SubmitVideoRequest(source_key="sources/x", sha256="x", spec=run, **wanted)


def test_a_run_is_accepted_and_stored(objects: FolderObjects, child: Child) -> None:
    accepted = submit_video(request(objects, LONG), objects, child)
    stored = facts.VideoAccepted.FromString(objects.get(keys.accepted(accepted.run_id)))
    assert stored == accepted
    assert accepted.spec.video_id == accepted.video_id == keys.video_id("x", 0, 300 * 512)
    source = accepted.source
    assert (source.width, source.height, source.frames, source.codec) == (64, 36, 300, "h264")
    assert (source.start_pts, source.end_pts, source.has_audio) == (0, 300 * 512, False)
    assert Fraction(source.average_rate.num, source.average_rate.den) == 30
    assert Fraction(source.time_base.num, source.time_base.den) == Fraction(1, 15360)
    assert source.decode_key == source.key == "sources/x"
    assert [segment.frames for segment in accepted.segments] == [120, 180]


def test_asked_again_nothing_is_done_over(objects: FolderObjects, child: Child) -> None:
    asked = request(objects, Film(codec="gif", container="gif", pixels="rgb8"))
    assert submit_video(asked, objects, child) == submit_video(asked, objects, NoChild())


def test_a_part_is_another_video(objects: FolderObjects, child: Child) -> None:
    second, third = facts.Rational(num=1, den=1), facts.Rational(num=5, den=2)
    part = submit_video(request(objects, LONG, from_s=second, to_s=third), objects, child)
    assert (part.source.start_pts, part.source.end_pts) == (30 * 512, 75 * 512)
    assert part.source.frames == sum(segment.frames for segment in part.segments) == 45
    assert part.segments[0].first_frame == 0
    assert part.video_id != keys.video_id("x", 0, 300 * 512)


def test_a_part_that_holds_no_frame_is_refused(objects: FolderObjects, child: Child) -> None:
    late = facts.Rational(num=11, den=1)
    with pytest.raises(Refused, match="the video lasts 10 s"):
        submit_video(request(objects, LONG, from_s=late), objects, child)


def test_rare_key_frames_cost_a_copy_that_every_stage_reads(
    objects: FolderObjects, child: Child
) -> None:
    spec = Film(pts=tuple(range(330)), size=(65, 37), codec="libvpx-vp9", container="webm")
    spec = Film(**{**vars(spec), "options": {"cpu-used": "8", "g": "9999"}})
    accepted = submit_video(request(objects, spec), objects, child)
    assert accepted.source.decode_key == keys.mezzanine("x")
    assert objects.size(accepted.source.decode_key) > 1000
    assert (accepted.source.width, accepted.source.height) == (64, 36)
    assert len(accepted.segments) == 3


def test_a_copy_is_made_where_nobody_looks_at_videos(objects: FolderObjects) -> None:
    looking, copying = Here(), Here()
    asked = request(objects, Film(codec="gif", container="gif", pixels="rgb8"))
    submit_video(asked, objects, looking, copying=copying)
    assert (looking.done, copying.done) == (["probe_video"], ["make_mezzanine"])


@pytest.mark.parametrize(("seconds", "lane"), [(180, facts.LANE_URGENT), (181, facts.LANE_BULK)])
def test_short_videos_are_urgent(
    seconds: int, lane: int, objects: FolderObjects, child: Child
) -> None:
    spec = Film(pts=tuple(range(seconds)), time_base=Fraction(1), size=(32, 32))
    spec = Film(**{**vars(spec), "keys": tuple(range(0, seconds, 5))})
    assert submit_video(request(objects, spec), objects, child).lane == lane


def test_pins_on_a_long_video_that_was_seen_are_urgent(
    objects: FolderObjects, child: Child
) -> None:
    brief = IngestSettings(urgent_s=9)
    asked = request(objects, LONG, for_browsers=True)
    first = submit_video(asked, objects, child, brief)
    asked.spec.pins.add(name="one")
    lanes = [decide_video(asked, objects, child, brief).lane]  # nobody has looked at it yet
    for segment in first.segments:
        objects.put(keys.detections(first.video_id, asked.spec.model, segment.index), b"")
    lanes.append(decide_video(asked, objects, child, brief).lane)  # its stage is not drawn yet
    objects.put(keys.stage_ready(first.video_id), b"")
    lanes.append(decide_video(asked, objects, child, brief).lane)
    del asked.spec.pins[:]
    lanes.append(decide_video(asked, objects, child, brief).lane)
    bulk, urgent = facts.LANE_BULK, facts.LANE_URGENT
    assert (first.lane, lanes) == (bulk, [bulk, bulk, urgent, bulk])


def test_sound_is_announced(objects: FolderObjects, child: Child) -> None:
    asked = request(objects, Film(sound=Sound()))
    assert submit_video(asked, objects, child).source.has_audio
