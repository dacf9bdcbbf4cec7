"""Cuts, dissolves and wipes are found; what light and camera do is none.

The pictures are made of noise that is smooth over a few thumbnail pixels: a textured world seen
through a window, with people as patches of another noise that wander before it.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.track.shots import find_shots

HEIGHT, WIDTH = 36, 64
#: Dances that exchanges are looked for in, of which one does in a hurry.
DANCES = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]


def world(seed):
    """A picture larger than the thumbnail, grey 40..200, (80, 160)."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((80, 160)), 1.5)
    return 120 + 80 * np.clip(noise / noise.std() / 2, -1, 1)


def scene(seed, frames, pan=0.0, zoom=0.0, shake=0.0, people=3):
    """Thumbnails float (frames, 36, 64) of one shot; ``pan`` in thumbnail pixels a frame."""
    rng = np.random.default_rng([seed, 7])
    ground, dresses = world(seed), [world([seed, who])[:10, :6] for who in range(people)]
    starts, paces = rng.uniform(0.2, 0.8, people), rng.uniform(-0.3, 0.3, people)
    pictures = []
    for frame in range(frames):
        scale = np.exp(zoom * frame)
        across = (np.arange(WIDTH) - 32) / scale + 80 + pan * frame
        down = (np.arange(HEIGHT) - 18) / scale + 40
        if shake:
            across, down = across + rng.normal(0, shake), down + rng.normal(0, shake)
        grid = np.meshgrid(down, across, indexing="ij")
        picture = map_coordinates(ground, grid, order=1, mode="reflect")
        for dress, start, pace in zip(dresses, starts, paces, strict=True):
            left = int(np.clip(start * WIDTH + pace * frame, 0, WIDTH - 6))
            picture[20:30, left : left + 6] = dress
        pictures.append(picture)
    return np.array(pictures)


def shots_of(pictures, step=1001, people=None):
    """What is found in thumbnails with a little grain; kinds and first frames.

    ``step`` is from each frame to the next, 1/30000 s; ``people`` is what they tell of a change of
    pictures all along.
    """
    grain = np.random.default_rng(0).normal(0, 0.7, pictures.shape)
    frames = len(pictures)
    signals = Signals(
        pts=np.cumsum(np.broadcast_to(step, frames), dtype=np.int64),
        thumbnail=np.clip(pictures + grain, 0, 255).astype(np.uint8),
        histogram=np.full((frames, 48), 1 / 16, dtype=np.float32),
        motion=np.zeros((frames, 4), dtype=np.float32),
    )
    told = None if people is None else np.full(frames, people)
    shots = find_shots(signals, Timeline(signals.pts, Fraction(1, 30000)), told)
    assert [shot.first_frame for shot in shots[1:]] == [shot.last_frame + 1 for shot in shots[:-1]]
    assert (shots[0].first_frame, shots[-1].last_frame) == (0, frames - 1)
    return [(shot.kind, shot.first_frame) for shot in shots]


def dance(seed, frames):
    """Thumbnails of a shot that four dancers nearly fill; they sway by their own width."""
    rng = np.random.default_rng([seed, 11])
    pictures = scene(seed, frames, people=0)
    for who in range(4):
        dress = world([seed, who, 1])[:30, :14]
        pace, phase = rng.uniform(0.25, 0.4), rng.uniform(0, 6.28)
        for frame, picture in enumerate(pictures):
            left = int(16 * who + 8 * np.sin(pace * frame + phase))
            place = slice(max(0, left), min(WIDTH, left + 14))
            picture[6:36, place] = dress[:, place.start - left : place.stop - left]
    return pictures


def from_side(side, length, frames=150):
    """Whether the new picture is shown, bool (frames, 36, 64): a wipe half way at the middle."""
    x, y = np.arange(WIDTH) / WIDTH, np.arange(HEIGHT) / HEIGHT
    way = {"left": x, "right": 1 - x, "top": y[:, None], "bottom": 1 - y[:, None]}[side]
    weights = (np.arange(frames) - frames / 2 + length / 2 + 0.5) / length
    return np.broadcast_to(way, (HEIGHT, WIDTH))[None] < weights[:, None, None]


def mixed(before, after, weights, is_wipe=False):
    """One picture turning into another; a wipe comes from the left."""
    if is_wipe:
        edge = weights[:, None, None] * WIDTH > np.arange(WIDTH)[None, None, :]
        return np.where(edge, after, before)
    return before + weights[:, None, None] * (after - before)


def test_one_picture_all_along_is_one_shot():
    assert shots_of(scene(1, 90)) == [("cut", 0)]


def test_a_single_frame_is_one_shot():
    assert shots_of(scene(1, 1)) == [("cut", 0)]


def test_a_black_video_is_one_shot():
    assert shots_of(np.full((40, HEIGHT, WIDTH), 16.0)) == [("cut", 0)]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(20, 70))
def test_every_cut_is_found_at_its_frame(seed, at):
    pictures = np.concatenate([scene(seed, at), scene(seed + 1, 90 - at)])
    assert shots_of(pictures) == [("cut", 0), ("cut", at)]


