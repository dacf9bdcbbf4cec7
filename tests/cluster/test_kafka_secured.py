"""Kafka with SASL_SSL: certificates and a password made here, reached by settings alone."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from certificates import Authority
from inyourarea.contracts.topics import Channel
from inyourarea.runtime.bus import BusAway, Record
from inyourarea.runtime.kafka_bus import KafkaBus
from inyourarea.runtime.kafka_settings import KafkaSettings, read_settings
from inyourarea.runtime.kafka_topics import KafkaTopics, changes
from kafka_house import QUICK
from kafka_server import KafkaServer
from own_servers import skipped_where_not_had

pytestmark = pytest.mark.slow

PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    folder = tmp_path_factory.mktemp("kafka")
    authority = Authority(folder)
    certificate, key = authority.issue("kafka")
    signed = folder / "server.pem"
    signed.write_text(key.read_text() + certificate.read_text())
    (folder / "password").write_text(f"{PASSWORD}\n")
    with skipped_where_not_had():
        server = KafkaServer(folder)
        server.secure(signed)
        server.format("--add-scram", f"SCRAM-SHA-512=[name=detect,password={PASSWORD}]")
        server.start()
    said = {
        "SERVERS": server.address,
        "PROTOCOL": "SASL_SSL",
        "USER": "detect",
        "PASSWORD_FILE": str(folder / "password"),
        "CA_FILE": str(authority.certificate),
        "MEMBER": "detect-0",
    }
    try:
        yield read_settings({f"INYOURAREA_KAFKA_{name}": text for name, text in said.items()})
    finally:
        server.stop()


def test_facts_travel_over_sasl_ssl(secured: KafkaSettings) -> None:
    topics = KafkaTopics(secured)
    topics.make(changes([Channel("facts", 2, 1)], {}))
    topics.close()
    with closing(KafkaBus(secured, "group", ("facts",), QUICK)) as bus:
        bus.publish(Record("facts", "key", b"value"))
        bus.flush()
        end = time.monotonic() + 60
        while (record := bus.consume(1)) is None:
            assert time.monotonic() < end
        bus.commit(record)
        assert record.value == b"value"


@pytest.mark.parametrize(
    "wrong", [{"password": "guessed"}, {"ca_file": ""}], ids=["password", "authority"]
)
def test_who_is_not_known_or_not_trusted_gets_nowhere(
    wrong: dict[str, str | None], secured: KafkaSettings
) -> None:
    with pytest.raises(BusAway, match="Kafka can not be reached"):
        KafkaTopics(replace(secured, **wrong))  # type: ignore[arg-type]
