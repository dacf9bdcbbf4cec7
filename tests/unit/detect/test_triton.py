"""What is asked again, and for how long: against a server that answers as it is told."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc import service_pb2 as triton
from tritonclient.grpc import service_pb2_grpc
from tritonclient.grpc.model_config_pb2 import ModelConfig

from inyourarea.contracts.served import ServedVersion
from inyourarea.contracts.triton_config import Description, cpu_config
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import DetectorAway, DetectorFailed
from inyourarea.detect.settings import TritonSettings
from inyourarea.detect.triton import PAUSES_S, TritonDetector, TritonServer
from scenes import INFO

PICTURE = np.zeros((1, INFO.height, INFO.width, 3), np.uint8)
DIGEST = "d" * 64


class FakeServer(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Serves `INFO`; answers with these codes first, ``None`` for no answer at all, then well."""

    def __init__(self) -> None:
        self.address = ""
        self.codes: list[grpc.StatusCode | None] = []
        self.columns = 1
        self.asked: list[triton.ModelInferRequest] = []
        self.config = cpu_config(Description((ServedVersion(INFO, DIGEST),), is_quantised=False))

    def ModelConfig(self, request: Any, context: Any) -> triton.ModelConfigResponse:  # noqa: N802
        return triton.ModelConfigResponse(config=text_format.Parse(self.config, ModelConfig()))

    def ModelInfer(self, request: Any, context: Any) -> triton.ModelInferResponse:  # noqa: N802
        self.asked.append(request)
        if self.codes:
            code = self.codes.pop(0)
            if code is None:
                time.sleep(2)
            context.abort(code or grpc.StatusCode.INTERNAL, "as the test said")
        answer = triton.ModelInferResponse(model_name="drawn", model_version="1")
        for name, columns in (("boxes", 4), ("scores", self.columns)):
            answer.outputs.add(name=name, datatype="FP32", shape=[1, 100, columns])
            answer.raw_output_contents.append(np.zeros((100, columns), np.float32).tobytes())
        return answer


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setattr("inyourarea.detect.triton.PAUSES_S", (0.01, 0.02))
    server, fake = grpc.server(ThreadPoolExecutor(2)), FakeServer()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(fake, server)
    fake.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield fake
    server.stop(None).wait()


@pytest.fixture
def detector(fake: FakeServer) -> Iterator[TritonDetector]:
    """Waits as long as a busy machine may need."""
    with waiting(fake, 30) as detector:
        yield detector


@contextmanager
def waiting(fake: FakeServer, seconds: int) -> Iterator[TritonDetector]:
    server = TritonServer(TritonSettings(fake.address, Fraction(seconds), None))
    yield TritonDetector(server, "drawn", DIGEST)
    server.close()


def test_who_is_not_there_is_asked_again(fake: FakeServer, detector: TritonDetector) -> None:
    fake.codes = [grpc.StatusCode.UNAVAILABLE] * len(PAUSES_S)
    (found,) = detector.find(PICTURE)
    assert len(found) == 0
    assert len(fake.asked) == 1 + len(PAUSES_S)


def test_who_is_never_there_is_away(fake: FakeServer, detector: TritonDetector) -> None:
    fake.codes = [grpc.StatusCode.UNAVAILABLE] * 9
    with pytest.raises(DetectorAway, match="as the test said"):
        detector.find(PICTURE)
    assert len(fake.asked) == 1 + len(PAUSES_S)


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (grpc.StatusCode.INTERNAL, DetectorFailed),
        (grpc.StatusCode.INVALID_ARGUMENT, DetectorFailed),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, DetectorFailed),
        (grpc.StatusCode.NOT_FOUND, DetectorAway),
    ],
)
def test_any_other_trouble_is_not_asked_for_twice(
    fake: FakeServer,
    detector: TritonDetector,
    code: grpc.StatusCode,
    trouble: type[Exception],
) -> None:
    fake.codes = [code]
    with pytest.raises(trouble):
        detector.find(PICTURE)
    assert len(fake.asked) == 1


@pytest.mark.slow
def test_who_does_not_answer_in_time_is_away(fake: FakeServer) -> None:
    fake.codes = [None]
    with waiting(fake, 1) as detector, pytest.raises(DetectorAway, match="DEADLINE_EXCEEDED"):
        detector.find(PICTURE)
    assert len(fake.asked) == 1


def test_the_server_is_told_how_long_we_wait(fake: FakeServer, detector: TritonDetector) -> None:
    detector.find(PICTURE)
    (request,) = fake.asked
    assert 15_000_000 < request.parameters["timeout"].int64_param <= 30_000_000
    assert request.model_version == "1"


def test_an_answer_of_another_shape_is_no_answer(
    fake: FakeServer, detector: TritonDetector
) -> None:
    fake.columns = 3
    with pytest.raises(DetectorFailed, match="gives no boxes"):
        detector.find(PICTURE)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("max_batch_size: 8", "max_batch_size: 0", "takes no batches"),
        ("dims: [192, 320, 3]", "dims: [192, 352, 3]", r"\[N, 192, 320, 3\]"),
        ("TYPE_UINT8", "TYPE_FP32", r"tensor\(uint8\)"),
        ('name: "scores"', 'name: "classes"', "lacks the output 'scores'"),
        ("1/inyourarea.sha256", "inyourarea.nothing", "does not tell the digest"),
        ("1/inyourarea", "2/inyourarea", "gives version 1 the number 2"),
        (DIGEST, "e" * 64, "no version of the model 'drawn'"),
        ("1/inyourarea", "other", "it has none"),
    ],
)
def test_a_server_that_was_told_otherwise_is_refused(
    fake: FakeServer, detector: TritonDetector, old: str, new: str, sentence: str
) -> None:
    assert old in fake.config
    fake.config = fake.config.replace(old, new)
    with pytest.raises(ModelRejected, match=sentence):
        detector.find(PICTURE)
    assert fake.asked == []
