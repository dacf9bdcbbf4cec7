"""The worker loop: a unit ends well, in the dead letters, or waits, and is never lost."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from google.protobuf.message import Message

from child_work import burn, slowly
from inyourarea.contracts import keys
from inyourarea.contracts.starts import read_start, starts_of
from inyourarea.contracts.topics import DEAD_LETTERS, TAKE_HEADER, read_fact
from inyourarea.contracts.trainings import STAGE
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DatasetRejected, DependencyAway, VideoUnreadable
from inyourarea.core.reasons import told
from inyourarea.runtime import child as runtime_child
from inyourarea.runtime import orders
from inyourarea.runtime.bus import BusAway, Record, RecordTooLarge
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker, MemoryBus
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway
from inyourarea.runtime.runs import OtherVersion
from inyourarea.runtime.worker import (
    STARTS,
    Patience,
    Worker,
    channels_of,
    to_record,
)
from watched import log_lines

CUT = facts.SegmentCut(video_id="v", run_id="r", lane=facts.LANE_URGENT)
EXTRACTED = facts.FramesExtracted(video_id="v", run_id="r", lane=facts.LANE_URGENT)


class Bench:
    """A worker of one handler, and a look at everything it published."""

    def __init__(self, folder: Path, handle: Callable[[Any], list[Message]]) -> None:
        self.broker = MemoryBroker()
        self.objects = FolderObjects(folder)
        self.bus = self.broker.join("stage", ("segment.cut.urgent",))
        patience = Patience(poll_s=0, first_backoff_s=0, longest_backoff_s=0)
        handlers = {facts.SegmentCut: handle}
        self.worker = Worker("stage", self.bus, self.objects, handlers, patience)

    def work(self, record: Record | None = None) -> None:
        self.bus.publish(record or to_record(CUT))
        given = self.bus.consume(0)
        assert given is not None
        self.worker.work(given, Event())

    def published(self, channel: str) -> list[Record]:
        watcher = self.broker.join(f"watcher of {channel}", (channel,))
        records = []
        while record := watcher.consume(0):
            records.append(record)
        return records


def test_a_handled_record_is_published_on_and_committed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.work()
    (record,) = bench.published("frames.extracted.urgent")
    assert read_fact(record.channel, record.value) == EXTRACTED
    bench.bus.close()
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None
    assert list(bench.objects.list("attempts/")) == []


def test_headers_travel_with_what_follows(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.work(to_record(CUT, {"asked-by": b"somebody"}))
    (record,) = bench.published("frames.extracted.urgent")
    assert record.headers["asked-by"] == b"somebody"


def test_a_unit_that_fails_is_tried_three_times_and_then_buried(tmp_path: Path) -> None:
    tries = []

    def fail(fact: facts.SegmentCut) -> list[Message]:
        tries.append(fact)
        raise ValueError("broken inside")

    bench = Bench(tmp_path, fail)
    bench.work()
    assert len(tries) == 3
    (letter,) = bench.published(DEAD_LETTERS)
    assert letter.headers["reason"] == b"ValueError: broken inside"
    assert letter.headers["attempts"] == b"3"
    assert letter.value == CUT.SerializeToString()
    (failed,) = bench.published("stage.failed")
    reason = facts.StageFailed.FromString(failed.value).reason
    assert reason == told("defect", error="ValueError: broken inside")


def test_a_unit_of_another_versions_run_fails_nothing(tmp_path: Path) -> None:
    def leave(fact: facts.SegmentCut) -> list[Message]:
        raise OtherVersion(fact.run_id)

    bench = Bench(tmp_path, leave)
    bench.work()
    assert [bench.published(name) for name in (DEAD_LETTERS, "stage.failed")] == [[], []]
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None
    assert list(bench.objects.list("attempts/")) == []


def test_users_are_told_that_the_work_was_broken_off(tmp_path: Path) -> None:
    def die(fact: facts.SegmentCut) -> list[Message]:
        raise ChildDied(told("signal", signal=11))

    bench = Bench(tmp_path, die)
    bench.work()
    (letter,) = bench.published(DEAD_LETTERS)
    assert letter.headers["reason"] == b"ChildDied: its process was ended by signal 11"
    (failed,) = bench.published("stage.failed")
    reason = facts.StageFailed.FromString(failed.value).reason
    assert reason == told("died", why="its process was ended by signal 11")


def test_what_fails_of_an_earlier_take_is_left_and_nobody_is_told(tmp_path: Path) -> None:
    def fail(fact: facts.SegmentCut) -> list[Message]:
        raise VideoUnreadable("its object is gone")

    bench = Bench(tmp_path, fail)
    bench.objects.put(keys.take("r"), b"2")
    bench.work(to_record(CUT, {TAKE_HEADER: b"1"}))
    assert bench.published(DEAD_LETTERS) == bench.published("stage.failed") == []
    bench.work(to_record(CUT, {TAKE_HEADER: b"2"}))
    assert len(bench.published(DEAD_LETTERS)) == 1
    assert list(bench.objects.list("attempts/")) == []


def test_a_failure_says_of_which_take_of_the_run_it_is(tmp_path: Path) -> None:
    def fail(fact: facts.SegmentCut) -> list[Message]:
        raise VideoUnreadable("no stage in it")

    bench = Bench(tmp_path, fail)
    bench.work(to_record(CUT, {TAKE_HEADER: b"second"}))
    (failed,) = bench.published("stage.failed")
    assert facts.StageFailed.FromString(failed.value).take == "second"


def test_a_unit_that_works_the_second_time_is_no_failure(tmp_path: Path) -> None:
    tries = []

    def fail_once(fact: facts.SegmentCut) -> list[Message]:
        tries.append(fact)
        if len(tries) == 1:
            raise ValueError("a hiccup")
        return [EXTRACTED]

    bench = Bench(tmp_path, fail_once)
    bench.work()
    assert len(bench.published("frames.extracted.urgent")) == 1
    assert bench.published("stage.failed") == []


@pytest.mark.parametrize("tombstone", [keys.cancelled("r"), keys.deleted("v")])
def test_a_unit_that_was_called_off_is_committed_without_work(
    tombstone: str, tmp_path: Path
) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.objects.put(tombstone, b"")
    bench.work()
    assert bench.published("frames.extracted.urgent") == []
    assert bench.published(DEAD_LETTERS) == []
    bench.bus.close()
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """One whose work is asked about five times a second."""
    for module in (runtime_child, orders):
        monkeypatch.setattr(module, "ASK_S", 0.2)
    with closing(Child()) as child:
        child.call(os.getpid, timeout_s=60)
        yield child


class TestInHand:
    """A unit that is called off while a child works for it."""

    @pytest.mark.parametrize("tombstone", [keys.cancelled("r"), keys.deleted("v")])
    def test_it_is_broken_off_and_the_child_does_the_next(
        self, tombstone: str, child: Child, tmp_path: Path
    ) -> None:
        def work(fact: facts.SegmentCut) -> list[Message]:
            if fact.run_id == "r":
                threading.Timer(0.5, bench.objects.put, (tombstone, b"")).start()
            content = child.call(slowly, 60 if fact.run_id == "r" else 0, timeout_s=90)
            bench.objects.put(f"pieces/{fact.run_id}", content)
            return [facts.FramesExtracted(video_id=fact.video_id, lane=facts.LANE_URGENT)]

        bench, began = Bench(tmp_path, work), time.monotonic()
        with log_lines() as lines:
            bench.work()
        assert time.monotonic() - began < 20
        assert not [line for line in lines if line["level"] in ("warning", "error")]
        bench.work(to_record(facts.SegmentCut(video_id="w", run_id="s", lane=facts.LANE_URGENT)))
        (record,) = bench.published("frames.extracted.urgent")
        assert record.key.startswith("w/")
        assert list(bench.objects.list("pieces/")) == ["pieces/s"]
        assert bench.published(DEAD_LETTERS) == bench.published("stage.failed") == []
        assert list(bench.objects.list("attempts/")) == []
        bench.bus.close()
        assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None

    def test_nothing_more_is_begun_for_it(self, child: Child, tmp_path: Path) -> None:
        calls = []

        def work(_: facts.SegmentCut) -> list[Message]:
            while len(calls) < 200:
                calls.append(child.call(slowly, 0.05, timeout_s=60))
                bench.objects.put(keys.cancelled("r"), b"")
            return [EXTRACTED]

        bench = Bench(tmp_path, work)
        bench.work()
        assert len(calls) < 200
        assert bench.published("frames.extracted.urgent") == []

    def test_what_a_deletion_took_away_from_under_it_is_no_failure(self, tmp_path: Path) -> None:
        def work(_: facts.SegmentCut) -> list[Message]:
            bench.objects.put(keys.deleted("v"), b"")
            raise ObjectNotFound("sources/1")

        bench = Bench(tmp_path, work)
        with log_lines() as lines:
            bench.work()
        assert not [line for line in lines if line["level"] == "error"]
        assert bench.published(DEAD_LETTERS) == bench.published("stage.failed") == []

    @pytest.mark.slow
    @pytest.mark.parametrize("trouble", [None, ObjectsAway("no store")])
    def test_whoever_is_wanted_or_can_not_ask_goes_on(
        self, trouble: ObjectsAway | None, child: Child, tmp_path: Path
    ) -> None:
        pids = [child.call(os.getpid, timeout_s=60)]

        def work(_: facts.SegmentCut) -> list[Message]:
            end = time.monotonic() + 30
            while len(asking.asked) < 5 and time.monotonic() < end:
                child.call(slowly, 0.5, timeout_s=60)
            pids.append(child.call(os.getpid, timeout_s=60))
            return [EXTRACTED]

        bench, asking = Bench(tmp_path, work), Asking(tmp_path, trouble)
        bench.worker.objects = asking
        bench.work()
        assert len(bench.published("frames.extracted.urgent")) == 1
        assert len(asking.asked) >= 5
        assert len(set(pids)) == 1
        time.sleep(0.5)
        count = len(asking.asked)
        time.sleep(0.5)
        assert len(asking.asked) == count  # nobody asks where nothing is worked on

    def test_of_a_short_one_nothing_more_is_asked_than_before_it_began(
        self, tmp_path: Path
    ) -> None:
        def work(_: facts.SegmentCut) -> list[Message]:
            child.call(os.getpid, timeout_s=60)
            return [EXTRACTED]

        bench, asking = Bench(tmp_path, work), Asking(tmp_path, None)
        bench.worker.objects = asking
        with closing(Child()) as child:
            child.call(os.getpid, timeout_s=60)
            bench.work()
        assert sorted(asking.asked) == sorted([keys.cancelled("r"), keys.deleted("v")])


class Asking(FolderObjects):
    """A folder that notes what is asked for, and is in trouble once two questions were answered."""

    def __init__(self, folder: Path, trouble: ObjectsAway | None) -> None:
        super().__init__(folder)
        self.asked, self._trouble = list[str](), trouble

    def size(self, key: str) -> int:
        self.asked.append(key)
        if self._trouble and len(self.asked) > 2:
            raise self._trouble
        return super().size(key)


def test_refused_input_is_not_tried_again(tmp_path: Path) -> None:
    tries = []

    def refuse(fact: facts.SegmentCut) -> list[Message]:
        tries.append(fact)
        raise VideoUnreadable("this is a text file")

    bench = Bench(tmp_path, refuse)
    bench.work()
    assert len(tries) == 1
    (failed,) = bench.published("stage.failed")
    assert facts.StageFailed.FromString(failed.value).reason == "this is a text file"


def test_what_fails_on_the_news_of_a_failure_is_buried_and_makes_no_news(tmp_path: Path) -> None:
    def fail(_: facts.StageFailed) -> list[Message]:
        raise ValueError("whatever it is told")

    broker = MemoryBroker()
    bus = broker.join("gateway", ("stage.failed",))
    worker = Worker("gateway", bus, FolderObjects(tmp_path), {facts.StageFailed: fail})
    bus.publish(to_record(facts.StageFailed(video_id="v", stage="detect", reason="no memory")))
    bus.publish(Record("stage.failed", "v", b"\xff\xff no fact"))
    given = 0
    while given < 10 and (record := bus.consume(0)):
        given += 1
        worker.work(record, Event())
    assert given == 2
    letters = broker.join("watcher", (DEAD_LETTERS,))
    reasons = [letter.headers["reason"] for letter in iter(lambda: letters.consume(0), None)]
    assert reasons[0] == b"ValueError: whatever it is told"
    assert len(reasons) == 2


def test_an_absent_dependency_is_waited_for_however_long(tmp_path: Path) -> None:
    tries = []

    def wait(fact: facts.SegmentCut) -> list[Message]:
        tries.append(fact)
        if len(tries) < 20:
            raise DependencyAway("the model server")
        return [EXTRACTED]

    bench = Bench(tmp_path, wait)
    bench.work()
    assert len(bench.published("frames.extracted.urgent")) == 1
    assert bench.published(DEAD_LETTERS) == []


def test_a_unit_whose_fact_the_bus_never_takes_has_failed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    publish = bench.bus.publish

    def refuse(record: Record) -> None:
        if record.channel == "frames.extracted.urgent":
            raise RecordTooLarge("too many bytes")
        publish(record)

    bench.bus.publish = refuse  # type: ignore[method-assign]
    bench.work()
    (letter,) = bench.published(DEAD_LETTERS)
    assert letter.value == CUT.SerializeToString()
    (failed,) = bench.published("stage.failed")
    assert facts.StageFailed.FromString(failed.value).reason == "too many bytes"
    bench.bus.close()
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None


class ForgetfulBus:
    """A bus that once takes facts and can not store them, and once can not commit."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self._troubles = ["flush", "commit"]
        self._held: list[Record] = []
        self.consume, self.close = bus.consume, bus.close

    def publish(self, record: Record) -> None:
        self._held.append(record)

    def flush(self) -> None:
        held, self._held = self._held, []
        self._trouble("flush")
        for record in held:
            self._bus.publish(record)

    def commit(self, record: Record) -> None:
        self._trouble("commit")
        self._bus.commit(record)

    def _trouble(self, where: str) -> None:
        if where in self._troubles:
            self._troubles.remove(where)
            raise BusAway("the broker was restarted")


