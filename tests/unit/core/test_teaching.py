"""Which frames teach most: rare ones and those in doubt, and never the same thing twice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.detections import PORTRAIT_LENGTH
from inyourarea.core.teaching import Frames, choose_lessons, join_frames, rank_lessons


def footage(sizes: list[float], seed: int = 1) -> Frames:
    """One person, seen once a second in faces of these sides, in a picture that always differs."""
    made = np.random.default_rng(seed)
    count = len(sizes)
    x = made.uniform(0, 500, (count, 2))
    return Frames(
        shot=np.zeros(count, np.int32),
        seconds=np.arange(count, dtype=np.float64),
        thumbnail=made.integers(0, 255, (count, 36, 64), dtype=np.uint8),
        light=np.full((count, 48), 1 / 16, np.float32),
        disagreement=np.zeros(count),
        frame=np.arange(count, dtype=np.int32),
        who=np.zeros(count, np.int32),
        xyxy=np.concatenate([x, x + np.array(sizes)[:, None]], axis=1).astype(np.float32),
        portrait=np.full((count, PORTRAIT_LENGTH), 127, np.uint8),
        doubt=np.zeros(count),
    )


def chosen(frames: Frames, count: int) -> list[int]:
    return [lesson.frame for lesson in choose_lessons(frames, count)]


def test_what_is_seen_once_is_shown_before_anything_is_shown_twice() -> None:
    sizes = [20.0] * 30 + [60.0] + [20.0] * 30 + [180.0] * 2
    shown = {sizes[frame] for frame in chosen(footage(sizes), 3)}
    assert shown == {20.0, 60.0, 180.0}


def test_every_member_counts_alike_however_rarely_seen() -> None:
    frames = footage([20.0] * 40)
    frames.who[33] = 7
    assert 33 in chosen(frames, 2)


def test_views_count_like_sizes() -> None:
    frames = footage([20.0] * 40)
    frames.portrait[21, ::2] = 0
    assert 21 in chosen(frames, 2)


def test_so_does_the_light() -> None:
    frames = footage([20.0] * 40)
    frames.light[5, :24] = 0.0
    frames.light[5, :3] = 0.5
    assert 5 in chosen(frames, 2)


def test_of_two_kinds_the_doubtful_one_comes_first() -> None:
    frames = footage([20.0] * 10 + [80.0] * 10)
    frames.doubt[10:] = 1.0
    first = choose_lessons(frames, 1)[0]
    assert first.frame >= 10
    frames.doubt[:] = [1.0] * 10 + [0.0] * 10
    assert choose_lessons(frames, 1)[0].frame < 10


def test_a_frame_about_which_detector_and_tracks_disagree_comes_first_of_equals() -> None:
    frames = footage([20.0] * 10)
    frames.disagreement[6] = 2.0
    assert chosen(frames, 1) == [6]


def test_neighbours_are_never_both_chosen_whatever_the_light_does() -> None:
    frames = replace(footage([20.0] * 40), seconds=np.arange(40) / 30)
    times = np.sort(frames.seconds[chosen(frames, 40)])
    assert len(times) >= 5
    assert np.diff(times).min() >= 0.2 - 1e-9


def test_a_picture_in_which_nothing_has_changed_is_not_taken_again() -> None:
    frames = footage([20.0] * 6)
    frames.thumbnail[:] = frames.thumbnail[0]
    frames.xyxy[:] = frames.xyxy[0]
    assert len(chosen(frames, 6)) == 1
    frames.xyxy[4] += 100
    assert 4 in chosen(frames, 6)
    assert len(chosen(frames, 6)) == 2


def test_two_videos_are_weighed_together_and_a_member_of_both_is_one() -> None:
    both = join_frames([footage([20.0] * 10, seed=1), footage([20.0] * 10 + [90.0], seed=2)])
    assert both.shot.tolist() == [0] * 10 + [1] * 11
    picked = chosen(both, 2)
    assert 20 in picked
    strangers = footage([20.0] * 10 + [90.0], seed=2)
    strangers.who[:] = 1
    apart = join_frames([footage([20.0] * 10, seed=1), strangers])
    assert min(chosen(apart, 2)) < 10 <= max(chosen(apart, 2))


@given(st.lists(st.floats(8, 300), min_size=1, max_size=30), st.integers(0, 30))
def test_a_longer_choice_begins_with_the_shorter_one(sizes: list[float], count: int) -> None:
    frames = footage(sizes)
    longest = choose_lessons(frames, len(sizes))
    assert choose_lessons(frames, count) == longest[:count]
    teaches = [lesson.teaches for lesson in longest]
    assert teaches == sorted(teaches, reverse=True)


@given(st.lists(st.floats(8, 300), min_size=1, max_size=20))
def test_all_that_there_is_teaches_all_of_everybody(sizes: list[float]) -> None:
    ranked = rank_lessons(footage(sizes))
    assert sorted(lesson.frame for lesson in ranked) == list(range(len(sizes)))
    assert sum(lesson.teaches for lesson in ranked) == pytest.approx(1, abs=1e-3)


def test_nothing_is_chosen_of_nothing() -> None:
    assert choose_lessons(footage([]), 5) == []
