from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inyourarea.core.boxes import paired_iou
from inyourarea.core.detections import Detections
from inyourarea.core.errors import PinRejected
from inyourarea.core.pins import Pin
from inyourarea.core.tracks import State
from inyourarea.track import looks, people
from inyourarea.track.solve import Question, solve_tracks
from rehearsal import Eyes, detect, mark, rehearse

GOOD_EYES = Eyes()


@pytest.fixture(scope="module")
def show():
    return rehearse(seed=2, seconds=12, shot_s=4)


def by_class(truth, eyes=GOOD_EYES, seed=0, pins=()):
    found = detect(truth, seed, eyes)
    return Question(found, truth.shots, truth.timeline, truth.size, truth.names, 0.25, pins=pins)


def by_looks(truth, people, seed=0, pins=()):
    found = detect(truth, seed, Eyes(misses=0.1, jitter=0.05), classes=0)
    return Question(found, truth.shots, truth.timeline, truth.size, people=people, pins=pins)


def test_every_member_is_found_in_spite_of_the_wall_and_the_dancers(show):
    for name, marks in mark(solve_tracks(by_class(show)), show).items():
        assert marks.correct >= 0.97, name
        assert marks.wrong <= 0.01, name


def test_the_same_question_has_the_same_answer(show):
    one, two = (solve_tracks(by_class(show)) for _ in range(2))
    for a, b in zip(one.people, two.people, strict=True):
        assert np.array_equal(a.xyxy, b.xyxy, equal_nan=True)
        assert np.array_equal(a.state, b.state)
        assert np.array_equal(a.identity, b.identity)


def test_an_observed_box_is_a_detection(show):
    question = by_class(show)
    for track in solve_tracks(question).people:
        at = np.flatnonzero(track.state == State.OBSERVED)
        rows = {
            (int(pts), *box.tolist())
            for pts, box in zip(question.detections.pts, question.detections.xyxy, strict=True)
        }
        assert all((int(show.timeline.pts[f]), *track.xyxy[f].tolist()) in rows for f in at)


def test_people_are_told_apart_by_their_looks_alone(show):
    everybody = int(show.who.max()) + 1
    tracks = solve_tracks(by_looks(show, everybody))
    assert len({track.person for track in tracks.people}) == len(tracks.people)
    for name, marks in mark(tracks, show).items():
        assert marks.correct >= 0.9, name


def test_the_number_of_people_is_found():
    truth = rehearse(seed=4, members=3, dancers=0, seconds=8, wall=False)
    tracks = solve_tracks(by_looks(truth, 0))
    assert [track.name for track in tracks.people] == ["person-1", "person-2", "person-3"]


@pytest.mark.parametrize(("every", "people"), [(9, 3), (12, 2)])
def test_whose_looks_are_hardly_ever_believed_is_nobody(every, people):
    truth = rehearse(seed=4, members=3, dancers=0, seconds=8, wall=False)
    question = by_looks(truth, 0)
    found = question.detections
    where = {int(truth.timeline.pts[f]): truth.xyxy[truth.frame == f][-1] for f in truth.frame}
    last = np.array([where[pts] for pts in found.pts.tolist()])
    looks = np.flatnonzero(paired_iou(found.xyxy, last) > 0.4)
    confidence = found.confidence.copy()
    confidence[looks] = 0.15
    confidence[looks[::every]] = 0.6
    doubtful = replace(question, detections=replace(found, confidence=confidence))
    assert len(solve_tracks(doubtful).people) == people


def test_in_a_long_video_the_number_of_people_is_found_among_some_of_the_tracklets(monkeypatch):
    truth = rehearse(seed=4, members=3, dancers=0, seconds=12, shot_s=3, wall=False)
    whole = solve_tracks(by_looks(truth, 0))
    monkeypatch.setattr(looks, "BLOCK", 3)
    same = solve_tracks(by_looks(truth, 0))
    assert [track.xyxy.tobytes() for track in same.people] == [
        track.xyxy.tobytes() for track in whole.people
    ]
    monkeypatch.setattr(people, "MOST_COMPARED", 8)
    few = solve_tracks(by_looks(truth, 0))
    assert len(few.people) == 3
    marks = mark(few, truth)
    assert min(one.correct for one in marks.values()) >= 0.9


def face_of(truth, person, frame):
    row = np.flatnonzero((truth.frame == frame) & (truth.who == person) & (truth.role == 0))[0]
    return truth.xyxy[row]


def pin_on(truth, person, frame, name, **more):
    box = face_of(truth, person, frame)
    x, y = (box[:2] + box[2:]) / 2
    return Pin(Fraction(frame, 30), None, float(x), float(y), None, None, name, **more)


def name_at(tracks, box, frame):
    for track in tracks.people:
        if track.has_box[frame] and abs(track.xyxy[frame, 0] - box[0]) < 10:
            return track.name
    return None


