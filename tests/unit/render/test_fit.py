"""Whoever is not in the shot is shown the whole stage, never somebody else's crop."""

import numpy as np
import pytest

from footage import Floats, as_bytes, ideal_crop, planes_of, ssim, stage
from inyourarea.render.crop import Canvas
from inyourarea.render.fit import fit
from inyourarea.render.resample import Scratch
from inyourarea.runtime.source import Planes


def fitted(frame: Planes, size: tuple[int, int]) -> Canvas:
    canvas = Canvas.blank(*size)
    fit(frame, canvas, Scratch())
    return canvas


def bright(x: Floats, y: Floats) -> Floats:
    return 200 + 20 * np.sin(x / 5) * np.sin(y / 7)


def test_the_whole_stage_stands_in_the_middle_of_an_upright_picture() -> None:
    frame = stage((320, 180))
    canvas = fitted(frame, (90, 160))
    ideal = as_bytes(ideal_crop(frame, (0, 0, 320, 180), (90, 50))[0])
    assert ssim(canvas.y[54:104], ideal) > 0.99


def test_a_stage_made_very_small_is_as_it_should_be() -> None:
    frame = stage((1920, 1080))
    canvas = fitted(frame, (200, 630))
    planes = (canvas.y[258:370], canvas.u[129:185], canvas.v[129:185])
    ideal = ideal_crop(frame, (0, 0, 1920, 1080), (200, 112))
    for plane, wanted in zip(planes, ideal, strict=True):
        assert ssim(plane, as_bytes(wanted)) > 0.99


def test_the_backdrop_is_dark_and_smooth() -> None:
    canvas = fitted(planes_of(bright, bright, (320, 180)), (90, 160))
    behind = np.concatenate([canvas.y[:50], canvas.y[108:]]).astype(float)
    assert 16 < behind.mean() < 100
    assert np.abs(np.diff(behind[:50], axis=0)).max() <= 3
    assert canvas.y[54:104].mean() > 190


def test_the_backdrop_has_the_stage_s_colours_but_paler() -> None:
    frame = planes_of(bright, bright, (320, 180))
    canvas = fitted(frame, (90, 160))
    assert 128 < canvas.u[:20].mean() < frame.u.mean()
    assert frame.v.mean() < canvas.v[:20].mean() < 128


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ((180, 320), (160, 90)),
        ((97, 61), (200, 630)),
        ((64, 36), (64, 36)),
        ((4000, 40), (90, 160)),
    ],
)
def test_any_frame_fits_into_any_picture(source: tuple[int, int], size: tuple[int, int]) -> None:
    canvas = fitted(stage(source), size)
    assert canvas.y.std() > 5
    assert np.count_nonzero(canvas.y == 16) < canvas.y.size / 2


def test_a_frame_of_the_picture_s_own_aspect_fills_it() -> None:
    frame = stage((90, 160))
    assert np.array_equal(fitted(frame, (90, 160)).y, frame.y)
