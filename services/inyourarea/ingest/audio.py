"""The audio track of the part of the video that is used: copied where it is AAC of one form.

Other sound is encoded once. Stored as one mp4 object whose time 0 is the part's first frame. What
begins before it is trimmed by the file's edit list to the sample; sound that starts later or ends
earlier stays so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, groupby
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from numpy.typing import NDArray

from inyourarea.runtime.container import SOUND_CODECS, open_video, packets_of
from inyourarea.runtime.objects import Objects

#: Bits per second when sound has to be encoded; transparent for stereo AAC.
_BIT_RATE = 192_000
#: Samples per second that the encoder takes; others become 48,000.
_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
#: Packets before the cut that a decoder needs to be in full swing: AAC overlaps by one.
_RUN_UP_PACKETS = 1
#: Seconds before the cut at which reading begins: files interleave sound and picture by less.
_RUN_UP_S = 2
#: Seconds by which a stamp may be off and still be taken for rounding (matroska counts in
#: milliseconds); what is further off is a gap and kept.
_ROUNDING_S = Fraction(3, 1000)
_OPTIONS = {
    "fflags": "+bitexact",
    "movflags": "faststart",
    "movie_timescale": "48000",
    "avoid_negative_ts": "disabled",
}


_Packet: TypeAlias = "Packet[AudioStream]"
_Writer: TypeAlias = Callable[[InputContainer, AudioStream, tuple[Fraction, Fraction], Path], bool]


class _FormChanges(Exception):
    """AAC goes from stereo to 5.1, or to another rate, on the way: an mp4's track has one form."""


@dataclass(frozen=True)
class AudioCut:
    """Which part of a source's sound is wanted, in the picture's time base, and its name."""

    source_key: str
    start_pts: int
    end_pts: int
    #: Numerator and denominator, in seconds.
    time_base: tuple[int, int]
    audio_key: str

    @property
    def span_s(self) -> tuple[Fraction, Fraction]:
        """From the first frame to the end of the last, in seconds of the source."""
        base = Fraction(*self.time_base)
        return self.start_pts * base, self.end_pts * base


def store_audio(objects: Objects, cut: AudioCut, scratch: Path) -> bool:
    """The sound is stored; says no where there is none in that part.

    Runs in a child process; the folder ``scratch`` is the caller's to remove.
    """
    path = scratch / "audio.mp4"
    try:
        is_written = _take_out(_copy_or_encode, objects, cut, path)
    except _FormChanges:
        is_written = _take_out(_encode, objects, cut, path)
    if is_written:
        objects.put(cut.audio_key, path)
    return is_written


def _take_out(write: _Writer, objects: Objects, cut: AudioCut, path: Path) -> bool:
    with open_video(objects, cut.source_key) as container:
        stream = _sound_stream(container)
        if stream is None:
            return False
        _go_to(container, cut.span_s[0])
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        return write(container, stream, cut.span_s, path)


def _sound_stream(container: InputContainer) -> AudioStream | None:
    """The best track that is decoded here; phones add spatial ones that nobody decodes."""
    best = container.streams.best("audio")
    tracks = sorted(container.streams.audio, key=lambda track: (track is not best, track.index))
    usable = (t for t in tracks if t.codec_context is not None and _is_decoded(t.codec_context))
    return next(usable, None)


def _is_decoded(codec: AudioCodecContext) -> bool:
    return codec.name in SOUND_CODECS and codec.sample_rate > 0


def _go_to(container: InputContainer, start_s: Fraction) -> None:
    """Reading begins a second before; a format that can not seek begins at its beginning.

    The seek goes by the pictures: matroska has no index of its sound.
    """
    if start_s <= _RUN_UP_S:
        return
    try:
        container.seek(int((start_s - _RUN_UP_S) * av.time_base))
    except (av.error.FFmpegError, OSError):
        container.seek(0)


def _copy_or_encode(
    container: InputContainer, stream: AudioStream, span_s: tuple[Fraction, Fraction], path: Path
) -> bool:
    is_copied = stream.codec_context.name == "aac"
    return (_copy if is_copied else _encode)(container, stream, span_s, path)


def _copy(
    container: InputContainer, stream: AudioStream, span_s: tuple[Fraction, Fraction], path: Path
) -> bool:
    rate = stream.codec_context.sample_rate
    packets = _from_run_up(_steady(packets_of(container, stream), stream), span_s)
    first = next(packets, None)
    if first is None:
        return False
    last: int | None = None
    form = _adts_form(first[2])
    with av.open(str(path), "w", format="mp4", options=_OPTIONS) as written:
        track = written.add_stream_from_template(stream)
        for at_s, length_s, packet in chain((first,), packets):
            at = round((at_s - span_s[0]) * rate)
            if last is not None and at <= last:
                continue  # two recordings were joined, and the second begins before the first ends
            last = at
            if _adts_form(packet) != form:
                raise _FormChanges
            packet.stream = track
            packet.time_base = Fraction(1, rate)
            packet.pts = packet.dts = at
            packet.duration = round(length_s * rate)
            written.mux(packet)
    return True


