"""How services prove to each other who they are: a certificate each, signed by one authority."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from inyourarea.runtime.settings import PREFIX, Environment

_CERTIFICATE, _KEY, _AUTHORITY = _NAMES = ("TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE")


@dataclass(frozen=True)
class Tls:
    """PEM: a service's own certificate and its key, and the authority whose others it believes.

    A server without an authority lets everybody in and proves only who it is itself.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    authority: bytes = b""


def read_settings(environment: Mapping[str, str]) -> Tls | None:
    """Settings from the environment; none: what services ask each other is not encrypted.

    Names behind ``INYOURAREA_``: ``TLS_CERT_FILE``, ``TLS_KEY_FILE`` and ``TLS_CA_FILE``, all three
    or none. The files are read once; a service ends in order when one was renewed (`run_service`).

    Raises:
        SettingsRejected: some are missing or do not fit; all problems are told together.
    """
    if not any(environment.get(PREFIX + name) for name in _NAMES):
        return None
    asked = Environment(environment)
    pair = read_pair(asked, _CERTIFICATE, _KEY)
    authority = asked.needed(
        _AUTHORITY, certificate_file, "a file with the authority's certificate"
    )
    asked.check()
    return Tls(pair.certificate, pair.key, Path(authority).read_bytes())


def read_pair(asked: Environment, certificate: str, key: str) -> Tls:
    """A certificate and its key, in the files that settings of these names say.

    What is wrong with them is among the problems of ``asked``, and the answer is of no use then.
    """
    own = asked.needed(certificate, certificate_file, "a file with a certificate in PEM")
    wanted = f"a file with the key of {PREFIX}{certificate} in PEM, without a password"
    secret = asked.needed(key, partial(_key_of, own), wanted)
    if not (own and secret):
        return Tls(b"", b"")
    return Tls(Path(own).read_bytes(), Path(secret).read_bytes())


def certificate_file(text: str) -> str:
    """A file of certificates in PEM; `ValueError` where it is none."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    except OSError as trouble:  # an SSLError too
        raise ValueError(text) from trouble
    return text


def _key_of(certificate: str, text: str) -> str:
    if certificate:  # else that is told already
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, text, "")
        except OSError as trouble:
            raise ValueError(text) from trouble
    return text
