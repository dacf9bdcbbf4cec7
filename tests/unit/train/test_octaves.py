"""Two looks in one file: each as the network alone has it, the whole one where it may help."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    BOXES_PER_FRAME,
    FRAMES_INPUT,
    LETTERBOX_GREY,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
)
from inyourarea.core.boxes import iou
from inyourarea.core.letterbox import fit_letterbox
from inyourarea.stage_show import Show, draw_frame
from inyourarea.train import octaves
from inyourarea.train.answers import letterboxed
from inyourarea.train.graph import (
    IR_VERSION,
    OPSET,
    ROWS,
    Nodes,
    Suppression,
    build_model,
    model_bytes,
)
from inyourarea.train.octaves import LEAST_TOLD_PX, OctavesDiffer, half_of, in_two_octaves
from inyourarea.train.show_model import SHOW
from inyourarea.train.show_pictures import MEMBERS, PICTURE_SIZE, show_of

MODEL = Path(__file__).resolve().parents[3] / "models" / "show" / "3" / "model.onnx"
STRIDE = 8
CANDIDATES = BOXES_PER_FRAME
# Half of 160 rows is 80, which the network sees as 96.
INFO = ModelInfo(
    name="cells",
    kind="group",
    classes=("one", "two"),
    height=160,
    width=256,
    revision=1,
    confidence=0.5,
    floor=0.0,
)


@dataclass(frozen=True)
class CellHead:
    """A cell's box has its middle in the cell's, and the size that the body says."""

    info: ModelInfo

    def rank(self, nodes: Nodes) -> str:
        return nodes.add("ReduceMax", self._rows(nodes, 2, 4), axes=[-1], keepdims=0)

    def read(self, nodes: Nodes, cells: str) -> tuple[str, str]:
        y, x = np.mgrid[: self.info.height // STRIDE, : self.info.width // STRIDE] + 0.5
        table = np.stack([x.ravel(), y.ravel(), np.full(x.size, STRIDE)], axis=-1)
        place = nodes.add("Gather", nodes.constant(table.astype(np.float32)), cells)
        middle, stride = nodes.columns(place, 0, 2), nodes.columns(place, 2, 3)
        size = nodes.rows(nodes.add("Sigmoid", self._rows(nodes, 0, 2)), cells)
        size = nodes.add("Mul", size, nodes.number(1.6))
        start, end = nodes.add("Sub", middle, size), nodes.add("Add", middle, size)
        boxes = nodes.add("Mul", nodes.add("Concat", start, end, axis=-1), stride)
        return boxes, nodes.add("Sigmoid", nodes.rows(self._rows(nodes, 2, 4), cells))

    def _rows(self, nodes: Nodes, start: int, stop: int) -> str:
        return nodes.columns(nodes.add("Transpose", ROWS, perm=[0, 2, 1]), start, stop)


def network(info: ModelInfo, seed: int = 0) -> onnx.ModelProto:
    """Two convolutions and a head; the seed gives the weights, the contract only the size."""
    random = np.random.default_rng(seed)
    body = Nodes("body")
    kernels = [(random.normal(size=(8, 3, 4, 4)), 4), (random.normal(size=(4, 8, 2, 2)), 2)]
    value = "picture"
    for kernel, stride in kernels:
        weights = body.constant((kernel / np.sqrt(kernel[0].size)).astype(np.float32))
        value = body.add("Conv", value, weights, strides=[stride, stride])
    body.give(body.add("Reshape", value, body.integers(0, 4, -1)), ROWS)
    picture = ["N", 3, info.height, info.width]
    raw = helper.make_model(
        helper.make_graph(
            body.nodes,
            "raw",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, picture)],
            [helper.make_tensor_value_info(ROWS, TensorProto.FLOAT, ["N", 4, "A"])],
            body.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    return build_model(raw, 1 / 255, CellHead(info), Suppression(CANDIDATES, iou=1.0), info)


def two_looks(info: ModelInfo = INFO) -> onnx.ModelProto:
    return in_two_octaves(network(info), network(half_of(info)), info, is_half_enough=True)


def every_node(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Those of the branches too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from every_node(attribute.g)


def answer(model: onnx.ModelProto, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Boxes and scores (n, 4 + C) of one frame, best first."""
    return answers(model, frame[None])[0]


