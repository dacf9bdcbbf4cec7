"""The crop is the ideal one: at any place to the sub-pixel, larger and smaller, luma and chroma."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footage import Floats, as_bytes, ideal_crop, planes_of, ssim, stage
from inyourarea.render.crop import Canvas, crop
from inyourarea.render.resample import Scratch
from inyourarea.runtime.source import Planes

#: What 8-bit samples between exact weights may be off, in steps of a sample.
ROUNDING = 1.0


def cropped(frame: Planes, window: tuple[float, ...], size: tuple[int, int]) -> Canvas:
    canvas = Canvas.blank(*size)
    crop(frame, np.array(window), canvas, Scratch())
    return canvas


def differences(frame: Planes, window: tuple[float, ...], size: tuple[int, int]) -> list[float]:
    ours, ideal = cropped(frame, window, size), ideal_crop(frame, window, size)
    return [
        float(np.abs(plane - np.clip(exact, 0, 255)).max())
        for plane, exact in zip((ours.y, ours.u, ours.v), ideal, strict=True)
    ]


@pytest.mark.parametrize(
    ("window", "size"),
    [
        ((100.3125, 0, 443.3125, 240), (64, 46)),  # wider than high, shrinking
        ((120.5, 31.0625, 184.5, 95.0625), (64, 64)),  # same scale, between samples
        ((120, 32, 184, 96), (64, 64)),  # same scale, on the samples
        ((200.1875, 60.625, 240.1875, 131.7375), (80, 142)),  # almost twice as large
        ((0, 0, 480, 270), (62, 34)),  # the whole frame, much smaller
        ((0, 0, 85.3125, 270), (200, 630)),  # from the corner
        ((394.6875, 0, 480, 270), (200, 630)),  # into the corner
        ((-8.5, -4.25, 40, 149.33), (64, 202)),  # beyond the corner
    ],
)
def test_every_sample_is_that_of_the_ideal_crop(
    window: tuple[float, ...], size: tuple[int, int]
) -> None:
    assert max(differences(stage((480, 270)), window, size)) <= ROUNDING


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_window_in_any_frame_is_cropped_as_ideal(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(17, 150)), data.draw(st.integers(17, 150))
    sides = st.integers(1, 16 * width), st.integers(1, 16 * height)
    across, down = (data.draw(side) / 16 for side in sides)
    left = data.draw(st.integers(0, int(16 * (width - across)))) / 16
    top = data.draw(st.integers(0, int(16 * (height - down)))) / 16
    size = (2 * data.draw(st.integers(8, 60)), 2 * data.draw(st.integers(8, 60)))
    window = (left, top, left + across, top + down)
    assert max(differences(stage((width, height)), window, size)) <= ROUNDING


def test_a_window_on_whole_pixels_at_the_same_scale_is_a_copy() -> None:
    frame = stage((96, 64))
    canvas = cropped(frame, (16, 8, 80, 56), (64, 48))
    assert np.array_equal(canvas.y, frame.y[8:56, 16:80])
    assert np.array_equal(canvas.u, frame.u[4:28, 8:40])
    assert np.array_equal(canvas.v, frame.v[4:28, 8:40])


def test_a_flat_frame_stays_flat_at_every_place_and_scale() -> None:
    flat = Planes(
        0,
        np.full((90, 160), 77, np.uint8),
        np.full((45, 80), 201, np.uint8),
        np.full((45, 80), 13, np.uint8),
    )
    for step in range(16):
        start = step / 16
        canvas = cropped(flat, (start, start, start + 41.5 + step, start + 60 + step), (70, 100))
        assert np.all(canvas.y == 77)
        assert np.all(canvas.u == 201)
        assert np.all(canvas.v == 13)


def centre_of_light(values: Floats) -> float:
    """Where a bright stripe on black lies, as the mean column weighted by light."""
    light = values.mean(axis=0) - values.min()
    return float((light * (np.arange(light.size) + 0.5)).sum() / light.sum())


def stripe(x: Floats, y: Floats) -> Floats:
    return 40 + 150 * np.exp(-(((x - 80.0) / 4) ** 2)) + 0 * y


def test_a_slow_pan_moves_by_its_fraction_of_a_pixel_in_luma_and_chroma() -> None:
    frame = planes_of(stripe, stripe, (160, 60))
    for step in range(33):
        start = 48 + step / 16
        canvas = cropped(frame, (start, 4, start + 64, 52), (64, 48))
        assert centre_of_light(canvas.y.astype(float)) == pytest.approx(80 - start, abs=0.04)
        chroma = centre_of_light(canvas.u.astype(float))
        # Chroma column c lies at luma 2c + 0.5; `centre_of_light` counts from its own edge.
        assert 2 * (chroma - 0.5) + 0.5 == pytest.approx(80 - start, abs=0.06)


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.3, 1.7])
def test_chroma_stays_on_its_luma_at_every_scale(scale: float) -> None:
    frame = planes_of(stripe, stripe, (160, 60))
    size = (2 * round(32 / scale), 2 * round(24 / scale))
    canvas = cropped(frame, (48, 4, 112, 52), size)
    place = (80 - 48) * size[0] / 64
    chroma = centre_of_light(canvas.u.astype(float))
    assert centre_of_light(canvas.y.astype(float)) == pytest.approx(place, abs=0.05)
    assert 2 * (chroma - 0.5) + 0.5 == pytest.approx(place, abs=0.1)


def test_chroma_lies_midway_between_luma_rows() -> None:
    def bar(x: Floats, y: Floats) -> Floats:
        return stripe(y + 50, x)

    canvas = cropped(planes_of(bar, bar, (60, 70)), (4, 2.3125, 52, 65.3125), (40, 52))
    place = (30 - 2.3125) * 52 / 63
    assert centre_of_light(canvas.y.T.astype(float)) == pytest.approx(place, abs=0.05)
    assert 2 * centre_of_light(canvas.u.T.astype(float)) == pytest.approx(place, abs=0.1)


def test_fine_stripes_shrink_to_grey_without_alias() -> None:
    def stripes(x: Floats, y: Floats) -> Floats:
        return 128 + 80 * np.sign(np.sin(np.pi * x)) + 0 * y

    canvas = cropped(planes_of(stripes, stripes, (240, 240)), (0, 0, 240, 240), (140, 140))
    assert canvas.y[:, 6:-6].std() < 4


def test_enlarging_keeps_an_edge_sharper_than_bilinear_does() -> None:
    def edge(x: Floats, y: Floats) -> Floats:
        return np.where(x < 40, 60.0, 180.0) + 0 * y

    canvas = cropped(planes_of(edge, edge, (80, 40)), (20, 0, 60, 40), (80, 80))
    row = canvas.y[40].astype(int)
    assert np.count_nonzero((row > 75) & (row < 165)) <= 2
    assert row.min() >= 60 - 16
    assert row.max() <= 180 + 16


def test_samples_near_black_and_white_do_not_wrap() -> None:
    checks = np.where((np.indices((40, 40)).sum(axis=0) // 5) % 2, 255, 0).astype(np.uint8)
    frame = Planes(0, checks, checks[:20, :20], checks[:20, :20])
    window = (3.3125, 2.5, 30, 29)
    assert max(differences(frame, window, (60, 60))) <= ROUNDING


def test_odd_frames_and_padded_rows_are_cropped_alike() -> None:
    frame = stage((97, 61))
    assert frame.u.shape == (31, 49)
    padded = np.zeros((61, 128), np.uint8)
    padded[:, :97] = frame.y
    apart = Planes(0, padded[:, :97], frame.u, frame.v)
    window = (60.0625, 20.4375, 97, 61)
    assert np.array_equal(cropped(apart, window, (48, 52)).y, cropped(frame, window, (48, 52)).y)


def test_a_smaller_source_fills_a_larger_picture() -> None:
    frame = stage((64, 36))
    canvas = cropped(frame, (20, 0, 40.25, 36), (202, 360))
    assert ssim(canvas.y, as_bytes(ideal_crop(frame, (20, 0, 40.25, 36), (202, 360))[0])) > 0.99


def test_the_canvas_may_be_a_part_of_a_larger_one() -> None:
    whole = Canvas.blank(40, 30)
    crop(stage((64, 48)), np.array([0, 0, 64, 48]), whole.part(10, 4, 20, 16), Scratch())
    assert np.all(whole.y[:4] == 16)
    assert np.all(whole.y[:, :10] == 16)
    assert np.all(whole.u[:, 15:] == 128)
    assert whole.y[4:20, 10:30].std() > 10


@pytest.mark.parametrize("window", [(5, 5, 5, 9), (9, 5, 5, 9), (0, float("nan"), 4, 4)])
def test_an_empty_window_is_an_error(window: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="frames nothing"):
        cropped(stage((32, 32)), window, (16, 16))
