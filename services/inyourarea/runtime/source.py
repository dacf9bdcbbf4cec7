"""Where ingest and render get their frames: a stretch of a video as upright 8-bit 4:2:0 planes."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inyourarea.runtime.colour import Converter, Look, look_of, put_back, take_converter
from inyourarea.runtime.container import open_video, packets_of, picture_stream
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.tones import samples_of, tone_table
from inyourarea.runtime.upright import UPRIGHT, Orientation, orientation, square_size

#: Seconds before a stretch at which decoding begins, tried in turn until a frame comes out that is
#: not after the stretch's start: a seek goes by decoding stamps and may land on a key frame that is
#: shown later, or on one from which pictures recover slowly. The last resort is the beginning.
_RUN_UPS_S = (0, 2, 12, None)
#: Codes of a stream's field order that mean interlaced: both fields' orders, stored and shown.
_INTERLACED = range(2, 6)


@dataclass(frozen=True, eq=False)
class Planes:
    """One frame, upright, square pixels, progressive: 8-bit 4:2:0, BT.709, limited range.

    ``pts`` in the source's time base; ``y`` uint8 (H, W); ``u``, ``v`` uint8 (ceil(H/2),
    ceil(W/2)). Rows may be apart in memory. Read-only: the decoder still looks at them.
    """

    pts: int
    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]


def decode_segment(objects: Objects, key: str, start_pts: int, end_pts: int) -> Iterator[Planes]:
    """The presented frames with ``start_pts <= pts < end_pts``, in order, each pts once.

    Frames that do not decode are left out. The result depends on the span only, not on what
    was decoded before. The pictures are valid as long as they are held.

    Raises:
        VideoUnreadable: the object is no video, or no longer whole.
        ObjectNotFound: there is no such object.
    """
    for run_up_s in _RUN_UPS_S:
        with open_video(objects, key) as container:
            stream = picture_stream(container)
            size = stored_size(stream)
            target = _target(stream, start_pts, run_up_s)
            frames = _frames_from(container, stream, target)
            first = next(frames, None)
            if target is None or (first is not None and _pts(first) <= start_pts):
                found = chain(() if first is None else (first,), frames)
                yield from _presented(_converted(found, stream, size), start_pts, end_pts)
                return


def _presented(frames: Iterator[Planes], start_pts: int, end_pts: int) -> Iterator[Planes]:
    last = start_pts - 1
    for frame in frames:
        if frame.pts >= end_pts:
            return
        if frame.pts > last:
            last = frame.pts
            yield frame


def _target(stream: VideoStream, start_pts: int, run_up_s: int | None) -> int | None:
    """Where to seek to, or none for the beginning."""
    if run_up_s is None or not stream.time_base:
        return None
    target = start_pts - round(run_up_s / stream.time_base)
    # A deinterlacer looks at the frame before, so that one must decode as well.
    if stream.codec_context.field_order in _INTERLACED:
        target -= 1
    is_at_start = stream.start_time is not None and target <= stream.start_time
    return None if is_at_start else target


def _frames_from(
    container: InputContainer, stream: VideoStream, target: int | None
) -> Iterator[VideoFrame]:
    """Decoded frames in order of presentation, from a key frame near ``target``.

    Pictures shown before the key frame that decoding begins at are left out: they lean on what
    was not decoded (open GOP), and no decoder tells which of them came out whole.
    """
    if target is not None:
        try:
            container.seek(target, stream=stream, backward=True)
        except (av.error.FFmpegError, OSError):
            return
    first_key: int | None = None
    for packet in packets_of(container, stream):
        if first_key is None:
            if not packet.is_keyframe or packet.pts is None:
                continue
            first_key = packet.pts
        yield from (frame for frame in decoded(packet) if _pts(frame) >= first_key)


def decoded(packet: "Packet[VideoStream]") -> list[VideoFrame]:
    """The frames that are ready after this packet; a damaged one costs its own frame only."""
    with suppress(av.error.InvalidDataError):
        found = packet.decode()
        return [f for f in found if isinstance(f, VideoFrame) and f.pts is not None]
    return []


def _pts(frame: VideoFrame) -> int:
    return int(frame.pts or 0)


def stored_size(stream: VideoStream) -> tuple[int, int]:
    """Width and height of the stream's pictures with square pixels, before they are turned.

    Of the whole video before anything was decoded; after that, of the latest picture.
    """
    size = (stream.codec_context.width, stream.codec_context.height)
    return square_size(size, stream.sample_aspect_ratio)


def turn_of(frame: VideoFrame) -> Orientation:
    """What the frame's display matrix asks for."""
    carried: Any = frame.side_data
    try:
        found = carried[Type.DISPLAYMATRIX]
    except KeyError:
        return UPRIGHT
    return orientation(bytes(found))


def _converted(
    frames: Iterator[VideoFrame], stream: VideoStream, size: tuple[int, int]
) -> Iterator[Planes]:
    """Every frame in our colours, at that size, turned as the first one asks."""
    is_interlaced = stream.codec_context.field_order in _INTERLACED
    turn: Orientation | None = None
    converter: Converter | None = None
    try:
        for frame in frames:
            turn = turn or turn_of(frame)
            look = look_of(frame)
            is_interlaced = is_interlaced or look.is_interlaced
            look = replace(look, is_interlaced=is_interlaced)
            if converter and converter.look != look:
                yield from (_planes(late, converter.look, turn) for late in converter.flush())
                converter = None
            if (look.is_plain or look.is_tabled) and (frame.width, frame.height) == size:
                yield _planes(frame, look, turn)
                continue
            converter = converter or take_converter(look, frame, size)
            yield from (_planes(ready, look, turn) for ready in converter.push(frame))
        if converter and turn:
            yield from (_planes(late, converter.look, turn) for late in converter.flush())
    finally:
        if converter:
            put_back(converter)


def _planes(frame: VideoFrame, look: Look, turn: Orientation) -> Planes:
    if frame.format.name == "yuv420p10le":
        y, u, v = tone_table(look).apply(*(samples_of(plane) for plane in frame.planes))
    else:
        y, u, v = (_seen(plane) for plane in frame.planes[:3])
    if look.recolouring:
        y, u, v = look.recolouring.apply(y, u, v)
    return Planes(_pts(frame), turn.upright(y), turn.upright(u), turn.upright(v))


def _seen(plane: VideoPlane) -> NDArray[np.uint8]:
    """The plane as it lies in the decoder's memory, read-only."""
    pixels = pixels_of(plane)
    pixels.flags.writeable = False
    return pixels


def pixels_of(plane: VideoPlane) -> NDArray[np.uint8]:
    """An 8-bit plane uint8 (H, W) where it lies in memory, without a copy."""
    rows = np.frombuffer(memoryview(plane), np.uint8, plane.height * plane.line_size)
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
