"""The cluster's detector: a model on a Triton server, asked over gRPC with pictures as bytes."""

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from google.protobuf import json_format, text_format
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig
from tritonclient.utils import InferenceServerException

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
    metadata_of,
)
from inyourarea.contracts.served import ServedVersion, served_versions
from inyourarea.contracts.triton_config import CPU, GPU, Description, Machine
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.core.reasons import told
from inyourarea.detect.detector import DetectorAway, DetectorFailed, Found, check_pictures, trim
from inyourarea.detect.settings import TritonSettings
from inyourarea.runtime.reconnecting import RECONNECTING

T = TypeVar("T")

#: Seconds between tries of a call that met nobody: a server that restarts is back within minutes,
#: which the stage waits for; this is for one of several servers that has just gone.
PAUSES_S = (0.1, 0.4)
#: Bytes of a message are not limited here; the largest call decides.
_CHANNEL = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    *RECONNECTING,
)
#: Pictures of one call, and calls at a time, which the server joins to batches as it likes. A call
#: of 6 MB costs 2 ms of CPU a picture here, one of 12 or 23 MB costs 5: memory anew for each.
PICTURES_A_CALL = 2
CALLS_AT_A_TIME = 4
#: Seconds for the answer whether it is ready.
_READY_S = 4.0
#: Seconds for a model to be loaded: TensorRT compiles for up to half an hour before it is ready.
_LOAD_S = 1800.0
_UNAVAILABLE = "StatusCode.UNAVAILABLE"
_NOT_FOUND = "StatusCode.NOT_FOUND"
#: Nobody is there, nobody answers in time, or the model is not loaded (yet).
_AWAY = (_UNAVAILABLE, "StatusCode.DEADLINE_EXCEEDED", _NOT_FOUND)
#: What the python backend says for ever once its model's process was killed. Triton 2.51 still
#: calls the model ready and starts no other: whoever runs the server must start it again.
_DEAD_PROCESS = "Stub process"
#: Element types as the model contract knows them, by Triton's.
_ELEMENTS = {DataType.TYPE_UINT8: "uint8", DataType.TYPE_FP32: "float"}


class ModelAbsent(DetectorAway):
    """The server is there, and no model of that name is loaded."""


class TritonServer:
    """A connection to a Triton server; it is made when it is first needed.

    ``calls`` is where calls at the same time wait.
    """

    def __init__(self, settings: TritonSettings) -> None:
        self._address = settings.address
        self._deadline_s = float(settings.deadline_s)
        self.calls = ThreadPoolExecutor(CALLS_AT_A_TIME, thread_name_prefix="triton")
        tls = settings.tls
        self._client = InferenceServerClient(
            settings.address,
            ssl=tls is not None,
            root_certificates=tls and tls.ca,
            private_key=tls and tls.key,
            certificate_chain=tls and tls.certificate,
            channel_args=list(_CHANNEL),
        )

    def detector(self, model: facts.Model) -> "TritonDetector":
        """The detector of a run's model.

        Raises:
            DetectorAway: the server, or the model on it, can not be reached.
            ModelRejected: no version that it serves is the run's.
        """
        detector = TritonDetector(self, model.name, model.sha256)
        info, members = detector.info, tuple(model.members)
        is_of_size = (model.width, model.height) == (info.width, info.height)
        if not is_of_size or (members and members != info.classes):
            raise ModelRejected(
                told(
                    "model-unlike",
                    model=model.name,
                    server=self._address,
                    size=f"{info.width}x{info.height}",
                    members=", ".join(info.classes),
                    wanted_size=f"{model.width}x{model.height}",
                    wanted=", ".join(members) or "nobody",
                )
            )
        return detector

    def check(self) -> None:
        """The server answers that it is ready.

        Raises:
            DetectorAway: it does not.
        """
        try:
            is_ready = self._client.is_server_ready(client_timeout=_READY_S)
        except InferenceServerException as error:
            raise self._trouble(error) from error
        if not is_ready:
            raise DetectorAway(f"The server at {self._address} is not ready.")

    def load(self, model: Description, content: bytes) -> None:
        """The model is served, from these bytes; what is served already goes on.

        Raises:
            DetectorAway: the server can not be reached, or loads no model that it is not told of
                when it starts.
            DetectorFailed: it can not load this one, and why.
        """
        machine = self._machine()
        told = text_format.Parse(machine.config(model), ModelConfig())
        folder = f"file:{model.info.revision}/"
        beside = {folder + name: file.read_bytes() for name, file in machine.beside.items()}
        try:
            self._client.load_model(
                model.name,
                config=json_format.MessageToJson(told, preserving_proto_field_name=True),
                files={f"{folder}model.onnx": content, **beside},
                client_timeout=_LOAD_S,
            )
        except InferenceServerException as error:
            raise self._trouble(error) from error

    def unload(self, name: str) -> None:
        """The model is not served any more; what it was asked before is answered.

        Raises:
            DetectorAway: the server can not be reached.
        """
        self._call(lambda left_s: self._client.unload_model(name, client_timeout=left_s))

    def _machine(self) -> Machine:
        """What the server runs on: as the models that it has from its own repository."""
        index = self._call(
            lambda left_s: self._client.get_model_repository_index(client_timeout=left_s)
        )
        ready = [one.name for one in index.models if one.state == "READY"]
        return CPU if ready and self.config(ready[0]).backend == "python" else GPU

    def config(self, name: str) -> ModelConfig:
        """What the server was told of a model.

        Raises:
            DetectorAway: the server, or the model on it, can not be reached.
        """
        return self._call(
            lambda left_s: self._client.get_model_config(name, client_timeout=left_s).config
        )

    def answers(self, name: str, version: int, pictures: NDArray[np.uint8]) -> list[Any]:
        """Boxes and scores of N pictures, float32 (N, 100, columns); raises as `Detector.find`."""
        frames = InferInput(FRAMES_INPUT, list(pictures.shape), "UINT8")
        frames.set_data_from_numpy(np.ascontiguousarray(pictures))
        result = self._call(
            lambda left_s: self._client.infer(
                name,
                [frames],
                model_version=str(version),
                timeout=round(left_s * 1e6),
                client_timeout=left_s,
            )
        )
        try:
            return [result.as_numpy(output) for output in (BOXES_OUTPUT, SCORES_OUTPUT)]
        except ValueError as error:
            raise DetectorFailed(f"The server at {self._address} answers in part.") from error

    def close(self) -> None:
        """The connection is closed."""
        self.calls.shutdown()
        self._client.close()

    def _call(self, ask: Callable[[float], T]) -> T:
        """Ask within the deadline, and again only where nobody was there."""
        end = time.monotonic() + self._deadline_s
        pauses_s = iter(PAUSES_S)
        while True:
            try:
                return ask(end - time.monotonic())
            except InferenceServerException as error:
                pause_s = next(pauses_s, math.inf)
                if error.status() != _UNAVAILABLE or time.monotonic() + pause_s >= end:
                    raise self._trouble(error) from error
            time.sleep(pause_s)

    def _trouble(self, error: InferenceServerException) -> Exception:
        status, message = error.status(), error.message()
        text = f"The server at {self._address} says {status}: {message}"
        if status == _NOT_FOUND:
            return ModelAbsent(text)
        is_away = status in _AWAY or message.startswith(_DEAD_PROCESS)
        return DetectorAway(text) if is_away else DetectorFailed(text)


