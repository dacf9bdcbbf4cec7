"""The original method, rebuilt for the exam, has the faults it is there for."""

import importlib.util
from fractions import Fraction
from pathlib import Path

import numpy as np

from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State

FILE = Path(__file__).resolve().parents[3] / "benchmarks" / "original.py"
TIMELINE = Timeline(np.arange(10, dtype=np.int64) * 1001, Fraction(1, 30000))


def original_tracks(rows, threshold=0.4):
    """Tracks of classes a and b from rows (frame, left, score of a, score of b)."""
    spec = importlib.util.spec_from_file_location("original", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table = np.array(rows, dtype=np.float32).reshape(-1, 4)
    left = table[:, 1]
    detections = Detections(
        pts=TIMELINE.pts[table[:, 0].astype(int)],
        xyxy=np.stack([left, left * 0, left + 10, left * 0 + 10], axis=1),
        confidence=table[:, 2:].max(axis=1, initial=0),
        scores=table[:, 2:],
        appearance=np.zeros((len(table), 0), dtype=np.float32),
        portrait=np.zeros((len(table), 0), dtype=np.uint8),
        origin=np.full(len(table), DETECTED, dtype=np.int32),
        looked=TIMELINE.pts,
    )
    return original_tracks_of(module, detections, threshold)


def original_tracks_of(module, detections, threshold):
    return module.original_tracks(detections, ("a", "b"), threshold, TIMELINE, (100, 100)).people


def test_the_highest_score_of_a_frame_counts_and_of_equal_ones_the_last_row():
    ours, _ = original_tracks([(0, 5, 0.6, 0), (0, 50, 0.9, 0), (1, 7, 0.5, 0), (1, 8, 0.5, 0)])
    assert ours.xyxy[:2, 0].tolist() == [50, 8]
    assert ours.confidence[0] == np.float32(0.9)


def test_every_gap_is_a_straight_line_however_long():
    ours, _ = original_tracks([(1, 10, 0.9, 0), (9, 90, 0.9, 0)])
    assert ours.xyxy[1:, 0].tolist() == list(range(10, 100, 10))
    assert ours.state.tolist() == [State.OPEN, 0, *[State.FILLED] * 7, 0]


def test_a_box_is_its_best_class_alone_and_only_above_the_threshold():
    ours, other = original_tracks([(0, 5, 0.5, 0.6), (1, 5, 0.39, 0.1)])
    assert (ours.state == State.ABSENT).all()
    assert np.flatnonzero(other.has_box).tolist() == [0]


def test_nothing_seen_is_nobody():
    assert not any(track.has_box.any() for track in original_tracks([]))
