"""The plan: shots, crossings and the exam's own figures, before anything is drawn."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inyourarea.stage_show import Show, ShowRefused, ShowSpec
from inyourarea.stage_show.camera_work import Stage
from inyourarea.stage_show.crossings import count_crossings
from inyourarea.stage_show.draw import pictures_at
from inyourarea.stage_show.exam import Outlook, foresee
from inyourarea.stage_show.timeline import CLOSE, CUT, HALF, SIDE, WIDE, plan_timeline


def outlook(show: Show) -> Outlook:
    factors = np.array([performer.look.height for performer in show.performers])
    return foresee(Stage(show.spec, show.tracks, factors), show.shots)


@pytest.mark.parametrize(
    ("seed", "members"),
    [(1, 3), (1, 4), (2, 4), (3, 4), (1, 7), (2, 7), pytest.param(1, 9, marks=pytest.mark.slow)],
)
def test_every_hard_show_is_a_full_exam(seed: int, members: int) -> None:
    show = Show.plan(ShowSpec(seed=seed, members=members))
    seen = outlook(show)
    assert min(seen.crossings) >= 6
    assert 24 <= seen.smallest_face_px <= 26
    assert 360 <= seen.largest_face_px <= 400
    assert seen.wide_median_px <= 45
    assert 1 <= seen.hidden_s <= 2
    assert 1.5 <= seen.away_s <= 3
    assert seen.walking_m_s <= 2.2
    assert seen.sweeps <= 10
    assert seen.is_somebody_absent_in_side_views
    assert {shot.slot.view for shot in show.shots} == {WIDE, HALF, CLOSE, SIDE}
    assert {shot.slot.transition for shot in show.shots[1:]} == {CUT, "dissolve", "wipe"}
    assert show.look_alikes is not None
    assert show.outfit_change is not None
    assert 3 <= len(show.performers) - len(show.members) <= 5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_shots_cover_the_show_without_gap_or_overlap(seed: int, seconds: int) -> None:
    spec = ShowSpec(seed, 4, Fraction(seconds), (320, 180), Fraction(25), "hard")
    slots = plan_timeline(spec, np.random.default_rng(seed))
    assert slots[0].first == 0
    assert slots[-1].last == spec.frames - 1
    for before, after in pairwise(slots):
        assert after.first == before.last + 1
    if len(slots) > 1:
        lengths = [(slot.last - slot.first + 1) / 25 for slot in slots]
        assert all(2 <= length <= 6 for length in lengths)
    for slot in slots:
        assert slot.overlap == 0 or 0.2 <= slot.overlap / 25 <= 1


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_a_frame_belongs_to_the_dominant_picture(seed: int) -> None:
    show = Show.plan(ShowSpec(seed, 4, Fraction(12), (320, 180), Fraction(25), "hard"))
    for frame in range(show.spec.frames):
        first, second, weight = pictures_at(show, frame)
        dominant = first if second is None or weight < 0.5 else second
        slot = show.shots[dominant].slot
        assert slot.first <= frame <= slot.last


def test_the_same_spec_gives_the_same_plan_and_another_seed_another() -> None:
    first, again, other = (Show.plan(ShowSpec(seed=seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.tracks.roots, again.tracks.roots)
    assert first.lights.flash_frames == again.lights.flash_frames
    assert not np.array_equal(first.tracks.roots, other.tracks.roots)


def test_a_shows_size_does_not_change_what_happens() -> None:
    small, large = (Show.plan(ShowSpec(seed=4, size=size)) for size in ((320, 180), (1920, 1080)))
    assert np.array_equal(small.tracks.roots, large.tracks.roots)
    assert [shot.slot for shot in small.shots] == [shot.slot for shot in large.shots]


def test_a_handheld_show_has_one_shot_and_knows_how_the_hand_shook() -> None:
    show = Show.plan(ShowSpec(seed=2, setting="handheld"))
    assert len(show.shots) == 1
    assert show.shake is not None
    assert show.shake.shape == (show.spec.frames, 3)
    rms_px = float(np.sqrt(np.mean(show.shake[:, :2] ** 2))) * 1080
    assert 5 < rms_px < 25


def test_an_easy_show_has_none_of_the_hard_things() -> None:
    show = Show.plan(ShowSpec(seed=2, setting="easy"))
    assert not show.wall
    assert not show.captions
    assert len(show.performers) == len(show.members)
    assert show.look_alikes is None
    assert all(shot.slot.transition == CUT for shot in show.shots)


def test_crossings_are_counted_once_and_by_depth() -> None:
    frames = 60
    there = np.concatenate([np.linspace(-5, 5, 30), np.linspace(5, -5, 30)])
    jitter = 0.2 * np.sin(np.arange(frames))
    centres = np.stack([there, jitter, np.full(frames, 20.0)], axis=1)
    widths = np.ones((frames, 3))
    depths = np.full((frames, 3), 5.6)
    shots = np.zeros(frames, np.int64)
    assert count_crossings(centres, widths, depths, shots, 2) == (0, 0, 2)
    cut = (np.arange(frames) >= 15).astype(np.int64)
    assert count_crossings(centres, widths, depths, cut, 2) == (0, 0, 1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"members": 2}, "members"),
        ({"members": 10}, "members"),
        ({"size": (1921, 1080)}, "size"),
        ({"size": (20, 20)}, "size"),
        ({"fps": Fraction(0)}, "fps"),
        ({"fps": Fraction("23.976023976")}, "such as 24000/1001"),
        ({"seconds": Fraction(0)}, "seconds"),
        ({"seconds": Fraction(10**9)}, "seconds"),
        ({"setting": "nightmare"}, "setting"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_show_that_can_not_be_drawn_is_refused_in_words(
    change: dict[str, object], word: str
) -> None:
    arguments: dict[str, object] = {"seed": 1, **change}
    with pytest.raises(ShowRefused, match=word):
        ShowSpec(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fps", "step"),
    [
        (Fraction(30000, 1001), 1001),
        (Fraction(25), 512),
        (Fraction(60), 256),
        (Fraction(24000, 1001), 1001),
    ],
)
def test_every_frame_has_a_whole_pts(fps: Fraction, step: int) -> None:
    spec = ShowSpec(seed=1, fps=fps)
    assert spec.pts_step == step
    assert spec.pts_step * spec.time_base == 1 / fps
