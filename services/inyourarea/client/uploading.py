"""Files on their way to a server, by the tus protocol; a broken or stopped upload goes on."""

import base64
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from inyourarea.client.server import Patience, Problem, Server, ServerAway, path
from inyourarea.core.errors import Refused

Counted = Callable[[int, int], None]

#: Bytes of one request, a multiple of the server's parts; proxies do not like endless ones.
_REQUEST = 32 << 20
#: Bytes that are read from the file at a time.
_BLOCK = 256 << 10
#: Seconds after which a note is thrown away: uploads live for a day.
_NOTED_S = 30 * 24 * 3600
_TUS = {"Tus-Resumable": "1.0.0"}


def default_notes() -> Path:
    """The folder of this user in which uploads that are under way are noted."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "inyourarea" / "uploads"


class UploadNotes:
    """What has become of a file, for whoever goes on with it later: an upload, or a video.

    The same file is known by its path, size and time of change, for one server.
    """

    def __init__(self, folder: Path, server: str, file: Path) -> None:
        about = file.stat()
        known = [server, str(file.resolve()), about.st_size, about.st_mtime_ns]
        name = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]
        self._path = folder / f"{name}.json"

    def read(self, what: str) -> str | None:
        """The id of the ``upload``, or of the ``video`` of some wishes, if it is noted."""
        found = self._all().get(what)
        return found if isinstance(found, str) and found.isalnum() else None

    def write(self, what: str, name: str) -> None:
        """The file is this upload, or video, from now on. A note that can not be made is not.

        An upload that has become a video is none any more; the videos of other wishes stay.
        """
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in self._path.parent.glob("*.json"):
                if old.stat().st_mtime < time.time() - _NOTED_S:
                    old.unlink(missing_ok=True)
            partial = self._path.with_suffix(f".{os.getpid()}")
            noted = self._all()
            noted.pop("upload", None)
            partial.write_text(json.dumps({**noted, what: name}))
            partial.replace(self._path)

    def _all(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def send_file(
    server: Server, file: Path, notes: UploadNotes, patience: Patience, note: Counted
) -> str:
    """The whole file is at the server; returns the upload's id. A noted upload goes on.

    ``note`` is called with the bytes that are there, and all.

    Raises:
        Refused: the file can not be read, or changes.
        Problem: the server does not want it.
        ServerAway: nothing went on for longer than ``patience`` bears.
    """
    total = file.stat().st_size
    upload, offset = _find(server, notes, total) or (_create(server, file, total), 0)
    notes.write("upload", upload)
    while True:
        note(offset, total)
        if offset == total:
            return upload
        try:
            offset = _send_some(server, upload, file, offset, lambda at: note(at, total))
            patience.renew()
        except ServerAway as trouble:
            patience.bear(trouble)
            offset = _offset_again(server, upload, offset, patience)
        except Problem as problem:
            if problem.status != 409:  # what was sent before a break is still being written
                raise
            patience.bear(ServerAway(str(problem)))
            offset = _offset_again(server, upload, offset, patience)


def _find(server: Server, notes: UploadNotes, total: int) -> tuple[str, int] | None:
    upload = notes.read("upload")
    if upload is None:
        return None
    try:
        answer = server.ask("HEAD", path("uploads", upload), headers=_TUS)
    except Problem as problem:
        if problem.status not in (403, 404, 410):
            raise
        return None
    if answer.headers.get("Upload-Length") != str(total):
        return None
    return upload, int(answer.headers["Upload-Offset"])


def _create(server: Server, file: Path, total: int) -> str:
    name = base64.b64encode(file.name.encode(errors="replace")).decode()
    headers = {**_TUS, "Upload-Length": str(total), "Upload-Metadata": f"filename {name}"}
    answer = server.ask("POST", "/uploads", headers=headers)
    # Only the id is believed: the file goes to this server whatever address it names.
    upload = answer.headers.get("Location", "").rstrip("/").rsplit("/", 1)[-1]
    if not upload.isalnum():
        raise ServerAway(f"{server.url} does not say where to send the file")
    return upload


def _offset_again(server: Server, upload: str, before: int, patience: Patience) -> int:
    """How much has arrived, asked until the server can say so; more than before is progress."""
    while True:
        try:
            answer = server.ask("HEAD", path("uploads", upload), headers=_TUS)
        except ServerAway as trouble:
            patience.bear(trouble)
            continue
        offset = int(answer.headers["Upload-Offset"])
        if offset > before:
            patience.renew()
        return offset


def _send_some(
    server: Server, upload: str, file: Path, offset: int, note: Callable[[int], None]
) -> int:
    """The next bytes are there; returns how many are there now."""
    length = min(_REQUEST, file.stat().st_size - offset)
    if length <= 0:
        raise _shorter(file)
    headers = {
        **_TUS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(length),
    }
    blocks = _blocks(file, offset, length, note)
    answer = server.ask_once("PATCH", path("uploads", upload), headers=headers, content=blocks)
    return int(answer.headers["Upload-Offset"])


def _blocks(file: Path, offset: int, length: int, note: Callable[[int], None]) -> Iterator[bytes]:
    end = offset + length
    with file.open("rb") as opened:
        opened.seek(offset)
        while offset < end:
            block = opened.read(min(_BLOCK, end - offset))
            if not block:
                raise _shorter(file)
            yield block
            offset += len(block)
            note(offset)


def _shorter(file: Path) -> Refused:
    return Refused(f"{file} has become shorter while it was sent; send it again")
