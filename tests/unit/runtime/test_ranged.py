"""An object reads like a file, block by block."""

import io
import random
from pathlib import Path

import pytest

from inyourarea.core.errors import VideoUnreadable
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.ranged import BLOCK_BYTES, BLOCKS_KEPT, RangedFile

CONTENT = random.Random(1).randbytes(BLOCK_BYTES * (BLOCKS_KEPT + 2) + 77)


class CountingObjects(FolderObjects):
    """Counts the reads."""

    reads = 0

    def read(self, key: str, start: int, length: int) -> bytes:
        self.reads += 1
        return super().read(key, start, length)


@pytest.fixture
def objects(tmp_path: Path) -> CountingObjects:
    store = CountingObjects(tmp_path)
    store.put("sources/x", CONTENT)
    return store


def test_it_reads_what_a_file_would(objects: CountingObjects) -> None:
    ours, theirs = RangedFile(objects, "sources/x"), io.BytesIO(CONTENT)
    chance = random.Random(2)
    for _ in range(300):
        at = chance.randrange(len(CONTENT) + 10)
        ours.seek(at)
        theirs.seek(at)
        wanted = chance.choice([1, 10, 5000])
        found = ours.read(wanted)
        assert found == theirs.read(wanted)[: len(found)]
        assert found or at >= len(CONTENT)


def test_it_tells_where_it_is(objects: CountingObjects) -> None:
    opened = RangedFile(objects, "sources/x")
    assert opened.seek(-7, io.SEEK_END) == len(CONTENT) - 7
    assert opened.read(100) == CONTENT[-7:]
    assert opened.read(100) == b""
    assert opened.seek(-100, io.SEEK_CUR) == opened.tell() == len(CONTENT) - 100


def test_reading_on_asks_the_store_once_per_block(objects: CountingObjects) -> None:
    opened = RangedFile(objects, "sources/x")
    while opened.read(40_000):
        pass
    assert objects.reads == BLOCKS_KEPT + 3


def test_a_file_that_shrinks_is_no_longer_readable(
    objects: CountingObjects, tmp_path: Path
) -> None:
    opened = RangedFile(objects, "sources/x")
    (tmp_path / "sources" / "x").write_bytes(CONTENT[:1000])
    with pytest.raises(VideoUnreadable, match="ended at byte 1,000"):
        opened.read(10)
