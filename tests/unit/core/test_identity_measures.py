"""How right the tracks are."""

import math

import numpy as np
import pytest

from drawn_truth import (
    FACES,
    SHOTS,
    TIMELINE,
    joined,
    right_tracks,
    rows_of,
    the_truth,
    track_on,
    with_people,
)
from inyourarea.core.identity_measures import (
    idf1,
    is_given,
    longest_run_s,
    match_people,
    measure_identity,
)
from inyourarea.core.measures import lay_beside
from inyourarea.core.tracks import State

FRAME_S = 1001 / 30000


def measured(track, truth=None, name="Ada"):
    stage = lay_beside(truth or the_truth(), SHOTS, TIMELINE)
    member = next(member for member in stage.members if member.name == name)
    return measure_identity(track, member, stage.truth, TIMELINE)


def test_the_right_track_is_wholly_correct_and_never_wrong():
    for track in right_tracks().people:
        measures = measured(track, name=track.name)
        assert (measures.correct, measures.wrong, measures.longest_wrong_run_s) == (1, 0, 0)


def test_a_track_that_follows_somebody_else_for_a_while_is_wrong_so_long():
    track = track_on("Ada", np.arange(90), FACES["Ada"])
    track.xyxy[10:25] = FACES["Bora"]
    measures = measured(track)
    assert measures.correct == pytest.approx(75 / 90)
    assert measures.wrong == pytest.approx(15 / 90)
    assert measures.longest_wrong_run_s == pytest.approx(15 * FRAME_S)


@pytest.mark.parametrize(
    ("face_visible", "head_visible", "wrong"), [(1, 1, 0), (0, 1, 0), (0.4, 0.4, 1)]
)
def test_who_is_hidden_behind_her_is_nobody_whom_her_box_could_be_on(
    face_visible, head_visible, wrong
):
    x1, y1, x2, y2 = FACES["Ada"]
    frames, off = np.arange(90), (x1 + 6, y1, x2 + 6, y2)
    seen = {"face_visible": face_visible, "head_visible": head_visible}
    ada = rows_of("Ada", "member", frames, FACES["Ada"], **seen)
    behind = rows_of("Bora", "member", frames, off, face_visible=0)
    assert measured(track_on("Ada", frames, off), joined(ada, behind)).wrong == wrong


def test_her_own_picture_on_the_wall_is_somebody_else():
    truth = joined(the_truth(), rows_of("Ada", "screen", np.arange(90), (100, 20, 220, 170)))
    track = track_on("Ada", np.arange(90), (100, 20, 220, 170))
    assert measured(track, truth).wrong == 1


def test_an_observed_box_on_nobody_is_wrong_but_a_filled_one_is_only_not_honest():
    nowhere = (10, 900, 50, 950)
    assert measured(track_on("Ada", np.arange(90), nowhere)).wrong == 1
    filled = measured(track_on("Ada", np.arange(90), nowhere, State.FILLED))
    assert (filled.wrong, filled.filled_honestly) == (0, 0)


def test_a_filled_box_within_half_a_face_width_is_honest():
    x1, y1, x2, y2 = FACES["Ada"]
    for shift, share in ((19, 1), (21, 0)):
        track = track_on("Ada", np.arange(90), (x1 + shift, y1, x2 + shift, y2), State.FILLED)
        assert measured(track).filled_honestly == share


def test_a_partly_hidden_face_needs_less_overlap():
    x1, y1, x2, y2 = FACES["Ada"]
    half_off = track_on("Ada", np.arange(90), (x1 + 16, y1, x2 + 16, y2))  # IoU .43
    hidden = rows_of("Ada", "member", np.arange(90), FACES["Ada"], face_visible=0.8)
    assert measured(half_off).correct == 0
    assert measured(half_off, hidden).correct == 1


