"""Average precision, F1 and recall by height, on answers small enough to work out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from inyourarea.train.measure import (
    Answers,
    average_precision,
    f1,
    precision_and_recall,
    precision_table,
    recall_by_height,
)
from told import scores

FACE = (10.0, 10.0, 22.0, 22.0)
OTHER = (100.0, 10.0, 132.0, 42.0)
NOBODY = (200.0, 200.0, 212.0, 212.0)


def answers(
    truth: list[tuple[tuple[float, ...], int]],
    said: list[tuple[tuple[float, ...], int, float]],
    hidden: list[tuple[tuple[float, ...], int]] | None = None,
) -> Answers:
    doubtful = hidden or []
    return Answers(
        truth=np.asarray([box for box, _ in truth], np.float64).reshape(-1, 4),
        truth_class=np.asarray([kind for _, kind in truth], np.int64),
        doubtful=np.asarray([box for box, _ in doubtful], np.float64).reshape(-1, 4),
        doubtful_class=np.asarray([kind for _, kind in doubtful], np.int64),
        boxes=np.asarray([box for box, _, _ in said], np.float64).reshape(-1, 4),
        scores=scores([(kind, confidence) for _, kind, confidence in said], classes=3),
    )


def test_a_perfect_answer_has_precision_one_at_every_overlap() -> None:
    one = answers([(FACE, 0), (OTHER, 1)], [(FACE, 0, 0.9), (OTHER, 1, 0.8)])
    assert precision_table([one], ("a", "b")) == {"a": (1.0, 1.0), "b": (1.0, 1.0)}


def test_a_better_box_where_nobody_is_halves_the_precision() -> None:
    one = answers([(FACE, 0)], [(NOBODY, 0, 0.9), (FACE, 0, 0.8)])
    assert average_precision([one], 0, 0.5) == pytest.approx(0.5)


def test_a_worse_box_where_nobody_is_costs_nothing() -> None:
    one = answers([(FACE, 0)], [(NOBODY, 0, 0.3), (FACE, 0, 0.8)])
    assert average_precision([one], 0, 0.5) == pytest.approx(1.0)


def test_a_missed_face_bounds_the_precision_by_the_recall() -> None:
    one = answers([(FACE, 0), (OTHER, 0)], [(FACE, 0, 0.8)])
    assert average_precision([one], 0, 0.5) == pytest.approx(51 / 101)


def test_a_face_with_another_s_name_is_found_as_late_as_her_own_score_comes() -> None:
    asked = [(FACE, 0), (OTHER, 0)]
    one = answers(asked, [(OTHER, 0, 0.9), (FACE, 1, 0.6), (NOBODY, 0, 0.5), (FACE, 2, 0.3)])
    doubted = one.scores.copy()
    doubted[1, 0] = 0.4
    # Recall .5 at precision 1, and 1 at 2/3: the box on nobody comes before.
    assert average_precision([one], 0, 0.5) == pytest.approx(51 / 101)
    told = average_precision([replace(one, scores=doubted)], 0, 0.5)
    assert told == pytest.approx((51 + 50 * 2 / 3) / 101)
    # What is believed is one name a box.
    assert precision_and_recall([replace(one, scores=doubted)], 0, 0.3) == (0.5, 0.5)


def test_the_second_box_on_a_face_is_wrong() -> None:
    one = answers([(FACE, 0)], [(FACE, 0, 0.8), (FACE, 0, 0.9)])
    assert f1([one], 0.5) == pytest.approx(2 / 3)


def test_a_class_without_truth_has_no_precision() -> None:
    assert np.isnan(average_precision([answers([(FACE, 0)], [])], 1, 0.5))


def test_recall_tells_found_from_named() -> None:
    one = answers([(FACE, 0), (OTHER, 1)], [(FACE, 0, 0.9), (OTHER, 0, 0.9)])
    small, large = recall_by_height([one], (12.0, 32.0), 0.5)
    assert (small.faces, small.found, small.named) == (1, 1.0, 1.0)
    assert (large.faces, large.found, large.named) == (1, 1.0, 0.0)


def test_recall_leaves_out_boxes_below_the_confidence() -> None:
    one = answers([(FACE, 0)], [(FACE, 0, 0.4)])
    assert recall_by_height([one], (12.0,), 0.5)[0].found == 0.0


def test_a_box_on_somebody_hidden_is_neither_right_nor_wrong() -> None:
    excused = answers([(FACE, 0)], [(OTHER, 0, 0.9), (FACE, 0, 0.8)], hidden=[(OTHER, 0)])
    assert average_precision([excused], 0, 0.5) == pytest.approx(1.0)
    assert f1([excused], 0.5) == pytest.approx(1.0)
    mistaken = answers([(FACE, 0)], [(OTHER, 0, 0.9), (FACE, 0, 0.8)], hidden=[(OTHER, 1)])
    assert average_precision([mistaken], 0, 0.5) == pytest.approx(0.5)
