"""Files on their way in: parts in the object store, so that any copy can go on with them."""

import hashlib
import json
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from inyourarea.contracts import keys
from inyourarea.core.reasons import told
from inyourarea.gateway.deletion import delete_source, is_brought, is_needed, oldest_brought
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.runtime.objects import ObjectNotFound, Objects, Stored, holds

#: Bytes of one part: what is lost at most when a connection breaks, and what is held in memory.
PART = 4 << 20
#: Bytes read at a time while parts are joined.
_BLOCK = 1 << 20
#: Seconds after which an upload that nobody goes on with is forgotten.
LIFETIME_S = 24 * 3600
_NUMBER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Upload:
    """A file that is coming in; ``offset`` bytes of ``length`` are here."""

    number: str
    length: int
    filename: str
    by: str
    created_s: int
    offset: int
    #: Of the source that it has become; empty: none yet.
    sha256: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether everything is here."""
        return self.offset == self.length

    @property
    def expires_s(self) -> int:
        """The Unix time from which on it may be forgotten."""
        return self.created_s + LIFETIME_S


class Uploads:
    """All uploads of a store. Each part is an object named after the bytes that lie before it."""

    def __init__(self, objects: Objects, most_bytes: int, scratch: Path | None = None) -> None:
        self._objects = objects
        self._scratch = scratch
        self.most_bytes = most_bytes

    def create(self, length: int, filename: str, by: str) -> Upload:
        """A new upload of so many bytes.

        Raises:
            Problem: it is too large.
        """
        check_length(length, self.most_bytes)
        number, now = uuid.uuid4().hex, int(time.time())
        about = {"length": length, "filename": filename, "by": by, "created_s": now}
        self._objects.put(_about(number), json.dumps(about).encode())
        return Upload(number, length, filename, by, now, 0)

    def find(self, number: str, by: str) -> Upload:
        """How far an upload is.

        Raises:
            NotThere: there is none of that number, it has expired, or it is somebody else's.
        """
        if not _NUMBER.fullmatch(number):
            raise NotThere("such upload")
        try:
            about = json.loads(self._objects.get(_about(number)))
        except ObjectNotFound:
            raise NotThere("such upload; begin again") from None
        if about["by"] != by or self._is_over(about):
            raise NotThere("such upload; begin again")
        offset = about["length"] if "sha256" in about else self._offset(number)
        return Upload(number=number, offset=offset, **about)

    def _is_over(self, about: dict[str, Any]) -> bool:
        """Whether it has expired, or its video was deleted."""
        if about["created_s"] + LIFETIME_S < time.time():
            return True
        return "sha256" in about and not holds(self._objects, keys.source(about["sha256"]))

    def _offset(self, number: str) -> int:
        end = 0
        for part in self._parts(number):
            if _place_of(part.key) != end:
                break  # a part that was written twice at once, or after a hole
            end += part.size
        return end

    def _parts(self, number: str) -> Iterator[Stored]:
        return self._objects.survey(keys.upload(number) + "part-")

    def add(self, upload: Upload, content: bytes) -> Upload:
        """The bytes are here, behind what was."""
        name = f"{keys.upload(upload.number)}part-{upload.offset:020}"
        stored = self._objects.put_once(name, content)
        if stored != content:
            raise Problem(409, "upload-conflict", "Another request sends this upload; ask again.")
        return Upload(**{**upload.__dict__, "offset": upload.offset + len(content)})

    @contextmanager
    def source(self, upload: Upload) -> Iterator[str]:
        """The whole file is a source within, and stays one if nothing is raised; its digest.

        Raises:
            Problem: bytes are still missing.
        """
        if not upload.is_whole:
            raise Problem(
                409,
                "upload-unfinished",
                f"Only {upload.offset} of {upload.length} bytes have arrived; go on sending.",
            )
        with tempfile.NamedTemporaryFile(dir=self._scratch, prefix="inyourarea-") as file:
            sha256 = upload.sha256 or self._join(upload, file)

            def store() -> None:
                if upload.sha256:  # its video was deleted just now
                    raise NotThere("such upload; begin again")
                self._objects.put(keys.source(sha256), Path(file.name))

            with stored_source(self._objects, sha256, store):
                yield sha256

    def _join(self, upload: Upload, file: IO[bytes]) -> str:
        found = hashlib.sha256()
        for part in self._parts(upload.number):
            if _place_of(part.key) != file.tell():
                break  # see `_offset`
            start = 0
            while content := self._objects.read(part.key, start, _BLOCK):
                found.update(content)
                file.write(content)
                start += len(content)
        if file.tell() != upload.length:  # parts of it were taken away meanwhile
            raise Problem(409, "upload-conflict", "Another request sends this upload; ask again.")
        file.flush()
        return found.hexdigest()

    def use_up(self, upload: Upload, sha256: str) -> None:
        """Of the upload is left which source it is: whoever missed the answer asks again."""
        about = {**asdict(upload), "sha256": sha256}
        del about["number"], about["offset"]
        self._objects.put(_about(upload.number), json.dumps(about).encode())
        for part in list(self._parts(upload.number)):
            self._objects.delete(part.key)

    def forget(self, number: str) -> None:
        """Nothing is left of the upload."""
        for key in list(self._objects.list(keys.upload(number))):
            self._objects.delete(key)

    def sweep(self) -> None:
        """Uploads that are over are gone, and so is what their submission may have left."""
        names = self._objects.list("uploads/")
        for number in dict.fromkeys(name.split("/")[1] for name in names):
            if not _NUMBER.fullmatch(number):  # a digest
                for name in list(self._objects.list(keys.upload(number))):
                    if name < oldest_brought(number):
                        self._objects.delete(name)
                continue
            try:
                about = json.loads(self._objects.get(_about(number)))
            except ObjectNotFound:
                about = {"created_s": 0}
            if self._is_over(about):
                self.forget(number)


def check_length(length: int, most_bytes: int) -> None:
    """A file of so many bytes is taken.

    Raises:
        Problem: it is too large.
    """
    if length > most_bytes:
        raise Problem(
            413,
            "upload-too-large",
            told("file-large", size=length, most=most_bytes),
        )


@contextmanager
def stored_source(objects: Objects, sha256: str, store: Callable[[], None]) -> Iterator[None]:
    """The source is there within, put by ``store`` if need be, and stays if nothing is raised.

    Of several who bring a new file at once, on whatever gateways, one who is refused does not take
    it from the others. Each says first that she brings it, and looks then whether it is there; who
    takes it away looks afterwards whether anybody has said so meanwhile, and puts it back.
    """
    mine = keys.brought(sha256, int(time.time()), uuid.uuid4().hex)
    objects.put(mine, b"")
    is_new = False
    try:
        is_there = holds(objects, keys.source(sha256))
        is_new = not is_there or is_brought(objects, sha256, but=mine)
        if not is_there:
            store()
        yield
        if not holds(objects, keys.source(sha256)):  # who deleted it had not heard of this
            store()
    except Exception:
        objects.delete(mine)
        if is_new and not is_needed(objects, sha256) and not is_brought(objects, sha256):
            delete_source(objects, sha256)
            if is_brought(objects, sha256):
                store()
        raise
    finally:
        objects.delete(mine)


def _place_of(part: str) -> int:
    """How many bytes lie before the part."""
    return int(part.rsplit("-", 1)[1])


def _about(number: str) -> str:
    return f"{keys.upload(number)}about.json"
