"""Where pictures become a piece: the H.264 of one segment of one fancam, as a small MP4."""

import io
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import IO, Any, cast

import av
import numpy as np
from av.video.frame import VideoFrame

from inyourarea.render.crop import Canvas
from inyourarea.render.resample import Plane

#: Constant quality of what is published.
FINE_CRF = 19
#: Constants of every fancam, and part of every piece's key. ``veryfast`` at CRF 19 keeps the mean
#: SSIM to the ideal crop above .97 on all footage measured (.972 on the most finely textured clip,
#: .985 to .993 elsewhere). One thread, since the number of threads changes the bytes; no B-frames,
#: so that stamps of decoding and showing are one; ``stitchable``, so that no header depends on the
#: pictures and pieces of one fancam can follow each other.
#:
#: No macroblock tree, though it would save 6 to 13 % at equal SSIM: with AVX-512 x264 core 165
#: gave other bytes in one run of twenty. Without it and without B-frames, looking ahead brings
#: nothing: the bytes are the same with and without.
X264 = MappingProxyType(
    {
        "preset": "veryfast",
        "crf": str(FINE_CRF),
        "profile": "high",
        "bf": "0",
        "threads": "1",
        "x264-params": "stitchable=1:mbtree=0:rc-lookahead=0:open-gop=0:sliced-threads=0",
    }
)
#: Code of BT.709 for primaries, transfer and matrix, and of limited range (ITU-T H.273).
BT709, LIMITED = 1, 1
#: Frame rates that a stream may be announced with; only its level depends on that.
RATES = (30, 60, 120)


@dataclass(frozen=True)
class PieceFormat:
    """What all pieces of one film have in common: size, time base, announced frame rate, CRF."""

    size: tuple[int, int]
    time_base: Fraction
    rate: int
    crf: int = FINE_CRF

    @property
    def options(self) -> dict[str, str]:
        """What the encoder is told."""
        return X264 | {"crf": str(self.crf)}

    @property
    def parameters(self) -> str:
        """Everything besides the pictures that decides a piece's bytes, for its key."""
        options = " ".join(f"{name}={value}" for name, value in self.options.items())
        width, height = self.size
        return f"libx264 {options} {width}x{height} {self.time_base} {self.rate}"


def announced_rate(average: Fraction) -> int:
    """The least of `RATES` that is not below the source's average rate, else the largest."""
    return next((rate for rate in RATES if average <= rate), RATES[-1])


class PieceEncoder:
    """Encodes one piece; draw on ``canvas``, then `add` the frame, and `finish` after the last.

    Stamps are in the format's time base and count from ``start_pts``, the segment's start.
    """

    def __init__(self, form: PieceFormat, start_pts: int) -> None:
        self._form = form
        self._start_pts = start_pts
        self._file = io.BytesIO()
        self._container = av.open(
            cast("IO[Any]", self._file), "w", format="mp4", options=_timescales(form.time_base)
        )
        self._stream = self._container.add_stream("libx264", rate=form.rate, options=form.options)
        self._stream.width, self._stream.height = form.size
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = form.time_base
        context = self._stream.codec_context
        context.time_base = form.time_base
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        self._frame = blank_frame(form.size)
        self._durations: dict[int, int] = {}
        #: The next frame's planes: the encoder's own memory.
        self.canvas = canvas_on(self._frame)

    def add(self, pts: int, duration: int) -> None:
        """What is on the canvas is shown from ``pts`` on; the canvas may be drawn on again."""
        place = pts - self._start_pts
        self._durations[place] = duration
        self._frame.pts = place
        self._frame.time_base = self._form.time_base
        self._mux(self._stream.encode(self._frame))

    def finish(self) -> bytes:
        """The whole piece; nothing can be added any more."""
        self._mux(self._stream.encode())
        self._container.close()
        return self._file.getvalue()

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)


def _timescales(time_base: Fraction) -> dict[str, str]:
    """Options that make the file count in the source's own ticks, and its bytes repeatable."""
    ticks = str(time_base.denominator)
    return {"fflags": "+bitexact", "movie_timescale": ticks, "video_track_timescale": ticks}


def blank_frame(size: tuple[int, int]) -> VideoFrame:
    """A frame as everything here is: 8-bit 4:2:0, BT.709, limited range; what it shows is open."""
    frame = VideoFrame(*size, "yuv420p")
    frame.colorspace, frame.color_range = BT709, LIMITED
    return frame


def canvas_on(frame: VideoFrame) -> Canvas:
    """The frame's own memory, to draw on or to look at."""
    return Canvas(*(_plane_of(frame, number) for number in range(3)))


def _plane_of(frame: VideoFrame, number: int) -> Plane:
    plane = frame.planes[number]
    rows = np.frombuffer(cast("Any", plane), np.uint8, plane.height * plane.line_size)
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
