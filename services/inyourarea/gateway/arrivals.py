"""Files that come past the gateway: parts put straight into the store, keys of other buckets."""

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from inyourarea.contracts import keys
from inyourarea.contracts.digests import digest
from inyourarea.gateway.arrival import Arrival, ArrivalNotes, State
from inyourarea.gateway.checking import Checking
from inyourarea.gateway.dock import Dock, ObjectChanged, Place, parse_place
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.uploads import check_length, stored_source
from inyourarea.runtime.objects import ObjectNotFound, Objects

#: Bytes of a part: few enough to be sent again without regret. S3 takes no smaller one than 5 MiB.
PART_BYTES = 16 << 20
#: Parts of one file; each has an address of about half a kilobyte in the answer.
MOST_PARTS = 1000
#: Seconds that somebody waits for a file to be gone through before she is asked to come again;
#: proxies give up after a minute.
PATIENCE_S = 25.0
_NUMBER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Quay:
    """A store's dock, and who goes through what arrives there."""

    dock: Dock
    checking: Checking


class Arrivals:
    """All of them. A site without a dock has none, and says so."""

    def __init__(self, objects: Objects, dock: Dock | None, settings: GatewaySettings) -> None:
        self._objects = objects
        self._settings = settings
        self._notes = ArrivalNotes(objects)
        self._quay = None if dock is None else Quay(dock, Checking(self._notes, dock))

    @property
    def quay(self) -> Quay:
        """Where files arrive.

        Raises:
            Problem: nowhere.
        """
        if self._quay is None:
            raise Problem(
                409,
                "no-dock",
                "This site keeps its files in a folder, not in an S3 store: send the file here, "
                "to /api/v1/uploads.",
            )
        return self._quay

    def begin(self, length: int, filename: str, by: str, sha256: str = "") -> Arrival:
        """A new file of so many bytes is expected.

        Raises:
            Problem: it is too large, or no store is here that takes it.
        """
        check_length(length, self._settings.most_upload_bytes)
        number = uuid.uuid4().hex
        key = keys.arrival(number, "file")
        arrival = Arrival(
            number=number,
            length=length,
            filename=filename,
            by=by,
            created_s=int(time.time()),
            place=Place("", key),
            upload=self.quay.dock.begin(key),
            part_bytes=max(PART_BYTES, -(-length // MOST_PARTS)),
            sha256=sha256,
        )
        self._notes.announce(arrival)
        return arrival

    def refer(self, address: str, by: str) -> Arrival:
        """The object ``s3://bucket/key`` is meant, as it is now.

        Raises:
            Problem: nobody may take it from there, or it is too large.
            NotThere: there is none.
        """
        dock, place = self.quay.dock, self._allowed(address)
        try:
            seen = dock.look(place)
        except ObjectNotFound:
            raise NotThere(f"object {place}") from None
        check_length(seen.size, self._settings.most_upload_bytes)
        number = digest(["arrival", str(place), seen.etag, seen.size])
        known = self._notes.announced(number)
        if known is not None:
            return known
        arrival = Arrival(
            number=number,
            length=seen.size,
            filename=place.key.rsplit("/", 1)[-1],
            by=by,
            created_s=int(time.time()),
            place=place,
            etag=seen.etag,
        )
        self._notes.announce(arrival)
        return arrival

    def _allowed(self, address: str) -> Place:
        try:
            place = parse_place(address)
        except ValueError:
            place = Place("", "")
        if not place.key or place.key.endswith("/"):
            raise Problem(422, "source", "A source is written s3://bucket/key.")
        if not any(place.is_within(allowed) for allowed in self._settings.s3_sources):
            allowed = ", ".join(map(str, self._settings.s3_sources)) or "none"
            raise Problem(
                403,
                "source-not-allowed",
                f"Videos are not taken from {place}; allowed are: {allowed}. An operator can allow "
                "more with INYOURAREA_GATEWAY_S3_SOURCES.",
            )
        return place

    def find(self, number: str, by: str) -> Arrival:
        """A file that was announced.

        Raises:
            NotThere: none of that number is, it has expired, or it is somebody else's.
        """
        arrival = self._notes.announced(number) if _NUMBER.fullmatch(number) else None
        if arrival is None or not arrival.upload or arrival.by != by:
            raise NotThere("such upload; begin again")
        if arrival.expires_s < time.time():
            raise NotThere("such upload; begin again")
        return arrival

    def is_one(self, number: str) -> bool:
        """Whether a file of that number was announced here."""
        return self._quay is not None and self._notes.announced(number) is not None

    def addresses(self, arrival: Arrival) -> list[str]:
        """Where its parts are to be PUT, in order."""
        left_s, key = max(1, arrival.expires_s - int(time.time())), arrival.place.key
        return self.quay.dock.addresses(key, arrival.upload, arrival.parts, left_s)

    def state(self, arrival: Arrival) -> tuple[State, str]:
        """How far it is, and where it was refused, why."""
        return self._notes.state(arrival)

    def complete(self, arrival: Arrival, etags: Mapping[int, str]) -> None:
        """All parts have arrived, by number; they are one file, which is being gone through.

        Raises:
            Problem: parts are missing.
            PartsRejected: they are others than arrived.
        """
        if sorted(etags) != list(range(1, arrival.parts + 1)):
            raise Problem(
                422, "parts", f"Name all parts from 1 to {arrival.parts} once, each with its ETag."
            )
        dock, place = self.quay.dock, arrival.place
        if self._notes.seen(arrival) is None:
            in_order = [etags[number].strip('"') for number in sorted(etags)]
            dock.join(place.key, arrival.upload, in_order)
            self._notes.note_joined(arrival, dock.look(place))
        self.quay.checking.start(arrival)

    @contextmanager
    def source(self, arrival: Arrival) -> Iterator[str]:
        """The file is a source within, and stays one if nothing is raised; its digest.

        Raises:
            Problem: it is not there yet, or is not what was announced.
        """
        sha256, seen = self._digest(arrival), self._notes.seen(arrival)
        assert seen is not None

        def store() -> None:
            try:
                self.quay.dock.copy(arrival.place, seen, keys.source(sha256))
            except ObjectChanged:
                if arrival.upload:  # used up, and its video was deleted
                    raise NotThere("such upload; begin again") from None
                raise Problem(409, "source-changed", f"{arrival.place} was written anew.") from None

        with stored_source(self._objects, sha256, store):
            yield sha256

    def _digest(self, arrival: Arrival) -> str:
        """The digest of its bytes, once they were gone through."""
        if self._notes.seen(arrival) is None:
            raise Problem(409, "upload-unfinished", "Send all parts, then complete the upload.")
        self.quay.checking.start(arrival).wait(PATIENCE_S)
        checked = self._notes.checked(arrival)
        if checked is None:
            problem = Problem(
                409, "upload-checking", "The file is still being gone through; ask again."
            )
            problem.headers = {"Retry-After": "5"}
            raise problem
        if checked.failure:
            raise Problem(422, "upload-refused", checked.failure)
        return checked.sha256

    def give_up(self, arrival: Arrival) -> None:
        """Nothing is left of it, nor of parts that were not joined."""
        if arrival.upload and self._notes.seen(arrival) is None:
            self.quay.dock.give_up(arrival.place.key, arrival.upload)
        self._notes.forget(arrival.number)

    def use_up(self, arrival: Arrival) -> None:
        """Of it is left which source it is: whoever missed the answer asks again."""
        self._objects.delete(arrival.place.key)

    def sweep(self) -> None:
        """What has expired is gone, and what nobody has gone through yet is being gone through."""
        if self._quay is None:
            return
        for number in list(self._notes.numbers()):
            arrival = self._notes.announced(number)
            if arrival is None:
                self._notes.forget(number)
            elif arrival.expires_s < time.time():
                self.give_up(arrival)
            elif self._notes.state(arrival)[0] == "checking":
                self._quay.checking.start(arrival)
