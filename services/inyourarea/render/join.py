"""Where a film becomes a file: one MP4, ready to be streamed, with the original sound."""

import heapq
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from inyourarea.render.film import FilmPacket, Footage, open_sound
from inyourarea.runtime.objects import Objects

#: A packet and the stream that it goes into.
_Placed: TypeAlias = tuple[FilmPacket, VideoStream | AudioStream]

#: The MP4 format counts ticks per second in 32 bits.
FINEST_TICKS = 2**31 - 1


@dataclass(frozen=True)
class Reel:
    """A film, and the object with its sound, where there is any; that counts from frame 0."""

    film: Footage
    audio: str | None = None


def join(objects: Objects, reel: Reel, path: Path) -> None:
    """The file at ``path`` shows all frames of the film, with the sound; nothing is encoded.

    The first frame is shown at 0, every frame lasts as long as in the source to the tick, and the
    sound keeps its stamps. One piece is in memory at a time.

    Raises:
        ObjectNotFound: a piece or the sound is not there.
        ValueError: there are no pieces, or they were not encoded alike.
    """
    with ExitStack() as opened:
        film = reel.film.open(objects, opened)
        sound = None
        if reel.audio:
            sound = opened.enter_context(open_sound(objects, reel.audio)).streams.audio[0]
        options = _options(reel.film.time_base.denominator, sound)
        output = opened.enter_context(av.open(str(path), "w", format="mp4", options=options))
        picture = output.add_stream_from_template(film.template)
        packets: Iterator[_Placed] = ((packet, picture) for packet in film.packets())
        if sound:
            copy = output.add_stream_from_template(sound)
            heard: Iterator[_Placed] = ((packet, copy) for packet in sound_packets(sound))
            packets = heapq.merge(packets, heard, key=_when)
        for packet, into in packets:
            packet.stream = into
            output.mux(packet)


def sound_packets(sound: AudioStream) -> Iterator[FilmPacket]:
    """Every packet of the sound."""
    for packet in cast("InputContainer", sound.container).demux(sound):
        if packet.pts is not None and packet.dts is not None:  # the last one only flushes
            yield packet


def _options(ticks: int, sound: AudioStream | None) -> dict[str, str]:
    """The film counts in the source's ticks; delays at the start in the finest both share."""
    both = math.lcm(ticks, tick_s(sound).denominator) if sound else ticks
    return {
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "video_track_timescale": str(ticks),
        "movie_timescale": str(both if both <= FINEST_TICKS else ticks),
    }


def tick_s(stream: AudioStream) -> Fraction:
    """The unit of the sound's stamps in seconds."""
    return stream.time_base or Fraction(1, stream.rate)


def _when(found: _Placed) -> float:
    """The second at which a packet is needed; for the order in the file, not for any stamp."""
    packet = found[0]
    return float((packet.dts or 0) * packet.time_base)
