"""Every member has its share of every lane, and keeps what it has where that is fair."""

from collections.abc import Mapping
from types import SimpleNamespace

from inyourarea.runtime.kafka_assignor import EvenAssignor

TOPICS = ("frames.bulk", "frames.urgent", "dead")
PARTITIONS = 12

Owned = Mapping[str, Mapping[str, list[int]]]


class Cluster:
    """What the SDK knows of the topics."""

    def topics(self) -> set[str]:
        return set(TOPICS)

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(PARTITIONS))


def assigned(owned: Owned, topics: tuple[str, ...] = TOPICS[:2]) -> dict[str, dict[str, list[int]]]:
    """Who gets what, in one round, where so much is owned."""
    members = [
        SimpleNamespace(
            member_id=name,
            metadata=SimpleNamespace(
                topics=list(topics),
                owned_partitions=[
                    SimpleNamespace(topic=topic, partitions=parts) for topic, parts in has.items()
                ],
                generation_id=1,
            ),
        )
        for name, has in owned.items()
    ]
    told = EvenAssignor().assign(Cluster(), members)
    return {name: dict(share.assigned_partitions) for name, share in told.items()}


def settled(owned: Owned) -> dict[str, dict[str, list[int]]]:
    """Who has what when nothing moves any more."""
    while (told := assigned(owned)) != owned:
        owned = told
    return told


def counts(owned: Owned) -> dict[str, list[int]]:
    return {name: [len(parts) for parts in has.values()] for name, has in owned.items()}


def test_one_has_everything() -> None:
    assert counts(settled({"a": {}})) == {"a": [12, 12]}


def test_who_joins_gets_a_share_of_each_lane_and_the_others_keep_the_rest() -> None:
    before = settled({"a": {}})
    after = settled({**before, "b": {}})
    assert counts(after) == {"a": [6, 6], "b": [6, 6]}
    third = settled({**after, "c": {}})
    assert counts(third) == {name: [4, 4] for name in "abc"}
    for topic in TOPICS[:2]:
        assert set(third["a"][topic]) < set(after["a"][topic])


def test_nothing_is_two_members_at_a_time() -> None:
    before = settled({"a": {}})
    first_round = assigned({**before, "b": {}})
    assert first_round["b"] == {}  # the first one gives up what it had before


def test_what_the_dead_had_goes_to_the_others() -> None:
    both = settled({"a": {}, "b": {}})
    alone = settled({"b": both["b"]})
    assert counts(alone) == {"b": [12, 12]}
