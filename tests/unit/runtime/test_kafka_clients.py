"""A client of Kafka that finds none leaves nothing behind."""

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from inyourarea.runtime.kafka_clients import connected

#: Nobody listens there: the port of a service that throws away what it is sent.
NOBODY = "127.0.0.1:9"
#: Each would leave one at least; what else lives in this process may open or close one meanwhile.
TRIES = 5


@pytest.mark.parametrize("kind", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_tries_that_find_no_kafka_leave_no_thread_and_no_file(kind: Any) -> None:
    threads, files = held()
    for _ in range(TRIES):
        with pytest.raises(KafkaError):
            connected(kind, bootstrap_servers=NOBODY, bootstrap_timeout_ms=50)
    threads_then, files_then = held()
    assert max(threads_then - threads, files_then - files) < TRIES


def held() -> tuple[int, int]:
    """This process's threads and open files."""
    gc.collect()
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
