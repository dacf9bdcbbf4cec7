"""What Kafka's bus promises beside the contract: members that work long, die, return and move."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from google.protobuf.message import Message
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from inyourarea.contracts.topics import DEAD_LETTERS, read_fact
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.bus import Bus, BusAway, Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.kafka_assignor import EvenAssignor
from inyourarea.runtime.kafka_bus import KafkaBus, KafkaSender
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.worker import Patience, Worker, to_record
from kafka_house import PARTITIONS, QUICK, KafkaHouse, kafka_house
from kafka_server import KafkaServer, kafka
from own_servers import skipped_where_not_had
from waiting import until

pytestmark = pytest.mark.slow

CUT = "segment.cut.bulk"
EXTRACTED = "frames.extracted.bulk"
#: Of members whose death nobody is to notice: what is shared out again sooner was told by somebody.
UNHURRIED = replace(QUICK, session_s=30.0)
OUTAGES = {signal.SIGTERM: "facts.stopped", signal.SIGKILL: "facts.killed"}
TOPICS = ("facts", CUT, EXTRACTED, "stage.failed", DEAD_LETTERS, *OUTAGES.values())


@pytest.fixture(scope="module")
def running() -> Iterator[KafkaHouse]:
    with kafka_house(*TOPICS) as house:
        yield house


@pytest.fixture
def house(running: KafkaHouse) -> Iterator[KafkaHouse]:
    with running.emptied():
        yield running


def publish(bus: Bus, count: int, channel: str = "facts") -> list[bytes]:
    values = [b"%d" % number for number in range(count)]
    for number, value in enumerate(values):
        bus.publish(Record(channel, f"key-{number % 8}", value))
    bus.flush()
    return values


def take(bus: Bus, wanted: int, timeout_s: float = 30.0) -> list[Record]:
    """So many records, each committed."""
    records: list[Record] = []
    end = time.monotonic() + timeout_s
    while len(records) < wanted and time.monotonic() < end:
        if record := bus.consume(0.5):
            bus.commit(record)
            records.append(record)
    return records


def values(records: list[Record]) -> list[bytes]:
    return sorted((record.value for record in records), key=int)


def test_a_step_longer_than_the_longest_poll_gap_keeps_its_membership(house: KafkaHouse) -> None:
    pace = replace(QUICK, poll_s=2.0)
    busy = house.join("group", ("facts",), pace)
    sent = publish(busy, 20)
    first = busy.consume(5)
    assert first is not None
    time.sleep(5)
    assert len(busy.member.assigned) == PARTITIONS
    busy.commit(first)
    assert values([first, *take(busy, 19)]) == sent
    assert busy.consume(1) is None


def test_a_member_that_waits_says_at_once_how_far_it_is_behind(house: KafkaHouse) -> None:
    idle = house.join("group", ("facts",))
    stop, asked_s = Event(), list[float]()

    def wait() -> None:
        while not stop.is_set():
            idle.consume(0.5)

    waiting = threading.Thread(target=wait)
    waiting.start()
    for _ in range(10):
        time.sleep(0.1)
        began = time.monotonic()
        assert idle.behind() == {"facts": 0}
        asked_s.append(time.monotonic() - began)
    stop.set()
    waiting.join()
    assert sum(asked_s) < 0.5


def test_a_member_that_connects_anew_says_how_far_it_was_behind(
    house: KafkaHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = house.join("group", ("facts",))
    publish(bus, 20)
    assert bus.consume(5) is not None

    def fail(*_: Any, **__: Any) -> None:
        raise KafkaError("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(KafkaConsumer, "poll", fail)
        until(lambda: not bus.member.is_connected)
        for _ in range(20):
            assert bus.behind() == {"facts": 19}
            time.sleep(0.1)
    until(lambda: bus.behind() == {"facts": 20}, 60)  # what was not committed comes again


def test_a_member_that_works_lets_another_join(house: KafkaHouse) -> None:
    busy = house.join("group", ("facts",))
    sent = publish(busy, 40)
    held = busy.consume(5)
    assert held is not None
    other = house.join("group", ("facts",))  # while the first one is at its step
    assert len(busy.member.assigned) == len(other.member.assigned) == PARTITIONS // 2
    busy.commit(held)
    records, end = [held], time.monotonic() + 60
    while set(values(records)) != set(sent) and time.monotonic() < end:
        records += [*take(busy, 1, 0.5), *take(other, 1, 0.5)]
    assert set(values(records)) == set(sent)
    twice = len(records) - len(sent)
    assert twice <= 1, "only what was in hand may be done twice"


def test_the_commit_of_a_record_whose_partition_moved_is_left_to_its_new_owner(
    house: KafkaHouse,
) -> None:
    first = house.join("group", ("facts",))
    sent = publish(first, 40)
    held = [first.consume(5) for _ in sent]
    other = house.join("group", ("facts",))
    moved = other.member.assigned
    for record in held:
        assert record is not None
        first.commit(record)
    again = take(other, 40, 3)
    assert again
    assert {("facts", record.partition) for record in again} <= moved
    assert first.consume(1) is None


def test_a_killed_process_hands_its_records_to_the_others(house: KafkaHouse) -> None:
    survivor = house.join("group", ("facts",))
    words = [house.server.address, house.group("group"), "victim", "facts"]
    folders = [str(Path(__file__).parent), *sys.path]
    victim = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "kafka_victim.py"), *words],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))},
    )
    try:
        assert victim.stdout is not None
        end = time.monotonic() + 30
        while len(survivor.member.assigned) == PARTITIONS:
            assert time.monotonic() < end, "the victim never joined"
            time.sleep(0.05)
        sent = publish(survivor, 40)
        taken = victim.stdout.readline().strip()
        assert taken in sent
        ours = take(survivor, 40, 3)
        assert taken not in values(ours)
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
    killed = time.monotonic()
    theirs = take(survivor, 40 - len(ours))
    assert values([*ours, *theirs]) == sent
    assert time.monotonic() - killed < QUICK.session_s + 20  # and not Kafka's 45 s


def test_a_process_that_comes_back_under_its_name_goes_on_at_once(house: KafkaHouse) -> None:
    watcher = house.join("watchers", ("facts",))
    sent = publish(watcher, 12)
    settings = replace(house.settings, member="phoenix")

    def join() -> "closing[KafkaBus]":
        return closing(KafkaBus(settings, house.group("group"), ("facts",), UNHURRIED))

    with join() as dead:
        done = take(dead, 5)
        held = dead.consume(5)
        assert held is not None
        with join() as back:
            began = time.monotonic()
            rest = take(back, 7)
            assert time.monotonic() - began < UNHURRIED.session_s
            assert values([*done, *rest]) == sent
            for _ in range(
                2
            ):  # the older twin is told so at its next commit, and gets nothing more
                with pytest.raises(BusAway, match="another member named phoenix"):
                    dead.commit(held)
            with pytest.raises(BusAway, match="another member named phoenix"):
                dead.consume(1)
            dead.close()
            assert len(back.member.assigned) == PARTITIONS


def test_who_leaves_gives_its_records_to_the_others_at_once(house: KafkaHouse) -> None:
    stays, leaves = (house.join("group", ("facts",), UNHURRIED) for _ in range(2))
    sent = publish(stays, 40)
    assert leaves.consume(5) is not None
    leaves.close()
    began = time.monotonic()
    assert values(take(stays, 40)) == sent
    assert time.monotonic() - began < UNHURRIED.session_s


@pytest.mark.parametrize("shared", [0, PARTITIONS // 2])
def test_records_that_were_shared_out_to_nobody_find_somebody(
    house: KafkaHouse, monkeypatch: pytest.MonkeyPatch, shared: int
) -> None:
    """Whoever shares out may not know of topics yet, or of partitions, made a moment ago."""
    share, knows = EvenAssignor.assign, []

    def share_what_is_known(self: EvenAssignor, cluster: Any, members: Any) -> dict[str, Any]:
        knows.append(len(knows) > 0)
        shares: dict[str, Any] = share(self, cluster, members)
        if not knows[-1]:
            for one in shares.values():
                for _, numbers in one.assigned_partitions:
                    del numbers[shared:]
        return shares

    monkeypatch.setattr(EvenAssignor, "assign", share_what_is_known)
    settings = replace(house.settings, member="alone")
    with closing(KafkaBus(settings, house.group("late"), ("facts",), QUICK)) as bus:
        sent = publish(bus, 16)
        assert sorted(values(_patiently(bus, set(sent)))) == sorted(sent)
    assert knows[:2] == [False, True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_broker_that_goes_and_returns_costs_no_record(
    number: signal.Signals, house: KafkaHouse
) -> None:
    channel = OUTAGES[number]  # of its own: a killed broker has other tests' records again
    bus = house.join("group", (channel,))
    sent = publish(bus, 20, channel)
    done = take(bus, 5)
    held = bus.consume(5)
    assert held is not None
    stopped = time.monotonic()
    house.server.stop(number)
    with pytest.raises(BusAway):
        for _ in range(60):
            bus.consume(0.5)
    with pytest.raises(BusAway):
        bus.publish(Record(channel, "key", b"lost"))
        bus.flush()
    with pytest.raises(BusAway):
        bus.commit(held)
    assert time.monotonic() - stopped < 60
    house.server.start()
    records = [*done, *_patiently(bus, {*sent} - {*values(done)})]
    assert set(values(records)) == set(sent)
    assert len(records) <= len(sent) + 1, "only what was in hand may come again"
    assert len(_patiently(bus, {*publish(bus, 3, channel)})) == 3


def _patiently(bus: Bus, wanted: set[bytes], timeout_s: float = 60.0) -> list[Record]:
    """Until all the wanted ones came, each committed, as a worker does it."""
    records: list[Record] = []
    held: Record | None = None
    end = time.monotonic() + timeout_s
    while not wanted <= {record.value for record in records} and time.monotonic() < end:
        try:
            held = held or bus.consume(0.5)
            if held is not None:
                bus.commit(held)
                records.append(held)
                held = None
        except BusAway:
            time.sleep(0.2)
    return records


class Stage:
    """A worker on Kafka, on a thread, and what it publishes."""

    def __init__(self, house: KafkaHouse, folder: Path, handle: Any) -> None:
        self.bus = house.join("stage", (CUT,))
        patience = Patience(first_backoff_s=0.1)
        handlers = {facts.SegmentCut: handle}
        self._worker = Worker("stage", self.bus, FolderObjects(folder), handlers, patience)
        self._watcher = house.join("watcher", (EXTRACTED, "stage.failed", DEAD_LETTERS))
        self._stop = Event()
        self._thread = threading.Thread(target=self._worker.run, args=(self._stop,))

    def run(self, *records: Record, wanted: int) -> list[Record]:
        """What is published for these records."""
        for record in records:
            self._watcher.publish(record)
        self._watcher.flush()
        self._thread.start()
        came = take(self._watcher, wanted)
        self._stop.set()
        self._thread.join()
        return [*came, *take(self._watcher, 100, 1)]


def cut(index: int, run: str = "r") -> facts.SegmentCut:
    fact = facts.SegmentCut(video_id="v", run_id=run, lane=facts.LANE_BULK)
    fact.segment.index = index
    return fact


def extract(fact: facts.SegmentCut) -> list[Message]:
    done = facts.FramesExtracted(video_id=fact.video_id, run_id=fact.run_id, lane=fact.lane)
    done.segment.CopyFrom(fact.segment)
    return [done]


def test_a_poison_message_is_buried_with_its_origin_and_the_others_are_done(
    house: KafkaHouse, tmp_path: Path
) -> None:
    def fail_on_the_second(fact: facts.SegmentCut) -> list[Message]:
        if fact.segment.index == 1:
            raise ValueError("a decoder that crashes")
        return extract(fact)

    stage = Stage(house, tmp_path, fail_on_the_second)
    nonsense = Record(CUT, "v/9", b"\xff\xff no fact", {"traceparent": b"00-a-b-01"})
    published = stage.run(*(to_record(cut(index)) for index in range(3)), nonsense, wanted=6)
    by_channel = {channel: [r for r in published if r.channel == channel] for channel in TOPICS}
    done = {read_fact(EXTRACTED, record.value).segment.index for record in by_channel[EXTRACTED]}  # type: ignore[attr-defined]
    assert done == {0, 2}
    broken, crashed = sorted(by_channel[DEAD_LETTERS], key=lambda letter: letter.key, reverse=True)
    assert crashed.headers["reason"] == b"ValueError: a decoder that crashes"
    assert crashed.headers["attempts"] == b"3"
    assert crashed.value == to_record(cut(1)).value
    assert broken.value == nonsense.value
    assert broken.headers["traceparent"] == b"00-a-b-01"
    channel, partition, offset = broken.headers["origin"].decode().split("/")
    assert (channel, int(partition) < PARTITIONS, int(offset) >= 0) == (CUT, True, True)
    told = [facts.StageFailed.FromString(record.value) for record in by_channel["stage.failed"]]
    assert {one.video_id for one in told} == {"v"}
    unread, failed = sorted(told, key=lambda one: one.run_id)
    assert unread.reason.startswith(f"not a fact of {CUT} that can be read")
    assert "(ValueError: a decoder that crashes); try again" in failed.reason


def test_a_message_with_a_field_of_later_contracts_is_handled_and_keeps_it_on_the_bus(
    house: KafkaHouse, tmp_path: Path
) -> None:
    unknown = bytes([0xF2, 0x3F, 5]) + b"later"  # field 1022, five bytes
    newer = replace(to_record(cut(0)), value=to_record(cut(0)).value + unknown)
    seen: list[bytes] = []

    def keep(fact: facts.SegmentCut) -> list[Message]:
        seen.append(fact.SerializeToString(deterministic=True))
        return extract(fact)

    (done,) = Stage(house, tmp_path, keep).run(newer, wanted=1)
    assert done.channel == EXTRACTED
    assert seen == [newer.value]


def test_a_message_that_comes_twice_is_handled_twice_in_its_key_s_order(
    house: KafkaHouse, tmp_path: Path
) -> None:
    twice = [to_record(cut(7, run)) for run in ("a", "a", "b", "b", "c", "c")]
    published = Stage(house, tmp_path, extract).run(*twice, wanted=6)
    runs = [read_fact(EXTRACTED, record.value).run_id for record in published]  # type: ignore[attr-defined]
    assert runs == ["a", "a", "b", "b", "c", "c"]


def test_a_sender_that_waited_while_kafka_lost_everything_is_no_other_senders_twin() -> None:
    """A Kafka that numbered producers would number them anew, and take one for the other."""
    with had_kafka() as server, ExitStack() as opened:
        settings = KafkaSettings((server.address,))
        old, new = (opened.enter_context(closing(KafkaSender(settings, QUICK))) for _ in range(2))
        record = Record("facts", "key", b"old")
        make_topic(server.address)
        for _ in range(3):
            old.publish(record)
            old.flush()
        server.kill()
        server.format()
        server.start()
        make_topic(server.address)
        for _ in range(5):
            new.publish(replace(record, value=b"new"))
            new.flush()
        old.publish(record)
        old.flush()
        reader = KafkaBus(replace(settings, member="reader"), "readers", ("facts",), QUICK)
        opened.enter_context(closing(reader))
        assert [each.value for each in take(reader, 6)] == [*[b"new"] * 5, b"old"]


@contextmanager
def had_kafka() -> Iterator[KafkaServer]:
    """A Kafka of one test's own."""
    with skipped_where_not_had(), kafka() as server:
        yield server


def make_topic(address: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.create_topics(
        {"facts": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True
    )
    admin.close()
