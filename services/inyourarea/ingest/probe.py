"""The first look at a video: is it one, is it within the limits, and when is every frame shown."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inyourarea.core.errors import VideoTooLarge, VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.ingest.settings import Limits
from inyourarea.runtime.colour import Look, look_of
from inyourarea.runtime.container import open_video, packets_of, picture_stream
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import decoded, stored_size, turn_of

#: Packets in which a first picture must be found; recovery points take up to a few seconds.
_PACKETS_TO_A_PICTURE = 600
#: Seconds a lone frame is shown when the file does not say.
_LONE_FRAME_S = Fraction(1, 25)


@dataclass(frozen=True, eq=False)
class Probe:
    """What is known of a video before it is decoded.

    ``pts`` int64 (n,), strictly increasing: the presented frames, as their packets promise;
    ``key_pts`` int64 (k,): those that decoding can begin at, the first frame among them;
    ``end_pts`` when the last frame's time is over; ``width`` and ``height`` upright, square pixels.
    """

    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    end_pts: int
    time_base: Fraction
    width: int
    height: int
    codec: str
    container: str
    has_audio: bool
    warning: str = ""

    @property
    def average_rate(self) -> Fraction:
        """Frames per second over the whole video."""
        return self.pts.size / (int(self.end_pts - self.pts[0]) * self.time_base)


def probe_video(objects: Objects, key: str, limits: Limits) -> Probe:
    """Everything about the video, once it is known to be within the limits.

    Raises:
        VideoUnreadable: it can not be opened, is cut short, or holds no picture that decodes.
        VideoTooLarge: it is over a limit; the sentence names it.
    """
    (width, height), warning = _first_look(objects, key, limits)
    with open_video(objects, key) as container:
        stream = picture_stream(container)
        has_audio = bool(container.streams.audio)
        # The format's name, not that of the library that decodes it.
        codec, name = stream.codec_context.codec.canonical_name, container.format.name
        time_base = _clock(stream)
        pts, key_pts, last_duration = _read_stamps(container, stream, limits)
    if pts.size * width * height > limits.pixels:
        raise VideoTooLarge(told("pixels", frames=f"{pts.size:,}", width=width, height=height))
    end_pts = _end(pts, last_duration, time_base)
    _check_duration(int(end_pts - pts[0]) * time_base, limits)
    _check_rate(pts, time_base, limits)
    return Probe(
        pts=pts,
        key_pts=key_pts,
        end_pts=end_pts,
        time_base=time_base,
        width=width,
        height=height,
        codec=codec,
        container=name,
        has_audio=has_audio,
        warning=warning,
    )


def _first_look(objects: Objects, key: str, limits: Limits) -> tuple[tuple[int, int], str]:
    """The size of the pictures as they will be decoded, and what becomes of them.

    The first one must decode.
    """
    with open_video(objects, key) as container:
        stream = picture_stream(container)
        stored = stored_size(stream)
        _check_promises(container, stream, limits)
        packets = islice(packets_of(container, stream), _PACKETS_TO_A_PICTURE)
        frame = next((frame for packet in packets for frame in decoded(packet)), None)
        if not isinstance(frame, VideoFrame):
            raise VideoUnreadable(told("undecodable"))
        size = turn_of(frame).upright_size(stored)
    _check_size(size, limits)
    return size, _conversion(look_of(frame))


def _conversion(look: Look) -> str:
    """What is done to the pictures that a viewer may see, in a sentence; empty where nothing is."""
    if look.is_high_range:
        return told("range-and-lines" if look.is_interlaced else "range-mapped")
    return told("lines-joined") if look.is_interlaced else ""


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    if min(size) < limits.shortest_side:
        raise VideoUnreadable(
            told("small", width=size[0], height=size[1], least=limits.shortest_side)
        )
    if max(size) > limits.longest_side:
        raise VideoTooLarge(
            told("large", width=size[0], height=size[1], most=f"{limits.longest_side:,}")
        )


def _check_promises(container: InputContainer, stream: VideoStream, limits: Limits) -> None:
    """What the header claims is within the limits; the packets are counted later all the same."""
    _check_size(stored_size(stream), limits)
    claims = [Fraction(stream.duration or 0) * (stream.time_base or 0)]
    claims.append(Fraction(container.duration or 0, 1_000_000))
    _check_duration(max(claims), limits)
    _check_frames(stream.frames, limits)


def _check_duration(seconds: Fraction, limits: Limits) -> None:
    if seconds > limits.duration_s:
        raise VideoTooLarge(
            told(
                "long",
                hours=f"{float(seconds) / 3600:,.1f}",
                most=f"{limits.duration_s / 3600:g}",
            )
        )


def _check_frames(frames: int, limits: Limits) -> None:
    if frames > limits.frames:
        raise VideoTooLarge(told("frames", frames=f"{frames:,}", most=f"{limits.frames:,}"))


def _check_rate(pts: NDArray[np.int64], time_base: Fraction, limits: Limits) -> None:
    """No second of it, wherever it begins, holds more frames than allowed."""
    most = limits.frames_per_s
    lasts = pts[most:] - pts[:-most]
    if lasts.size and int(lasts.min()) * time_base < 1:
        raise VideoTooLarge(told("dense", most=f"{most:,}"))


def _clock(stream: VideoStream) -> Fraction:
    """Seconds between two values of a stamp."""
    time_base = Fraction(stream.time_base or 0)
    if not 0 < time_base <= 1:
        raise VideoUnreadable(told("clock", seconds=f"{float(time_base):g}"))
    return time_base


def _read_stamps(
    container: InputContainer, stream: VideoStream, limits: Limits
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The pts of all frames and of the key frames in order, and how long the last one is shown."""
    shown: dict[int, int] = {}
    keys: list[int] = []
    first_key: int | None = None
    packets = 0
    is_cut = False
    for packet in _packets(container, stream):
        packets += 1
        is_cut = packet.is_corrupt and container.format.name != "mpegts"
        _check_frames(packets, limits)
        if packet.pts is None:
            continue
        if first_key is None and packet.is_keyframe:
            first_key = packet.pts
        # What leans on pictures before the first key frame is not decoded, so it is not presented.
        if first_key is None or packet.pts < first_key or packet.is_discard:
            continue
        shown[packet.pts] = packet.duration or 0
        if packet.is_keyframe:
            keys.append(packet.pts)
    if not shown:
        raise VideoUnreadable(told("no-frame"))
    promised = len(stream.index_entries) if container.format.name.startswith("mov") else 0
    if packets < promised or is_cut:
        raise VideoUnreadable(told("cut-short", frames=f"{packets:,}"))
    pts = np.array(sorted(shown), dtype=np.int64)
    key_pts = np.array(sorted({int(pts[0]), *keys}), dtype=np.int64)
    return pts, key_pts, shown[int(pts[-1])]