class TritonDetector:
    """A model on a server, by its name and the digest of its file.

    Whichever served version has the digest is asked. Before each call the server is asked again
    what it serves: a model that is loaded anew under the same number is noticed.
    """

    def __init__(self, server: TritonServer, name: str, sha256: str) -> None:
        self._server = server
        self._name = name
        self._sha256 = sha256
        self._served, self._largest_batch = self._look_up()

    @property
    def info(self) -> ModelInfo:
        """See `Detector.info`."""
        return self._served.info

    @property
    def sha256(self) -> str:
        """See `Detector.sha256`."""
        return self._sha256

    def find(self, pictures: NDArray[np.uint8]) -> list[Found]:
        """See `Detector.find`."""
        check_pictures(pictures, self.info)
        if not len(pictures):
            return []
        self._served, self._largest_batch = self._look_up()
        size = min(self._largest_batch, PICTURES_A_CALL)
        some = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        return list(chain.from_iterable(self._server.calls.map(self._find_together, some)))

    def _find_together(self, pictures: NDArray[np.uint8]) -> list[Found]:
        answers = self._server.answers(self._name, self._served.number, pictures)
        for tensor, columns in zip(answers, (4, len(self.info.classes)), strict=True):
            if tensor is None or tensor.shape != (len(pictures), BOXES_PER_FRAME, columns):
                raise DetectorFailed(f"The model {self._name!r} on the server gives no boxes.")
        return trim(*answers)

    def _look_up(self) -> tuple[ServedVersion, int]:
        """The version with the digest, and the largest batch that the server takes."""
        config = self._server.config(self._name)
        parameters = {key: one.string_value for key, one in config.parameters.items()}
        served = served_versions(parameters)
        ours = [version for version in served if version.sha256 == self._sha256]
        if not ours:
            digests = ", ".join(f"{one.number}: {one.sha256[:12]}" for one in served) or "none"
            raise ModelRejected(
                told("model-unserved", model=self._name, digest=self._sha256[:12], digests=digests)
            )
        if config.max_batch_size < 1:
            raise ModelRejected(told("model-batches", model=self._name))
        check_model(_tensors(config.input), _tensors(config.output), metadata_of(ours[-1].info))
        return ours[-1], config.max_batch_size


@dataclass(frozen=True)
class _Tensor:
    """An input or output as the contract looks at it."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


def _tensors(told: Iterable[Any]) -> list[_Tensor]:
    return [
        _Tensor(one.name, f"tensor({_ELEMENTS.get(one.data_type, 'other')})", ("N", *one.dims))
        for one in told
    ]
