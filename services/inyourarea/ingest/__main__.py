"""``python -m inyourarea.ingest``: probes, cuts and extracts; answers ``SubmitVideo``."""

import sys

from inyourarea.contracts.v1 import ingest_pb2, ingest_pb2_grpc
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.rpc import IngestAnswers
from inyourarea.ingest.settings import IngestSettings, read_settings
from inyourarea.runtime.service import Ground, Service, run_service


def open_service(ground: Ground, settings: IngestSettings) -> Service:
    """Ingest's handlers, and its answers with children of their own."""
    handler = IngestHandler(ground.objects, ground.child(), settings)
    children = (ground.child(), ground.child())
    answers = IngestAnswers(ground.objects, *children, ground.sender(), settings)
    return Service(
        {"ingest": handler.handlers},
        lambda server: ingest_pb2_grpc.add_IngestServicer_to_server(answers, server),
        (ingest_pb2.DESCRIPTOR,),
    )


if __name__ == "__main__":
    sys.exit(run_service("ingest", read_settings, open_service))
