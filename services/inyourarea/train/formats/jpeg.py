"""Pictures that somebody brings: what they are, whole or not, and as the dataset keeps them."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.datasets import LONGEST_SIDE
from inyourarea.core.errors import DatasetRejected

#: As the dataset keeps pictures that were no upright JPEG.
_QUALITY = 95
#: 8K (7680x4320) and as much again; more would fill a laptop's memory.
_MOST_PIXELS = 64 * 2**20
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
#: JPEG markers that stand alone, that begin a frame (all SOFs), a scan, and the end.
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _EXIF = 0xDA, 0xE1


def size_of(file: str, content: bytes) -> tuple[int, int]:
    """Width and height of a JPEG or PNG as it is shown, read from its head.

    Raises:
        DatasetRejected: it is neither, breaks off, or is too large.
    """
    if content.startswith(_PNG):
        width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
        is_whole = b"IEND" in content[-64:]
    elif content.startswith(_JPEG):
        (width, height), is_turned = _jpeg_head(file, content)
        if is_turned > 4:
            width, height = height, width
        is_whole = content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda")
    else:
        raise DatasetRejected(f"{file} is no picture; bring JPEG or PNG files.")
    if not is_whole:
        raise DatasetRejected(f"{file} breaks off; copy the picture again.")
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE) or (
        width * height > _MOST_PIXELS
    ):
        raise DatasetRejected(f"{file} has {width}x{height} pixels; that is no picture of a stage.")
    return width, height


def check_picture(file: str, content: bytes) -> None:
    """Nothing: it is a whole picture that can be decoded.

    Raises:
        DatasetRejected: it is not.
    """
    _decoded(file, content)


def as_jpeg(file: str, content: bytes) -> bytes:
    """The picture as an upright JPEG: the very bytes where they are one.

    Raises:
        DatasetRejected: it has to be decoded, and can not be.
    """
    if content.startswith(_JPEG) and _jpeg_head(file, content)[1] == 1:
        return content
    quality = (cv2.IMWRITE_JPEG_QUALITY, _QUALITY)
    return cv2.imencode(".jpg", _decoded(file, content), quality)[1].tobytes()


def _decoded(file: str, content: bytes) -> NDArray[np.uint8]:
    size = size_of(file, content)
    try:
        found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        found = None
    if found is None or found.shape[:2] != size[::-1]:
        raise DatasetRejected(f"{file} can not be decoded; save the picture again.")
    return np.asarray(found, np.uint8)


def _jpeg_head(file: str, content: bytes) -> tuple[tuple[int, int], int]:
    """Size as stored, and the orientation of EXIF (1: upright, above 4: on its side)."""
    at, orientation = 2, 1
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _ALONE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(content[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = (int.from_bytes(content[at + n : at + n + 2]) for n in (5, 7))
            return (width, height), orientation
        if marker == _EXIF:
            orientation = _orientation(content[at + 4 : at + 2 + length])
        if marker == _SCAN or length < 2:
            break
        at += 2 + length
    raise DatasetRejected(f"{file} is no JPEG that can be read; save the picture again.")


def _orientation(segment: bytes) -> int:
    """The orientation that an EXIF segment tells, 1 to 8; 1 where it does not."""
    if not segment.startswith(b"Exif\0\0"):
        return 1
    table = segment[6:]
    order: Literal["little", "big"] = "little" if table.startswith(b"II") else "big"

    def at(place: int, length: int) -> int:
        return int.from_bytes(table[place : place + length], order)

    first = at(4, 4)
    for entry in range(first + 2, first + 2 + 12 * min(at(first, 2), 100), 12):
        if at(entry, 2) == 0x0112:
            found = at(entry + 8, 2)
            return found if 1 <= found <= 8 else 1
    return 1