def test_cuts_are_found_at_any_frame_rate():
    pictures = np.concatenate([scene(1, 20), scene(2, 20), scene(3, 20)])
    for step in (500, 1001, 2500):
        assert shots_of(pictures, step) == [("cut", 0), ("cut", 20), ("cut", 40)]


@pytest.mark.parametrize("is_wipe", [False, True], ids=["dissolve", "wipe"])
@pytest.mark.parametrize("length", [6, 12, 20, 30])
def test_a_slow_exchange_is_found_in_its_middle(is_wipe, length):
    weights = np.clip((np.arange(150) - 75 + length / 2 + 0.5) / length, 0, 1)
    pictures = mixed(scene(3, 150), scene(4, 150), weights, is_wipe)
    (_, (kind, first)) = shots_of(pictures)
    assert kind == "dissolve" or length <= 6  # so short a one may pass for a cut
    assert abs(first - 75) <= 1


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("length", [8, 15, 27])
@pytest.mark.parametrize("seed", DANCES)
def test_a_wipe_from_any_side_is_found_among_lively_dancers(side, length, seed):
    pictures = np.where(from_side(side, length), dance(seed + 50, 150), dance(seed, 150))
    (_, (kind, first)) = shots_of(pictures)
    assert kind == "dissolve"
    assert abs(first - 75) <= 8  # a quarter of a second


@pytest.mark.parametrize("length", [8, 15, 27])
@pytest.mark.parametrize("seed", DANCES)
def test_a_dissolve_is_found_among_lively_dancers(length, seed):
    weights = np.clip((np.arange(150) - 75 + length / 2 + 0.5) / length, 0, 1)
    (_, (kind, first)) = shots_of(mixed(dance(seed, 150), dance(seed + 50, 150), weights))
    assert kind == "dissolve"
    assert abs(first - 75) <= 2


def test_a_dim_dissolve_is_believed_where_all_leave_and_not_where_all_stay():
    weights = np.clip((np.arange(150) - 75 + 20.5) / 26, 0, 1)
    dim = 16 + 0.25 * mixed(dance(2, 150), dance(52, 150), weights)
    dim[:, 30:34, 10:54] = 1.7 * world(5)[:4, :44]  # a caption
    assert shots_of(dim, people=-2.5) == [("cut", 0)]
    (_, (kind, first)) = shots_of(dim, people=2.5)
    assert kind == "dissolve"
    assert abs(first - 68) <= 2


@pytest.mark.slow
def test_a_new_shot_begins_in_the_frame_that_shows_more_of_it():
    off = []
    for seed, middle in product(range(3, 9), range(73, 76)):
        weights = np.clip((np.arange(150) - middle + 6.5) / 12, 0, 1)
        (_, (_, first)) = shots_of(mixed(scene(seed, 150), scene(seed + 20, 150), weights))
        off.append(abs(first - middle))
    assert max(off) <= 1
    assert np.mean(off) < 0.4


@pytest.mark.parametrize("fps", [24, 25, 50, 60])
@pytest.mark.parametrize("is_wipe", [False, True], ids=["dissolve", "wipe"])
def test_a_slow_exchange_is_found_at_any_frame_rate(fps, is_wipe):
    frames, length = 5 * fps, fps / 2
    weights = np.clip((np.arange(frames) - frames / 2 + length / 2 + 0.5) / length, 0, 1)
    pictures = mixed(scene(3, frames), scene(4, frames), weights, is_wipe)
    (_, (kind, first)) = shots_of(pictures, round(30000 / fps))
    assert kind == "dissolve"
    assert abs(first - frames / 2) <= fps / 6


def test_quick_cuts_at_a_low_frame_rate_are_found_behind_a_high_one():
    quick = np.concatenate([scene(3 + number % 2, 5) for number in range(12)])
    pictures = np.concatenate([scene(3, 130), quick])
    steps = np.repeat([500, 6000], [130, 60])  # 60 frames a second, then 5
    expected = [("cut", first) for first in range(5, 60, 5)]
    assert shots_of(quick, 6000) == [("cut", 0), *expected]
    assert shots_of(pictures, steps) == [("cut", 0), *((kind, 130 + at) for kind, at in expected)]


def test_flashes_at_a_high_frame_rate_make_no_shot_behind_a_low_one():
    pictures = scene(3, 440)
    for first in range(280, 440, 40):
        pictures[first : first + 4] = world(4)[:HEIGHT, :WIDTH]  # 67 ms
    assert shots_of(pictures, np.repeat([1000, 500], [240, 200])) == [("cut", 0)]


def test_a_film_of_long_and_short_frames_by_turns_has_one_frame_rate():
    pictures = scene(3, 300)
    for first in range(20, 290, 30):
        pictures[first : first + 3] = world(4)[:HEIGHT, :WIDTH]  # 117 or 133 ms
    assert shots_of(pictures, np.tile([1502, 1001], 150)) == [("cut", 0)]


