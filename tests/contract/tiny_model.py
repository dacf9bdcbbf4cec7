"""A model of a few nodes that keeps the model contract: it finds red and green cells."""

import numpy as np
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

CELL = 8
INFO = ModelInfo(
    name="tiny",
    kind="group",
    classes=("red", "green"),
    height=64,
    width=96,
    revision=1,
    confidence=0.5,
    floor=0.2,
)
_ACROSS, _DOWN = INFO.width // CELL, INFO.height // CELL


def _cells() -> NDArray[np.float32]:
    """The box of every cell, and empty ones up to 100."""
    y, x = np.mgrid[0:_DOWN, 0:_ACROSS].reshape(2, -1) * CELL
    boxes = np.zeros((1, BOXES_PER_FRAME, 4), dtype=np.float32)
    boxes[0, : x.size] = np.stack([x, y, x + CELL, y + CELL], axis=1)
    return boxes


def tiny_model(info: ModelInfo = INFO) -> bytes:
    """A cell's score is its mean red (class 0) or green (class 1) share, where above the floor."""
    constants = {
        "cells": _cells(),
        "scale": np.float32(1 / 255),
        "floor": np.float32(info.floor),
        "zero": np.float32(0),
        "flat": np.array([0, 3, -1], dtype=np.int64),
        "classes": np.array([0, 1], dtype=np.int64),
        "pads": np.array([0, 0, 0, 0, BOXES_PER_FRAME - _ACROSS * _DOWN, 0], dtype=np.int64),
        "most": np.array([BOXES_PER_FRAME], dtype=np.int64),
        "last": np.array([-1], dtype=np.int64),
    }
    steps = [
        ("Cast", [FRAMES_INPUT], ["numbers"], {"to": TensorProto.FLOAT}),
        ("Mul", ["numbers", "scale"], ["shares"], {}),
        ("Transpose", ["shares"], ["planes"], {"perm": [0, 3, 1, 2]}),
        ("AveragePool", ["planes"], ["means"], {"kernel_shape": [CELL] * 2, "strides": [CELL] * 2}),
        ("Reshape", ["means", "flat"], ["columns"], {}),
        ("Gather", ["columns", "classes"], ["two"], {"axis": 1}),
        ("Transpose", ["two"], ["rows"], {"perm": [0, 2, 1]}),
        ("Pad", ["rows", "pads"], ["padded"], {}),
        ("Greater", ["padded", "floor"], ["is_seen"], {}),
        ("Where", ["is_seen", "padded", "zero"], ["scored"], {}),
        ("ReduceMax", ["scored"], ["best"], {"axes": [2], "keepdims": 0}),
        ("TopK", ["best", "most"], ["sorted", "order"], {}),
        ("Unsqueeze", ["order", "last"], ["places"], {}),
        ("GatherND", ["scored", "places"], [SCORES_OUTPUT], {"batch_dims": 1}),
        ("Greater", ["sorted", "zero"], ["is_found"], {}),
        ("Unsqueeze", ["is_found", "last"], ["mask"], {}),
        ("Squeeze", ["cells"], ["table"], {}),
        ("Gather", ["table", "order"], ["picked"], {"axis": 0}),
        ("Where", ["mask", "picked", "zero"], [BOXES_OUTPUT], {}),
    ]
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in steps],
        info.name,
        [
            helper.make_tensor_value_info(
                FRAMES_INPUT, TensorProto.UINT8, ["N", info.height, info.width, 3]
            )
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", BOXES_PER_FRAME, columns])
            for name, columns in ((BOXES_OUTPUT, 4), (SCORES_OUTPUT, len(info.classes)))
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata_of(info))
    return model.SerializeToString(deterministic=True)


def painted(*cells: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A grey letterboxed picture with cells (column, row, channel, value) painted over."""
    picture = np.full((INFO.height, INFO.width, 3), 40, dtype=np.uint8)
    for column, row, channel, value in cells:
        x, y = column * CELL, row * CELL
        picture[y : y + CELL, x : x + CELL] = 0
        picture[y : y + CELL, x : x + CELL, channel] = value
    return picture
