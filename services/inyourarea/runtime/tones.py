"""From high dynamic range or wide colours in 10 bits to ours, by a table of the scaler's answers.

The scaler takes 31 ms CPU for a frame of 1080p, this 12. A colour is the scaler's within half
a step on average and mostly within 3, more so inside the gamut, whose edges are kinks; at edges in
the picture, where tones are mapped after chroma was averaged, a pixel may differ by a dozen.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import av
import cv2
import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from inyourarea.runtime.colour import Converter, Look

Plane = NDArray[np.uint8]
Plane10 = NDArray[np.uint16]

#: Values of a 10-bit sample.
_VALUES = 1024
#: The table has nodes at every so many values, as powers of 2: between those of chroma it is
#: interpolated, of luma the nearest is taken (greys are exact, only what colour adds is not).
#: Half as many nodes of chroma take 8 ms, and are up to 12 steps off where these are 6.
_CHROMA_BITS, _LUMA_BITS = 3, 3
_CHROMA_NODES, _LUMA_NODES = (_VALUES >> _CHROMA_BITS) + 1, (_VALUES >> _LUMA_BITS) + 1
#: Bits of a place between two nodes, as `cv2.remap` counts it.
_BETWEEN_BITS = cv2.INTER_BITS
#: No colour difference in 10 bits, and in 8.
_GREY_10, _GREY_8 = 512, 128


@dataclass(frozen=True, eq=False)
class ToneTable:
    """What becomes of every colour.

    ``greys`` uint8 (1024,) is the new luma where there is no colour. ``nodes`` uint8 (luma nodes x
    V nodes, U nodes, 3) is, at every node, what colour adds to the new luma (from 128), and the
    new U and V.
    """

    greys: Plane
    nodes: Plane

    def apply(self, y: Plane10, u: Plane10, v: Plane10) -> tuple[Plane, Plane, Plane]:
        """Y uint16 (H, W), U and V uint16 (ceil(H/2), ceil(W/2)), as 8-bit planes of BT.709.

        Luma goes pixel by pixel, all that colour decides by the mean luma of its 2x2 pixels.
        """
        height, width = y.shape
        even = cv2.copyMakeBorder(y, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        mean = cv2.resize(even, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_AREA)
        made = cv2.remap(self.nodes, *_places(np.asarray(mean, np.uint16), u, v), cv2.INTER_LINEAR)
        tint = cv2.resize(cv2.extractChannel(made, 0), (even.shape[1], even.shape[0]))
        luma = np.take(self.greys, y, mode="clip")
        return (
            np.asarray(cv2.addWeighted(luma, 1, tint[:height, :width], 1, -_GREY_8), np.uint8),
            np.asarray(cv2.extractChannel(made, 1), np.uint8),
            np.asarray(cv2.extractChannel(made, 2), np.uint8),
        )


def _places(mean: Plane10, u: Plane10, v: Plane10) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Where in ``nodes`` each pixel's colour lies, in the fixed-point form of `cv2.remap`."""
    whole = np.empty((*u.shape, 2), np.int16)
    np.right_shift(u, _CHROMA_BITS, out=whole[..., 0], casting="unsafe")
    row = (mean + (1 << _LUMA_BITS >> 1)) >> _LUMA_BITS
    row *= _CHROMA_NODES
    row += v >> _CHROMA_BITS
    whole[..., 1] = row
    inner = (1 << _CHROMA_BITS) - 1
    between = (v & inner) << _BETWEEN_BITS
    between |= u & inner
    between <<= _BETWEEN_BITS - _CHROMA_BITS
    return whole, np.asarray(between, np.uint16)


def tone_table(look: Look) -> ToneTable:
    """The table for frames of that look, whatever their size; made once a process, in 4 s."""
    return _table(replace(look, width=0, height=0))


@lru_cache(maxsize=4)
def _table(look: Look) -> ToneTable:
    chroma = np.minimum(np.arange(_CHROMA_NODES) << _CHROMA_BITS, _VALUES - 1)
    luma = np.minimum(np.arange(_LUMA_NODES) << _LUMA_BITS, _VALUES - 1)
    y, v, u = (axis.ravel() for axis in np.meshgrid(luma, chroma, chroma, indexing="ij"))
    greys = np.arange(_VALUES)
    none = np.full(_VALUES, _GREY_10)
    colours = np.stack([np.append(y, greys), np.append(u, none), np.append(v, none)])
    made = _converted(look, colours)
    plain = np.round(made[0, y.size :])
    nodes = made[:, : y.size]
    nodes[0] += _GREY_8 - plain[y]
    shape = (_LUMA_NODES * _CHROMA_NODES, _CHROMA_NODES, 3)
    return ToneTable(
        greys=plain.astype(np.uint8),
        nodes=np.clip(np.round(nodes.T), 0, 255).astype(np.uint8).reshape(shape),
    )


def _converted(look: Look, colours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Colours (3, n) of 10 bits as the scaler makes them ours: (3, n) in steps of 8 bits."""
    width = _CHROMA_NODES
    height = -(-colours.shape[1] // width)
    picture = av.VideoFrame(width, height, "yuv444p10le")
    picture.colorspace, picture.color_range, picture.pts = look.matrix, look.span, 0
    for plane, values in zip(picture.planes, colours, strict=True):
        rows = np.zeros((height, plane.line_size // 2), np.uint16)
        rows[:, :width].flat[: values.size] = values
        plane.update(rows.tobytes())
    look = replace(look, width=width, height=height, pixels="yuv444p10le")
    (made,) = Converter(look, picture, (width, height), "yuv444p16le").push(picture)
    found = np.stack([samples_of(plane).ravel() for plane in made.planes])
    return found[:, : colours.shape[1]] / 256


def samples_of(plane: VideoPlane) -> Plane10:
    """A plane of more than 8 bits, uint16 (H, W), where it lies in memory, without a copy."""
    rows = np.frombuffer(memoryview(plane), "<u2", plane.height * plane.line_size // 2)
    return rows.reshape(plane.height, -1)[:, : plane.width]
