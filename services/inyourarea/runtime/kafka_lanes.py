"""What a member of a Kafka group holds: records that came and wait for their turn. Pure."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from inyourarea.runtime.bus import Record

#: A channel and a partition of it.
Place = tuple[str, int]

#: With so many records of one partition waiting no more should come for now: enough that the next
#: one is at hand when one is finished, few enough that a rebalance throws little away.
FEW = 16


@dataclass
class _Owned:
    """A partition since it was given to this member: its first record here, and those waiting."""

    first: int
    waiting: deque[tuple[int, Record]] = field(default_factory=deque)


class Lanes:
    """The waiting records of a member, served channel by channel, the oldest first.

    A partition counts as owned from its first record on, until it is lost.
    """

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._ranks = {channel: rank for rank, channel in enumerate(channels)}
        self._owned: dict[Place, _Owned] = {}

    def arrive(self, record: Record, at_ms: int) -> None:
        """The record, published at that time, waits behind those of its partition."""
        owned = self._owned.setdefault(_place(record), _Owned(record.offset))
        owned.waiting.append((at_ms, record))

    def lose(self, places: Iterable[Place]) -> None:
        """These partitions are others' now; what waited of them comes to whoever owns them."""
        for place in places:
            self._owned.pop(place, None)

    def best_rank(self) -> int | None:
        """The rank of the channel that is served next: 0 is the one named first."""
        best = self._best()
        return None if best is None else self._ranks[best[0]]

    def take(self) -> Record | None:
        """The record whose turn it is; it waits no more."""
        best = self._best()
        return None if best is None else self._owned[best].waiting.popleft()[1]

    def full(self) -> set[Place]:
        """Partitions of which no more should come for now."""
        return {place for place, owned in self._owned.items() if len(owned.waiting) >= FEW}

    def waiting(self) -> Counter[str]:
        """How many records wait, by channel."""
        counts: Counter[str] = Counter()
        for (channel, _), owned in self._owned.items():
            counts[channel] += len(owned.waiting)
        return counts

    def finish(self, record: Record) -> bool:
        """Whether the record is this member's to commit.

        It is not where its partition was lost since it was given. Where it came again meanwhile,
        the copy that waits is gone.
        """
        owned = self._owned.get(_place(record))
        if owned is None or record.offset < owned.first:
            return False
        while owned.waiting and owned.waiting[0][1].offset <= record.offset:
            owned.waiting.popleft()
        return True

    def _best(self) -> Place | None:
        waiting = [
            (self._turn(place), place) for place in self._owned if self._owned[place].waiting
        ]
        return min(waiting)[1] if waiting else None

    def _turn(self, place: Place) -> tuple[int, int]:
        return self._ranks[place[0]], self._owned[place].waiting[0][0]


def _place(record: Record) -> Place:
    return record.channel, record.partition
