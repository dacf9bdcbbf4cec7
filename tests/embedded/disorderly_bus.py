"""A bus that gives every record twice, and whichever of them comes to its hand."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping

from inyourarea.contracts.topics import VERSION_HEADER
from inyourarea.runtime.bus import Record


class DisorderlyBroker:
    """All channels of one process; a group's members share what waits, by key."""

    def __init__(self, seed: int) -> None:
        self._choice = random.Random(seed)
        self.changed = threading.Condition()
        self._all: list[Record] = []
        self.waiting: dict[str, list[Record]] = defaultdict(list)
        self._channels: dict[str, tuple[str, ...]] = {}
        self.in_hand: set[tuple[str, str]] = set()

    def join(self, group: str, channels: tuple[str, ...]) -> "DisorderlyBus":
        """The group's member; it gets what came before as well."""
        with self.changed:
            if group not in self._channels:
                self._channels[group] = channels
                for record in self._all:
                    self._hand_to(group, record)
        return DisorderlyBus(self, group)

    def publish(self, record: Record) -> None:
        """Every group that listens has it twice."""
        assert record.headers[VERSION_HEADER]
        with self.changed:
            self._all.append(record)
            for group in self._channels:
                self._hand_to(group, record)
            self.changed.notify_all()

    def _hand_to(self, group: str, record: Record) -> None:
        if record.channel in self._channels[group]:
            self.waiting[group] += [record, record]

    def take(self, group: str) -> Record | None:
        """Any of what waits and whose key nobody works on; the lock is held."""
        waiting = self.waiting[group]
        free = [at for at, one in enumerate(waiting) if (group, one.key) not in self.in_hand]
        if not free:
            return None
        taken = waiting.pop(self._choice.choice(free))
        self.in_hand.add((group, taken.key))
        return taken

    def commit(self, group: str, record: Record) -> None:
        """It has come to its end."""
        with self.changed:
            self.in_hand.remove((group, record.key))
            self.changed.notify_all()

    def close(self) -> None:
        """Nobody waits for long."""

    def is_at_rest(self) -> bool:
        """Whether nothing waits and nobody works."""
        with self.changed:
            return not any(self.waiting.values()) and not self.in_hand


class DisorderlyBus:
    """See `Bus`; what was taken and not committed is lost with its member."""

    def __init__(self, broker: DisorderlyBroker, group: str) -> None:
        self._broker, self._group = broker, group

    def consume(self, timeout_s: float) -> Record | None:
        """See `Bus.consume`, but for the order and for how often."""
        end = time.monotonic() + timeout_s
        with self._broker.changed:
            while (record := self._broker.take(self._group)) is None:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._broker.changed.wait(left)
            return record

    def publish(self, record: Record) -> None:
        """See `Bus.publish`."""
        self._broker.publish(record)

    def flush(self) -> None:
        """See `Bus.flush`."""

    def commit(self, record: Record) -> None:
        """See `Bus.commit`."""
        self._broker.commit(self._group, record)

    def behind(self) -> Mapping[str, int]:
        """See `Bus.behind`."""
        return Counter(record.channel for record in self._broker.waiting[self._group])

    def close(self) -> None:
        """See `Bus.close`."""
