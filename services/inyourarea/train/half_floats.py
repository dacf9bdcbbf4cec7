"""Keep a model's weights in half the bytes: the network's body computes in float16.

What comes in, what goes out and the reading of the head stay as they are: a half float's step is a
whole pixel from 1024 on.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inyourarea.train.graph import ANSWER, ROWS

ENTRY = "entry"
"""What the names of all that stands before a detector's body begin with."""

#: Inputs of these operators that are float32 whatever the data are, by their place.
_ALWAYS_FLOAT = {"Resize": (1, 2)}


def in_half_floats(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model of one look with its body in float16; it keeps the contract."""
    small = onnx.ModelProto()
    small.CopyFrom(model)
    graph = small.graph
    body = [node for node in graph.node if not node.name.startswith((f"{ENTRY}/", ANSWER))]
    plain = {
        node.input[place]
        for node in body
        for place in _ALWAYS_FLOAT.get(node.op_type, ())
        if place < len(node.input)
    }
    for tensor in graph.initializer:
        is_of_body = not tensor.name.startswith((f"{ENTRY}/", ANSWER))
        if is_of_body and tensor.data_type == TensorProto.FLOAT and tensor.name not in plain:
            _halve(tensor)
    for node in body:
        if node.op_type == "Constant" and node.output[0] not in plain:
            for attribute in node.attribute:
                if attribute.t.data_type == TensorProto.FLOAT:
                    _halve(attribute.t)
    given = next(
        node
        for node in graph.node
        if node.name.startswith(f"{ENTRY}/") and node.op_type == "Identity"
    )
    given.op_type = "Cast"
    given.attribute.append(helper.make_attribute("to", TensorProto.FLOAT16))
    last = next(node for node in body if ROWS in node.output)
    last.output[list(last.output).index(ROWS)] = "narrow"
    widen = helper.make_node("Cast", ["narrow"], [ROWS], name="widen", to=TensorProto.FLOAT)
    place = list(graph.node).index(last) + 1
    graph.node.insert(place, widen)
    del graph.value_info[:]
    onnx.checker.check_model(small, full_check=True)
    return small


def _halve(tensor: TensorProto) -> None:
    values = numpy_helper.to_array(tensor).astype(np.float16)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
