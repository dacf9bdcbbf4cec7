"""Arithmetic of boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from inyourarea.core import boxes

side = st.floats(-50, 150, width=32)


@st.composite
def some_boxes(draw):
    rows = draw(st.lists(st.tuples(side, side, side, side), min_size=1, max_size=6))
    array = np.array(rows, dtype=np.float64)
    return np.concatenate(
        [np.minimum(array[:, :2], array[:, 2:]), np.maximum(array[:, :2], array[:, 2:])], axis=1
    )


def test_the_overlap_of_two_known_boxes_is_one_seventh():
    first, second = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 1, 3, 3]])
    assert boxes.intersection(first, second) == pytest.approx(1)
    assert boxes.iou(first, second) == pytest.approx(1 / 7)


def test_a_box_turned_inside_out_has_no_area():
    assert boxes.area(np.array([[5.0, 5, 2, 9]])) == 0


def test_boxes_that_only_touch_do_not_overlap():
    assert boxes.iou(np.array([[0.0, 0, 2, 2]]), np.array([[2.0, 0, 4, 2]])) == 0


def test_a_missing_box_overlaps_nothing():
    missing = np.full((1, 4), np.nan)
    assert boxes.paired_iou(missing, np.array([[0.0, 0, 2, 2]])) == 0
    assert boxes.paired_iou(missing, missing) == 0


@given(some_boxes(), some_boxes())
def test_overlap_is_symmetric_and_between_nothing_and_all(ours, theirs):
    overlap = boxes.iou(ours, theirs)
    assert_allclose(overlap, boxes.iou(theirs, ours).T)
    assert ((overlap >= 0) & (overlap <= 1 + 1e-12)).all()


@given(some_boxes())
def test_every_box_with_area_overlaps_itself_wholly(ours):
    with_area = boxes.area(ours) > 1e-9
    assert_allclose(boxes.paired_iou(ours, ours)[with_area], 1)
    assert_allclose(np.diag(boxes.iou(ours, ours)), boxes.paired_iou(ours, ours))


@given(some_boxes())
def test_centre_and_size_say_the_same_as_corners(ours):
    middle, sides = np.split(boxes.to_centre(ours), 2, axis=1)
    assert_allclose(middle - sides / 2, ours[:, :2], atol=1e-9)
    assert_allclose(middle + sides / 2, ours[:, 2:], atol=1e-9)


@given(some_boxes())
def test_a_clipped_box_lies_in_the_frame_and_in_the_box(ours):
    clipped = boxes.clip(ours, 100, 60)
    assert (clipped >= 0).all()
    assert (clipped[:, [0, 2]] <= 100).all()
    assert (clipped[:, [1, 3]] <= 60).all()
    inside = boxes.area(clipped) > 0
    assert_allclose(np.diag(boxes.intersection(ours, clipped))[inside], boxes.area(clipped)[inside])