def _packets(container: InputContainer, stream: VideoStream) -> Iterator["Packet[VideoStream]"]:
    count = 0
    try:
        for packet in packets_of(container, stream):
            # The last one is empty: the end.
            if packet.size:
                count += 1
                yield packet
    except av.error.InvalidDataError as trouble:
        raise VideoUnreadable(told("damaged", frames=f"{count:,}")) from trouble


def _end(pts: NDArray[np.int64], last_duration: int, time_base: Fraction) -> int:
    """When the last frame's time is over; a frame like the others where the file does not say."""
    if last_duration > 0:
        return int(pts[-1]) + last_duration
    if pts.size > 1:
        return int(pts[-1]) + int(np.median(np.diff(pts)))
    return int(pts[-1]) + max(1, round(_LONE_FRAME_S / time_base))


def write_probe(probe: Probe) -> bytes:
    """The probe as Parquet; equal input, equal bytes."""
    about = {
        "end_pts": probe.end_pts,
        "time_base": str(probe.time_base),
        "width": probe.width,
        "height": probe.height,
        "codec": probe.codec,
        "container": probe.container,
        "has_audio": probe.has_audio,
        "warning": probe.warning,
    }
    table = pa.table({"pts": probe.pts, "is_key": np.isin(probe.pts, probe.key_pts)})
    written = io.BytesIO()
    described = table.replace_schema_metadata({"inyourarea": json.dumps(about)})
    pq.write_table(described, written, compression="zstd")
    return written.getvalue()


def read_probe(content: bytes) -> Probe:
    """The probe from Parquet."""
    table = pq.read_table(io.BytesIO(content))
    about = json.loads(table.schema.metadata[b"inyourarea"])
    pts = table.column("pts").to_numpy().astype(np.int64)
    is_key = table.column("is_key").to_numpy(zero_copy_only=False).astype(bool)
    time_base = Fraction(about.pop("time_base"))
    return Probe(pts=pts, key_pts=pts[is_key], time_base=time_base, **about)
