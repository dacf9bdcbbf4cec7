"""From what a run stored to the frames that one may choose from."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from inyourarea.core.detections import DETECTED, PORTRAIT_LENGTH, Detections
from inyourarea.core.lessons import Watched
from inyourarea.core.shots import Shot
from inyourarea.core.signals import Signals
from inyourarea.core.teaching import choose_lessons, rank_lessons
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks

FRAMES, STEP = 31, 3
BOX, STRAY = (10.0, 10.0, 30.0, 34.0), (100.0, 10.0, 120.0, 34.0)
ARIA = np.zeros(1, np.int32)


def watched(confidence: float = 1.0, scores: tuple[float, float] = (0.9, 0.0)) -> Watched:
    """Aria in one place; the detector looks at every third frame and finds her there."""
    pts = np.arange(FRAMES, dtype=np.int64) * 10
    looked = np.arange(0, FRAMES, STEP)
    state = np.full(FRAMES, State.FILLED, np.uint8)
    state[looked] = State.OBSERVED
    reason = np.where(state == State.FILLED, Reason.STRIDE, Reason.NONE).astype(np.uint8)
    track = Track(
        person="Aria",
        name="Aria",
        state=state,
        reason=reason,
        xyxy=np.tile(np.array(BOX, np.float32), (FRAMES, 1)),
        confidence=np.full(FRAMES, confidence, np.float32),
        identity=np.ones(FRAMES, np.float32),
    )
    found = Detections(
        pts=pts[looked],
        xyxy=np.tile(np.array(BOX, np.float32), (looked.size, 1)),
        confidence=np.full(looked.size, confidence, np.float32),
        scores=np.tile(np.array(scores, np.float32), (looked.size, 1)),
        appearance=np.zeros((looked.size, 4), np.float32),
        portrait=np.full((looked.size, PORTRAIT_LENGTH), 9, np.uint8),
        origin=np.full(looked.size, DETECTED, np.int32),
        looked=pts[looked],
    )
    signals = Signals(
        pts=pts,
        thumbnail=np.zeros((FRAMES, 36, 64), np.uint8),
        histogram=np.zeros((FRAMES, 48), np.float32),
        motion=np.zeros((FRAMES, 4), np.float32),
    )
    shots = (Shot(0, 14), Shot(15, FRAMES - 1))
    tracks = Tracks(Timeline(pts, Fraction(1, 300)), (200, 100), shots, (track,))
    return Watched(tracks, signals, found, ("Aria", "Bea"), threshold=0.5)


def changed(run: Watched, frame: int, **columns: float) -> Watched:
    """The same, with other values of Aria's track in one frame."""
    track = run.tracks.people[0]
    new = {name: getattr(track, name).copy() for name in columns}
    for name, value in columns.items():
        new[name][frame] = value
    return replace(run, tracks=replace(run.tracks, people=(replace(track, **new),)))


def test_every_nth_frame_is_the_nearest_that_was_looked_at() -> None:
    assert watched().every(15).tolist() == [0, 15, 30]
    assert watched().every(10).tolist() == [0, 9, 21, 30]
    assert watched().every(1).tolist() == list(range(0, FRAMES, STEP))


def test_where_nothing_was_looked_at_nothing_is_taken() -> None:
    run = watched()
    blind = replace(run, detections=run.detections.take(np.arange(0)))
    none = replace(blind, detections=replace(blind.detections, looked=np.zeros(0, np.int64)))
    assert none.every(15).size == 0
    early = replace(blind, detections=replace(blind.detections, looked=np.zeros(1, np.int64)))
    assert early.every(10).tolist() == [0]


def test_frames_that_show_nobody_teach_nobody() -> None:
    run = changed(watched(), 6, state=State.FOLLOWED)
    assert 6 not in run.telling()
    assert run.telling(2).tolist() == run.telling().tolist()[::2]


def test_a_frame_is_there_with_its_boxes_and_its_shot() -> None:
    frames = watched().frames(np.array([3, 4, 15]), ARIA + 5)
    assert frames.shot.tolist() == [0, 0, 1]
    assert frames.frame.tolist() == [0, 2]  # frame 4 was filled: nobody saw her there
    assert frames.who.tolist() == [5, 5]
    np.testing.assert_array_equal(frames.xyxy, [BOX, BOX])
    assert (frames.portrait == 9).all()
    assert frames.doubt.tolist() == [0, 0]
    assert frames.disagreement.tolist() == [0, 0, 0]


def test_doubt_comes_from_identity_and_from_the_detector_and_from_a_rival() -> None:
    def doubt(run: Watched) -> float:
        return float(run.frames(np.array([3]), ARIA).doubt[0])

    assert doubt(changed(watched(), 3, identity=0.75)) == 0.5
    assert doubt(changed(watched(), 3, identity=0.2)) == 1
    assert doubt(watched(confidence=0.5)) == 1
    assert doubt(watched(confidence=0.75)) == 0.25
    assert doubt(watched(scores=(0.8, 0.4))) == 0.25
    assert doubt(watched(scores=(0.4, 0.8))) == 1


def test_missed_people_and_strays_are_disagreements() -> None:
    run = watched()
    missed = changed(changed(run, 3, state=State.FILLED), 3, reason=Reason.GAP)
    rows = np.flatnonzero(run.detections.pts != 30)
    missed = replace(missed, detections=run.detections.take(rows))
    assert missed.frames(np.array([3]), ARIA).disagreement.tolist() == [1]
    xyxy = run.detections.xyxy.copy()
    xyxy[1] = STRAY
    strayed = replace(run, detections=replace(run.detections, xyxy=xyxy))
    assert strayed.frames(np.array([3]), ARIA).disagreement.tolist() == [1]
    faint = replace(run.detections, xyxy=xyxy, confidence=np.full(len(xyxy), 0.4, np.float32))
    doubtful = replace(run, detections=faint)
    assert doubtful.frames(np.array([3]), ARIA).disagreement.tolist() == [0]


def test_where_nobody_is_every_nth_frame_teaches_nothing() -> None:
    run = watched()
    empty = replace(run, tracks=replace(run.tracks, people=()))
    assert empty.telling().size == 0
    frames = empty.frames(empty.every(15), ARIA[:0])
    assert (len(frames), frames.frame.size) == (3, 0)
    assert [lesson.teaches > 0 for lesson in rank_lessons(frames)] == [True, True, True]
    nothing = replace(empty, detections=run.detections.take(np.arange(0)))
    ranked = rank_lessons(nothing.frames(nothing.every(15), ARIA[:0]))
    assert [lesson.teaches for lesson in ranked] == [0, 0, 0]
    assert choose_lessons(nothing.frames(nothing.telling(), ARIA[:0]), 5) == []
