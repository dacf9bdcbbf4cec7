"""Where a fancam's picture is made of a frame: the window's part of it, planes in, planes out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inyourarea.render.resample import Plane, Scratch, Span, resample

#: In 4:2:0 as MPEG-2 and H.264 have it, a chroma sample lies on the left one of its two columns of
#: luma samples, a quarter of a chroma sample left of the middle (ITU-T H.264, figure E-1, type 0).
CHROMA_LEFT = 0.25


class Picture(Protocol):
    """Three planes 4:2:0: y uint8 (H, W); u, v uint8 (ceil(H/2), ceil(W/2))."""

    @property
    def y(self) -> Plane:
        """Luma."""
        ...

    @property
    def u(self) -> Plane:
        """Blue difference."""
        ...

    @property
    def v(self) -> Plane:
        """Red difference."""
        ...


@dataclass(frozen=True, eq=False)
class Canvas:
    """Planes to draw on, of even width and height; they may be views with padded rows."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def blank(cls, width: int, height: int) -> "Canvas":
        """A black canvas of its own."""
        grey = (height // 2, width // 2)
        return cls(
            np.full((height, width), 16, np.uint8),
            np.full(grey, 128, np.uint8),
            np.full(grey, 128, np.uint8),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in luma samples."""
        return self.y.shape[1], self.y.shape[0]

    def copy_from(self, other: "Canvas") -> None:
        """This canvas shows what that one of the same size shows."""
        np.copyto(self.y, other.y)
        np.copyto(self.u, other.u)
        np.copyto(self.v, other.v)

    def part(self, left: int, top: int, width: int, height: int) -> "Canvas":
        """The canvas below a rectangle, all of whose numbers are even."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        half_rows = slice(top // 2, (top + height) // 2)
        half_columns = slice(left // 2, (left + width) // 2)
        halves = (plane[half_rows, half_columns] for plane in (self.u, self.v))
        return Canvas(self.y[rows, columns], *halves)


def crop(frame: Picture, window: NDArray[np.floating], canvas: Canvas, scratch: Scratch) -> None:
    """The canvas shows what the window frames, resampled to the sub-pixel.

    ``window`` is xyxy (4,) in the frame's luma samples, its edges between samples: 0, 0 is the
    frame's upper left corner. Beyond the frame its edge is repeated. Chroma is sampled so that on
    the canvas it lies to luma as it did in the frame.

    Raises:
        ValueError: the window is empty or not finite.
    """
    x1, y1, x2, y2 = (float(edge) for edge in window)
    if not (x1 < x2 and y1 < y2 and np.isfinite(window).all()):
        raise ValueError(f"the window {x1, y1, x2, y2} frames nothing")
    width, height = canvas.size
    across, down = Span(x1, x2 - x1, width), Span(y1, y2 - y1, height)
    resample(frame.y, across, down, canvas.y, scratch)
    across, down = _chroma_across(across), _chroma_down(down)
    resample(frame.u, across, down, canvas.u, scratch)
    resample(frame.v, across, down, canvas.v, scratch)


def _chroma_across(luma: Span) -> Span:
    """The same stretch in chroma columns; the siting shifts it as the scale changes."""
    scale = luma.length / luma.outputs
    start = luma.start / 2 + CHROMA_LEFT * (1 - scale)
    return Span(start, luma.length / 2, luma.outputs // 2)


def _chroma_down(luma: Span) -> Span:
    """The same stretch in chroma rows, which lie midway between luma rows."""
    return Span(luma.start / 2, luma.length / 2, luma.outputs // 2)
