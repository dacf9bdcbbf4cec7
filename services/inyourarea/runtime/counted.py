"""Adapters that count what passes: an object store, and a child, whose counts come home."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from inyourarea.runtime.child import Child
from inyourarea.runtime.metrics import LATE_WRITES, OBJECT_BYTES
from inyourarea.runtime.objects import Objects, Stored

Result = TypeVar("Result")
#: Of a child's counters, by their place here, labels and value.
Counts = list[tuple[int, list[str], float]]

#: What a child counts.
_TRAVELLERS = (OBJECT_BYTES, LATE_WRITES)


class CountedObjects:
    """See `Objects`; counts bytes by class of object, which is the first part of its name."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, key: str, content: bytes | Path) -> None:
        """See `Objects.put`."""
        self._objects.put(key, content)
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        _count(key, "put", size)

    def put_once(self, key: str, content: bytes) -> bytes:
        """See `Objects.put_once`; bytes that come late have passed too."""
        stored = self._objects.put_once(key, content)
        _count(key, "put", len(content))
        if stored is not content:
            LATE_WRITES.labels(_class_of(key)).inc()
        return stored

    def get(self, key: str) -> bytes:
        """See `Objects.get`."""
        content = self._objects.get(key)
        _count(key, "got", len(content))
        return content

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Objects.read`."""
        content = self._objects.read(key, start, length)
        _count(key, "got", len(content))
        return content

    def size(self, key: str) -> int:
        """See `Objects.size`."""
        return self._objects.size(key)

    def list(self, prefix: str) -> Iterator[str]:
        """See `Objects.list`."""
        return self._objects.list(prefix)

    def survey(self, prefix: str) -> Iterator[Stored]:
        """See `Objects.survey`."""
        return self._objects.survey(prefix)

    def delete(self, key: str) -> None:
        """See `Objects.delete`."""
        self._objects.delete(key)


def _class_of(key: str) -> str:
    return key.split("/", 1)[0]


def _count(key: str, direction: str, size: int) -> None:
    OBJECT_BYTES.labels(_class_of(key), direction).inc(size)


class CountedChild(Child):
    """See `Child`; what was counted there is counted here, once the work has returned."""

    def call(self, function: Callable[..., Result], *args: Any, timeout_s: float) -> Result:
        """See `Child.call`."""
        answer: tuple[Result, Counts] = super().call(
            _counting, function, *args, timeout_s=timeout_s
        )
        for place, labels, value in answer[1]:
            _TRAVELLERS[place].labels(*labels).inc(value)
        return answer[0]


def _counting(function: Callable[..., Result], *args: Any) -> tuple[Result, Counts]:
    """The function's result, and what was counted since the last one; runs in the child."""
    result = function(*args)
    counts = [
        (place, list(sample.labels.values()), sample.value)
        for place, counter in enumerate(_TRAVELLERS)
        for family in counter.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]
    for counter in _TRAVELLERS:
        counter.clear()
    return result, counts
