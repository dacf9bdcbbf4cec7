"""What has to be done to have the topics of the table, as a pure comparison."""

from dataclasses import replace

import pytest

from inyourarea.contracts.topics import CHANNELS, DEAD_LETTERS, TOPICS, Channel, channels
from inyourarea.runtime.kafka_topics import Found, WouldShrink, changes, properties_of

CUT = Channel("segment.cut.bulk", 12, 7)


def as_wanted(channel: Channel) -> Found:
    return Found(channel.partitions, properties_of(channel) | {"segment.bytes": "1"})


def test_the_table_has_every_lane_and_the_dead_letters_once() -> None:
    names = [channel.name for channel in CHANNELS]
    assert sorted(names) == sorted({*names})
    assert {*names} == {DEAD_LETTERS, *(name for topic in TOPICS for name in topic.channels)}


def test_who_was_cancelled_or_deleted_is_kept_for_ever_and_the_rest_for_days() -> None:
    policies = {channel.name: properties_of(channel)["cleanup.policy"] for channel in CHANNELS}
    assert {name for name, policy in policies.items() if policy == "compact"} == {
        "run.cancelled",
        "video.deleted",
    }
    assert properties_of(CUT)["retention.ms"] == str(7 * 24 * 3600 * 1000)


def test_lanes_have_as_many_partitions_as_are_wanted_and_the_rest_its_own() -> None:
    lanes = {name for topic in TOPICS if topic.has_lanes for name in topic.channels}
    for few, many in zip(channels(3), CHANNELS, strict=True):
        assert (few.partitions, many.partitions) == (3, 128) or few.name not in lanes
        assert few == many or few.name in lanes


def test_what_is_as_wanted_is_left_alone() -> None:
    assert changes(CHANNELS, {channel.name: as_wanted(channel) for channel in CHANNELS}) == []


def test_a_missing_topic_is_created_and_a_small_one_grows() -> None:
    (create,) = changes([CUT], {})
    assert str(create) == "create segment.cut.bulk with 12 partitions"
    (grow,) = changes([CUT], {CUT.name: replace(as_wanted(CUT), partitions=3)})
    assert str(grow) == "change segment.cut.bulk: partitions 3 -> 12"


def test_only_properties_that_differ_are_changed() -> None:
    (change,) = changes([CUT], {CUT.name: as_wanted(replace(CUT, retention_days=1))})
    assert str(change) == f"change segment.cut.bulk: retention.ms={7 * 24 * 3600 * 1000}"


def test_partitions_are_never_taken_away() -> None:
    with pytest.raises(WouldShrink, match="has 24 partitions and 12 are wanted"):
        changes([CUT], {CUT.name: replace(as_wanted(CUT), partitions=24)})
