"""A training that is wanted becomes a version of the group's model; training itself is made up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.contracts.datasets import TEST, VAL
from inyourarea.contracts.trainings import (
    CANCELLED,
    DONE,
    FAILED,
    WORKING,
    TrainingState,
    TrainingWish,
)
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DatasetRejected, Refused
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.trainings import Trainings
from inyourarea.train.group_steps import Made
from inyourarea.train.handler import TrainHandler
from published_models import dim, write

WANTED = facts.TrainingWanted(dataset="tour", number=1)


class School:
    """A store with a training that is wanted of it, and whoever trains."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = FolderObjects(folder / "store")
        self.versions = ModelVersions(self.objects)
        self.trainings = Trainings(self.objects)
        self.made: list[str] = []
        self.reached = iter([0.8])
        self.judged_on = TEST
        self.more: dict[str, object] = {}
        self.before: bytes | None = None
        self.handler = TrainHandler(self.objects, lambda: self.versions, self._make)

    def _make(self, training: object, before: bytes | None) -> Made:
        """A model whose members reach the next of the figures."""
        self.before, reached = before, next(self.reached)
        self.made.append(f"{reached}")
        at = self.folder / str(len(self.made))
        write(at, dim(0.2 + len(self.made) / 100), red=reached, green=reached)
        card = at / "card.json"
        told = {**json.loads(card.read_text()), "judged_on": self.judged_on, **self.more}
        card.write_text(json.dumps(told))
        return Made(at / "model.onnx", at / "card.json", at / "pair.toml")

    def train(self, reached: float, **more: bool) -> TrainingState:
        """What is kept of a training that reaches so much."""
        self.reached: Iterator[float] = iter([reached])
        training, is_new = self.trainings.want("tour", TrainingWish("pair", **more), "kim")  # type: ignore[arg-type]
        assert is_new
        assert self.handler.on_training_wanted(training.fact) == []
        return self.trainings.state(training)

    def used(self) -> int:
        current = self.versions.current("pair")
        return current.number if current else 0


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def test_what_came_of_it_is_a_version_that_the_group_uses(school: School) -> None:
    state = school.train(0.8)
    assert (state.state, state.version, state.is_used, state.worse) == (DONE, 1, True, ())
    assert state.members == {"red": (0.95, 0.8), "green": (0.95, 0.8)}
    assert state.judged_on == "test"
    assert school.used() == 1
    assert school.versions.version("pair", 1).by == "kim"


def test_a_worse_one_is_kept_and_not_used_unless_it_is_forced(school: School) -> None:
    school.train(0.8)
    state = school.train(0.6)
    assert (state.version, state.is_used) == (2, False)
    assert "0.600 instead of 0.800" in state.worse[0]
    assert school.used() == 1
    state = school.train(0.5, is_forced=True)
    assert (state.version, state.is_used) == (3, True)
    assert school.used() == 3


def test_beside_a_model_of_which_nobody_knows_how_good_it_is_it_is_kept_and_not_used(
    school: School,
) -> None:
    state = school.train(0.8, has_model=True)
    assert (state.version, state.is_used) == (1, False)
    assert "can not be compared with the model pair that came with the site" in state.worse[0]
    assert school.used() == 0
    assert school.train(0.7, has_model=True, is_forced=True).is_used
    assert school.used() == 2
    # From now on there is a card to compare with.
    assert school.train(0.9, has_model=True).is_used
    assert not school.train(0.6, has_model=True).is_used


@pytest.mark.parametrize(("was", "now"), [(TEST, VAL), (VAL, TEST), (VAL, VAL)])
def test_where_nothing_can_be_compared_it_is_kept_and_not_used_unless_it_is_forced(
    school: School, was: str, now: str
) -> None:
    school.judged_on = was
    assert school.train(0.9).is_used
    school.judged_on = now
    state = school.train(0.95)
    assert (state.version, state.is_used, state.judged_on) == (2, False, now)
    assert f"their figures are of `{now}` and of `{was}`" in state.worse[0]
    assert school.used() == 1
    assert school.train(0.95, is_forced=True).is_used
    assert school.used() == 3


def test_beside_figures_of_other_test_shots_it_is_kept_and_not_used(school: School) -> None:
    school.more = {"exam": "of a bright video"}
    assert school.train(0.9).is_used
    school.more = {"exam": "of a dim one too"}
    state = school.train(0.8)
    assert not state.is_used
    assert state.worse == (
        "it can not be compared with version 1: their figures are not of the same test shots",
    )


