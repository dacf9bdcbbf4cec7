"""A video on its way into the browser, and a small player that goes by the playlists alone."""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import m3u8

from inyourarea.contracts import keys
from inyourarea.contracts.specs import to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.submit import submit_video
from inyourarea.render.stage_handler import StageHandler
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.source import Planes, decode_segment


class AtOnce:
    """A child that does its work in this process, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, function: Callable[..., Any], *args: Any, timeout_s: float) -> Any:
        assert timeout_s > 0
        self.calls.append(function.__name__)
        return function(*args)


class Video:
    """An accepted video, and the handler of its stage."""

    def __init__(
        self,
        objects: FolderObjects,
        content: bytes,
        span: tuple[Fraction | None, Fraction | None] = (None, None),
        for_browsers: bool = True,
    ) -> None:
        self.objects, self.child = objects, AtOnce()
        sha256 = hashlib.sha256(content).hexdigest()
        objects.put(keys.source(sha256), content)
        request = SubmitVideoRequest(
            source_key=keys.source(sha256), sha256=sha256, for_browsers=for_browsers
        )
        request.spec.model.width, request.spec.model.height = 64, 64
        for name, value in zip(("from_s", "to_s"), span, strict=True):
            if value is not None:
                getattr(request, name).CopyFrom(to_rational(value))
        child: Any = self.child
        self.accepted = submit_video(request, objects, child)
        self._audio = IngestHandler(objects, child).start_video(self.accepted)[-1]
        self.child.calls.clear()
        self.handler = StageHandler(objects, child)

    @property
    def id(self) -> str:
        return str(self.accepted.video_id)

    def hear(self) -> list[Any]:
        return self.handler.handlers[facts.AudioReady](self._audio)

    def draw(self, index: int) -> list[Any]:
        cut = facts.SegmentCut(
            video_id=self.id, run_id=self.accepted.run_id, segment=self.accepted.segments[index]
        )
        drawn = self.handler.handlers[facts.SegmentCut](cut)
        return [after for fact in drawn for after in self.handler.handlers[facts.StageDrawn](fact)]

    def ready(self) -> facts.StageReady:
        """Everything is done for the stage."""
        found = self.hear()
        for segment in self.accepted.segments:
            found = self.draw(segment.index)
        (ready,) = found
        assert isinstance(ready, facts.StageReady)
        return ready

    def source_frames(self) -> list[Planes]:
        source = self.accepted.source
        return list(
            decode_segment(self.objects, source.decode_key, source.start_pts, source.end_pts)
        )

    def expected_s(self) -> list[Fraction]:
        """When each frame of the source is shown, the first at 0."""
        base = self.accepted.source.time_base
        pts = [frame.pts for frame in self.source_frames()]
        return [(stamp - pts[0]) * Fraction(base.num, base.den) for stamp in pts]


@dataclass(frozen=True)
class Rendition:
    """A variant as a player sees it; ``content`` what it downloads, in order, put together."""

    info: Any
    content: bytes
    #: Each behind the header, so that it can be opened alone.
    segments: list[bytes]
    durations: list[float]
    sizes: list[int]


class Player:
    """Goes by names alone, as below one HLS address."""

    def __init__(self, objects: FolderObjects, streams_key: str) -> None:
        files = stored.StreamFiles.FromString(objects.get(streams_key))
        self._objects = objects
        self.keys: Mapping[str, str] = {file.name: file.key for file in files.files}

    def text(self, name: str) -> str:
        return self._objects.get(self.keys[name]).decode()

    def variants(self, master: str = "master.m3u8") -> list[Rendition]:
        playlist = m3u8.loads(self.text(master))
        assert playlist.is_variant
        return [self.rendition(found.uri, found.stream_info) for found in playlist.playlists]

    def sound(self, master: str = "master.m3u8") -> Rendition:
        (media,) = m3u8.loads(self.text(master)).media
        return self.rendition(media.uri, None)

    def rendition(self, name: str, info: Any) -> Rendition:
        playlist = m3u8.loads(self.text(name))
        assert playlist.is_endlist
        assert all(part.duration <= playlist.target_duration for part in playlist.segments)
        (start,) = playlist.segment_map
        header = self._read(start.uri, start.byterange)
        segments = [self._read(part.uri, part.byterange) for part in playlist.segments]
        durations = [part.duration for part in playlist.segments]
        whole = b"".join([header, *segments])
        sizes = [len(part) for part in segments]
        return Rendition(info, whole, [header + part for part in segments], durations, sizes)

    def _read(self, name: str, byte_range: str) -> bytes:
        length, start = byte_range.split("@")
        found = self._objects.read(self.keys[name], int(start), int(length))
        assert len(found) == int(length)
        return found


def shown_s(content: bytes) -> list[Fraction]:
    """When each frame is shown, in seconds, in the order of showing."""
    with av.open(io.BytesIO(content)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]
