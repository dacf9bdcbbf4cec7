"""Whether a browser can be given the source's own packets, and which ones those are."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.runtime.colour import look_of
from inyourarea.runtime.container import open_video, packets_of, picture_stream
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import decoded, stored_size, turn_of
from inyourarea.runtime.upright import UPRIGHT

#: Seconds between key frames at most, since a jump decodes from one: YouTube's are 5.3 s apart.
RAREST_KEYS_S = 6
#: Bits per second at most: over Wi-Fi a camera's 50 Mbit/s would stall where 20 play.
MOST_BITS = 20_000_000
#: Profiles that browsers decode, in hardware too.
PROFILES = frozenset({"Constrained Baseline", "Baseline", "Main", "High"})
#: First byte of a decoder configuration record (ISO/IEC 14496-15); an elementary stream has none.
AVCC = 1
#: Field orders of progressive pictures: unsaid, progressive.
_PROGRESSIVE = frozenset({0, 1})


@dataclass(frozen=True)
class Original:
    """The used part of a source: ``frames`` with ``start_pts <= pts < end_pts``.

    ``cuts`` are the starts of its segments.
    """

    key: str
    start_pts: int
    end_pts: int
    frames: int
    time_base: Fraction
    cuts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stamps:
    """Packets in the order of decoding, rows (n,): ``pts``, ``dts``, bytes, is it a key frame."""

    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    size: NDArray[np.int64]
    is_key: NDArray[np.bool_]


def can_be_copied(objects: Objects, original: Original) -> bool:
    """Whether the source's own packets play in any browser, frame for frame, segment by segment.

    Reads the whole part once, but decodes one picture only; runs in a child process.
    """
    try:
        with open_video(objects, original.key) as container:
            if not _is_played_as_it_is(container, original):
                return False
        with open_video(objects, original.key) as container:
            packets = packets_of_span(container, picture_stream(container), original)
            return are_independent(_read_stamps(packets), original)
    except VideoUnreadable:
        return False


def _is_played_as_it_is(container: InputContainer, original: Original) -> bool:
    stream = picture_stream(container)
    if not _is_plain(stream):
        return False
    _seek(container, stream, original.start_pts)
    frame = _first_frame(container, stream)
    return frame is not None and _is_shown_as_it_is(frame, stream)


def are_independent(stamps: Stamps, original: Original) -> bool:
    """Whether every segment, cut out of these packets, decodes by itself to all its frames."""
    pts, is_key = stamps.pts, stamps.is_key
    if pts.size != original.frames or np.any(np.diff(stamps.dts) <= 0):
        return False
    keys = pts[is_key]
    if keys[0] != original.start_pts or not set(original.cuts) <= set(keys.tolist()):
        return False
    # Closed: nothing before a key frame is shown after it, and nothing after it before.
    group = np.cumsum(is_key) - 1
    ends = np.append(keys[1:], original.end_pts)
    if np.any(pts < keys[group]) or np.any(pts >= ends[group]):
        return False
    seconds = np.diff([*keys.tolist(), original.end_pts]) * float(original.time_base)
    bits = 8 * int(stamps.size.sum()) / float(seconds.sum())
    return bool(seconds.max() <= RAREST_KEYS_S and bits <= MOST_BITS)


def packets_of_span(
    container: InputContainer, stream: VideoStream, original: Original
) -> Iterator["Packet[VideoStream]"]:
    """The packets of the original's frames, from its first key frame on, in order of decoding.

    Raises:
        VideoUnreadable: a packet is damaged or unstamped, or one that is needed is shown later.
    """
    _seek(container, stream, original.start_pts)
    is_begun = is_over = False
    for packet in packets_of(container, stream):
        if not packet.size:
            continue
        is_begun = is_begun or (packet.is_keyframe and packet.pts == original.start_pts)
        if not is_begun:
            continue
        if packet.pts is None or packet.dts is None or packet.is_corrupt or packet.is_discard:
            raise VideoUnreadable(told("packet"))
        if packet.pts >= original.end_pts:
            is_over = True
            if packet.is_keyframe:
                return
        elif is_over:
            raise VideoUnreadable(told("open-end"))
        else:
            yield packet


def _seek(container: InputContainer, stream: VideoStream, start_pts: int) -> None:
    if stream.start_time is None or start_pts <= stream.start_time:
        return
    container.seek(start_pts, stream=stream, backward=True)


def _is_plain(stream: VideoStream) -> bool:
    """Whether the stream's header names what browsers take."""
    codec = stream.codec_context
    return (
        codec.codec.canonical_name == "h264"
        and codec.profile in PROFILES
        and bytes(codec.extradata or b"\0")[0] == AVCC
        and int(codec.field_order) in _PROGRESSIVE
        and stored_size(stream) == (codec.width, codec.height)
    )


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    packets = packets_of(container, stream)
    return next((frame for packet in packets for frame in decoded(packet)), None)


def _is_shown_as_it_is(frame: VideoFrame, stream: VideoStream) -> bool:
    """Whether a decoder's picture needs no turning, no conversion and no other colours."""
    look = look_of(frame)
    size = (frame.width, frame.height)
    is_ours = look.pixels == "yuv420p" and look.is_plain and look.recolouring is None
    return is_ours and turn_of(frame) == UPRIGHT and size == stored_size(stream)


def _read_stamps(packets: Iterator["Packet[VideoStream]"]) -> Stamps:
    rows = [(p.pts, p.dts, p.size, p.is_keyframe) for p in packets]
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Stamps(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(bool))
