"""Labels that can not be wrong, their JSON, and the parts of a dataset."""

import json
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.contracts.datasets import (
    CONFIRMED,
    FRONTAL,
    PROFILE,
    REJECTED,
    TEST,
    TRAIN,
    VAL,
    LabelledBox,
    LabelledPicture,
    Members,
    clipped,
    count,
    imported_name,
    read_labels,
    read_members,
    split_import,
    split_shots,
    write_labels,
    write_members,
)
from inyourarea.core.errors import DatasetRejected

FULL = LabelledPicture(
    size=(1920, 1080),
    boxes=(
        LabelledBox((0.1, 2.0, 50.25, 1080.0), "해린", "run:3:17", PROFILE, CONFIRMED),
        LabelledBox((1.0, 2.0, 1920.0, 9.0)),
    ),
    version=4,
    video="ab" * 32,
    pts=-512,
    shot=3,
    split=VAL,
    by="Kim",
    at_ns=1_764_000_000_000_000_001,
    state=CONFIRMED,
    teaches=0.625,
)
UNSURE = json.loads(write_labels(FULL))["boxes"][0]


def test_labels_come_back_as_they_were_written() -> None:
    assert read_labels(write_labels(FULL)) == FULL
    assert read_labels(write_labels(LabelledPicture((8, 8)))) == LabelledPicture((8, 8))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"boxes": [{"box": [1, 2, 3, 4]}]}, "lacks 'member'"),
        ({"boxes": [[1, 2, 3, 4]]}, "no JSON object"),
        ({"boxes": None}, "lacks 'boxes'"),
        ({"size": [1920]}, "must be 2 numbers"),
        ({"size": [1920, "1080"]}, "must be 2 numbers"),
        ({"size": [math.nan, 1080]}, "must be 2 numbers"),
        ({"size": [1920, math.inf]}, "must be 2 numbers"),
        ({"size": [10**400, 1080]}, "must be 2 numbers"),
        ({"size": [0, 1080]}, "0x1080 pixels is none"),
        ({"size": [20, 1080]}, "not inside of the picture of 20x1080"),
        ({"version": 0}, "count from 1"),
        ({"version": True}, "lacks 'version'"),
        ({"pts": "12"}, "lacks 'pts'"),
        ({"teaches": math.nan}, "'teaches' must be a number"),
        ({"teaches": 10**400}, "'teaches' must be a number"),
        ({"boxes": [UNSURE | {"identity": -math.inf}]}, "'identity' must be a number"),
        ({"split": "holdout"}, "'holdout' is not a picture's split"),
        ({"state": "maybe"}, "'maybe' is not a picture's state"),
    ],
)
def test_wrong_labels_are_refused_with_a_reason(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DatasetRejected, match=words):
        read_labels(json.dumps(json.loads(write_labels(FULL)) | change).encode())


