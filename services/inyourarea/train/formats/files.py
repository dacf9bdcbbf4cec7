"""The files of a folder or a zip that somebody brings: nothing is unpacked, reading is bounded."""

import lzma
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from inyourarea.core.errors import DatasetRejected
from inyourarea.runtime.disk import whole, words_for
from inyourarea.train.formats.foreign import Put

#: More files than this are no dataset of a group: 25,000 pictures with a label file each.
MOST_FILES = 50_000
#: Larger files are neither a picture (8K PNG: 100 MB) nor labels of so many pictures.
LARGEST_FILE = 256 * 2**20
#: Together, unpacked: what fits into a laptop's disk.
LARGEST_ALL = 200 * 2**30
#: Pictures hardly shrink and labels hardly more than tenfold; deflate's own bound is about 1,030.
LARGEST_RATIO = 200
#: Below this no zip is a bomb, however well it shrinks.
_HARMLESS = 16 * 2**20
PICTURES = (".jpg", ".jpeg", ".png")
#: What reading a damaged entry raises.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, UnicodeDecodeError),
    *(EOFError, RuntimeError, OSError),
)


class Files(Protocol):
    """Named files: slash-separated names, in order; hidden ones are left out."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        ...

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            DatasetRejected: it can not be read, or is too large.
        """
        ...


@contextmanager
def open_files(path: Path) -> Iterator[Files]:
    """The files of a folder or of a zip.

    Raises:
        DatasetRejected: it is neither, or holds what no dataset does.
    """
    if path.is_dir():
        yield _Folder(path)
    elif not path.is_file():
        raise DatasetRejected(f"{path} is not there; give a folder or a zip file.")
    else:
        try:
            with zipfile.ZipFile(path) as opened:
                yield _Zip(path.name, opened)
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, OSError) as error:
            raise DatasetRejected(f"{path} is no zip file that can be read: {error}.") from error


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def names(self) -> tuple[str, ...]:
        found: list[str] = []
        for where, _, files in os.walk(self._root):
            folder = Path(where).relative_to(self._root)
            found += [(folder / file).as_posix() for file in files]
            _check_count(len(found), str(self._root))
        return tuple(sorted(name for name in found if _is_seen(name)))

    def read(self, name: str) -> bytes:
        path = self._root / name
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                raise DatasetRejected(f"{name} is no file.")
            _check_size(found.st_size, name)
            return path.read_bytes()
        except OSError as error:
            raise DatasetRejected(f"{name} can not be read: {words_for(error)}.") from error


class _Zip:
    def __init__(self, title: str, opened: zipfile.ZipFile) -> None:
        self._opened = opened
        # By its name: `is_dir` wants one that is not empty.
        entries = [entry for entry in opened.infolist() if not entry.filename.endswith("/")]
        _check_count(len(entries), title)
        for entry in entries:
            _check_entry(entry)
        _check_bomb(entries, title)
        seen = [entry for entry in entries if _is_seen(entry.filename)]
        self._entries = {entry.filename: entry for entry in sorted(seen, key=_name)}
        if len(self._entries) < len(seen):
            raise DatasetRejected(f"{title} holds two files of one name; make it anew.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def read(self, name: str) -> bytes:
        try:
            with self._opened.open(self._entries[name]) as stream:
                content = stream.read(LARGEST_FILE + 1)
        except _DAMAGED as error:
            raise DatasetRejected(f"{name} can not be unpacked: {error}.") from error
        _check_size(len(content), name)
        return content


def _name(entry: zipfile.ZipInfo) -> str:
    return entry.filename


def _is_seen(name: str) -> bool:
    return not any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _check_count(files: int, title: str) -> None:
    if files > MOST_FILES:
        raise DatasetRejected(f"{title} holds more than {MOST_FILES} files; bring it in parts.")


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_FILE:
        raise DatasetRejected(f"{name} is larger than {LARGEST_FILE >> 20} MiB.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename)
    is_out = path.is_absolute() or ".." in path.parts or "\\" in entry.filename
    if is_out or ":" in str(path).partition("/")[0]:
        raise DatasetRejected(f"{entry.filename[:80]!r} leads out of the zip file; make it anew.")
    if entry.flag_bits & 1:
        raise DatasetRejected(f"{entry.filename[:80]!r} is encrypted; make the zip without.")
    _check_size(entry.file_size, entry.filename)


def _check_bomb(entries: list[zipfile.ZipInfo], title: str) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    is_bomb = unpacked > _HARMLESS and unpacked > packed * LARGEST_RATIO
    if is_bomb or unpacked > LARGEST_ALL:
        raise DatasetRejected(
            f"{title} would unpack from {packed >> 10} KiB to {unpacked >> 20} MiB; "
            "no dataset does."
        )


class Place:
    """Finds the file that a label file means: in a folder, or by how a file's name ends.

    CVAT tells frames of a video without their suffix.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        #: By the last part of what it may be called, that whole, and the file.
        self._by_base: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            if name.lower().endswith(PICTURES):
                for called in (name, name.rpartition(".")[0]):
                    base = called.rsplit("/", 1)[-1]
                    self._by_base.setdefault(base, []).append((called, name))

    def of(self, meant: str, folders: Sequence[str], where: str) -> str:
        """The picture called ``meant``, in the first of ``folders`` that has it, else elsewhere.

        Raises:
            DatasetRejected: there is none, or there are several.
        """
        plain = meant.replace("\\", "/").strip()
        alike = self._by_base.get(plain.rsplit("/", 1)[-1], [])
        found = [name for called, name in alike if f"/{called}".endswith(f"/{plain}")]
        near: list[str] = []
        for folder in folders:
            whole = f"{folder}/{plain}".removeprefix("/")
            near = near or [name for called, name in alike if called == whole]
        if len(near or found) == 1:
            return (near or found)[0]
        if not found:
            raise DatasetRejected(
                f"{where}: the picture {meant[:80]!r} is not there; bring labels and pictures "
                "(.jpg, .png) together."
            )
        raise DatasetRejected(f"{where}: {meant[:80]!r} may be {found[0]} or {found[1]}.")


@contextmanager
def write_files(target: Path) -> Iterator[Put]:
    """A new folder, or a zip where ``target`` ends so; there only when the block ends well.

    Raises:
        DatasetRejected: it is there already.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise DatasetRejected(f"{target} is there already; name another place.")
    if target.suffix.lower() == ".zip":
        with whole(target) as pending, zipfile.ZipFile(pending, "w") as opened:
            yield opened.writestr
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".inyourarea-") as folder:
        root = Path(folder) / "out"
        root.mkdir()

        def put(name: str, content: bytes) -> None:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

        yield put
        root.replace(target)
