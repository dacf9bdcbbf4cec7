"""The gateway asked as a program asks it: by gRPC, its bytes straight into the object store."""

import time
from pathlib import Path

import grpc
import httpx

from inyourarea.gateway.v1 import gateway_pb2 as outside
from inyourarea.gateway.v1.gateway_pb2_grpc import GatewayStub

#: Seconds for one answer; probing a video may take some.
_ANSWER_S = 120
#: Seconds that the gateway may take to go through a file.
_CHECK_S = 300


class ByGrpc:
    """A program that asks the gateway; ``address`` is that of its gRPC, HOST:PORT."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self.site = GatewayStub(self._channel)

    def close(self) -> None:
        """No connection is open any more."""
        self._channel.close()

    def send(self, video: Path) -> str:
        """The file is in the object store and was gone through; the upload's id."""
        content = video.read_bytes()
        asked = outside.BeginUploadRequest(length=len(content), filename=video.name)
        upload = self.site.BeginUpload(asked, timeout=_ANSWER_S)
        done = outside.CompleteUploadRequest(upload_id=upload.upload_id)
        for part in upload.parts:
            start = (part.number - 1) * upload.part_bytes
            sent = httpx.put(part.url, content=content[start : start + upload.part_bytes])
            sent.raise_for_status()
            done.parts.add(number=part.number, etag=sent.headers["etag"])
        upload, end = self.site.CompleteUpload(done, timeout=_ANSWER_S), time.monotonic() + _CHECK_S
        while upload.state == "checking" and time.monotonic() < end:
            time.sleep(0.2)
            question = outside.GetUploadRequest(upload_id=upload.upload_id)
            upload = self.site.GetUpload(question, timeout=_ANSWER_S)
        assert upload.state == "whole", upload.failure
        return str(upload.upload_id)

    def finished(self, **wishes: object) -> outside.Results:
        """What was made of a video, as soon as it is."""
        submitted = self.site.SubmitVideo(
            outside.SubmitVideoRequest(**wishes),  # type: ignore[arg-type]
            timeout=_ANSWER_S,
        )
        video = submitted.video
        watching = self.site.WatchRun(outside.WatchRunRequest(video_id=video.id))
        for video in watching:
            if video.state != "working":
                break
        watching.cancel()
        assert video.state == "ready", video.failure
        question = outside.GetResultsRequest(video_id=video.id)
        return self.site.GetResults(question, timeout=_ANSWER_S)

    def fetch(self, results: outside.Results, site: str, folder: Path) -> list[Path]:
        """All fancams are in the folder; ``site`` is the gateway's address for HTTP."""
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for person in results.people:
            for fancam in person.fancams:
                answer = httpx.get(f"{site}{fancam.url}").raise_for_status()
                files.append(folder / f"{person.label}-{fancam.aspect}.mp4")
                files[-1].write_bytes(answer.content)
        return files
