"""The laptop's detector: the model file, run in this process by onnxruntime on the CPU."""

import hashlib

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as trouble

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
)
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import Found, check_pictures, trim

#: Pictures per call. Measured with `faces` at 960x544, one thread: 90 ms of CPU a picture and
#: 0.25 GB alone, 92 ms and 0.44 GB in twos, 113 ms and 0.8 GB in fours: caches hold no more.
BATCH = 1

_UNLOADABLE = (
    trouble.Fail,
    trouble.InvalidArgument,
    trouble.InvalidGraph,
    trouble.InvalidProtobuf,
    trouble.NoSuchFile,
    trouble.NoModel,
    trouble.NotImplemented,
    trouble.RuntimeException,
)


class OnnxDetector:
    """Runs a model file that keeps the contract; ``threads`` is fixed, so that answers are too."""

    def __init__(self, content: bytes, threads: int) -> None:
        self._session = _open(content, threads)
        self._info = _checked(self._session)
        self._sha256 = hashlib.sha256(content).hexdigest()

    @property
    def info(self) -> ModelInfo:
        """See `Detector.info`."""
        return self._info

    @property
    def sha256(self) -> str:
        """See `Detector.sha256`."""
        return self._sha256

    def find(self, pictures: NDArray[np.uint8]) -> list[Found]:
        """See `Detector.find`."""
        check_pictures(pictures, self._info)
        found: list[Found] = []
        for start in range(0, len(pictures), BATCH):
            batch = np.ascontiguousarray(pictures[start : start + BATCH])
            xyxy, scores = self._session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: batch})
            found += trim(xyxy, scores)
        return found


def _open(content: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A waiting thread that spins takes the core from the other stages; it gains 4 % of wall time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena stays on: without it each call maps its memory anew, 129 instead of 90 ms.
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _UNLOADABLE as error:
        raise ModelRejected(
            f"The model file is no ONNX graph that can be run: {_sentence(error)}. Fetch or export "
            "it again."
        ) from error


def _checked(session: onnxruntime.InferenceSession) -> ModelInfo:
    metadata = session.get_modelmeta().custom_metadata_map
    return check_model(session.get_inputs(), session.get_outputs(), metadata)


def _sentence(error: Exception) -> str:
    """The last part of onnxruntime's ``[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : ...``."""
    return str(error).rsplit(" : ", 1)[-1].strip().rstrip(".")
