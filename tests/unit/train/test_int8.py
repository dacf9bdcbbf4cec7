"""The 8-bit network is the float one: its first convolution exactly, its weights within 7 bits."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inyourarea.train.graph import IR_VERSION, OPSET
from inyourarea.train.int8 import CALIBRATED_ON, quad_kernel, to_calibrate_on

MODEL = Path(__file__).resolve().parents[3] / "models" / "show" / "3" / "model.onnx"
HEIGHT, WIDTH, OUTPUTS = 12, 16, 5


def test_the_first_convolution_on_quads_is_the_same_one() -> None:
    random = np.random.default_rng(0)
    frame = random.integers(0, 256, (1, HEIGHT, WIDTH, 3)).astype(np.float32)
    kernel = random.normal(size=(OUTPUTS, 3, 6, 6)).astype(np.float32)
    plain = _convolved(
        frame.transpose(0, 3, 1, 2), kernel, pads=[2, 2, 2, 2], strides=[2, 2]
    ).transpose(0, 2, 3, 1)
    quads = frame.reshape(1, HEIGHT, WIDTH // 4, 12).transpose(0, 3, 1, 2)
    pairs = _convolved(quads, quad_kernel(kernel), pads=[2, 1, 2, 1], strides=[2, 1])
    columns = pairs.transpose(0, 2, 3, 1).reshape(1, HEIGHT // 2, WIDTH // 2, OUTPUTS)
    np.testing.assert_allclose(columns, plain, rtol=1e-4, atol=1e-2)


def test_no_cpu_saturates_where_two_products_are_summed_in_16_bits() -> None:
    graph = onnx.load(MODEL).graph
    weights = [numpy_helper.to_array(tensor) for tensor in graph.initializer]
    large = [one for one in weights if one.dtype == np.int8 and one.ndim == 4]
    assert len(large) > 60
    assert all(2 * 255 * int(np.abs(one.astype(int)).max()) < 2**15 for one in large)


@pytest.mark.parametrize("pictures", [0, 1, 59, 60, 61, 119, 120, 1000])
def test_pictures_to_calibrate_on_are_from_all_over(pictures: int) -> None:
    chosen = list(to_calibrate_on(range(pictures)))
    assert len(chosen) == min(pictures, CALIBRATED_ON)
    steps = np.diff([*chosen, pictures])
    assert max(steps, default=1) - min(steps, default=1) <= 1


def _convolved(
    planes: NDArray[np.float32], kernel: NDArray[np.float32], **attributes: list[int]
) -> NDArray[np.float32]:
    node = helper.make_node("Conv", ["planes", "kernel"], ["out"], **attributes)
    graph = helper.make_graph(
        [node],
        "convolution",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, planes.shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"planes": planes})[0])