def test_facts_that_the_bus_lost_are_published_again_before_the_commit(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.worker.bus = ForgetfulBus(bench.bus)
    bench.work()
    (one, again) = bench.published("frames.extracted.urgent")
    assert one.value == again.value
    bench.bus.close()
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None


def test_a_unit_that_is_finished_while_the_worker_stops_is_committed(tmp_path: Path) -> None:
    stop = Event()

    def finish(fact: facts.SegmentCut) -> list[Message]:
        stop.set()
        return [EXTRACTED]

    bench = Bench(tmp_path, finish)
    bench.bus.publish(to_record(CUT))
    bench.worker.run(stop)
    assert len(bench.published("frames.extracted.urgent")) == 1
    assert bench.broker.join("stage", ("segment.cut.urgent",)).consume(0) is None


class Killed(BaseException):
    """What a kill -9 looks like from inside a test."""


def test_a_unit_that_kills_its_process_every_time_is_buried_in_the_end(tmp_path: Path) -> None:
    def die(_: facts.SegmentCut) -> list[Message]:
        raise Killed

    for _ in range(STARTS):
        with pytest.raises(Killed):
            Bench(tmp_path, die).work()
    last = Bench(tmp_path, die)
    last.work()
    (failed,) = last.published("stage.failed")
    assert "never came to an end" in facts.StageFailed.FromString(failed.value).reason
    assert list(last.objects.list("attempts/")) == []


class CountingObjects(FolderObjects):
    """Counts what it is asked."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def put_once(self, key: str, content: bytes) -> bytes:
        self.asked.append("put_once")
        return super().put_once(key, content)

    def list(self, prefix: str) -> Iterator[str]:
        self.asked.append("list")
        return super().list(prefix)

    def delete(self, key: str) -> None:
        self.asked.append("delete")
        super().delete(key)


def test_to_count_a_start_takes_two_questions(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.worker.objects = objects = CountingObjects(tmp_path)
    bench.work()
    assert objects.asked == ["put_once", "delete"]


def test_who_is_at_a_unit_and_what_went_wrong_can_be_read_meanwhile(tmp_path: Path) -> None:
    seen = []

    def look(_: facts.SegmentCut) -> list[Message]:
        (key,) = bench.objects.list(starts_of("stage", "segment.cut.urgent", "v/0"))
        seen.append(read_start(bench.objects.get(key)))
        if len(seen) == 1:
            raise ValueError("a hiccup")
        return [EXTRACTED]

    bench = Bench(tmp_path, look)
    bench.worker.name = "stage one"
    bench.work(to_record(CUT, {"traceparent": b"00-0af7-b7ad-01"}))
    first, second = seen
    assert (first.worker, first.run_id, first.segment) == ("stage one", "r", 0)
    assert (first.trace_id, first.trouble) == ("0af7", "")
    assert (second.at_ns, second.trouble) == (first.at_ns, "ValueError: a hiccup")


def test_a_unit_that_failed_and_is_tried_again_starts_from_nothing(tmp_path: Path) -> None:
    def refuse(_: facts.SegmentCut) -> list[Message]:
        raise VideoUnreadable("not now")

    bench = Bench(tmp_path, refuse)
    for _ in range(STARTS + 1):
        bench.work()
    reasons = {letter.headers["reason"] for letter in bench.published(DEAD_LETTERS)}
    assert reasons == {b"not now"}
    assert list(bench.objects.list("attempts/")) == []


def test_a_unit_that_waited_too_long_each_time_is_no_unit_that_kills(tmp_path: Path) -> None:
    def wait(_: facts.SegmentCut) -> list[Message]:
        raise DependencyAway("a full disk")

    bench = Bench(tmp_path, wait)
    bench.worker.patience = replace(bench.worker.patience, tries_when_away=1)
    for _ in range(STARTS + 1):
        bench.work()
    reasons = [letter.headers["reason"] for letter in bench.published(DEAD_LETTERS)]
    assert reasons == [b"a full disk"] * (STARTS + 1)


def test_what_a_unit_costs_is_written_down_once(tmp_path: Path) -> None:
    def work(_: facts.SegmentCut) -> list[Message]:
        burn(0.2 if not list(bench.objects.list("usage/")) else 0.1)
        return [EXTRACTED]

    bench = Bench(tmp_path, work)
    record = replace(to_record(CUT), partition=3, offset=7)
    bench.worker.work(record, Event())
    (key,) = bench.objects.list("usage/spent/r/stage/")
    cost_s = float(bench.objects.get(key))
    assert 0.2 <= cost_s < 0.3
    bench.worker.work(record, Event())  # delivered again
    assert list(bench.objects.list("usage/")) == [key]
    assert float(bench.objects.get(key)) == cost_s
    bench.worker.work(replace(record, offset=8), Event())  # the video was deleted, and came again
    costs = [float(bench.objects.get(key)) for key in bench.objects.list("usage/spent/r/stage/")]
    assert sum(costs) == pytest.approx(cost_s + 0.1, abs=0.09)
    # A bus that has begun anew has another segment's record where this one's was: whose key may be
    # the video's, as this one's.
    other = facts.SegmentCut(video_id="v", run_id="r", segment=facts.Segment(index=1))
    bench.worker.work(replace(record, value=other.SerializeToString()), Event())
    assert len(list(bench.objects.list("usage/spent/r/stage/"))) == len(costs) + 1


def test_what_a_child_works_counts_and_what_costs_nothing_is_not_written_down(
    tmp_path: Path,
) -> None:
    child = Child()

    def work(fact: facts.SegmentCut) -> list[Message]:
        if fact.segment.index:
            child.call(burn, 0.3, timeout_s=60)
        return [EXTRACTED]

    bench = Bench(tmp_path, work)
    bench.work()
    assert list(bench.objects.list("usage/")) == []
    cut = facts.SegmentCut(video_id="v", run_id="r", lane=facts.LANE_URGENT)
    cut.segment.index = 1
    bench.work(to_record(cut))
    child.close()
    (key,) = bench.objects.list("usage/spent/r/stage/")
    assert 0.3 <= float(bench.objects.get(key)) < 0.6


def test_a_unit_that_was_told_to_stop_five_times_is_no_unit_that_kills(tmp_path: Path) -> None:
    def wait(_: facts.SegmentCut) -> list[Message]:
        stop.set()
        raise DependencyAway("the model server")

    for _ in range(STARTS + 1):
        stop, bench = Event(), Bench(tmp_path, wait)
        bench.bus.publish(to_record(CUT))
        bench.worker.run(stop)
        assert bench.published("stage.failed") == []


def test_bytes_that_are_no_fact_are_buried_and_the_next_record_is_handled(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: [EXTRACTED])
    bench.work(Record("segment.cut.urgent", "v/0", b"\xff\xff\xff"))
    bench.work()
    assert len(bench.published(DEAD_LETTERS)) == 1
    assert len(bench.published("frames.extracted.urgent")) == 1
    (failed,) = bench.published("stage.failed")
    told = facts.StageFailed.FromString(failed.value)
    assert (told.video_id, told.run_id) == ("v", "")
    assert told.reason.startswith("not a fact of segment.cut.urgent that can be read: ")


def test_a_fact_of_later_contracts_is_not_guessed_at(tmp_path: Path) -> None:
    bench = Bench(tmp_path, pytest.fail)
    later = replace(to_record(CUT), headers={"contracts": b"v2"})
    bench.work(later)
    (letter,) = bench.published(DEAD_LETTERS)
    assert letter.value == later.value
    assert (
        b"it is of version v2 of the contracts and this program knows v1"
        in (letter.headers["reason"])
    )


def test_what_brings_a_video_to_its_end_comes_before_the_segments_of_the_next() -> None:
    handlers = dict.fromkeys((facts.SegmentCut, facts.TracksCompleted, facts.AudioReady), list)
    assert channels_of(handlers) == (  # type: ignore[arg-type]
        "audio.ready",
        "tracks.completed",
        "segment.cut.urgent",
        "segment.cut.bulk",
    )


def test_a_unit_that_is_of_no_video_fails_like_any_other(tmp_path: Path) -> None:
    def refuse(_: Any) -> list[Message]:
        raise DatasetRejected("there is nothing to learn from")

    bench = Bench(tmp_path, refuse)
    wanted = facts.TrainingWanted(dataset="tour", number=2)
    bench.bus = bench.broker.join("train", ("training.wanted",))
    handlers = {facts.TrainingWanted: refuse}
    bench.worker = Worker(STAGE, bench.bus, bench.objects, handlers, bench.worker.patience)
    bench.work(to_record(wanted))
    (letter,) = bench.published(DEAD_LETTERS)
    assert read_fact("training.wanted", letter.value) == wanted
    (told,) = bench.published("stage.failed")
    failed = facts.StageFailed.FromString(told.value)
    assert (failed.stage, failed.key, failed.video_id) == (STAGE, "tour/2", "")
    assert failed.reason == "there is nothing to learn from"
    assert not list(bench.objects.list("attempts/"))
