"""Where a cluster's objects are: one bucket of an S3 store, and the key to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from urllib.parse import urlsplit

from inyourarea.runtime.settings import Environment
from inyourarea.runtime.tls import certificate_file

#: S3's rule for names of buckets, without dots: those break TLS where the bucket is a host.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
#: Days after which a frame pack goes that nobody detected in: it is drawn again when it is wanted.
FRAMES_DAYS = 2


@dataclass(frozen=True)
class MinioSettings:
    """One bucket, how it is reached, and as whom."""

    #: `http://host:port` or `https://host`.
    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str = "inyourarea"
    #: Named always, so that nobody has to ask the store for it.
    region: str = "us-east-1"
    #: Certificates that the store's own must lead to; none: those that everybody trusts.
    ca_file: str = ""
    #: Whether the bucket's name goes into the path; else it goes before the host's name.
    is_in_path: bool = True
    #: Seconds in which the store must have sent something; it joins the parts of 50 GB in less.
    timeout_s: float = 30.0

    @property
    def host(self) -> str:
        """Host, and port if one is named."""
        return urlsplit(self.endpoint).netloc

    @property
    def has_tls(self) -> bool:
        """Whether the way to it is encrypted."""
        return urlsplit(self.endpoint).scheme == "https"


def read_settings(environment: Mapping[str, str]) -> MinioSettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_S3_``: ``ENDPOINT``, ``REGION`` (us-east-1), ``BUCKET``
    (inyourarea), ``ACCESS_KEY`` and ``SECRET_KEY`` or files that hold them, ``ACCESS_KEY_FILE``
    and ``SECRET_KEY_FILE``, ``CA_FILE``, ``PATH_STYLE`` (yes) and ``TIMEOUT_S`` (30).

    Raises:
        SettingsRejected: something is missing or can not be used; all problems are told together.
    """
    asked = Environment(environment)
    settings = MinioSettings(
        endpoint=asked.needed(
            "S3_ENDPOINT", parse_endpoint, "an address, such as https://host:9000"
        ),
        bucket=asked.read("S3_BUCKET", MinioSettings.bucket, _bucket, "3 to 63 of a-z, 0-9 and -"),
        access_key=asked.secret("S3_ACCESS_KEY"),
        secret_key=asked.secret("S3_SECRET_KEY"),
        region=asked.read(
            "S3_REGION", MinioSettings.region, _region, "a name such as eu-central-1"
        ),
        ca_file=asked.read("S3_CA_FILE", "", certificate_file, "a file of certificates in PEM"),
        is_in_path=asked.answer("S3_PATH_STYLE", default=True),
        timeout_s=float(asked.seconds("S3_TIMEOUT_S", Fraction(MinioSettings.timeout_s), 3600)),
    )
    asked.check()
    return settings


def parse_endpoint(text: str) -> str:
    """An S3 store's address, scheme and host; `ValueError` where it is none."""
    parts = urlsplit(text)
    is_plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise ValueError(text)
    _ = parts.port  # raises where it is none
    return f"{parts.scheme}://{parts.netloc}"


def _bucket(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise ValueError(text)
    return text


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError(text)
    return text
