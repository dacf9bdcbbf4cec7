"""Training windows lie inside their picture, and boxes go with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.letterbox import BAR_GREY
from inyourarea.train.windows import (
    LabelledPicture,
    PictureUnreadable,
    Window,
    boxes_in_window,
    choose_window,
    class_rarity,
    cut_window,
    read_labels,
    redressed,
    relit,
    with_bar,
)

SIZE = (96, 64)


def labelled(file: Path, *boxes: tuple[float, float, float, float]) -> LabelledPicture:
    places = np.asarray(boxes, np.float32).reshape(-1, 4)
    return LabelledPicture(file, places, np.arange(len(boxes), dtype=np.int64))


@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(40, 400),
    height=st.integers(40, 300),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_a_window_lies_inside_its_picture(
    seed: int, width: int, height: int, x: float, y: float
) -> None:
    face = (x * (width - 10), y * (height - 10), x * (width - 10) + 10, y * (height - 10) + 10)
    picture = labelled(Path("never read"), face)
    random = np.random.default_rng(seed)
    window = choose_window(random, picture, (width, height), SIZE, np.ones(1))
    assert window.x >= 0
    assert window.y >= 0
    assert window.x + window.width <= width
    assert window.y + window.height <= height
    across, down = window.width / SIZE[0], window.height / SIZE[1]
    assert abs(across - down) <= 1 / min(SIZE), "a face keeps its shape"


@given(x=st.floats(-50, 150), y=st.floats(-50, 150), w=st.floats(1, 80), h=st.floats(1, 80))
def test_boxes_in_a_window_lie_inside_it_and_whole_ones_only_move(
    x: float, y: float, w: float, h: float
) -> None:
    box = np.asarray([[x, y, x + w, y + h]], np.float32)
    window = Window(x=10, y=20, width=100, height=50)
    moved, inside = boxes_in_window(box, window, (200, 100), (0, 0, 200, 100))
    assert (moved >= 0).all()
    assert (moved <= [200, 100, 200, 100]).all()
    if x >= 10 and y >= 20 and x + w <= 110 and y + h <= 70:
        assert inside.all()
        np.testing.assert_allclose(moved, (box - [10, 20, 10, 20]) * 2, atol=1e-3)


def test_a_face_mostly_outside_the_window_is_not_asked_for() -> None:
    window = Window(x=0, y=0, width=100, height=100)
    boxes = np.asarray([[90, 0, 110, 20], [93, 0, 113, 20], [200, 0, 220, 20]], np.float32)
    _, inside = boxes_in_window(boxes, window, (100, 100), (0, 0, 100, 100))
    assert inside.tolist() == [True, False, False]


def test_a_face_behind_a_bar_is_asked_for_by_what_is_in_sight() -> None:
    window = Window(x=0, y=0, width=100, height=100)
    boxes = np.asarray([[0, 0, 20, 20], [0, 5, 20, 25], [0, 40, 20, 60]], np.float32)
    moved, inside = boxes_in_window(boxes, window, (100, 100), (0, 15, 100, 100))
    assert inside.tolist() == [False, True, True]
    np.testing.assert_allclose(moved[1:], [[0, 15, 20, 25], [0, 40, 20, 60]])


@given(seed=st.integers(0, 2**32 - 1))
def test_a_bar_covers_one_side_and_nothing_else(seed: int) -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    barred, (left, top, right, bottom) = with_bar(np.random.default_rng(seed), picture)
    is_grey = (barred == BAR_GREY).all(axis=2)
    assert not is_grey[top:bottom, left:right].any()
    assert is_grey.sum() == 60 * 80 - (right - left) * (bottom - top)
    assert [left > 0, top > 0, right < 80, bottom < 60].count(True) <= 1
    assert (right - left) * (bottom - top) >= 0.65 * 60 * 80


def test_relighting_keeps_black_black() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    assert not relit(np.random.default_rng(3), picture).any()


def test_clothes_change_their_colour_and_nothing_else_does() -> None:
    """Below some faces, mostly; a face that is there is as it was."""
    picture = np.full((120, 200, 3), (200, 40, 90), np.uint8)
    boxes = np.asarray([[40, 10, 50, 22], [120, 60, 130, 72], [0, 30, 8, 42]], np.float32)
    changed = np.zeros(picture.shape[:2], bool)
    dyed_below = np.zeros(len(boxes), int)
    for seed in range(60):
        dyed = redressed(np.random.default_rng(seed), picture, boxes)
        differs = (dyed != picture).any(axis=2)
        changed |= differs
        dyed_below += [differs[int(y2) + 6, int(x1 + x2) // 2] for x1, _, x2, y2 in boxes]
        for x1, y1, x2, y2 in boxes.astype(int):
            assert not differs[y1:y2, x1:x2].any()
    assert not changed[:, 60:110].any()  # nobody is there
    assert ((dyed_below > 6) & (dyed_below < 30)).all()  # about three of ten


def test_only_where_it_is_asked_for_are_people_redressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inyourarea.train.windows.BARS_SHARE", 0)
    cv2.imwrite(str(tmp_path / "one.png"), np.full((64, 96, 3), (200, 40, 90), np.uint8))
    one = labelled(tmp_path / "one.png", (44, 4, 52, 14))

    def most_colours(can_redress: bool) -> int:
        windows = (
            cut_window(np.random.default_rng(seed), one, SIZE, np.ones(1), can_redress)[0]
            for seed in range(30)
        )
        return max(len(np.unique(window.reshape(-1, 3), axis=0)) for window in windows)

    assert (most_colours(False), most_colours(True)) == (1, 2)


def test_a_rare_class_weighs_more() -> None:
    one = LabelledPicture(Path("a"), np.zeros((5, 4), np.float32), np.asarray([0, 0, 0, 0, 1]))
    rarity = class_rarity([one], 3)
    assert rarity[1] == 2 * rarity[0]
    assert rarity[2] == rarity[1], "a class nobody has is no rarer than one that is seen once"


def test_labels_come_back_as_they_were_written(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        (tmp_path / kind / "train").mkdir(parents=True)
    picture = np.full((100, 200, 3), 50, np.uint8)
    cv2.imwrite(str(tmp_path / "images" / "train" / "one.jpg"), picture)
    (tmp_path / "labels" / "train" / "one.txt").write_text("3 0.5 0.5 0.1 0.2\n")
    (found,) = read_labels(tmp_path / "images" / "train", (200, 100))
    np.testing.assert_allclose(found.boxes, [[90, 40, 110, 60]], atol=1e-4)
    assert found.classes.tolist() == [3]
    window, boxes, classes = cut_window(np.random.default_rng(0), found, SIZE, np.ones(4))
    assert window.shape == (SIZE[1], SIZE[0], 3)
    assert len(boxes) == len(classes)


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureUnreadable, match=r"broken\.jpg"):
        cut_window(np.random.default_rng(0), labelled(tmp_path / "broken.jpg"), SIZE, np.ones(1))
