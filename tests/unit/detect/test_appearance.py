"""One person looks alike in every light, size and place; two people do not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inyourarea.core.detections import PORTRAIT_COLUMNS, PORTRAIT_LENGTH, PORTRAIT_ROWS
from inyourarea.detect.appearance import LENGTH, appearance_of, look_at
from scenes import Person, scene

ANNA = Person(x=90, y=60, hair=(30, 30, 60), shirt=(200, 60, 40))
BLONDE = Person(x=220, y=64, hair=(120, 210, 240), shirt=(200, 60, 40))
"""The same clothes as Anna's, other hair."""
RED = Person(x=220, y=64, hair=(30, 30, 60), shirt=(40, 40, 210), trousers=(230, 230, 230))
"""The same hair as Anna's, other clothes."""

WASHES = {
    "white": (1.0, 1.0, 1.0),
    "warm": (0.7, 0.92, 1.1),
    "blue": (1.2, 0.66, 0.55),
    "red": (0.52, 0.5, 1.1),
    "dim": (0.5, 0.5, 0.5),
}


def lit(picture: NDArray[np.uint8], gains: tuple[float, ...], added: float = 0) -> np.ndarray:
    return np.clip(picture * np.array(gains) + added, 0, 255).astype(np.uint8)


def likeness(one: np.ndarray, first: Person, other: np.ndarray, second: Person) -> float:
    a, b = appearance_of(one, first.box[None])[0], appearance_of(other, second.box[None])[0]
    return float(a @ b)


def test_vectors_have_length_one() -> None:
    people = [ANNA, BLONDE]
    found = appearance_of(scene(people), np.array([person.box for person in people]))
    assert found.shape == (2, LENGTH)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_nobody_gives_no_vectors() -> None:
    assert appearance_of(scene([]), np.zeros((0, 4))).shape == (0, LENGTH)


@pytest.mark.parametrize("wash", WASHES)
@pytest.mark.parametrize("other", [BLONDE, RED], ids=["hair", "clothes"])
def test_light_changes_less_than_another_person_does(wash: str, other: Person) -> None:
    picture = scene([ANNA, other])
    coloured = lit(picture, WASHES[wash])
    same = likeness(picture, ANNA, coloured, ANNA)
    assert same > 0.9
    assert same > likeness(picture, ANNA, coloured, other) + 0.05


def test_a_flash_changes_less_than_another_person_does() -> None:
    picture = scene([ANNA, BLONDE])
    bright = lit(picture, (1, 1, 1), 60)
    assert likeness(picture, ANNA, bright, ANNA) > likeness(picture, ANNA, bright, BLONDE) + 0.05


@settings(deadline=None, max_examples=25)
@given(tall=st.floats(10, 36), x=st.floats(60, 250), seed=st.integers(0, 5))
def test_size_place_and_background_change_little(tall: float, x: float, seed: int) -> None:
    there = Person(x=x, y=62, tall=tall, hair=ANNA.hair, shirt=ANNA.shirt)
    assert likeness(scene([ANNA]), ANNA, scene([there], seed), there) > 0.85


def test_what_lies_outside_the_picture_counts_as_unknown() -> None:
    low = Person(x=90, y=180, hair=ANNA.hair, shirt=ANNA.shirt)
    high = Person(x=90, y=180, hair=BLONDE.hair, shirt=ANNA.shirt)
    picture = scene([ANNA])
    same = likeness(picture, ANNA, scene([low]), low)
    assert same > likeness(picture, ANNA, scene([high]), high)


def test_a_face_out_of_the_picture_and_a_black_picture_are_no_trouble() -> None:
    corners = np.array([[-40.0, -40.0, -20.0, -20.0], [310.0, 180.0, 330.0, 200.0], [5, 5, 5, 5]])
    for picture in (scene([ANNA]), np.zeros((192, 320, 3), np.uint8)):
        found = appearance_of(picture, corners)
        assert np.isfinite(found).all()
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_jpeg_does_not_matter() -> None:
    picture = scene([ANNA])
    squeezed = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], 1)
    assert likeness(picture, ANNA, squeezed, ANNA) > 0.95


def test_the_back_of_a_dark_head_is_measured_by_the_skin_of_others() -> None:
    def turned(hair: tuple[int, int, int]) -> np.ndarray:
        picture = scene([ANNA, BLONDE, RED])
        x1, y1, x2, y2 = ANNA.box.astype(int)
        picture[y1:y2, x1:x2] = hair
        found = look_at(picture, np.array([ANNA.box, BLONDE.box, RED.box]))
        return found.portrait[0].reshape(PORTRAIT_ROWS, PORTRAIT_COLUMNS, 3)[6, 4, 2:].astype(float)

    skin = look_at(scene([ANNA, BLONDE]), np.array([ANNA.box, BLONDE.box])).portrait[0]
    skin = skin.reshape(PORTRAIT_ROWS, PORTRAIT_COLUMNS, 3)[6, 4, 2:].astype(float)
    assert turned((12, 10, 12)) < skin - 20


def test_a_portrait_is_the_head_in_any_light() -> None:
    picture = scene([ANNA, BLONDE])
    there = np.array([ANNA.box, BLONDE.box])
    anna, blonde = look_at(picture, there).portrait.astype(float)
    again = look_at(lit(picture, WASHES["warm"]), there).portrait.astype(float)[0]
    assert anna.shape == (PORTRAIT_LENGTH,)
    assert np.abs(again - anna).mean() < np.abs(again - blonde).mean() / 2


def test_what_a_portrait_can_not_show_is_zero() -> None:
    high = Person(x=90, y=2, hair=ANNA.hair, shirt=ANNA.shirt)
    portrait = look_at(scene([high]), high.box[None]).portrait.reshape(PORTRAIT_ROWS, -1)
    assert not portrait[0].any()
    assert portrait[-1].all()
