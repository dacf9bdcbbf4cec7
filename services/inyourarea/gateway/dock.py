"""The port to what an object store can do past the gateway: take parts from anywhere, and copy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from inyourarea.core.errors import Refused

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([^\x00-\x1f\x7f]*))?")
#: Bytes of a key's UTF-8, S3's limit.
_LONGEST_KEY = 1024


class PartsRejected(Refused):
    """The parts that somebody names are not those that have arrived."""


class ObjectChanged(Exception):
    """The object is another one than it was a moment ago."""


@dataclass(frozen=True)
class Place:
    """Where an object is; no ``bucket``: in our own."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def is_within(self, other: "Place") -> bool:
        """Whether it is in the same bucket, with a key that begins as the other's."""
        return self.bucket == other.bucket and self.key.startswith(other.key)


def parse_place(text: str) -> Place:
    """A place written ``s3://bucket/key``, or with the beginning of keys; `ValueError` else.

    A key with dots for a way up is none: what speaks HTTP would follow it, out of what is allowed.
    """
    found = _ADDRESS.fullmatch(text)
    key = found[2] or "" if found else ""
    if not found or len(key.encode()) > _LONGEST_KEY or {".", ".."} & set(key.split("/")):
        raise ValueError(text)
    return Place(found[1], key)


@dataclass(frozen=True)
class Seen:
    """An object as it was seen; its ``etag`` is another one whenever it was written anew."""

    size: int
    etag: str


class Dock(Protocol):
    """An object store's own door. Keys are `inyourarea.contracts.keys`'; raises `ObjectsAway`."""

    def begin(self, key: str) -> str:
        """An upload in parts has begun; its id at the store."""
        ...

    def addresses(self, key: str, upload: str, parts: int, lifetime_s: int) -> list[str]:
        """Where each part may be PUT by whoever has its address, for so long; from part 1 on."""
        ...

    def join(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """The object is there, made of the parts in order; a second time is as once.

        Raises:
            PartsRejected: they are not what arrived.
        """
        ...

    def give_up(self, key: str, upload: str) -> None:
        """Nothing is left of an upload that was not joined."""
        ...

    def look(self, place: Place) -> Seen:
        """What is there.

        Raises:
            ObjectNotFound: nothing is.
        """
        ...

    def read(self, place: Place, seen: Seen, start: int, length: int) -> bytes:
        """At most ``length`` bytes from ``start`` of the object that was seen.

        Raises:
            ObjectChanged: it is another one now, or gone.
        """
        ...

    def copy(self, place: Place, seen: Seen, key: str) -> None:
        """Our own bucket has the object that was seen under ``key``; its bytes stay in the store.

        Raises:
            ObjectChanged: it is another one now, or gone.
        """
        ...
