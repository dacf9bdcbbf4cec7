"""The laptop's object store: a folder that one process works on at a time."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inyourarea.core.errors import Refused
from inyourarea.core.reasons import told
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectsAway

#: How long a process that was told to end may still hold the store.
_PATIENCE_S = 2.0


@contextmanager
def open_store(folder: Path) -> Iterator[FolderObjects]:
    """The store in the folder, swept, for this process alone.

    Raises:
        Refused: another process works on it.
        ObjectsAway: the folder can not be written.
    """
    objects = FolderObjects(folder)
    lock = _lock(folder)
    try:
        objects.sweep()
        yield objects
    finally:
        os.close(lock)


def _lock(store: Path) -> int:
    """A lock on the store that ends with the process, however that ends.

    Raises:
        Refused: another process works on it.
        ObjectsAway: the folder can not be written.
    """
    try:
        handle = os.open(store / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as trouble:
        raise ObjectsAway(told("no-folder", folder=store, why=words_for(trouble))) from trouble
    end = time.monotonic() + _PATIENCE_S
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        if time.monotonic() > end:
            os.close(handle)
            raise Refused(
                f"another `inyourarea` works in {store.parent}; end it or wait for it, or choose "
                "another folder"
            )
        time.sleep(0.1)
