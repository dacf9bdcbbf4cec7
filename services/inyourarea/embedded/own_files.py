"""Which files of an output folder runs have written: those and no others may be taken away."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from inyourarea.contracts.digests import file_digest
from inyourarea.runtime.disk import whole

#: Where a run keeps what it has done so far, inside the output folder.
STORE = ".inyourarea"


@dataclass(frozen=True)
class OwnFile:
    """A file as a run wrote it; a fancam also has its video, its person and its picture's label."""

    size: int
    sha256: str
    video: str = ""
    person: str = ""
    picture: str = ""


class OwnFiles:
    """The list of them, kept in ``list_file``; names are relative to ``folder``, with slashes.

    It is written after each change, so that a killed run leaves no file that nobody knows. A
    damaged or missing list is an empty one.
    """

    def __init__(self, folder: Path, list_file: Path) -> None:
        self._folder = folder
        self._list_file = list_file
        self._files = _read(list_file)

    def __iter__(self) -> Iterator[tuple[str, OwnFile]]:
        return iter(list(self._files.items()))

    def add(self, name: str, video: str = "", person: str = "", picture: str = "") -> None:
        """The file, as it is now, is a run's own."""
        path = self._folder / name
        file = OwnFile(path.stat().st_size, file_digest(path), video, person, picture)
        if self._files.get(name) != file:
            self._files[name] = file
            self._write()

    def is_there(self, name: str) -> bool:
        """Whether the file is where it was, as long as it was."""
        path = self._folder / name
        return path.is_file() and path.stat().st_size == self._files[name].size

    def remove(self, name: str) -> bool:
        """The name is off the list, and the file gone if it is still as it was written."""
        is_ours = self._is_as_written(name)
        if is_ours:
            (self._folder / name).unlink()
        self._forget(name)
        return is_ours

    def rename(self, name: str, new_name: str) -> None:
        """The file has the new name if it is still as it was written, and that name is free."""
        file = self._files[name]
        if self._is_as_written(name) and not (self._folder / new_name).exists():
            (self._folder / name).rename(self._folder / new_name)
            self._files[new_name] = file
        self._forget(name)

    def _is_as_written(self, name: str) -> bool:
        return self.is_there(name) and file_digest(self._folder / name) == self._files[name].sha256

    def _forget(self, name: str) -> None:
        del self._files[name]
        self._write()

    def _write(self) -> None:
        listed = {name: asdict(file) for name, file in sorted(self._files.items())}
        with whole(self._list_file) as pending:
            pending.write_text(json.dumps(listed, indent=1, ensure_ascii=False), encoding="utf-8")


def _read(list_file: Path) -> dict[str, OwnFile]:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        listed = json.loads(list_file.read_text(encoding="utf-8"))
        # A list that came with somebody's folder must not reach outside of it.
        return {
            name: OwnFile(**file)
            for name, file in listed.items()
            if not Path(name).is_absolute() and ".." not in Path(name).parts
        }
    return {}
