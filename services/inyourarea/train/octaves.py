"""Let a model look at its frames twice: at half their size, and whole where that may bring more.

A network knows faces of the sizes that it has learned, some four octaves. Small faces want a large
picture, in which those of a close-up are larger than anything it has learned; half the picture has
them as it knows them, for a third more time. So that look comes first, and where it sees nothing
but a close-up the whole look, which costs three times as much, is left out. One suppression of
doubles over both answers takes the better box. The weights are the same and kept once.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inyourarea.contracts.model import FRAMES_INPUT, LETTERBOX_GREY, SIDE_MULTIPLE, ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.graph import ANSWER, ROWS, Nodes
from inyourarea.train.windows import HEIGHTS_PX

HALF, WHOLE = "half", "whole"
"""What the names of all that one of the looks has for itself begin with."""

LEAST_TOLD_PX = 2 * HEIGHTS_PX[0]
"""Height of the smallest face that the half look may tell, in pixels of the frame: there it is
the smallest that the network has learned. The whole look sees it better, and two boxes of one small
face overlap too little to be known as doubles. On 257 drawn pictures F1 at a confidence of .3 was
.937 without this and .958 with it, mAP50-95 .795 and .799, and recall the same at every height."""

LEAST_CLOSE_PX = 64
"""Height of the smallest face of a close-up, in pixels of the frame; with 56 and 48 fewer frames
would be looked at whole, and a member of an unseen show was called wrongly for longer (ADR 36)."""

NOWHERE = -1e4
"""What a cell says that nobody has looked at: a logit that is no score at all."""


class OctavesDiffer(Refused):
    """The two models are not one network at two sizes."""


def half_of(info: ModelInfo, multiple: int = SIDE_MULTIPLE) -> ModelInfo:
    """The contract of the second look: half as large, and as much more as its strides need."""
    sides = (-(-side // (2 * multiple)) * multiple for side in (info.height, info.width))
    height, width = sides
    return replace(info, height=height, width=width)


def in_two_octaves(
    full: onnx.ModelProto,
    half: onnx.ModelProto,
    info: ModelInfo,
    multiple: int = SIDE_MULTIPLE,
    is_half_enough: bool = False,
) -> onnx.ModelProto:
    """Return one model that keeps the contract of ``full`` and also looks with ``half``.

    Both are the same network, ``full`` under ``info`` and ``half`` under `half_of` it, whose sides
    are whole in the network's coarsest stride, ``multiple``. Their bodies give `ROWS` [N,C,A]; one
    constant [A,3] of the answer tells the middle (x, y) of each cell in strides, and its stride in
    pixels. What the half look tells is `LEAST_TOLD_PX` high at least. With ``is_half_enough`` it is
    the only one where it believes in faces of `LEAST_CLOSE_PX` and more, and suspects no smaller.

    Raises:
        OctavesDiffer: the two do not belong together.
    """
    _check_size(full, info)
    small = half_of(info, multiple)
    _check_size(half, small)
    both = onnx.ModelProto()
    both.CopyFrom(full)
    graph = both.graph
    body = [node for node in graph.node if not node.name.startswith(ANSWER)]
    answer = [node for node in graph.node if node.name.startswith(ANSWER)]
    for node in body:
        node.output[:] = [f"{WHOLE}/{ROWS}" if name == ROWS else name for name in node.output]
    shrink = _halved(info, small)
    boxes, scores = _suppression(half.graph.node).input[:2]
    wanted = (boxes, scores) if is_half_enough else (ROWS,)
    first = _under_own_names(_needed(half.graph.node, wanted))
    _share_weights(graph, first, half.graph)
    join = Nodes("both")
    if is_half_enough:
        is_close = _is_close(join, f"{HALF}/{boxes}", f"{HALF}/{scores}", info)
        branches = _where_needed(join, is_close, body)
        second = [*join.nodes, branches]
    else:
        join.give(join.add("Concat", f"{HALF}/{ROWS}", f"{WHOLE}/{ROWS}", axis=2), ROWS)
        second = [*body, *join.nodes]
    del graph.node[:], graph.value_info[:]
    graph.node.extend([*shrink.nodes, *first, *second, *answer])
    graph.initializer.extend([*shrink.constants, *join.constants])
    table = _cells(graph)
    near = numpy_helper.to_array(table)
    wide = numpy_helper.to_array(_cells(half.graph)) * np.asarray([1, 1, 2], np.float32)
    table.CopyFrom(numpy_helper.from_array(np.concatenate([wide, near]), table.name))
    least = np.repeat(np.asarray([LEAST_TOLD_PX, 0], np.float32), [len(wide), len(near)])
    _leave_out_smaller(graph, table.name, least)
    onnx.checker.check_model(both, full_check=True)
    return both


def _check_size(model: onnx.ModelProto, info: ModelInfo) -> None:
    shape = model.graph.input[0].type.tensor_type.shape.dim
    height, width = (side.dim_value for side in shape[1:3])
    if (height, width) != (info.height, info.width):
        raise OctavesDiffer(
            f"A network for frames of {width}x{height} was given, the look needs one for "
            f"{info.width}x{info.height}; export both sizes again."
        )


def _halved(info: ModelInfo, half: ModelInfo) -> Nodes:
    """From the frames to frames of half the size: means of four pixels, grey beyond the edge."""
    nodes = Nodes(HALF)
    planes = nodes.add("Transpose", FRAMES_INPUT, perm=[0, 3, 1, 2])
    picture = nodes.add("Cast", planes, to=TensorProto.FLOAT)
    small = nodes.add("AveragePool", picture, kernel_shape=[2, 2], strides=[2, 2])
    below, beside = half.height - info.height // 2, half.width - info.width // 2
    sides = nodes.integers(0, 0, 0, 0, 0, 0, below, beside)
    whole = nodes.add("Pad", nodes.add("Round", small), sides, nodes.number(LETTERBOX_GREY))
    small_frames = nodes.add("Cast", whole, to=TensorProto.UINT8)
    nodes.give(nodes.add("Transpose", small_frames, perm=[0, 2, 3, 1]), f"{HALF}/{FRAMES_INPUT}")
    return nodes


def _suppression(nodes: Iterable[onnx.NodeProto]) -> onnx.NodeProto:
    return next(node for node in nodes if node.op_type == "NonMaxSuppression")


def _needed(nodes: Iterable[onnx.NodeProto], wanted: Iterable[str]) -> list[onnx.NodeProto]:
    """Those of the nodes, each behind those that it needs, of which the wanted tensors come."""
    names, found = set(wanted), []
    for node in reversed(list(nodes)):
        if names.intersection(node.output):
            names.update(node.input)
            found.append(node)
    return found[::-1]


def _under_own_names(nodes: Iterable[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The half look's nodes, everything under a name of its own."""
    renamed = []
    for node in nodes:
        own = onnx.NodeProto()
        own.CopyFrom(node)
        own.name = f"{HALF}/{node.name}"
        own.input[:] = [f"{HALF}/{name}" if name else "" for name in node.input]
        own.output[:] = [f"{HALF}/{name}" for name in node.output]
        renamed.append(own)
    return renamed


