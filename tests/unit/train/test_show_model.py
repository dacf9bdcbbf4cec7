"""The committed files of the show's model are what the code says; steps tell what they lack."""

from pathlib import Path

import onnx
import pytest

from inyourarea.contracts.model import ModelInfo, info_from_metadata
from inyourarea.train.faces import FACES
from inyourarea.train.repository import model_file
from inyourarea.train.show_model import (
    GROUP_FILE,
    SHOW,
    NotDrawn,
    Workshop,
    group_toml,
    measure,
    quantise,
)
from inyourarea.train.triton_config import config_pbtxt

MODELS = Path(__file__).resolve().parents[3] / "models"


def test_the_committed_model_is_the_one_that_the_code_makes() -> None:
    model = onnx.load(model_file(MODELS, SHOW))
    assert info_from_metadata({one.key: one.value for one in model.metadata_props}) == SHOW


@pytest.mark.parametrize("info", [FACES, SHOW], ids=lambda info: str(info.name))
def test_triton_is_told_what_the_code_says(info: ModelInfo) -> None:
    assert (MODELS / info.name / "config.pbtxt").read_text() == config_pbtxt(info)


def test_the_group_file_names_the_committed_model() -> None:
    assert (MODELS / GROUP_FILE).read_text() == group_toml()


def test_a_step_without_the_one_before_it_says_so(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, tmp_path / "models")
    with pytest.raises(NotDrawn, match="draw, learn and export"):
        quantise(workshop)
    with pytest.raises(NotDrawn, match="export and quantise"):
        measure(workshop)
