"""A video on its way through the render stage, up to what `track` leaves."""

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from browsers import AtOnce
from footage import stage
from inyourarea.contracts import keys
from inyourarea.contracts.specs import to_picture, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.picture import Picture
from inyourarea.core.tracks import State
from inyourarea.render.handler import RenderHandler
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes

SOURCE = (160, 90)
STEP, TIME_BASE = 1001, Fraction(1, 30000)
FRAMES, CUT = 24, 10
END = FRAMES * STEP
SIZES = ((50, 90), (40, 40))
PEOPLE = ("one", "two", "three")


def drawn(rank: int) -> Planes:
    return stage(SOURCE, rank * STEP, shift=2.3 * rank)


def video_file() -> bytes:
    """The video, all of whose frames `drawn` knows."""
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


def views(ranks: range, scale: int) -> Iterator[stored.SegmentWindows.View]:
    """Everybody in both pictures, so many times enlarged.

    Person three is absent from the second half.
    """
    for picture, size in enumerate(SIZES):
        for person, name in enumerate(PEOPLE):
            view = stored.SegmentWindows.View(
                person=f"id-{name}",
                name=name,
                picture=picture,
                width=scale * size[0],
                height=scale * size[1],
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
    """The video, its run, and the handler that draws the fancams."""

    def __init__(
        self,
        objects: FolderObjects,
        video: bytes,
        has_audio: bool = False,
        for_browsers: bool = False,
        scale: int = 1,
        **spec: Any,
    ) -> None:
        self.objects, self.child, self._scale = objects, AtOnce(), scale
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
            for_browsers=for_browsers,
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
            segment=segment, views=views(ranks, self._scale), pts=[rank * STEP for rank in ranks]
        )
        self.objects.put(self._windows_key(segment), windows.SerializeToString())

    def _windows_key(self, segment: facts.Segment) -> str:
        return keys.windows(self.accepted.spec, segment.index)

    def planned(self, index: int, **travel: Any) -> facts.CameraPlanned:
        segment = self.segments[index]
        return facts.CameraPlanned(
            video_id="video",
            run_id=self.run_id,
            segment=segment,
            windows_key=self._windows_key(segment),
            **travel,
        )

    def draw(self, index: int) -> facts.SegmentRendered:
        (rendered,) = self.handler.handlers[facts.CameraPlanned](self.planned(index))
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


def sound() -> bytes:
    """The video's sound: silence."""
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
