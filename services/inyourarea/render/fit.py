"""What a fancam shows while its person is nowhere in the shot: the whole stage, over a blur."""

import cv2
import numpy as np

from inyourarea.render.crop import Canvas, Picture, crop
from inyourarea.render.resample import Plane, Scratch

#: The backdrop's light and colour over the frame's, in 256ths: dark enough that the eye goes to
#: the stage.
LIGHT, COLOUR = 102, 154
#: Blur of the backdrop (standard deviation) as a share of the picture's longer side.
BLUR = 1 / 24
#: The backdrop is drawn this many times smaller: after the blur nothing finer is left.
COARSER = 8
#: A stage that is shown so many times smaller, or more, is halved first: means of four samples,
#: which filtering after that leaves nothing of, and a quarter of the time.
HALVED = 6
#: Least samples to a side of the small backdrop.
SMALLEST = 4
BLACK, GREY = 16, 128


def fit(frame: Picture, canvas: Canvas, scratch: Scratch) -> None:
    """The canvas shows the whole frame, as large as fits, over a blurred and darkened copy of it.

    What remains of the canvas above and below, or beside, shows the middle of the copy. All is
    done in whole numbers, so that the bytes are the same on every CPU.
    """
    height, width = frame.y.shape
    left, top, across, down = _place((width, height), canvas.size)
    if (across, down) != canvas.size:
        _backdrop(frame, canvas)
    if width >= HALVED * across and not (width % 4 or height % 4):
        frame = _Halved(frame)
        height, width = frame.y.shape
    whole = np.array([0, 0, width, height], np.float64)
    crop(frame, whole, canvas.part(left, top, across, down), scratch)


class _Halved:
    """The frame at half its size; its width and height are multiples of four."""

    def __init__(self, frame: Picture) -> None:
        self.y, self.u, self.v = (_halved(plane) for plane in (frame.y, frame.u, frame.v))


def _halved(plane: Plane) -> Plane:
    height, width = plane.shape
    size = (width // 2, height // 2)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _place(frame: tuple[int, int], canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height, all even, of the fitted frame in the middle of the canvas."""
    scale = min(canvas[0] / frame[0], canvas[1] / frame[1])
    width, height = (
        min(outer, max(2, round(inner * scale / 2) * 2))
        for inner, outer in zip(frame, canvas, strict=True)
    )
    return (canvas[0] - width) // 4 * 2, (canvas[1] - height) // 4 * 2, width, height


def _backdrop(frame: Picture, canvas: Canvas) -> None:
    sigma = BLUR * max(canvas.size)
    _cover(frame.y, canvas.y, sigma, _paler(BLACK, LIGHT))
    _cover(frame.u, canvas.u, sigma / 2, _paler(GREY, COLOUR))
    _cover(frame.v, canvas.v, sigma / 2, _paler(GREY, COLOUR))


def _paler(rest: int, share: int) -> Plane:
    """For every value the one that is only ``share`` / 256 as far from ``rest``, uint8 (256,)."""
    return (rest + ((np.arange(256) - rest) * share + 128) // 256).astype(np.uint8)


def _cover(plane: Plane, into: Plane, sigma: float, table: Plane) -> None:
    """The plane's middle, blurred, its values looked up in the table, fills ``into``."""
    height, width = into.shape
    small = (max(SMALLEST, width // COARSER), max(SMALLEST, height // COARSER))
    coarse = _middle(plane, width / height)
    while coarse.shape[0] >= 2 * small[1] and coarse.shape[1] >= 2 * small[0]:
        coarse = np.asarray(cv2.pyrDown(coarse), np.uint8)
    little = cv2.resize(coarse, small, interpolation=cv2.INTER_LINEAR_EXACT)
    blurred = cv2.GaussianBlur(little, (0, 0), sigma / COARSER, borderType=cv2.BORDER_REPLICATE)
    dark = cv2.LUT(blurred, table)
    cv2.resize(dark, (width, height), dst=into, interpolation=cv2.INTER_LINEAR_EXACT)


def _middle(plane: Plane, aspect: float) -> Plane:
    """The largest middle part of that aspect (width / height), to whole samples."""
    height, width = plane.shape
    across = max(1, min(width, round(height * aspect)))
    down = max(1, min(height, round(width / aspect)))
    left, top = (width - across) // 2, (height - down) // 2
    return plane[top : top + down, left : left + across]
