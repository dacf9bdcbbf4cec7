"""One signed request to a webhook's target: to a checked address, briefly, and nowhere else."""

import asyncio
import contextlib
import hashlib
import hmac
import re
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from inyourarea.gateway.addresses import allowed, look_up
from inyourarea.gateway.settings import Network

#: Seconds in all for one try, from the look-up of the name to the first line of the answer.
LONGEST_TRY_S = 10.0
#: Bytes of the answer that are read at most; only its first line tells anything.
_MOST_ANSWER = 4096
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_PORTS = {"http": 80, "https": 443}


class Undelivered(Exception):
    """The target did not say that it has it; the text says what happened."""


@dataclass(frozen=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the ``Host`` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str) -> Target:
    """The parts of a webhook's address.

    Raises:
        ValueError: it is no plain ``http`` or ``https`` address; the text says why.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("a webhook's address has only ASCII characters and no spaces")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("a webhook's address begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a webhook's address has no user name and password")
    if not parts.hostname or "%" in parts.hostname:
        raise ValueError("a webhook's address names a host")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError("a webhook's port is from 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path)


def signature(secret: str, now_s: int, body: bytes) -> str:
    """What the ``X-InYourArea-Signature`` header says: when, and the HMAC of when and what."""
    signed = hmac.new(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256)
    return f"t={now_s},v1={signed.hexdigest()}"


async def post(
    url: str,
    headers: dict[str, str],
    body: bytes,
    networks: Sequence[Network],
    longest_s: float = LONGEST_TRY_S,
) -> int:
    """The target has answered with this status, which says that it has it.

    Redirects are not followed, and the answer's text is not read.

    Raises:
        Undelivered: it has not, within ``longest_s``.
        AddressRefused: it lies where webhooks may not go.
    """
    target = read_target(url)
    try:
        async with asyncio.timeout(longest_s):
            found = await _look_up(target)
            reader, writer = await _connect(allowed(found, networks), target)
            try:
                writer.write(_head(target, headers, len(body)) + body)
                status = await _status(reader)
            finally:
                writer.transport.abort()
    except TimeoutError:
        raise Undelivered(f"no answer within {longest_s:g} s") from None
    except OSError as error:
        raise Undelivered(f"no connection: {error}"[:300]) from error
    if 300 <= status < 400:
        raise Undelivered(f"answered {status}; redirects are not followed")
    if not 200 <= status < 300:
        raise Undelivered(f"answered {status}")
    return status


async def _look_up(target: Target) -> list[str]:
    """The host's addresses, by a thread of their own: a look-up that hangs can not be ended.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], trouble: OSError | None) -> None:
        if found.done():
            return  # nobody waits any more
        if trouble is None:
            found.set_result(addresses)
        else:
            found.set_exception(trouble)

    def work() -> None:
        addresses, trouble = list[str](), None
        try:
            addresses = look_up(target.host, target.port)
        except OSError as error:
            trouble = error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, addresses, trouble)

    threading.Thread(target=work, name="look-up", daemon=True).start()
    return await found


async def _connect(
    addresses: Sequence[str], target: Target
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first of these addresses that takes one."""
    context = ssl.create_default_context() if target.scheme == "https" else None
    name = target.host if context else None
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(
                address, target.port, ssl=context, server_hostname=name, limit=_MOST_ANSWER
            )
    return await asyncio.open_connection(
        addresses[-1], target.port, ssl=context, server_hostname=name, limit=_MOST_ANSWER
    )


async def _status(reader: asyncio.StreamReader) -> int:
    """What the first line of the answer says; nothing behind it is read.

    Raises:
        Undelivered: it is no HTTP.
    """
    try:
        found = _STATUS.fullmatch(await reader.readuntil(b"\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        found = None
    if found is None:
        raise Undelivered("the answer is no HTTP")
    return int(found[1])


def _head(target: Target, headers: dict[str, str], length: int) -> bytes:
    fields = {
        "Host": target.authority,
        "Content-Length": str(length),
        "Connection": "close",
        "User-Agent": "InYourArea",
        **headers,
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
