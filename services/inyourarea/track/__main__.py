"""``python -m inyourarea.track``: who is who and where the cameras are; answers ``SolveRun``."""

import sys

from inyourarea.contracts.v1 import track_pb2, track_pb2_grpc
from inyourarea.runtime.service import Ground, Service, run_service
from inyourarea.track.handler import TrackHandler
from inyourarea.track.rpc import TrackAnswers
from inyourarea.track.settings import TrackSettings, read_settings


def open_service(ground: Ground, settings: TrackSettings) -> Service:
    """Track's handlers and its answers."""
    handler = TrackHandler(ground.objects, settings)
    answers = TrackAnswers(handler)
    return Service(
        {"track": handler.handlers},
        lambda server: track_pb2_grpc.add_TrackServicer_to_server(answers, server),
        (track_pb2.DESCRIPTOR,),
    )


if __name__ == "__main__":
    sys.exit(run_service("track", read_settings, open_service))