def answers(model: onnx.ModelProto, frames: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Those of each frame of a batch."""
    session = onnxruntime.InferenceSession(model_bytes(model), providers=["CPUExecutionProvider"])
    rows = session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frames})
    found = np.concatenate(rows, axis=2)
    return [np.asarray(one[one[:, 4:].any(axis=1)], np.float32) for one in found]


def grain(info: ModelInfo, most: int = 256) -> NDArray[np.uint8]:
    """A frame of coloured squares."""
    random = np.random.default_rng(0)
    small = random.integers(0, most, (info.height // 4, info.width // 4, 3), dtype=np.uint8)
    return small.repeat(4, axis=0).repeat(4, axis=1)


def seen_in_half(frame: NDArray[np.uint8], info: ModelInfo) -> NDArray[np.float32]:
    """What the network sees in half the frame, in the frame's pixels."""
    half = half_of(info)
    small = answer(network(half), halved(frame, half))
    small[:, :4] = np.clip(2 * small[:, :4], 0, [info.width, info.height] * 2)
    return small


def is_told(seen: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray(seen[:, 3] - seen[:, 1] >= LEAST_TOLD_PX, np.bool_)


def halved(frame: NDArray[np.uint8], info: ModelInfo) -> NDArray[np.uint8]:
    """Means of 2 x 2 pixels in the upper left corner of a grey frame."""
    means = frame.astype(np.float64).reshape(frame.shape[0] // 2, 2, -1, 2, 3).mean(axis=(1, 3))
    small = np.full((info.height, info.width, 3), LETTERBOX_GREY, np.uint8)
    small[: means.shape[0], : means.shape[1]] = np.rint(means)
    return small


def test_the_second_look_is_half_as_large_and_what_its_strides_need() -> None:
    half = half_of(INFO)
    assert (half.width, half.height) == (128, 96)
    assert (half_of(SHOW).width, half_of(SHOW).height) == (640, 384)


def test_each_look_tells_what_the_network_sees_alone_the_half_one_only_large_faces() -> None:
    frame = grain(INFO)
    alone = answer(network(INFO), frame)
    both = np.concatenate([alone, seen_in_half(frame, INFO)])
    best = np.argsort(-both[:, 4:].max(axis=1), kind="stable")[:CANDIDATES]
    is_whole, is_tall = best < len(alone), is_told(both[best])
    assert is_whole.any()
    assert (~is_whole & is_tall).any()
    assert (~is_whole & ~is_tall).any()
    wanted = both[best[is_whole | is_tall]]
    np.testing.assert_allclose(answer(two_looks(), frame), wanted, atol=1e-3)


#: Believes in nothing that a black frame shows, which is .5 everywhere.
PICKY = replace(INFO, floor=0.55, confidence=0.6)


def test_at_a_close_up_the_half_look_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octaves, "LEAST_CLOSE_PX", 0)
    frame = grain(PICKY)
    small = seen_in_half(frame, PICKY)
    found = answer(two_looks(PICKY), frame)
    assert len(found) > 5
    np.testing.assert_allclose(found, small[is_told(small)], atol=1e-3)


def test_where_a_small_face_is_suspected_the_whole_frame_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = grain(PICKY)
    small = seen_in_half(frame, PICKY)
    heights = small[:, 3] - small[:, 1]
    monkeypatch.setattr(octaves, "LEAST_CLOSE_PX", float(np.sort(heights)[:2].mean()))
    assert len(answer(two_looks(PICKY), frame)) > is_told(small).sum()


def test_a_frame_s_answer_does_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octaves, "LEAST_CLOSE_PX", 0)
    model = two_looks(PICKY)
    frames = np.stack([grain(PICKY), grain(PICKY, most=80), grain(PICKY)[::-1]])
    together = answers(model, frames)
    is_half = [
        len(one) == is_told(seen_in_half(f, PICKY)).sum()
        for one, f in zip(together, frames, strict=True)
    ]
    assert is_half == [True, False, True]
    for one, frame in zip(together, frames, strict=True):
        np.testing.assert_array_equal(one, answer(model, frame))


def test_the_joined_file_keeps_the_contract_of_the_first() -> None:
    session = onnxruntime.InferenceSession(model_bytes(two_looks()))
    metadata = session.get_modelmeta().custom_metadata_map
    assert check_model(session.get_inputs(), session.get_outputs(), metadata) == INFO


@pytest.mark.parametrize("joined", [two_looks, lambda: onnx.load(MODEL)], ids=["tiny", "show"])
def test_weights_are_kept_once(joined: Callable[[], onnx.ModelProto]) -> None:
    model = joined()
    kernels = [tensor for tensor in model.graph.initializer if len(tensor.dims) == 4]
    contents = {numpy_helper.to_array(kernel).tobytes() for kernel in kernels}
    convolutions = [node for node in every_node(model.graph) if node.op_type == "Conv"]
    assert len(contents) == len(kernels) == len(convolutions) / 2


def test_a_network_with_other_weights_is_refused() -> None:
    with pytest.raises(OctavesDiffer, match="other weights"):
        in_two_octaves(network(INFO), network(half_of(INFO), seed=1), INFO)


def test_a_network_of_another_size_is_refused() -> None:
    with pytest.raises(OctavesDiffer, match="256x160 was given, the look needs one for 128x96"):
        in_two_octaves(network(INFO), network(INFO), INFO)


@pytest.mark.parametrize(
    ("seed", "frame", "name", "height_px"), [(571, 207, "Coco", 358), (537, 1, "Coco", 24)]
)
def test_the_show_s_model_finds_the_largest_and_the_smallest_faces(
    seed: int, frame: int, name: str, height_px: int
) -> None:
    drawn, rows = draw_frame(Show.plan(show_of(seed)), frame)
    (face,) = [row.face for row in rows if (row.name, row.role) == (name, "member")]
    assert face[3] - face[1] == pytest.approx(height_px, abs=1)
    scale = PICTURE_SIZE[0] / drawn.shape[1]
    picture = cv2.resize(drawn, PICTURE_SIZE, interpolation=cv2.INTER_AREA)
    rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    place = fit_letterbox(PICTURE_SIZE, (SHOW.width, SHOW.height))
    found = answer(onnx.load(MODEL), letterboxed(rgb, SHOW))
    boxes = place.to_source(found[:, :4].astype(np.float64)) / scale
    best = iou(np.asarray([face], np.float64), boxes)[0].argmax()
    assert iou(np.asarray([face], np.float64), boxes)[0, best] > 0.5
    assert MEMBERS[found[best, 4:].argmax()] == name
    assert found[best, 4:].max() >= SHOW.confidence
