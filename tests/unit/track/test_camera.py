"""The camera holds the member as the framing asks, and moves like somebody with a tripod."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_scenes import (
    SIZE,
    even_timeline,
    faces_at,
    jittered,
    person,
    stage,
    without,
)
from inyourarea.core import camera_measures as measures
from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import FACE, FRAMINGS, FULL, UPPER, Framing
from inyourarea.core.picture import Picture, parse_aspect, parse_size
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Tracks
from inyourarea.core.windows import QUANTUM_PX
from inyourarea.track.camera import plan_cameras
from inyourarea.track.standpoint import Standpoint

TALL = parse_aspect("9:16")
PICTURES = [parse_aspect(text) for text in ("9:16", "4:5", "1:1", "16:9")] + [parse_size("200x630")]
SECOND = 30


def windows_of(tracks: Tracks, framing: Framing = FULL, picture: Picture = TALL) -> np.ndarray:
    return plan_cameras(tracks, framing, picture)[0].xyxy


def sides(windows: np.ndarray) -> np.ndarray:
    return windows[:, 2:] - windows[:, :2]


def middles(windows: np.ndarray) -> np.ndarray:
    return (windows[:, :2] + windows[:, 2:]) / 2


def starts_of(tracks: Tracks) -> np.ndarray:
    return measures.shot_starts(tracks.shots, len(tracks.timeline))


def test_somebody_who_stands_is_shown_head_to_toe_by_a_window_that_stands() -> None:
    faces = jittered(faces_at(900, 400, 50, 90))
    windows = windows_of(stage(person("a", faces)))
    assert np.all(windows == windows[0])
    height = sides(windows)[0, 1]
    assert 11 * 50 <= height <= 13 * 50
    assert 0.08 <= (400 - windows[0, 1]) / height <= 0.20
    assert windows[0, 0] + 0.1 * 340 < 880
    assert windows[0, 2] - 0.1 * 340 > 920


@pytest.mark.parametrize("framing", [FULL, UPPER, FACE])
def test_every_framing_has_its_height_and_its_place_for_the_face(framing: Framing) -> None:
    faces = jittered(faces_at(900, 500, 60, 90))
    windows = windows_of(stage(person("a", faces)), framing)
    low, high = framing.height
    assert np.all((low * 60 <= sides(windows)[:, 1]) & (sides(windows)[:, 1] <= high * 60))
    place = (500 - windows[:, 1]) / sides(windows)[:, 1]
    assert np.all((framing.face_band[0] - 0.01 <= place) & (place <= framing.face_band[1] + 0.01))


def test_steps_on_the_spot_do_not_move_the_window() -> None:
    beat = np.sin(2 * np.pi * 2 * np.arange(150) / 30)
    faces = jittered(faces_at(900 + 30 * beat, 400 + 12 * np.abs(beat), 50, 150))
    windows = windows_of(stage(person("a", faces)))
    assert np.ptp(middles(windows), axis=0).max() < 0.5


def test_who_crosses_the_stage_is_followed_without_a_lurch() -> None:
    way = np.clip((np.arange(240) - 60) / 90, 0, 1)
    faces = faces_at(400 + 900 * way**2 * (3 - 2 * way), 400, 50, 240)
    tracks = stage(person("a", jittered(faces)))
    windows = windows_of(tracks)
    starts, asked = starts_of(tracks), Composition(FULL, SIZE, TALL.aspect)
    assert measures.face_in_safe_area(windows, faces, asked).all()
    assert measures.framing_kept(windows, faces, asked).all()
    speeds = measures.speeds(windows, tracks.timeline, starts)
    assert measures.percentile(speeds, 95) <= 0.06
    changes = measures.accelerations(windows, tracks.timeline, starts)
    assert measures.percentile(changes, 95) <= 0.017
    assert measures.still(windows, starts)[1:31].all()
    assert measures.still(windows, starts)[-30:].all()


def test_boxes_that_breathe_do_not_make_the_zoom_breathe() -> None:
    faces = jittered(faces_at(900, 400, 50, 300), share=0.05)
    tracks = stage(person("a", faces))
    windows = windows_of(tracks)
    assert measures.zoom_reversals(windows, starts_of(tracks)) == 0
    assert np.ptp(sides(windows)[:, 1]) < 0.03 * sides(windows)[0, 1]


def test_a_zoom_of_the_source_is_followed_in_one_go() -> None:
    height = 40 * np.exp(np.clip((np.arange(180) - 30) / 120, 0, 1) * np.log(1.8))
    faces = faces_at(900, 400, height, 180)
    tracks = stage(person("a", jittered(faces)))
    windows = windows_of(tracks)
    asked = Composition(FULL, SIZE, TALL.aspect)
    assert measures.share(measures.framing_kept(windows, faces, asked), np.ones(180, bool)) >= 0.95
    assert measures.zoom_reversals(windows, starts_of(tracks)) == 0


def test_a_zoom_in_and_back_keeps_its_framing_where_the_source_camera_is_known() -> None:
    zoom = np.exp(0.6 * np.sin(np.pi * np.arange(240) / 239) ** 4)
    faces = faces_at(900, 400, 40 * zoom, 240)
    tracks = stage(person("a", jittered(faces)))
    standpoint = Standpoint(zoom**0.8, np.zeros((240, 2)))  # Part of a zoom is not noticed.
    windows = plan_cameras(tracks, FULL, TALL, standpoint)[0].xyxy
    kept = measures.framing_kept(windows, faces, Composition(FULL, SIZE, TALL.aspect))
    assert kept.mean() >= 0.95


def test_the_window_changes_while_she_walks_and_stands_while_she_stands() -> None:
    way = np.clip((np.arange(240) - 20) / 80, 0, 1) + np.clip((np.arange(240) - 160) / 60, 0, 1)
    zoom = np.exp(0.3 * np.arange(240) / 239)
    faces = faces_at(500 + 350 * way, 400, 40 * zoom, 240)
    tracks = stage(person("a", jittered(faces)))
    windows = plan_cameras(tracks, FULL, TALL, Standpoint(zoom, np.zeros((240, 2))))[0].xyxy
    assert measures.still(windows, starts_of(tracks))[105:155].all()
    assert measures.framing_kept(windows, faces, Composition(FULL, SIZE, TALL.aspect)).all()


def test_somebody_unseen_is_held_while_the_source_camera_looks_aside_and_back() -> None:
    aside = np.zeros(150)
    aside[50:100] = 300 * np.sin(np.pi * np.arange(50) / 50) ** 2
    faces = faces_at(900 + aside, 400, 50, 150)
    tracks = stage(without(person("a", jittered(faces)), slice(52, 98), State.OPEN))
    standpoint = Standpoint(np.ones(150), np.stack([aside, np.zeros(150)], axis=1))
    windows = plan_cameras(tracks, FULL, TALL, standpoint)[0].xyxy
    assert measures.face_in_window(windows, faces, Composition(FULL, SIZE, TALL.aspect)).all()


def test_looking_at_every_other_frame_does_not_widen_a_narrow_picture() -> None:
    faces = faces_at(900, 500, 60, 90)
    every_other = np.arange(90) % 2 == 1
    track = person("a", faces)
    track = replace(
        track,
        state=np.where(every_other, State.FILLED, State.OBSERVED).astype(np.uint8),
        reason=np.where(every_other, Reason.STRIDE, Reason.NONE).astype(np.uint8),
    )
    narrow = parse_size("200x630")
    windows = windows_of(stage(track), FACE, narrow)
    assert measures.framing_kept(windows, faces, Composition(FACE, SIZE, narrow.aspect)).all()


def test_a_narrow_window_keeps_up_with_whoever_runs_just_under_a_jump() -> None:
    picture = parse_size("200x630")
    step = 0.172 * 6.65 * 40 * float(picture.aspect)
    faces = faces_at(300 + step * np.arange(90), 400, 40, 90)
    windows = windows_of(stage(person("a", faces)), UPPER, picture)
    assert measures.face_in_window(windows, faces, Composition(UPPER, SIZE, picture.aspect)).all()
    assert not measures.jumps(windows, measures.shot_starts((Shot(0, 89),), 90)).any()


def test_a_close_up_gets_the_largest_window() -> None:
    windows = windows_of(stage(person("a", jittered(faces_at(900, 400, 300, 60)))))
    assert np.allclose(sides(windows), [607.5, 1080], atol=QUANTUM_PX)


def test_a_small_face_gets_the_roomy_end_of_the_framing_for_sharpness() -> None:
    height = sides(windows_of(stage(person("a", faces_at(900, 400, 24, 60)))))[0, 1]
    assert 12.1 * 24 <= height <= 12.8 * 24


def test_who_is_nowhere_in_a_shot_is_shown_by_the_whole_frame() -> None:
    shots = (Shot(0, 59), Shot(60, 119))
    track = without(person("a", faces_at(900, 400, 50, 120)), slice(60, 120), State.ABSENT)
    path = plan_cameras(stage(track, shots=shots), FULL, TALL)[0]
    assert np.all(path.state[:60] == State.OBSERVED)
    assert np.all(path.state[60:] == State.ABSENT)
    assert np.all(path.xyxy[60:] == [0, 0, *SIZE])


def test_a_shot_in_which_nothing_is_known_counts_as_absent() -> None:
    track = without(person("a", faces_at(900, 400, 50, 60)), slice(0, 60), State.OPEN)
    path = plan_cameras(stage(track), FULL, TALL)[0]
    assert np.all(path.state == State.ABSENT)
    assert np.all(path.xyxy == [0, 0, *SIZE])


def test_the_window_jumps_at_a_cut_and_only_there() -> None:
    x = np.where(np.arange(120) < 60, 500.0, 1400.0)
    tracks = stage(person("a", faces_at(x, 400, 50, 120)), shots=(Shot(0, 59), Shot(60, 119)))
    windows = windows_of(tracks)
    assert not measures.jumps(windows, starts_of(tracks)).any()
    assert middles(windows)[60, 0] - middles(windows)[59, 0] > 800


def test_nothing_of_one_shot_shows_in_the_windows_of_another() -> None:
    shots = (Shot(0, 59), Shot(60, 119), Shot(120, 179))
    frames = np.arange(180)
    one = person("a", jittered(faces_at(600 + 2 * frames, 400, 50, 180), seed=1))
    two = person("b", jittered(faces_at(900 - frames, 420, 60, 180), seed=2))
    before = plan_cameras(stage(one, two, shots=shots), FULL, TALL)
    moved = one.xyxy.copy()
    moved[60:120] += 137
    gone = without(replace(one, xyxy=moved), slice(80, 120), State.OPEN)
    after = plan_cameras(stage(gone, two, shots=shots), FULL, TALL)
    assert before[0].xyxy[:60].tobytes() == after[0].xyxy[:60].tobytes()
    assert before[0].xyxy[120:].tobytes() == after[0].xyxy[120:].tobytes()
    assert before[1].xyxy.tobytes() == after[1].xyxy.tobytes()
    assert before[0].xyxy[60:120].tobytes() != after[0].xyxy[60:120].tobytes()


def test_the_same_tracks_give_the_same_bytes() -> None:
    frames = np.arange(200)
    tracks = stage(person("a", jittered(faces_at(500 + 3 * frames, 400, 50, 200))))
    assert windows_of(tracks).tobytes() == windows_of(tracks).tobytes()


def test_unseen_for_long_the_window_holds_then_eases_wider_until_she_is_back() -> None:
    track = without(person("a", faces_at(900, 400, 50, 330)), slice(90, 240), State.OPEN)
    tracks = stage(track)
    windows = windows_of(tracks)
    height = sides(windows)[:, 1]
    assert np.all(height[:100] <= 13 * 50)
    assert height[165] > 1.3 * height[60]
    assert np.all(height[245:] <= 13.2 * 50)
    assert np.abs(middles(windows)[:, 0] - 900).max() < 100
    assert not measures.jumps(windows, starts_of(tracks)).any()


def test_who_walks_out_is_held_for_a_second_and_then_those_who_are_left_are_shown() -> None:
    frames = np.arange(240)
    x = 1700 + 8.0 * frames
    faces = faces_at(x, 400, 50, 240)
    faces[x > 1900] = np.nan
    others = [person(name, faces_at(at, 400, 50, 240)) for name, at in (("b", 500), ("c", 700))]
    tracks = stage(person("a", faces), *others)
    windows = windows_of(tracks)
    assert windows[25 + SECOND // 2, 2] > 1880
    assert sides(windows)[-1, 1] > 1000
    assert windows[-1, 0] < 500
    assert windows[-1, 2] > 700
    assert not measures.jumps(windows, starts_of(tracks)).any()


def test_who_comes_in_again_finds_the_window_waiting() -> None:
    frames = np.arange(270)
    x = np.where(frames < 135, 1700 + 8.0 * frames, 20 + 8.0 * (frames - 210))
    faces = faces_at(x, 400, 50, 270)
    faces[(x > 1900) | (x < 20)] = np.nan
    others = [person(name, faces_at(at, 400, 50, 270)) for name, at in (("b", 1100), ("c", 1300))]
    windows = windows_of(stage(person("a", faces), *others))
    back = 210
    assert windows[back - 75, 0] > 300
    assert np.all(windows[back - 5 : back + 5, 0] == 0)
    asked = Composition(FULL, SIZE, TALL.aspect)
    assert measures.face_in_window(windows, faces, asked)[back:].all()


def test_at_the_pictures_side_the_window_stands_at_the_very_edge() -> None:
    faces = jittered(faces_at(1890, 400, 50, 90))
    assert np.all(windows_of(stage(person("a", faces)))[:, 2] == SIZE[0])


def test_somebody_unseen_is_thought_to_go_where_all_the_others_go() -> None:
    way = 260 * np.sin(np.pi * np.clip((np.arange(150) - 40) / 70, 0, 1))
    faces = faces_at(900 + way, 400, 50, 150)
    track = without(person("a", faces), slice(40, 110), State.OPEN)
    others = [
        person(name, faces_at(at + way, 400, 50, 150))
        for name, at in (("b", 500), ("c", 1100), ("d", 1400))
    ]
    asked = Composition(FULL, SIZE, TALL.aspect)
    windows = windows_of(stage(track, *others))
    assert measures.face_in_window(windows, faces, asked).all()
    alone = windows_of(stage(track))
    assert not measures.face_in_window(alone, faces, asked).all()


def test_a_cut_that_nobody_found_is_not_taken_for_a_step_of_all() -> None:
    cut = np.where(np.arange(120) < 110, 0.0, 500.0)
    track = without(person("a", faces_at(900, 400, 50, 120)), slice(90, 120), State.OPEN)
    others = [
        person(name, faces_at(at + cut, 400, 50, 120))
        for name, at in (("b", 300), ("c", 600), ("d", 1200))
    ]
    windows = windows_of(stage(track, *others))
    assert np.ptp(middles(windows)[:, 0]) < 60


def test_a_head_unseen_at_a_shots_end_does_not_widen_what_went_before() -> None:
    faces = faces_at(900, 400, 50, 240)
    track = without(person("a", faces), slice(150, 240), State.OPEN)
    windows = windows_of(stage(track))
    asked = Composition(FULL, SIZE, TALL.aspect)
    assert measures.framing_kept(windows, faces, asked)[:150].all()
    assert sides(windows)[-1, 1] > sides(windows)[0, 1]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.label)
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (320, 180), (64, 64)], ids=str)
@pytest.mark.parametrize("framing", list(FRAMINGS.values()), ids=lambda framing: framing.name)
def test_every_shape_of_window_fits_into_every_frame(
    framing: Framing, size: tuple[int, int], picture: Picture
) -> None:
    frames = np.arange(90)
    x = size[0] * (0.5 + 0.45 * np.sin(frames / 12))
    faces = np.clip(faces_at(x, size[1] * 0.4, size[1] / 15, 90), 0, [*size, *size])
    windows = windows_of(stage(person("a", faces), size=size), framing, picture)
    assert np.all(windows[:, :2] >= 0)
    assert np.all(windows[:, 2:] <= size)
    across, down = sides(windows).T
    assert np.all(np.abs(across - down * float(picture.aspect)) <= 4 * QUANTUM_PX)
    assert np.all(windows % QUANTUM_PX == 0)


def test_frames_of_uneven_length_are_followed_without_a_jump() -> None:
    steps = np.concatenate([np.full(60, 10), np.full(16, 38), [400], np.full(60, 10)])
    timeline = Timeline(np.concatenate([[0], np.cumsum(steps)]).astype(np.int64), Fraction(1, 300))
    seconds = timeline.seconds
    faces = faces_at(400 + 120 * seconds, 400, 50, len(timeline))
    tracks = stage(person("a", jittered(faces)), timeline=timeline)
    windows = windows_of(tracks)
    assert not measures.jumps(windows, starts_of(tracks)).any()
    asked = Composition(FULL, SIZE, TALL.aspect)
    assert measures.share(measures.face_in_window(windows, faces, asked), np.ones(138, bool)) > 0.97


def test_frames_however_near_to_each_other_have_windows() -> None:
    timeline = Timeline(np.arange(30, dtype=np.int64), Fraction(1, 10**12))
    tracks = stage(person("a", jittered(faces_at(900, 400, 50, 30))), timeline=timeline)
    windows = windows_of(tracks)
    assert np.all((windows[:, 0] < 900) & (windows[:, 2] > 900))


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_shot_of_a_frame_or_two_has_windows(frames: int) -> None:
    windows = windows_of(stage(person("a", faces_at(900, 400, 50, frames))))
    assert np.all(np.abs(sides(windows)[:, 1] - 600) <= 50)


def test_a_turned_head_stays_in_the_window_while_it_is_only_followed() -> None:
    frames = np.arange(180)
    way = np.clip((frames - 60) / 60, 0, 1)
    faces = faces_at(700 + 250 * way, 400, 50, 180)
    guess = faces_at(
        700 + 250 * way + 20 * np.sin(frames / 9) * (way > 0) * (way < 1), 400, 50, 180
    )
    track = person("a", guess)
    state = track.state.copy()
    state[60:120] = State.FOLLOWED
    windows = windows_of(stage(replace(track, state=state)))
    asked = Composition(FULL, SIZE, TALL.aspect)
    assert measures.face_in_window(windows, faces, asked).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), picture=st.sampled_from(PICTURES))
def test_whatever_people_do_windows_stay_inside_and_jump_at_cuts_only(
    seed: int, picture: Picture
) -> None:
    tracks = wild_stage(np.random.default_rng(seed))
    for path, track in zip(plan_cameras(tracks, FULL, picture), tracks.people, strict=True):
        assert np.all(path.xyxy[:, :2] >= 0)
        assert np.all(path.xyxy[:, 2:] <= SIZE)
        assert not measures.jumps(path.xyxy, starts_of(tracks)).any()
        absent = path.state == State.ABSENT
        assert np.all(path.xyxy[absent] == [0, 0, *SIZE])
        assert np.all(track.has_box[absent] == 0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    height=st.floats(24, 80),
    step_heights=st.floats(0, 1.2),
    picture=st.sampled_from(PICTURES),
)
def test_a_dancer_away_from_the_edges_is_always_in_the_safe_area(
    seed: int, height: float, step_heights: float, picture: Picture
) -> None:
    rng = np.random.default_rng(seed)
    seconds = np.arange(120) / 30
    sway = step_heights * height * np.sin(2 * np.pi * rng.uniform(0.3, 1) * seconds)
    faces = faces_at(rng.uniform(700, 1200) + sway, rng.uniform(250, 400), height, 120)
    windows = windows_of(stage(person("a", jittered(faces))), FULL, picture)
    asked = Composition(FULL, SIZE, picture.aspect)
    assert measures.face_in_safe_area(windows, faces, asked).all()


def wild_stage(rng: np.random.Generator) -> Tracks:
    """Two people who run, leap, grow and vanish as no dancer does, in two shots at an odd rate."""
    frames, cut = 80, int(rng.integers(2, 78))
    people = []
    for name in "ab":
        knots = rng.uniform(0, 1, (3, 9)) * np.array([[1920], [1080], [np.log(25)]])
        at = np.linspace(0, 8, frames)
        x, y, size = (np.interp(at, np.arange(9), row) for row in knots)
        faces = np.clip(faces_at(x, y, 16 * np.exp(size), frames), 0, [*SIZE, *SIZE])
        faces[rng.random(frames) < 0.3] = np.nan
        empty = faces[:, 2] - faces[:, 0] < 2
        faces[empty] = np.nan
        track = person(name, faces)
        for shot in (slice(0, cut), slice(cut, frames)):
            if not track.has_box[shot].any():
                track = without(track, shot, State.ABSENT)
        people.append(track)
    timeline = even_timeline(frames, int(rng.choice([5, 12, 30, 60])))
    return stage(*people, shots=(Shot(0, cut - 1), Shot(cut, frames - 1)), timeline=timeline)
