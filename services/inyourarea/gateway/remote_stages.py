"""The stages as they are on a cluster: ingest and track asked over gRPC, facts put on the bus."""

from collections.abc import Mapping

from google.protobuf.message import Message

from inyourarea.contracts.topics import NO_HEADERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2, ingest_pb2_grpc, track_pb2, track_pb2_grpc
from inyourarea.runtime.bus import Sender
from inyourarea.runtime.rpc import ask, channel
from inyourarea.runtime.tls import Tls
from inyourarea.runtime.worker import to_record

#: Seconds: a probe may read ten gigabytes, and a closed-GOP copy of an hour takes many minutes.
_SUBMIT_S = 1800.0
_DECIDE_S = 330.0
#: Seconds: the identity step of an hour-long video.
_SOLVE_S = 120.0


class GrpcStages:
    """See `Stages`; ``ingest`` and ``track`` are addresses, ``sender`` the way to the bus."""

    def __init__(self, ingest: str, track: str, sender: Sender, tls: Tls | None = None) -> None:
        self._channels = (channel(ingest, tls), channel(track, tls))
        self._ingest = ingest_pb2_grpc.IngestStub(self._channels[0])
        self._track = track_pb2_grpc.TrackStub(self._channels[1])
        self._sender = sender

    def submit(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """See `Stages.submit`."""
        answer: ingest_pb2.SubmitVideoResponse = ask(self._ingest.SubmitVideo, request, _SUBMIT_S)
        return answer.accepted

    def decide(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """See `Stages.decide`."""
        answer: ingest_pb2.SubmitVideoResponse = ask(self._ingest.DecideVideo, request, _DECIDE_S)
        return answer.accepted

    def solve(self, accepted: facts.VideoAccepted) -> None:
        """See `Stages.solve`."""
        ask(self._track.SolveRun, track_pb2.SolveRunRequest(accepted=accepted), _SOLVE_S)

    def publish(self, fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> None:
        """See `Stages.publish`."""
        self._sender.publish(to_record(fact, headers))
        self._sender.flush()

    def close(self) -> None:
        """No connection is open any more."""
        for connection in self._channels:
            connection.close()