@pytest.mark.parametrize(("was", "is_used"), [(0.7, True), (0.85, False)])
def test_what_is_used_takes_the_same_test_and_is_compared_by_that(
    school: School, was: float, is_used: bool
) -> None:
    school.more = {"exam": "of a bright video"}
    assert school.train(0.9).is_used
    used = school.versions.version("pair", 1).file.served.sha256
    reached = {name: {"map50": was, "map50_95": was} for name in ("red", "green")}
    school.more = {
        "exam": "of a dim one too",
        "before": {"sha256": used, "members": reached},
    }
    assert school.train(0.8).is_used == is_used
    assert school.before == school.versions.content(used)


def test_a_training_that_has_ended_is_not_done_again(school: School) -> None:
    before = school.train(0.8)
    school.handler.on_training_wanted(WANTED)
    assert school.made == ["0.8"]
    training = school.trainings.find("tour", 1)
    assert training
    assert school.trainings.state(training) == before


def test_one_stopped_before_it_was_told_gives_the_same_version(school: School) -> None:
    school.train(0.8)
    school.trainings.revive("tour", 1)
    school.made.clear()
    school.reached = iter([0.8])
    school.handler.on_training_wanted(WANTED)
    assert [one.number for one in school.versions.versions("pair")] == [1]
    training = school.trainings.find("tour", 1)
    assert training
    assert school.trainings.state(training).is_used


def test_a_dataset_that_is_gone_wants_nothing(school: School) -> None:
    assert school.handler.on_training_wanted(WANTED) == []
    assert school.made == []


def test_why_it_can_not_be_is_told_by_who_refuses(school: School) -> None:
    def refuse(*_: object) -> Made:
        raise DatasetRejected("The dataset has 0 labelled pictures.")

    handler = TrainHandler(school.objects, lambda: school.versions, refuse)
    school.trainings.want("tour", TrainingWish("pair"), "kim")
    with pytest.raises(Refused, match="0 labelled"):
        handler.on_training_wanted(WANTED)


def test_two_that_want_at_once_want_one(school: School) -> None:
    first, _ = school.trainings.want("tour", TrainingWish("pair"), "kim")
    again, is_new = Trainings(school.objects).want("tour", TrainingWish("other"), "lee")
    assert (again, is_new) == (first, False)
    assert [one for one, _ in school.trainings.under_way()] == [first]


def test_one_that_is_cancelled_before_it_begins_is_not_made(school: School) -> None:
    training, _ = school.trainings.want("tour", TrainingWish("pair"), "kim")
    state = school.trainings.cancel(training, "lee")
    assert (state.state, state.by) == (CANCELLED, "lee")
    assert school.handler.on_training_wanted(training.fact) == []
    assert school.made == []
    assert not list(school.trainings.under_way())


def test_one_that_is_cancelled_at_the_last_moment_publishes_nothing(school: School) -> None:
    training, _ = school.trainings.want("tour", TrainingWish("pair"), "kim")
    make = school._make

    def cancelled_meanwhile(asked: object, before: bytes | None) -> Made:
        made = make(asked, before)
        school.trainings.cancel(training, "lee")
        return made

    handler = TrainHandler(school.objects, lambda: school.versions, cancelled_meanwhile)
    assert handler.on_training_wanted(training.fact) == []
    assert school.versions.versions("pair") == []
    assert school.trainings.state(training).state == CANCELLED


def test_what_is_being_published_is_not_cancelled_and_ends_once(school: School) -> None:
    training, _ = school.trainings.want("tour", TrainingWish("pair"), "kim")
    trainings = school.trainings
    trainings.begin_publishing(training)
    trainings.begin_publishing(training)  # by another try
    assert trainings.cancel(training, "lee").state == WORKING
    trainings.tell(training, TrainingState(DONE, version=3))
    assert trainings.cancel(training, "lee").state == DONE
    trainings.tell(training, TrainingState(FAILED, failure="late"))
    trainings.tell(training, TrainingState(WORKING, step="learning", done=1, total=2))
    assert trainings.state(training).version == 3
    assert not list(trainings.under_way())


def test_one_that_was_broken_off_while_it_was_published_is_trained_and_published_anew(
    school: School,
) -> None:
    training, _ = school.trainings.want("tour", TrainingWish("pair"), "kim")
    school.trainings.begin_publishing(training)  # and then the power went
    make, seen = school._make, list[TrainingState]()

    def telling(asked: object, before: bytes | None) -> Made:
        school.trainings.tell(training, TrainingState(WORKING, step="learning", done=1, total=2))
        seen.append(school.trainings.state(training))
        return make(asked, before)

    handler = TrainHandler(school.objects, lambda: school.versions, telling)
    assert handler.on_training_wanted(training.fact) == []
    assert [state.step for state in seen] == ["learning"]
    assert school.trainings.state(training).state == DONE
    assert [version.number for version in school.versions.versions("pair")] == [1]
