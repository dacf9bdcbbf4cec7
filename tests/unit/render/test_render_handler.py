"""Facts in, pieces and fancams in the store; asked again, the same bytes and nothing drawn anew."""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from footage import as_bytes, boxes_of, decoded, ideal_crop, ssim, stage, stamps
from inyourarea.contracts import keys
from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.picture import Picture
from inyourarea.core.tracks import State
from inyourarea.render.handler import RenderHandler
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes

SOURCE = (160, 90)
STEP, TIME_BASE = 1001, Fraction(1, 30000)
FRAMES, CUT = 24, 10
END = FRAMES * STEP
SIZES = ((50, 90), (40, 40))
PEOPLE = ("one", "two", "three")


class AtOnce:
    """A child that does its work in this process, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, function: Callable[..., Any], *args: Any, timeout_s: float) -> Any:
        assert timeout_s > 0
        self.calls.append(function.__name__)
        return function(*args)


def drawn(rank: int) -> Planes:
    return stage(SOURCE, rank * STEP, shift=2.3 * rank)


@pytest.fixture(scope="module")
def video() -> bytes:
    file: Any = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"video_track_timescale": "30000"}) as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "1", "g": "12"})
        stream.width, stream.height = SOURCE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        for rank in range(FRAMES):
            picture = drawn(rank)
            planes = np.concatenate([plane.ravel() for plane in (picture.y, picture.u, picture.v)])
            wide = planes.reshape(SOURCE[1] * 3 // 2, SOURCE[0])
            frame = av.VideoFrame.from_ndarray(wide, format="yuv420p")
            frame.pts, frame.time_base = picture.pts, TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def window_of(person: int, rank: int, size: tuple[int, int]) -> tuple[float, ...]:
    left, top = 12.0 * person + rank * 0.8125, 0.0 if size[1] == 90 else 10.5
    return left, top, left + size[0], top + size[1]


def views(ranks: range) -> Iterator[stored.SegmentWindows.View]:
    """Everybody in both pictures; person three is absent from the second half."""
    for picture, size in enumerate(SIZES):
        for person, name in enumerate(PEOPLE):
            view = stored.SegmentWindows.View(
                person=f"id-{name}", name=name, picture=picture, width=size[0], height=size[1]
            )
            states = bytearray()
            for rank in ranks:
                is_absent = name == "three" and rank >= CUT
                window = (0, 0, *SOURCE) if is_absent else window_of(person, rank, size)
                view.windows.extend(round(16 * side) for side in window)
                states.append(State.ABSENT if is_absent else State.OBSERVED)
            view.states = bytes(states)
            yield view


class Run:
    """A video on its way through the render stage, up to what `track` leaves."""

    def __init__(
        self, objects: FolderObjects, video: bytes, has_audio: bool = False, **spec: Any
    ) -> None:
        self.objects, self.child = objects, AtOnce()
        self.handler = RenderHandler(objects, self.child)  # type: ignore[arg-type]
        pictures = [Picture(Fraction(5, 9)), Picture(Fraction(1), SIZES[1])]
        run_spec = facts.RunSpec(
            video_id="video", pictures=[to_picture(picture) for picture in pictures], **spec
        )
        self.segments = [
            facts.Segment(index=0, start_pts=0, end_pts=CUT * STEP, frames=CUT),
            facts.Segment(
                index=1, start_pts=CUT * STEP, end_pts=END, first_frame=CUT, frames=FRAMES - CUT
            ),
        ]
        self.accepted = facts.VideoAccepted(
            video_id="video",
            run_id=keys.run_id(run_spec),
            spec=run_spec,
            source=facts.Source(
                key="sources/s",
                sha256="s",
                decode_key="sources/s",
                time_base=to_rational(TIME_BASE),
                average_rate=facts.Rational(num=30000, den=1001),
                frames=FRAMES,
                end_pts=END,
                has_audio=has_audio,
            ),
            segments=self.segments,
        )
        objects.put("sources/s", video)
        objects.put(keys.accepted(self.run_id), self.accepted.SerializeToString())
        for segment in self.segments:
            self.plan(segment)

    @property
    def run_id(self) -> str:
        return str(self.accepted.run_id)

    def plan(self, segment: facts.Segment) -> None:
        first = segment.first_frame
        ranks = range(first, first + segment.frames)
        windows = stored.SegmentWindows(
            segment=segment, views=views(ranks), pts=[rank * STEP for rank in ranks]
        )
        self.objects.put(self._windows_key(segment), windows.SerializeToString())

    def _windows_key(self, segment: facts.Segment) -> str:
        return keys.windows(self.accepted.spec, segment.index)

    def draw(self, index: int) -> facts.SegmentRendered:
        segment = self.segments[index]
        fact = facts.CameraPlanned(
            video_id="video",
            run_id=self.run_id,
            segment=segment,
            windows_key=self._windows_key(segment),
        )
        (rendered,) = self.handler.handlers[facts.CameraPlanned](fact)
        assert isinstance(rendered, facts.SegmentRendered)
        return rendered

    def publish(self) -> list[Any]:
        fact = facts.SegmentRendered(video_id="video", run_id=self.run_id)
        return self.handler.handlers[facts.SegmentRendered](fact)

    def hear(self, key: str) -> list[Any]:
        fact = facts.AudioReady(video_id="video", run_id=self.run_id, key=key)
        return self.handler.handlers[facts.AudioReady](fact)

    def everything(self) -> dict[str, bytes]:
        return {key: self.objects.get(key) for key in self.objects.list("")}


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "store")


@pytest.fixture
def run(objects: FolderObjects, video: bytes) -> Run:
    return Run(objects, video)


def test_everybody_gets_a_fancam_per_picture_with_every_frame(run: Run) -> None:
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    told = [(fancam.name, fancam.picture) for fancam in published.fancams]
    assert told == [(name, label) for label in ("5x9", "40x40") for name in PEOPLE]
    assert len({fancam.key for fancam in published.fancams}) == 6
    for fancam in published.fancams:
        content = run.objects.get(fancam.key)
        assert stamps(content) == [rank * STEP * TIME_BASE for rank in range(FRAMES + 1)]
        names = boxes_of(content)
        assert names.index("moov") < names.index("mdat")


def test_a_fancam_shows_its_window_of_every_frame(run: Run) -> None:
    run.draw(1)
    run.draw(0)
    (published,) = run.publish()
    for fancam in published.fancams:
        person, size = PEOPLE.index(fancam.name), SIZES[fancam.picture == "40x40"]
        shown = decoded(run.objects.get(fancam.key))
        for rank in range(0, CUT if fancam.name == "three" else FRAMES, 3):
            ideal = ideal_crop(drawn(rank), window_of(person, rank, size), size)
            assert ssim(shown[rank].y, as_bytes(ideal[0])) >= 0.97


def test_nothing_is_published_before_the_last_segment(run: Run) -> None:
    run.draw(1)
    assert run.publish() == []
    run.draw(0)
    assert len(run.publish()) == 1


def test_handled_twice_the_store_is_the_same_and_nothing_is_drawn_again(run: Run) -> None:
    first = [run.draw(0), run.draw(1), run.publish()]
    before, calls = run.everything(), list(run.child.calls)
    assert [run.draw(0), run.draw(1), run.publish()] == first
    assert run.everything() == before
    assert run.child.calls == calls


def test_a_lost_piece_is_drawn_again_with_the_same_bytes(run: Run) -> None:
    run.draw(0)
    before = run.everything()
    lost = list(run.objects.list("pieces/"))[2]
    run.objects.delete(lost)
    run.objects.delete(keys.segment_pieces(run.run_id, 0))
    run.draw(0)
    assert run.everything() == before


def test_another_store_gets_the_same_bytes(run: Run, video: bytes, tmp_path: Path) -> None:
    other = Run(FolderObjects(tmp_path / "other"), video)
    for one in (run, other):
        one.draw(0)
        one.draw(1)
        one.publish()
    assert run.everything() == other.everything()


def test_only_changed_windows_are_drawn_again(run: Run) -> None:
    run.draw(0)
    before = set(run.objects.list("pieces/"))
    key = keys.windows(run.accepted.spec, 0)
    windows = stored.SegmentWindows.FromString(run.objects.get(key))
    windows.views[1].windows[0] += 1
    run.objects.put(key, windows.SerializeToString())
    run.objects.delete(keys.segment_pieces(run.run_id, 0))
    run.draw(0)
    assert len(set(run.objects.list("pieces/")) - before) == 1


def test_only_the_members_asked_for_get_a_fancam(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, members=["TWO"])
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert [fancam.name for fancam in published.fancams] == ["two", "two"]


def test_a_member_who_is_never_seen_gets_none(objects: FolderObjects, video: bytes) -> None:
    model = facts.Model(members=["one", "two", "three", "four"])
    run = Run(objects, video, members=["four"], model=model)
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert not published.fancams


def sound() -> bytes:
    file: Any = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        for at in range(0, 38400, 1024):
            part = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def sounds(content: bytes) -> int:
    with av.open(io.BytesIO(content)) as container:
        return len(container.streams.audio)


def test_a_film_with_sound_waits_for_it(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    run.draw(0)
    run.draw(1)
    assert run.publish() == []
    objects.put(keys.audio("video"), sound())
    (published,) = run.hear(keys.audio("video"))
    assert [sounds(objects.get(fancam.key)) for fancam in published.fancams] == [1] * 6


def test_the_sound_may_come_first(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    objects.put(keys.audio("video"), sound())
    assert run.hear(keys.audio("video")) == []
    run.draw(0)
    run.draw(1)
    (published,) = run.publish()
    assert sounds(objects.get(published.fancams[0].key)) == 1


def test_a_part_without_sound_is_published_silent(objects: FolderObjects, video: bytes) -> None:
    run = Run(objects, video, has_audio=True)
    run.draw(0)
    run.draw(1)
    (published,) = run.hear("")
    assert [sounds(objects.get(fancam.key)) for fancam in published.fancams] == [0] * 6


def test_a_child_of_its_own_draws_the_same_bytes(run: Run, video: bytes, tmp_path: Path) -> None:
    other = Run(FolderObjects(tmp_path / "other"), video)
    child = Child()
    try:
        other.handler = RenderHandler(other.objects, child)
        for one in (run, other):
            one.draw(0)
            one.draw(1)
            one.publish()
    finally:
        child.close()
    assert run.everything() == other.everything()
