"""The door: which host was asked for, from where and by whom; what every answer tells browsers."""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.problems import Problem, problem_response
from inyourarea.gateway.settings import GatewaySettings

#: Methods that change nothing.
_SAFE = {"GET", "HEAD", "OPTIONS"}
#: No script, style, frame or form from anywhere but here; pictures made by the page itself.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole site; says who asks in ``request.state.person``."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            self._check(request)
            request.state.person = self._person(request)
        except Problem as problem:
            await problem_response(problem)(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))

    def _check(self, request: Request) -> None:
        """The request was meant for this site, and came from it if it changes anything.

        A page of another site can make a browser send requests here: by a name of its own that it
        points at this machine (DNS rebinding), or across sites.
        """
        host = request.headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name.lower() not in self._settings.hosts and "*" not in self._settings.hosts:
            raise Problem(421, "host", f"This site is not called {host[:100]!r}.")
        origin = request.headers.get("origin")
        is_foreign = origin is not None and urlsplit(origin).netloc != host
        if request.method not in _SAFE and (
            is_foreign or request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
        ):
            raise Problem(403, "cross-site", "This request came from a page of another site.")

    def _person(self, request: Request) -> Person:  # noqa: ARG002 - tokens come with it
        if self._settings.trusts_everybody:
            return Person(Role.OPERATOR)
        return Person(Role.VISITOR)


def _with_headers(send: Send) -> Send:
    async def send_all(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_all
