"""The cluster's object store: one bucket of MinIO, or of anything else that speaks S3."""

import base64
import hashlib
import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import BinaryIO, TypeVar

import certifi
import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error
from minio.helpers import ObjectWriteResult
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError, SSLError
from urllib3.util import Retry, Timeout

from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway, Stored, parts_of

log = logging.getLogger(__name__)

Written = TypeVar("Written")

#: Bytes of a part of a file that goes up; one is in memory at a time. 160 GB are 10,000 parts, as
#: many as S3 takes; beyond that they become larger.
PART_BYTES = 16 << 20
_MOST_PARTS = 10_000
#: S3 takes no smaller one but the last.
_LEAST_PART_BYTES = 5 << 20
#: Kept connections: one for each thread of a service, and some.
_CONNECTIONS = 16
#: Seconds for a connection to come about.
_CONNECT_S = 5.0
#: What may be asked twice: the second time gives what the first did. A delete would take what
#: was put in between, and parts are joined once; those are for whoever asked to ask again.
_SAFE = frozenset({"GET", "HEAD", "PUT"})
_RETRIES = 2
_BUSY = frozenset({429, 500, 502, 503, 504})
#: How often a name may change hands while its first writer is found out, and seconds in between.
_PATIENCE = 50
_PAUSE_S = 0.05
#: MinIO refuses a write while it clears away the folder around it, which another's delete left
#: empty: so often a refusal is asked again, with pauses as above, before it is believed.
_DOUBTS = 5
#: How long one conditional write may be under way.
_SIGNED_FOR = timedelta(hours=1)
#: The store's own codes for who asks, and the words for that.
_STRANGER = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidTokenId"})

#: One thread makes a client: a second one, thrown away, would close the connections of the first.
_MAKING = threading.Lock()


