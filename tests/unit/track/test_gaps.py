from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State
from inyourarea.track.gaps import (
    Stage,
    empty_sheet,
    fill_gaps,
    moving_average,
    open_where_hidden,
)
from inyourarea.track.standpoint import fixed_standpoint, standpoint_from_motion


def stage(frames=60, shots=None, looked=None, motion=None):
    shots = shots or (Shot(0, frames - 1),)
    timeline = Timeline(np.arange(frames), Fraction(1, 30))
    standpoint = fixed_standpoint(frames)
    if motion is not None:
        standpoint = standpoint_from_motion(motion, shots, (640, 360))
    looked = np.ones(frames, bool) if looked is None else looked
    return Stage(timeline, shots, standpoint, looked, Fraction(7, 10))


def sheet(frames, seen, x=lambda f: 5.0 * f, state=State.OBSERVED):
    sheet = empty_sheet(frames)
    for frame in seen:
        left = 100.0 + x(frame)
        sheet.xyxy[frame] = left, 50, left + 30, 90
        sheet.state[frame] = state
        sheet.confidence[frame] = 0.8
    return sheet


def test_a_short_gap_is_filled_where_the_head_went():
    seen = [f for f in range(60) if not 20 <= f < 30]
    filled = fill_gaps([sheet(60, seen)], stage())[0]
    assert (filled.state[20:30] == State.FILLED).all()
    assert (filled.reason[20:30] == Reason.GAP).all()
    assert np.allclose(filled.xyxy[20:30, 0], 100 + 5 * np.arange(20, 30), atol=1.0)


def test_a_long_gap_stays_open():
    seen = [*range(10), *range(35, 60)]
    filled = fill_gaps([sheet(60, seen)], stage())[0]
    assert (filled.state[10:35] == State.OPEN).all()
    assert np.isnan(filled.xyxy[10:35]).all()


def test_a_longer_gap_is_filled_only_for_somebody_who_moves_evenly():
    seen = [f for f in range(60) if not 20 <= f < 35]
    even = fill_gaps([sheet(60, seen)], stage())[0]
    dancing = fill_gaps([sheet(60, seen, x=lambda f: 40 * np.sin(f / 2.5))], stage())[0]
    assert (even.state[20:35] == State.FILLED).all()
    assert (dancing.state[20:35] == State.OPEN).all()


def test_nothing_is_filled_across_a_cut():
    seen = [*range(28), *range(33, 60)]
    filled = fill_gaps([sheet(60, seen)], stage(shots=(Shot(0, 29), Shot(30, 59))))[0]
    assert (filled.state[28:33] == State.OPEN).all()


def test_a_shot_without_the_person_is_absent():
    filled = fill_gaps([sheet(60, range(30))], stage(shots=(Shot(0, 29), Shot(30, 59))))[0]
    assert (filled.state[30:] == State.ABSENT).all()


def test_frames_between_neighbouring_looks_are_filled_for_the_stride():
    looked = np.arange(60) % 3 == 0
    filled = fill_gaps([sheet(60, range(0, 60, 3))], stage(looked=looked))[0]
    assert (filled.state[~looked] == State.FILLED).all()
    assert (filled.reason[~looked] == Reason.STRIDE).all()


def test_frames_up_to_a_cut_that_were_not_looked_at_are_filled():
    looked = np.arange(60) % 3 == 1
    shots = (Shot(0, 29), Shot(30, 59))
    filled = fill_gaps([sheet(60, range(1, 60, 3))], stage(shots=shots, looked=looked))[0]
    assert (filled.state[~looked] == State.FILLED).all()
    assert np.allclose(filled.xyxy[[0, 29, 30], 0], [100, 245, 250], atol=2.0)


def test_a_missed_look_between_two_sightings_is_a_gap_and_no_stride():
    looked = np.arange(60) % 3 == 0
    seen = [f for f in range(0, 60, 3) if f != 30]
    filled = fill_gaps([sheet(60, seen)], stage(looked=looked))[0]
    assert (filled.reason[28:33] == Reason.GAP).all()


def test_between_a_look_with_her_and_one_without_the_nearer_half_is_filled():
    looked = np.arange(60) % 4 == 0
    seen = [*range(0, 21, 4), *range(44, 60, 4)]
    filled = fill_gaps([sheet(60, seen)], stage(looked=looked))[0]
    assert (filled.state[[21, 22, 42, 43]] == State.FILLED).all()
    assert (filled.state[23:42] == State.OPEN).all()
    assert (filled.reason[[21, 22, 42, 43]] == Reason.GAP).all()
    assert np.allclose(filled.xyxy[21:23, 0], [205, 210], atol=1.0)


