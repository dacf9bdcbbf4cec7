"""Who of a Kafka group has which partitions: an even share of every topic, and few are moved.

Written against kafka-python 3.0.12.
"""

from types import SimpleNamespace
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment


class EvenAssignor(CooperativeStickyAssignor):  # type: ignore[misc]  # the SDK has no types
    """Cooperative-sticky within each topic.

    The SDK's own counts partitions over all topics together: of two members one may get the whole
    urgent lane and the other the whole bulk lane, and then only one of them has work.
    """

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        """See `AbstractPartitionAssignor.assign`."""
        shares: dict[str, list[Any]] = {member.member_id: [] for member in members}
        for topic in sorted({topic for member in members for topic in member.metadata.topics}):
            listening = [_about(member, topic) for member in members]
            told = super().assign(
                cluster, [member for member in listening if member.metadata.topics]
            )
            for name, assignment in told.items():
                shares[name] += assignment.assigned_partitions
        return {
            name: ConsumerProtocolAssignment(self.version, share, b"")
            for name, share in shares.items()
        }


def _about(member: Any, topic: str) -> SimpleNamespace:
    """What the member says of one topic."""
    said = member.metadata
    owned = [part for part in getattr(said, "owned_partitions", None) or () if part.topic == topic]
    metadata = SimpleNamespace(
        topics=[topic] if topic in said.topics else [],
        owned_partitions=owned,
        generation_id=said.generation_id,
    )
    return SimpleNamespace(member_id=member.member_id, metadata=metadata)
