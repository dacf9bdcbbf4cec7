"""A file that does not keep the model contract is refused in one sentence that says why."""

import unicodedata
from dataclasses import dataclass, replace

import pytest

from inyourarea.contracts.group import group_from_toml
from inyourarea.contracts.model import (
    BOXES_PER_FRAME,
    METADATA_PREFIX,
    ModelInfo,
    check_model,
    metadata_of,
)
from inyourarea.core.errors import ModelRejected

INFO = ModelInfo(
    name="show",
    kind="group",
    classes=("하나", "Dul"),
    height=544,
    width=960,
    revision=3,
    confidence=0.35,
    floor=0.05,
)


@dataclass(frozen=True)
class FakeTensor:
    name: str
    type: str
    shape: tuple[int | str | None, ...]


FRAMES = FakeTensor("frames", "tensor(uint8)", ("N", 544, 960, 3))
BOXES = FakeTensor("boxes", "tensor(float)", ("N", BOXES_PER_FRAME, 4))
SCORES = FakeTensor("scores", "tensor(float)", ("N", BOXES_PER_FRAME, 2))


def test_a_model_that_keeps_the_contract_tells_what_it_is() -> None:
    assert check_model([FRAMES], [SCORES, BOXES], metadata_of(INFO)) == INFO


@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        ([replace(FRAMES, name="images")], [BOXES, SCORES], "one input called 'frames'"),
        ([], [BOXES, SCORES], "has: none"),
        ([replace(FRAMES, type="tensor(float)")], [BOXES, SCORES], "wants tensor\\(uint8\\)"),
        ([replace(FRAMES, shape=(1, 544, 960, 3))], [BOXES, SCORES], "with N free"),
        ([replace(FRAMES, shape=("N", 3, 544, 960))], [BOXES, SCORES], "\\[N, 544, 960, 3\\]"),
        ([FRAMES], [BOXES], "lacks the output 'scores'; its outputs are: boxes"),
        ([FRAMES], [BOXES, replace(SCORES, shape=("N", 100, 9))], "\\[N, 100, 2\\]"),
    ],
)
def test_tensors_that_differ_are_named(
    inputs: list[FakeTensor], outputs: list[FakeTensor], sentence: str
) -> None:
    with pytest.raises(ModelRejected, match=sentence):
        check_model(inputs, outputs, metadata_of(INFO))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("contract", "2", "version 2"),
        ("kind", "cats", "'cats'"),
        ("classes", "[]", "list of different names"),
        ("classes", '["a", "a"]', "list of different names"),
        ("classes", "a,b", "no JSON list"),
        ("height", "540", "multiple of 32"),
        ("width", "wide", "whole number"),
        ("confidence", "nan", "between 0 and 1"),
        ("floor", "low", "must be a number"),
    ],
)
def test_metadata_that_can_not_be_is_named(key: str, value: str, sentence: str) -> None:
    metadata = metadata_of(INFO) | {METADATA_PREFIX + key: value}
    with pytest.raises(ModelRejected, match=sentence):
        check_model([FRAMES], [BOXES, SCORES], metadata)


def test_a_file_from_elsewhere_is_told_what_it_lacks() -> None:
    with pytest.raises(ModelRejected, match=r"lacks the metadata field 'inyourarea\.contract'"):
        check_model([FRAMES], [BOXES, SCORES], {})


GROUP = """
name = "show"
model = "show"
version = 1
confidence = 0.4

[[member]]
name = "하나"
colour = "#ff0000"

[[member]]
name = "Dul"
colour = "#00ff00"
"""


def test_a_group_file_gives_its_members_in_class_order() -> None:
    group = group_from_toml(GROUP)
    assert group.members == ("하나", "Dul")
    assert group.colours == ("#ff0000", "#00ff00")
    assert (group.model, group.version, group.confidence) == ("show", 1, 0.4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "not readable as TOML"),
        ('name = "show"', r"no \[\[member\]\] table"),
        (GROUP[: GROUP.index("[[")] + 'member = ["Dul"]', r"no \[\[member\]\] table"),
        (GROUP.encode("euc-kr"), "not readable as TOML"),
        (GROUP.replace("Dul", "하나"), "names a member twice"),
        (GROUP.replace("confidence = 0.4", ""), "'confidence' is None; it must be a number"),
        (GROUP.replace("= 0.4", "= nan"), "'confidence' is nan; it must be a number from 0 to 1"),
        (GROUP.replace("= 0.4", "= 5.0"), "'confidence' is 5.0"),
        (GROUP.replace("= 0.4", "= -0.5"), "'confidence' is -0.5"),
        (GROUP.replace("= 0.4", "= true"), "'confidence' is True"),
        (GROUP.replace("Dul", unicodedata.normalize("NFD", "하나")), "names a member twice"),
        (GROUP.replace("version = 1", 'version = "1"'), "'version', or it is no int"),
    ],
)
def test_a_group_file_that_can_not_be_used_is_refused(text: str | bytes, sentence: str) -> None:
    with pytest.raises(ModelRejected, match=sentence):
        group_from_toml(text)
