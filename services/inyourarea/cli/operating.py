"""Where a command of an operator looks: into a folder of this machine, or into a cluster."""

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import DATASET_NAME
from inyourarea.core.errors import Refused
from inyourarea.embedded.own_files import STORE
from inyourarea.runtime import kafka_settings, minio_settings
from inyourarea.runtime.bus import Sender
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.letters import Archive
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.settings import SettingsRejected

WHERE = """\
Without --data it is the cluster that the services' own settings name: INYOURAREA_S3_* and, where
the bus is asked, INYOURAREA_KAFKA_*."""


def add_place(parser: argparse.ArgumentParser) -> None:
    """Teach a command whose runs it speaks of."""
    parser.add_argument(
        "--data",
        "--out",
        dest="data",
        type=Path,
        metavar="DIR",
        help="of `inyourarea serve` or `run` on this machine (else a cluster, by its settings)",
    )


def open_objects(folder: Path | None) -> Objects:
    """The object store, which others may be working on.

    Raises:
        Refused: there is none, or the settings can not be used.
    """
    if folder is not None:
        if not (folder / STORE).is_dir():
            raise Refused(f"nothing was run in {folder}; give the folder of --data or --out")
        return FolderObjects(folder / STORE)
    try:
        settings = minio_settings.read_settings(os.environ)
    except SettingsRejected as rejected:
        raise Refused(f"give --data DIR, or a cluster's settings: {rejected}") from rejected
    from inyourarea.runtime.minio_objects import MinioObjects  # noqa: PLC0415 - a laptop has none

    return MinioObjects(settings)


def place_on_cluster(named: Path) -> tuple[Objects, str] | None:
    """The cluster's store that a dataset is in, and what all its names begin with there.

    None where no cluster's settings are there, or ``named`` is a folder here, or can be no name.

    Raises:
        Refused: the settings can not be used.
    """
    is_name = re.fullmatch(DATASET_NAME, str(named)) and not named.is_dir()
    if not is_name or not os.environ.get("INYOURAREA_S3_ENDPOINT"):
        return None
    return open_objects(None), keys.dataset(str(named))


@contextmanager
def open_bus() -> Iterator[tuple[Archive, Sender]]:
    """What the cluster's bus keeps, and a way to publish on it.

    Raises:
        Refused: the settings can not be used.
        BusAway: it can not be reached.
    """
    from inyourarea.runtime.kafka_bus import KafkaSender  # noqa: PLC0415 - a laptop has none
    from inyourarea.runtime.kafka_letters import KafkaArchive  # noqa: PLC0415

    settings = kafka_settings.read_settings(os.environ)
    sender = KafkaSender(settings)
    try:
        yield KafkaArchive(settings), sender
    finally:
        sender.close()
