"""Where a film becomes what is streamed: one fragmented MP4 (CMAF), a fragment per segment."""

import io
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from inyourarea.render.film import FilmPacket, Footage, open_sound
from inyourarea.render.join import sound_packets, tick_s
from inyourarea.runtime.objects import Objects

#: Every fragment is written by a muxer of its own, which holds it until the end (`frag_custom`)
#: and stamps it by the packets' own time (`frag_discont`). A picture that is shown later than it
#: is decoded gets a negative offset (`cmaf`), since players overlook edit lists.
_OPTIONS = {
    "movflags": "+empty_moov+default_base_moof+frag_custom+frag_discont+cmaf",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
    "fflags": "+bitexact",
}


@dataclass(frozen=True)
class Fragment:
    """Where a fragment lies in its file, in bytes, and when it is played, in seconds."""

    offset: int
    length: int
    start_s: Fraction
    duration_s: Fraction


@dataclass(frozen=True)
class StreamedFile:
    """A fragmented MP4: its header, its fragments in order, its codec as RFC 6381 names it."""

    header: int
    fragments: tuple[Fragment, ...]
    codec: str
    size: tuple[int, int] | None = None

    @property
    def peak_bits(self) -> int:
        """Bits per second of the heaviest fragment."""
        return max(int(8 * part.length / part.duration_s) + 1 for part in self.fragments)

    @property
    def average_bits(self) -> int:
        """Bits per second on the whole."""
        seconds = sum((part.duration_s for part in self.fragments), Fraction(0))
        return int(8 * sum(part.length for part in self.fragments) / seconds) + 1


@dataclass(frozen=True)
class Cuts:
    """When segments start and the last one ends, in seconds of the source."""

    starts_s: tuple[Fraction, ...]
    end_s: Fraction

    def since(self, origin_s: Fraction) -> "Cuts":
        """The same counted from that second."""
        starts_s = tuple(start_s - origin_s for start_s in self.starts_s)
        return Cuts(starts_s, self.end_s - origin_s)

    def rank(self, at_s: Fraction) -> int:
        """Which segment a packet of that time belongs to."""
        return max(0, bisect_right(self.starts_s, at_s) - 1)


def stream_film(objects: Objects, film: Footage, cuts: Cuts, path: Path) -> StreamedFile:
    """The file at ``path`` holds every frame; each fragment decodes by itself.

    Raises:
        ObjectNotFound: a piece is not there.
        ValueError: there are no pieces, or they were not encoded alike.
    """
    with ExitStack() as opened, path.open("wb") as file:
        found = film.open(objects, opened)
        codec = found.template.codec_context
        ticks = film.time_base.denominator
        parts = list(
            _write(found.packets(), found.template, ticks, cuts.since(found.origin_s), file)
        )
        header = parts[0].offset
        name = f"avc1.{bytes(codec.extradata or b'')[1:4].hex()}"
        ends = [*(part.start_s for part in parts[1:]), cuts.end_s - found.origin_s]
        return StreamedFile(header, _timed(parts, ends), name, (codec.width, codec.height))


def stream_sound(objects: Objects, key: str, cuts: Cuts, path: Path) -> StreamedFile | None:
    """The file at ``path`` holds the sound from the first frame on; none where none is left.

    A packet that begins before the first frame is left out, so that nothing is trimmed: at most
    25 ms of the beginning are silent.
    """
    with ExitStack() as opened, path.open("wb") as file:
        sound = opened.enter_context(open_sound(objects, key)).streams.audio[0]
        packets = (packet for packet in sound_packets(sound) if _at_s(packet) >= 0)
        ticks = tick_s(sound).denominator
        parts = list(_write(packets, sound, ticks, cuts.since(cuts.starts_s[0]), file))
        if not parts:
            return None
        ends = [*(part.start_s for part in parts[1:]), parts[-1].start_s + parts[-1].duration_s]
        kind = bytes(sound.codec_context.extradata or b"\x10")[0] >> 3
        return StreamedFile(parts[0].offset, _timed(parts, ends), f"mp4a.40.{kind}")


def _timed(parts: list[Fragment], ends: list[Fraction]) -> tuple[Fragment, ...]:
    """The fragments without gaps between them; the first begins at 0."""
    starts = [Fraction(0), *ends[:-1]]
    return tuple(
        Fragment(part.offset, part.length, start, end - start)
        for part, start, end in zip(parts, starts, ends, strict=True)
    )


def _write(
    packets: Iterator[FilmPacket],
    template: VideoStream | AudioStream,
    ticks: int,
    cuts: Cuts,
    file: IO[bytes],
) -> Iterator[Fragment]:
    """The header, then a fragment for each segment that has packets."""
    together = groupby(packets, key=lambda packet: cuts.rank(_at_s(packet)))
    for number, (_, group) in enumerate(together):
        content, start_s, end_s = _fragment(group, template, ticks, number + 1)
        header, fragment = _split(content)
        if number == 0:
            file.write(header)
        offset = file.tell()
        file.write(fragment)
        yield Fragment(offset, len(fragment), start_s, end_s - start_s)


def _fragment(
    packets: Iterator[FilmPacket], template: VideoStream | AudioStream, ticks: int, number: int
) -> tuple[bytes, Fraction, Fraction]:
    """A file of one fragment, and from when to when it is played."""
    written: Any = io.BytesIO()
    options = _OPTIONS | {"video_track_timescale": str(ticks), "fragment_index": str(number)}
    starts, ends = [], []
    with av.open(written, "w", format="mp4", options=options) as output:
        stream = output.add_stream_from_template(template)
        for packet in packets:
            starts.append(_at_s(packet))
            ends.append(starts[-1] + (packet.duration or 0) * packet.time_base)
            packet.stream = stream
            output.mux(packet)
    return written.getvalue(), min(starts), max(ends)


def _at_s(packet: FilmPacket) -> Fraction:
    return (packet.pts or 0) * packet.time_base


def _split(content: bytes) -> tuple[bytes, bytes]:
    """A file's header (``ftyp``, ``moov``) and its fragment (``moof``, ``mdat``)."""
    places: dict[bytes, tuple[int, int]] = {}
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        places[content[at + 4 : at + 8]] = (at, at + length)
        at += length
    start, end = places[b"moof"][0], places[b"mdat"][1]
    return content[:start], content[start:end]