class MinioObjects:
    """Objects are those of one bucket; threads share it, and all of one process the connections.

    Pickled it is its settings, keys included: it travels through a pipe to a process of our own.
    """

    def __init__(self, settings: MinioSettings) -> None:
        self._settings = settings

    def put(self, key: str, content: bytes | Path) -> None:
        """See `Objects.put`; a large file goes up in parts, which S3 joins or never shows."""
        parts_of(key)
        with self._speaking_of(key):
            if isinstance(content, bytes):
                part = max(len(content), _LEAST_PART_BYTES)
                self._send(key, io.BytesIO(content), len(content), part)
                return
            with content.open("rb") as opened:
                size = os.fstat(opened.fileno()).st_size
                self._send(key, opened, size, max(PART_BYTES, -(-size // _MOST_PARTS)))

    def _send(self, key: str, opened: BinaryIO, size: int, part: int) -> None:
        def send() -> ObjectWriteResult:
            opened.seek(0)
            return self._client.put_object(
                self._settings.bucket, key, opened, size, part_size=part, num_parallel_uploads=1
            )

        written = _doubting_refusals(send)
        if not written.etag:  # S3 may say 200 first and then that it did not join the parts
            raise ObjectsAway(f"{self._where} did not join the parts of {key}")

    def put_once(self, key: str, content: bytes) -> bytes:
        """See `Objects.put_once`; S3 itself refuses to replace (``If-None-Match``).

        The client can not send that header, so the request is signed for it beforehand.
        """
        parts_of(key)
        with self._speaking_of(key):
            for _ in range(_PATIENCE):
                answer = _doubting_refusals(lambda: self._put_if_none(key, content))
                if answer.status == 200:
                    return content
                if answer.status == 412:
                    log.info("another was first to write %s", key)
                    try:
                        return self.get(key)
                    except ObjectNotFound:  # deleted in between
                        continue
                time.sleep(_PAUSE_S)  # two at once, and the store does not know who was first
        raise ObjectsAway(f"{self._where} can not tell who wrote {key} first")

    def _put_if_none(self, key: str, content: bytes) -> urllib3.BaseHTTPResponse:
        settings = self._settings
        address = self._client.get_presigned_url("PUT", settings.bucket, key, _SIGNED_FOR)
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        headers = {
            "If-None-Match": "*",
            "Content-MD5": digest,
            "Content-Type": "application/octet-stream",
        }
        answer = _connections(settings).request("PUT", address, body=content, headers=headers)
        if answer.status not in (200, 409, 412):
            raise _error_of(answer)
        return answer

    def get(self, key: str) -> bytes:
        """See `Objects.get`."""
        parts_of(key)
        with self._speaking_of(key):
            return self._content(key)

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `Objects.read`."""
        if length <= 0:
            self.size(key)
            return b""
        parts_of(key)
        with self._speaking_of(key):
            try:
                return self._content(key, start, length)
            except S3Error as error:
                if error.code == "InvalidRange":  # at the end, or past it
                    return b""
                raise

    def _content(self, key: str, start: int = 0, length: int = 0) -> bytes:
        """The object from ``start``; a ``length`` of 0 means to its end."""
        bucket, tries = self._settings.bucket, _RETRIES
        while True:
            try:
                with closing(self._client.get_object(bucket, key, start, length)) as answer:
                    return answer.read()
            except (ProtocolError, ReadTimeoutError):  # it broke off on the way
                tries -= 1
                if tries < 0:
                    raise

    def size(self, key: str) -> int:
        """See `Objects.size`."""
        parts_of(key)
        with self._speaking_of(key):
            return self._client.stat_object(self._settings.bucket, key).size or 0

    def list(self, prefix: str) -> Iterator[str]:
        """See `Objects.list`; names come by the thousand while they are asked for."""
        return (found.key for found in self.survey(prefix))

    def survey(self, prefix: str) -> Iterator[Stored]:
        """See `Objects.survey`; as `list`."""
        with self._speaking_of(prefix):
            bucket = self._settings.bucket
            for found in self._client.list_objects(bucket, prefix, recursive=True):
                at = found.last_modified
                written_s = at.timestamp() if at else 0.0
                yield Stored(found.object_name or "", found.size or 0, written_s)

    def delete(self, key: str) -> None:
        """See `Objects.delete`."""
        parts_of(key)
        with self._speaking_of(key):
            _doubting_refusals(lambda: self._client.remove_object(self._settings.bucket, key))

    @property
    def _client(self) -> Minio:
        return client_of(self._settings)

    @property
    def _where(self) -> str:
        return f"the object store at {self._settings.endpoint}"

    @contextmanager
    def _speaking_of(self, key: str) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise ObjectNotFound(key) from error
            raise ObjectsAway(words_for(error, self._settings, key)) from error
        except (FileNotFoundError, IsADirectoryError) as missing:  # the file to be put
            raise ObjectNotFound(key) from missing
        except (MinioException, HTTPError, OSError) as trouble:
            raise ObjectsAway(words_for(trouble, self._settings, key)) from trouble


def _doubting_refusals(write: Callable[[], Written]) -> Written:
    """What it returns, once the store has made up its mind; see `_DOUBTS`."""
    for _ in range(_DOUBTS):
        try:
            return write()
        except S3Error as error:
            if error.code != "AccessDenied":
                raise
        time.sleep(_PAUSE_S)
    return write()


def client_of(settings: MinioSettings) -> Minio:
    """This process's client of that store; threads share it."""
    with _MAKING:
        return _client_of(settings)


@cache
def _client_of(settings: MinioSettings) -> Minio:
    client = Minio(
        settings.host,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        secure=settings.has_tls,
        region=settings.region,
        http_client=_connections(settings),
    )
    if settings.is_in_path:
        client.disable_virtual_style_endpoint()
    else:
        client.enable_virtual_style_endpoint()
    return client


@cache
def _connections(settings: MinioSettings) -> urllib3.PoolManager:
    retries = Retry(
        total=_RETRIES,
        redirect=False,
        allowed_methods=_SAFE,
        status_forcelist=_BUSY,
        backoff_factor=0.2,
        raise_on_status=False,
        respect_retry_after_header=False,  # whoever asked waits better, and says so
        raise_on_redirect=False,
    )
    return urllib3.PoolManager(
        maxsize=_CONNECTIONS,
        timeout=Timeout(connect=_CONNECT_S, read=settings.timeout_s),
        retries=retries,
        ca_certs=settings.ca_file or certifi.where(),
    )


def words_for(trouble: Exception, settings: MinioSettings, what: str = "") -> str:
    """What is wrong with the store, and what to do, in a sentence."""
    where = f"the object store at {settings.endpoint}"
    if isinstance(trouble, S3Error):
        return _words_for_refusal(trouble, settings, what)
    if isinstance(trouble, MaxRetryError) and isinstance(trouble.reason, SSLError):
        return (
            f"{where} does not prove who it is ({trouble.reason}); INYOURAREA_S3_CA_FILE must "
            "name the certificates that its own leads to"
        )
    if isinstance(trouble, HTTPError):
        reason = trouble.reason if isinstance(trouble, MaxRetryError) else trouble
        return f"{where} can not be reached: {reason}"
    return f"{where} is in trouble: {trouble}"


def _words_for_refusal(error: S3Error, settings: MinioSettings, what: str) -> str:
    where = f"the object store at {settings.endpoint}"
    if error.code in _STRANGER:
        return (
            f"{where} does not know the access key {settings.access_key!r} or its secret; check "
            "INYOURAREA_S3_ACCESS_KEY and INYOURAREA_S3_SECRET_KEY, or the files named for them"
        )
    if error.code == "AccessDenied":
        return (
            f"{where} refuses {what!r} to the access key {settings.access_key!r}; give it the "
            "policy that `inyourarea store policies` prints for its service"
        )
    if error.code == "NoSuchBucket":
        return f"{where} has no bucket {settings.bucket!r}; `inyourarea store apply` makes it"
    if error.code == "RequestTimeTooSkewed":
        return f"{where} has another time than this machine; set both clocks"
    return f"{where} refuses {what!r}: {error.code}, {error.message}"


def _error_of(answer: urllib3.BaseHTTPResponse) -> MinioException:
    if answer.data.lstrip().startswith(b"<"):
        return S3Error.fromxml(answer)
    kind = answer.headers.get("content-type")
    return InvalidResponseError(answer.status, kind, answer.data[:200].decode(errors="replace"))
