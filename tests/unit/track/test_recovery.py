import numpy as np

from inyourarea.track.recovery import recover, unclaimed
from inyourarea.track.tracklets import Sightings, tracklets_from_labels

FPS = 30


def seen(rows):
    """Sightings (frame, x, scores) of faces 30 px wide, in one shot."""
    frame = np.array([row[0] for row in rows], dtype=np.int32)
    x = np.array([row[1] for row in rows], dtype=float)
    scores = np.array([row[2] for row in rows], dtype=float)
    return Sightings(
        row=np.arange(frame.size, dtype=np.int32),
        frame=frame,
        shot=np.zeros(frame.size, dtype=np.int32),
        seconds=frame / FPS,
        xyxy=np.stack([x, np.full(x.size, 50.0), x + 30, np.full(x.size, 90.0)], axis=1),
        confidence=scores.max(axis=1),
        scores=scores,
        appearance=np.zeros((frame.size, 0)),
        portrait=np.zeros((frame.size, 0), np.uint8),
    )


def given(sightings, person):
    person = np.array(person, dtype=np.int32)
    return recover(sightings, person, person < 0).tolist()


def test_weak_boxes_that_lead_to_where_somebody_is_found_are_hers():
    sightings = seen([(0, 100, (0.3, 0.0)), (1, 102, (0.4, 0.0)), (2, 104, (0.9, 0.0))])
    assert given(sightings, [-1, -1, 0]) == [0, 0, 0]


def test_weak_boxes_behind_the_last_sighting_are_hers():
    sightings = seen([(0, 100, (0.9, 0.0)), (1, 101, (0.4, 0.0)), (2, 102, (0.3, 0.0))])
    assert given(sightings, [0, -1, -1]) == [0, 0, 0]


def test_a_moment_in_which_she_is_taken_for_another_is_bridged():
    confused = [(frame, 100, (0.1, 0.5)) for frame in range(1, 5)]
    rows = [(0, 100, (0.9, 0.0)), *confused, (5, 100, (0.8, 0.0)), (6, 100, (0.8, 0.0))]
    assert given(seen(rows), [0, -1, -1, -1, -1, -1, -1])[5:] == [0, 0]


def test_what_scores_for_another_member_stays_nobodys():
    sightings = seen([(0, 100, (0.9, 0.0)), (1, 101, (0.0, 0.4)), (2, 102, (0.0, 0.4))])
    assert given(sightings, [0, -1, -1]) == [0, -1, -1]


def test_a_box_far_off_or_long_after_stays_nobodys():
    sightings = seen([(0, 100, (0.9, 0.0)), (1, 400, (0.4, 0.0)), (40, 101, (0.4, 0.0))])
    assert given(sightings, [0, -1, -1]) == [0, -1, -1]


def test_nobody_gets_a_second_box_in_a_frame():
    sightings = seen([(0, 100, (0.9, 0.0)), (1, 101, (0.4, 0.0)), (1, 103, (0.4, 0.0))])
    assert sorted(given(sightings, [0, -1, -1])) == [-1, 0, 0]


def test_a_box_between_two_people_goes_to_the_likelier_one():
    rows = [(0, 100, (0.9, 0.0)), (0, 140, (0.0, 0.9)), (1, 128, (0.1, 0.4))]
    assert given(seen(rows), [0, 1, -1]) == [0, 1, 1]


def test_a_long_tracklet_that_is_nobody_is_not_given_away_piece_by_piece():
    rows = [(frame, 100, (0.4, 0.0)) for frame in range(20)] + [(20, 100, (0.4, 0.0))]
    sightings = seen(rows)
    tracklets = tracklets_from_labels(np.array([0] * 20 + [-1], dtype=np.int32))
    nobody, live = np.array([-1], dtype=np.int32), np.zeros(1)
    assert unclaimed(sightings, tracklets, nobody, live).tolist() == [False] * 20 + [True]
