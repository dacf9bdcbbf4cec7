"""All leave at once where the picture was exchanged, and nowhere else."""

from fractions import Fraction

import numpy as np

from inyourarea.core.detections import Detections
from inyourarea.core.timeline import Timeline
from inyourarea.track.departures import departure_evidence

FRAMES = 120
TIMELINE = Timeline(np.arange(FRAMES, dtype=np.int64), Fraction(1, 30))


def told(*heads):
    """What heads tell that stand at x from one frame on up to another."""
    rows = sorted((frame, x) for x, first, end in heads for frame in range(first, end))
    frame, x = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    count = frame.size
    found = Detections(
        pts=frame,
        xyxy=np.stack([x, x * 0 + 300, x + 40, x * 0 + 350], axis=1).astype(np.float32),
        confidence=np.full(count, 0.8, dtype=np.float32),
        scores=np.zeros((count, 0), dtype=np.float32),
        appearance=np.zeros((count, 0), dtype=np.float32),
        portrait=np.zeros((count, 0), dtype=np.uint8),
        origin=np.full(count, -1, dtype=np.int32),
        looked=TIMELINE.pts,
    )
    return departure_evidence(found, TIMELINE, 0, 0.3)


def test_where_all_leave_and_others_come_the_picture_was_exchanged():
    before = [(x, 0, 60) for x in (100, 400, 700)]
    behind = [(x, 60, FRAMES) for x in (250, 550, 850)]
    nats = told(*before, *behind)
    assert nats[60] > 1
    assert (nats[20:40] < 0).all()
    assert (nats[80:100] < 0).all()


def test_a_dissolve_shows_both_for_a_while_and_is_told_all_the_same():
    before = [(x, 0, 64) for x in (100, 400, 700)]
    behind = [(x, 55, FRAMES) for x in (250, 550, 850)]
    assert told(*before, *behind)[60] > 1


def test_one_who_leaves_among_others_tells_that_it_is_one_picture():
    stay = [(x, 0, FRAMES) for x in (100, 400, 700)]
    assert (told(*stay, (900, 0, 60))[20:100] < 0).all()


def test_one_head_for_another_tells_less_than_three_for_three():
    three = [(x, 0, 60) for x in (100, 400, 700)] + [(x, 60, FRAMES) for x in (250, 550, 850)]
    alone = told((100, 0, 60), (850, 60, FRAMES))[60]
    assert 0 < alone < told(*three)[60]


def test_who_comes_onto_an_empty_stage_tells_nothing():
    assert told((100, 60, FRAMES), (400, 60, FRAMES))[60] == 0
    assert (told() == 0).all()
