"""What every detector promises; an adapter joins by one class with a fixture `detector`.

The fixture serves the bytes of `tiny_model`, however the adapter does it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, helper

from inyourarea.contracts.model import metadata_of
from inyourarea.contracts.triton_config import CPU
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import Detector, ModelRejectedInput
from inyourarea.detect.onnx import OnnxDetector
from inyourarea.detect.settings import TritonSettings
from inyourarea.detect.triton import TritonDetector, TritonServer
from inyourarea.train.repository import write_model
from inyourarea.train.triton_repository import write_repository
from tiny_model import CELL, INFO, painted, tiny_model
from triton_server import had, triton


class DetectorContract:
    def test_it_says_what_the_file_says(self, detector: Detector) -> None:
        assert detector.info == INFO
        assert detector.sha256 == hashlib.sha256(tiny_model()).hexdigest()

    def test_it_finds_what_is_there_best_first_and_nothing_else(self, detector: Detector) -> None:
        picture = painted((3, 2, 0, 153), (7, 5, 1, 204))
        (found,) = detector.find(picture[None])
        assert found.xyxy.tolist() == [
            [7 * CELL, 5 * CELL, 8 * CELL, 6 * CELL],
            [3 * CELL, 2 * CELL, 4 * CELL, 3 * CELL],
        ]
        assert np.allclose(found.scores, [[0, 0.8], [0.6, 0]], atol=1e-6)
        assert np.allclose(found.confidence, [0.8, 0.6], atol=1e-6)
        assert found.xyxy.dtype == found.scores.dtype == np.float32

    def test_a_picture_with_nobody_in_it_gives_no_box(self, detector: Detector) -> None:
        (found,) = detector.find(painted()[None])
        assert found.xyxy.shape == (0, 4)
        assert found.scores.shape == (0, 2)
        assert found.confidence.shape == (0,)

    def test_each_picture_has_its_own_answer(self, detector: Detector) -> None:
        pictures = [painted((column, 1, 0, 255)) for column in range(5)]
        found = detector.find(np.stack(pictures))
        assert [one.xyxy[0, 0] for one in found] == [column * CELL for column in range(5)]

    def test_no_pictures_give_no_answers(self, detector: Detector) -> None:
        assert detector.find(painted()[None][:0]) == []

    def test_the_same_pictures_give_the_same_answer(self, detector: Detector) -> None:
        picture = painted((0, 0, 0, 99), (11, 7, 1, 201))[None]
        first, second = detector.find(picture)[0], detector.find(picture)[0]
        assert first.xyxy.tobytes() == second.xyxy.tobytes()
        assert first.scores.tobytes() == second.scores.tobytes()

    @pytest.mark.parametrize(
        "pictures",
        [
            np.zeros((1, 32, 96, 3), np.uint8),
            np.zeros((1, 64, 96, 3), np.float32),
            np.zeros((64, 96, 3), np.uint8),
        ],
    )
    def test_pictures_it_does_not_take_are_refused(
        self, detector: Detector, pictures: np.ndarray
    ) -> None:
        with pytest.raises(ModelRejectedInput, match="takes uint8 pictures of"):
            detector.find(pictures)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Triton that serves the bytes of `tiny_model`."""
    folder: Path = tmp_path_factory.mktemp("triton")
    write_model(folder / "models", INFO, tiny_model())
    write_repository(folder / "models", ["tiny"], folder / "served", CPU)
    with had(triton(folder / "served", ["tiny"])) as server:
        yield server.address


class TestTritonDetector(DetectorContract):
    @pytest.fixture
    def detector(self, address: str) -> Iterator[Detector]:
        server = TritonServer(TritonSettings(address, Fraction(10), None))
        yield TritonDetector(server, "tiny", hashlib.sha256(tiny_model()).hexdigest())
        server.close()

    def test_more_than_the_server_takes_at_once_is_split(self, detector: Detector) -> None:
        pictures = [painted((number % 12, number // 12, 0, 255)) for number in range(21)]
        found = detector.find(np.stack(pictures))
        places = [(one.xyxy[0, :2] / CELL).tolist() for one in found]
        assert places == [[number % 12, number // 12] for number in range(21)]


class TestOnnxDetector(DetectorContract):
    @pytest.fixture
    def detector(self) -> Detector:
        return OnnxDetector(tiny_model(), threads=1)

    def test_after_a_rest_the_answer_is_the_same(self) -> None:
        detector = OnnxDetector(tiny_model(), threads=1)
        picture = painted((3, 2, 0, 153))
        (before,) = detector.find(picture[None])
        detector.rest()
        (after,) = detector.find(picture[None])
        assert after.xyxy.tolist() == before.xyxy.tolist()
        assert after.scores.tolist() == before.scores.tolist()

    def test_a_file_that_is_no_graph_is_refused(self) -> None:
        for content in (b"", b"this is no model at all", tiny_model()[:700]):
            with pytest.raises(ModelRejected, match="no ONNX graph that can be run"):
                OnnxDetector(content, threads=1)

    def test_the_library_is_told_to_report_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = []
        monkeypatch.setattr(onnxruntime, "disable_telemetry_events", lambda: told.append(True))
        OnnxDetector(tiny_model(), threads=1)
        assert told

    def test_a_graph_that_says_nothing_of_itself_is_refused(self) -> None:
        with pytest.raises(ModelRejected, match="lacks the metadata field"):
            OnnxDetector(_with_metadata({}), threads=1)

    def test_a_graph_that_promises_another_size_is_refused(self) -> None:
        promised = metadata_of(replace(INFO, width=128))
        with pytest.raises(ModelRejected, match=r"\[64, 96, 3\]|\[N, 64, 128, 3\]"):
            OnnxDetector(_with_metadata(promised), threads=1)


def _with_metadata(metadata: dict[str, str]) -> bytes:
    model = ModelProto.FromString(tiny_model())
    del model.metadata_props[:]
    helper.set_model_props(model, metadata)
    return model.SerializeToString()
