"""Which fact travels on which topic, under which key; everything the buses know about messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts.v1 import facts_pb2 as facts

#: Partitions of each lane of a topic that fans out: as many copies of a stage bear a comeback night
#: (docs/scale.md). A Kafka that is small may have fewer.
LANE_PARTITIONS = 128

#: The version of the contracts, in a header of every record. A field that is added changes nothing
#: of it; it goes up, with the folder of the proto files, when an old program must not guess.
VERSION_HEADER, VERSION = "contracts", b"v1"
#: In a header of every record of a run: which take of it this is (see `keys.take`).
TAKE_HEADER = "take"
NO_HEADERS: Mapping[str, bytes] = MappingProxyType({})

LANES = MappingProxyType({facts.LANE_URGENT: "urgent", facts.LANE_BULK: "bulk"})


def _by_video(fact: Any) -> str:
    return str(fact.video_id)


def _by_segment(fact: Any) -> str:
    return f"{fact.video_id}/{fact.segment.index}"


def _by_training(fact: Any) -> str:
    return f"{fact.dataset}/{fact.number}"


@dataclass(frozen=True)
class Topic:
    """One kind of fact: its message, its key, whether it fans out in two lanes or is compacted.

    Fan-out facts are keyed by video and segment, so that one video's segments spread over all
    workers; the others by video, so that one consumer sees a video's facts in order. Of a
    compacted topic the bus keeps each key's last fact for ever, of the others all for some days:
    longer than any outage that somebody has to mend, since what a group has not consumed by then
    is left to the sweeper. At most as many copies of a stage work on a topic as it has partitions;
    how many each lane has is said to `channels`.
    """

    name: str
    fact: type[Message]
    key: Callable[[Any], str]
    has_lanes: bool = False
    is_compacted: bool = False
    partitions: int = 12
    retention_days: int = 7

    @property
    def channels(self) -> tuple[str, ...]:
        """The topic names on the bus, the urgent lane first."""
        if not self.has_lanes:
            return (self.name,)
        return tuple(f"{self.name}.{lane}" for lane in LANES.values())

    def channel_of(self, fact: Any) -> str:
        """The topic name on the bus that this fact goes to; an unsaid lane is bulk."""
        if not self.has_lanes:
            return self.name
        return f"{self.name}.{LANES.get(fact.lane, 'bulk')}"


TOPICS = (
    Topic("video.accepted", facts.VideoAccepted, _by_video),
    Topic("segment.cut", facts.SegmentCut, _by_segment, has_lanes=True),
    Topic("audio.ready", facts.AudioReady, _by_video),
    Topic("frames.extracted", facts.FramesExtracted, _by_segment, has_lanes=True),
    Topic("segment.detected", facts.SegmentDetected, _by_video),
    Topic("tracks.completed", facts.TracksCompleted, _by_video),
    Topic("camera.planned", facts.CameraPlanned, _by_segment, has_lanes=True),
    Topic("segment.rendered", facts.SegmentRendered, _by_video),
    Topic("fancams.published", facts.FancamsPublished, _by_video),
    Topic("stage.drawn", facts.StageDrawn, _by_video),
    Topic("stage.ready", facts.StageReady, _by_video),
    Topic("streams.ready", facts.StreamsReady, _by_video),
    Topic("faces.drawn", facts.FacesDrawn, _by_video),
    # Stages ask for the tombstones; these two tell whatever other program reads the bus.
    Topic("run.cancelled", facts.RunCancelled, _by_video, is_compacted=True),
    Topic("video.deleted", facts.VideoDeleted, _by_video, is_compacted=True),
    Topic("stage.failed", facts.StageFailed, _by_video),
    Topic("training.wanted", facts.TrainingWanted, _by_training),
)

_BY_FACT = MappingProxyType({topic.fact: topic for topic in TOPICS})
_BY_CHANNEL = MappingProxyType({name: topic for topic in TOPICS for name in topic.channels})

#: Records that no handler could use end here, with the reason in their headers.
DEAD_LETTERS = "dead.letters"


@dataclass(frozen=True)
class Channel:
    """A topic as the bus has it; ``retention_days`` 0: each key's last record is kept for ever."""

    name: str
    partitions: int
    retention_days: int
    #: Largest record, in bytes: Kafka's own default.
    largest: int = 1 << 20


def channels(lane_partitions: int = LANE_PARTITIONS) -> tuple[Channel, ...]:
    """All that a bus needs to have, with so many partitions for each lane.

    A dead letter is its record and why it is there; a month to look.
    """
    return (
        *(channel for topic in TOPICS for channel in _channels(topic, lane_partitions)),
        Channel(DEAD_LETTERS, partitions=1, retention_days=30, largest=(1 << 20) + (1 << 16)),
    )


def _channels(topic: Topic, lane_partitions: int) -> tuple[Channel, ...]:
    days = 0 if topic.is_compacted else topic.retention_days
    partitions = lane_partitions if topic.has_lanes else topic.partitions
    return tuple(Channel(name, partitions, days) for name in topic.channels)


CHANNELS = channels()


def topic_of(fact: type[Message]) -> Topic:
    """The topic that carries this kind of fact."""
    return _BY_FACT[fact]


class NewerContracts(Exception):
    """A record is of a version of the contracts that this program does not know."""


def read_fact(channel: str, value: bytes, headers: Mapping[str, bytes] = NO_HEADERS) -> Message:
    """The fact in a record. Fields that are not known here stay in it.

    Raises:
        KeyError: nothing is known of that channel.
        google.protobuf.message.DecodeError: the bytes are no such fact.
        NewerContracts: the record says that it is of another version.
    """
    if (version := headers.get(VERSION_HEADER, VERSION)) != VERSION:
        said = version.decode(errors="replace")
        raise NewerContracts(
            f"it is of version {said} of the contracts and this program knows {VERSION.decode()}; "
            "have a newer program try it again"
        )
    fact = _BY_CHANNEL[channel].fact()
    fact.ParseFromString(value)
    return fact
