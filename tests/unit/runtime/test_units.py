"""A unit of work as operators see it: counted by how it ended, one span of a trace, in the log."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DependencyAway, VideoUnreadable
from inyourarea.runtime import metrics, traces
from inyourarea.runtime.bus import Bus, BusAway, Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.runtime.units import done_already
from inyourarea.runtime.worker import Patience, Worker, to_record
from watched import counted, log_lines, spans

CHANNEL = "segment.cut.urgent"
CUT = facts.SegmentCut(
    video_id="v", run_id="r", segment=facts.Segment(index=7), lane=facts.LANE_URGENT
)
EXTRACTED = facts.FramesExtracted(video_id="v", run_id="r", lane=facts.LANE_URGENT)
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Handle = Callable[[Any], list[Message]]


class Bench:
    """A worker whose group is the test's own, since counts are the whole process's."""

    def __init__(self, folder: Path, handle: Handle) -> None:
        self.group = folder.name
        self.broker, self.objects = MemoryBroker(), FolderObjects(folder)
        self.bus = self.broker.join(self.group, (CHANNEL,))
        patience = Patience(poll_s=0, first_backoff_s=0, longest_backoff_s=0)
        handlers = {facts.SegmentCut: handle}
        self.worker = Worker(self.group, self.bus, self.objects, handlers, patience)

    def work(self, record: Record | None = None) -> None:
        self.bus.publish(record or to_record(CUT))
        given = self.bus.consume(0)
        assert given is not None
        self.worker.work(given, Event())

    def count(self, name: str, **more: str) -> float:
        return counted(name, group=self.group, channel=CHANNEL, **more)

    def outcomes(self) -> dict[str, float]:
        found = {name: self.count("units_total", outcome=name) for name in metrics.OUTCOMES}
        return {name: count for name, count in found.items() if count}

    def waiting(self) -> set[str]:
        return {
            name
            for name in metrics.DEPENDENCIES
            if counted("waiting", group=self.group, dependency=name)
        }


def refuse(_: Any) -> list[Message]:
    raise VideoUnreadable("this is a text file")


def fail(_: Any) -> list[Message]:
    raise ValueError("broken inside")


def find_it_done(_: Any) -> list[Message]:
    return [EXTRACTED] if done_already(True) else []


class TestCounts:
    @pytest.mark.parametrize(
        ("handle", "outcome", "retries", "letters"),
        [
            (lambda _: [EXTRACTED], "done", 0, 0),
            (find_it_done, "already", 0, 0),
            (refuse, "refused", 0, 1),
            (fail, "failed", 2, 1),
        ],
    )
    def test_a_unit_is_counted_by_how_it_ended(
        self, handle: Handle, outcome: str, retries: int, letters: int, tmp_path: Path
    ) -> None:
        bench = Bench(tmp_path, handle)
        bench.work()
        assert bench.outcomes() == {outcome: 1}
        assert bench.count("unit_retries_total") == retries
        assert bench.count("dead_letters_total") == letters
        assert bench.count("unit_seconds_count") == retries + 1
        assert bench.count("record_age_seconds_count") == 1

    def test_a_unit_that_was_called_off_is_skipped(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, lambda _: [EXTRACTED])
        bench.objects.put(keys.cancelled("r"), b"")
        bench.work()
        assert bench.outcomes() == {"skipped": 1}

    def test_what_one_unit_found_is_not_said_of_the_next(self, tmp_path: Path) -> None:
        found = iter([True, False])
        bench = Bench(tmp_path, lambda _: [EXTRACTED] * done_already(next(found)))
        bench.work()
        bench.work()
        assert bench.outcomes() == {"already": 1, "done": 1}

    def test_bytes_that_are_no_fact_are_a_unit_that_failed(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, lambda _: [EXTRACTED])
        bench.work(Record(CHANNEL, "v/0", b"\xff\xff\xff"))
        assert bench.outcomes() == {"failed": 1}
        assert bench.count("dead_letters_total") == 1

    def test_a_unit_that_was_stopped_is_not_counted(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, lambda _: [EXTRACTED])
        stop = Event()
        stop.set()
        bench.worker.work(to_record(CUT), stop)
        assert bench.outcomes() == {}

    def test_it_is_said_what_is_waited_for_until_the_unit_goes_on(self, tmp_path: Path) -> None:
        seen: list[tuple[set[str], str]] = []
        troubles = [DependencyAway("nobody there"), ObjectsAway("no disk"), BusAway("no broker")]

        def wait(_: Any) -> list[Message]:
            seen.append((bench.waiting(), metrics.waited_for().get(bench.group, "")))
            if troubles:
                raise troubles.pop(0)
            return [EXTRACTED]

        bench = Bench(tmp_path, wait)
        bench.work()
        assert seen == [
            (set(), ""),
            ({"service"}, "nobody there"),
            ({"service", "store"}, "no disk"),
            ({"service", "store", "kafka"}, "no broker"),
        ]
        assert bench.waiting() == set()
        assert bench.group not in metrics.waited_for()

    def test_a_worker_that_waits_for_its_bus_says_so(self, tmp_path: Path) -> None:
        bench, stop, seen = Bench(tmp_path, fail), Event(), []

        class Away:
            def consume(self, timeout_s: float) -> None:
                if seen or "kafka" in bench.waiting():
                    seen.append(bench.waiting())
                    stop.set()
                    return
                raise BusAway("the broker restarts")

            def close(self) -> None:
                """Nothing is open."""

        bus: Bus = Away()  # type: ignore[assignment]
        bench.worker.bus = bus
        thread = threading.Thread(target=bench.worker.run, args=(stop,))
        thread.start()
        thread.join(10)
        assert seen == [{"kafka"}]
        assert bench.waiting() == set()


class TestTraces:
    def test_a_unit_is_a_child_of_its_fact_and_what_follows_is_its_own(
        self, tmp_path: Path
    ) -> None:
        bench = Bench(tmp_path, lambda _: [EXTRACTED])
        with spans() as kept:
            bench.work(_with(PARENT))
        (span,) = kept.get_finished_spans()
        assert span.name == f"{bench.group} {CHANNEL}"
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
        about = {"video_id": "v", "run_id": "r", "segment": 7, "outcome": "done"}
        assert dict(span.attributes or {}) == {f"inyourarea.{k}": v for k, v in about.items()}
        watcher = bench.broker.join("watcher", ("frames.extracted.urgent",))
        record = watcher.consume(0)
        assert record is not None
        _, trace, parent, _ = record.headers["traceparent"].decode().split("-")
        assert trace == "0af7651916cd43dd8448eb211c80319c"
        assert parent == f"{span.context.span_id:016x}"

    def test_a_unit_that_failed_is_a_span_that_says_so(self, tmp_path: Path) -> None:
        with spans() as kept:
            Bench(tmp_path, fail).work()
        unit = kept.get_finished_spans()[-1]
        assert not unit.status.is_ok
        assert unit.status.description == "ValueError: broken inside"

    def test_a_fact_that_nothing_led_to_begins_a_trace(self) -> None:
        with spans() as kept:
            record = to_record(CUT)
        (root,) = kept.get_finished_spans()
        assert root.name == "segment.cut"
        assert root.parent is None
        assert f"{root.context.trace_id:032x}" in record.headers["traceparent"].decode()


def _with(parent: bytes) -> Record:
    return Record(CHANNEL, "v/7", CUT.SerializeToString(), {"traceparent": parent})


class TestLogs:
    def test_every_line_of_a_unit_says_what_it_is_about(self, tmp_path: Path) -> None:
        troubles = [DependencyAway("nobody there"), ValueError("once")]

        def handle(_: Any) -> list[Message]:
            if troubles:
                raise troubles.pop()
            return [EXTRACTED]

        with log_lines() as lines:
            Bench(tmp_path, handle).work(_with(PARENT))
        assert len(lines) == 2
        for line in lines:
            assert (line["video_id"], line["run_id"], line["segment"]) == ("v", "r", 7)
            assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"

    def test_a_line_that_is_about_no_video_says_nothing_of_one(self, tmp_path: Path) -> None:
        assert traces.trace_id() == ""
        with log_lines() as lines:
            logging.getLogger("inyourarea.test").info("up")
        assert not {"video_id", "run_id", "segment", "trace_id"} & set(lines[0])
