"""Boxes that the user brings."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.core.errors import LabelsUnreadable
from inyourarea.core.labels import NO_CLASS, read_labels

SIZE = (200, 100)


def labels_of(text, frames=10):
    return read_labels(io.StringIO(text), frames, SIZE)


def test_the_old_csv_becomes_source_pixels_and_frames_from_0():
    labels = labels_of("frame,class,x,y,w,h\n1,2,.5,.5,.1,.2\n10,0,.25,.5,.1,.2\n")
    assert labels.frame.tolist() == [0, 9]
    assert labels.klass.tolist() == [2, 0]
    np.testing.assert_allclose(labels.xyxy, [[90, 40, 110, 60], [40, 40, 60, 60]], atol=1e-4)
    assert labels.confidence.tolist() == [1, 1]


def test_the_old_csv_may_lack_its_header_and_have_confidence():
    for text in ("1,2,.5,.5,.1,.2,.75\n", "Frame,Class,X,Y,W,H,Confidence\n1,2,.5,.5,.1,.2,.75\n"):
        labels = labels_of(text)
        assert labels.confidence.tolist() == [0.75]
        assert labels.klass.tolist() == [2]


def test_motchallenge_text_has_pixels_and_no_class():
    labels = labels_of("3,-1,10,20,30,40,0.5,-1,-1,-1\n2,7,10,20,30,40,-1,-1,-1,-1\n")
    assert labels.frame.tolist() == [1, 2]
    assert labels.klass.tolist() == [NO_CLASS, NO_CLASS]
    assert labels.xyxy.tolist() == [[10, 20, 40, 60]] * 2
    assert labels.confidence.tolist() == [1, 0.5]


def test_scores_of_motchallenge_that_are_no_shares_are_made_so_in_their_order():
    rows = ("1,-1,10,20,30,40,3", "2,-1,10,20,30,40,-0.5", "3,-1,10,20,30,40,1.25")
    assert labels_of("\n".join(rows)).confidence.tolist() == [1, 0, 0.5]
    alike = labels_of("1,-1,10,20,30,40,87\n2,-1,10,20,30,40,87\n")
    assert alike.confidence.tolist() == [1, 1]


def test_motchallenge_text_may_have_seven_columns_or_blanks():
    assert labels_of("1,1,10,20,30,40,1\n").xyxy.tolist() == [[10, 20, 40, 60]]
    assert labels_of("1 1 10 20 30 40 1 -1 -1 -1\n").xyxy.tolist() == [[10, 20, 40, 60]]


def test_a_box_partly_outside_is_clipped():
    assert labels_of("1,1,-10,-5,30,40,1,-1,-1,-1\n").xyxy.tolist() == [[0, 0, 20, 35]]
    assert labels_of("1,1,190,90,30,40,1,-1,-1,-1\n").xyxy.tolist() == [[190, 90, 200, 100]]


def test_boxes_of_one_frame_keep_the_order_of_the_file():
    labels = labels_of("2,5,.5,.5,.1,.1\n1,4,.5,.5,.1,.1\n2,3,.5,.5,.1,.1\n")
    assert labels.klass.tolist() == [4, 5, 3]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1,0,nan,.5,.1,.1", "'nan'"),
        ("1,0,.5,inf,.1,.1", "'inf'"),
        ("1,0,1e999,.5,.1,.1", "1e999"),
        ("1,0,.5,.5,-.1,.1", "above 0"),
        ("1,0,.5,.5,.1,0", "above 0"),
        ("1,0,1.5,.5,.1,.1", "outside"),
        ("1,0,.5,-.5,.1,.1", "outside"),
        ("1,0,500,300,40,50", "shares of the frame"),
        ("0,0,.5,.5,.1,.1", "frames are 1 to 10"),
        ("11,0,.5,.5,.1,.1", "frames are 1 to 10"),
        ("1.5,0,.5,.5,.1,.1", "whole"),
        ("1,Lisa,.5,.5,.1,.1", "'Lisa'"),
        ("1,-2,.5,.5,.1,.1", "class"),
        ("1,100,.5,.5,.1,.1", "class 100 is out of range; classes count from 0 to 99"),
        ("1,0,.5,.5,.1", "5 columns"),
        ("1,0,.5,.5,.1,.1,.5,9", "8 columns"),
        ("1,0,.5,.5,.1,.1,87", "between 0 and 1"),
        ('1,0,.5,.5,.1,".1', "no row of a CSV"),
        ("hello", "columns"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(row, complaint):
    with pytest.raises(LabelsUnreadable, match=complaint) as refused:
        labels_of("frame,class,x,y,w,h\n1,0,.5,.5,.1,.1\n" + row + "\n")
    assert "Line 3" in str(refused.value)


def test_a_broken_motchallenge_row_is_refused_too():
    for row in (
        "1,1,nan,2,3,4,1,-1",
        "1,1,1,2,3,0,1,-1",
        "1,1,300,2,3,4,1,-1",
        "1,1,1,2,3,4,1e7,-1",
    ):
        with pytest.raises(LabelsUnreadable, match="Line 2"):
            labels_of("1,1,1,2,3,4,1,-1\n" + row + "\n")


@pytest.mark.parametrize("text", ["", "\n\n", "frame,class,x,y,w,h\n"])
def test_a_file_without_boxes_is_refused(text):
    with pytest.raises(LabelsUnreadable, match="no boxes"):
        labels_of(text)


def test_a_header_of_something_else_is_refused():
    with pytest.raises(LabelsUnreadable, match="header"):
        labels_of("frame,class,left,top,w,h\n1,0,.5,.5,.1,.1\n")


def test_a_giant_file_is_refused_before_it_fills_memory():
    endless = ("1,0,.5,.5,.1,.1\n" for _ in range(10**9))
    with pytest.raises(LabelsUnreadable, match="more than 600 boxes"):
        read_labels(endless, 2, SIZE)


@given(
    st.integers(1, 10),
    st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
    st.tuples(st.floats(0.001, 2), st.floats(0.001, 2)),
)
def test_every_accepted_box_lies_in_the_frame_and_has_area(frame, centre, sides):
    labels = labels_of(f"{frame},0,{centre[0]},{centre[1]},{sides[0]},{sides[1]}\n")
    x1, y1, x2, y2 = labels.xyxy[0]
    assert 0 <= x1 < x2 <= 200
    assert 0 <= y1 < y2 <= 100


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        labels = labels_of(text)
    except LabelsUnreadable as refused:
        assert str(refused)
    else:
        assert len(labels)
