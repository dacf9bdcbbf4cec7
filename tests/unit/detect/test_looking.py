"""Frames are skipped where a curve says as much, and looked at where it does not."""

import numpy as np
import pytest

from inyourarea.core.detections import PORTRAIT_LENGTH
from inyourarea.detect.appearance import LENGTH, Looks
from inyourarea.detect.links import NOBODY, pair_boxes
from inyourarea.detect.looking import first_look, next_look
from inyourarea.detect.sightings import Sightings

PICTURED = np.arange(13)
QUIET = [(100.0, 0.9), (200.0, 0.9)]


def seen_at(boxes_of: dict[int, list[tuple[float, float]]]) -> Sightings:
    """Faces of 16 by 20 pixels: (x of the centre, confidence) by rank, all at one height."""
    rows = [(rank, x, sure) for rank, there in boxes_of.items() for x, sure in there]
    return Sightings(
        rank=np.array([rank for rank, _, _ in rows], dtype=np.int64),
        xyxy=np.array([[x - 8, 50, x + 8, 70] for _, x, _ in rows]).reshape(-1, 4),
        confidence=np.array([sure for *_, sure in rows]),
        scores=np.array([[sure] for *_, sure in rows], dtype=np.float32).reshape(-1, 1),
        looks=alike(len(rows)),
        looked=np.array(sorted(boxes_of)),
    )


def alike(people: int) -> Looks:
    """So many people who all look the same."""
    return Looks(
        np.ones((people, LENGTH), np.float32), np.ones((people, PORTRAIT_LENGTH), np.uint8)
    )


def again(boxes_of: dict[int, list[tuple[float, float]]], rate: int = 30) -> list[int]:
    return next_look(seen_at(boxes_of), PICTURED, np.arange(40) / rate, 0.5).tolist()


@pytest.mark.parametrize(
    ("rate", "ranks"),
    [
        (30, [0, 4, 8, 12, 16, 19]),
        (60, [0, 8, 16, 19]),
        (24, [0, 3, 6, 9, 12, 15, 18, 19]),
        (8, list(range(20))),
    ],
)
def test_the_first_looks_are_as_far_apart_at_any_frame_rate(rate: int, ranks: list[int]) -> None:
    assert first_look(np.arange(20), np.arange(20) / rate).tolist() == ranks


@pytest.mark.parametrize("begins", [0.0, 1000.0, 95443.7])
def test_bounds_that_whole_frames_reach_are_alike_at_every_place(begins: float) -> None:
    seconds = begins + np.arange(29) / 50
    assert first_look(np.arange(29), seconds).tolist() == [0, 7, 14, 21, 28]


def test_a_head_goes_as_far_in_a_second_at_any_frame_rate() -> None:
    there, beside, beyond = (
        np.array([[x, 50, x + 16, 70]]) for x in (100.0, 100 + 1.4 * 20, 100 + 1.6 * 20)
    )
    assert pair_boxes(there, beside, 4 / 30).tolist() == [0]
    assert pair_boxes(there, beyond, 4 / 30).tolist() == [NOBODY]
    assert again({0: [(100.0, 0.9)], 4: [(132.0, 0.9)]}, rate=30) == [2]
    assert again({0: [(100.0, 0.9)], 8: [(132.0, 0.9)]}, rate=60) == [4]


def test_where_the_frame_rate_drops_every_frame_is_looked_at() -> None:
    seconds = np.concatenate([np.arange(8) / 30, 8 / 30 + np.arange(4) / 8])
    assert first_look(np.arange(12), seconds).tolist() == [0, 4, 8, 9, 10, 11]


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_the_shortest_segments_are_looked_at_whole(frames: int) -> None:
    assert first_look(np.arange(frames), np.arange(frames) / 30).tolist() == list(range(frames))


def test_quiet_people_need_no_other_look() -> None:
    assert again({k: [(100.0 + k, 0.9), (200.0 - k, 0.9)] for k in (0, 4, 8)}) == []


def test_somebody_who_comes_or_goes_is_looked_for_in_the_middle() -> None:
    assert again({0: QUIET[:1], 4: QUIET, 8: QUIET}) == [2]
    assert again({0: QUIET, 4: QUIET, 8: QUIET[1:], 12: QUIET[1:]}) == [6]


def test_but_not_down_to_the_frame() -> None:
    assert again({0: QUIET[:1], 2: QUIET, 4: QUIET}) == []


def test_where_all_leave_at_once_there_is_a_cut_to_be_found() -> None:
    others = [(20.0, 0.9), (300.0, 0.9)]
    assert again({0: QUIET, 4: others}) == [2]
    assert again({0: QUIET, 2: others, 4: others}) == [1]
    assert again({0: QUIET, 1: QUIET, 2: others, 4: others}) == []


def test_where_the_old_fade_as_new_ones_come_every_frame_is_looked_at() -> None:
    old, new = QUIET, [(20.0, 0.9), (300.0, 0.9)]
    fading = {0: old, 4: old, 6: old + new, 8: old + new, 10: new, 12: new}
    assert again(fading) == [5, 7, 9]
    staying = [(x, 0.9) for x in (360.0, 400.0, 440.0, 480.0, 520.0)]
    assert again({rank: there + staying for rank, there in fading.items()}) == []


def test_who_only_come_are_not_looked_for_down_to_the_frame() -> None:
    new = [(20.0, 0.9), (300.0, 0.9)]
    assert again({0: QUIET, 2: QUIET + new, 4: QUIET + new}) == []


def test_two_who_touch_are_looked_at() -> None:
    near, apart = [(100.0, 0.9), (114.0, 0.9)], [(94.0, 0.9), (120.0, 0.9)]
    assert again({0: apart, 4: near, 8: apart}) == [2, 6]
    assert again({0: apart, 2: near, 4: near}) == []


def test_a_head_that_turns_back_is_looked_at_where_it_turns() -> None:
    there, back = [(100.0, 0.9)], [(128.0, 0.9)]
    assert again({0: there, 4: back, 8: there, 12: there}) == [2, 6]
    assert again({0: there, 4: back, 8: [(156.0, 0.9)], 12: [(184.0, 0.9)]}) == []


def test_what_is_not_believed_anyway_starts_nothing() -> None:
    assert again({0: [(100.0, 0.2)], 4: [], 8: [(250.0, 0.15)]}) == []


def test_nobody_at_all_starts_nothing() -> None:
    assert again({0: [], 4: [], 8: []}) == []
