"""What a fancam shows while its person is nowhere in the shot: the whole stage, over a blur."""

import cv2
import numpy as np

from inyourarea.render.crop import Canvas, Picture, crop
from inyourarea.render.resample import Plane, Scratch

#: The backdrop's light and colour over the frame's: dark enough that the eye goes to the stage.
LIGHT = 0.4
COLOUR = 0.6
#: Blur of the backdrop (standard deviation) as a share of the picture's longer side.
BLUR = 1 / 24
#: The backdrop is drawn this many times smaller: after the blur nothing finer is left.
COARSER = 8
#: Least samples to a side of the small backdrop.
SMALLEST = 4
BLACK, GREY = 16, 128


def fit(frame: Picture, canvas: Canvas, scratch: Scratch) -> None:
    """The canvas shows the whole frame, as large as fits, over a blurred and darkened copy of it.

    Upscaling beyond the frame's own size is left to the player only as far as the canvas asks;
    what remains of the canvas above and below, or beside, shows the middle of the backdrop.
    """
    height, width = frame.y.shape
    left, top, across, down = _place((width, height), canvas.size)
    if (across, down) != canvas.size:
        _backdrop(frame, canvas)
    whole = np.array([0, 0, width, height], np.float64)
    crop(frame, whole, canvas.part(left, top, across, down), scratch)


def _place(frame: tuple[int, int], canvas: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height, all even, of the fitted frame in the middle of the canvas."""
    scale = min(canvas[0] / frame[0], canvas[1] / frame[1])
    width, height = (
        min(outer, max(2, round(inner * scale / 2) * 2))
        for inner, outer in zip(frame, canvas, strict=True)
    )
    return (canvas[0] - width) // 4 * 2, (canvas[1] - height) // 4 * 2, width, height


def _backdrop(frame: Picture, canvas: Canvas) -> None:
    """Every plane's middle of the canvas's aspect, blurred, nearer to black and grey."""
    width, height = canvas.size
    sigma = BLUR * max(width, height)
    _cover(frame.y, canvas.y, sigma, (BLACK, LIGHT))
    _cover(frame.u, canvas.u, sigma / 2, (GREY, COLOUR))
    _cover(frame.v, canvas.v, sigma / 2, (GREY, COLOUR))


def _cover(plane: Plane, into: Plane, sigma: float, towards: tuple[int, float]) -> None:
    height, width = into.shape
    middle = _middle(plane, width / height)
    small = (max(SMALLEST, width // COARSER), max(SMALLEST, height // COARSER))
    little = cv2.resize(middle, small, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(little, (0, 0), sigma / COARSER, borderType=cv2.BORDER_REPLICATE)
    rest, share = towards
    dark = cv2.addWeighted(blurred, share, blurred, 0, rest * (1 - share))
    cv2.resize(dark, (width, height), dst=into, interpolation=cv2.INTER_LINEAR)


def _middle(plane: Plane, aspect: float) -> Plane:
    """The largest middle part of that aspect (width / height), to whole samples."""
    height, width = plane.shape
    across = max(1, min(width, round(height * aspect)))
    down = max(1, min(height, round(width / aspect)))
    left, top = (width - across) // 2, (height - down) // 2
    return plane[top : top + down, left : left + across]
