"""Where `inyourarea models` keeps versions: a cluster or this machine, and a server, if any."""

import os
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inyourarea.cli.operating import open_objects
from inyourarea.contracts.published import PublishedVersion
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.detect.detector import DetectorAway, DetectorFailed
from inyourarea.detect.settings import read_settings
from inyourarea.embedded.models import (
    given_model,
    known_groups,
    models_folder,
    published_folder,
)
from inyourarea.gateway.models import read_models
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.objects import Objects

if TYPE_CHECKING:
    from inyourarea.detect.triton import TritonServer


@dataclass(frozen=True)
class Place:
    """Where versions are kept, and the server that has them, if there is one."""

    objects: Objects
    server: "TritonServer | None"

    @property
    def versions(self) -> ModelVersions:
        """The versions that are kept there."""
        return ModelVersions(self.objects)

    def serve(self, version: PublishedVersion) -> None:
        """The version can be had, and the server has it.

        Raises:
            Refused: its file is gone, or the server can not be reached, or can not serve it.
        """
        name, number = version.group.name, version.number
        if not self.versions.has_file(version):
            raise Refused(f"the file of version {number} of {name!r} is gone; publish it again")
        if self.server is None:
            return
        from inyourarea.detect.triton import ModelAbsent  # noqa: PLC0415 - not all have the client

        try:
            try:
                self.server.config(version.file.name)
            except ModelAbsent:
                print(f"the server loads {version.file.name}; a GPU may take minutes")
                content = self.versions.content(version.file.served.sha256)
                self.server.load(version.file.description, content)
        except (DetectorAway, DetectorFailed) as trouble:
            raise Refused(
                f"version {number} of {name!r} is kept, but not served, so runs do not use it: "
                f"{trouble} Once that is mended: "
                f"`inyourarea models use {shlex.quote(name)} {number}`."
            ) from trouble

    def unload(self, version: PublishedVersion) -> None:
        """The server has the version no more; one that can not be reached keeps it."""
        if self.server is not None:
            try:
                self.server.unload(version.file.name)
            except (DetectorAway, DetectorFailed) as trouble:
                print(f"the server may still have it: {trouble}")


def open_published(models: Path | None) -> Objects | None:
    """The cluster's store where it is named, else the folder of this machine, if it is there."""
    if is_of_cluster(models):
        return open_objects(None)
    folder = published_folder(models or models_folder())
    return FolderObjects(folder) if folder.is_dir() else None


def is_of_cluster(models: Path | None) -> bool:
    """Whether it is a cluster's models that are spoken of."""
    return models is None and bool(os.environ.get("INYOURAREA_S3_ENDPOINT"))


def given_digest(models: Path | None, group: str) -> str | None:
    """The digest of the group's model that came with the program.

    None where none did, or that is not known: of a cluster only its gateway's pod has the list.
    """
    if is_of_cluster(models):
        listed = os.environ.get("INYOURAREA_GATEWAY_MODELS")
        known = read_models(Path(listed).read_text(encoding="utf-8")) if listed else {}
        return known[group].model.sha256 if group in known else None
    with suppress(ModelRejected):  # its file is not there
        if group in known_groups(models):
            return given_model(group, models).sha256()
    return None


@contextmanager
def opened(models: Path | None, may_be_new: bool) -> Iterator[Place]:
    """Where versions are kept, with its server.

    Raises:
        Refused: nothing was published there yet, unless it ``may_be_new``.
    """
    objects = open_published(models)
    if objects is None:
        folder = published_folder(models or models_folder())
        if not may_be_new:
            raise Refused(f"nothing was published in {folder}; `inyourarea models publish` does it")
        objects = FolderObjects(folder)
    settings = read_settings(os.environ).triton
    if settings is None:
        yield Place(objects, None)
        return
    from inyourarea.detect.triton import TritonServer  # noqa: PLC0415 - not all have the client

    with closing(TritonServer(settings)) as server:
        yield Place(objects, server)
