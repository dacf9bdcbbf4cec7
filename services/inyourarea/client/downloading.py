"""Files on their way from a server: a download that was broken off goes on where it was."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from inyourarea.client.server import Patience, Server, ServerAway, away
from inyourarea.core.errors import Refused

Counted = Callable[[int, int], None]

#: Which files lie in a folder: the ETag of their bytes, and size and time of change as they came.
_KNOWN = ".inyourarea-fetched.json"
#: Longer ones would not fit into a file's name; they match nothing when they are cut.
_LONGEST_ETAG = 80
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class FileChanged(Refused):
    """The server's file is another one than it was; a new try fetches that one."""


@dataclass(frozen=True)
class _Part:
    """What is there already of a file: its bytes so far lie in a file named after their ETag."""

    target: Path

    def find(self) -> tuple[Path, str] | None:
        """The unfinished file and the ETag of its bytes."""
        for path in self.target.parent.glob(f".{_plain(self.target)}.*.part"):
            with contextlib.suppress(ValueError):
                if etag := bytes.fromhex(path.name.split(".")[-2]).decode():
                    return path, etag
        return None

    def path(self, etag: str) -> Path:
        return self.target.parent / f".{_plain(self.target)}.{etag.encode().hex()}.part"

    def drop(self) -> None:
        for path in self.target.parent.glob(f".{_plain(self.target)}.*.part"):
            path.unlink(missing_ok=True)


def _plain(target: Path) -> str:
    """A short name without signs that mean something to ``glob``."""
    return hashlib.sha256(target.name.encode(errors="surrogateescape")).hexdigest()[:16]


def fetch_file(server: Server, url: str, target: Path, patience: Patience, note: Counted) -> None:
    """The file is there whole, under its name only then; nothing is fetched that is there already.

    ``note`` is called with the bytes that are there, and all.

    Raises:
        Refused: it can not be written.
        Problem: the server does not give it.
        ServerAway: nothing went on for longer than ``patience`` bears.
    """
    if not url.startswith("/api/"):
        raise Refused(f"the server names an address outside of its API: {url[:200]!r}")
    most = 0

    def counted(at: int, total: int) -> None:
        nonlocal most
        if at > most:
            patience.renew()
        most = max(most, at)
        note(at, total)

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                _fetch(server, url, target, counted)
            except (ServerAway, FileChanged) as trouble:
                patience.bear(ServerAway(str(trouble)))
            else:
                return
    except OSError as error:
        raise Refused(f"{target} can not be written: {error.strerror or error}") from error


def _fetch(server: Server, url: str, target: Path, note: Counted) -> None:
    part = _Part(target)
    headers = {"Accept-Encoding": "identity"}
    begun = part.find()
    if begun:
        headers["Range"] = f"bytes={begun[0].stat().st_size}-"
        headers["If-Range"] = begun[1]
    elif etag := _etag_of(target):
        headers["If-None-Match"] = etag
    try:
        with server.http.stream("GET", url, headers=headers) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                size = target.stat().st_size
                note(size, size)
                return
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.drop()
                raise FileChanged(f"{target} is shorter on the server than what is here")
            server.check(answer)
            path, etag = _write(answer, part, note)
    except httpx.TransportError as error:
        raise away(server.url, error) from error
    path.replace(target)
    if etag:
        _remember(target, etag)


def _write(answer: httpx.Response, part: _Part, note: Counted) -> tuple[Path, str]:
    """All bytes of the answer lie in the unfinished file, which is whole; returns it and its ETag.

    Raises:
        FileChanged: they are not those of the bytes that were there, or not all.
    """
    etag = answer.headers.get("ETag", "")[:_LONGEST_ETAG]
    path = part.path(etag)
    at, total = 0, int(answer.headers.get("Content-Length", -1))
    if answer.status_code == httpx.codes.PARTIAL_CONTENT:
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        at, total = (int(found[1]), int(found[3])) if found else (-1, -1)
        if not path.is_file() or path.stat().st_size != at:
            part.drop()
            raise FileChanged(f"{part.target} has changed on the server")
    elif not path.is_file():
        part.drop()  # of an older file
    with path.open("r+b" if at else "wb") as opened:
        opened.seek(at)
        note(at, total)
        for block in answer.iter_raw():  # as it comes: what has come is kept when the rest breaks
            opened.write(block)
            at += len(block)
            note(at, total)
        opened.flush()
        os.fsync(opened.fileno())
    if total not in (-1, at):
        raise FileChanged(f"{part.target} came with {at} bytes of {total}")
    return path, etag


def _etag_of(target: Path) -> str | None:
    """The ETag of the file that was fetched, if it is there as it was written."""
    match _known(target.parent).get(target.name):
        case [str(etag), *written] if target.is_file() and written == _as_written(target):
            return etag
    return None


def _as_written(target: Path) -> list[int]:
    about = target.stat()
    return [about.st_size, about.st_mtime_ns]


def _known(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / _KNOWN).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(target: Path, etag: str) -> None:
    partial = target.parent / f"{_KNOWN}.{os.getpid()}"
    known = {**_known(target.parent), target.name: [etag, *_as_written(target)]}
    partial.write_text(json.dumps(known))
    partial.replace(target.parent / _KNOWN)
