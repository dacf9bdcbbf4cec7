"""A Kafka with topics for tests, and members that are settled before a test goes on."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from inyourarea.runtime.kafka_bus import KafkaBus
from inyourarea.runtime.kafka_member import Pace
from inyourarea.runtime.kafka_settings import KafkaSettings
from kafka_server import KafkaServer, kafka
from own_servers import skipped_where_not_had
from waiting import until

PARTITIONS = 4
#: Kafka's own least session, so that a death is noticed soon.
QUICK = Pace(session_s=6.0, heartbeat_s=0.5, request_s=5.0)


class KafkaHouse:
    """Topics on a server, and the members that a test has joined."""

    def __init__(self, server: KafkaServer, topics: tuple[str, ...]) -> None:
        self.server, self.topics = server, topics
        self.settings = KafkaSettings(servers=(server.address,))
        self._test = ""
        self.members: list[tuple[str, tuple[str, ...], KafkaBus]] = []

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """For one test: no record is there, no group has been there, no member stays."""
        self._test = uuid.uuid4().hex[:8]
        self._truncate()
        try:
            yield
        finally:
            for _, _, bus in self.members:
                bus.close()
            self.members = []

    def group(self, name: str) -> str:
        """The group's name on Kafka in this test."""
        return f"{name}-{self._test}"

    def join(self, group: str, channels: tuple[str, ...], pace: Pace = QUICK) -> KafkaBus:
        """A new member, when it and its fellows have their shares."""
        settings = replace(self.settings, member=f"member-{len(self.members)}")
        bus = KafkaBus(settings, self.group(group), channels, pace)
        self.members.append((group, channels, bus))
        self.settle(group)
        return bus

    def settle(self, group: str, timeout_s: float = 30.0) -> None:
        """Every partition has one owner among the group's living members, and each owns some."""
        until(lambda: self._is_settled(group), timeout_s, f"{group} does not settle")

    def leave(self, bus: KafkaBus) -> None:
        """It is none of the living members any more."""
        self.members = [member for member in self.members if member[2] is not bus]

    def _is_settled(self, group: str) -> bool:
        living = [
            (channels, bus.member.assigned)
            for name, channels, bus in self.members
            if name == group and not bus.is_closed
        ]
        wanted = {
            (channel, number)
            for channels, _ in living
            for channel in channels
            for number in range(PARTITIONS)
        }
        shares = [share for _, share in living]
        return all(shares) and sorted(wanted) == sorted(
            place for share in shares for place in share
        )

    def _truncate(self) -> None:
        places = [TopicPartition(topic, at) for topic in self.topics for at in range(PARTITIONS)]
        admin = KafkaAdminClient(**self.settings.client_options())
        admin.delete_records(dict.fromkeys(places, -1))
        admin.close()


@contextmanager
def kafka_house(*topics: str) -> Iterator[KafkaHouse]:
    """A server with these topics; where none can be had the test is skipped, and in CI it fails."""
    with skipped_where_not_had(), kafka() as server:
        admin = KafkaAdminClient(bootstrap_servers=server.address)
        admin.create_topics(
            {topic: {"num_partitions": PARTITIONS, "replication_factor": 1} for topic in topics},
            wait_for_metadata=True,
        )
        admin.close()
        yield KafkaHouse(server, topics)
