"""The port to the stages: the commands that the gateway gives them."""

from collections.abc import Mapping
from typing import Protocol

from google.protobuf.message import Message

from inyourarea.contracts.topics import NO_HEADERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2


class Stages(Protocol):
    """Ingest and track, asked directly; on a cluster over gRPC. Raises `DependencyAway`."""

    def submit(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """The video is probed and on its way.

        Raises:
            Refused: it can not be used, and why.
        """
        ...

    def decide(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """What submitting it would decide; nothing is stored, and no stage hears of it.

        Raises:
            Refused: it can not be used, and why.
        """
        ...

    def solve(self, accepted: facts.VideoAccepted) -> None:
        """The run's tracks, windows and report are stored, and no fact tells of it.

        Raises:
            Refused: the pins can not be followed, and why.
        """
        ...

    def publish(self, fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> None:
        """The fact is on its way to every stage that listens."""
        ...