def test_no_half_way_is_filled_where_a_dissolve_is_near():
    looked = np.arange(90) % 4 == 0
    seen = [*range(0, 33, 4), *range(52, 90, 4)]
    for kind, state in (("cut", State.FILLED), ("dissolve", State.OPEN)):
        shots = (Shot(0, 39), Shot(40, 89, kind))
        filled = fill_gaps([sheet(90, seen)], stage(90, shots, looked))[0]
        assert (filled.state[[33, 34]] == state).all()
        assert (filled.state[[50, 51]] == State.FILLED).all()


def test_a_half_way_that_begins_in_a_dissolve_is_not_filled_behind_it():
    looked = np.arange(90) % 12 == 0
    shots = (Shot(0, 41), Shot(42, 89, "dissolve"))
    filled = fill_gaps([sheet(90, [0, 12, 48])], stage(90, shots, looked))[0]
    assert (filled.state[49:60] == State.OPEN).all()
    shots = (Shot(0, 53), Shot(54, 89, "dissolve"))
    filled = fill_gaps([sheet(90, [48, 72, 84])], stage(90, shots, looked))[0]
    assert (filled.state[37:48] == State.OPEN).all()


def test_a_pan_of_the_camera_is_taken_into_account():
    motion = np.zeros((60, 4))
    motion[:, 3] = 1
    motion[25, 0] = 90.0
    seen = [f for f in range(60) if not 20 <= f < 30]
    still = sheet(60, seen, x=lambda f: 90.0 * (f >= 25))
    filled = fill_gaps([still], stage(motion=motion))[0]
    assert np.allclose(filled.xyxy[20:30, 0], [100] * 5 + [190] * 5, atol=1.0)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 59), min_size=1), st.sets(st.integers(0, 59)), st.integers(0, 5))
def test_filling_never_moves_a_known_box(seen, followed, seed):
    wander = np.random.default_rng(seed).normal(0, 20, 60)
    given_sheet = sheet(60, seen, x=lambda f: wander[f])
    for frame in followed - seen:
        given_sheet.xyxy[frame] = 10, 10, 40, 50
        given_sheet.state[frame] = State.FOLLOWED
        given_sheet.confidence[frame] = 0.3
    filled = fill_gaps([given_sheet], stage(shots=(Shot(0, 20), Shot(21, 59))))[0]
    known = given_sheet.state <= State.FOLLOWED
    assert np.array_equal(filled.xyxy[known], given_sheet.xyxy[known])
    assert np.array_equal(filled.state[known], given_sheet.state[known])
    has_box = filled.state <= State.FILLED
    assert np.isfinite(filled.xyxy[has_box]).all()
    assert np.isnan(filled.xyxy[~has_box]).all()
    assert (filled.xyxy[has_box, 2] > filled.xyxy[has_box, 0]).all()


def test_a_moving_average_smooths_and_keeps_a_straight_way():
    rough = sheet(60, range(60), x=lambda f: 5.0 * f + (4.0 if f % 2 else -4.0))
    smooth = moving_average(rough, (Shot(0, 59),), 5)
    assert np.abs(np.diff(smooth.xyxy[2:-2, 0], 2)).max() < 4
    straight = sheet(60, range(60))
    assert np.allclose(moving_average(straight, (Shot(0, 59),), 7).xyxy, straight.xyxy)


def test_a_moving_average_does_not_reach_over_a_cut():
    jump = sheet(60, range(60), x=lambda f: 300.0 * (f >= 30))
    smooth = moving_average(jump, (Shot(0, 29), Shot(30, 59)), 9)
    assert np.allclose(smooth.xyxy, jump.xyxy)


def test_a_face_hidden_behind_another_is_not_filled_over_it():
    seen = [f for f in range(60) if not 20 <= f < 26]
    behind = sheet(60, seen, x=lambda _: 150.0)
    front = sheet(60, range(60), x=lambda f: 10.0 * abs(f - 22.5) + 140)
    filled, other = open_where_hidden(fill_gaps([behind, front], stage()))
    assert (filled.state[[22, 23]] == State.OPEN).all()
    assert np.isnan(filled.xyxy[[22, 23]]).all()
    assert (other.state == State.OBSERVED).all()


def test_a_gap_with_an_end_that_is_hardly_seen_stays_open():
    seen = [*range(10), *range(14, 24)]
    faint = sheet(24, seen)
    faint.confidence[14] = 0.1
    (filled,) = fill_gaps([faint], stage(24))
    assert (filled.state[10:14] == State.OPEN).all()
    (sure,) = fill_gaps([sheet(24, seen)], stage(24))
    assert (sure.state[10:14] == State.FILLED).all()


def test_a_gap_whose_ends_go_apart_stays_open():
    def away(frame):
        return 15.0 * frame if frame < 10 else 150.0 + 15.0 * (23 - frame)

    (filled,) = fill_gaps([sheet(24, [*range(10), *range(14, 24)], x=away)], stage(24))
    assert (filled.state[10:14] == State.OPEN).all()
