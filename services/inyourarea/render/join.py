"""Where pieces become a fancam: one MP4, ready to be streamed, with the original sound."""

import heapq
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from inyourarea.runtime.objects import Objects
from inyourarea.runtime.ranged import as_file

_Packet: TypeAlias = "Packet[Any]"

#: Demuxer of our own pieces and audio objects; no other is tried.
MP4 = "mov"
#: The MP4 format counts ticks per second in 32 bits.
FINEST_TICKS = 2**31 - 1
#: Bytes per read of an object: fewer round trips than the library's own 32 KiB.
READ_BYTES = 1 << 18


@dataclass(frozen=True)
class Part:
    """A piece's object, and the start of its segment in the source's time base."""

    key: str
    start_pts: int


@dataclass(frozen=True)
class Reel:
    """All pieces of one fancam in order, and the object with the sound, where there is any.

    The sound counts from the first frame.
    """

    parts: Sequence[Part]
    time_base: Fraction
    audio: str | None = None


def join(objects: Objects, reel: Reel, path: Path) -> None:
    """The file at ``path`` shows all frames of the pieces, with the sound; nothing is encoded.

    The first frame is shown at 0, every frame lasts as long as in the source to the tick, and the
    sound keeps its stamps. One piece is in memory at a time.

    Raises:
        ObjectNotFound: a piece or the sound is not there.
        ValueError: there are no pieces, or they were not encoded alike.
    """
    if not reel.parts:
        raise ValueError("there are no pieces to join")
    with ExitStack() as opened:
        first = opened.enter_context(_opened(_piece_file(objects, reel.parts[0])))
        template = first.streams.video[0]
        sound = None
        if reel.audio:
            audio = opened.enter_context(_opened(as_file(objects, reel.audio)))
            sound = audio.streams.audio[0]
        options = _options(reel.time_base.denominator, sound)
        output = opened.enter_context(av.open(str(path), "w", format="mp4", options=options))
        film = _Film(objects, reel, output.add_stream_from_template(template))
        packets = film.packets()
        if sound:
            copy = output.add_stream_from_template(sound)
            packets = heapq.merge(packets, _sound(sound, copy), key=_when)
        for packet in packets:
            output.mux(packet)


def _opened(file: IO[Any]) -> InputContainer:
    return av.open(file, "r", format=MP4, buffer_size=READ_BYTES)


def _piece_file(objects: Objects, part: Part) -> IO[Any]:
    return cast("IO[Any]", io.BytesIO(objects.get(part.key)))


def _options(ticks: int, sound: AudioStream | None) -> dict[str, str]:
    """The film counts in the source's ticks; delays at the start in the finest both share."""
    both = math.lcm(ticks, _tick_s(sound).denominator) if sound else ticks
    return {
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "video_track_timescale": str(ticks),
        "movie_timescale": str(both if both <= FINEST_TICKS else ticks),
    }


class _Film:
    """The packets of all pieces, one piece after the other, stamped as parts of one stream."""

    def __init__(self, objects: Objects, reel: Reel, into: VideoStream) -> None:
        self._objects = objects
        self._reel = reel
        self._into = into
        self._origin = self._start(reel.parts[0]) + self._first_stamp()

    def packets(self) -> "Iterator[_Packet]":
        """Every frame of the film, the first at 0."""
        head = None
        for part in self._reel.parts:
            with _opened(_piece_file(self._objects, part)) as piece:
                stream = piece.streams.video[0]
                head = head or stream.codec_context.extradata
                if stream.codec_context.extradata != head:
                    raise ValueError(f"the piece {part.key} was encoded unlike those before it")
                yield from self._shifted(piece, stream, self._start(part) - self._origin)

    def _start(self, part: Part) -> int:
        """The segment's start in the denominator's ticks, in which pieces count."""
        return part.start_pts * self._reel.time_base.numerator

    def _first_stamp(self) -> int:
        with _opened(_piece_file(self._objects, self._reel.parts[0])) as piece:
            return next(piece.demux(piece.streams.video[0])).pts or 0

    def _shifted(self, piece: InputContainer, stream: VideoStream, by: int) -> "Iterator[_Packet]":
        for packet in piece.demux(stream):
            if packet.pts is not None and packet.dts is not None:  # the last one only flushes
                packet.pts += by
                packet.dts += by
                packet.stream = self._into
                yield packet


def _tick_s(stream: AudioStream) -> Fraction:
    return stream.time_base or Fraction(1, stream.rate)


def _sound(sound: AudioStream, into: AudioStream) -> Iterator[_Packet]:
    for packet in cast("InputContainer", sound.container).demux(sound):
        if packet.pts is not None and packet.dts is not None:
            packet.stream = into
            yield packet


def _when(packet: "Packet[Any]") -> float:
    """The second at which a packet is needed; for the order in the file, not for any stamp."""
    return float((packet.dts or 0) * packet.time_base)
