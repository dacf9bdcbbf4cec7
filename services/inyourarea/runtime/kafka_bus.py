"""The cluster's bus: Kafka, through kafka-python."""

import threading
from collections.abc import Mapping
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from inyourarea.runtime.bus import BusAway, Record, RecordTooLarge
from inyourarea.runtime.kafka_clients import connected
from inyourarea.runtime.kafka_member import KafkaMember, Pace, client_times
from inyourarea.runtime.kafka_settings import KafkaSettings

#: Records of one step that are published within this time travel together, in milliseconds.
_LINGER_MS = 5
#: The largest record, in bytes: Kafka's own limit, and room for a dead letter's headers.
_LARGEST = (1 << 20) + (1 << 16)


class KafkaBus:
    """One member of one consumer group on Kafka, and a producer. See `Bus`.

    It can be made while Kafka is away: it connects when Kafka comes, and again when it comes back.
    A record is given again to a living member only if its partition was lost meanwhile, and then
    not if it was committed before.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        channels: tuple[str, ...],
        pace: Pace | None = None,
    ) -> None:
        pace = pace or Pace()
        self.member = KafkaMember(settings, group, channels, pace)
        self._publisher = KafkaSender(settings, pace)

    def consume(self, timeout_s: float) -> Record | None:
        """See `Bus.consume`."""
        return self.member.consume(timeout_s)

    def publish(self, record: Record) -> None:
        """See `Bus.publish`."""
        self._publisher.publish(record)

    def flush(self) -> None:
        """See `Bus.flush`. Where it raises, what was published since the last flush may be lost."""
        self._publisher.flush()

    def commit(self, record: Record) -> None:
        """See `Bus.commit`."""
        self.member.commit(record)

    def behind(self) -> Mapping[str, int]:
        """See `Bus.behind`; the end of a partition is where it was when something last came."""
        return self.member.behind()

    def check(self) -> None:
        """Kafka was reached, and is there as far as is known. Raises `BusAway`."""
        self.member.check()
        if not self.member.is_connected:
            raise BusAway("Kafka has not been reached yet")

    @property
    def is_closed(self) -> bool:
        """Whether this member has left."""
        return self.member.is_closed

    def close(self) -> None:
        """See `Bus.close`."""
        self.member.close()
        self._publisher.close()


class KafkaSender:
    """A producer, made when it is first needed and anew after it has failed.

    Who only publishes needs no more, and joins no group. Threads may share one: each flushes what
    it has published itself, whatever becomes of the producer meanwhile.
    """

    def __init__(self, settings: KafkaSettings, pace: Pace | None = None) -> None:
        self._settings, self._pace = settings, pace or Pace()
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._mine = threading.local()

    def publish(self, record: Record) -> None:
        """See `Bus.publish`."""
        with self._lock:
            try:
                if self._producer is None:
                    self._producer = self._connected()
                sent = self._producer.send(
                    record.channel,
                    key=record.key.encode(),
                    value=record.value,
                    headers=list(record.headers.items()),
                )
            except MessageSizeTooLargeError as error:
                raise _too_large(error) from error
            except KafkaError as error:
                self._take_sent()
                self._end(0)
                raise _not_taken(error) from error
        self._mine.sent = [*self._take_sent(), sent]

    def flush(self) -> None:
        """See `Bus.flush`."""
        producer, sent = self._producer, self._take_sent()
        try:
            if producer is not None:
                producer.flush(timeout=2 * self._pace.request_s)
            for one in sent:
                one.get(timeout=0)
        except MessageSizeTooLargeError as error:  # which says nothing against the others
            raise _too_large(error) from error
        except KafkaError as error:
            with self._lock:
                if self._producer is producer:
                    self._end(0)
            raise _not_taken(error) from error

    def close(self) -> None:
        """The connection is closed."""
        with self._lock:
            self._end(self._pace.request_s)

    def _take_sent(self) -> list[Any]:
        """What this thread has published since it was asked last."""
        sent: list[Any] = getattr(self._mine, "sent", [])
        self._mine.sent = []
        return sent

    def _end(self, patience_s: float) -> None:
        """The producer is gone; what it has not delivered by then has failed."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.close(timeout=patience_s)
        except KafkaError:  # its close gives up where something is left
            producer._sender.force_close()

    def _connected(self) -> KafkaProducer:
        """Once at least, in order: an idempotent producer can lose what it was told is there.

        Its number is given by a broker, and where Kafka comes back without its data that number may
        be another's: records are taken for copies of that one's then, and thrown away (ADR 38).
        """
        request_ms = round(1000 * self._pace.request_s)
        return connected(
            KafkaProducer,
            acks="all",
            enable_idempotence=False,
            max_in_flight_requests_per_connection=1,
            linger_ms=_LINGER_MS,
            max_request_size=_LARGEST,
            max_block_ms=request_ms,
            delivery_timeout_ms=request_ms + request_ms // 2,
            allow_auto_create_topics=False,
            **self._settings.client_options(),
            **client_times(self._pace),
        )


def _too_large(error: KafkaError) -> RecordTooLarge:
    return RecordTooLarge(
        f"Kafka takes no record of that many bytes; is it of a run with very many pins? ({error})"
    )


def _not_taken(error: KafkaError) -> BusAway:
    return BusAway(f"Kafka did not take a record: {error}")