def _adts_form(packet: _Packet) -> tuple[int, int] | None:
    """Profile, rate and channels as the header in front of each packet has them; none without.

    Source: ISO/IEC 13818-7, 6.2.
    """
    head = bytes(memoryview(packet)[:4])
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    return head[2] & 0xFD, head[3] & 0xC0


def _steady(
    packets: Iterator[_Packet], stream: AudioStream
) -> Iterator[tuple[Fraction, Fraction, _Packet]]:
    """When each packet begins and how long it lasts in seconds, freed of the stamps' rounding."""
    base = Fraction(stream.time_base or 0)
    samples = Fraction(stream.codec_context.frame_size or 1024, stream.codec_context.sample_rate)
    expected: Fraction | None = None
    for packet in packets:
        if packet.pts is None or not packet.size:
            continue
        at_s = packet.pts * base
        length_s = (packet.duration or 0) * base
        if abs(length_s - samples) <= _ROUNDING_S:
            length_s = samples
        if expected is not None and abs(at_s - expected) <= _ROUNDING_S:
            at_s = expected
        expected = at_s + length_s
        yield at_s, length_s, packet


def _from_run_up(
    packets: Iterator[tuple[Fraction, Fraction, _Packet]], span_s: tuple[Fraction, Fraction]
) -> Iterator[tuple[Fraction, Fraction, _Packet]]:
    """The packets that sound in the span, and those before that a decoder needs first."""
    before: list[tuple[Fraction, Fraction, _Packet]] = []
    for found in packets:
        at_s, length_s, _ = found
        if at_s >= span_s[1]:
            return
        if at_s + length_s <= span_s[0]:
            before = [*before, found][-_RUN_UP_PACKETS:]
            continue
        yield from before
        before = []
        yield found


def _encode(
    container: InputContainer, stream: AudioStream, span_s: tuple[Fraction, Fraction], path: Path
) -> bool:
    found = stream.codec_context.sample_rate
    rate = found if found in _RATES else 48_000
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    chunks = _placed(_samples(container, stream, (rate, layout)), rate, span_s)
    first = next(chunks, None)
    if first is None:
        return False
    with av.open(str(path), "w", format="mp4", options=_OPTIONS) as written:
        track = written.add_stream("aac", rate=rate, layout=layout)
        track.codec_context.bit_rate = _BIT_RATE
        track.codec_context.time_base = Fraction(1, rate)
        for at, samples in chain((first,), chunks):
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            written.mux(track.encode(frame))
        written.mux(track.encode(None))
    return True


def _samples(
    container: InputContainer, stream: AudioStream, wanted: tuple[int, str]
) -> Iterator[tuple[Fraction, NDArray[np.float32]]]:
    """Decoded sound float32 (channels, n), and when each piece begins in seconds of the source."""
    for piece in _resampled(_decoded(container, stream), wanted):
        at_s = Fraction(piece.pts or 0) * (piece.time_base or 0)
        yield at_s, piece.to_ndarray().astype(np.float32, copy=False)


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    for packet in packets_of(container, stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        yield from (f for f in frames if isinstance(f, AudioFrame) and f.pts is not None)


def _resampled(frames: Iterator[AudioFrame], wanted: tuple[int, str]) -> Iterator[AudioFrame]:
    """The sound in one form, though a broadcast goes from stereo to 5.1 and back on the way."""
    rate, layout = wanted
    for _, alike in groupby(frames, _form):
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        for frame in alike:
            yield from resampler.resample(frame)


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _placed(
    pieces: Iterator[tuple[Fraction, NDArray[np.float32]]],
    rate: int,
    span_s: tuple[Fraction, Fraction],
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The span's sound without a gap, and the sample from its start at which each piece begins.

    Silence fills gaps; what overlaps or lies outside is cut off.
    """
    end = round((span_s[1] - span_s[0]) * rate)
    written: int | None = None
    for at_s, samples in pieces:
        at = round((at_s - span_s[0]) * rate)
        if written is not None and abs(at - written) <= _ROUNDING_S * rate:
            at = written
        start = max(0, written or 0)
        seen = samples[:, max(0, start - at) : max(0, end - at)]
        if not seen.size:
            continue
        at = max(at, start)
        while written is not None and at > written:
            silent = min(at - written, rate)  # a gap may last for hours
            yield written, np.zeros((seen.shape[0], silent), np.float32)
            written += silent
        yield at, np.ascontiguousarray(seen)
        written = at + seen.shape[1]
