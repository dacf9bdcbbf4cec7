"""Frames of a video as pictures in files of their own."""

from collections.abc import Sequence

import cv2

from inyourarea.runtime.matrix import to_bgr
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.source import decode_segment

#: JPEG quality of pictures that something is learned from: no block can be seen at it.
QUALITY = 95


def draw_stills(objects: Objects, key: str, stamps: Sequence[int]) -> list[bytes]:
    """The frames of these pts, ascending, as JPEG at the source's size; empty where one is lost.

    All from the first to the last are decoded. Runs in a process of its own, since it decodes.
    """
    cv2.setNumThreads(1)
    drawn = dict.fromkeys(stamps, b"")
    for frame in decode_segment(objects, key, stamps[0], stamps[-1] + 1):
        if frame.pts in drawn:
            bgr = to_bgr(frame.y, frame.u, frame.v)
            coded = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
            drawn[frame.pts] = coded.tobytes()
    return list(drawn.values())
