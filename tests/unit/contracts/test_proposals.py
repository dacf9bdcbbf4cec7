"""What a run proposes: what was seen, as whose, and which boxes one click may name."""

from fractions import Fraction

import numpy as np

from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSED,
    TEST,
    TRAIN,
    LabelledBox,
    LabelledPicture,
    split_shots,
)
from inyourarea.contracts.proposals import (
    Parts,
    Proposals,
    who_tracklets_are,
    with_names_over_shots,
)
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks

AREA = (0, 0, 1, 1)
O, F, FILLED = State.OBSERVED, State.FOLLOWED, State.FILLED  # noqa: E741 - reads as a table


def run(
    states: list[State], sureness: list[float], box: tuple[float, float, float, float]
) -> Tracks:
    """One person in two shots of three frames each."""
    track = Track(
        person="p1",
        name="Aria",
        state=np.array(states, np.uint8),
        reason=np.zeros(6, np.uint8),
        xyxy=np.tile(np.array(box, np.float32), (6, 1)),
        confidence=np.ones(6, np.float32),
        identity=np.array(sureness, np.float32),
    )
    timeline = Timeline(np.arange(6, dtype=np.int64), Fraction(1, 30))
    return Tracks(timeline, (100, 50), (Shot(0, 2), Shot(3, 5)), (track,))


def test_only_what_was_observed_is_proposed() -> None:
    tracks = run([O, F, FILLED, State.OPEN, State.ABSENT, O], [1.0] * 6, (10, 10, 20.1234, 20))
    proposals = Proposals("ab", tracks, {"p1": "Aria"}, {})
    assert [len(proposals.boxes(frame)) for frame in range(6)] == [1, 0, 0, 0, 0, 1]
    box = proposals.boxes(0)[0]
    assert (box.box, box.member, box.state) == ((10, 10, 20.12, 20), "Aria", PROPOSED)


def test_who_is_not_known_has_no_name() -> None:
    proposals = Proposals("ab", run([O] * 6, [1.0] * 6, (10, 10, 20, 20)), {}, {})
    assert proposals.boxes(0)[0].member == ""


def test_a_box_at_the_edge_is_clipped_and_one_outside_left_out() -> None:
    at_edge = Proposals("ab", run([O] * 6, [1.0] * 6, (90, -5, 110, 20)), {}, {})
    assert at_edge.boxes(0)[0].box == (90, 0, 100, 20)
    outside = Proposals("ab", run([O] * 6, [1.0] * 6, (101, 0, 120, 20)), {}, {})
    assert outside.boxes(0) == ()


def test_a_tracklet_ends_with_its_shot_and_where_the_sureness_is_another() -> None:
    tracks = run([O, FILLED, O, O, O, O], [0.9, 0.9, 0.9, 0.9, 0.7, 0.9], (10, 10, 20, 20))
    proposals = Proposals("ab", tracks, {}, {})
    named = [box.tracklet for frame in range(6) for box in proposals.boxes(frame)]
    assert named == ["ab:0:0-0", "ab:0:0-0", "ab:1:0-0", "ab:1:0-1", "ab:1:0-2"]
    sure = [box.identity for frame in range(6) for box in proposals.boxes(frame)]
    assert sure == [0.9, 0.9, 0.9, 0.7, 0.9]


def test_a_tracklet_that_people_have_named_is_proposed_as_they_say() -> None:
    tracks, members = run([O] * 6, [1.0] * 6, (10, 10, 20, 20)), {"p1": "Aria"}
    proposals = Proposals("ab", tracks, members, {"ab:0:0-0": "Bea", "ab:1:0-0": ""})
    found = [box for frame in (0, 2, 3) for box in proposals.boxes(frame)]
    assert [(box.member, box.state) for box in found] == [
        ("Bea", PROPOSED),
        ("Bea", PROPOSED),
        ("", PROPOSED),
    ]