def _is_close(nodes: Nodes, boxes: str, scores: str, info: ModelInfo) -> str:
    """Which frames are close-ups, bool [N], by the half look's candidates [N,K,4] and [N,1,K]."""
    heights = nodes.add("Sub", nodes.columns(boxes, 3, 4), nodes.columns(boxes, 1, 2))
    heights = nodes.add("Transpose", heights, perm=[0, 2, 1])
    is_tall = nodes.add("GreaterOrEqual", heights, nodes.number(LEAST_CLOSE_PX / 2))
    is_believed = nodes.add("GreaterOrEqual", scores, nodes.number(info.confidence))
    is_suspected = nodes.add("GreaterOrEqual", scores, nodes.number(info.floor))
    large = nodes.add("And", is_believed, is_tall)
    small = nodes.add("And", is_suspected, nodes.add("Not", is_tall))
    there = (
        nodes.add("ReduceMax", _as_numbers(nodes, which), axes=[1, 2], keepdims=0)
        for which in (large, small)
    )
    return nodes.add("Greater", *there)


def _as_numbers(nodes: Nodes, which: str) -> str:
    return nodes.add("Cast", which, to=TensorProto.FLOAT)


def _where_needed(nodes: Nodes, is_close: str, body: list[onnx.NodeProto]) -> onnx.NodeProto:
    """`ROWS` of the half look, and of the whole one unless all frames of the batch are close-ups.

    The whole look tells nothing of those that are, so that no frame's answer depends on others.
    """
    least = nodes.add("ReduceMin", _as_numbers(nodes, is_close), keepdims=0)
    condition = nodes.add("Cast", least, to=TensorProto.BOOL)
    enough, more = Nodes("enough"), Nodes(WHOLE)
    enough.give(f"{HALF}/{ROWS}", "enough")
    each = more.add("Unsqueeze", is_close, more.integers(1, 2))
    seen = more.add("Where", each, more.number(NOWHERE), f"{WHOLE}/{ROWS}")
    more.give(more.add("Concat", f"{HALF}/{ROWS}", seen, axis=2), "more")
    branches = (
        helper.make_graph(
            found, name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)], given
        )
        for name, found, given in (
            ("enough", enough.nodes, []),
            ("more", [*body, *more.nodes], more.constants),
        )
    )
    then_branch, else_branch = branches
    return helper.make_node(
        "If", [condition], [ROWS], "looks", then_branch=then_branch, else_branch=else_branch
    )


