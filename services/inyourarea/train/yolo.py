"""Export a YOLOv5 "u" network (the anchor-free variant of ultralytics) under the model contract.

Needs torch and ultralytics, which nothing outside this package does.
"""

import io
import warnings
from copy import deepcopy

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from inyourarea.contracts.model import BOXES_OUTPUT, FRAMES_INPUT, SCORES_OUTPUT, ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.graph import OPSET, Nodes, Suppression, build_model

SUPPRESSION = Suppression(candidates=300, iou=0.55)
"""A face is seen by some ten cells, thirty people fill 300; members who cross overlap less than .55
in the face box until one is hidden."""

RAW_OUTPUT = "rows"

BOX_TOLERANCE_PX = 0.5
SCORE_TOLERANCE = 1e-2
"""What float16 weights and another runtime's summation may cost: less than a box is used for."""


class ParityBroken(Refused):
    """The exported file does not answer as the network does."""


def export_network(network: torch.nn.Module, info: ModelInfo) -> onnx.ModelProto:
    """Return the network as a file that keeps the contract, at the frame size of ``info``."""
    raw = onnx.load_from_string(_raw_graph(network, info))

    def decode(nodes: Nodes) -> tuple[str, str]:
        return _decode(nodes, len(info.classes))

    return build_model(raw, 1 / 255, decode, SUPPRESSION, info)


def _raw_graph(network: torch.nn.Module, info: ModelInfo) -> bytes:
    """The bare network: float [N,3,H,W] in, [N,4+C,A] out (centre, size in pixels; scores)."""
    ready = for_inference(network)
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
            output_names=[RAW_OUTPUT],
            dynamic_axes={"picture": {0: "N"}, RAW_OUTPUT: {0: "N"}},
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


def _decode(nodes: Nodes, classes: int) -> tuple[str, str]:
    rows = nodes.add("Transpose", RAW_OUTPUT, perm=[0, 2, 1])
    middle = nodes.columns(rows, 0, 2)
    half = nodes.add("Mul", nodes.columns(rows, 2, 4), nodes.number(0.5))
    start, end = nodes.add("Sub", middle, half), nodes.add("Add", middle, half)
    return nodes.add("Concat", start, end, axis=-1), nodes.columns(rows, 4, 4 + classes)


def check_parity(
    network: torch.nn.Module, content: bytes, frames: NDArray[np.uint8]
) -> tuple[float, float]:
    """Return the largest difference of boxes (pixels) and scores between network and file.

    ``frames`` are uint8 [N,H,W,3]. Every row of the file is looked up among the network's own rows.

    Raises:
        ParityBroken: a difference is beyond half a pixel or .01.
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    boxes, scores = session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames})
    with torch.no_grad():
        picture = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
        rows = for_inference(network)(picture).permute(0, 2, 1).numpy()
    worst_box = worst_score = 0.0
    height, width = frames.shape[1:3]
    for found_boxes, found_scores, row in zip(boxes, scores, rows, strict=True):
        raw = np.concatenate([row[:, :2] - row[:, 2:4] / 2, row[:, :2] + row[:, 2:4] / 2], axis=1)
        raw = np.clip(raw, 0, [width, height, width, height])
        for box, score in zip(found_boxes, found_scores, strict=True):
            if not score.any():
                break
            apart = np.abs(raw - box).max(axis=1) + np.abs(row[:, 4:] - score).max(axis=1)
            nearest = int(apart.argmin())
            worst_box = max(worst_box, float(np.abs(raw[nearest] - box).max()))
            worst_score = max(worst_score, float(np.abs(row[nearest, 4:] - score).max()))
    if worst_box > BOX_TOLERANCE_PX or worst_score > SCORE_TOLERANCE:
        raise ParityBroken(
            f"The exported file differs from the network by {worst_box:.2f} px and "
            f"{worst_score:.4f} in score; {BOX_TOLERANCE_PX} px and {SCORE_TOLERANCE} are allowed."
        )
    return worst_box, worst_score
