"""Reads a Kafka topic from its beginning to its end, without joining any group."""

import time
from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from inyourarea.runtime.bus import BusAway, Record
from inyourarea.runtime.kafka_clients import connected, end_consumer
from inyourarea.runtime.kafka_member import Pace, client_times, to_record
from inyourarea.runtime.kafka_settings import KafkaSettings

#: Seconds without a record after which Kafka is taken to be away.
_SILENCE_S = 20.0


class KafkaArchive:
    """See `Archive`: all that Kafka keeps of a topic at the moment it is asked."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def records(self, channel: str) -> Sequence[Record]:
        """See `Archive.records`."""
        pace = Pace()
        try:
            consumer = connected(
                KafkaConsumer,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                **self._settings.client_options(),
                **client_times(pace),
            )
        except KafkaError as error:
            raise BusAway(f"Kafka can not be reached: {error}") from error
        try:
            return _read(consumer, channel)
        except KafkaError as error:
            raise BusAway(f"Kafka did not tell what is in {channel}: {error}") from error
        finally:
            end_consumer(consumer, pace.request_s)


def _read(consumer: KafkaConsumer, channel: str) -> list[Record]:
    numbers = consumer.partitions_for_topic(channel)
    if not numbers:
        raise BusAway(f"Kafka has no topic {channel}: run `inyourarea topics apply`")
    places = [TopicPartition(channel, number) for number in sorted(numbers)]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: list[Record] = []
    heard_s = time.monotonic()
    while any(consumer.position(place) < ends[place] for place in places):
        came = consumer.poll(timeout_ms=500)
        for place, messages in came.items():
            found += [to_record(place, message) for message in messages]
        if came:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > _SILENCE_S:
            raise BusAway(f"Kafka sends nothing of {channel}")
    return found
