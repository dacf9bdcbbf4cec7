"""The port to the message bus: facts come in, facts go out, and none is lost between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inyourarea.core.errors import Refused


class BusAway(Exception):
    """The bus can not be reached; what was asked may be asked again later."""

    #: What is away, as operators call it.
    dependency = "kafka"


class RecordTooLarge(Refused):
    """A record has more bytes than the bus takes: waiting does not help."""


@dataclass(frozen=True)
class Record:
    """One fact on a channel.

    ``offset`` is its place in its partition, from 0. A group's committed offset of a partition is
    the first one it has not finished with: from there on records are delivered again to whoever
    owns the partition after a death. ``published_ms`` is the Unix time at which the bus was given
    it, 0 where nobody knows.
    """

    channel: str
    key: str
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)
    partition: int = 0
    offset: int = 0
    published_ms: int = field(default=0, compare=False)


class Sender(Protocol):
    """Whoever only publishes. Raises `BusAway`, and `RecordTooLarge`."""

    def publish(self, record: Record) -> None:
        """The record is on its way; ``partition`` and ``offset`` are decided by the key."""
        ...

    def flush(self) -> None:
        """Everything published before is stored by the bus."""
        ...


class Bus(Sender, Protocol):
    """One member of one consumer group, and a sender. Raises `BusAway`, and `RecordTooLarge`."""

    def consume(self, timeout_s: float) -> Record | None:
        """The next record of the channels this member owns, or none within the time.

        Channels named first are served first. A record is not given twice to a living member,
        and at least once to the group.
        """
        ...

    def commit(self, record: Record) -> None:
        """The group has finished with this record and will not get it again.

        Call it for the records in the order in which they came.
        """
        ...

    def behind(self) -> Mapping[str, int]:
        """By channel, how many records of its partitions this member was not given yet.

        As far as it knows: what was published a moment ago may be missing.
        """
        ...

    def close(self) -> None:
        """This member has left the group; what it did not commit goes to the others."""
        ...
