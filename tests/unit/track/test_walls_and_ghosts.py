"""What is no person on the floor: pictures on a wall, the audience, ghosts of another shot."""

from dataclasses import replace

import numpy as np
import pytest

from inyourarea.core.shots import Shot
from inyourarea.track import screens
from inyourarea.track.evidence import cut_at_changes
from inyourarea.track.ghosts import presence_evidence
from inyourarea.track.screens import live_evidence
from inyourarea.track.tracklets import Sightings, tracklets_from_labels, without_doubles
from rehearsal import most_memory

FPS = 30


def faces(rows, shots=(0,)):
    """Sightings of (frame, x, y, height, class, score), and the tracklets by (class, height)."""
    rows = sorted(rows)
    table = np.array(rows, dtype=float)
    frame, height = table[:, 0].astype(np.int32), table[:, 3]
    scores = np.zeros((len(rows), 3))
    scores[np.arange(len(rows)), table[:, 4].astype(int)] = table[:, 5]
    half = np.stack([0.4 * height, 0.5 * height], axis=1)
    return Sightings(
        row=np.arange(frame.size, dtype=np.int32),
        frame=frame,
        shot=np.searchsorted(shots, frame, side="right").astype(np.int32) - 1,
        seconds=frame / FPS,
        xyxy=np.concatenate([table[:, 1:3] - half, table[:, 1:3] + half], axis=1),
        confidence=scores.max(axis=1),
        scores=scores,
        appearance=np.zeros((frame.size, 0)),
        portrait=np.zeros((frame.size, 0), np.uint8),
    )


def standing(first, last, *face):
    return [(frame, *face) for frame in range(first, last)]


FLOOR = [*standing(0, 60, 700, 600, 26, 0, 0.9), *standing(0, 60, 900, 640, 30, 1, 0.9)]


def evidence_of(sightings, label):
    tracklets = tracklets_from_labels(np.asarray(label, dtype=np.int32))
    return live_evidence(sightings, tracklets), tracklets


def test_a_wall_s_faces_are_nobody_and_the_floor_s_are_somebody():
    sightings = faces([*FLOOR, *standing(0, 60, 800, 240, 90, 0, 0.95)])
    side = np.round(sightings.xyxy[:, 3] - sightings.xyxy[:, 1]).astype(int)
    nats, tracklets = evidence_of(sightings, np.searchsorted([26, 30, 90], side))
    wall = side[tracklets.start] == 90
    assert (nats[wall] < -10).all()
    assert (nats[~wall] == 0).all()


def test_faint_faces_in_the_audience_do_not_move_the_floor():
    crowd = [
        row
        for place in range(8)
        for row in standing(0, 60, 300 + 150 * place, 1045, 29 + place % 2, 2, 0.3)
    ]
    wall = standing(0, 60, 800, 240, 90, 0, 0.95)
    sightings = faces([*FLOOR, *wall, *crowd])
    number = {
        key: n for n, key in enumerate(sorted({key_of(sightings, i) for i in every(sightings)}))
    }
    label = [number[key_of(sightings, i)] for i in every(sightings)]
    nats, tracklets = evidence_of(sightings, label)
    on_floor = (sightings.scores[tracklets.start, 2] == 0) & (sightings.side[tracklets.start] < 60)
    assert on_floor.sum() == 2
    assert (nats[on_floor] == 0).all()


def tracklets_of(spans):
    """Sightings of (first frame, frames to the last, y, height, class), and the tracklet of each.

    A tracklet is seen at its first frame, at its last and between.
    """
    rows = [
        (first + part * more // 2, 100 * n, y, height, person, 0.9, n)
        for n, (first, more, y, height, person) in enumerate(spans)
        for part in range(3)
    ]
    return faces([row[:6] for row in rows]), [row[6] for row in sorted(rows)]


@pytest.mark.parametrize("seed", range(20))
def test_compared_block_by_block_walls_are_the_same_as_all_at_once(seed, monkeypatch):
    spans = np.random.default_rng(seed).integers((0, 20, 200, 25, 0), (60, 60, 700, 95, 3), (20, 5))
    scene = tracklets_of(spans.tolist())
    whole, _ = evidence_of(*scene)
    monkeypatch.setattr(screens, "BLOCK", 3)
    monkeypatch.setattr(screens, "LINES", 16)
    assert evidence_of(*scene)[0].tobytes() == whole.tobytes()


def test_memory_for_walls_grows_as_a_shot_does_and_not_with_its_square():
    def peak(tracklets):
        turns = [divmod(number, 8) for number in range(tracklets)]
        scene = tracklets_of([(45 * turn + place, 40, 600, 30, place % 3) for turn, place in turns])
        return most_memory(evidence_of, *scene)

    assert peak(4000) < 5 * peak(1000)


def every(sightings):
    return range(len(sightings))


def key_of(sightings, row):
    return (*sightings.place[row].round(), sightings.scores[row].argmax())


SHOTS = (Shot(0, 29), Shot(30, 59, "dissolve"))


def test_a_ghost_of_the_old_picture_is_nobody_in_the_new_shot():
    sightings = faces([*standing(0, 34, 700, 600, 26, 0, 0.9)], shots=(0, 30))
    tracklets = tracklets_from_labels(sightings.shot)
    nats = presence_evidence(sightings, tracklets, sightings.xyxy, SHOTS)
    assert nats[0] == 0
    assert nats[1] < -10


def test_a_head_that_jumps_from_a_wall_s_ghost_to_the_floor_is_two():
    ghost, live = standing(0, 6, 848, 173, 110, 0, 0.9), standing(9, 40, 990, 394, 110, 0, 0.9)
    sightings = faces([*ghost, *live])
    one = tracklets_from_labels(np.zeros(len(sightings), dtype=np.int32))
    two = cut_at_changes(sightings, one, 0.3)
    assert np.diff(two.bounds).tolist() == [len(ghost), len(live)]


def test_a_lone_weak_box_where_a_ghost_was_makes_it_no_person():
    ghost = [*standing(0, 34, 700, 600, 26, 0, 0.9), (58, 700, 600, 26, 1, 0.05)]
    sightings = faces(ghost, shots=(0, 30))
    tracklets = tracklets_from_labels(np.where(sightings.frame < 58, sightings.shot, -1))
    assert presence_evidence(sightings, tracklets, sightings.xyxy, SHOTS)[1] < -10


def test_somebody_who_stays_in_the_new_shot_is_no_ghost_however_her_tracklets_are_cut():
    sightings = faces([*standing(27, 60, 700, 600, 26, 0, 0.9)], shots=(0, 30))
    pieces = np.where(sightings.frame < 30, 0, 1 + (sightings.frame - 30) // 2)
    tracklets = tracklets_from_labels(pieces.astype(np.int32))
    nats = presence_evidence(sightings, tracklets, sightings.xyxy, SHOTS)
    assert nats[0] < -10
    assert (nats[1:] == 0).all()


def test_of_two_boxes_of_one_class_on_one_head_the_surer_one_is_left():
    pair = faces([(0, 700, 600, 30, 0, 0.9), (0, 712, 600, 30, 0, 0.6)])
    assert without_doubles(pair, 0.4).confidence.tolist() == [0.9]
    others = replace(pair, scores=np.array([[0.9, 0, 0], [0, 0.6, 0]]))
    assert len(without_doubles(others, 0.4)) == 2
