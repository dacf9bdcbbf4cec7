"""Export a YOLOv5 "u" network (the anchor-free variant of ultralytics) under the model contract.

Needs torch and ultralytics, which nothing outside this package does.
"""

import io
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from inyourarea.contracts.model import BOXES_OUTPUT, FRAMES_INPUT, SCORES_OUTPUT, ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.answers import open_model
from inyourarea.train.graph import OPSET, ROWS, Nodes, build_model
from inyourarea.train.parity import (
    BOX_TOLERANCE_PX,
    SCORE_TOLERANCE,
    SUPPRESSION,
    Answer,
    apart,
    is_within,
)

DISTANCES = 16
"""Steps of each side's distribution, in strides; fixed by the architecture."""


class ParityBroken(Refused):
    """The exported file does not answer as the network does."""


def export_network(network: torch.nn.Module, info: ModelInfo) -> onnx.ModelProto:
    """Return the network as a file that keeps the contract, at the frame size of ``info``."""
    raw = onnx.load_from_string(_raw_graph(network, info))
    head = DistributionHead(info, strides_of(network))
    cells = len(_cell_places(info, head.strides))
    suppression = replace(SUPPRESSION, candidates=min(SUPPRESSION.candidates, cells))
    return build_model(raw, 1 / 255, head, suppression, info)


def strides_of(network: torch.nn.Module) -> tuple[int, ...]:
    """Pixels per cell of each level, finest first: three levels, or four of the "6" networks."""
    return tuple(int(stride) for stride in network.stride)


@dataclass(frozen=True, slots=True)
class DistributionHead:
    """Reads the raw head: per cell, distributions of the distances to its sides, and logits."""

    info: ModelInfo
    strides: tuple[int, ...]

    def rank(self, nodes: Nodes) -> str:
        """Rank by the best class logit."""
        logits = nodes.add("Slice", ROWS, *self._classes(nodes))
        return nodes.add("ReduceMax", logits, axes=[1], keepdims=0)

    def _classes(self, nodes: Nodes) -> tuple[str, str, str]:
        start, end = 4 * DISTANCES, 4 * DISTANCES + len(self.info.classes)
        return nodes.integers(start), nodes.integers(end), nodes.integers(1)

    def read(self, nodes: Nodes, cells: str) -> tuple[str, str]:
        """Decode the chosen cells: expected distances, in strides, from each cell's middle."""
        rows = nodes.rows(nodes.add("Transpose", ROWS, perm=[0, 2, 1]), cells)
        sides = nodes.columns(rows, 0, 4 * DISTANCES)
        sides = nodes.add("Reshape", sides, nodes.integers(0, 0, 4, DISTANCES))
        shares = nodes.add("Softmax", sides, axis=-1)
        steps = nodes.constant(np.arange(DISTANCES, dtype=np.float32)[:, None])
        distances = nodes.add("Squeeze", nodes.add("MatMul", shares, steps), nodes.integers(-1))
        place = nodes.add("Gather", nodes.constant(_cell_places(self.info, self.strides)), cells)
        middle, stride = nodes.columns(place, 0, 2), nodes.columns(place, 2, 3)
        start = nodes.add("Sub", middle, nodes.columns(distances, 0, 2))
        end = nodes.add("Add", middle, nodes.columns(distances, 2, 4))
        boxes = nodes.add("Mul", nodes.add("Concat", start, end, axis=-1), stride)
        logits = nodes.columns(rows, 4 * DISTANCES, 4 * DISTANCES + len(self.info.classes))
        return boxes, nodes.add("Sigmoid", logits)


def _cell_places(info: ModelInfo, strides: Sequence[int]) -> NDArray[np.float32]:
    """Middle (x, y) in strides, and stride in pixels, of every cell: [A,3], finest level first."""
    levels = []
    for stride in strides:
        y, x = np.mgrid[: info.height // stride, : info.width // stride].astype(np.float32)
        steps = np.full(x.size, stride, np.float32)
        levels.append(np.stack([x.ravel() + 0.5, y.ravel() + 0.5, steps], axis=-1))
    return np.concatenate(levels).astype(np.float32)


class RawNetwork(torch.nn.Module):  # type: ignore[misc]  # torch is not there for mypy
    """The network up to its head's convolutions: [N,64+C,A], nothing decoded."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Run all layers, the head's two branches last."""
        kept: list[Any] = []
        value: Any = picture
        *layers, head = self.network.model
        for layer in layers:
            value = layer(_sources(layer, value, kept))
            kept.append(value)
        features = _sources(head, value, kept)
        return torch.cat([_branches(head, *pair) for pair in enumerate(features)], dim=2)


def _sources(layer: Any, last: Any, kept: list[Any]) -> Any:
    """What a layer takes: the last value, or those of the layers that it names."""
    if layer.f == -1:
        return last
    if isinstance(layer.f, int):
        return kept[layer.f]
    return [last if index == -1 else kept[index] for index in layer.f]


def _branches(head: Any, level: int, feature: torch.Tensor) -> torch.Tensor:
    both = torch.cat([head.cv2[level](feature), head.cv3[level](feature)], dim=1)
    return both.flatten(2)


def _raw_graph(network: torch.nn.Module, info: ModelInfo) -> bytes:
    ready = RawNetwork(for_inference(network))
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # Torch calls the tracing exporter old, but it gives a graph without control flow.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            ready,
            (torch.zeros(2, 3, info.height, info.width),),
            buffer,
            opset_version=OPSET,
            input_names=["picture"],
            output_names=[ROWS],
            dynamic_axes={"picture": {0: "N"}, ROWS: {0: "N"}},
            dynamo=False,
        )
    return buffer.getvalue()


def for_inference(network: torch.nn.Module) -> torch.nn.Module:
    """A copy with normalisation folded into the convolutions and a head that decodes its boxes."""
    ready = deepcopy(network).float().to(memory_format=torch.contiguous_format).eval()
    ready.fuse(verbose=False)
    head = ready.model[-1]
    head.export, head.dynamic, head.format = True, False, "onnx"
    return ready


def own_answer(network: torch.nn.Module, frames: NDArray[np.uint8]) -> Answer:
    """What a network `for_inference` itself says of each of its cells, nothing suppressed."""
    with torch.no_grad():
        picture = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
        rows = network(picture).permute(0, 2, 1).numpy()
    boxes = np.concatenate(
        [rows[..., :2] - rows[..., 2:4] / 2, rows[..., :2] + rows[..., 2:4] / 2], -1
    )
    height, width = frames.shape[1:3]
    return Answer(np.clip(boxes, 0, [width, height, width, height]), rows[..., 4:])


def check_parity(
    network: torch.nn.Module, content: bytes, frames: NDArray[np.uint8]
) -> tuple[float, float]:
    """Return the largest difference of boxes (pixels) and scores between network and file.

    ``frames`` are uint8 [N,H,W,3]; see `apart`.

    Raises:
        ParityBroken: a difference is beyond half a pixel or .01.
    """
    session, info = open_model(content)
    answer = Answer(*session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames}))
    found = apart(own_answer(for_inference(network), frames), answer, info.floor)
    if not is_within(*found):
        raise ParityBroken(
            f"The exported file differs from the network by {found[0]:.2f} px and "
            f"{found[1]:.4f} in score; {BOX_TOLERANCE_PX} px and {SCORE_TOLERANCE} are allowed."
        )
    return found
