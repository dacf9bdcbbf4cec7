"""The committed files of the show's model are what the code says; steps tell what they lack."""

from pathlib import Path

import onnx
import pytest

from inyourarea.contracts.model import info_from_metadata
from inyourarea.contracts.served import ServedVersion
from inyourarea.contracts.triton_config import Description, gpu_config
from inyourarea.train.faces import FACES, MODEL_SHA256
from inyourarea.train.repository import describe, model_file
from inyourarea.train.show_model import (
    GROUP_FILE,
    SHOW,
    NotDrawn,
    Workshop,
    group_toml,
    measure,
    quantise,
)

MODELS = Path(__file__).resolve().parents[3] / "models"


def test_the_committed_model_is_the_one_that_the_code_makes() -> None:
    model = onnx.load(model_file(MODELS, SHOW))
    assert info_from_metadata({one.key: one.value for one in model.metadata_props}) == SHOW


def test_triton_is_told_what_the_code_says() -> None:
    assert (MODELS / "show" / "config.pbtxt").read_text() == gpu_config(describe(MODELS, "show"))
    # The file of this one is fetched; its digest is known.
    faces = Description((ServedVersion(FACES, MODEL_SHA256),), is_quantised=False)
    assert (MODELS / "faces" / "config.pbtxt").read_text() == gpu_config(faces)


def test_the_group_file_names_the_committed_model() -> None:
    assert (MODELS / GROUP_FILE).read_text() == group_toml()


def test_a_step_without_the_one_before_it_says_so(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, tmp_path / "models")
    with pytest.raises(NotDrawn, match="draw, learn and export"):
        quantise(workshop)
    with pytest.raises(NotDrawn, match="export and quantise"):
        measure(workshop)
