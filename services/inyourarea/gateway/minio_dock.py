"""The dock of an S3 store: presigned parts and server-side copies."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from inyourarea.gateway.dock import ObjectChanged, PartsRejected, Place, Seen
from inyourarea.runtime.minio_objects import client_of, words_for
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway

_GONE = frozenset({"NoSuchKey", "NoSuchBucket"})
_NOT_THOSE_PARTS = frozenset(
    {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidRequest"}
)


class MinioDock:
    """See `Dock`. ``outside`` is the store's address for those who send parts, where it differs."""

    def __init__(self, settings: MinioSettings, outside: str = "") -> None:
        self._settings = settings
        self._outside = replace(settings, endpoint=outside or settings.endpoint)

    def begin(self, key: str) -> str:
        """See `Dock.begin`."""
        with self._speaking_of(Place("", key)):
            return self._client._create_multipart_upload(self._settings.bucket, key, {})

    def addresses(self, key: str, upload: str, parts: int, lifetime_s: int) -> list[str]:
        """See `Dock.addresses`; signed here, the store is not asked."""
        client, lifetime = client_of(self._outside), timedelta(seconds=lifetime_s)
        return [
            client.get_presigned_url(
                "PUT",
                self._settings.bucket,
                key,
                lifetime,
                extra_query_params={"partNumber": str(number), "uploadId": upload},
            )
            for number in range(1, parts + 1)
        ]

    def join(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """See `Dock.join`."""
        place = Place("", key)
        parts = [Part(number, etag) for number, etag in enumerate(etags, start=1)]
        with self._speaking_of(place):
            try:
                self._client._complete_multipart_upload(self._settings.bucket, key, upload, parts)
            except S3Error as error:
                if error.code in _NOT_THOSE_PARTS:
                    raise PartsRejected(f"The store does not join them: {error.message}") from error
                if error.code != "NoSuchUpload":
                    raise
        try:
            self.look(place)
        except ObjectNotFound:
            raise PartsRejected("This upload has ended; begin again.") from None

    def give_up(self, key: str, upload: str) -> None:
        """See `Dock.give_up`."""
        with self._speaking_of(Place("", key)):
            try:
                self._client._abort_multipart_upload(self._settings.bucket, key, upload)
            except S3Error as error:
                if error.code != "NoSuchUpload":
                    raise

    def look(self, place: Place) -> Seen:
        """See `Dock.look`."""
        with self._speaking_of(place):
            found = self._client.stat_object(self._bucket(place), place.key)
        return Seen(found.size or 0, found.etag or "")

    def read(self, place: Place, seen: Seen, start: int, length: int) -> bytes:
        """See `Dock.read`."""
        same: dict[str, str | list[str] | tuple[str]] = {"If-Match": f'"{seen.etag}"'}
        with self._speaking_of(place), self._unchanged(place):
            client, bucket = self._client, self._bucket(place)
            with closing(client.get_object(bucket, place.key, start, length, same)) as answer:
                return answer.read()

    def copy(self, place: Place, seen: Seen, key: str) -> None:
        """See `Dock.copy`; past 5 GiB, S3's most for one request, it goes in parts."""
        source = CopySource(self._bucket(place), place.key, match_etag=seen.etag)
        with self._speaking_of(place), self._unchanged(place):
            self._client.copy_object(self._settings.bucket, key, source)

    def _bucket(self, place: Place) -> str:
        return place.bucket or self._settings.bucket

    @property
    def _client(self) -> Minio:
        return client_of(self._settings)

    @contextmanager
    def _unchanged(self, place: Place) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            if error.code == "PreconditionFailed" or error.code in _GONE:
                raise ObjectChanged(str(place)) from error
            raise

    @contextmanager
    def _speaking_of(self, place: Place) -> Iterator[None]:
        try:
            yield
        except S3Error as error:
            if error.code in _GONE and (place.bucket or error.code == "NoSuchKey"):
                raise ObjectNotFound(str(place)) from error
            if place.bucket and error.code == "AccessDenied":
                raise ObjectsAway(
                    f"the gateway's key may not read {place}; give it the policy that `inyourarea "
                    "store policies --service gateway --source ...` prints"
                ) from error
            raise ObjectsAway(words_for(error, self._settings, place.key)) from error
        except (MinioException, HTTPError, OSError) as trouble:
            raise ObjectsAway(words_for(trouble, self._settings, place.key)) from trouble
