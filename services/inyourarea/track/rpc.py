"""Track's answer: who is where with these pins, solved at once."""

import grpc

from inyourarea.contracts.v1 import track_pb2, track_pb2_grpc
from inyourarea.runtime.rpc import answering
from inyourarea.track.handler import TrackHandler


class TrackAnswers(track_pb2_grpc.TrackServicer):
    """The gRPC service ``Track``."""

    def __init__(self, handler: TrackHandler) -> None:
        self._handler = handler

    def SolveRun(  # noqa: N802 - as the proto file calls it
        self, request: track_pb2.SolveRunRequest, context: grpc.ServicerContext
    ) -> track_pb2.SolveRunResponse:
        """The run's tracks, windows and report are stored."""
        with answering(context):
            self._handler.solve(request.accepted)
            return track_pb2.SolveRunResponse()
