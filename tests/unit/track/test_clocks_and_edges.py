"""An answer is the same at every place of a video, at every frame rate, and lies in the picture."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import ArrayLike

from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Tracks
from inyourarea.track.solve import Question, solve_tracks
from inyourarea.track.standpoint import standpoint_from_motion

SIZE = (1920, 1080)
MEMBERS = ("Ann", "Bea")


def solved(
    pts: ArrayLike,
    time_base: Fraction,
    seen: dict[int, tuple[int, list[float]]],
    looked: ArrayLike | None = None,
) -> Tracks:
    """Tracks of one shot; ``seen`` has for frames who is seen there, and her box."""
    timeline = Timeline(np.asarray(pts, np.int64), time_base)
    frames = np.array(sorted(seen))
    scores = np.array([np.eye(2)[seen[frame][0]] for frame in frames], np.float32) * np.float32(0.9)
    found = Detections(
        pts=timeline.pts[frames],
        xyxy=np.array([seen[frame][1] for frame in frames], np.float32),
        confidence=np.full(len(frames), 0.9, np.float32),
        scores=scores,
        appearance=np.tile(np.eye(1, 78, dtype=np.float32), (len(frames), 1)),
        portrait=np.zeros((len(frames), 0), np.uint8),
        origin=np.full(len(frames), DETECTED, np.int32),
        looked=timeline.pts if looked is None else timeline.pts[np.asarray(looked)],
    )
    shots = (Shot(0, len(timeline) - 1),)
    return solve_tracks(Question(found, shots, timeline, SIZE, MEMBERS, 0.25))


@pytest.mark.parametrize("last", [50, 57, 72, 73])
def test_who_comes_back_just_as_late_as_a_link_may_be_is_the_same_anywhere(last: int) -> None:
    here = [300.0, 300.0, 340.0, 350.0]
    there = [frame + shift for shift in (0, 100) for frame in range(last - 25, last + 1)]
    tracks = solved(
        512 * np.arange(last + 120), Fraction(1, 15360), {frame: (0, here) for frame in there}
    )
    observed = {one.name: int((one.state == State.OBSERVED).sum()) for one in tracks.people}
    assert observed == {"Ann": 52}


def test_people_count_by_the_seconds_that_they_are_seen() -> None:
    quick, slow = np.arange(120), 120 + 12 * np.arange(300)  # 2 s at 60 frames/s, 60 s at 5
    box = [300.0, 300.0, 340.0, 350.0]
    seen = {frame: (0, box) for frame in range(120)}
    seen |= {frame: (1, box) for frame in range(150, 168)}
    tracks = solved(np.concatenate([quick, slow]), Fraction(1, 60), seen)
    # 3.1 s are asked for of a minute: Ann is seen for 2 s, Bea for 3.6 in a seventh of the frames.
    assert [one.name for one in tracks.people] == ["Bea"]
    assert tracks.others == 1


def test_what_is_filled_lies_in_the_picture() -> None:
    looked = np.arange(0, 60, 6)
    seen = {frame: (0, [900.0 + 30 * frame, 300, 990.0 + 30 * frame, 420]) for frame in (0, 6, 12)}
    seen |= {frame: (0, [900.0 + 30 * frame, 300, 1920.0, 420]) for frame in (18, 24, 30)}
    (ann,) = solved(np.arange(60), Fraction(1, 30), seen, looked).people
    boxes = ann.xyxy[ann.has_box]
    assert (ann.state == State.FILLED).any()
    assert boxes[:, [0, 1]].min() >= 0
    assert (boxes[:, 2:] <= SIZE).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_a_camera_goes_on_where_a_segment_begins() -> None:
    motion = np.tile(np.array([15.0, 0.0, 0.01, 0.9]), (20, 1))
    motion[[0, 8]] = 0
    steady = standpoint_from_motion(motion, (Shot(0, 19),), SIZE)
    motion[8] = motion[7]
    whole = standpoint_from_motion(motion, (Shot(0, 19),), SIZE)
    assert np.allclose(steady.shift, whole.shift)
    assert np.allclose(steady.zoom, whole.zoom)
    cut = standpoint_from_motion(
        motion * (np.arange(20) != 8)[:, None], (Shot(0, 7), Shot(8, 19)), SIZE
    )
    assert cut.zoom[8] == 1
