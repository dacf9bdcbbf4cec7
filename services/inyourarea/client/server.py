"""One server: requests, what it refuses, and how long it may be away."""

import time
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from inyourarea.core.errors import Refused

_Model = TypeVar("_Model", bound=BaseModel)

API = "/api/v1"
#: Seconds for a connection, and between two bytes: submitting reads a whole large file once more.
_TIMEOUT = httpx.Timeout(300.0, connect=10.0)
#: The server, or something on the way to it, can not answer now; asked again later it may.
_AWAY = (429, 502, 503, 504)
#: Times that a server is asked again when it says that it is busy, and the longest wait for it.
_MOST_REPEATS = 3
_LONGEST_WAIT_S = 30.0


class Problem(Refused):
    """The server has refused; ``document`` is its problem document (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail") or f"the server answered {status}"))
        self.status = status
        self.document = document

    @property
    def kind(self) -> str:
        """What kind of problem it is, such as ``not-found``."""
        return str(self.document.get("type", "")).rsplit(":", 1)[-1]


class ServerAway(Refused):
    """The server can not be reached, or can not answer now."""


class Patience:
    """Waits between tries, until for so many seconds all have failed and nothing has gone on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Something has gone on."""
        self._since: float | None = None
        self._wait_s = 0.25

    def bear(self, away: ServerAway) -> None:
        """A while has passed.

        Raises:
            ServerAway: the first failure since something went on was long enough ago.
        """
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since > self._seconds:
            raise away
        time.sleep(self._wait_s)
        self._wait_s = min(2 * self._wait_s, 10.0)


class Server:
    """An HTTP connection to a server's API. Requests go nowhere else: redirects are refused.

    Raises:
        Refused: the address is none.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        if "@" in url.partition("?")[0]:
            raise Refused("a server's address has no name and password in it; give a token")
        headers = {"User-Agent": "inyourarea-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self.url = str(httpx.URL(url)).rstrip("/")
            self.http = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT)
        except (httpx.InvalidURL, ValueError) as error:
            raise Refused(f"{url[:200]!r} is no address of a server: {error}") from error
        if self.http.base_url.scheme not in ("http", "https") or not self.http.base_url.host:
            raise Refused(f"{url[:200]!r} is no address of a server; it begins with http://")

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer; a server that says that it is busy is asked again.

        Raises:
            Problem: it refuses.
            ServerAway: it can not be reached, or stays busy.
        """
        for _ in range(_MOST_REPEATS):
            try:
                return self.ask_once(method, path, **more)
            except ServerAway as trouble:
                if not isinstance(trouble.__cause__, _Busy):
                    raise
                time.sleep(min(trouble.__cause__.retry_after_s, _LONGEST_WAIT_S))
        return self.ask_once(method, path, **more)

    def ask_once(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer.

        Raises:
            Problem: it refuses.
            ServerAway: it can not be reached, or is busy.
        """
        try:
            answer = self.http.request(method, API + path, **more)
        except httpx.TransportError as error:
            raise away(self.url, error) from error
        self.check(answer)
        return answer

    def read(self, model: type[_Model], content: str | bytes) -> _Model:
        """What the server has answered.

        Raises:
            ServerAway: it does not speak this API.
        """
        try:
            return model.model_validate_json(content)
        except ValidationError as error:
            what = error.errors()[0]
            where = ".".join(map(str, what["loc"]))
            raise ServerAway(
                f"{self.url} does not speak this API: {where}: {what['msg']}"
            ) from error

    def check(self, answer: httpx.Response) -> None:
        """The server did what it was asked. The answer's body has been read if it did not.

        Raises:
            Problem: it refuses.
            ServerAway: it is busy.
        """
        if answer.status_code < 300 or answer.status_code == httpx.codes.NOT_MODIFIED:
            return
        answer.read()
        problem = _problem(answer)
        if answer.status_code in _AWAY:
            raise ServerAway(f"{self.url}: {problem}") from problem
        raise problem


def path(*parts: str) -> str:
    """An address of these parts, whatever signs are in them."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def away(url: str, error: Exception) -> ServerAway:
    """What is told when a connection can not be made, or breaks."""
    return ServerAway(f"{url} can not be reached: {error or type(error).__name__}")


class _Busy(Problem):
    """The server says when to come again."""

    def __init__(self, status: int, document: Mapping[str, Any], retry_after_s: float) -> None:
        super().__init__(status, document)
        self.retry_after_s = retry_after_s


def _problem(answer: httpx.Response) -> Problem:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"detail": f"the server answered {answer.status_code} {answer.reason_phrase}"}
    wait = answer.headers.get("retry-after", "")
    if answer.status_code in _AWAY and wait.isascii() and wait.isdecimal():
        return _Busy(answer.status_code, document, float(wait))
    return Problem(answer.status_code, document)