@pytest.mark.parametrize("content", [b"", b'{"version": 1, "si', b"[]", b"\xff", b"[" * 100_000])
def test_a_half_written_label_file_is_refused(content: bytes) -> None:
    with pytest.raises(DatasetRejected, match="is no JSON"):
        read_labels(content)


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 5, 5, 9), (-1, 5, 9, 9), (math.nan, 0, 1, 1)])
def test_a_box_that_is_none_can_not_be_held(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(DatasetRejected):
        LabelledPicture((100, 100), (LabelledBox(box),))


def test_a_box_is_clipped_to_the_picture_and_refused_outside() -> None:
    assert clipped((-5, -5, 200, 50), (100, 80)) == (0, 0, 100, 50)
    with pytest.raises(DatasetRejected):
        clipped((100, 5, 120, 50), (100, 80))


@given(st.text(), st.sets(st.integers(0, 10_000), max_size=40))
def test_each_shot_is_in_one_part_and_one_of_three_is_held_out(video: str, shots: set[int]) -> None:
    found = split_shots(video, sorted(shots))
    assert found == split_shots(video, sorted(shots, reverse=True))
    assert set(found) == shots
    assert not shots or TRAIN in found.values()
    assert len(shots) < 3 or VAL in found.values()


def test_the_parts_are_about_80_10_and_10_of_100() -> None:
    parts = Counter(split_shots("video", range(4_000)).values())
    assert parts[TRAIN] == pytest.approx(3_200, rel=0.05)
    assert parts[VAL] == pytest.approx(400, rel=0.2)
    assert parts[TEST] == pytest.approx(400, rel=0.2)
    imported = Counter(split_import(imported_name(bytes([n]))) for n in range(250))
    assert imported[TRAIN] > 180
    assert set(imported) == {TRAIN, VAL, TEST}


def test_who_was_renamed_keeps_her_labels() -> None:
    members = Members(("Aria", "Bea")).renamed("Bea", "Beatrice").renamed("Beatrice", "B")
    assert members.names == ("Aria", "B")
    assert members.version == 3
    old = LabelledPicture((9, 9), tuple(LabelledBox((0, 0, 1, 1), n) for n in ("Bea", "Aria", "")))
    assert [box.member for box in members.today(old).boxes] == ["B", "Aria", ""]
    assert read_members(write_members(members), 3) == members
    back = members.renamed("B", "Bea")
    assert [box.member for box in back.today(old).boxes] == ["Bea", "Aria", ""]


def test_who_is_or_was_called_so_is_known_however_it_is_spelt() -> None:
    members = Members(("Aria", "Bea")).renamed("Bea", "Beatrice").with_added("BEA")
    called = {name: members.now(name) for name in ("Aria", " aria", "Bea", "BEA", "bea", "", "x")}
    assert called == {
        **{"Aria": "Aria", " aria": "Aria"},
        **{"Bea": "Beatrice", "BEA": "BEA", "bea": "BEA"},  # who is called so comes first
        **{"": None, "x": None},
    }
    assert members.renamed("Beatrice", "B").now("Bea") == "B"


def test_members_are_added_behind_the_others() -> None:
    assert Members(("Aria",)).with_added(" Bea  Kim ").names == ("Aria", "Bea Kim")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "1 to 1000 members"),
        (("Aria", "aria"), "Two members"),
        (("",), "can not be"),
        (("A\nB",), "can not be"),
        (("A" * 201,), "can not be"),
    ],
)
def test_names_that_can_not_be_told_apart_are_refused(names: tuple[str, ...], words: str) -> None:
    with pytest.raises(DatasetRejected, match=words):
        Members(names)


def test_nobody_takes_a_name_that_labels_still_use_for_another() -> None:
    members = Members(("Aria", "Bea")).renamed("Aria", "Ari")
    with pytest.raises(DatasetRejected, match="'Ari' was called 'Aria' before"):
        members.with_added("Aria")
    with pytest.raises(DatasetRejected, match="'Ari' was called 'Aria' before"):
        members.renamed("Bea", "Aria")
    with pytest.raises(DatasetRejected, match="Nobody here is called 'Aria'"):
        members.renamed("Aria", "Cleo")


def test_what_there_is_of_whom_is_counted_without_what_was_rejected() -> None:
    one = LabelledBox((0, 0, 1, 1), "Aria", view=FRONTAL, state=CONFIRMED)
    two = LabelledBox((0, 0, 2, 2), "Aria", view=PROFILE)
    dancer = LabelledBox((0, 0, 3, 3), "", state=CONFIRMED)
    first = LabelledPicture((9, 9), (one, two, dancer, LabelledBox((0, 0, 1, 1))))
    pictures = [first, replace(first, boxes=(one,), split=TEST), replace(first, state=REJECTED)]
    found = count(Members(("Bea", "Aria")), pictures)
    aria = found.members["Aria"]
    assert [*found.members] == ["Bea", "Aria"]
    assert (aria.boxes, aria.pictures, aria.frontal, aria.profile) == (3, 2, 2, 1)
    assert (aria.confirmed, aria.proposed) == (2, 1)
    assert aria.splits == {TRAIN: 2, VAL: 0, TEST: 1}
    assert found.members["Bea"].boxes == 0
    assert (found.pictures, found.rejected, found.unnamed) == (2, 1, 1)
    assert found.splits == {TRAIN: 1, VAL: 0, TEST: 1}
    assert found.balance == 0
    assert count(Members(("Bea",)), []).balance == 1
