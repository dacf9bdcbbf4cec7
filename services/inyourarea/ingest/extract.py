"""One segment becomes a frame pack for the detector, and signals for the tracker."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.pack import PackIndex, write_pack
from inyourarea.contracts.tables import write_signals
from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.letterbox import fit_letterbox
from inyourarea.core.reasons import told
from inyourarea.ingest.signals import SignalsBook
from inyourarea.runtime.matrix import to_bgr
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.source import Planes, decode_segment

#: JPEG quality of a frame for the detector: below about 70 small faces are lost, above 80 packs
#: only grow.
JPEG_QUALITY = 75
#: Every how many frames one is pictured. Following and appearance need every one of them.
PICTURE_STRIDE = 1


@dataclass(frozen=True)
class Extraction:
    """What to extract, and under which names it is left."""

    decode_key: str
    start_pts: int
    end_pts: int
    #: Of the letterboxed picture.
    width: int
    height: int
    pack_key: str
    signals_key: str
    #: Every how many frames one is pictured.
    stride: int = PICTURE_STRIDE


def extract_segment(objects: Objects, extraction: Extraction) -> int:
    """The segment's pack and signals are stored; how many frames there were is returned.

    Signals come last: where they are, the pack was. Runs in a child process.

    Raises:
        VideoUnreadable: no frame of it decodes.
    """
    # The decoder has the other core; and the answer is to be the same on any machine.
    cv2.setNumThreads(1)
    frames = decode_segment(
        objects, extraction.decode_key, extraction.start_pts, extraction.end_pts
    )
    picture = (extraction.width, extraction.height)
    pack, signals, count = draw_pack(frames, picture, extraction.stride)
    if not count:
        raise VideoUnreadable(told("undecodable-part"))
    objects.put(extraction.pack_key, pack)
    if not holds(objects, extraction.signals_key):
        objects.put(extraction.signals_key, signals)
    return count


def draw_pack(
    frames: Iterable[Planes], picture: tuple[int, int], stride: int = PICTURE_STRIDE
) -> tuple[bytes, bytes, int]:
    """The pack and the signals of consecutive frames, as bytes, and their number.

    ``picture`` is the (width, height) of the detector's letterboxed picture; one of ``stride``
    frames has one.
    """
    jpegs: dict[int, bytes] = {}
    pts: list[int] = []
    book: SignalsBook | None = None
    box = fit_letterbox(picture, picture)
    for frame in frames:
        if book is None:
            height, width = frame.y.shape
            book = SignalsBook(width)
            box = fit_letterbox((width, height), picture)
        small = shrink(frame, (box.inner_width, box.inner_height))
        book.write(small)
        if len(pts) % stride == 0:
            jpegs[frame.pts] = _jpeg(small)
        pts.append(frame.pts)
    index = PackIndex(
        pts=tuple(pts),
        pictured=tuple(jpegs),
        width=picture[0],
        height=picture[1],
        letterbox=box,
    )
    measured = (book or SignalsBook(1)).signals()
    return write_pack(index, jpegs), write_signals(measured), len(pts)


def shrink(frame: Planes, size: tuple[int, int]) -> Planes:
    """The frame at ``size`` (width, height), still 4:2:0."""
    half = (-(-size[0] // 2), -(-size[1] // 2))
    return Planes(
        pts=frame.pts,
        y=_resized(frame.y, size),
        u=_resized(frame.u, half),
        v=_resized(frame.v, half),
    )


def _resized(plane: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    # Above a half every sample still counts between two neighbours, in a quarter of the time: on
    # 144 frames of drawn shows the show's model named 503 of 513 faces either way, at equal IoU.
    is_halved = size[0] * 2 <= plane.shape[1] and size[1] * 2 <= plane.shape[0]
    way = cv2.INTER_AREA if is_halved else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=way), np.uint8)


def _jpeg(frame: Planes) -> bytes:
    bgr = to_bgr(frame.y, frame.u, frame.v)
    return cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes()
