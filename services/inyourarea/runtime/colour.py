"""The video source's way from any colour, depth and scan to 8-bit 4:2:0 BT.709 limited range."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from inyourarea.runtime.matrix import LUMA_SHARES, Recolouring, recolouring

# Code points of ITU-T H.273, as the library gives them.
_BT709 = 1
_UNSAID = 2
_BT601 = 5
_PQ = 16
_HLG = 18
#: Primaries whose colours are so much wider than BT.709's that leaving them is seen: BT.2020, P3.
_WIDE_PRIMARIES = frozenset({9, 11, 12})
_LIMITED, _FULL = 1, 2
#: Picture sizes of standard-definition television, whose untagged colours are BT.601. Untagged
#: web video of similar size is mostly scaled down from high definition and keeps its BT.709.
_SD_WIDTHS = frozenset({704, 720})
_SD_HEIGHTS = frozenset({480, 486, 576})


@dataclass(frozen=True)
class Look:
    """What decides how a frame is converted; colour numbers are H.273's, settled, not unsaid."""

    width: int
    height: int
    pixels: str
    matrix: int
    primaries: int
    transfer: int
    span: int
    is_interlaced: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the frame's planes are used as they are, or recoloured one by one."""
        is_4_2_0 = self.pixels in {"yuv420p", "yuvj420p"}
        return is_4_2_0 and not self.is_remapped and not self.is_interlaced

    @property
    def recolouring(self) -> Recolouring | None:
        """What is still to be done to the planes, as they are or as a converter leaves them."""
        is_ours = self.matrix == _BT709 and self.span == _LIMITED
        if is_ours or self.is_remapped or self.matrix not in LUMA_SHARES:
            return None
        return recolouring(self.matrix, self.span == _FULL)

    @property
    def is_high_range(self) -> bool:
        """Whether the pictures are of high dynamic range."""
        return self.transfer in {_PQ, _HLG}

    @property
    def is_tabled(self) -> bool:
        """Whether a table does what the scaler would: see `tones`."""
        return self.pixels == "yuv420p10le" and self.is_remapped and not self.is_interlaced

    @property
    def is_remapped(self) -> bool:
        """Whether colours are mapped one by one: high dynamic range or wide primaries."""
        return self.is_high_range or self.primaries in _WIDE_PRIMARIES


def look_of(frame: VideoFrame) -> Look:
    """The frame's look, with what it leaves unsaid decided.

    Without a tag, RGB is full range, ``yuvj`` too, everything else limited. An untagged matrix
    is BT.709 except at the sizes of standard-definition television. SDR transfer curves and
    primaries other than wide ones are taken for BT.709's: they differ by less than is seen.
    """
    pixels = frame.format.name
    is_rgb = frame.format.is_rgb or pixels == "pal8"
    transfer = frame.color_trc if frame.color_trc in {_PQ, _HLG} else _BT709
    primaries = frame.color_primaries if frame.color_primaries in _WIDE_PRIMARIES else _BT709
    if transfer != _BT709 and frame.color_primaries == _UNSAID:
        primaries = 9
    is_full = frame.color_range == _FULL or is_rgb or pixels.startswith("yuvj")
    return Look(
        width=frame.width,
        height=frame.height,
        pixels=pixels,
        matrix=0 if is_rgb else _matrix(frame, primaries),
        primaries=primaries,
        transfer=transfer,
        span=_FULL if is_full else _LIMITED,
        is_interlaced=bool(frame.interlaced_frame),
    )


def _matrix(frame: VideoFrame, primaries: int) -> int:
    if frame.colorspace not in {0, _UNSAID}:
        return int(frame.colorspace)
    if primaries == 9:
        return 9
    is_sd = frame.width in _SD_WIDTHS and frame.height in _SD_HEIGHTS
    return _BT601 if is_sd else _BT709


class Converter:
    """Frames of one look go in, 8-bit 4:2:0 progressive ones come out, in order, pts kept.

    Colours are ours then, but for the look's `recolouring`, which is cheaper done on the planes.
    Interlaced frames come out one later than they went in; all others at once.
    """

    def __init__(
        self, look: Look, declared: VideoFrame, size: tuple[int, int], pixels: str = "yuv420p"
    ) -> None:
        """``declared`` is any frame of that look; ``size`` (width, height) what comes out.

        Pixels other than 8-bit 4:2:0 come out where ``pixels`` says so.
        """
        self.look = look
        self.size = size
        # The graph keeps these alive, and they the graph.
        self._graph, self._source, self._sink = _graph(look, declared, size, pixels)

    def push(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """The frames that are ready after this one."""
        self._source.push(frame)
        yield from self._ready()

    def flush(self) -> Iterator[VideoFrame]:
        """The frames that were still inside; only a deinterlacer keeps any, and it is used up."""
        if self.look.is_interlaced:
            self._source.push(None)
            yield from self._ready()

    def _ready(self) -> Iterator[VideoFrame]:
        while True:
            try:
                frame = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if isinstance(frame, VideoFrame) and frame.pts is not None:
                # Deinterlacing counts in halves of the unit that went in.
                frame.pts = int(frame.pts * (frame.time_base or 1))
                yield frame


def _graph(
    look: Look, declared: VideoFrame, size: tuple[int, int], pixels: str
) -> tuple[Graph, FilterContext, FilterContext]:
    matrix, span = (look.matrix, look.span) if look.recolouring else (_BT709, _LIMITED)
    graph = Graph()
    graph.threads = 1
    steps = [
        (
            "buffer",
            f"video_size={look.width}x{look.height}:pix_fmt={look.pixels}"
            f":time_base=1/1:pixel_aspect=1/1"
            f":colorspace={int(declared.colorspace)}:range={int(declared.color_range)}",
        )
    ]
    # Deinterlacing works on the fields as they are, so it comes before anything mixes lines.
    if look.is_interlaced:
        steps.append(("bwdif", "mode=send_frame:parity=auto:deint=interlaced"))
    steps += [
        (
            "setparams",
            f"colorspace={look.matrix}:range={look.span}"
            f":color_primaries={look.primaries}:color_trc={look.transfer}:field_mode=prog",
        ),
        (
            "scale",
            f"{size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int:intent=perceptual"
            ":out_primaries=bt709:out_transfer=bt709"
            f":out_color_matrix={matrix}:out_range={span}",
        ),
        ("format", f"pix_fmts={pixels}"),
        ("buffersink", ""),
    ]
    nodes = [graph.add(name, args or None) for name, args in steps]
    graph.link_nodes(*nodes)
    graph.configure()
    return graph, nodes[0], nodes[-1]


#: Converters that map colours one by one take seconds to build and hold nothing between frames, so
#: a process keeps them for the next stretch.
_MOST_IDLE = 4
_idle: list[Converter] = []
_lock = Lock()


def take_converter(look: Look, declared: VideoFrame, size: tuple[int, int]) -> Converter:
    """A converter for that look, nobody else's until it is put back."""
    with _lock:
        for place, converter in enumerate(_idle):
            if converter.look == look and converter.size == size:
                return _idle.pop(place)
    return Converter(look, declared, size)


def put_back(converter: Converter) -> None:
    """The converter may be used for another stretch, if it is one worth keeping."""
    with _lock:
        is_reusable = converter.look.is_remapped and not converter.look.is_interlaced
        if is_reusable and len(_idle) < _MOST_IDLE:
            _idle.append(converter)
