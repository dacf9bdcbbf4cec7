"""The laptop's detector: the model file, run in this process by onnxruntime on the CPU."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
)
from inyourarea.core.errors import ModelRejected
from inyourarea.core.reasons import told
from inyourarea.detect.detector import Found, check_pictures, trim
from inyourarea.runtime.onnx_session import UNLOADABLE, open_session, sentence


class OnnxDetector:
    """Runs a model file that keeps the contract, ``threads`` pictures at a time.

    Each picture is one thread's. Measured with `show`: 54 ms of CPU a picture so, 64 ms where two
    threads share one; and in float32 at 960x544 a batch of four cost a quarter more than four calls
    and .8 GB, since caches hold no more.
    """

    def __init__(self, content: bytes, threads: int) -> None:
        session = _open(content)
        self._content = content
        self._session: onnxruntime.InferenceSession | None = session
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="detector")
        self._info = _checked(session)
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
        return list(self._pool.map(partial(_find_one, self._opened()), pictures))

    def rest(self) -> None:
        """Nobody asks for a while: all that it computes in, 270 MiB, is the system's again.

        The next pictures wait for a third of a second longer.
        """
        with self._lock:
            self._session = None

    def _opened(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _open(self._content)
            return self._session


def _find_one(session: onnxruntime.InferenceSession, picture: NDArray[np.uint8]) -> Found:
    frames = np.ascontiguousarray(picture[None])
    xyxy, scores = session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames})
    return trim(xyxy, scores)[0]


def _open(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena stays on: without it each call maps its memory anew, 129 instead of 90 ms.
    options.log_severity_level = 3
    try:
        return open_session(content, options)
    except UNLOADABLE as error:
        raise ModelRejected(told("model-graph", error=sentence(error))) from error


def _checked(session: onnxruntime.InferenceSession) -> ModelInfo:
    metadata = session.get_modelmeta().custom_metadata_map
    return check_model(session.get_inputs(), session.get_outputs(), metadata)
