import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inyourarea.track import assignment
from inyourarea.track.assignment import (
    ENTRY,
    ENTRY_AT_CUT,
    EXIT,
    MUST,
    NEAR_CUT_S,
    NOBODY,
    Casting,
    cast,
)
from inyourarea.track.links import LONGEST_LINK_S, Links


def casting(gain, spans, links=(), shot=None):
    first, last = np.array(spans, dtype=np.int32).reshape(-1, 2).T
    a, b, cost = (np.array(column) for column in zip(*links, strict=True)) if links else [()] * 3
    return Casting(
        gain=np.array(gain, dtype=float),
        first=first,
        last=last,
        seconds=np.stack([first, last], axis=1) / 30,
        shot=np.zeros(first.size, np.int32) if shot is None else np.array(shot, dtype=np.int32),
        links=Links(np.array(a, np.int32), np.array(b, np.int32), np.array(cost, float)),
    )


def test_a_member_is_only_once_in_a_frame():
    who = cast(casting([[5.0, 1.0], [4.0, 3.0]], [(0, 9), (5, 15)]))
    assert who.tolist() == [0, 1]


def test_the_best_answer_of_all_is_taken_and_not_the_best_first():
    # Taking 5 first leaves 1: six; the other way gives 4 + 4.
    who = cast(casting([[5.0, 4.0], [4.0, 1.0]], [(0, 9), (0, 9)]))
    assert who.tolist() == [1, 0]


def test_weak_evidence_is_nobody():
    assert cast(casting([[0.4, -3.0]], [(0, 9)])).tolist() == [NOBODY]


def test_a_jump_to_another_place_costs_more_than_a_little_evidence():
    # The wall (1) looks like the member while she (0, 2) is turned away.
    spans, jumps = [(0, 9), (11, 20), (22, 30)], [(0, 2, 1.0), (0, 1, 7.0), (1, 2, 7.0)]
    who = cast(casting([[8.0], [9.0], [8.0]], spans, jumps))
    assert who.tolist() == [0, NOBODY, 0]
    assert cast(casting([[8.0], [20.0], [8.0]], spans, jumps)).tolist() == [0, 0, 0]


def test_a_link_carries_a_doubtful_tracklet_along():
    spans = [(0, 9), (10, 12), (13, 30)]
    gain = [[9.0, 0.0], [1.0, 1.5], [9.0, 0.0]]
    near = [(0, 1, 0.1), (1, 2, 0.1), (0, 2, 3.0)]
    assert cast(casting(gain, spans, near)).tolist() == [0, 0, 0]


def test_whoever_is_gone_for_good_pays_for_it_whatever_hopeless_box_comes_later():
    bystander = [-np.inf, 9.0], (0, 600)
    weak, hopeless = ([2.0, -np.inf], (5, 40)), ([-1.9, -np.inf], (300, 310))
    for people in ([bystander, weak], [bystander, weak, hopeless]):
        gain, spans = zip(*people, strict=True)
        assert cast(casting(gain, spans)).tolist() == [1, NOBODY, NOBODY][: len(people)]


def test_what_must_be_is():
    gain = [[MUST, -np.inf], [12.0, 3.0]]
    assert cast(casting(gain, [(0, 9), (3, 20)])).tolist() == [0, 1]


def test_shots_are_decided_apart():
    who = cast(casting([[5.0], [5.0]], [(0, 9), (10, 19)], shot=[0, 1]))
    assert who.tolist() == [0, 0]


@settings(max_examples=25, deadline=None)
@example(4052)  # one begins just as long after another as a link may be
@given(st.integers(0, 10_000))
def test_no_answer_breaks_the_rules_and_none_by_hand_is_better(seed):
    rng = np.random.default_rng(seed)
    first = np.sort(rng.integers(0, 300, 6))  # ten seconds: whoever is lost may come back
    spans = np.stack([first, first + rng.integers(0, 60, 6)], axis=1)
    gain = rng.normal(2, 4, (6, 2))
    question = casting(gain, spans)
    who = cast(question)
    assert (
        _value(question, who)
        >= max(_value(question, np.array(answer)) for answer in np.ndindex(*[3] * 6)) - 1e-6
    )


def _value(question, who):
    """The worth of an answer (2 is nobody), -inf where it breaks a rule; there are no links."""
    total = 0.0
    begin, end = question.seconds.T
    for member in (0, 1):
        mine = np.flatnonzero(who == member)
        if not mine.size:
            continue
        if (begin[mine[1:]] <= end[mine[:-1]] + LONGEST_LINK_S).any():
            return -np.inf
        total += question.gain[mine, member].sum() - ENTRY * (mine.size - 1)
        total -= ENTRY_AT_CUT if begin[mine[0]] <= begin.min() + NEAR_CUT_S else ENTRY
        total -= 0 if end[mine[-1]] >= end.max() - NEAR_CUT_S else EXIT
    return total


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
@pytest.mark.slow
def test_a_shot_that_is_solved_in_parts_is_legal_and_as_good_but_for_a_little(seed):
    rng = np.random.default_rng(seed)
    first = np.sort(rng.integers(0, 1500, 60))
    spans = np.stack([first, first + rng.integers(0, 60, 60)], axis=1)
    question = casting(rng.normal(2, 4, (60, 2)), spans)
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(assignment, "MOST_AT_ONCE", 24)
        smaller.setattr(assignment, "LOOK_AHEAD", 12)
        in_parts = cast(question)
    whole, value = _value(question, cast(question)), _value(question, in_parts)
    assert np.isfinite(value)
    assert value >= whole - 2 * max(ENTRY, EXIT)
