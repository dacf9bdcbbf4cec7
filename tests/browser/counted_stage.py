"""A stage whose pictures tell their number, a group of coloured heads, and a model that sees them.

Across every picture, wherever a window lies, runs a band of grey bars between two green ones: the
picture's number in Gray code and a parity bar, so that one picture differs from the next by little
and a wrong reading is noticed. Every second shot is inverted, so that its beginning is a cut.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    metadata_of,
)
from media import Sound, sound_packets

Picture = NDArray[np.uint8]

GROUP = "counted"
FPS = 30
#: Members and the colours of their heads: far from every grey, from the band's green, and from
#: what the edge of another head against the ground comes to.
HEADS = {
    "Ana": (230, 40, 40),
    "Bo": (30, 30, 235),
    "Chae": (235, 225, 40),
    "Dami": (225, 40, 225),
    "Eun": (40, 215, 225),
    "Fei": (245, 140, 30),
    "Gia": (100, 150, 255),
    "Hana": (255, 100, 150),
    "Ivy": (150, 255, 90),
}
#: How far a pixel's channels may be from a head's colour to be of it.
_NEAR = 42
#: Shares of the height: where the band begins in even and in odd shots (so far
#: apart that a cut is no pan), its green bars, its grey ones, and the heads.
_BANDS, _GREEN, _BAR = (115 / 360, 245 / 360), 9 / 360, 7 / 360
_HEAD_TOP, _HEAD = 62 / 360, 36 / 360
_BITS = 11
_DARK, _BRIGHT = 35, 205
_BAND_GREEN = (0, 200, 0)


@dataclass(frozen=True)
class CountedStage:
    """What to draw: ``shots`` are seconds that each lasts, one member fewer in every second one."""

    members: tuple[str, ...] = ("Ana", "Bo", "Chae")
    size: tuple[int, int] = (640, 360)
    shots: tuple[float, ...] = (4, 2, 3)
    #: Seconds in which the first two members wear each other's heads, and of which shot.
    swapped_s: float = 0
    swapped_shot: int = -1
    #: When the last member's head is hidden, in seconds.
    hidden_s: tuple[float, float] = (0, 0)

    @property
    def starts(self) -> list[int]:
        """The first frame of each shot, and the number of frames."""
        return [0, *np.cumsum([round(lasts * FPS) for lasts in self.shots]).tolist()]

    @property
    def frames(self) -> int:
        return self.starts[-1]

    @property
    def swap_starts(self) -> int:
        """The frame from which on two members are taken for each other."""
        return self.starts[:-1][self.swapped_shot]

    def shot(self, number: int) -> int:
        """The shot that a frame is in."""
        return int(np.searchsorted(self.starts, number, side="right")) - 1

    def head(self, member: int, number: int) -> tuple[float, float] | None:
        """Left edge and width of the member's head in a frame, as shares of the width; or away."""
        shot, seconds = self.shot(number), number / FPS
        if shot % 2 and member == 0:
            return None
        if member == len(self.members) - 1 and self.hidden_s[0] <= seconds < self.hidden_s[1]:
            return None
        width = _HEAD * self.size[1] / self.size[0]
        place = (member + 1) / (len(self.members) + 1)
        if shot % 2:
            place = 1 - place
        # The first member goes to and fro, so that her window does.
        sway = 0.11 * np.sin(seconds * 1.5) if member == 0 else 0.0
        return place + sway - width / 2, width

    def colour(self, member: int, number: int) -> tuple[int, int, int]:
        """The colour of the member's head in a frame."""
        start = self.swap_starts
        if member < 2 and start <= number < start + self.swapped_s * FPS:
            member = 1 - member
        return HEADS[self.members[member]]

    def picture(self, number: int) -> Picture:
        """The frame, uint8 RGB (height, width, 3)."""
        width, height = self.size
        picture = _ground(self.size, self.shot(number)).copy()
        top = round(_BANDS[self.shot(number) % 2] * height)
        for share, colour in _bars(number, self.shot(number) % 2 == 1):
            end = top + round(share * height)
            picture[top:end] = colour
            top = end
        for member in range(len(self.members)):
            if head := self.head(member, number):
                x1, y1 = round(head[0] * width), round(_HEAD_TOP * height)
                x2, y2 = x1 + round(head[1] * width), y1 + round(_HEAD * height)
                picture[y1:y2, x1:x2] = self.colour(member, number)
        return picture