def test_frames_with_the_face_turned_away_are_not_asked_for():
    turned = rows_of("Ada", "member", np.arange(30), FACES["Ada"], face_visible=0.2)
    seen = rows_of("Ada", "member", np.arange(30, 90), FACES["Ada"])
    measures = measured(track_on("Ada", np.arange(30, 90), FACES["Ada"]), joined(turned, seen))
    assert (measures.correct, measures.frames_to_be_correct) == (1, 60)


def test_unnamed_people_are_matched_one_to_one_best_overall():
    first = track_on("person-1", np.arange(60), FACES["Bora"])
    second = track_on("person-2", np.arange(90), FACES["Ada"])
    stage = lay_beside(the_truth(), SHOTS, TIMELINE)
    matched = match_people(with_people(first, second), stage.members)
    assert {name: track.name for name, track in matched.items()} == {
        "Ada": "person-2",
        "Bora": "person-1",
    }


def test_a_named_person_is_held_to_the_name_and_the_rest_matched():
    named = track_on("ADA", np.arange(60), FACES["Bora"])
    other = track_on("person-1", np.arange(90), FACES["Ada"])
    stage = lay_beside(the_truth(), SHOTS, TIMELINE)
    matched = match_people(with_people(named, other), stage.members)
    assert matched["Ada"] is named
    assert "Bora" not in matched


def test_idf1_of_the_right_run_is_one_and_of_a_half_swapped_one_a_half():
    truth = joined(
        rows_of("Ada", "member", np.arange(90), FACES["Ada"]),
        rows_of("Bora", "member", np.arange(90), FACES["Bora"]),
    )
    one = track_on("Ada", np.arange(90), FACES["Ada"])
    other = track_on("Bora", np.arange(90), FACES["Bora"])
    assert idf1(with_people(one, other), truth) == 1
    one.xyxy[45:], other.xyxy[45:] = FACES["Bora"], FACES["Ada"]
    assert idf1(with_people(one, other), truth) == pytest.approx(0.5)


def test_idf1_counts_what_is_missing_and_what_is_too_much():
    truth = rows_of("Ada", "member", np.arange(90), FACES["Ada"])
    found = track_on("a", np.arange(60), FACES["Ada"])
    ghost = track_on("b", np.arange(30), (10, 900, 50, 950))
    assert idf1(with_people(found, ghost), truth) == pytest.approx(2 * 60 / (90 + 60 + 30))


def test_boxes_on_members_who_are_turned_away_cost_nothing():
    truth = joined(
        rows_of("Ada", "member", np.arange(60), FACES["Ada"]),
        rows_of("Ada", "member", np.arange(60, 90), FACES["Ada"], face_visible=0),
    )
    assert idf1(with_people(track_on("a", np.arange(90), FACES["Ada"])), truth) == 1


def test_nobody_found_and_nobody_there():
    assert idf1(with_people(), the_truth()) == 0
    hidden = rows_of("Ada", "member", np.arange(90), FACES["Ada"], face_visible=0)
    assert math.isnan(idf1(with_people(), hidden))


def test_the_longest_run_is_told_in_seconds():
    mask = np.zeros(90, dtype=bool)
    assert longest_run_s(mask, TIMELINE) == 0
    mask[[3, 4, 5, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89]] = True
    assert longest_run_s(mask, TIMELINE) == pytest.approx(10 * FRAME_S)


def test_a_labelled_face_is_given_to_whom_it_is_to_another_or_to_nobody():
    ada = track_on("Ada", np.arange(90), FACES["Ada"])
    ada.xyxy[10:20] = FACES["Bora"]
    bora = track_on("Bora", np.arange(15), FACES["Bora"])
    names, frame = ["ada", "Ada", "Bora", "Bora", "Bora"], np.array([0, 10, 14, 15, 20])
    xyxy = np.array([FACES[name.title()] for name in names])
    right, other = is_given(with_people(ada, bora), names, frame, xyxy)
    assert right.tolist() == [True, False, True, False, False]
    assert other.tolist() == [False, False, False, True, False]
