"""Where onnxruntime is given a model file: by what looks, and by what measures and exports."""

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as trouble

#: What `open_session` raises where a file is no model, or none that can be run.
UNLOADABLE = (
    trouble.Fail,
    trouble.InvalidArgument,
    trouble.InvalidGraph,
    trouble.InvalidProtobuf,
    trouble.NoSuchFile,
    trouble.NoModel,
    trouble.NotImplemented,
    trouble.RuntimeException,
)


def open_session(
    content: bytes, options: onnxruntime.SessionOptions | None = None
) -> onnxruntime.InferenceSession:
    """The model, ready to be asked on the CPU; the library reports nothing to its makers.

    Raises one of `UNLOADABLE` where onnxruntime can not run that.
    """
    onnxruntime.disable_telemetry_events()  # 1.32 has events for its makers, on from the start
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def sentence(error: Exception) -> str:
    """The last part of onnxruntime's ``[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : ...``."""
    return str(error).rsplit(" : ", 1)[-1].strip().rstrip(".")
