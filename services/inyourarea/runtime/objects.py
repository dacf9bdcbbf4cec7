"""The port to the object store: where all bytes are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ObjectNotFound(Exception):
    """There is no object of that name."""


class ObjectDamaged(Exception):
    """An object's bytes are not what its name promises."""


class ObjectsAway(Exception):
    """The object store can not be reached or written; what was asked may be asked again later."""

    dependency = "store"


@dataclass(frozen=True)
class Stored:
    """An object as a survey finds it: its name, its bytes, and when it was written (Unix time)."""

    key: str
    size: int
    written_s: float


class Objects(Protocol):
    """A flat store of named bytes. A name is seen only once its bytes are whole.

    Names are made by `inyourarea.contracts.keys` alone: slash-separated ASCII. Every method
    raises `ObjectsAway` when the store itself is in trouble (unreachable, full, read-only), and
    `ValueError` where a name is none (`parts_of`).
    """

    def put(self, key: str, content: bytes | Path) -> None:
        """The object holds these bytes, or that file's; an older one of that name is replaced.

        Raises:
            ObjectNotFound: there is no such file.
        """
        ...

    def put_once(self, key: str, content: bytes) -> bytes:
        """The object holds the bytes of whoever came first; those are returned.

        ``content`` itself where this was first; else another object, though it may be equal.
        """
        ...

    def get(self, key: str) -> bytes:
        """The whole object.

        Raises:
            ObjectNotFound: there is none.
        """
        ...

    def read(self, key: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes from ``start``; fewer at the end of the object, none past it.

        Raises:
            ObjectNotFound: there is none.
        """
        ...

    def size(self, key: str) -> int:
        """The object's length in bytes.

        Raises:
            ObjectNotFound: there is none.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """The names that begin with ``prefix``, in order of their characters."""
        ...

    def survey(self, prefix: str) -> Iterator[Stored]:
        """As `list`, and how large and how old each object is."""
        ...

    def delete(self, key: str) -> None:
        """No object has that name any more; it need not have had one."""
        ...


def parts_of(key: str) -> list[str]:
    """What stands between the name's slashes, none of it a way out of the store.

    Raises:
        ValueError: it is no name for an object.
    """
    parts = key.split("/")
    if not key.isascii() or any(part in {"", ".", ".."} for part in parts):
        raise ValueError(f"{key!r} is no name for an object")
    return parts


def holds(objects: Objects, key: str) -> bool:
    """Whether the store has an object of that name."""
    try:
        objects.size(key)
    except ObjectNotFound:
        return False
    return True
