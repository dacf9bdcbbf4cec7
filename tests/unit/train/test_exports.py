"""Exported files answer as their networks do: of three levels and four, in float32 and float16."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from extras import NEEDS_TRAIN
from inyourarea.contracts.model import ModelInfo
from inyourarea.train.graph import model_bytes
from inyourarea.train.half_floats import in_half_floats
from inyourarea.train.installed import torch_within
from inyourarea.train.octaves import OctavesDiffer, half_of, in_two_octaves
from inyourarea.train.parity import Answer, apart, is_within

pytestmark = [
    pytest.mark.slow,
    NEEDS_TRAIN,
]
INFO = ModelInfo("tri", "group", ("Kim", "Lee", "Park"), 96, 160, 1, 0.3, 0.05)


@pytest.mark.parametrize(
    ("architecture", "multiple", "info"),
    [
        ("yolov5n.yaml", 32, INFO),
        ("yolov5n.yaml", 32, replace(INFO, height=160, width=96)),
        ("yolov5s.yaml", 32, INFO),
        ("yolov5n-p6.yaml", 64, replace(INFO, height=128, width=192)),
    ],
)
def test_both_looks_of_a_file_are_its_networks(
    architecture: str,
    multiple: int,
    info: ModelInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with torch_within(tmp_path):
        from inyourarea.train import group_network as networks  # noqa: PLC0415
        from inyourarea.train import yolo  # noqa: PLC0415
    network = lively_network(architecture)
    looks = (info, half_of(info, multiple))
    plain = [yolo.export_network(network, look) for look in looks]
    frames = np.random.default_rng(0).integers(0, 255, (2, info.height, info.width, 3), np.uint8)
    own = networks._own(yolo.for_inference(network), looks)(frames)
    for models in (plain, [in_half_floats(model) for model in plain]):
        answer = ask(in_two_octaves(*models, info, multiple), frames)
        assert (answer[1].max(axis=-1) > 0).sum() > 4
        assert is_within(*apart(own, answer, info.floor))
    with pytest.raises(OctavesDiffer):
        in_two_octaves(plain[0], plain[0], info, multiple)


def ask(model: onnx.ModelProto, frames: np.ndarray) -> Answer:
    session = onnxruntime.InferenceSession(model_bytes(model), providers=["CPUExecutionProvider"])
    return Answer(*session.run(["boxes", "scores"], {"frames": frames}))


def lively_network(architecture: str):  # type: ignore[no-untyped-def]  # torch may not be there
    """A network that has learned nothing and yet sees much, differently from cell to cell."""
    import torch  # noqa: PLC0415
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415

    torch.manual_seed(1)
    network = DetectionModel(architecture, nc=len(INFO.classes), verbose=False).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.3, 0.6)
            module.running_mean.uniform_(-0.1, 0.1)
    for branch in network.model[-1].cv3:
        branch[-1].bias.data.fill_(-1.0)
    return network
