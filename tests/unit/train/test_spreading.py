"""Which names a network may spread, and whose boxes are better."""

from dataclasses import replace

import numpy as np
import pytest

from inyourarea.contracts.datasets import CONFIRMED, LabelledBox, LabelledPicture
from inyourarea.train.spreading import (
    Look,
    knows_such_faces,
    with_boxes_of,
    with_names_of,
)

NAMES = ("Kim", "Lee")
LEFT, RIGHT = (10.0, 10.0, 50.0, 60.0), (100.0, 10.0, 140.0, 60.0)
#: Five pixels beside the left one: the same face.
NEAR_LEFT = (15.0, 10.0, 55.0, 60.0)


def picture(*boxes: LabelledBox, state: str = "proposed") -> LabelledPicture:
    return LabelledPicture((200, 100), boxes, state=state)


def look(*seen: tuple[tuple[float, float, float, float], float, float]) -> Look:
    """Boxes, each with the scores of Kim and Lee."""
    rows = np.array([[*box, kim, lee] for box, kim, lee in seen]).reshape(-1, 6)
    return Look(rows[:, :4], rows[:, 4:])


def names_in(labels: LabelledPicture, *seen: Look) -> list[str]:
    pictures = {str(number): labels for number, _ in enumerate(seen)}
    looks = {str(number): one for number, one in enumerate(seen)}
    return [box.member for box in with_names_of(pictures, looks, NAMES)["0"].boxes]


def test_a_tracklet_is_named_by_all_that_is_seen_of_it() -> None:
    labels = picture(LabelledBox(LEFT, tracklet="a"))
    sure, unsure = look((NEAR_LEFT, 0.9, 0.0)), look((NEAR_LEFT, 0.2, 0.0))
    assert names_in(labels, unsure, sure) == ["Kim"]
    assert names_in(labels, sure, unsure, unsure) == [""]
    assert names_in(labels, sure, look()) == [""]


def test_who_may_be_another_as_well_is_not_named() -> None:
    labels = picture(LabelledBox(LEFT, tracklet="a"))
    assert names_in(labels, look((LEFT, 0.9, 0.5))) == [""]
    assert names_in(labels, look((LEFT, 0.9, 0.4))) == ["Kim"]


def test_a_tracklet_that_is_like_nobody_in_any_picture_is_background() -> None:
    labels = picture(LabelledBox(LEFT, tracklet="a"))
    unlike, like = look((LEFT, 0.06, 0.0)), look((LEFT, 0.2, 0.0))
    for seen, is_unsaid in (
        ([unlike, look(), look()], False),
        ([unlike, look()], True),
        ([unlike, like, look()], True),
    ):
        pictures = {str(number): labels for number in range(len(seen))}
        looks = {str(number): one for number, one in enumerate(seen)}
        found = with_names_of(pictures, looks, NAMES)["0"].boxes
        assert [(box.member, box.is_unsaid) for box in found] == [("", is_unsaid)]


@pytest.mark.parametrize("member", ["Lee", ""])
def test_what_people_have_said_stays(member: str) -> None:
    said = LabelledBox(LEFT, member, tracklet="a", state=CONFIRMED)
    labels = {"p": picture(said)}
    assert with_names_of(labels, {"p": look((LEFT, 0.9, 0.0))}, NAMES) == labels


def test_whom_the_detector_missed_is_learned_suspected_or_background() -> None:
    seen = {"p": look((LEFT, 0.0, 0.8), (RIGHT, 0.2, 0.0), ((150.0, 70.0, 170.0, 90.0), 0.05, 0))}
    found = with_names_of({"p": picture()}, seen, NAMES)["p"].boxes
    assert found == (LabelledBox(LEFT, "Lee"), LabelledBox(RIGHT))
    assert all(box.is_unsaid or box.member for box in found)


def test_a_face_that_a_network_sees_twice_is_learned_once_by_its_surer_box() -> None:
    off, seen = (22.0, 10.0, 62.0, 60.0), ((NEAR_LEFT, 0.6, 0.0), (LEFT, 0.9, 0.0))
    for order in (seen, seen[::-1]):
        (box,) = with_names_of({"0": picture()}, {"0": look(*order, (off, 0.3, 0.0))}, NAMES)[
            "0"
        ].boxes
        assert (box.box, box.member) == (LEFT, "Kim")


