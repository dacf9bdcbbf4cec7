"""Drawn footage, and measures of it made apart from the stage that is tested."""

import io
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.runtime.source import Planes

Floats = NDArray[np.float64]
Field = Callable[[Floats, Floats], Floats]


def luma_places(count: int) -> Floats:
    """Centres of luma samples, counted from the frame's edge."""
    return np.arange(count) + 0.5


def chroma_columns(count: int) -> Floats:
    """Chroma samples lie on the left one of two luma columns."""
    return 2 * np.arange(count) + 0.5


def chroma_rows(count: int) -> Floats:
    """Chroma samples lie midway between two luma rows."""
    return 2 * np.arange(count) + 1.0


def planes_of(light: Field, colour: Field, size: tuple[int, int], pts: int = 0) -> Planes:
    """The frame that samples these two fields of x and y, in pixels from the upper left corner."""
    width, height = size
    y = light(luma_places(width)[None, :], luma_places(height)[:, None])
    across, down = chroma_columns(-(-width // 2)), chroma_rows(-(-height // 2))
    u = colour(across[None, :], down[:, None])
    return Planes(pts, as_bytes(y), as_bytes(u), as_bytes(256 - u))


def as_bytes(values: Floats) -> NDArray[np.uint8]:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def stage(size: tuple[int, int], pts: int = 0, shift: float = 0.0) -> Planes:
    """A picture with soft and hard edges, fine and coarse detail; ``shift`` moves it right."""

    def light(x: Floats, y: Floats) -> Floats:
        x = x - shift
        detail = 28 * np.sin(x / 1.9) * np.sin(y / 2.3) + 30 * np.sin(x / 7.1 + y / 11.3)
        discs = 60 * np.tanh(3 * np.sin(x / 17.0) * np.sin(y / 23.0))
        return 125 + detail + discs

    def colour(x: Floats, y: Floats) -> Floats:
        return 128 + 50 * np.sin((x - shift) / 9.0) * np.cos(y / 12.0)

    return planes_of(light, colour, size, pts)


def ideal_crop(frame: Planes, window: Iterable[float], size: tuple[int, int]) -> list[Floats]:
    """Three planes in float64: Lanczos of three lobes, widened when shrinking, edges repeated."""
    x1, y1, x2, y2 = window
    width, height = size
    across = x1 + luma_places(width) * (x2 - x1) / width
    down = y1 + luma_places(height) * (y2 - y1) / height
    y = _ideal_plane(frame.y, across - 0.5, down - 0.5)
    across = x1 + chroma_columns(width // 2) * (x2 - x1) / width
    down = y1 + chroma_rows(height // 2) * (y2 - y1) / height
    return [y] + [
        _ideal_plane(plane, (across - 0.5) / 2, (down - 1) / 2) for plane in (frame.u, frame.v)
    ]


def _ideal_plane(plane: NDArray[np.uint8], across: Floats, down: Floats) -> Floats:
    columns, rows = _ideal_weights(across, plane.shape[1]), _ideal_weights(down, plane.shape[0])
    return rows @ plane.astype(np.float64) @ columns.T


def _ideal_weights(places: Floats, count: int) -> Floats:
    """Dense (outputs, count); what reaches beyond the edge counts for the sample at the edge."""
    scale = max(1.0, float(np.diff(places).mean()))
    margin = int(4 * scale) + 2
    samples = np.arange(-margin, count + margin)
    x = (samples[None, :] - places[:, None]) / scale
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    folded = weights[:, margin:-margin].copy()
    folded[:, 0] += weights[:, :margin].sum(axis=1)
    folded[:, -1] += weights[:, -margin:].sum(axis=1)
    return folded


def ssim(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian of 1.5 in 11 x 11, mean of the plane."""

    def blur(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5))

    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    steady, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + steady) * (2 * both + contrast)
    return float(
        (likeness / ((mean_a**2 + mean_b**2 + steady) * (var_a + var_b + contrast)))[
            5:-5, 5:-5
        ].mean()
    )


def decoded(content: bytes | Path) -> list[Planes]:
    """All frames of a video; ``pts`` are in its own time base."""
    file: Any = str(content) if isinstance(content, Path) else io.BytesIO(content)
    with av.open(file) as container:
        return [_planes(frame) for frame in container.decode(video=0)]


def _planes(frame: Any) -> Planes:
    wide = frame.to_ndarray(format="yuv420p")
    width, height = frame.width, frame.height
    y, rest = wide[:height], wide[height:].reshape(2, height // 2, width // 2)
    return Planes(frame.pts, y.copy(), rest[0].copy(), rest[1].copy())


def stamps(content: bytes | Path) -> list[Fraction]:
    """When each frame is shown, in seconds, and last when the film ends."""
    file: Any = str(content) if isinstance(content, Path) else io.BytesIO(content)
    with av.open(file) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        ends = packets[-1].pts + packets[-1].duration
        return [packet.pts * stream.time_base for packet in packets] + [ends * stream.time_base]


def boxes_of(content: bytes) -> list[str]:
    """The names of an MP4's outermost boxes, in order."""
    names, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        names.append(content[at + 4 : at + 8].decode("latin1"))
        at += size
    return names
