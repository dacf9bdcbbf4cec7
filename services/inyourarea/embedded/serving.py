"""The site and all stages in one process: what ``inyourarea serve`` does."""

import contextlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from inyourarea.contracts.trainings import STAGE as TRAIN
from inyourarea.contracts.trainings import Training
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DependencyAway, ModelRejected, Refused, VideoUnreadable
from inyourarea.detect.onnx import OnnxDetector
from inyourarea.detect.settings import read_settings as read_detect_settings
from inyourarea.embedded.line import Line
from inyourarea.embedded.models import (
    given_model,
    known_groups,
    models_folder,
    published_folder,
    published_versions,
)
from inyourarea.embedded.own_files import STORE
from inyourarea.embedded.run import model_fact, store_source
from inyourarea.embedded.store import open_store
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.announcing import announce_run
from inyourarea.gateway.app import create_app
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.courier import Courier
from inyourarea.gateway.deletion import sweep_outdated
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.handler import GATEWAY, GatewayHandler
from inyourarea.gateway.house import House
from inyourarea.gateway.keeping import announce_silent_runs, kept
from inyourarea.gateway.models import CurrentModels, KnownModel
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.submission import submit_source
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.runtime.trainings import Trainings
from inyourarea.train.installed import is_installed
from inyourarea.train.settings import TrainSettings
from inyourarea.train.settings import read_settings as read_train_settings

if TYPE_CHECKING:
    from inyourarea.train.group_steps import Made

log = logging.getLogger(__name__)

#: The catalog, beside the store that it is made from.
CATALOG = ".inyourarea-catalog.sqlite"
#: Published versions in memory, some 200 MB each: the one in use, and one that runs are leaving.
PUBLISHED_AT_A_TIME = 2
#: What training has learned so far, beside the store: a site that is started again goes on from it.
TRAINING = ".inyourarea-training"
#: MiB that training may want, and how long it may take: as much as there is, and a week.
TRAINING_MIB, TRAINING_S = 1 << 20, 7 * 24 * 3600.0
_TRAIN_IS_MISSING = (
    "Training needs torch, which is not installed where this site runs: stop it, "
    "`pip install 'inyourarea[train]'` (6 GB on Linux), and start it again."
)


@dataclass(frozen=True)
class Site:
    """A gateway with stages behind it."""

    app: FastAPI
    house: House
    line: Line


@contextmanager
def open_site(folder: Path, settings: GatewaySettings) -> Iterator[Site]:
    """The site on the store in a folder (that of ``run --out`` too); unfinished runs go on.

    Raises:
        Refused: the folder is in use, or its catalog can not be written.
        ObjectsAway: its store can not be.
    """
    given, detectors = known_models()
    models = CurrentModels(given, published_versions)
    settings = replace(settings, why_no_training="" if is_installed() else _TRAIN_IS_MISSING)
    store = open_store(folder / STORE)
    with store as objects, Line(objects, partial(_detector_of, detectors)) as line:
        sweep_outdated(line.objects)
        catalog = open_catalog(folder)
        house = House(line.objects, catalog, line, models, settings)
        house.projection.rebuild()
        announce = partial(announce_run, house)
        handler = GatewayHandler(line.objects, catalog, house.watchers, announce)
        line.start(GATEWAY, handler.handlers)
        if not settings.why_no_training:
            _train(line, folder)
        announce_silent_runs(house, silence_s=0)  # the bus is a new one
        courier = Courier(house.webhooks, settings.webhook_networks)
        with contextlib.closing(catalog), courier, kept(house):
            yield Site(create_app(house), house, line)


def _train(line: Line, folder: Path) -> None:
    """What is wanted is trained, beside everything else; what was not ended goes on."""
    # Imported here, so that no other site waits for what only training needs.
    from inyourarea.train.handler import TrainHandler  # noqa: PLC0415
    from inyourarea.train.wanted import train_politely  # noqa: PLC0415

    settings = training_settings(folder)
    child = line.child(TRAINING_MIB)

    def make(training: Training, before: bytes | None) -> "Made":
        asked = (line.objects, training, before, settings)
        try:
            return child.call(train_politely, *asked, timeout_s=TRAINING_S)
        finally:
            child.rest()

    def versions() -> ModelVersions:
        return ModelVersions(FolderObjects(published_folder(models_folder())))

    line.start(TRAIN, TrainHandler(line.objects, versions, make).handlers)
    for training, _ in Trainings(line.objects).under_way():
        line.publish(training.fact)


def training_settings(folder: Path) -> TrainSettings:
    """What the environment says of training, in this site's folder and from this machine's models.

    Raises:
        SettingsRejected: a value can not be used.
    """
    asked = read_train_settings(os.environ)
    return replace(asked, scratch=folder / TRAINING, models=models_folder())


def open_catalog(folder: Path) -> Catalog:
    """The catalog of the site whose store is in a folder; another process may serve it meanwhile.

    Raises:
        Refused: the folder can not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder} can not be made: {error.strerror}") from error
    catalog = Catalog(f"sqlite:///{folder / CATALOG}")
    try:
        catalog.open()
    except DependencyAway as away:
        raise Refused(str(away)) from away
    return catalog


def add_video(site: Site, video: Path, group: str | None) -> str:
    """A file of this machine is on its way, as if it had been uploaded; returns the video's id.

    Raises:
        Refused: it can not be used, and why.
    """
    if not video.is_file():
        raise VideoUnreadable(f"{video} is no file; give the path of a video")
    source = store_source(site.house.objects, video)
    asked = VideoAsked(upload_id="0" * 32, group=group)
    user = Person(Role.OPERATOR)
    try:
        return submit_source(site.house, asked, (source.key, source.sha256), video.name, user)[0]
    except Problem as problem:
        raise Refused(problem.detail) from problem


def known_models() -> tuple[dict[str, KnownModel], dict[str, OnnxDetector]]:
    """What came with the program, by group, and every such model's detector, by the model's name.

    A model that can not be used is left out.
    """
    known: dict[str, KnownModel] = {}
    detectors: dict[str, OnnxDetector] = {}
    threads = read_detect_settings(os.environ).threads
    for group in (None, *known_groups()):
        try:
            file = given_model(group)
            detector = file.load(threads)
        except Refused as refused:
            log.warning("a model is left out: %s", refused)
            continue
        known[group or ""] = KnownModel(model_fact(file, detector), file.group)
        detectors[file.name] = detector
    return known, detectors


def _detector_of(detectors: dict[str, OnnxDetector], model: facts.Model) -> OnnxDetector:
    if model.name in detectors:
        return detectors[model.name]
    return _published(model.name, model.sha256)


@lru_cache(PUBLISHED_AT_A_TIME)
def _published(name: str, sha256: str) -> OnnxDetector:
    """The version with this digest, also where its group has gone on to another."""
    versions = published_versions()
    try:
        content = versions.content(sha256) if versions else None
    except ObjectNotFound:
        content = None
    if content is None:
        raise ModelRejected(f"The model {name!r} is not on this machine.")
    return OnnxDetector(content, read_detect_settings(os.environ).threads)
