"""The truth of a show, laid beside a run."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from drawn_truth import FACES, SHOTS, TIMELINE, joined, rows_of, the_truth
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.truth import (
    TRUTH_COLUMNS,
    align,
    member_of,
    read_truth,
    shots_of_rows,
    shots_of_show,
    true_shots,
)

HEADER = ",".join(TRUTH_COLUMNS) + "\n"
ROW = "0,0,0,Ada,member,1,2,3,4,1,0.5,5,6,7,8\n"


def test_a_row_says_who_is_where_and_how_well_seen():
    truth = read_truth([HEADER, ROW, ROW.replace("member", "screen")])
    assert truth.names == truth.members == ("Ada",)
    assert truth.role.tolist() == [0, 2]
    assert truth.face[0].tolist() == [1, 2, 3, 4]
    assert truth.body[0].tolist() == [5, 6, 7, 8]
    assert (truth.face_visible[0], truth.head_visible[0]) == (1, 0.5)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "does not begin"),
        ([HEADER], "holds nobody"),
        ([HEADER, ROW.replace("member", "singer")], "line 2: 'singer' is no role"),
        ([HEADER, ROW.replace("0.5", "half")], "'half' is no number"),
        ([HEADER, ROW.replace("0,0,0", "0,0")], "14 fields"),
    ],
)
def test_a_damaged_truth_is_named_with_its_line(lines, complaint):
    with pytest.raises(RunUnreadable, match=complaint):
        read_truth(lines)


def test_a_run_of_a_part_finds_its_frames_by_pts():
    part = Timeline(TIMELINE.pts[40:70], Fraction(1, 30000))
    truth = the_truth()
    assert align(truth, part).frame.min() == 0
    numbers = shots_of_show(SHOTS, truth, part)
    assert numbers.tolist() == [1] * 20 + [2] * 10
    assert true_shots(numbers, SHOTS) == (Shot(0, 19), Shot(20, 29))


def test_the_truth_of_another_video_is_refused():
    other = Timeline(TIMELINE.pts + 7, Fraction(1, 30000))
    with pytest.raises(RunUnreadable, match="another video"):
        align(the_truth(), other)


def test_the_rows_tell_the_shots_where_no_file_does():
    numbers = shots_of_rows(the_truth(), 90)
    assert true_shots(numbers, ()) == (Shot(0, 29), Shot(30, 59), Shot(60, 89))
    assert true_shots(numbers, SHOTS) == SHOTS


def test_in_a_dissolve_the_picture_that_is_seen_better_has_the_frame():
    old = rows_of("Ada", "member", np.arange(30), FACES["Ada"], face_visible=0.7, head_visible=0.7)
    new = rows_of("Ada", "member", np.arange(25, 90), (5, 5, 9, 9), head_visible=0.3)
    new = replace(new, shot=np.ones(65, dtype=np.int32))
    both = joined(old, new)
    numbers = shots_of_rows(both, 90)
    assert numbers[:30].tolist() == [0] * 30
    member = member_of(both, "Ada", numbers)
    assert member.face[28].tolist() == list(FACES["Ada"])
    assert member.face[30].tolist() == [5, 5, 9, 9]


def test_a_member_who_is_in_no_frame_of_a_shot_is_absent_there():
    member = member_of(the_truth(), "Bora", shots_of_rows(the_truth(), 90))
    assert member.is_absent.tolist() == [False] * 60 + [True] * 30
    assert np.isnan(member.face[60:]).all()
