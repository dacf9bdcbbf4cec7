"""Between source pixels and the detector's fixed-size picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The grey of the bars, as in YOLOv5's own letterbox.
BAR_GREY = 114


@dataclass(frozen=True)
class Letterbox:
    """How a frame sits, centred and undistorted, inside a picture of another shape.

    ``scale`` is picture pixels per source pixel; ``left`` and ``top`` are the bars in picture
    pixels; ``inner_width`` and ``inner_height`` the frame's own size in the picture.
    """

    scale: float
    left: int
    top: int
    inner_width: int
    inner_height: int

    def to_source(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes xyxy (n, 4) in picture pixels, as source pixels."""
        shift = np.array([self.left, self.top, self.left, self.top], dtype=np.float64)
        return (boxes.astype(np.float64) - shift) / self.scale

    def to_picture(self, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
        """Boxes xyxy (n, 4) in source pixels, as picture pixels."""
        shift = np.array([self.left, self.top, self.left, self.top], dtype=np.float64)
        return boxes.astype(np.float64) * self.scale + shift


def fit_letterbox(source: tuple[int, int], picture: tuple[int, int]) -> Letterbox:
    """The largest centred placement of a source (width, height) inside a picture (width, height).

    The inner size is rounded to whole pixels of at least one, the scale is the exact one.
    """
    scale = min(picture[0] / source[0], picture[1] / source[1])
    inner_width = max(1, min(picture[0], round(source[0] * scale)))
    inner_height = max(1, min(picture[1], round(source[1] * scale)))
    return Letterbox(
        scale=scale,
        left=(picture[0] - inner_width) // 2,
        top=(picture[1] - inner_height) // 2,
        inner_width=inner_width,
        inner_height=inner_height,
    )