_GROUNDS: dict[tuple[tuple[int, int], int], Picture] = {}


def _ground(size: tuple[int, int], shot: int) -> Picture:
    """What is behind everybody: blocks that stay, other ones in every shot."""
    if (size, shot) not in _GROUNDS:
        blocks = np.random.default_rng(shot).integers(10, 120, (9, 16)).astype(np.uint8)
        high, wide = (-(-side // count) for side, count in zip(size[::-1], (9, 16), strict=True))
        grey = blocks.repeat(high, axis=0).repeat(wide, axis=1)[: size[1], : size[0]]
        _GROUNDS[size, shot] = np.repeat(grey[..., None], 3, axis=2)
    return _GROUNDS[size, shot]


def _bars(number: int, is_inverted: bool) -> Iterator[tuple[float, tuple[int, int, int]]]:
    """Heights and colours from above: the last bar tells whether dark and bright are exchanged."""
    yield _GREEN, _BAND_GREEN
    gray = number ^ (number >> 1)
    bits = [gray >> at & 1 for at in range(_BITS)]
    for bit in (*bits, sum(bits) & 1, 1):
        yield _BAR, ((_BRIGHT,) * 3 if bit != is_inverted else (_DARK,) * 3)
    yield _GREEN, _BAND_GREEN


def read_number(picture: Picture) -> int | None:
    """The number that a picture of the stage, or of any window of it, tells; none: unreadable."""
    aside = picture.shape[1] // 8  # in the middle a count-in may stand
    column = picture[:, max(0, aside - 2) : aside + 3].astype(np.int16).mean(axis=1)
    is_green = (column[:, 1] > column[:, 0] + 90) & (column[:, 1] > column[:, 2] + 90)
    greens = np.flatnonzero(is_green)
    if greens.size < 2:
        return None
    gap = int(np.argmax(np.diff(greens)))
    first, last = int(greens[gap]) + 1, int(greens[gap + 1])
    count = _BITS + 2
    if last - first < 2 * count:
        return None
    places = first - 0.5 + (np.arange(count) + 0.5) * (last - first) / count
    bits = np.interp(places, np.arange(len(column)), column.mean(axis=1)) > (_DARK + _BRIGHT) / 2
    bits = bits[:-1] == bits[-1]
    if bits.sum() % 2:
        return None
    gray = sum(1 << at for at in range(_BITS) if bits[at])
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    return number


def shows(picture: Picture, member: str) -> NDArray[np.bool_]:
    """Where in the picture that member's head is, bool (height, width)."""
    apart = np.abs(picture.astype(np.int16) - np.array(HEADS[member])).max(axis=2)
    is_head: NDArray[np.bool_] = apart < _NEAR
    return is_head


def film_of(stage: CountedStage) -> bytes:
    """The stage as an mp4 with sound, as a camera might have written it."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        assert isinstance(container, OutputContainer)
        options = {"preset": "ultrafast", "crf": "16", "g": str(FPS)}
        video: Any = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = *stage.size, "yuv420p"
        video.time_base = Fraction(1, FPS)
        packets = [packet for frame in _frames(stage) for packet in video.encode(frame)]
        packets += video.encode(None)
        lasts = Fraction(stage.frames, FPS)
        packets += sound_packets(container, Sound(length_s=lasts, click_s=lasts / 2))
        for packet in sorted(packets, key=lambda one: (one.dts or 0) * one.time_base):
            container.mux(packet)
    return written.getvalue()


def _frames(stage: CountedStage) -> Iterator[VideoFrame]:
    for number in range(stage.frames):
        frame = VideoFrame.from_ndarray(stage.picture(number), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def write_models(folder: Path) -> None:
    """A model repository whose one model finds the heads."""
    (folder / GROUP / "1").mkdir(parents=True)
    (folder / GROUP / "1" / "model.onnx").write_bytes(heads_model())
    (folder / "groups").mkdir()
    lines = [f'name = "{GROUP}"', f'model = "{GROUP}"', "version = 1", "confidence = 0.5"]
    for name, colour in HEADS.items():
        hexed = "".join(f"{part:02x}" for part in colour)
        lines += ["[[member]]", f'name = "{name}"', f'colour = "#{hexed}"']
    (folder / "groups" / f"{GROUP}.toml").write_text("\n".join(lines), encoding="utf-8")


def heads_model() -> bytes:
    """The box around all pixels of each member's colour, where there are enough of them."""
    info = ModelInfo(GROUP, "group", tuple(HEADS), 384, 640, 1, confidence=0.5, floor=0.2)
    count = len(HEADS)
    constants = {
        "colours": np.array(list(HEADS.values()), np.float32).reshape(count, 1, 1, 3),
        "near": np.float32(_NEAR),
        "enough": np.float32(6),
        "zero": np.float32(0),
        "one": np.float32(1),
        "far": np.float32(1e6),
        "rows_axis": np.array([2], np.int64),
        "columns_axis": np.array([3], np.int64),
        "class_axis": np.array([1], np.int64),
        "xs": np.arange(info.width, dtype=np.float32),
        "ys": np.arange(info.height, dtype=np.float32),
        "score": np.diag(np.full(count, 0.9, np.float32)),
        "pads": np.array([0, 0, 0, 0, BOXES_PER_FRAME - count, 0], np.int64),
    }
    steps: list[tuple[str, list[str], list[str], dict[str, Any]]] = [
        ("Cast", [FRAMES_INPUT], ["numbers"], {"to": TensorProto.FLOAT}),
        ("Unsqueeze", ["numbers", "class_axis"], ["wide"], {}),
        ("Sub", ["wide", "colours"], ["off"], {}),
        ("Abs", ["off"], ["apart"], {}),
        ("ReduceMax", ["apart"], ["most"], {"axes": [4], "keepdims": 0}),
        ("Less", ["most", "near"], ["is_head"], {}),
        ("Cast", ["is_head"], ["head"], {"to": TensorProto.FLOAT}),
    ]
    for way, axis, places in (("x", "rows_axis", "xs"), ("y", "columns_axis", "ys")):
        steps += [
            ("ReduceSum", ["head", axis], [f"{way}_sum"], {"keepdims": 0}),
            ("Greater", [f"{way}_sum", "enough"], [f"{way}_is"], {}),
            ("Where", [f"{way}_is", places, "far"], [f"{way}_low"], {}),
            ("ReduceMin", [f"{way}_low"], [f"{way}1"], {"axes": [2], "keepdims": 1}),
            ("Add", [places, "one"], [f"{way}_next"], {}),
            ("Where", [f"{way}_is", f"{way}_next", "zero"], [f"{way}_high"], {}),
            ("ReduceMax", [f"{way}_high"], [f"{way}2"], {"axes": [2], "keepdims": 1}),
        ]
    steps += [
        ("Concat", ["x1", "y1", "x2", "y2"], ["edges"], {"axis": 2}),
        ("Greater", ["x2", "zero"], ["is_there"], {}),
        ("Where", ["is_there", "edges", "zero"], ["boxes_there"], {}),
        ("Pad", ["boxes_there", "pads"], [BOXES_OUTPUT], {}),
        ("Where", ["is_there", "score", "zero"], ["scores_there"], {}),
        ("Pad", ["scores_there", "pads"], [SCORES_OUTPUT], {}),
    ]
    shape = ["N", info.height, info.width, 3]
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in steps],
        info.name,
        [helper.make_tensor_value_info(FRAMES_INPUT, TensorProto.UINT8, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", BOXES_PER_FRAME, columns])
            for name, columns in ((BOXES_OUTPUT, 4), (SCORES_OUTPUT, count))
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata_of(info))
    return model.SerializeToString(deterministic=True)


#: Ana is away from 4 to 6 s, Chae's head is hidden from 1 to 2.8 s, and from 6 to 8 s Ana and Bo
#: are taken for each other.
STAGE = CountedStage(shots=(4, 2, 10), swapped_s=2, hidden_s=(1.0, 2.8))
#: A minute of steady playing, and what is needed before and after it.
LONG_STAGE = CountedStage(shots=(76,))
