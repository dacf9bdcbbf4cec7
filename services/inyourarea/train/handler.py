"""A training that somebody wants in, a version of their group's model out."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts.cards import read_card, why_incomparable, worse_by
from inyourarea.contracts.group import group_from_toml
from inyourarea.contracts.published import PublishedVersion
from inyourarea.contracts.trainings import DONE, Training, TrainingState
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.model_versions import ChosenMeanwhile, ModelVersions
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.trainings import TrainingCancelled, Trainings
from inyourarea.runtime.units import done_already
from inyourarea.train.group_steps import Made

log = logging.getLogger(__name__)

Make = Callable[[Training, bytes | None], Made]
"""Trains; what its group's runs use by now takes the same test, where there is a file of that."""

#: How often somebody may choose a version of the group between looking and choosing.
_PATIENCE = 10
#: Said where the group's runs use a model that nobody published: no card says what that reaches.
_NOT_MEASURED = (
    "it can not be compared with the model {} that came with the site, which has no figures"
)


class TrainHandler:
    """Trains what is wanted, by ``make``, and keeps what came of it with the group's versions.

    Servers need not be told: detect loads a version that it finds missing.
    """

    def __init__(self, objects: Objects, versions: Callable[[], ModelVersions], make: Make) -> None:
        self._trainings = Trainings(objects)
        self._versions = versions
        self._make = make
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {facts.TrainingWanted: self.on_training_wanted}
        )

    def on_training_wanted(self, fact: facts.TrainingWanted) -> list[Message]:
        """The training has ended, well, or was cancelled; who fails tells so by a `StageFailed`.

        Raises:
            Refused: it can not be trained, or the model not be published, and why.
        """
        training = self._trainings.find(fact.dataset, fact.number)
        if training is None or done_already(self._trainings.state(training).has_ended):
            return []
        self._trainings.begin(training)
        try:
            made = self._make(training, self._versions().content_in_use(training.wish.group))
            self._trainings.begin_publishing(training)
        except TrainingCancelled as cancelled:
            log.info("training %d of %s: %s", training.number, training.dataset, cancelled)
            return []
        version = self._publish(made, training)
        card = version.card
        figures = {name: (one.map50, one.map50_95) for name, one in card.members.items()}
        ended = self._choose(version, training)
        self._trainings.tell(training, replace(ended, judged_on=card.judged_on, members=figures))
        return []

    def _publish(self, made: Made, training: Training) -> PublishedVersion:
        group = group_from_toml(made.group.read_text(encoding="utf-8"))
        card = read_card(made.card.read_bytes())
        content = made.model.read_bytes()
        return self._versions().publish(
            content, made.published, group, card, training.by or "operator"
        )

    def _choose(self, version: PublishedVersion, training: Training) -> TrainingState:
        """The group uses the version, unless it is worse than the one it uses, or may be."""
        versions, name, number = self._versions(), version.group.name, version.number
        for _ in range(_PATIENCE):
            seen, before = len(versions.choices(name)), versions.current(name)
            if before and before.number == number:
                return TrainingState(DONE, version=number, is_used=True)
            if before:
                worse = _worse(before, version)
            else:
                worse = [_NOT_MEASURED.format(name)] if training.wish.has_model else []
            if worse and not training.wish.is_forced:
                return TrainingState(DONE, version=number, worse=tuple(worse))
            try:
                versions.choose(name, number, seen, training.by or "operator")
            except ChosenMeanwhile:
                continue
            return TrainingState(DONE, version=number, is_used=True, worse=tuple(worse))
        raise ChosenMeanwhile(f"version {number} of {name!r} is kept; others choose all the time")


def _worse(before: PublishedVersion, version: PublishedVersion) -> list[str]:
    """In what the version falls short of the one before it, or why nobody knows."""
    card = before.card_beside(version)
    worse = worse_by(card, version.card, version.group.members)
    if why := why_incomparable(card, version.card):
        worse.append(f"it can not be compared with version {before.number}: {why}")
    return worse
