"""The CSV files of a run, written and read back."""

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.labels import read_labels
from inyourarea.core.run_files import (
    camera_csv,
    detections_csv,
    read_camera,
    read_shots,
    read_tracks,
    shots_csv,
    tracks_csv,
)
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.windows import CameraPath, quantise

FRAMES = 6
SIZE = (320, 180)
TIMELINE = Timeline(np.arange(FRAMES) * 1001 + 7, Fraction(1, 30000))
SHOTS = (Shot(0, 1), Shot(2, 3, "dissolve"), Shot(4, 5))
NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True)


@st.composite
def some_tracks(draw):
    people = []
    for name in draw(NAMES):
        state = draw(arrays.arrays(np.uint8, FRAMES, elements=st.integers(0, 3)))
        boxed = state <= State.FILLED
        low = draw(arrays.arrays(np.float32, (FRAMES, 2), elements=st.floats(0, 100, width=32)))
        people.append(
            Track(
                person=name,
                name=name,
                state=state,
                reason=np.where(state == State.FILLED, Reason.GAP, Reason.NONE).astype(np.uint8),
                xyxy=np.where(boxed[:, None], np.concatenate([low, low + 9], 1), np.nan).astype(
                    np.float32
                ),
                confidence=np.where(boxed, 0.5, 0).astype(np.float32),
                identity=boxed.astype(np.float32),
            )
        )
    return Tracks(TIMELINE, SIZE, SHOTS, tuple(people))


def reread(tracks):
    lines = io.StringIO("".join(tracks_csv(tracks)), newline="")
    return read_tracks(lines, TIMELINE, SIZE, SHOTS)


@given(some_tracks())
def test_tracks_read_back_are_what_the_file_holds(tracks):
    again = reread(tracks)
    in_file = {person.name: person for person in tracks.people if person.has_box.any()}
    assert {person.name for person in again.people} == set(in_file)
    for person in again.people:
        written = in_file[person.name]
        np.testing.assert_array_equal(person.has_box, written.has_box)
        boxed = written.has_box
        np.testing.assert_array_equal(person.state[boxed], written.state[boxed])
        np.testing.assert_array_equal(person.reason, written.reason)
        np.testing.assert_allclose(person.xyxy, written.xyxy, atol=0.0051)
        np.testing.assert_array_equal(person.confidence, written.confidence)


@given(some_tracks())
def test_tracks_written_again_are_the_same_text(tracks):
    again = reread(tracks)
    assert "".join(tracks_csv(reread(again))) == "".join(tracks_csv(again))


def test_who_has_no_box_in_a_shot_is_absent_there_and_open_elsewhere():
    header = "frame,pts,shot,name,state,reason,x1,y1,x2,y2,confidence\n"
    tracks = read_tracks([header, "2,2009,1,Lisa,filled,gap,1,2,3,4,0.5\n"], TIMELINE, SIZE, SHOTS)
    states = [State(value).name for value in tracks.people[0].state]
    assert states == ["ABSENT", "ABSENT", "FILLED", "OPEN", "ABSENT", "ABSENT"]


@given(
    NAMES,
    arrays.arrays(np.float64, (FRAMES, 4), elements=st.floats(0, 4000)),
    arrays.arrays(np.uint8, FRAMES, elements=st.integers(0, 4)),
)
def test_windows_read_back_are_exact(names, windows, state):
    paths = [CameraPath(name, name, quantise(windows + at), state) for at, name in enumerate(names)]
    text = "".join(camera_csv(TIMELINE, SHOTS, paths))
    pts, again = read_camera(io.StringIO(text, newline=""))
    np.testing.assert_array_equal(pts, TIMELINE.pts)
    assert [path.name for path in again] == names
    for written, read in zip(paths, again, strict=True):
        np.testing.assert_array_equal(read.xyxy, written.xyxy)
        np.testing.assert_array_equal(read.state, written.state)


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["cut", "dissolve"])), max_size=9))
def test_shots_read_back_are_the_same(lengths):
    shots, first = [], 0
    for length, kind in lengths:
        shots.append(Shot(first, first + length - 1, kind))
        first += length
    assert read_shots(shots_csv(shots)) == tuple(shots)


