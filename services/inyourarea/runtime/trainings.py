"""Trainings that somebody wants of a dataset: kept beside its pictures, one after another."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from inyourarea.contracts import keys
from inyourarea.contracts.trainings import (
    CANCELLED,
    FAILED,
    PUBLISHING,
    WORKING,
    Training,
    TrainingState,
    TrainingWish,
    read_state,
    read_training,
    write_state,
    write_training,
)
from inyourarea.runtime.objects import ObjectNotFound, Objects
from inyourarea.runtime.worker import by_itself


class TrainingCancelled(Exception):
    """Nobody wants the training any more."""


class Trainings:
    """All trainings of all datasets of a store. Of a dataset one at a time is under way."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def want(self, dataset: str, wish: TrainingWish, by: str) -> tuple[Training, bool]:
        """The training that is under way, or a new one; and whether it is new."""
        newest = self.newest(dataset)
        while newest is None or self.state(newest).has_ended:
            number = newest.number + 1 if newest else 1
            mine = Training(dataset, number, wish, by, time.time_ns())
            content = write_training(mine)
            key = keys.training(keys.dataset(dataset), number)
            if (there := self._objects.put_once(key, content)) == content:
                return mine, True
            newest = read_training(there)  # somebody else was faster
        return newest, False

    def newest(self, dataset: str) -> Training | None:
        """The last that anybody wanted."""
        listed = self._objects.list(keys.trainings_of(keys.dataset(dataset)))
        last = max((key for key in listed if key.endswith("/wanted.json")), default=None)
        return read_training(self._objects.get(last)) if last else None

    def find(self, dataset: str, number: int) -> Training | None:
        """That one, if it is there: its dataset may be gone."""
        try:
            return read_training(self._objects.get(keys.training(keys.dataset(dataset), number)))
        except ObjectNotFound:
            return None

    def under_way(self) -> Iterator[tuple[Training, TrainingState]]:
        """All that have not ended, and how far they are."""
        for key in self._objects.list(keys.dataset("")[:-1]):
            if key.endswith("/wanted.json"):
                with by_itself(key):
                    training = read_training(self._objects.get(key))
                    state = self.state(training)
                    if not state.has_ended:
                        yield training, state

    def state(self, training: Training) -> TrainingState:
        """How far it is; one of which nothing was heard waits."""
        for key_of in (keys.training_end, keys.training_state):
            try:
                return read_state(self._objects.get(_key(key_of, training)))
            except ObjectNotFound:
                continue
        return TrainingState(at_ns=training.at_ns)

    def tell(self, training: Training, state: TrainingState) -> None:
        """It is so far now; how it has ended is told once, and stays."""
        if state.has_ended:
            self._end(training, state)
        else:
            self._objects.put(_key(keys.training_state, training), _now(state))

    def fail(self, dataset: str, number: int, reason: str) -> None:
        """That one has ended, for this reason, if it was under way."""
        training = self.find(dataset, number)
        if training and not self.state(training).has_ended:
            self.tell(training, TrainingState(FAILED, failure=reason))

    def cancel(self, training: Training, by: str) -> TrainingState:
        """How far it is now: cancelled, unless it had ended or is being published.

        Whoever trains sees it, and ends.
        """
        if not (state := self.state(training)).has_ended:
            state = self._decide(training, TrainingState(CANCELLED, by=by))
        return state

    def check_wanted(self, training: Training) -> None:
        """It is still wanted.

        Raises:
            TrainingCancelled: somebody has cancelled it.
        """
        if (state := self.state(training)).state == CANCELLED:
            raise TrainingCancelled(f"{state.by or 'somebody'} has cancelled it")

    def begin(self, training: Training) -> None:
        """It is trained from here on, anew where whoever was to publish it did not get that far."""
        if self.state(training).step == PUBLISHING:  # so it has not ended, nor can be cancelled
            self._objects.delete(_key(keys.training_end, training))

    def begin_publishing(self, training: Training) -> None:
        """What came of it may be published, and nobody cancels it any more.

        Raises:
            TrainingCancelled: somebody has, before.
        """
        self._decide(training, TrainingState(WORKING, step=PUBLISHING))
        self.check_wanted(training)

    def revive(self, dataset: str, number: int) -> None:
        """That one has not ended, nor begun."""
        for key_of in (keys.training_state, keys.training_end):
            self._objects.delete(key_of(keys.dataset(dataset), number))

    def _decide(self, training: Training, state: TrainingState) -> TrainingState:
        """How it ends, as whoever came first has decided."""
        key = _key(keys.training_end, training)
        return read_state(self._objects.put_once(key, _now(state)))

    def _end(self, training: Training, state: TrainingState) -> None:
        there = self._decide(training, state)
        if not there.has_ended:  # it was to be published, and now is, or could not be
            self._objects.put(_key(keys.training_end, training), _now(state))


def _key(key_of: Callable[[str, int], str], training: Training) -> str:
    return key_of(keys.dataset(training.dataset), training.number)


def _now(state: TrainingState) -> bytes:
    return write_state(replace(state, at_ns=time.time_ns()))