def test_frames_nearer_than_in_any_slow_motion_are_looked_at_as_slow_motion():
    pictures = np.concatenate([scene(1, 50), scene(2, 50), scene(1, 50)])
    for step in (125, 30, 1):  # 240 frames a second, 1,000, 30,000
        assert shots_of(pictures, step) == [("cut", 0), ("cut", 50), ("cut", 100)]


def test_lively_dancers_make_no_shot():
    for seed in range(8):
        assert shots_of(dance(seed, 150)) == [("cut", 0)]


def test_a_caption_that_stays_hides_no_dissolve():
    weights = np.clip((np.arange(150) - 65) / 20, 0, 1)
    pictures = mixed(scene(3, 150), scene(4, 150), weights)
    pictures[:, 31:34, 16:48] = np.where(np.arange(32) % 3, 235, 40)
    (_, (kind, first)) = shots_of(pictures)
    assert kind == "dissolve"
    assert abs(first - 75) <= 5


@pytest.mark.parametrize(
    "middle", [1024, *(pytest.param(frame, marks=pytest.mark.slow) for frame in (1015, 1033))]
)
def test_a_slow_exchange_between_two_stretches_is_found_once(middle):
    weights = np.clip((np.arange(1200) - middle + 10.5) / 20, 0, 1)
    (_, (kind, first)) = shots_of(mixed(scene(3, 1200), scene(4, 1200), weights))
    assert kind == "dissolve"
    assert abs(first - middle) <= 5


def flash(pictures):
    pictures[40:43] += np.array([200, 110, 50])[:, None, None]


def white_out(pictures):
    pictures[40:44] = 255


def strobe(pictures):
    lit = (np.arange(len(pictures)) * 8 / 29.97) % 1 < 0.5
    pictures[20:80] *= np.where(lit, 1.2, 0.35)[20:80, None, None]


def blackout_strobe(pictures):
    lit = (np.arange(len(pictures)) * 8 / 29.97) % 1 < 0.5
    pictures[20:80] = np.where(lit[20:80, None, None], pictures[20:80], 16)


def dimming(pictures):
    pictures *= np.linspace(1, 0.25, len(pictures))[:, None, None]


def wash(pictures):
    pictures[50:] *= np.linspace(0.4, 1.2, WIDTH)[None, None, :]


def bars_over_dancers_that_go(pictures):
    pictures[:] = dance(9, len(pictures))
    pictures[:45, :4], pictures[:45, -4:] = 16, 16


def bars_that_go(pictures):
    pictures[:45, :4], pictures[:45, -4:] = 16, 16


@pytest.mark.parametrize(
    "light",
    [
        flash,
        white_out,
        strobe,
        blackout_strobe,
        dimming,
        wash,
        bars_that_go,
        bars_over_dancers_that_go,
    ],
)
def test_light_makes_no_shot(light):
    for seed in range(4):
        pictures = scene(seed, 100)
        light(pictures)
        assert shots_of(pictures) == [("cut", 0)]


@pytest.mark.parametrize(
    "camera",
    [{"pan": 0.7}, {"zoom": 0.008}, {"shake": 0.6}, {"pan": -0.4, "zoom": -0.004, "shake": 0.3}],
    ids=["pan", "zoom", "hand", "all"],
)
def test_a_moving_camera_makes_no_shot(camera):
    for seed in range(4):
        assert shots_of(scene(seed, 90, **camera)) == [("cut", 0)]


def test_a_flash_on_a_cut_leaves_one_cut():
    pictures = np.concatenate([scene(5, 50), scene(6, 50)])
    pictures[50:53] += np.array([200, 110, 50])[:, None, None]
    assert shots_of(pictures) == [("cut", 0), ("cut", 50)]


def test_a_dip_to_black_is_one_boundary_in_the_black():
    pictures = np.concatenate([scene(5, 60), scene(6, 60)])
    pictures *= np.clip(np.abs(np.arange(120) - 59.5) / 15 - 0.4, 0, 1)[:, None, None]
    (_, (_, first)) = shots_of(pictures)
    assert abs(first - 60) <= 6


@pytest.mark.parametrize("first", [600, 930, 1000])
def test_a_boundary_in_a_long_black_is_found_wherever_the_black_lies(first):
    black = np.full((170, HEIGHT, WIDTH), 16.0)
    pictures = np.concatenate([scene(5, first), black, scene(6, 1130 - first)])
    assert shots_of(pictures) == [("cut", 0), ("cut", first + 85)]


def test_a_video_longer_than_a_stretch_is_found_alike_throughout():
    pictures = np.concatenate([scene(seed % 9, 110) for seed in range(24)])
    expected = [("cut", 110 * number) for number in range(24)]
    assert shots_of(pictures) == expected


def test_asked_twice_it_answers_the_same():
    pictures = mixed(scene(3, 120), scene(4, 120), np.linspace(-3, 4, 120).clip(0, 1))
    assert shots_of(pictures) == shots_of(pictures)