def test_a_tracklet_is_whose_most_of_its_confirmed_boxes_are() -> None:
    def picture(*boxes: tuple[str, str, str]) -> LabelledPicture:
        area = (0, 0, 1, 1)
        return LabelledPicture(
            (9, 9), tuple(LabelledBox(area, who, where, "", state) for who, where, state in boxes)
        )

    first = picture(("Aria", "a", CONFIRMED), ("Bea", "b", PROPOSED), ("Cleo", "", CONFIRMED))
    second = picture(("Bea", "a", CONFIRMED), ("", "c", CONFIRMED))
    third = picture(("Bea", "a", CONFIRMED), ("Aria", "a", PROPOSED))
    assert who_tracklets_are([first, second, third]) == {"a": "Bea", "c": ""}


def together(*boxes: LabelledBox) -> LabelledPicture:
    return LabelledPicture((9, 9), boxes)


def test_a_name_is_the_persons_in_all_shots_of_the_run() -> None:
    kim, stranger = "run:0:3-0", "run:0:4-1"
    named = together(
        LabelledBox(AREA, "Kim", kim, state=CONFIRMED),
        LabelledBox(AREA, "", stranger, state=CONFIRMED),
    )
    others = [
        LabelledBox(AREA, tracklet=tracklet)
        for tracklet in ("run:7:3-2", "run:7:4-0", "run:7:34-0", "other:7:3-2", "")
    ]
    found = with_names_over_shots({"p": together(*others), "q": named})["p"].boxes
    assert [(box.member, box.is_unsaid) for box in found] == [
        ("Kim", False),
        ("", False),
        ("", True),
        ("", True),
        ("", True),
    ]


def test_whom_people_call_by_two_names_has_none_elsewhere() -> None:
    labels = {
        name: together(LabelledBox(AREA, name, f"run:{shot}:3-0", state=CONFIRMED))
        for shot, name in enumerate(("Kim", "Lee"))
    }
    labels["p"] = together(LabelledBox(AREA, tracklet="run:7:3-0"))
    assert with_names_over_shots(labels) == labels


def labelled(pts: int, shot: int, split: str) -> LabelledPicture:
    return LabelledPicture((100, 50), video="v", pts=pts, shot=shot, split=split)


def places(*there: LabelledPicture) -> list[tuple[int, str]]:
    parts = Parts("v", run([O] * 6, [1.0] * 6, (10, 10, 20, 20)), there)
    return [parts.of(frame) for frame in range(6)]


def test_the_first_frames_of_a_video_are_in_parts_by_lot() -> None:
    drawn = split_shots("v", range(2))
    assert places() == [(0, drawn[0])] * 3 + [(1, drawn[1])] * 3


def test_a_shot_is_in_the_part_that_the_dataset_has_pictures_of_it_in() -> None:
    assert places(labelled(4, 7, TEST))[3:] == [(7, TEST)] * 3
    # the other run cut the second shot in two
    cut_twice = places(labelled(3, 7, TEST), labelled(5, 8, TRAIN))
    assert cut_twice[3:] == [(7, TEST), (7, TEST), (8, TRAIN)]


def test_a_shot_that_a_run_cuts_off_is_where_the_picture_just_outside_is() -> None:
    drawn = split_shots("v", range(2))
    assert places(labelled(-15, 7, TEST)) == [(7, TEST)] * 3 + [(1, drawn[1])] * 3
    assert places(labelled(20, 7, TEST)) == [(0, drawn[0])] * 3 + [(7, TEST)] * 3
    far = places(labelled(-151, 7, TEST), labelled(156, 8, TEST))  # more than five seconds
    assert far == places()
    # pictures of the shot itself are believed first
    both = places(labelled(-1, 7, TEST), labelled(2, 8, TRAIN))
    assert both[:3] == [(8, TRAIN)] * 3


def test_a_shot_does_not_get_the_number_of_another_one() -> None:
    drawn = split_shots("v", range(2))
    found = places(labelled(4, 0, TEST))
    assert found == [(2, drawn[0])] * 3 + [(0, TEST)] * 3
