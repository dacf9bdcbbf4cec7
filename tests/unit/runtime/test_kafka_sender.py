"""Threads share a sender: whatever becomes of its producer, each hears of what it published."""

import threading
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from inyourarea.runtime import kafka_bus
from inyourarea.runtime.bus import BusAway, Record, RecordTooLarge
from inyourarea.runtime.kafka_bus import KafkaSender
from inyourarea.runtime.kafka_settings import KafkaSettings

RECORD = Record("facts", "key", b"fact")


class Sent:
    """A record on its way: it arrives, or its producer ends before."""

    def __init__(self) -> None:
        self.has_arrived = False

    def get(self, timeout: float) -> None:
        if not self.has_arrived:
            raise KafkaTimeoutError(f"not there after {timeout} s")


class Producer:
    """kafka-python's, on a Kafka that takes nothing while ``is_away``; as it, it does not close
    while something is left, but by force."""

    is_away = False
    made: list["Producer"]

    def __init__(self, **_: Any) -> None:
        self.sent: list[Sent] = []
        self.is_ended = False
        self._sender = self
        Producer.made.append(self)

    def send(self, *_: Any, **__: Any) -> Sent:
        if self.is_away and self.sent:
            raise KafkaTimeoutError("no metadata")
        self.sent.append(Sent())
        return self.sent[-1]

    def flush(self, timeout: float) -> None:
        for one in self.sent:
            one.has_arrived = one.has_arrived or not (self.is_away or self.is_ended)
            one.get(timeout)

    def close(self, timeout: float) -> None:
        self.flush(timeout)
        self.is_ended = True

    def force_close(self) -> None:
        self.is_ended = True


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> KafkaSender:
    monkeypatch.setattr(kafka_bus, "KafkaProducer", Producer)
    monkeypatch.setattr(Producer, "is_away", False)
    monkeypatch.setattr(Producer, "made", [], raising=False)
    return KafkaSender(KafkaSettings(("127.0.0.1:9",)))


def elsewhere(work: Any) -> None:
    """The work is done on another thread."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_what_was_published_arrives_when_it_is_flushed(sender: KafkaSender) -> None:
    sender.publish(RECORD)
    sender.flush()
    assert [one.has_arrived for one in Producer.made[0].sent] == [True]


def test_another_threads_outage_is_no_success_of_ones_own(
    sender: KafkaSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.publish(RECORD)
    monkeypatch.setattr(Producer, "is_away", True)

    def fail() -> None:
        with pytest.raises(BusAway):
            sender.publish(RECORD)

    elsewhere(fail)
    monkeypatch.setattr(Producer, "is_away", False)
    with pytest.raises(BusAway):
        sender.flush()
    sender.publish(RECORD)
    sender.flush()


def test_another_threads_flush_takes_nothing_of_ones_own(sender: KafkaSender) -> None:
    sender.publish(RECORD)
    elsewhere(sender.flush)
    sender.flush()
    assert [one.has_arrived for one in Producer.made[0].sent] == [True]


def test_an_outage_between_two_records_is_told_as_one(
    sender: KafkaSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Producer, "is_away", True)
    sender.publish(RECORD)
    with pytest.raises(BusAway, match="no metadata"):
        sender.publish(RECORD)
    assert Producer.made[0].is_ended


def test_a_flush_that_comes_to_nothing_is_an_outage(
    sender: KafkaSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Producer, "is_away", True)
    sender.publish(RECORD)
    with pytest.raises(BusAway, match="not there"):
        sender.flush()
    assert Producer.made[0].is_ended


@pytest.mark.parametrize("where", [Producer, Sent])
def test_a_record_that_is_too_large_is_refused_and_is_no_outage(
    sender: KafkaSender, monkeypatch: pytest.MonkeyPatch, where: type
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MessageSizeTooLargeError("1500000 bytes")

    with monkeypatch.context() as patch, pytest.raises(RecordTooLarge, match="1500000 bytes"):
        patch.setattr(where, "send" if where is Producer else "get", refuse)
        patch.setattr(Producer, "flush", lambda *_, **__: None)
        sender.publish(RECORD)
        sender.flush()
    assert not Producer.made[0].is_ended
    sender.publish(RECORD)
    sender.flush()
    assert len(Producer.made) == 1
