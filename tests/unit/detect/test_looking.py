"""Frames are skipped where a straight line says as much, and looked at where it does not."""

import numpy as np

from inyourarea.core.detections import PORTRAIT_LENGTH
from inyourarea.detect.appearance import LENGTH, Looks
from inyourarea.detect.looking import STRIDE, first_look, second_look
from inyourarea.detect.sightings import Sightings

PICTURED = np.arange(13)


def seen_at(boxes_of: dict[int, list[tuple[float, float]]]) -> Sightings:
    """Faces of 16 by 20 pixels: (x of the centre, confidence) by rank, all at one height."""
    rows = [(rank, x, sure) for rank, there in boxes_of.items() for x, sure in there]
    return Sightings(
        rank=np.array([rank for rank, _, _ in rows]),
        xyxy=np.array([[x - 8, 50, x + 8, 70] for _, x, _ in rows], dtype=np.float64),
        confidence=np.array([sure for *_, sure in rows]),
        scores=np.array([[sure] for *_, sure in rows], dtype=np.float32),
        looks=alike(len(rows)),
        looked=np.array(sorted(boxes_of)),
    )


def alike(people: int) -> Looks:
    """So many people who all look the same."""
    return Looks(
        np.ones((people, LENGTH), np.float32), np.ones((people, PORTRAIT_LENGTH), np.uint8)
    )


def again(boxes_of: dict[int, list[tuple[float, float]]]) -> list[int]:
    return second_look(seen_at(boxes_of), PICTURED, 0.5).tolist()


def test_the_first_look_takes_every_stride_and_the_last() -> None:
    assert first_look(PICTURED).tolist() == list(range(0, 13, STRIDE))
    assert first_look(np.arange(12)).tolist()[-1] == 11
    assert first_look(np.arange(0)).tolist() == []


def test_quiet_people_need_no_second_look() -> None:
    assert again({k: [(100.0 + k, 0.9), (200.0 - k, 0.9)] for k in (0, 2, 4)}) == []


def test_somebody_who_comes_or_goes_is_looked_for_between() -> None:
    quiet = [(100.0, 0.9)]
    assert again({0: quiet, 2: [*quiet, (220.0, 0.9)], 4: [*quiet, (221.0, 0.9)]}) == [1]
    assert again({0: [*quiet, (220.0, 0.9)], 2: quiet, 4: quiet}) == [1]


def test_two_who_are_about_to_cross_are_looked_at() -> None:
    assert again({0: [(100.0, 0.9), (118.0, 0.9)], 2: [(104.0, 0.9), (114.0, 0.9)]}) == [1]


def test_a_link_to_a_doubtful_box_is_looked_at() -> None:
    assert again({0: [(100.0, 0.9)], 2: [(101.0, 0.12)]}) == [1]


def test_what_is_not_believed_anyway_starts_nothing() -> None:
    assert again({0: [(100.0, 0.2)], 2: [], 4: [(250.0, 0.15)]}) == []
