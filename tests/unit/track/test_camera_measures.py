"""The measures of a camera count what the definitions say, at the border of each number."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_scenes import SIZE, even_timeline, faces_at
from inyourarea.core import camera_measures as measures
from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import FACE, FULL
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State
from inyourarea.core.windows import CameraPath

TALL = Composition(FULL, SIZE, Fraction(9, 16))


def windows_at(x: object, y: object = 500.0, width: object = 360.0, frames: int = 60) -> np.ndarray:
    """Windows of aspect 9:16 (frames, 4) around these centres."""
    x, y, width = (np.broadcast_to(np.asarray(v, dtype=float), frames) for v in (x, y, width))
    half = np.stack([width / 2, width * 8 / 9], axis=1)
    centre = np.stack([x, y], axis=1)
    return np.concatenate([centre - half, centre + half], axis=1)


def none(frames: int = 60) -> np.ndarray:
    starts = np.zeros(frames, dtype=bool)
    starts[0] = True
    return starts


def test_speed_is_in_widths_per_thirtieth_of_a_second_whatever_the_frame_rate() -> None:
    for fps in (10, 30, 60):
        windows = windows_at(300 + np.arange(60) * 36 * 30 / fps)
        speeds = measures.speeds(windows, even_timeline(60, fps), none())
        assert np.isnan(speeds[0])
        assert np.allclose(speeds[1:], 0.1)


def test_a_steady_pan_over_uneven_frames_has_no_acceleration() -> None:
    pts = np.cumsum(np.random.default_rng(1).integers(200, 900, 60))
    timeline = Timeline(pts.astype(np.int64), Fraction(1, 15360))
    windows = windows_at(300 + 200 * timeline.seconds)
    changes = measures.accelerations(windows, timeline, none())
    assert np.isnan(changes[[0, 1, -1]]).sum() >= 2
    assert np.nanmax(changes) < 1e-9


def test_acceleration_is_the_change_of_speed_per_thirtieth() -> None:
    steps = np.arange(60) * 0.01 * 360
    windows = windows_at(300 + np.cumsum(steps))
    changes = measures.accelerations(windows, even_timeline(60), none())
    assert np.allclose(changes[2:-1], 0.01)


@pytest.mark.parametrize(("move", "is_jump"), [(0.19, False), (0.21, True)])
def test_a_jump_is_more_than_a_fifth_of_the_width(move: float, is_jump: bool) -> None:
    windows = windows_at(np.where(np.arange(60) < 30, 500, 500 + 360 * move))
    assert measures.jumps(windows, none())[30] == is_jump
    assert measures.jumps(windows, none()).sum() == is_jump


@pytest.mark.parametrize(("zoom", "is_jump"), [(1.04, False), (1.06, True), (0.94, True)])
def test_a_jump_is_more_than_five_percent_of_size(zoom: float, is_jump: bool) -> None:
    windows = windows_at(500, width=np.where(np.arange(60) < 30, 300, 300 * zoom))
    assert measures.jumps(windows, none()).sum() == is_jump


def test_at_a_cut_nothing_is_a_jump_nor_has_a_speed() -> None:
    windows = windows_at(np.where(np.arange(60) < 30, 500, 1200))
    starts = measures.shot_starts((Shot(0, 29), Shot(30, 59)), 60)
    assert not measures.jumps(windows, starts).any()
    assert np.nanmax(measures.speeds(windows, even_timeline(60), starts)) == 0


def test_frames_of_absent_shots_count_for_nothing() -> None:
    state = np.where(np.arange(60) < 30, State.OBSERVED, State.ABSENT).astype(np.uint8)
    path = CameraPath("a", "a", windows_at(500), state)
    counted = measures.counted_windows(path)
    assert np.isfinite(counted[:30]).all()
    assert np.isnan(counted[30:]).all()
    moving = replace(path, xyxy=windows_at(300 + 10 * np.arange(60)))
    speeds = measures.speeds(measures.counted_windows(moving), even_timeline(60), none())
    assert np.isnan(speeds[30:]).all()


def test_still_counts_only_while_the_face_stays_within_its_own_width() -> None:
    frames = np.arange(120)
    x = 500 + 60 * np.clip(frames - 60, 0, None)
    faces = faces_at(x.astype(float), 400, 50, 120)
    calm = measures.hardly_moving(faces, even_timeline(120), none(120))
    assert calm[:60].all()
    assert not calm[62:].any()
    windows = windows_at(np.where(frames < 30, 500.0, 500 + 5.0 * (frames - 29)), frames=120)
    share = measures.still_share(windows, faces, even_timeline(120), none(120))
    assert share == pytest.approx(29 / 60, abs=0.03)


def test_less_than_a_second_of_calm_is_no_run() -> None:
    faces = faces_at(500, 400, 50, 29)
    assert not measures.hardly_moving(faces, even_timeline(29), none(29)).any()
    assert measures.hardly_moving(faces_at(500, 400, 50, 32), even_timeline(32), none(32)).all()


def test_a_face_unseen_breaks_the_run() -> None:
    faces = faces_at(500, 400, 50, 60)
    faces[20] = np.nan
    calm = measures.hardly_moving(faces, even_timeline(60), none())
    assert not calm[:21].any()
    assert calm[21:].all()


def test_a_zoom_that_turns_is_a_reversal_and_a_tremble_is_none() -> None:
    seconds = np.arange(60) / 30
    turning = 300 * np.exp(0.2 * np.sin(2 * np.pi * seconds))
    trembling = 300 * np.exp(0.003 * np.sin(20 * np.pi * seconds))
    assert measures.zoom_reversals(windows_at(500, width=turning), none()) == 4
    assert measures.zoom_reversals(windows_at(500, width=trembling), none()) == 0
    per_minute = measures.zoom_reversals_per_minute(
        windows_at(500, width=turning), even_timeline(60), none()
    )
    assert per_minute == pytest.approx(120)


def test_zooming_out_in_one_shot_and_in_in_the_next_is_no_reversal() -> None:
    width = np.where(np.arange(60) < 30, 300 + np.arange(60), 400 - np.arange(60))
    starts = measures.shot_starts((Shot(0, 29), Shot(30, 59)), 60)
    assert measures.zoom_reversals(windows_at(500, width=width), starts) == 0


def test_the_safe_area_is_the_central_width_and_the_widened_band() -> None:
    windows = windows_at(900, 540, 360, 1)
    top, height = windows[0, 1], 640.0
    inside = faces_at(900, top + 0.14 * height, 50, 1)
    low = faces_at(900, top + 0.32 * height, 50, 1)
    aside = faces_at(900 + 0.4 * 360 - 10, top + 0.14 * height, 50, 1)
    assert measures.face_in_safe_area(windows, inside, TALL)[0]
    assert not measures.face_in_safe_area(windows, low, TALL)[0]
    assert not measures.face_in_safe_area(windows, aside, TALL)[0]
    assert measures.face_in_window(windows, aside, TALL)[0]


def test_at_the_frames_edge_only_the_width_counts() -> None:
    windows = np.array([[600.0, 440, 960, 1080]])
    assert measures.face_in_safe_area(windows, faces_at(780, 900, 50, 1), TALL)[0]
    assert not measures.face_in_safe_area(windows, faces_at(620, 900, 50, 1), TALL)[0]


def test_a_face_that_fills_the_window_is_inside_when_its_centre_is() -> None:
    windows = np.array([[600.0, 0, 1207.5, 1080]])
    assert measures.face_in_window(windows, faces_at(1190, 500, 900, 1), TALL)[0]
    assert not measures.face_in_window(windows, faces_at(1300, 500, 900, 1), TALL)[0]


def test_framing_is_kept_within_its_range_or_as_large_as_fits() -> None:
    def kept(face: float, width: float) -> bool:
        windows = windows_at(900, 540, width, 1)
        return bool(measures.framing_kept(windows, faces_at(900, 400, face, 1), TALL)[0])

    assert kept(50, 12 * 50 * 9 / 16)
    assert not kept(50, 10.5 * 50 * 9 / 16)
    assert not kept(50, 13.5 * 50 * 9 / 16)
    assert kept(300, 607.5)
    assert not kept(300, 500)


def test_feet_count_where_they_are_in_the_picture_and_the_window_could_hold_them() -> None:
    faces = faces_at(900, 400, 50, 3)
    bodies = np.array([[860.0, 370, 940, 760], [860, 370, 940, 1080], [860, 70, 940, 760]])
    assert measures.feet_can_show(faces, bodies, TALL).tolist() == [True, False, False]
    windows = np.array([[700.0, 300, 1100, 770], [700, 300, 1100, 750], [950, 300, 1300, 770]])
    assert measures.feet_in_window(windows, bodies[[0, 0, 0]]).tolist() == [True, False, False]


def test_others_are_counted_by_their_centres() -> None:
    centres = np.array([[[800.0, 500], [1000, 500], [np.nan, np.nan]]])
    assert measures.others_in_window(windows_at(800, 540, 300, 1), centres).tolist() == [1]


@given(x=st.floats(0, 1500), y=st.floats(0, 900), face=st.floats(20, 80))
def test_what_is_in_the_safe_area_is_in_the_window(x: float, y: float, face: float) -> None:
    windows = np.array([[x, max(0, y - 60), x + 400, max(0, y - 60) + 700]])
    asked = Composition(FACE, SIZE, Fraction(4, 7))
    faces = np.clip(faces_at(x + 200, y + 200, face, 1), 0, [*SIZE, *SIZE])
    if measures.face_in_safe_area(windows, faces, asked)[0]:
        assert measures.face_in_window(windows, faces, asked)[0]
