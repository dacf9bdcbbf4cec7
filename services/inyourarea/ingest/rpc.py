"""Ingest's answers: a video is submitted, or what that would decide."""

import grpc

from inyourarea.contracts.v1 import ingest_pb2, ingest_pb2_grpc
from inyourarea.ingest.settings import IngestSettings
from inyourarea.ingest.submit import decide_video, submit_video
from inyourarea.runtime.bus import Sender
from inyourarea.runtime.child import Child
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.rpc import answering
from inyourarea.runtime.worker import take_of, to_record


class IngestAnswers(ingest_pb2_grpc.IngestServicer):
    """The gRPC service ``Ingest``; ``sender`` its way to tell the stages.

    Videos are looked at in ``child`` and copied in ``copying``, so that a look waits for no copy.
    """

    def __init__(
        self,
        objects: Objects,
        child: Child,
        copying: Child,
        sender: Sender,
        settings: IngestSettings,
    ) -> None:
        self._objects = objects
        self._child = child
        self._copying = copying
        self._sender = sender
        self._settings = settings

    def SubmitVideo(  # noqa: N802 - as the proto file calls it
        self, request: ingest_pb2.SubmitVideoRequest, context: grpc.ServicerContext
    ) -> ingest_pb2.SubmitVideoResponse:
        """The video is probed, decided, stored and told to all stages."""
        with answering(context):
            accepted = submit_video(
                request, self._objects, self._child, self._settings, self._copying
            )
            self._sender.publish(to_record(accepted, take_of(accepted.run_id, self._objects)))
            self._sender.flush()
            return ingest_pb2.SubmitVideoResponse(accepted=accepted)

    def DecideVideo(  # noqa: N802
        self, request: ingest_pb2.SubmitVideoRequest, context: grpc.ServicerContext
    ) -> ingest_pb2.SubmitVideoResponse:
        """What `SubmitVideo` would accept."""
        with answering(context):
            accepted = decide_video(request, self._objects, self._child, self._settings)
            return ingest_pb2.SubmitVideoResponse(accepted=accepted)
