"""Clients of kafka-python, of which nothing stays where they fail."""

from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer
from kafka.net.compat import KafkaNetClient


def connected(kind: Callable[..., Any], **options: Any) -> Any:
    """A client of that kind that has found Kafka.

    kafka-python 3.0.12 leaves the sockets and the thread of one that has not: a worker that begins
    in an outage, and tries until it ends, could open no more files after some minutes.

    Raises:
        KafkaError: Kafka was not found.
    """
    links: list[Any] = []

    def link(**options: Any) -> Any:
        links.append(KafkaNetClient(**options))
        return links[-1]

    try:
        return kind(kafka_client=link, **options)
    except BaseException:
        for one in links:
            one.close()
        raise


def end_consumer(consumer: KafkaConsumer, patience_s: float) -> None:
    """It is closed, and its sockets and its thread are gone, also where it says no goodbye.

    Raises:
        KafkaError: it did not say goodbye.
    """
    try:
        consumer.close(timeout_ms=round(1000 * patience_s))
    finally:
        consumer._client.close()
