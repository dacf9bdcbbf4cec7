"""What a film is made of: encoded pieces one after the other, or the source's own packets."""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any, Protocol, TypeAlias, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from inyourarea.render.original import Original, packets_of_span
from inyourarea.runtime.container import open_video, picture_stream
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.ranged import as_file

FilmPacket: TypeAlias = "Packet[Any]"

#: Demuxer of our own pieces and audio objects; no other is tried.
MP4 = "mov"
#: Bytes per read of an object: fewer round trips than the library's own 32 KiB.
READ_BYTES = 1 << 18


@dataclass(frozen=True)
class Part:
    """A piece's object, and the start of its segment in the source's time base."""

    key: str
    start_pts: int


class Film(Protocol):
    """An open film; ``template`` is a stream of its codec, size and header.

    ``origin_s`` is the second of the source at which its first frame is shown.
    """

    template: VideoStream
    origin_s: Fraction

    def packets(self) -> Iterator[FilmPacket]:
        """Every frame in the order of decoding, the first shown at 0."""
        ...


class Footage(Protocol):
    """What can be opened as a film that counts in the denominator of ``time_base``."""

    @property
    def time_base(self) -> Fraction:
        """The source's time base."""
        ...

    def open(self, objects: Objects, opened: ExitStack) -> Film:
        """The film, readable until what ``opened`` holds is closed."""
        ...


@dataclass(frozen=True)
class Pieces:
    """Pieces that were encoded alike, in order."""

    parts: Sequence[Part]
    time_base: Fraction

    def open(self, objects: Objects, opened: ExitStack) -> Film:
        """See `Footage.open`.

        Raises:
            ObjectNotFound: a piece is not there.
            ValueError: there are no pieces.
        """
        if not self.parts:
            raise ValueError("there are no pieces to join")
        first = opened.enter_context(open_own(_piece_file(objects, self.parts[0])))
        return _PieceFilm(objects, self, first.streams.video[0])


@dataclass(frozen=True)
class Copied:
    """The source's own packets of the part that is used."""

    original: Original

    @property
    def time_base(self) -> Fraction:
        """The source's."""
        return self.original.time_base

    def open(self, objects: Objects, opened: ExitStack) -> Film:
        """See `Footage.open`."""
        container = opened.enter_context(open_video(objects, self.original.key))
        return _CopiedFilm(self.original, container)


def open_own(file: IO[Any]) -> InputContainer:
    """One of our own files, opened."""
    return av.open(file, "r", format=MP4, buffer_size=READ_BYTES)


def open_sound(objects: Objects, key: str) -> InputContainer:
    """The object with a video's sound, opened."""
    return open_own(as_file(objects, key))


def _piece_file(objects: Objects, part: Part) -> IO[Any]:
    return cast("IO[Any]", io.BytesIO(objects.get(part.key)))


class _PieceFilm:
    """One piece after the other, stamped as parts of one stream; one is in memory at a time."""

    def __init__(self, objects: Objects, pieces: Pieces, template: VideoStream) -> None:
        self.template = template
        self._objects = objects
        self._pieces = pieces
        self._origin = self._start(pieces.parts[0]) + self._first_stamp()
        self.origin_s = Fraction(self._origin, pieces.time_base.denominator)

    def packets(self) -> Iterator[FilmPacket]:
        """See `Film.packets`."""
        head = self.template.codec_context.extradata
        for part in self._pieces.parts:
            with open_own(_piece_file(self._objects, part)) as piece:
                stream = piece.streams.video[0]
                if stream.codec_context.extradata != head:
                    raise ValueError(f"the piece {part.key} was encoded unlike those before it")
                yield from _shifted(piece, stream, self._start(part) - self._origin)

    def _start(self, part: Part) -> int:
        """The segment's start in the denominator's ticks, in which pieces count."""
        return part.start_pts * self._pieces.time_base.numerator

    def _first_stamp(self) -> int:
        with open_own(_piece_file(self._objects, self._pieces.parts[0])) as piece:
            return next(piece.demux(piece.streams.video[0])).pts or 0


class _CopiedFilm:
    def __init__(self, original: Original, container: InputContainer) -> None:
        self.template = picture_stream(container)
        self.origin_s = original.start_pts * original.time_base
        self._original = original
        self._container = container

    def packets(self) -> Iterator[FilmPacket]:
        """See `Film.packets`."""
        found = packets_of_span(self._container, self.template, self._original)
        for packet in found:
            yield _moved(packet, -self._original.start_pts)


def _shifted(piece: InputContainer, stream: VideoStream, by: int) -> Iterator[FilmPacket]:
    for packet in piece.demux(stream):
        if packet.pts is not None:  # the last one only flushes
            yield _moved(packet, by)


def _moved(packet: FilmPacket, by: int) -> FilmPacket:
    packet.pts = (packet.pts or 0) + by
    packet.dts = (packet.dts or 0) + by
    return packet
