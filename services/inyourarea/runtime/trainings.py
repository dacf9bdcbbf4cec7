"""Trainings that somebody wants of a dataset: kept beside its pictures, one after another."""

import time
from collections.abc import Iterator
from dataclasses import replace

from inyourarea.contracts import keys
from inyourarea.contracts.trainings import (
    FAILED,
    Training,
    TrainingState,
    TrainingWish,
    read_state,
    read_training,
    write_state,
    write_training,
)
from inyourarea.runtime.objects import ObjectNotFound, Objects


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

    def under_way(self) -> Iterator[Training]:
        """All that have not ended."""
        for key in self._objects.list(keys.dataset("")[:-1]):
            if key.endswith("/wanted.json"):
                training = read_training(self._objects.get(key))
                if not self.state(training).has_ended:
                    yield training

    def state(self, training: Training) -> TrainingState:
        """How far it is; one of which nothing was heard waits."""
        try:
            return read_state(self._objects.get(_state_of(training)))
        except ObjectNotFound:
            return TrainingState(at_ns=training.at_ns)

    def tell(self, training: Training, state: TrainingState) -> None:
        """It is so far now; one that has ended is not under way again."""
        if not state.has_ended and self.state(training).has_ended:
            return
        written = write_state(replace(state, at_ns=time.time_ns()))
        self._objects.put(_state_of(training), written)

    def fail(self, dataset: str, number: int, reason: str) -> None:
        """That one has ended, for this reason, if it was under way."""
        training = self.find(dataset, number)
        if training and not self.state(training).has_ended:
            self.tell(training, TrainingState(FAILED, failure=reason))


def _state_of(training: Training) -> str:
    return keys.training_state(keys.dataset(training.dataset), training.number)
