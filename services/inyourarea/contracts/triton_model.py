"""A model on Triton's python backend, for a machine without a GPU: lies beside each model.onnx.

`inyourarea models repository --cpu` copies this file as ``model.py``. It runs inside of Triton,
where this package is not: it imports nothing of it, and reads the configuration instead.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton
from numpy.typing import NDArray

OUTPUTS = ("boxes", "scores")


class TritonPythonModel:
    """Runs the graph as the laptop does, one thread a picture, so that the answers are the same."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the version's file.

        Raises:
            TritonModelException: its digest is not the one that the configuration tells.
        """
        told = json.loads(args["model_config"])["parameters"]
        version = args["model_version"]
        content = Path(args["model_repository"], version, "model.onnx").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest != told[f"{version}/inyourarea.sha256"]["string_value"]:
            raise triton.TritonModelException(
                f"model.onnx of version {version} has the digest {digest}, the configuration "
                "tells another; write the model repository again"
            )
        onnxruntime.disable_telemetry_events()  # as runtime/onnx_session.py does
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self._pool = ThreadPoolExecutor(int(told["threads"]["string_value"]))

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer all requests of a batch, whose pictures share the threads."""
        asked = [triton.get_input_tensor_by_name(one, "frames").as_numpy() for one in requests]
        answers = self._pool.map(self._look, (picture for some in asked for picture in some))
        return [_response(list(islice(answers, len(some)))) for some in asked]

    def finalize(self) -> None:
        """The threads are gone."""
        self._pool.shutdown()

    def _look(self, picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return self._session.run(OUTPUTS, {"frames": picture[None]})


def _response(answers: Sequence[Sequence[NDArray[np.float32]]]) -> Any:
    columns = zip(OUTPUTS, zip(*answers, strict=True), strict=True)
    return triton.InferenceResponse(
        [triton.Tensor(name, np.concatenate(parts)) for name, parts in columns]
    )
