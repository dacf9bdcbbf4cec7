"""``python -m inyourarea.train``: trains what waits first for it on a cluster, and ends."""

import sys
from functools import partial

from inyourarea.contracts.trainings import STAGE
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.service import Ground, Service, run_unit
from inyourarea.train.handler import TrainHandler
from inyourarea.train.settings import TrainSettings, read_settings
from inyourarea.train.wanted import train_wanted


def open_service(ground: Ground, settings: TrainSettings) -> Service:
    """The handler that trains, in this process."""
    make = partial(train_wanted, ground.objects, settings=settings)
    handler = TrainHandler(ground.objects, partial(ModelVersions, ground.objects), make)
    return Service({STAGE: handler.handlers})


if __name__ == "__main__":
    sys.exit(run_unit("train", read_settings, open_service))