def test_detections_are_written_as_the_original_product_did():
    detections = Detections(
        pts=TIMELINE.pts[[0, 0, 2]],
        xyxy=np.array([[32, 18, 64, 36], [0, 0, 320, 180], [1, 1, 2, 2]], dtype=np.float32),
        confidence=np.array([0.9, 0.5, 0.3], dtype=np.float32),
        scores=np.array([[0.1, 0.9], [0.5, 0.2], [0, 0]], dtype=np.float32),
        appearance=np.zeros((3, 2), dtype=np.float32),
        portrait=np.zeros((3, 0), dtype=np.uint8),
        origin=np.array([DETECTED, DETECTED, 0], dtype=np.int32),
        looked=TIMELINE.pts[[0, 2]],
    )
    assert list(detections_csv(detections, TIMELINE, SIZE)) == [
        "frame,class,x,y,w,h,confidence\n",
        "1,1,0.150000,0.150000,0.100000,0.100000,0.9000\n",
        "1,0,0.500000,0.500000,1.000000,1.000000,0.5000\n",
    ]


def test_detections_of_a_run_can_be_brought_to_the_next_as_boxes():
    rows = 40
    spots = np.random.default_rng(1).uniform(0, 150, (rows, 2)).astype(np.float32)
    detections = Detections(
        pts=np.sort(np.arange(rows) % FRAMES) * 1001 + 7,
        xyxy=np.concatenate([spots, spots + 20], axis=1),
        confidence=np.full(rows, 0.75, dtype=np.float32),
        scores=np.full((rows, 1), 0.75, dtype=np.float32),
        appearance=np.zeros((rows, 0), dtype=np.float32),
        portrait=np.zeros((rows, 0), dtype=np.uint8),
        origin=np.full(rows, DETECTED, dtype=np.int32),
        looked=TIMELINE.pts,
    )
    labels = read_labels(detections_csv(detections, TIMELINE, SIZE), FRAMES, SIZE)
    np.testing.assert_array_equal(TIMELINE.pts[labels.frame], detections.pts)
    np.testing.assert_allclose(labels.xyxy, np.minimum(detections.xyxy, [*SIZE, *SIZE]), atol=1e-3)
    assert (labels.confidence == 0.75).all()


HEADER = "frame,pts,shot,name,state,x1,y1,x2,y2\n"


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([], "does not begin"),
        (["frame,name\n"], "does not begin"),
        ([HEADER, "0,7,0,Lisa,open,0,0,9\n"], "line 2 has 8 fields"),
        ([HEADER, "0,7,0,Lisa,asleep,0,0,9,9\n"], "'asleep' is no state"),
        ([HEADER, "0,7,0,Lisa,open,0,0,9,nan\n"], "'nan' is no number"),
        ([HEADER, "zero,7,0,Lisa,open,0,0,9,9\n"], "'zero' is no whole number"),
        ([HEADER, f"0,{2**63},0,Lisa,open,0,0,9,9\n"], f"'{2**63}' is no whole number"),
        ([HEADER, "1,7,0,Lisa,open,0,0,9,9\n"], "out of order"),
        ([HEADER, "0,7,0,Lisa,open,0,0,9,9\n", "1,7,0,Lisa,open,0,0,9,9\n"], "one row for every"),
        ([HEADER, '0,7,0,"Lisa,open,0,0,9,9\n'], "broken"),
    ],
)
def test_a_damaged_camera_file_is_named_with_its_line(rows, complaint):
    with pytest.raises(RunUnreadable, match=complaint) as refused:
        read_camera(rows, "camera-9x16.csv")
    assert "camera-9x16.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("9,9,0,Lisa,observed,,1,2,3,4,.5\n", "no frame 9"),
        ("1,9,0,Lisa,observed,,1,2,3,4,.5\n", "pts 9"),
        ("0,7,0,Lisa,observed,tired,1,2,3,4,.5\n", "'tired' is no reason"),
        ("1,1008,0,Lisa,observed,,1,2,3,4,.5\n", "second box"),
    ],
)
def test_a_damaged_tracks_file_is_named_with_its_line(row, complaint):
    header = "frame,pts,shot,name,state,reason,x1,y1,x2,y2,confidence\n"
    good = "1,1008,0,Lisa,observed,,1,2,3,4,.5\n"
    with pytest.raises(RunUnreadable, match=f"line 3.*{complaint}"):
        read_tracks([header, good, row], TIMELINE, SIZE, SHOTS)


def test_shots_that_leave_frames_out_are_refused():
    with pytest.raises(RunUnreadable, match="begins at frame 5, but 3"):
        read_shots(["shot,first_frame,last_frame,kind\n", "0,0,2,cut\n", "1,5,9,cut\n"])
    with pytest.raises(RunUnreadable, match="'fade'"):
        read_shots(["shot,first_frame,last_frame,kind\n", "0,0,2,fade\n"])