def test_whom_an_earlier_network_saw_is_named_and_keeps_that_ones_box() -> None:
    labels = {"p": picture(LabelledBox(LEFT), LabelledBox(RIGHT))}
    found = with_names_of(labels, {"p": look((NEAR_LEFT, 0.0, 0.8))}, NAMES)["p"].boxes
    assert found == (LabelledBox(LEFT, "Lee"), LabelledBox(RIGHT))
    unsure = with_names_of(labels, {"p": look((NEAR_LEFT, 0.0, 0.2))}, NAMES)
    assert unsure == labels


def test_small_faces_are_boxed_by_the_look_at_the_picture_enlarged() -> None:
    large, closer_large = (0.0, 0.0, 60.0, 80.0), (0.0, 0.0, 70.0, 80.0)
    seen = look((LEFT, 0.9, 0.0), (RIGHT, 0.3, 0.0), (large, 0.5, 0.0))
    enlarged = look((NEAR_LEFT, 0.0, 0.2), (closer_large, 0.9, 0.0), (RIGHT, 0.05, 0.0))
    found = seen.with_small_of(enlarged)
    assert found.boxes.tolist() == [list(NEAR_LEFT), list(RIGHT), list(large)]
    assert found.scores.tolist() == seen.scores.tolist()
    assert seen.with_small_of(look()).boxes.tolist() == seen.boxes.tolist()
    assert look().with_small_of(enlarged).boxes.size == 0


def test_only_where_somebody_small_is_seen_it_pays_to_look_closer() -> None:
    assert look((LEFT, 0.9, 0.0)).sees_small
    assert not look(((0.0, 0.0, 60.0, 80.0), 0.9, 0.0)).sees_small
    assert not look().sees_small


def test_a_picture_that_somebody_confirmed_gets_no_further_boxes() -> None:
    labels = {"p": picture(LabelledBox(LEFT, "Kim", state=CONFIRMED), state=CONFIRMED)}
    assert with_names_of(labels, {"p": look((RIGHT, 0.9, 0.0))}, NAMES) == labels


def test_a_networks_boxes_take_the_place_of_proposed_ones_only() -> None:
    proposed, drawn = LabelledBox(LEFT, "Kim", "a", state=CONFIRMED), LabelledBox(RIGHT, "Lee", "b")
    labels = {"p": picture(proposed, drawn)}
    moved = (102.0, 10.0, 142.0, 60.0)
    seen = {"p": look((NEAR_LEFT, 0.3, 0.0), (moved, 0.3, 0.0), ((60.0, 60, 80, 90), 0.2, 0.0))}
    found = with_boxes_of(labels, seen, {"p": {LEFT}})["p"].boxes
    suspect = LabelledBox((60.0, 60.0, 80.0, 90.0))
    assert found == (replace(proposed, box=NEAR_LEFT), drawn, suspect)


@pytest.mark.parametrize(
    ("box", "state"),
    [
        (LabelledBox(LEFT, "Kim", "a", state=CONFIRMED), CONFIRMED),
        (LabelledBox(LEFT, "", "a", state=CONFIRMED), CONFIRMED),
        (LabelledBox(LEFT, "Kim", state=CONFIRMED), "proposed"),
    ],
)
def test_a_box_that_somebody_looked_at_stays(box: LabelledBox, state: str) -> None:
    labels = {"p": picture(box, state=state)}
    assert with_boxes_of(labels, {"p": look((NEAR_LEFT, 0.9, 0.0))}, {"p": {LEFT}}) == labels


def test_weights_that_see_few_of_the_detectors_faces_do_not_know_such_faces() -> None:
    labels = {"p": picture(LabelledBox(LEFT, tracklet="a"), LabelledBox(RIGHT, tracklet="b"))}
    assert knows_such_faces(labels, {"p": look((NEAR_LEFT, 0.2, 0.0))})
    assert not knows_such_faces(labels, {"p": look()})
    assert not knows_such_faces({"p": picture()}, {"p": look()})
