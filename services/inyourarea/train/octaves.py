"""Let a model look at its frames twice: as they are, and at half their size.

A network knows faces of the sizes that it has learned, some four octaves. Small faces want a large
picture, in which those of a close-up are larger than anything it has learned; half the picture has
them as it knows them, for a quarter more time. One suppression of doubles over both answers takes
the better box. The weights are the same and kept once.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inyourarea.contracts.model import FRAMES_INPUT, LETTERBOX_GREY, SIDE_MULTIPLE, ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.graph import Nodes

OUTSIDE = ("answer/",)
"""Names of the nodes that are needed once: they read the cells of both looks."""

HALF_FRAMES = "half/frames"


class OctavesDiffer(Refused):
    """The two models are not one network at two sizes."""


def half_size(info: ModelInfo) -> tuple[int, int]:
    """Height and width of the second look: half, and what the network needs to be a multiple of."""
    height = -(-info.height // (2 * SIDE_MULTIPLE)) * SIDE_MULTIPLE
    return height, -(-info.width // (2 * SIDE_MULTIPLE)) * SIDE_MULTIPLE


def in_two_octaves(
    full: onnx.ModelProto, half: onnx.ModelProto, info: ModelInfo, rows: str
) -> onnx.ModelProto:
    """Return one model that keeps the contract of ``full`` and also looks with ``half``.

    Both are the same network under the contract, ``half`` at `half_size` of ``info``; ``rows`` is
    the tensor [N,C,A] that the network's body gives, and the only constant [A,3] tells the middle
    (x, y) of each cell in strides, and its stride in pixels.

    Raises:
        OctavesDiffer: the two do not belong together.
    """
    both = onnx.ModelProto()
    both.CopyFrom(full)
    body = _renamed_body(half, rows)
    _share_weights(both, body)
    joined = helper.make_node(
        "Concat", [f"{rows}/full", f"half/{rows}"], [rows], name="half/rows", axis=2
    )
    kept = [node for node in both.graph.node if not node.name.startswith(OUTSIDE)]
    answer = [node for node in both.graph.node if node.name.startswith(OUTSIDE)]
    for node in kept:
        node.output[:] = [f"{rows}/full" if name == rows else name for name in node.output]
    shrink = _halved(info)
    del both.graph.node[:], both.graph.value_info[:]
    both.graph.node.extend([*kept, *shrink.nodes, *body.graph.node, joined, *answer])
    both.graph.initializer.extend(shrink.constants)
    _set_cells(both, _cells(full), _cells(half))
    onnx.checker.check_model(both, full_check=True)
    return both


def _halved(info: ModelInfo) -> Nodes:
    """From the frames to frames of half the size: means of four pixels, grey beyond the edge."""
    nodes = Nodes("half")
    height, width = half_size(info)
    planes = nodes.add("Transpose", FRAMES_INPUT, perm=[0, 3, 1, 2])
    picture = nodes.add("Cast", planes, to=TensorProto.FLOAT)
    small = nodes.add("AveragePool", picture, kernel_shape=[2, 2], strides=[2, 2])
    below, beside = height - info.height // 2, width - info.width // 2
    if below or beside:
        sides = nodes.integers(0, 0, 0, 0, 0, 0, below, beside)
        small = nodes.add("Pad", small, sides, nodes.number(LETTERBOX_GREY))
    whole = nodes.add("Cast", nodes.add("Round", small), to=TensorProto.UINT8)
    nodes.nodes.append(
        helper.make_node("Transpose", [whole], [HALF_FRAMES], name="half/turn", perm=[0, 2, 3, 1])
    )
    return nodes


def _renamed_body(half: onnx.ModelProto, rows: str) -> onnx.ModelProto:
    """The second network without its answer, under names of its own, weights included."""
    body = onnx.ModelProto()
    body.CopyFrom(half)
    inside = [node for node in body.graph.node if not node.name.startswith(OUTSIDE)]
    if not any(rows in node.output for node in inside):
        raise OctavesDiffer(f"The smaller network gives no {rows!r}.")
    for node in inside:
        node.name = f"half/{node.name}"
        node.input[:] = [_own_name(name) for name in node.input]
        node.output[:] = [_own_name(name) for name in node.output]
    for tensor in body.graph.initializer:
        tensor.name = _own_name(tensor.name)
    del body.graph.node[:]
    body.graph.node.extend(inside)
    return body


def _own_name(name: str) -> str:
    if not name:
        return name
    return HALF_FRAMES if name == FRAMES_INPUT else f"half/{name}"


def _share_weights(both: onnx.ModelProto, body: onnx.ModelProto) -> None:
    """The body takes the constants that the first network has; only the others come along."""
    known = {_content(tensor): tensor.name for tensor in both.graph.initializer}
    needed = {name for node in body.graph.node for name in node.input}
    shared = {}
    for tensor in body.graph.initializer:
        if tensor.name not in needed:
            continue
        if twin := known.get(_content(tensor)):
            shared[tensor.name] = twin
        else:
            both.graph.initializer.append(tensor)
    for node in body.graph.node:
        node.input[:] = [shared.get(name, name) for name in node.input]


def _content(tensor: onnx.TensorProto) -> tuple[int, tuple[int, ...], bytes]:
    return tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes()


def _cells(model: onnx.ModelProto) -> onnx.TensorProto:
    """The constant that tells middle and stride of each cell."""
    found = [
        tensor
        for tensor in model.graph.initializer
        if tensor.name.startswith(OUTSIDE) and len(tensor.dims) == 2 and tensor.dims[1] == 3
    ]
    if len(found) != 1:
        raise OctavesDiffer(f"The model has {len(found)} tables of cells, not one.")
    return found[0]


def _set_cells(both: onnx.ModelProto, full: onnx.TensorProto, half: onnx.TensorProto) -> None:
    """The cells of both looks, those of the second one twice as large."""
    table = np.concatenate(
        [numpy_helper.to_array(full), numpy_helper.to_array(half) * np.array([1, 1, 2], np.float32)]
    )
    own = next(tensor for tensor in both.graph.initializer if tensor.name == full.name)
    own.CopyFrom(numpy_helper.from_array(table, full.name))
