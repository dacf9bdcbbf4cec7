"""What every bus promises; an adapter joins by one class with a fixture `join`."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from inyourarea.runtime.bus import Bus, BusAway, Record
from inyourarea.runtime.memory_bus import MemoryBroker
from kafka_house import KafkaHouse, kafka_house

Join = Callable[[str, tuple[str, ...]], Bus]


#: Seconds for what was published to come, on a busy machine.
_LATE_S = 60.0


class BusContract:
    #: Seconds in which what must not come would have come, as a rule.
    patience_s = 0.05

    def take(self, buses: Sequence[Bus], wanted: int) -> list[list[Record]]:
        """What each is given, in turns, until it is so many in all; each record is committed."""
        taken: list[list[Record]] = [[] for _ in buses]
        end = time.monotonic() + _LATE_S
        while sum(map(len, taken)) < wanted and time.monotonic() < end:
            for bus, records in zip(buses, taken, strict=True):
                if record := bus.consume(self.patience_s):
                    records.append(record)
                    bus.commit(record)
        return taken

    def drain(self, bus: Bus, wanted: int) -> list[Record]:
        """So many records, each committed, after which nothing comes."""
        (records,) = self.take([bus], wanted)
        assert bus.consume(self.patience_s) is None
        return records

    def wait_until_behind(self, bus: Bus, counts: Mapping[str, int]) -> None:
        """The member has heard that it is so many records behind."""
        end = time.monotonic() + _LATE_S
        while bus.behind() != counts and time.monotonic() < end:
            time.sleep(0.01)
        assert bus.behind() == counts

    def test_what_was_published_is_consumed(self, join: Join) -> None:
        bus = join("group", ("facts",))
        bus.publish(Record("facts", "key", b"value", {"header": b"h"}))
        bus.flush()
        (record,) = self.drain(bus, 1)
        assert (record.key, record.value, dict(record.headers)) == (
            "key",
            b"value",
            {"header": b"h"},
        )

    def test_records_of_one_key_keep_their_order(self, join: Join) -> None:
        bus = join("group", ("facts",))
        for number in range(50):
            bus.publish(Record("facts", f"key-{number % 3}", b"%d" % number))
        bus.flush()
        numbers = [(record.key, int(record.value)) for record in self.drain(bus, 50)]
        assert len(numbers) == 50
        for key in {key for key, _ in numbers}:
            mine = [number for other, number in numbers if other == key]
            assert mine == sorted(mine)

    def test_every_group_gets_every_record(self, join: Join) -> None:
        ours, theirs = join("ours", ("facts",)), join("theirs", ("facts",))
        ours.publish(Record("facts", "key", b"value"))
        ours.flush()
        assert len(self.drain(ours, 1)) == len(self.drain(theirs, 1)) == 1

    def test_a_group_that_joins_late_gets_what_came_before(self, join: Join) -> None:
        first = join("first", ("facts",))
        first.publish(Record("facts", "key", b"value"))
        first.flush()
        assert len(self.drain(join("late", ("facts",)), 1)) == 1

    def test_two_members_share_the_records(self, join: Join) -> None:
        one, two = join("group", ("facts",)), join("group", ("facts",))
        for number in range(40):
            one.publish(Record("facts", f"key-{number}", b""))
        one.flush()
        ours, theirs = self.take([one, two], 40)
        assert len(ours) + len(theirs) == 40
        assert ours
        assert theirs

    def test_what_was_not_committed_is_delivered_again(self, join: Join) -> None:
        dying = join("group", ("facts",))
        for number in range(3):
            dying.publish(Record("facts", "key", b"%d" % number))
        dying.flush()
        first = dying.consume(_LATE_S)
        assert first is not None
        dying.commit(first)
        assert dying.consume(_LATE_S) is not None
        dying.close()
        again = self.drain(join("group", ("facts",)), 2)
        assert [record.value for record in again] == [b"1", b"2"]

    def test_a_living_member_is_not_given_a_record_twice(self, join: Join) -> None:
        bus = join("group", ("facts",))
        bus.publish(Record("facts", "key", b""))
        bus.flush()
        assert bus.consume(_LATE_S) is not None
        assert bus.consume(self.patience_s) is None

    def test_the_channel_named_first_is_served_first(self, join: Join) -> None:
        bus = join("group", ("facts.urgent", "facts.bulk"))
        bus.publish(Record("facts.bulk", "key", b"bulk"))
        bus.publish(Record("facts.urgent", "key", b"urgent"))
        bus.flush()
        self.wait_until_behind(bus, {"facts.urgent": 1, "facts.bulk": 1})
        assert [record.value for record in self.drain(bus, 2)] == [b"urgent", b"bulk"]

    def test_channels_that_were_not_asked_for_do_not_come(self, join: Join) -> None:
        bus = join("group", ("facts",))
        bus.publish(Record("others", "key", b""))
        bus.flush()
        assert bus.consume(self.patience_s) is None

    def test_a_record_knows_when_it_was_published(self, join: Join) -> None:
        bus, before_ms = join("group", ("facts",)), time.time() * 1000 - 1
        bus.publish(Record("facts", "key", b""))
        bus.flush()
        (record,) = self.drain(bus, 1)
        assert before_ms <= record.published_ms <= time.time() * 1000 + 1

    def test_a_member_knows_how_many_records_it_was_not_given_yet(self, join: Join) -> None:
        bus = join("group", ("facts", "others"))
        for number in range(30):
            bus.publish(Record("facts", "key", b"%d" % number))
        bus.flush()
        taken = [bus.consume(_LATE_S) for _ in range(10)]
        assert None not in taken
        self.wait_until_behind(bus, {"facts": 20, "others": 0})
        self.drain(bus, 20)
        assert bus.behind() == {"facts": 0, "others": 0}

    def test_a_member_that_left_is_told_so(self, join: Join) -> None:
        bus = join("group", ("facts",))
        bus.close()
        with pytest.raises(BusAway):
            bus.consume(self.patience_s)


class TestMemoryBus(BusContract):
    @pytest.fixture
    def join(self) -> Join:
        return MemoryBroker().join

    def test_what_every_group_has_finished_with_takes_no_memory(self) -> None:
        broker = MemoryBroker()
        ours, theirs = broker.join("ours", ("facts",)), broker.join("theirs", ("facts",))
        for number in range(100):
            ours.publish(Record("facts", f"key-{number}", b"value"))
        self.drain(ours, 100)
        assert sum(len(log.records) for log in broker.logs.values()) == 100
        assert len(self.drain(theirs, 100)) == 100
        assert sum(len(log.records) for log in broker.logs.values()) == 0
        ours.publish(Record("facts", "key-0", b"later"))
        assert [record.value for record in self.drain(theirs, 1)] == [b"later"]

    def test_nobody_waits_for_a_record_when_the_broker_is_closed(self) -> None:
        broker = MemoryBroker()
        bus = broker.join("group", ("facts",))
        closing = threading.Timer(0.1, broker.close)
        closing.start()
        begun = time.monotonic()
        assert bus.consume(60) is None
        assert time.monotonic() - begun < 30


@pytest.fixture(scope="module")
def house() -> Iterator[KafkaHouse]:
    with kafka_house("facts", "others", "facts.urgent", "facts.bulk") as house:
        yield house


@pytest.mark.slow
class TestKafkaBus(BusContract):
    patience_s = 1.0

    @pytest.fixture
    def join(self, house: KafkaHouse) -> Iterator[Join]:
        with house.emptied():
            yield house.join
