"""The laptop's object store: a folder."""

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from inyourarea.core.reasons import told
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway, Stored, parts_of

log = logging.getLogger(__name__)

#: Half-written objects wait here; whoever opens the store sweeps what a killed process left.
_PENDING = ".pending"
#: Times in a row that deletes may take away the folder of an object that is just being put.
_PATIENCE = 100

Settled = TypeVar("Settled")


def _settled(path: Path, settle: Callable[[], Settled]) -> Settled:
    """What ``settle`` gives once the folder of ``path`` stood while it was called.

    A delete beside it may take the empty folder away in between, also while it is made (which
    then looks like a file in its place); then both are done again.
    """
    for _ in range(_PATIENCE):
        with suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return settle()
    path.parent.mkdir(parents=True, exist_ok=True)
    return settle()


class FolderObjects:
    """Objects are files below ``root``; written under a temporary name, then renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            (root / _PENDING).mkdir(parents=True, exist_ok=True)
        except OSError as trouble:  # a file in the way, too
            raise self._away(trouble) from trouble

    def _away(self, trouble: OSError) -> ObjectsAway:
        return ObjectsAway(told("no-folder", folder=self._root, why=words_for(trouble)))

    @contextmanager
    def _speaking_of(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as missing:
            raise ObjectNotFound(key) from missing
        except OSError as trouble:
            raise self._away(trouble) from trouble

    def _path(self, key: str) -> Path:
        parts = parts_of(key)
        if _PENDING in parts:
            raise ValueError(f"{key!r} is no name for an object")
        return self._root.joinpath(*parts)

    @contextmanager
    def _pending(self, content: bytes | Path) -> Iterator[Path]:
        pending = self._root / _PENDING / uuid.uuid4().hex
        try:
            if isinstance(content, Path):
                shutil.copyfile(content, pending)
            else:
                pending.write_bytes(content)
            yield pending
        finally:
            pending.unlink(missing_ok=True)

    def put(self, key: str, content: bytes | Path) -> None:
        """See `Objects.put`."""
        path = self._path(key)
        with self._speaking_of(key), self._pending(content) as pending:
            _settled(path, lambda: pending.replace(path))

    def put_once(self, key: str, content: bytes) -> bytes:
        """See `Objects.put_once`; a hard link refuses to replace."""
        path = self._path(key)

        def settle() -> bytes:
            try:
                path.hardlink_to(pending)
            except FileExistsError:
                log.info("another was first to write %s", key)
                return path.read_bytes()
            return content

        with self._speaking_of(key), self._pending(content) as pending:
            return _settled(path, settle)

    def get(self, key: str) -> bytes:
        """See `Objects.get`."""
        with self._speaking_of(key):
            return self._path(key).read_bytes()

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Objects.read`."""
        with self._speaking_of(key), self._path(key).open("rb", buffering=0) as opened:
            opened.seek(start)
            return opened.read(length)

    def size(self, key: str) -> int:
        """See `Objects.size`."""
        with self._speaking_of(key):
            path = self._path(key)
            if path.is_dir():
                raise ObjectNotFound(key)
            return path.stat().st_size

    def list(self, prefix: str) -> Iterator[str]:
        """See `Objects.list`."""
        folder = self._root.joinpath(*prefix.split("/")[:-1])
        found = []
        for where, _, names in os.walk(folder):
            relative = Path(where).relative_to(self._root)
            if relative.parts[:1] != (_PENDING,):
                found += [(relative / name).as_posix() for name in names]
        return iter(sorted(key for key in found if key.startswith(prefix)))

    def survey(self, prefix: str) -> Iterator[Stored]:
        """See `Objects.survey`."""
        for key in self.list(prefix):
            with suppress(ObjectNotFound):  # deleted meanwhile
                yield self._stored(key)

    def _stored(self, key: str) -> Stored:
        with self._speaking_of(key):
            found = self._path(key).stat()
            return Stored(key, found.st_size, found.st_mtime)

    def delete(self, key: str) -> None:
        """See `Objects.delete`; a folder that holds nothing any more goes too."""
        with self._speaking_of(key):
            path = self._path(key)
            if path.is_dir():
                return
            path.unlink(missing_ok=True)
        folders = path.parents[: key.count("/")]
        with suppress(OSError):  # something is in it, or somebody else was faster
            for folder in folders:
                folder.rmdir()

    def sweep(self) -> None:
        """Whatever a killed process had half written is gone; only when nobody else writes."""
        with self._speaking_of(_PENDING):
            for pending in (self._root / _PENDING).iterdir():
                pending.unlink(missing_ok=True)
