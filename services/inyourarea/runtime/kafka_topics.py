"""Kafka's topics are those of the table in `contracts.topics`: what differs, and its cure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kafka.admin import ConfigResource, KafkaAdminClient
from kafka.errors import KafkaError

from inyourarea.contracts.topics import Channel
from inyourarea.core.errors import Refused
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.kafka_clients import connected
from inyourarea.runtime.kafka_settings import KafkaSettings

_DAY_MS = 86_400_000
#: Least time, in ms, that a consumer has to see a tombstone in a compacted topic: a week.
_TOMBSTONE_MS = 7 * _DAY_MS


class WouldShrink(Refused):
    """A topic has more partitions than wanted, and Kafka can not take any away."""


@dataclass(frozen=True)
class Found:
    """A topic as Kafka has it."""

    partitions: int
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One topic that is not as wanted; ``properties`` are those that differ."""

    wanted: Channel
    was: Found | None
    properties: Mapping[str, str]

    def __str__(self) -> str:
        """What is to be done, in words."""
        wanted = self.wanted
        if self.was is None:
            return f"create {wanted.name} with {wanted.partitions} partitions"
        words = [f"{name}={value}" for name, value in self.properties.items()]
        if self.was.partitions < wanted.partitions:
            words.insert(0, f"partitions {self.was.partitions} -> {wanted.partitions}")
        return f"change {wanted.name}: {', '.join(words)}"


def properties_of(channel: Channel) -> dict[str, str]:
    """The topic's properties in Kafka's words."""
    largest = {"max.message.bytes": str(channel.largest)}
    if not channel.retention_days:
        kept = {"cleanup.policy": "compact", "delete.retention.ms": str(_TOMBSTONE_MS)}
        return kept | largest
    days = {"retention.ms": str(channel.retention_days * _DAY_MS)}
    return {"cleanup.policy": "delete"} | days | largest


def changes(wanted: Iterable[Channel], found: Mapping[str, Found]) -> list[Change]:
    """What is to be done to have the wanted topics; others are left alone.

    Raises:
        WouldShrink: a topic has more partitions than wanted.
    """
    needed = []
    for channel in wanted:
        was, properties = found.get(channel.name), properties_of(channel)
        if was is None:
            needed.append(Change(channel, None, properties))
            continue
        if was.partitions > channel.partitions:
            raise WouldShrink(
                f"{channel.name} has {was.partitions} partitions and {channel.partitions} are "
                "wanted: Kafka can not take partitions away; ask for as many "
                "(INYOURAREA_KAFKA_LANE_PARTITIONS), or delete the topic when nothing is in it"
            )
        other = {name: text for name, text in properties.items() if was.properties[name] != text}
        if other or was.partitions < channel.partitions:
            needed.append(Change(channel, was, other))
    return needed


class KafkaTopics:
    """The topics of one Kafka. Raises `BusAway`."""

    def __init__(self, settings: KafkaSettings) -> None:
        try:
            self._admin = connected(
                KafkaAdminClient, **settings.client_options(), bootstrap_timeout_ms=10_000
            )
        except KafkaError as error:
            raise BusAway(f"Kafka can not be reached: {error}") from error

    def find(self, names: Iterable[str]) -> dict[str, Found]:
        """The topics of these names that are there."""
        try:
            there = sorted(set(names) & set(self._admin.list_topics()))
            if not there:
                return {}
            partitions = {
                topic["name"]: len(topic["partitions"])
                for topic in self._admin.describe_topics(there)
            }
            asked = [ConfigResource("topic", name) for name in there]
            told = self._admin.describe_configs(asked, config_filter="all")["topic"]
        except KafkaError as error:
            raise BusAway(f"Kafka did not tell its topics: {error}") from error
        return {
            name: Found(partitions[name], {key: of["value"] for key, of in told[name].items()})
            for name in there
        }

    def make(self, needed: Iterable[Change]) -> None:
        """These changes are done; replicas of new topics are as many as the cluster's default."""
        try:
            for change in needed:
                self._make(change)
        except KafkaError as error:
            raise BusAway(f"Kafka did not change a topic: {error}") from error

    def close(self) -> None:
        """Nothing is held open."""
        self._admin.close()

    def _make(self, change: Change) -> None:
        name, properties = change.wanted.name, dict(change.properties)
        if change.was is None:
            new = {"num_partitions": change.wanted.partitions, "configs": properties}
            self._admin.create_topics({name: new}, wait_for_metadata=True)
            return
        if change.was.partitions < change.wanted.partitions:
            self._admin.create_partitions({name: change.wanted.partitions})
        if properties:
            self._admin.alter_configs([ConfigResource("topic", name, properties)])
