"""The video source's way into the store: an object as a file that reads only what is asked for."""

import io
from collections import OrderedDict
from typing import IO, Any, cast

from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.runtime.objects import Objects

#: Bytes of a block, in which the object is read.
BLOCK_BYTES = 256 << 10
#: Blocks kept, 8 MiB: interleaved audio and video, the header, and where a seek has just been.
BLOCKS_KEPT = 32
#: Blocks that are asked for at once while somebody reads on: after a seek, which may be for a
#: header, one; then twice as many each time up to this, which is as much as is read in vain. Four
#: seconds of 1080p at 7 Mbit/s: 6 questions and 4.1 MiB with the header, 3.4 of it wanted.
BLOCKS_AT_MOST = 8


class RangedFile(io.RawIOBase):
    """A seekable read-only file over one object; recent blocks are kept."""

    def __init__(self, objects: Objects, key: str) -> None:
        super().__init__()
        self._objects = objects
        self._key = key
        self._size = objects.size(key)
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        # Behind the last blocks that were asked for, and how many those were.
        self._next, self._asked = 0, 1
        #: What av puts into its messages.
        self.name = "the video"

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The next read begins there; past the end there is nothing to read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, length: int = -1) -> bytes:
        """At most ``length`` bytes, fewer at a block's end, none at the object's.

        Raises:
            VideoUnreadable: the object has become shorter since it was opened.
        """
        left = max(0, self._size - self._at)
        if length < 0:
            length = left
        number, offset = divmod(self._at, BLOCK_BYTES)
        if not left or not length:
            return b""
        found = self._block(number)[offset : offset + length]
        self._at += len(found)
        return found

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._ask(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _ask(self, first: int) -> None:
        """The block is there, and those after it that are likely to be wanted."""
        is_reading_on = self._next <= first < self._next + self._asked
        wanted = min(2 * self._asked, BLOCKS_AT_MOST) if is_reading_on else 1
        held = (number for number in range(first + 1, first + wanted) if number in self._blocks)
        end = next(held, first + wanted)
        self._next, self._asked = end, end - first
        content = self._read(first * BLOCK_BYTES, min(end * BLOCK_BYTES, self._size))
        for offset in range(0, len(content), BLOCK_BYTES):
            self._blocks[first + offset // BLOCK_BYTES] = content[offset : offset + BLOCK_BYTES]
        while len(self._blocks) > BLOCKS_KEPT:
            self._blocks.popitem(last=False)

    def _read(self, start: int, end: int) -> bytes:
        content = self._objects.read(self._key, start, end - start)
        if len(content) < end - start:
            raise VideoUnreadable(
                told("being-written", at=f"{start + len(content):,}", size=f"{self._size:,}")
            )
        return content


def as_file(objects: Objects, key: str) -> IO[Any]:
    """The object as a file, typed as libraries want it."""
    return cast("IO[Any]", RangedFile(objects, key))
