"""What is built around a detector: doubles suppressed as in numpy, zero rows, nothing in bars."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    LETTERBOX_GREY,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
)
from inyourarea.train.graph import IR_VERSION, OPSET, Nodes, Suppression, build_model, model_bytes

SIDE = 32
CLASSES = 4
ROWS = SIDE * SIDE * 3 // (4 + CLASSES)
SUPPRESSION = Suppression(candidates=256, iou=0.5)
INFO = ModelInfo(
    name="dictation",
    kind="group",
    classes=("one", "two", "three", "four"),
    height=SIDE,
    width=SIDE,
    revision=1,
    confidence=0.5,
    floor=0.2,
)


class Dictated:
    """A detector that is told what to see: the picture's own numbers are the boxes and scores."""

    def rank(self, nodes: Nodes) -> str:
        return nodes.add("ReduceMax", self.scores(nodes), axes=[-1], keepdims=0)

    def read(self, nodes: Nodes, cells: str) -> tuple[str, str]:
        rows = nodes.rows(self.rows(nodes), cells)
        corner = nodes.add("Mul", nodes.columns(rows, 0, 2), nodes.number(SIDE))
        size = nodes.add("Mul", nodes.columns(rows, 2, 4), nodes.number(SIDE / 2))
        boxes = nodes.add("Concat", corner, nodes.add("Add", corner, size), axis=-1)
        return boxes, nodes.rows(self.scores(nodes), cells)

    def rows(self, nodes: Nodes) -> str:
        return nodes.add("Reshape", "seen", nodes.integers(0, -1, 4 + CLASSES))

    def scores(self, nodes: Nodes) -> str:
        return nodes.columns(self.rows(nodes), 4, 4 + CLASSES)


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    seen = helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    node = helper.make_node("Identity", ["picture"], ["seen"])
    raw = helper.make_model(
        helper.make_graph([node], "raw", [picture], [seen]),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    model = build_model(raw, 1 / 255, Dictated(), SUPPRESSION, INFO)
    return onnxruntime.InferenceSession(model_bytes(model), providers=["CPUExecutionProvider"])


def answer(
    session: onnxruntime.InferenceSession, frames: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    boxes, scores = session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames})
    return boxes, scores


def frames_of(seed: int, count: int) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def rows_of(frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The boxes and scores that a frame dictates."""
    numbers = frame.astype(np.float32).transpose(2, 0, 1).reshape(ROWS, -1) * np.float32(1 / 255)
    corner = numbers[:, :2] * np.float32(SIDE)
    boxes = np.concatenate([corner, corner + numbers[:, 2:4] * np.float32(SIDE / 2)], axis=1)
    return np.clip(boxes, 0, SIDE).astype(np.float32), numbers[:, 4:]


def overlap(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    start = np.maximum(one[:2], many[:, :2])
    end = np.minimum(one[2:], many[:, 2:])
    common = np.prod(np.clip(end - start, 0, None), axis=1)
    area = np.prod(many[:, 2:] - many[:, :2], axis=1) + np.prod(one[2:] - one[:2])
    return common / np.maximum(area - common, 1e-9)


def suppressed(
    boxes: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The reference: greedy, by best class, whatever the class."""
    best = scores.max(axis=1)
    left = list(np.argsort(-best, kind="stable")[: SUPPRESSION.candidates])
    kept: list[int] = []
    while left and len(kept) < BOXES_PER_FRAME:
        row = left.pop(0)
        if best[row] <= INFO.floor:
            break
        kept.append(row)
        doubles = overlap(boxes[row], boxes[left]) > SUPPRESSION.iou
        left = [other for other, double in zip(left, doubles, strict=True) if not double]
    return boxes[kept], scores[kept]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_doubles_are_suppressed_as_numpy_does_it(
    session: onnxruntime.InferenceSession, seed: int
) -> None:
    frames = frames_of(seed, 3)
    boxes, scores = answer(session, frames)
    for frame, found_boxes, found_scores in zip(frames, boxes, scores, strict=True):
        wanted_boxes, wanted_scores = suppressed(*rows_of(frame))
        count = len(wanted_boxes)
        np.testing.assert_allclose(found_boxes[:count], wanted_boxes, atol=1e-4)
        np.testing.assert_allclose(found_scores[:count], wanted_scores, atol=1e-6)
        assert not found_boxes[count:].any()
        assert not found_scores[count:].any()


def test_rows_beyond_the_found_ones_are_zero(session: onnxruntime.InferenceSession) -> None:
    frame = np.zeros((1, 3, SIDE, SIDE), np.uint8)
    # Two rows of eight numbers: corner, size, four class scores.
    frame.reshape(-1)[:16] = [0, 0, 255, 255, 200, 0, 0, 0, 128, 128, 128, 128, 0, 250, 0, 90]
    boxes, scores = answer(session, np.ascontiguousarray(frame.transpose(0, 2, 3, 1)))
    assert scores[0, 0].argmax() == 1, "the best score comes first"
    np.testing.assert_allclose(scores[0, 1] * 255, [200, 0, 0, 0], atol=1e-3)
    assert not boxes[0, 2:].any()
    assert not scores[0, 2:].any()


def test_a_frame_with_nothing_in_it_gives_zero_rows(session: onnxruntime.InferenceSession) -> None:
    boxes, scores = answer(session, np.zeros((2, SIDE, SIDE, 3), np.uint8))
    assert boxes.shape == (2, BOXES_PER_FRAME, 4)
    assert not boxes.any()
    assert not scores.any()


def test_a_frame_gets_the_same_answer_alone_and_in_company(
    session: onnxruntime.InferenceSession,
) -> None:
    frames = frames_of(7, 4)
    together = answer(session, frames)
    for index in range(4):
        alone = answer(session, frames[index : index + 1])
        np.testing.assert_array_equal(alone[0][0], together[0][index])
        np.testing.assert_array_equal(alone[1][0], together[1][index])


def test_the_file_tells_what_it_is(session: onnxruntime.InferenceSession) -> None:
    metadata = session.get_modelmeta().custom_metadata_map
    assert check_model(session.get_inputs(), session.get_outputs(), metadata) == INFO


MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.mark.parametrize("file", ["faces/1/model.onnx", "show/3/model.onnx"])
def test_bars_yield_no_boxes(file: str) -> None:
    path = MODELS / file
    if not path.is_file():
        pytest.skip(f"models/{file} is missing: `inyourarea models fetch faces`")
    model: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    _, height, width, _ = model.get_inputs()[0].shape
    boxes, scores = answer(model, np.full((1, height, width, 3), LETTERBOX_GREY, np.uint8))
    assert not boxes.any()
    assert not scores.any()
