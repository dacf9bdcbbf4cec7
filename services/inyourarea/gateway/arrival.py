"""A file that comes past the gateway, and what is known of it: a few small objects beside it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from inyourarea.contracts import keys
from inyourarea.gateway.dock import Place, Seen
from inyourarea.gateway.uploads import LIFETIME_S
from inyourarea.runtime.objects import ObjectNotFound, Objects

State = Literal["open", "checking", "whole", "refused"]


@dataclass(frozen=True)
class Arrival:
    """A file as it was announced."""

    number: str
    length: int
    filename: str
    by: str
    created_s: int
    place: Place
    #: The store's id of the upload in parts; empty: it lies in another bucket already.
    upload: str = ""
    #: Bytes of every part but the last.
    part_bytes: int = 1
    #: What its SHA-256 must be; empty: nobody said.
    sha256: str = ""
    #: Of the object in the other bucket, when it was named.
    etag: str = ""

    @property
    def parts(self) -> int:
        """How many parts it comes in."""
        return -(-self.length // self.part_bytes)

    @property
    def expires_s(self) -> int:
        """The Unix time from which on it may be forgotten."""
        return self.created_s + LIFETIME_S


@dataclass(frozen=True)
class Checked:
    """What going through the bytes has found: their digest, or in words what is wrong."""

    sha256: str
    failure: str


class ArrivalNotes:
    """What is known of each, so that any copy of the gateway can go on with it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def announce(self, arrival: Arrival) -> None:
        """It is expected."""
        self._put(arrival.number, "about", asdict(arrival))

    def announced(self, number: str) -> Arrival | None:
        """What was announced under that number."""
        about = self._get(number, "about")
        return None if about is None else Arrival(**{**about, "place": Place(**about["place"])})

    def note_joined(self, arrival: Arrival, seen: Seen) -> None:
        """Its parts are one object."""
        self._put(arrival.number, "joined", asdict(seen))

    def seen(self, arrival: Arrival) -> Seen | None:
        """The object, once it is one."""
        if not arrival.upload:
            return Seen(arrival.length, arrival.etag)
        joined = self._get(arrival.number, "joined")
        return None if joined is None else Seen(**joined)

    def note_checked(self, arrival: Arrival, checked: Checked) -> None:
        """Its bytes were gone through; of bytes that are of no use none are left."""
        if checked.failure and arrival.upload:
            self._objects.delete(arrival.place.key)
        self._put(arrival.number, "checked", asdict(checked))

    def checked(self, arrival: Arrival) -> Checked | None:
        """What that has found."""
        found = self._get(arrival.number, "checked")
        return None if found is None else Checked(**found)

    def state(self, arrival: Arrival) -> tuple[State, str]:
        """How far it is, and where it was refused, why."""
        checked = self.checked(arrival)
        if checked is not None:
            return ("refused", checked.failure) if checked.failure else ("whole", "")
        return ("open" if self.seen(arrival) is None else "checking"), ""

    def numbers(self) -> Iterator[str]:
        """Of all of which anything is left."""
        names = self._objects.list("arrivals/")
        yield from dict.fromkeys(name.split("/")[1] for name in names)

    def forget(self, number: str) -> None:
        """Nothing is left of it."""
        for key in list(self._objects.list(keys.arrival(number, ""))):
            self._objects.delete(key)

    def _put(self, number: str, what: str, content: dict[str, Any]) -> None:
        self._objects.put(keys.arrival(number, f"{what}.json"), json.dumps(content).encode())

    def _get(self, number: str, what: str) -> dict[str, Any] | None:
        try:
            content: dict[str, Any] = json.loads(
                self._objects.get(keys.arrival(number, f"{what}.json"))
            )
        except ObjectNotFound:
            return None
        return content
