"""The video source's way into the store: an object as a file that reads only what is asked for."""

import io
from collections import OrderedDict
from typing import IO, Any, cast

from inyourarea.core.errors import VideoUnreadable
from inyourarea.runtime.objects import Objects

#: Bytes per read from the store: a second of video, and few enough round trips over HTTP.
BLOCK_BYTES = 1 << 20
#: Blocks kept: interleaved audio and video, the header, and where a seek has just been.
BLOCKS_KEPT = 8


class RangedFile(io.RawIOBase):
    """A seekable read-only file over one object; recent blocks are kept."""

    def __init__(self, objects: Objects, key: str) -> None:
        super().__init__()
        self._objects = objects
        self._key = key
        self._size = objects.size(key)
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
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
            start = number * BLOCK_BYTES
            wanted = min(BLOCK_BYTES, self._size - start)
            block = self._objects.read(self._key, start, wanted)
            if len(block) < wanted:
                raise VideoUnreadable(
                    f"the video ended at byte {start + len(block):,} of {self._size:,} while it "
                    "was being read; start again when nobody writes to it"
                )
            self._blocks[number] = block
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]


def as_file(objects: Objects, key: str) -> IO[Any]:
    """The object as a file, typed as libraries want it."""
    return cast("IO[Any]", RangedFile(objects, key))
