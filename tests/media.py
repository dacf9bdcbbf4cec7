"""Small videos for tests, drawn so that frames tell their number, their way up and their colour.

Every frame has a bright block in the upper left corner, a red tint on its left half, a blue one on
its right, and in the middle a grey square whose brightness is the frame's number.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from inyourarea.runtime.source import Planes

#: Grey values between one frame's square and the next one's: more than any encoder here loses.
STEP = 4
NUMBERS = 50
CORNER, GROUND = 180, 50
LEFT_UV, RIGHT_UV = (110, 160), (160, 110)

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Sound:
    """Silence with one click: ``start_s`` after the first frame, ``length_s`` long."""

    start_s: Fraction = Fraction(0)
    length_s: Fraction = Fraction(1)
    click_s: Fraction = Fraction(1, 2)
    codec: str = "aac"
    rate: int = 48000
    #: Each channel sounds alike; of more than one only where the encoder takes planes.
    layout: str = "mono"


@dataclass(frozen=True)
class Film:
    """What to write; ``pts`` in units of ``time_base``, ``keys`` the numbers of key frames."""

    pts: tuple[int, ...] = tuple(range(30))
    time_base: Fraction = Fraction(1, 30)
    size: tuple[int, int] = (160, 96)
    codec: str = "libx264"
    container: str = "mp4"
    pixels: str = "yuv420p"
    keys: tuple[int, ...] = (0,)
    options: dict[str, str] = field(default_factory=dict)
    #: Attributes of the codec's context: colour tags, pixel aspect, B-frames.
    context: dict[str, Any] = field(default_factory=dict)
    mux: dict[str, str] = field(default_factory=dict)
    turn: tuple[int, bool] | None = None
    is_interlaced: bool = False
    sound: Sound | None = None


def card(number: int, size: tuple[int, int]) -> tuple[Bytes, Bytes, Bytes]:
    """The picture of that number as Y, U, V of 4:2:0."""
    width, height = size
    y = np.full((height, width), GROUND, np.uint8)
    y[: height // 4, : width // 4] = CORNER
    y[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8] = grey(number)
    half = (-(-height // 2), -(-width // 2))
    u, v = np.empty(half, np.uint8), np.empty(half, np.uint8)
    middle = half[1] // 2
    for plane, left, right in ((u, LEFT_UV[0], RIGHT_UV[0]), (v, LEFT_UV[1], RIGHT_UV[1])):
        plane[:, :middle], plane[:, middle:] = left, right
    return y, u, v


def grey(number: int) -> int:
    return 30 + STEP * (number % NUMBERS)


def number_of(frame: Planes) -> int:
    """The number that the frame's middle tells."""
    height, width = frame.y.shape
    middle = frame.y[height * 7 // 16 : height * 9 // 16, width * 7 // 16 : width * 9 // 16]
    return round((float(middle.mean()) - 30) / STEP)


def is_upright(frame: Planes) -> bool:
    """Whether the bright corner is the upper left one and the red half the left one."""
    height, width = frame.y.shape
    corner = float(frame.y[: height // 8, : width // 8].mean())
    others = (frame.y[-height // 8 :, : width // 8], frame.y[: height // 8, -width // 8 :])
    u = frame.u[:, : frame.u.shape[1] // 4].mean(), frame.u[:, -frame.u.shape[1] // 4 :].mean()
    return corner > 150 and all(float(other.mean()) < 80 for other in others) and u[0] < u[1] - 20


def film(spec: Film) -> bytes:
    """The video file."""
    written = io.BytesIO()
    with (
        _own_priority(),
        av.open(written, "w", format=spec.container, options=dict(spec.mux)) as container,
    ):
        assert isinstance(container, OutputContainer)
        video = _video(container, spec)
        packets = _video_packets(video, spec)
        if spec.sound:
            packets = _in_order(packets, sound_packets(container, spec.sound))
        for packet in packets:
            container.mux(packet)
    return written.getvalue()


@contextmanager
def _own_priority() -> Iterator[None]:
    """This thread's priority stays as it was.

    SVT-AV1 gives the thread that calls it, where that is root's, a real-time one, which whatever is
    started from it inherits: two processes of tests then leave their children nothing of two cores.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def _video(container: OutputContainer, spec: Film) -> Any:
    options = {"g": "1000", "sc_threshold": "0", "bf": "0", "preset": "ultrafast", "crf": "8"}
    if spec.codec != "libx264":
        options = {}
    rate = round(1 / spec.time_base) if spec.time_base > Fraction(1, 1000) else 30
    video: Any = container.add_stream(spec.codec, rate=rate, options=options | spec.options)
    video.width, video.height, video.pix_fmt = *spec.size, spec.pixels
    video.time_base = video.codec_context.time_base = spec.time_base
    for name, value in spec.context.items():
        setattr(video.codec_context, name, value)
    if spec.turn:
        video.set_display_rotation(spec.turn[0], hflip=spec.turn[1])
    return video


def _video_packets(video: Any, spec: Film) -> Iterator[Any]:
    for number, pts in enumerate(spec.pts):
        frame = _frame(number, spec)
        frame.pts, frame.time_base = pts, spec.time_base
        frame.pict_type = PictureType.I if number in spec.keys else PictureType.NONE
        for packet in video.encode(frame):
            yield _lasting(packet, spec)
    for packet in video.encode(None):
        yield _lasting(packet, spec)


def _lasting(packet: Any, spec: Film) -> Any:
    """The last frame is shown as long as the one before it."""
    if packet.pts == spec.pts[-1] and len(spec.pts) > 1:
        packet.duration = spec.pts[-1] - spec.pts[-2]
    return packet


def _frame(number: int, spec: Film) -> VideoFrame:
    frame = VideoFrame(*spec.size, "yuv420p")
    planes = card(number, spec.size)
    if spec.is_interlaced:
        planes[0][1::2] = card(number + 1, spec.size)[0][1::2]
    for plane, pixels in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: pixels.shape[0], : pixels.shape[1]] = pixels
    if spec.pixels == "yuv420p":
        return frame
    if spec.pixels == "yuv420p10le":
        return _deep(frame, spec.size)
    return frame.reformat(format=spec.pixels, src_colorspace=1, dst_colorspace=1)


def _deep(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """Ten bits: four times every value."""
    deep = VideoFrame(*size, "yuv420p10le")
    for plane, source in zip(deep.planes, frame.planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
        eight = np.frombuffer(memoryview(source), np.uint8).reshape(-1, source.line_size)
        rows[:, : plane.width] = eight[:, : plane.width].astype(np.uint16) * 4
    return deep


def sound_packets(container: OutputContainer, sound: Sound) -> Iterator[Any]:
    """The sound's encoded packets, for a new stream of that container."""
    audio: Any = container.add_stream(sound.codec, rate=sound.rate, layout=sound.layout)
    audio.codec_context.time_base = Fraction(1, sound.rate)
    samples = click_track(sound)
    begins = round(sound.start_s * sound.rate)
    kind = audio.codec_context.format.name
    size = audio.codec_context.frame_size or 1024
    for at in range(0, samples.size, size):
        piece = np.repeat(samples[None, at : at + size], audio.codec_context.channels, axis=0)
        if kind.startswith("s"):
            depth: Any = np.int16 if kind.startswith("s16") else np.int32
            piece = (piece * np.iinfo(depth).max).astype(depth)
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(piece), format=kind, layout=sound.layout
        )
        frame.sample_rate, frame.pts = sound.rate, begins + at
        frame.time_base = Fraction(1, sound.rate)
        yield from audio.encode(frame)
    yield from audio.encode(None)


def click_track(sound: Sound) -> NDArray[np.float32]:
    """The sound's samples: a loud burst of 5 ms at ``click_s``, else silence."""
    samples = np.zeros(round(sound.length_s * sound.rate), np.float32)
    at = round((sound.click_s - sound.start_s) * sound.rate)
    samples[at : at + sound.rate // 200] = 0.8 * np.sign(np.sin(np.arange(sound.rate // 200) / 3.0))
    return samples


def _in_order(*streams: Iterator[Any]) -> Iterator[Any]:
    """Packets of several streams as a camera interleaves them."""
    packets = [packet for stream in streams for packet in stream]
    yield from sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base)


def onset_s(content: bytes) -> Fraction:
    """When the first loud sample of a file's sound is heard."""
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(_as_float(frame)).max(axis=0) > 0.2)
            if loud.size:
                return Fraction(frame.pts or 0) * frame.time_base + Fraction(
                    int(loud[0]), frame.sample_rate
                )
    raise AssertionError("nothing is heard")


def _as_float(frame: AudioFrame) -> NDArray[np.float32]:
    samples = frame.to_ndarray()
    return samples.astype(np.float32) / (32768 if samples.dtype == np.int16 else 1)


def trimmed_mp4(content: bytes, first: int, frames: int) -> bytes:
    """An mp4 of one track at 30 frames/s, written here, whose edit list shows a part of it."""
    at = content.index(b"elst") + 4
    scale = int.from_bytes(content[content.index(b"mvhd") + 16 :][:4], "big")
    media_scale = int.from_bytes(content[content.index(b"mdhd") + 16 :][:4], "big")
    assert int.from_bytes(content[at + 4 : at + 8], "big") == 1
    length = (frames * scale // 30).to_bytes(4, "big")
    begins = (first * media_scale // 30).to_bytes(4, "big")
    return content[: at + 8] + length + begins + content[at + 16 :]


def heard_s(content: bytes) -> tuple[Fraction, Fraction]:
    """When a file's sound begins and when it ends, as a player presents it."""
    with av.open(io.BytesIO(content)) as container:
        frames = list(container.decode(audio=0))
    base = Fraction(frames[0].time_base)
    last = Fraction(frames[-1].pts or 0) * base
    length = Fraction(frames[-1].samples, frames[-1].sample_rate)
    return Fraction(frames[0].pts or 0) * base, last + length