def _share_weights(
    graph: onnx.GraphProto, first: list[onnx.NodeProto], half: onnx.GraphProto
) -> None:
    """The half look takes the constants that the whole one has; only others come along."""
    known = {_content(tensor): tensor.name for tensor in graph.initializer}
    used = {name for node in first for name in node.input}
    shared = {}
    for tensor in half.initializer:
        own = f"{HALF}/{tensor.name}"
        if own not in used:
            continue
        twin = known.get(_content(tensor))
        if twin is not None:
            shared[own] = twin
        elif len(tensor.dims) > 1 and not tensor.name.startswith(ANSWER):
            raise OctavesDiffer(f"The second network has other weights in {tensor.name!r}.")
        else:
            graph.initializer.append(tensor)
            graph.initializer[-1].name = own
    for node in first:
        node.input[:] = [shared.get(name, name) for name in node.input]


def _leave_out_smaller(graph: onnx.GraphProto, table: str, least: NDArray[np.float32]) -> None:
    """Suppression does not see boxes that are less high than ``least`` (A,) of their cell."""
    nodes = list(graph.node)
    chosen = next(node.input[1] for node in nodes if table in node.input)
    suppression = _suppression(nodes)
    boxes, scores = suppression.input[:2]
    tall = Nodes("tall")
    heights = tall.add("Sub", tall.columns(boxes, 3, 4), tall.columns(boxes, 1, 2))
    heights = tall.add("Transpose", heights, perm=[0, 2, 1])
    wanted = tall.add(
        "Unsqueeze", tall.add("Gather", tall.constant(least), chosen), tall.integers(1)
    )
    is_tall = tall.add("GreaterOrEqual", heights, wanted)
    suppression.input[1] = tall.add("Where", is_tall, scores, tall.number(0.0))
    place = nodes.index(suppression)
    ordered = [*nodes[:place], *tall.nodes, *nodes[place:]]
    del graph.node[:]
    graph.node.extend(ordered)
    graph.initializer.extend(tall.constants)


def _content(tensor: onnx.TensorProto) -> tuple[int, tuple[int, ...], bytes]:
    return tensor.data_type, tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes()


def _cells(graph: onnx.GraphProto) -> onnx.TensorProto:
    """The constant that tells middle and stride of each cell."""
    found = [
        tensor
        for tensor in graph.initializer
        if tensor.name.startswith(ANSWER) and list(tensor.dims[1:]) == [3]
    ]
    if len(found) != 1:
        raise OctavesDiffer(f"A network has {len(found)} tables of cells, not one.")
    return found[0]
