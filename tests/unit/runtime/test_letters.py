"""Dead letters on the bus of one process: listed, tried again, let go."""

from pathlib import Path
from threading import Event

import pytest
from google.protobuf.message import Message

from inyourarea.contracts.topics import TAKE_HEADER
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.bus import Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.letters import UnknownLetter, drop, find_letters, open_letters, retry
from inyourarea.runtime.memory_bus import MemoryBroker, MemoryBus
from inyourarea.runtime.worker import Patience, Worker, to_record

CUT = facts.SegmentCut(video_id="v", run_id="r", lane=facts.LANE_URGENT)
HEADERS = {"traceparent": b"00-0af7-b7ad-01"}


def bury(broker: MemoryBroker, folder: Path, reason: str) -> MemoryBus:
    """A unit has failed; the bus of its worker."""

    def fail(_: facts.SegmentCut) -> list[Message]:
        raise ValueError(reason)

    bus = broker.join("ingest", ("segment.cut.urgent",))
    bus.publish(to_record(CUT, {**HEADERS, TAKE_HEADER: b"first"}))
    given = bus.consume(0)
    assert given is not None
    patience = Patience(poll_s=0, first_backoff_s=0)
    worker = Worker("ingest", bus, FolderObjects(folder), {facts.SegmentCut: fail}, patience)
    worker.work(given, Event())
    return bus


def test_where_nothing_failed_there_are_no_letters() -> None:
    assert open_letters(MemoryBroker()) == []


def test_a_letter_tells_what_failed_and_where_it_came_from(tmp_path: Path) -> None:
    broker = MemoryBroker()
    bury(broker, tmp_path, "the first")
    bury(broker, tmp_path, "the second")
    newest, oldest = open_letters(broker)
    assert newest.reason == "ValueError: the second"
    assert (oldest.reason, oldest.attempts, oldest.stage) == ("ValueError: the first", 3, "ingest")
    assert oldest.channel == "segment.cut.urgent"
    assert oldest.trace_id == "0af7"
    assert oldest.fact["run_id"] == "r"
    assert newest.buried_s >= oldest.buried_s
    assert newest.id != oldest.id


def test_a_letter_that_is_tried_again_is_the_record_as_it_was_but_of_no_certain_take(
    tmp_path: Path,
) -> None:
    broker = MemoryBroker()
    bus = bury(broker, tmp_path, "broken")
    (letter,) = open_letters(broker)
    retry(letter, bus)
    again = bus.consume(0)
    assert again is not None
    assert (again.channel, again.key, again.value) == (
        "segment.cut.urgent",
        "v/0",
        CUT.SerializeToString(),
    )
    assert again.headers == to_record(CUT, HEADERS).headers
    assert open_letters(broker) == []
    assert list(FolderObjects(tmp_path).list("attempts/")) == []


def test_a_letter_that_was_let_go_is_not_listed_again(tmp_path: Path) -> None:
    broker = MemoryBroker()
    bus = bury(broker, tmp_path, "one")
    bury(broker, tmp_path, "other")
    letters = open_letters(broker)
    drop(letters[0], bus)
    assert open_letters(broker) == letters[1:]
    assert bus.consume(0) is None
    with pytest.raises(UnknownLetter, match="was dealt with"):
        find_letters(open_letters(broker), [letters[0].id])


def test_a_letter_that_a_bus_was_given_twice_is_one(tmp_path: Path) -> None:
    broker = MemoryBroker()
    bus = bury(broker, tmp_path, "broken")
    (letter,) = open_letters(broker)
    bus.publish(letter.record)
    assert [one.id for one in open_letters(broker)] == [letter.id]


def test_what_is_no_fact_can_be_looked_at_all_the_same() -> None:
    broker = MemoryBroker()
    bus = broker.join("any", ())
    headers = {"reason": b"not a fact", "origin": b"segment.cut.urgent/0/7", "stage": b"ingest"}
    bus.publish(Record("dead.letters", "k", b"\xff\xff\xff", headers))
    (letter,) = open_letters(broker)
    assert (letter.fact, letter.channel, letter.attempts) == ({}, "segment.cut.urgent", 0)