def seen_frame(truth, person):
    mine = (truth.who == person) & (truth.role == 0) & (truth.face_visible > 0.9)
    return int(truth.frame[mine][5])


def test_a_pin_names_a_person(show):
    everybody, frame = int(show.who.max()) + 1, seen_frame(show, 1)
    pins = (pin_on(show, 1, frame, "Lisa"),)
    tracks = solve_tracks(by_looks(show, everybody, pins=pins))
    assert name_at(tracks, face_of(show, 1, frame), frame) == "Lisa"
    lisa = [track for track in tracks.people if track.name == "Lisa"]
    assert len(lisa) == 1
    assert (lisa[0].state == State.OBSERVED).sum() > 200


def test_a_pin_is_believed_against_the_scores(show):
    frame = seen_frame(show, 1)
    box = face_of(show, 1, frame)
    for name, expected in (("member-3", "member-3"), ("nobody", None)):
        pins = (pin_on(show, 1, frame, name),)
        tracks = solve_tracks(by_class(show, pins=pins))
        assert name_at(tracks, box, frame) == expected
    pins = (pin_on(show, 1, frame, "member-1", is_denial=True),)
    assert name_at(solve_tracks(by_class(show, pins=pins)), box, frame) != "member-1"


@pytest.mark.parametrize("said", ["nobody", "member-3"])
def test_what_is_said_not_to_be_her_is_not_filled_in_again(show, said):
    first = seen_frame(show, 1)
    last = first + 9  # so short that it would be filled
    named = {first - 1: "member-1", first: said, last + 1: "member-1"}
    pins = tuple(pin_on(show, 1, frame, name) for frame, name in named.items())
    tracks = solve_tracks(by_class(show, pins=pins))
    her = next(track for track in tracks.people if track.name == "member-1")
    assert (her.state[first : last + 1] == State.OPEN).all()
    assert her.has_box[[first - 1, last + 1]].all()


def test_a_pin_that_hits_nobody_is_refused_and_says_who_is_there(show):
    pin = Pin(Fraction(1), None, 1900, 1070, None, None, "member-1")
    with pytest.raises(PinRejected, match="faces then are at"):
        solve_tracks(by_class(show, pins=(pin,)))


def test_a_pin_for_an_unknown_member_lists_the_known_ones(show):
    pins = (pin_on(show, 1, seen_frame(show, 1), "Zoe"),)
    with pytest.raises(PinRejected, match="member-0, member-1"):
        solve_tracks(by_class(show, pins=pins))


def test_pins_that_contradict_each_other_are_refused(show):
    frame = seen_frame(show, 1)
    pins = (pin_on(show, 1, frame, "member-1"), pin_on(show, 1, frame, "member-2"))
    with pytest.raises(PinRejected, match="keep one"):
        solve_tracks(by_class(show, pins=pins))


def test_a_box_given_with_a_pin_counts_as_a_detection(show):
    frame = 7
    pin = Pin(Fraction(frame, 30), None, 1700, 900, 40, 50, "member-2")
    tracks = solve_tracks(by_class(show, pins=(pin,)))
    track = next(track for track in tracks.people if track.name == "member-2")
    assert track.state[frame] == State.OBSERVED
    assert track.xyxy[frame].tolist() == [1700, 900, 1740, 950]


def test_a_face_that_two_pins_box_is_one_person(show):
    boxes = [Pin(Fraction(7, 30), None, 1700 + x, 900, 40, 50, "Lisa") for x in (0, 2)]
    frame = int(show.frame[(show.who == 1) & (show.role == 0) & (show.face_visible > 0.9)][-5])
    pins = (*boxes, pin_on(show, 1, frame, "Lisa"))
    tracks = solve_tracks(by_looks(show, int(show.who.max()) + 1, pins=pins))
    lisa = next(track for track in tracks.people if track.name == "Lisa")
    assert lisa.xyxy[7].tolist() == [1700, 900, 1740, 950]


def test_a_box_outside_of_the_picture_leaves_nobody_out(show):
    pin = Pin(Fraction(7, 30), None, 5000, 200, 60, 70, "member-1")
    with pytest.raises(PinRejected, match="outside of the picture of 1920x1080"):
        solve_tracks(by_class(show, pins=(pin,)))


@pytest.mark.parametrize("ask", [by_class, lambda show, **pins: by_looks(show, 6, **pins)])
def test_what_is_pinned_until_then_is_so_until_then(show, ask):
    her = max(solve_tracks(ask(show)).people, key=lambda track: track.has_box.sum())
    seen = np.flatnonzero(her.state == State.OBSERVED)
    first, end = int(seen[30]), 330  # over two cuts
    x, y = (her.xyxy[first, :2] + her.xyxy[first, 2:]) / 2
    pin = Pin(Fraction(first, 30), Fraction(end, 30), float(x), float(y), None, None, "nobody")
    there = np.zeros(her.state.size, dtype=bool)
    for track in solve_tracks(ask(show, pins=(pin,))).people:
        there |= paired_iou(track.xyxy, her.xyxy) > 0.5
    assert not there[seen[(seen >= first) & (seen < end)]].any()
    assert there[seen[(seen < first) | (seen >= end)]].all()


