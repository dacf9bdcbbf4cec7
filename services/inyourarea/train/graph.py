"""Build the model contract around a detector: the last step of every export, with ``onnx`` alone.

A raw graph takes float pictures and answers with whatever its head gives. Here it gets, inside the
graph, the way from uint8 frames to its input, the decoding of its head, and class-agnostic
suppression of doubles, so that every runtime gives the same answer to the same bytes.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    metadata_of,
)

OPSET = 17
"""Understood by every onnxruntime since 1.12 (2022), the one inside Triton 2.51 among them."""

IR_VERSION = 8
"""What belongs to opset 17; initialisers need not be inputs from 4 on."""

ANSWER = "answer"
"""What the names of all that comes behind a detector's body begin with."""

ROWS = "rows"
"""What a body whose head reads cells calls its output, float [N,C,A]: A cells of all levels."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """How doubles are thrown out: the best class score decides, whatever the class.

    ``candidates`` boxes with the best scores are looked at; one that overlaps a better one by more
    than ``iou`` goes.
    """

    candidates: int
    iou: float


@dataclass(slots=True)
class Nodes:
    """A graph under construction: each call adds a node or constant, returns its tensor's name."""

    stem: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.add_many(operator, 1, *inputs, **attributes)[0]

    def add_many(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        name = f"{self.stem}/{len(self.nodes)}_{operator}"
        names = [f"{name}:{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name=name, **attributes))
        return names

    def give(self, tensor: str, name: str) -> None:
        """Make a tensor known under a name that something outside expects."""
        self.nodes.append(
            helper.make_node("Identity", [tensor], [name], name=f"{self.stem}/{name}")
        )

    def constant(self, values: NDArray[Any]) -> str:
        """Add a constant."""
        name = f"{self.stem}/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def number(self, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(np.asarray(value, np.float32))

    def integers(self, *values: int) -> str:
        """Add an int64 vector."""
        return self.constant(np.asarray(values, np.int64))

    def columns(self, tensor: str, start: int, stop: int) -> str:
        """Cut ``[start, stop)`` out of the last axis."""
        return self.add(
            "Slice", tensor, self.integers(start), self.integers(stop), self.integers(-1)
        )

    def rows(self, tensor: str, indices: str) -> str:
        """Pick rows of each frame: [N,A,...] by [N,K] gives [N,K,...]."""
        wide = self.add("Unsqueeze", indices, self.integers(-1))
        return self.add("GatherND", tensor, wide, batch_dims=1)


class Head(Protocol):
    """How a raw detector's answer is read; only the best cells are decoded, to save time."""

    def rank(self, nodes: Nodes) -> str:
        """Add what gives each cell a number that grows with its best score: float [N,A]."""

    def read(self, nodes: Nodes, cells: str) -> tuple[str, str]:
        """Add what gives boxes xyxy [N,K,4] and scores [N,K,C] of the ``cells``, int64 [N,K]."""


def build_model(
    raw: onnx.ModelProto,
    pixel_scale: float,
    head: Head,
    suppression: Suppression,
    info: ModelInfo,
) -> onnx.ModelProto:
    """Return a model that keeps the contract, with the raw detector inside.

    ``raw`` has one input, float [N,3,H,W] RGB, and receives the bytes times ``pixel_scale``.
    """
    entry = Nodes("entry")
    planes = entry.add("Transpose", FRAMES_INPUT, perm=[0, 3, 1, 2])
    picture = entry.add("Cast", planes, to=TensorProto.FLOAT)
    if pixel_scale != 1.0:
        picture = entry.add("Mul", picture, entry.number(pixel_scale))
    entry.give(picture, raw.graph.input[0].name)
    answer = Nodes(ANSWER)
    ranking = head.rank(answer)
    _, cells = answer.add_many("TopK", 2, ranking, answer.integers(suppression.candidates))
    boxes, scores = head.read(answer, cells)
    boxes, scores = _suppress(answer, boxes, scores, suppression, info)
    answer.give(boxes, BOXES_OUTPUT)
    answer.give(scores, SCORES_OUTPUT)
    return _assemble(raw, entry, answer, info)


def _suppress(
    nodes: Nodes, boxes: str, scores: str, suppression: Suppression, info: ModelInfo
) -> tuple[str, str]:
    """Keep at most 100 of the candidates, best first; rows beyond them are zero.

    Ties are broken by the lower row, as TopK and NonMaxSuppression do, so the answer is one.
    """
    best = nodes.add("ReduceMax", scores, axes=[-1], keepdims=0)
    edges = np.asarray([info.width, info.height, info.width, info.height], np.float32)
    inside = nodes.add("Max", boxes, nodes.number(0.0))
    inside = nodes.add("Min", inside, nodes.constant(edges))
    kept = nodes.add(
        "NonMaxSuppression",
        inside,
        nodes.add("Unsqueeze", best, nodes.integers(1)),
        nodes.integers(BOXES_PER_FRAME),
        nodes.number(suppression.iou),
        nodes.number(info.floor),
    )
    # A kept row is (frame, class, candidate); the class is 0, since best scores went in.
    place = nodes.add("Gather", kept, nodes.integers(0, 2), axis=1)
    nothing = nodes.add("Mul", best, nodes.number(0.0))
    survivors = nodes.add("ScatterND", nothing, place, nodes.add("GatherND", best, place))
    final, order = nodes.add_many("TopK", 2, survivors, nodes.integers(BOXES_PER_FRAME))
    found = nodes.add("Greater", final, nodes.number(0.0))
    found = nodes.add("Unsqueeze", found, nodes.integers(-1))
    zero = nodes.number(0.0)
    boxes = nodes.add("Where", found, nodes.rows(inside, order), zero)
    scores = nodes.add("Where", found, nodes.rows(scores, order), zero)
    return boxes, scores


def _assemble(
    raw: onnx.ModelProto, entry: Nodes, answer: Nodes, info: ModelInfo
) -> onnx.ModelProto:
    """Join the parts and write down what the file is."""
    frames = helper.make_tensor_value_info(
        FRAMES_INPUT, TensorProto.UINT8, ["N", info.height, info.width, 3]
    )
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", BOXES_PER_FRAME, columns])
        for name, columns in ((BOXES_OUTPUT, 4), (SCORES_OUTPUT, len(info.classes)))
    ]
    graph = helper.make_graph(
        [*entry.nodes, *raw.graph.node, *answer.nodes],
        info.name,
        [frames],
        outputs,
        [*entry.constants, *raw.graph.initializer, *answer.constants],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="inyourarea",
        producer_version=str(info.revision),
    )
    return with_info(model, info)


def with_info(model: onnx.ModelProto, info: ModelInfo) -> onnx.ModelProto:
    """The same model, which now says this of itself."""
    model.producer_version = str(info.revision)
    helper.set_model_props(model, metadata_of(info))
    onnx.checker.check_model(model, full_check=True)
    return model


def model_bytes(model: onnx.ModelProto) -> bytes:
    """The file's bytes; the same model gives the same bytes."""
    return model.SerializeToString(deterministic=True)
