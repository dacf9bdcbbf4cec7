"""The laptop's bus: channels of serialised records in memory, with a real bus's promises."""

import threading
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from inyourarea.runtime.bus import BusAway, Record

PARTITIONS = 4


@dataclass
class _Group:
    """Where a consumer group stands: per (channel, partition) the first record not finished."""

    committed: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    given: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    members: list["MemoryBus"] = field(default_factory=list)
    channels: set[str] = field(default_factory=set)


@dataclass
class _Log:
    """A partition's records from offset ``start`` on; those before it nobody needs any more."""

    start: int = 0
    records: deque[Record] = field(default_factory=deque)

    @property
    def end(self) -> int:
        """The offset of the record to come."""
        return self.start + len(self.records)

    def forget(self, offset: int) -> None:
        """The records before this offset are gone."""
        while self.start < min(offset, self.end):
            self.records.popleft()
            self.start += 1


class MemoryBroker:
    """All channels of one process.

    A record lives until every group that has ever consumed its channel has committed it; where no
    group has, as long as the broker.
    """

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self.partitions = partitions
        self.changed = threading.Condition()
        self.logs: dict[tuple[str, int], _Log] = defaultdict(_Log)
        self.groups: dict[str, _Group] = defaultdict(_Group)
        self.is_closed = False

    def close(self) -> None:
        """Nobody waits for a record any more."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def join(self, group: str, channels: tuple[str, ...]) -> "MemoryBus":
        """A new member of the group, which consumes these channels, the first named first."""
        with self.changed:
            member = MemoryBus(self, group, channels)
            self.groups[group].members.append(member)
            self.groups[group].channels.update(channels)
            self._hand_back(self.groups[group])
            return member

    def leave(self, member: "MemoryBus") -> None:
        """The member owns nothing any more; what it did not commit is given to the others."""
        with self.changed:
            group = self.groups[member.group]
            if member in group.members:
                group.members.remove(member)
                self._hand_back(group)
                self.changed.notify_all()

    def _hand_back(self, group: _Group) -> None:
        group.given = defaultdict(int, group.committed)

    def records(self, channel: str) -> list[Record]:
        """See `Archive.records`."""
        with self.changed:
            places = [(channel, number) for number in range(self.partitions)]
            return [record for place in places for record in self.logs[place].records]

    def next_for(self, member: "MemoryBus") -> Record | None:
        """The oldest record not yet given in the member's partitions; the lock is held."""
        group = self.groups[member.group]
        if member not in group.members:
            raise BusAway("this member has left its group")
        for where in self._owned(member):
            log = self.logs[where]
            at = max(group.given[where], log.start)
            if at < log.end:
                group.given[where] = at + 1
                return log.records[at - log.start]
        return None

    def behind(self, member: "MemoryBus") -> dict[str, int]:
        """See `Bus.behind`; the lock is held."""
        given, counts = self.groups[member.group].given, dict.fromkeys(member.channels, 0)
        for where in self._owned(member):
            log = self.logs[where]
            counts[where[0]] += log.end - max(given[where], log.start)
        return counts

    def _owned(self, member: "MemoryBus") -> Iterator[tuple[str, int]]:
        """The member's channels and partitions, in the order in which they are served."""
        members = self.groups[member.group].members
        if member in members:
            for channel in member.channels:
                for partition in range(members.index(member), self.partitions, len(members)):
                    yield channel, partition

    def trim(self, channel: str, partition: int) -> None:
        """What all groups have finished with is gone; the lock is held."""
        where = (channel, partition)
        groups = [group for group in self.groups.values() if channel in group.channels]
        self.logs[where].forget(min(group.committed[where] for group in groups))


class MemoryBus:
    """One member of a group on a `MemoryBroker`; made by `MemoryBroker.join`. See `Bus`."""

    def __init__(self, broker: MemoryBroker, group: str, channels: tuple[str, ...]) -> None:
        self._broker = broker
        self.group = group
        self.channels = channels

    def consume(self, timeout_s: float) -> Record | None:
        """See `Bus.consume`."""
        end = time.monotonic() + timeout_s
        with self._broker.changed:
            while (record := self._broker.next_for(self)) is None:
                left = end - time.monotonic()
                if left <= 0 or self._broker.is_closed:
                    return None
                self._broker.changed.wait(left)
            return record

    def publish(self, record: Record) -> None:
        """See `Bus.publish`; the record is stored at once."""
        partition = zlib.crc32(record.key.encode()) % self._broker.partitions
        with self._broker.changed:
            log = self._broker.logs[record.channel, partition]
            now_ms = round(time.time() * 1000)
            log.records.append(
                replace(record, partition=partition, offset=log.end, published_ms=now_ms)
            )
            self._broker.changed.notify_all()

    def flush(self) -> None:
        """See `Bus.flush`: nothing waits here."""

    def commit(self, record: Record) -> None:
        """See `Bus.commit`."""
        with self._broker.changed:
            committed = self._broker.groups[self.group].committed
            where = (record.channel, record.partition)
            committed[where] = max(committed[where], record.offset + 1)
            self._broker.trim(*where)

    def behind(self) -> dict[str, int]:
        """See `Bus.behind`; nothing is missing."""
        with self._broker.changed:
            return self._broker.behind(self)

    def close(self) -> None:
        """See `Bus.close`."""
        self._broker.leave(self)
