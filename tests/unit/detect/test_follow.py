"""A head that turns away keeps its box; a head that is gone, or somebody else's, gets none."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from inyourarea.core import boxes
from inyourarea.detect.appearance import join_looks, look_at
from inyourarea.detect.follow import Followed, Patience, follow
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.segment import Footage, complete
from inyourarea.detect.sightings import Sightings
from scenes import HEIGHT, SOURCE, WIDTH, Person, pack_of, scene

SURE = 0.5
PATIENCE = Patience(np.arange(40) / 30, met_s=2.0, unmet_s=0.5)


def sightings_of(people: list[list[Person]], drawn: list[np.ndarray]) -> Sightings:
    """Every face that is not turned away, seen in every frame."""
    pictures = Pictures(pack_of(drawn))
    faces = [[p.box for p in there if not p.is_turned] for there in people]
    rows = [(k, box) for k, there in enumerate(faces) for box in there]
    return Sightings(
        rank=np.array([k for k, _ in rows]),
        xyxy=np.array([box for _, box in rows]),
        confidence=np.full(len(rows), 0.9),
        scores=np.full((len(rows), 1), 0.9, dtype=np.float32),
        looks=join_looks([look_at(pictures.bgr(k), np.array(b)) for k, b in enumerate(faces)]),
        looked=np.arange(len(people)),
    )


def followed_in(people: list[list[Person]], walls: list[int] | None = None) -> Followed:
    walls = walls or [0] * len(people)
    drawn = [scene(there, wall) for there, wall in zip(people, walls, strict=True)]
    return followed_on(drawn, sightings_of(people, drawn))


def followed_on(drawn: list[np.ndarray], seen: Sightings) -> Followed:
    return follow(Pictures(pack_of(drawn)), seen, SURE, PATIENCE)


def walker(frame: int, turned: range) -> Person:
    return Person(x=80 + 1.2 * frame, y=70 + 2 * np.sin(frame / 4), turned=turn(frame, turned))


def turn(frame: int, turned: range) -> float:
    """How far the head is turned that is turned away in these frames; it takes six to turn."""
    inside = min(frame - turned.start, turned.stop - 1 - frame)
    return float(np.clip(0.5 + (inside + 0.5) / 6, 0, 1))


def test_a_head_that_turns_away_and_back_is_followed_all_the_way() -> None:
    people = [[walker(k, range(8, 24))] for k in range(32)]
    found = followed_in(people)
    assert found.rank.tolist() == list(range(8, 24))
    truth = np.array([people[k][0].box for k in found.rank])
    assert boxes.paired_iou(found.xyxy, truth).min() > 0.5
    assert ((found.confidence > 0) & (found.confidence <= 1)).all()


def test_who_never_turns_back_is_followed_for_a_while_only() -> None:
    people = [[walker(k, range(8, 40))] for k in range(40)]
    found = followed_in(people)
    assert len(found.rank) <= 15
    truth = np.array([people[k][0].box for k in found.rank]).reshape(-1, 4)
    assert (boxes.paired_iou(found.xyxy, truth) > 0.5).all()


def wall_of(height: int) -> np.ndarray:
    """A large textured picture; any part of it can be followed."""
    noise = np.random.default_rng(0).integers(0, 255, (height // 6, 54, 3), dtype=np.uint8)
    return cv2.resize(noise, (WIDTH, height), interpolation=cv2.INTER_CUBIC)


def seen_once(drawn: list[np.ndarray], box: tuple[int, int, int, int]) -> Sightings:
    """A face that the detector sees in the first frame only."""
    xyxy = np.array([box], dtype=np.float64)
    return Sightings(
        rank=np.array([0]),
        xyxy=xyxy,
        confidence=np.array([0.9]),
        scores=np.array([[0.9]], dtype=np.float32),
        looks=look_at(drawn[0], xyxy),
        looked=np.arange(len(drawn)),
    )


@pytest.mark.parametrize(
    ("steps_ms", "last_ms"), [([33] * 9 + [300] * 20, 597), ([300] * 3 + [10] * 26, 600)]
)
def test_a_head_is_followed_as_many_seconds_where_the_frame_rate_changes(
    steps_ms: list[int], last_ms: int
) -> None:
    stamps = tuple(np.cumsum([0, *steps_ms]).tolist())
    drawn = [wall_of(HEIGHT)] * len(stamps)
    seen, footage = seen_once(drawn, (150, 82, 170, 106)), Footage(SOURCE, Fraction(1, 1000))
    found = complete(Pictures(pack_of(drawn, stamps)), seen, SURE, footage)
    assert found.pts.tolist() == [pts for pts in stamps if pts <= last_ms]


def test_a_head_that_leaves_the_picture_keeps_its_box_while_half_of_it_is_seen() -> None:
    wall = wall_of(600)
    drawn = [wall[100 + 6 * k :][:HEIGHT] for k in range(15)]  # the camera tilts down
    found = followed_on(drawn, seen_once(drawn, (150, 32, 170, 56)))
    assert found.rank.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_nobody_is_followed_over_a_cut() -> None:
    people = [[walker(k, range(8, 40))] if k < 12 else [] for k in range(30)]
    found = followed_in(people, walls=[0] * 12 + [7] * 18)
    assert (found.rank < 12).all()


def test_a_flash_does_not_lose_the_head() -> None:
    people = [[walker(k, range(8, 16))] for k in range(24)]
    drawn = [scene(there) for there in people]
    drawn[11] = np.clip(drawn[11].astype(int) + 60, 0, 255).astype(np.uint8)
    drawn[13] = (drawn[13] * 0.45).astype(np.uint8)
    found = followed_on(drawn, sightings_of(people, drawn))
    assert found.rank.tolist() == list(range(8, 16))


def test_a_head_that_goes_behind_somebody_does_not_become_her() -> None:
    def at(frame: int) -> list[Person]:
        front = Person(x=60 + 6 * frame, y=78, tall=30, shirt=(40, 40, 210), hair=(60, 190, 220))
        behind = Person(x=150, y=72, shirt=(200, 60, 40), turned=turn(frame, range(8, 99)))
        return [behind, front]

    people = [at(k) for k in range(32)]
    found = followed_in(people)
    fronts = np.array([people[k][1].box for k in found.rank]).reshape(-1, 4)
    assert (boxes.paired_iou(found.xyxy, fronts) < 0.3).all()


def test_no_two_boxes_are_on_one_head() -> None:
    def at(frame: int) -> list[Person]:
        left = Person(x=80 + 3 * frame, y=70, turned=turn(frame, range(6, 99)))
        right = Person(
            x=200 - 3 * frame, y=72, shirt=(40, 40, 210), turned=turn(frame, range(6, 99))
        )
        return [left, right]

    found = followed_in([at(k) for k in range(36)])
    for rank in set(found.rank.tolist()):
        overlap = boxes.iou(found.xyxy[found.rank == rank], found.xyxy[found.rank == rank])
        assert (overlap[~np.eye(len(overlap), dtype=bool)] < 0.3).all()


def test_somebody_else_at_the_end_of_the_way_is_not_taken_for_her() -> None:
    def at(frame: int) -> list[Person]:
        if frame < 8:
            return [Person(x=150, y=72)]
        if frame < 14:
            return [Person(x=150, y=72, turned=1)]
        return [Person(x=150, y=72, shirt=(40, 200, 230), hair=(200, 220, 240), trousers=(9, 9, 9))]

    people = [at(k) for k in range(20)]
    found = followed_in(people)
    origins = sightings_of(people, [scene(there) for there in people]).rank[found.origin]
    assert (np.abs(origins - found.rank) < 15).all()
    assert (found.rank < 14).all()


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_segments_have_nobody_to_follow(frames: int) -> None:
    assert len(followed_in([[walker(k, range(0))] for k in range(frames)]).rank) == 0
