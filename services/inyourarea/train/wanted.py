"""One training that a site was asked for: from the dataset in the store to the files of a model.

What is said of it on the way goes into its record. There is no torch here before it is begun.
"""

import logging
import math
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from inyourarea.contracts import keys
from inyourarea.contracts.trainings import PICTURES, WORKING, Training, TrainingState
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.trainings import Trainings
from inyourarea.train import group_plan
from inyourarea.train.group_plan import Wish, starting_weights
from inyourarea.train.group_steps import Made, make_model
from inyourarea.train.settings import TrainSettings
from inyourarea.train.telling import Pace, Told

log = logging.getLogger(__name__)

POLITE = 15
"""By how much training on somebody's own machine gives way to what else runs there."""

_DIGEST = re.compile(r"[0-9a-f]{12}")
"""What a training's folder is called."""

_LOOK_S = 2.0
"""Seconds between two looks whether it is still wanted."""


def train_politely(
    objects: Objects, training: Training, before: bytes | None, settings: TrainSettings
) -> Made:
    """As `train_wanted`, in a process of its own that gives way to all others."""
    os.nice(POLITE)
    return train_wanted(objects, training, before, settings)


def train_wanted(
    objects: Objects, training: Training, before: bytes | None, settings: TrainSettings
) -> Made:
    """The model is trained, exported and measured; what was done by an earlier try is not again.

    ``before`` is that of `Wish`.

    Raises:
        Refused: it can not be, and why.
        TrainingCancelled: nobody wants it any more.
    """
    asked = training.wish
    folder = settings.scratch / training.dataset
    wish = Wish(
        group_file=folder / f"{asked.group}.toml",
        out=folder,
        models=folder / "models",
        network=asked.network,
        imgsz=asked.imgsz,
        epochs=asked.epochs,
        device=settings.device,
        weights=settings.models and starting_weights(settings.models, asked.network),
        detects_on_gpu=settings.detects_on_gpu,
        before=before,
    )
    telling = _Telling(Trainings(objects), training)
    telling.begin(PICTURES)
    dataset = Dataset(objects, keys.dataset(training.dataset))
    with suppress(OSError):  # in words from who makes the model
        _forget_others(objects, group_plan.plan_training(dataset, wish).folder)
    return make_model(dataset, wish, telling)


def _forget_others(objects: Objects, kept: Path) -> None:
    """Gone are pictures and networks of other trainings of the dataset, and of lost datasets.

    Of a dataset one training at a time is under way, so nobody is at work there.
    """
    for folder in kept.parent.parent.glob("*/*"):
        if folder == kept or not _DIGEST.fullmatch(folder.name):
            continue
        its = folder.parent
        if its == kept.parent or not Dataset(objects, keys.dataset(its.name)).is_made():
            shutil.rmtree(folder, ignore_errors=True)


class _Telling:
    """What is done is in the training's record, each percent once; it ends where it is cancelled.

    Raises:
        TrainingCancelled: (whenever it is told anything) nobody wants the training any more.
    """

    def __init__(self, trainings: Trainings, training: Training) -> None:
        self._trainings = trainings
        self._training = training
        self._looked_s = -math.inf

    def begin(self, step: str) -> Told:
        """A step has begun; what is returned is told how much of it is done."""
        told, pace = -1, Pace()
        self._look()
        self._record(TrainingState(WORKING, step=step))

        def tell(done: int, total: int) -> None:
            nonlocal told
            self._look()
            left_s = pace.left_s(done, total)
            if (percent := 100 * done // max(1, total)) > told:
                told = percent
                self._record(TrainingState(WORKING, 0, step, done, total, left_s))

        return tell

    def say(self, text: str) -> None:
        """It is logged."""
        log.info("training %d of %s: %s", self._training.number, self._training.dataset, text)

    def _record(self, state: TrainingState) -> None:
        self._trainings.tell(self._training, state)

    def _look(self) -> None:
        if (now := time.monotonic()) - self._looked_s >= _LOOK_S:
            self._looked_s = now
            self._trainings.check_wanted(self._training)
