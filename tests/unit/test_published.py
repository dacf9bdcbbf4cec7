"""What is published must fit together, and what is worse is told in words."""

from dataclasses import replace

import pytest

from inyourarea.contracts.cards import card_of, judged_beside, read_card, why_incomparable, worse_by
from inyourarea.contracts.group import Group
from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.published import PublishedFile, check_publishable
from inyourarea.contracts.served import ServedVersion
from inyourarea.core.errors import ModelRejected
from published_models import PAIR, card
from tiny_model import INFO

BOTH = ("red", "green")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"mAP .97", "no JSON"),
        (b"[]", "no figures of the test shots"),
        (b'{"test": {"members": {}}}', "no figures of the test shots"),
        (b'{"test": {"members": {"red": 1}}}', "of 'red' must be numbers from 0 to 1"),
        (b'{"test": {"members": {"red": {"map50": 1, "map50_95": 97}}}}', "from 0 to 1"),
        (b'{"test": {"members": {"red": {"map50": true, "map50_95": 1}}}}', "from 0 to 1"),
        (b'{"test": {"members": {"red": {"map50": NaN, "map50_95": 1}}}}', "from 0 to 1"),
    ],
)
def test_a_card_without_figures_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ModelRejected, match=sentence):
        read_card(content)


def test_as_good_as_before_is_not_worse() -> None:
    assert worse_by(card(0.8, 0.8), card(0.8, 0.8), BOTH) == []
    assert worse_by(card(0.8, 0.8), card(0.78, 0.82), BOTH) == []
    assert worse_by(card(0.8, 0.8), card(0.797, 0.797), BOTH) == []


def test_what_is_worse_is_told_by_how_much() -> None:
    assert worse_by(card(0.8, 0.8), card(0.9, 0.7), BOTH) == [
        "mAP50-95 of green is 0.700 instead of 0.800 (0.100 less)"
    ]
    assert worse_by(card(0.8, 0.8), card(0.78, 0.8), BOTH) == [
        "mAP50-95 over all members is 0.790 instead of 0.800 (0.010 less)"
    ]


@pytest.mark.parametrize(
    ("told", "words"), [(None, ""), ([], ""), ({"words": 1}, ""), ({"words": "Right."}, "Right.")]
)
def test_a_card_may_tell_of_a_whole_run(told: object, words: str) -> None:
    assert card_of({**card().told, "whole_run": told}).whole_run == words


def test_a_new_member_is_no_loss_and_a_lost_one_is() -> None:
    alone = card_of({"test": {"members": {"red": {"map50": 0.95, "map50_95": 0.8}}}})
    assert worse_by(alone, card(), BOTH) == []
    assert worse_by(card(), alone, ("red",)) == ["it no longer knows green"]
    assert worse_by(card(), alone, BOTH) == ["nothing was measured of green"]


def test_only_figures_of_the_test_are_compared() -> None:
    chosen_by = card_of({**card(0.1, 0.1).told, "judged_on": "val"})
    assert (card().judged_on, chosen_by.judged_on) == ("test", "val")
    for before, after in [(card(), chosen_by), (chosen_by, card(0, 0)), (chosen_by, chosen_by)]:
        assert "only those of `test` are compared" in why_incomparable(before, after)
        assert worse_by(before, after, BOTH) == []
        assert worse_by(before, after, ("red",)) == ["it no longer knows green"]
    assert not why_incomparable(card(), card_of({**card().told, "judged_on": "test"}))


def test_only_figures_of_the_same_test_are_compared() -> None:
    easy, hard = (card_of({**card(red, red).told, "exam": f"{red}"}) for red in (0.9, 0.5))
    assert why_incomparable(easy, hard) == "their figures are not of the same test shots"
    assert worse_by(easy, hard, BOTH) == []
    again = card_of({**card(0.5, 0.5).told, "exam": "0.9"})
    for before in (easy, card(0.9, 0.9)):  # one of before an exam was told is taken at its word
        assert not why_incomparable(before, again)
        assert len(worse_by(before, again, BOTH)) == 3


def test_a_file_that_took_the_later_exam_too_is_compared_by_that() -> None:
    easy = card_of({**card(0.9, 0.9).told, "exam": "easy"})
    asked = {"sha256": "a" * 64, "members": {"red": {"map50": 0.6, "map50_95": 0.4}}}
    told = {**card(0.5, 0.5).told, "exam": "hard", "before": asked}
    alone = {"test": {"members": {"red": told["test"]["members"]["red"]}}}
    hard = card_of({**told, **alone})
    before = judged_beside(easy, "a" * 64, hard)
    assert not why_incomparable(before, hard)
    assert worse_by(before, hard, ("red",)) == ["it no longer knows green"]
    assert worse_by(before, hard, BOTH) == ["nothing was measured of green"]
    assert before.members["red"].map50_95 == 0.4
    assert judged_beside(easy, "b" * 64, hard) == easy  # another was used by then
    assert judged_beside(easy, "a" * 64, card()) == easy


@pytest.mark.parametrize(
    ("info", "group", "sentence"),
    [
        (replace(INFO, kind="faces"), PAIR, "only a group's is published"),
        (replace(INFO, name="../tiny"), replace(PAIR, model="../tiny"), "a server takes letters"),
        (replace(INFO, revision=0), PAIR, "a revision from 1"),
        (INFO, replace(PAIR, model="other"), "is of the model 'other', the file is 'tiny'"),
        (
            INFO,
            replace(PAIR, members=("green", "red")),
            "lists green, red, but .* knows red, green",
        ),
        (INFO, replace(PAIR, confidence=2.0), "must lie between 0 and 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    info: ModelInfo, group: Group, sentence: str
) -> None:
    file = PublishedFile(ServedVersion(info, "a" * 64), is_quantised=False)
    with pytest.raises(ModelRejected, match=sentence):
        check_publishable(file, group, card())


def test_a_card_of_others_is_refused_and_one_that_lacks_somebody_is_not() -> None:
    file = PublishedFile(ServedVersion(INFO, "a" * 64), is_quantised=False)
    figures = {"map50": 1, "map50_95": 1}
    check_publishable(file, PAIR, card_of({"test": {"members": {"red": figures}}}))
    with pytest.raises(ModelRejected, match="figures of blue, whom the group 'pair' does not"):
        check_publishable(file, PAIR, card_of({"test": {"members": {"blue": figures}}}))
