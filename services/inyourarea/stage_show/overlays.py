"""What the broadcaster lays over the picture.

Captions with the song's words, and an intro in a letterbox.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.spec import ShowSpec

LETTERBOX_SHARE = 0.115
"""Each bar's share of the height: a 2.31:1 picture in 16:9."""
_LINES = (
    "tonight the lights are ours",
    "one more step, one more turn",
    "hold the beat inside your hand",
    "we rise with every sound",
    "you and me in colour",
    "never look away from me",
)
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True)
class Caption:
    """A line of text at the bottom from ``first`` to ``last`` frame."""

    first: int
    last: int
    text: str


def plan_captions(spec: ShowSpec, rng: np.random.Generator) -> tuple[Caption, ...]:
    """Write a line every few seconds; an easy show has none."""
    if spec.setting == "easy":
        return ()
    fps = float(spec.fps)
    captions, first = [], round(2.6 * fps)
    while first < spec.frames:
        last = min(spec.frames - 1, first + round(2.4 * fps))
        captions.append(Caption(first, last, _LINES[int(rng.integers(0, len(_LINES)))]))
        first = last + round(float(rng.uniform(0.8, 3.0)) * fps)
    return tuple(captions)


def caption_box(caption: Caption, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Give the box of a caption's plate, xyxy pixels."""
    width, height = size
    scale = height / 1080 * 1.25
    (text_width, text_height), _ = cv2.getTextSize(
        caption.text, _FONT, scale, max(1, round(2 * scale))
    )
    left, bottom = (width - text_width) / 2, height * 0.945
    pad = height * 0.012
    return left - pad, bottom - text_height - pad, left + text_width + pad, bottom + pad


def paint_caption(picture: NDArray[np.uint8], caption: Caption) -> None:
    """Draw a caption on a dark plate."""
    height, width = picture.shape[:2]
    scale = height / 1080 * 1.25
    x1, y1, x2, y2 = (round(v) for v in caption_box(caption, (width, height)))
    plate = picture[max(0, y1) : y2, max(0, x1) : x2]
    plate[:] = plate // 4
    pad = round(height * 0.012)
    place = (max(0, x1) + pad, y2 - pad)
    cv2.putText(
        picture,
        caption.text,
        place,
        _FONT,
        scale,
        (245, 245, 245),
        max(1, round(2 * scale)),
        cv2.LINE_AA,
    )


def paint_letterbox(picture: NDArray[np.uint8]) -> None:
    """Draw the bars and the title."""
    height = picture.shape[0]
    bar = round(height * LETTERBOX_SHARE)
    picture[:bar] = 0
    picture[height - bar :] = 0
    scale = height / 1080 * 1.1
    place = (round(height * 0.06), round(bar * 0.65))
    cv2.putText(
        picture,
        "LIVE STAGE",
        place,
        _FONT,
        scale,
        (210, 210, 215),
        max(1, round(2 * scale)),
        cv2.LINE_AA,
    )
