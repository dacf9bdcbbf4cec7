"""``inyourarea topics apply`` on a real Kafka."""

from collections.abc import Iterator

import pytest
from kafka.admin import KafkaAdminClient

from inyourarea.cli.__main__ import main
from inyourarea.contracts.topics import CHANNELS, DEAD_LETTERS
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.kafka_topics import KafkaTopics
from kafka_house import kafka_house

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kafka_house("segment.cut.bulk") as house:
        yield house.server.address


def test_topics_are_made_and_grown_once_and_never_shrunk(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    apply = ["topics", "apply", "--kafka", address]
    assert main([*apply, "--check"]) == 1
    assert "change segment.cut.bulk: partitions 4 -> 128" in capsys.readouterr().out
    assert main(apply) == 0
    assert f"create {DEAD_LETTERS} with 1 partitions" in capsys.readouterr().out
    assert main([*apply, "--check"]) == 0
    assert (
        capsys.readouterr().out
        == f"{len(CHANNELS)} of {len(CHANNELS)} topics were as they should be\n"
    )

    topics = KafkaTopics(KafkaSettings((address,)))
    found = topics.find(["run.cancelled", "segment.cut.bulk"])
    topics.close()
    assert found["run.cancelled"].properties["cleanup.policy"] == "compact"
    assert found["segment.cut.bulk"].partitions == 128

    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.create_partitions({DEAD_LETTERS: 5})
    admin.close()
    assert main(apply) == 1
    assert "dead.letters has 5 partitions and 1 are wanted" in capsys.readouterr().err


def test_a_kafka_that_is_not_there_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["topics", "apply", "--kafka", "127.0.0.1:1"]) == 75
    assert "Kafka can not be reached" in capsys.readouterr().err
