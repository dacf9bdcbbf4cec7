"""A source's index comes from the store twice at most, its pictures whenever they are wanted."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.runtime.child import Child
from inyourarea.runtime.counted import CountedChild
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.ranged import BLOCK_BYTES, RangedFile
from inyourarea.runtime.remembered import Answers, RememberedObjects
from watched import counted

CONTENT = random.Random(1).randbytes(40 * BLOCK_BYTES)
INDEX_BYTES = 3 * BLOCK_BYTES


@pytest.fixture
def objects(tmp_path: Path) -> RememberedObjects:
    found = RememberedObjects(FolderObjects(tmp_path))
    for kind in ("sources", "pieces"):
        found.put(f"{kind}/x", CONTENT)
    return found


@pytest.fixture
def child() -> Iterator[Child]:
    child = CountedChild()
    yield child
    child.close()


def got(kind: str = "sources") -> float:
    return counted("object_bytes_total", **{"class": kind, "direction": "got"})


def read_segment(objects: Objects, key: str, block: int) -> bytes:
    """The index, and then what lies at that block."""
    opened = RangedFile(objects, key)
    while opened.tell() < INDEX_BYTES:
        opened.read(INDEX_BYTES - opened.tell())
    opened.seek(block * BLOCK_BYTES)
    return opened.read(100)


def read_segments(objects: Objects, key: str) -> list[float]:
    """Bytes that the store gave after each of four segments."""
    kind, _, _ = key.partition("/")
    before, passed = got(kind), []
    for block in (20, 24, 28, 32):
        found = read_segment(objects, key, block)
        assert found == CONTENT[block * BLOCK_BYTES :][:100]
        passed.append((got(kind) - before) / BLOCK_BYTES)
    return passed


def test_an_index_is_kept_once_it_was_asked_for_again(objects: RememberedObjects) -> None:
    first, second, *others = read_segments(objects, "sources/x")
    index = second - first - 1  # the segment's own is one block
    assert first == second - first
    assert index >= INDEX_BYTES / BLOCK_BYTES
    assert others == [second + 1, second + 2]


def test_what_may_be_written_anew_is_not_kept(objects: RememberedObjects) -> None:
    first, *others = read_segments(objects, "pieces/x")
    assert others == [2 * first, 3 * first, 4 * first]


def test_a_child_remembers_for_itself(objects: RememberedObjects, child: Child) -> None:
    passed = []
    for block in (20, 24, 28):
        before = got()
        found = child.call(read_segment, objects, "sources/x", block, timeout_s=60)
        assert found == CONTENT[block * BLOCK_BYTES :][:100]
        passed.append((got() - before) / BLOCK_BYTES)
    assert passed[0] == passed[1] > passed[2] == 1


def test_another_store_is_asked_itself(objects: RememberedObjects, tmp_path: Path) -> None:
    read_segments(objects, "sources/x")
    other = RememberedObjects(FolderObjects(tmp_path / "other"))
    other.put("sources/x", CONTENT[::-1])
    assert RangedFile(other, "sources/x").read(10) == CONTENT[::-1][:10]


def test_what_is_kept_is_bounded_and_the_latest() -> None:
    asked: list[int] = []

    def ask(number: int) -> bytes:
        asked.append(number)
        return bytes(10)

    answers = Answers(most_bytes=35, most_questions=6)
    for _ in range(2):
        for number in range(5):
            answers.of(number, lambda number=number: ask(number))
    asked.clear()
    for number in (2, 3, 4, 1, 4):
        answers.of(number, lambda number=number: ask(number))
    assert asked == [1]
    for number in range(10, 20):  # so many that 0 is no longer known
        answers.of(number, lambda number=number: ask(number))
    asked.clear()
    for _ in range(3):
        answers.of(0, lambda: ask(0))
    assert asked == [0, 0]
