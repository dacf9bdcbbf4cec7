"""One training that a site was asked for: from the dataset in the store to the files of a model.

What is said of it on the way goes into its record. There is no torch here before it is begun.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inyourarea.contracts import keys
from inyourarea.contracts.trainings import WORKING, Training, TrainingState
from inyourarea.core.errors import Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.trainings import Trainings
from inyourarea.train import group_labels, group_model, group_pictures, group_plan
from inyourarea.train.group_plan import Wish, starting_weights
from inyourarea.train.installed import with_torch
from inyourarea.train.settings import TrainSettings

POLITE = 15
"""By how much training on somebody's own machine gives way to what else runs there."""

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """The files that came of it."""

    model: Path
    card: Path
    group: Path


def train_politely(objects: Objects, training: Training, settings: TrainSettings) -> Made:
    """As `train_wanted`, in a process of its own that gives way to all others."""
    os.nice(POLITE)
    return train_wanted(objects, training, settings)


def train_wanted(objects: Objects, training: Training, settings: TrainSettings) -> Made:
    """The model is trained, exported and measured; what was done by an earlier try is not again.

    Raises:
        Refused: it can not be, and why.
    """
    telling = _Telling(Trainings(objects), training)
    telling.begin("pictures")
    try:
        return _train(objects, training, settings, telling)
    except OSError as error:
        place = error.filename or settings.scratch
        raise Refused(f"{place} can not be written: {words_for(error)}") from error


def _train(
    objects: Objects, training: Training, settings: TrainSettings, telling: "_Telling"
) -> Made:
    asked = training.wish
    folder = settings.scratch / training.dataset
    folder.mkdir(parents=True, exist_ok=True)
    wish = Wish(
        group_file=folder / f"{asked.group}.toml",
        out=folder,
        models=folder / "models",
        network=asked.network,
        imgsz=asked.imgsz,
        epochs=asked.epochs,
        device=settings.device,
        weights=settings.models and starting_weights(settings.models, asked.network),
    )
    dataset = Dataset(objects, keys.dataset(training.dataset))
    plan = group_plan.plan_training(dataset, wish)
    network = with_torch("group_network", wish.out)
    network.check_device(wish.device)
    start = network.describe_start(plan.course)
    plan = group_labels.with_spread_names(plan, dataset, network, telling.begin)
    step = telling.begin("pictures")
    group_pictures.write_pictures(dataset, plan.chosen, plan.pictures, plan.size, step)
    learning = telling.begin("learning")
    network.learn(plan, lambda done, rounds, _: learning(done, rounds))
    network.export(plan, start, telling.begin("exporting"))
    group = group_model.publish(plan, group_model.measure(plan))
    file = wish.models / group.model / str(group.version) / "model.onnx"
    return Made(file, file.with_name("card.json"), wish.group_file)


class _Telling:
    """What is done is in the training's record: each percent once."""

    def __init__(self, trainings: Trainings, training: Training) -> None:
        self._trainings = trainings
        self._training = training

    def begin(self, step: str) -> Step:
        """A step has begun; what is returned is told how much of it is done."""
        told = -1

        def tell(done: int, total: int) -> None:
            nonlocal told
            if (percent := 100 * done // max(1, total)) > told:
                told = percent
                state = TrainingState(WORKING, step=step, done=done, total=total)
                self._trainings.tell(self._training, state)

        tell(0, 1)
        return tell
