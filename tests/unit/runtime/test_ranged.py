"""An object reads like a file, block by block."""

import io
import random
from pathlib import Path

import pytest

from inyourarea.core.errors import VideoUnreadable
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.ranged import BLOCK_BYTES, BLOCKS_AT_MOST, BLOCKS_KEPT, RangedFile

CONTENT = random.Random(1).randbytes(BLOCK_BYTES * (BLOCKS_KEPT + 2) + 77)


class CountingObjects(FolderObjects):
    """Notes the reads."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.spans: list[tuple[int, int]] = []

    @property
    def reads(self) -> int:
        return len(self.spans)

    def read(self, key: str, start: int, length: int) -> bytes:
        self.spans.append((start, length))
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


def test_reading_on_asks_the_store_for_more_each_time(objects: CountingObjects) -> None:
    opened = RangedFile(objects, "sources/x")
    while opened.read(40_000):
        pass
    growing = BLOCKS_AT_MOST.bit_length() - 2  # 2, 4, and then 8 each time
    assert objects.reads == growing + -(-(BLOCKS_KEPT + 3 - 6) // BLOCKS_AT_MOST)


def test_a_seek_asks_for_one_block_and_what_is_held_is_not_asked_for(
    objects: CountingObjects,
) -> None:
    opened = RangedFile(objects, "sources/x")
    for block in (20, 10, 20, 10):
        opened.seek(block * BLOCK_BYTES)
        opened.read(10)
    assert objects.spans == [(20 * BLOCK_BYTES, BLOCK_BYTES), (10 * BLOCK_BYTES, BLOCK_BYTES)]
    opened.seek(19 * BLOCK_BYTES)
    while opened.tell() < 21 * BLOCK_BYTES:
        opened.read(BLOCK_BYTES)
    assert objects.spans[2:] == [(19 * BLOCK_BYTES, BLOCK_BYTES)]


def test_a_file_that_shrinks_is_no_longer_readable(
    objects: CountingObjects, tmp_path: Path
) -> None:
    opened = RangedFile(objects, "sources/x")
    (tmp_path / "sources" / "x").write_bytes(CONTENT[:1000])
    with pytest.raises(VideoUnreadable, match="ended at byte 1,000"):
        opened.read(10)
