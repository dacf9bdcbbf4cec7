"""What passes to and from the object store is counted, in a child process too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.runtime.counted import CountedChild, CountedObjects
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects
from watched import counted


@pytest.fixture
def objects(tmp_path: Path) -> CountedObjects:
    return CountedObjects(FolderObjects(tmp_path))


@pytest.fixture
def child() -> Iterator[CountedChild]:
    child = CountedChild()
    yield child
    child.close()


def passed(kind: str) -> tuple[float, float]:
    """Bytes of that class of object that were put, and got."""
    put, got = (
        counted("object_bytes_total", **{"class": kind, "direction": direction})
        for direction in ("put", "got")
    )
    return put, got


def test_bytes_are_counted_by_class_of_object(objects: CountedObjects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    objects.put("one/a", b"x" * 100)
    objects.put("one/b", file)
    objects.put("two/a", b"x")
    assert passed("one") == (1100, 0)
    assert objects.get("one/a") == b"x" * 100
    assert objects.read("one/b", 990, 100) == b"x" * 10
    assert objects.size("one/b") == 1000
    assert list(objects.list("one/")) == ["one/a", "one/b"]
    objects.delete("one/a")
    assert list(objects.list("one/")) == ["one/b"]
    assert passed("one") == (1100, 110)
    assert passed("two") == (1, 0)


def test_who_writes_late_is_counted(objects: CountedObjects) -> None:
    def late() -> float:
        return counted("late_writes_total", **{"class": "race"})

    objects.put_once("race/a", b"the same bytes")
    assert late() == 0
    objects.put_once("race/a", bytes([*b"the same bytes"]))
    assert late() == 1
    assert passed("race") == (28, 0)


def store_and_read(objects: Objects, size: int) -> int:
    objects.put("away/a", b"x" * size)
    return len(objects.get("away/a"))


def store_and_fail(objects: Objects, size: int) -> int:
    store_and_read(objects, size)
    raise ValueError("broken inside")


def test_what_a_child_counts_comes_home_once(objects: CountedObjects, child: CountedChild) -> None:
    assert child.call(store_and_read, objects, 100, timeout_s=60) == 100
    assert passed("away") == (100, 100)
    assert child.call(store_and_read, objects, 10, timeout_s=60) == 10
    assert passed("away") == (110, 110)
    with pytest.raises(ValueError, match="broken inside"):
        child.call(store_and_fail, objects, 1, timeout_s=60)
    child.call(store_and_read, objects, 1, timeout_s=60)
    assert passed("away") == (112, 112)