def test_whom_nobody_is_pinned_to_can_not_be_denied(show):
    pins = (pin_on(show, 1, seen_frame(show, 1), "person-2", is_denial=True),)
    with pytest.raises(PinRejected, match="says who is not 'person-2', but none says who is"):
        solve_tracks(by_looks(show, 6, pins=pins))


def test_followed_boxes_take_the_identity_of_their_origin(show):
    question = by_class(show, Eyes(misses=0, confused=0, false_per_frame=0))
    found = question.detections
    row = int(np.flatnonzero(found.scores[:, 2] > 0.5)[10])
    frame = int(np.searchsorted(show.timeline.pts, found.pts[row]))
    gone = (found.pts > found.pts[row]) & (found.pts <= found.pts[row] + 5)
    gone &= np.abs(found.xyxy[:, 0] - found.xyxy[row, 0]) < 40
    rest = found.take(~gone)
    origin = int(
        np.flatnonzero((rest.pts == found.pts[row]) & (rest.xyxy == found.xyxy[row]).all(1))[0]
    )
    added = 3
    more = Detections(
        np.concatenate([rest.pts, found.pts[row] + 1 + np.arange(added)]),
        np.concatenate([rest.xyxy, np.tile(rest.xyxy[origin], (added, 1))]),
        np.concatenate([rest.confidence, np.full(added, 0.6, np.float32)]),
        np.concatenate([rest.scores, np.zeros((added, rest.scores.shape[1]), np.float32)]),
        np.concatenate([rest.appearance, np.tile(rest.appearance[origin], (added, 1))]),
        np.concatenate([rest.portrait, np.tile(rest.portrait[origin], (added, 1))]),
        np.concatenate([rest.origin, np.full(added, origin, np.int32)]),
        rest.looked,
    )
    order = np.argsort(more.pts, kind="stable")
    place = np.argsort(order, kind="stable").astype(np.int32)
    moved = more.take(order)
    assert (moved.origin[moved.origin >= 0] == place[origin]).all()
    tracks = solve_tracks(replace(question, detections=moved))
    track = next(track for track in tracks.people if track.name == "member-2")
    assert (track.state[frame + 1 : frame + 4] == State.FOLLOWED).all()


def test_a_video_in_which_nobody_is_seen_has_no_people(show):
    nothing = detect(show).take(np.zeros(0, dtype=int))
    for classes in (show.names, ()):
        question = Question(nothing, show.shots, show.timeline, show.size, classes)
        assert solve_tracks(question).people == ()


def test_one_frame_is_a_video():
    truth = rehearse(seed=2, members=3, dancers=0, seconds=1 / 30, wall=False)
    found = detect(truth, 0, Eyes(misses=0, false_per_frame=0, confused=0))
    tracks = solve_tracks(Question(found, truth.shots, truth.timeline, truth.size, truth.names))
    facing = {truth.names[who] for who in truth.who[truth.face_visible > 0.7]}
    assert {track.name for track in tracks.people} == facing


def test_smoothing_does_something(show):
    question = by_class(show)
    plain, smooth = solve_tracks(question), solve_tracks(replace(question, smooth=5))
    rough = np.nanmedian(np.abs(np.diff(plain.people[0].xyxy[:, 0], 2)))
    assert np.nanmedian(np.abs(np.diff(smooth.people[0].xyxy[:, 0], 2))) < 0.7 * rough


def test_sureness_is_low_where_two_members_score_the_same():
    truth = rehearse(seed=5, members=2, dancers=0, seconds=4, wall=False)
    question = by_class(truth, Eyes(confused=0, false_per_frame=0, look_alikes=None))
    scores = question.detections.scores.copy()
    scores[:] = scores.max(axis=1, keepdims=True)
    unsure = replace(question, detections=replace(question.detections, scores=scores))
    sure = solve_tracks(question).people[0].identity
    assert np.median(sure[sure > 0]) > 0.95
    assert np.median(solve_tracks(unsure).people[0].identity) < 0.7


def test_members_whose_scores_say_nothing_in_a_shot_are_told_by_their_looks(show):
    question = by_class(show, Eyes(confused=0.0, look_alikes=None))
    found, scores = question.detections, question.detections.scores.copy()
    last = np.flatnonzero(found.pts >= show.shots[-1].first_frame)
    either = last[np.isin(scores[last].argmax(axis=1), (2, 3))]
    scores[either, 2] = scores[either, 3] = 0.45
    unclear = replace(question, detections=replace(found, scores=scores))
    marks = mark(solve_tracks(unclear), show)
    assert min(marks[name].correct for name in ("member-2", "member-3")) >= 0.97
