"""Where onnxruntime is given a model file: by what looks, and by what measures and exports."""

import onnxruntime


def open_session(
    content: bytes, options: onnxruntime.SessionOptions | None = None
) -> onnxruntime.InferenceSession:
    """The model, ready to be asked on the CPU; the library reports nothing to its makers.

    Raises whatever onnxruntime does where it can not run that.
    """
    onnxruntime.disable_telemetry_events()  # 1.32 has events for its makers, on from the start
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
