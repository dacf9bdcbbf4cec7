"""The door of HTTP: who asks, how often, and what every answer tells browsers."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inyourarea.gateway.access import Person
from inyourarea.gateway.callers import SAFE, Caller, check_caller, cookie_name, read_caller
from inyourarea.gateway.entry import count, find_person
from inyourarea.gateway.house import House
from inyourarea.gateway.limits import ATTEMPTS, CHANGES, REQUESTS
from inyourarea.gateway.problems import Problem, problem_response

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
#: A browser that has come by https comes by nothing else for a year.
_ONLY_HTTPS = "max-age=31536000"
#: What a player asks for piece by piece, and the page's own files.
_MEDIA = (".mp4", ".m4s", ".m3u8", ".jpg")
_API, _UPLOADS, _SESSION = "/api/v1/", "/api/v1/uploads", "/api/v1/session"


class Guard:
    """ASGI middleware around the whole site.

    It leaves in ``request.state`` who asks (``person``) and where from (``caller``).
    """

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        headers = dict(_HEADERS)
        if scope["path"].startswith(_API):
            headers["Cache-Control"] = "no-store"
        try:
            caller = read_caller(scope, self._house.settings)
            if caller.scheme == "https":
                headers["Strict-Transport-Security"] = _ONLY_HTTPS
            check_caller(scope, caller, self._house.settings)
            request.state.caller = caller
            request.state.person = await self._person(request, caller)
            self._count(scope, request.state.person, caller)
        except Problem as problem:
            await problem_response(problem)(scope, receive, _with_headers(send, headers))
            return
        await self._app(scope, receive, _with_headers(send, headers))

    async def _person(self, request: Request, caller: Caller) -> Person:
        presented = request.headers.get("authorization", "")
        session = request.cookies.get(cookie_name(caller), "")
        if not presented and not session:
            return find_person(self._house, caller)
        return await run_in_threadpool(find_person, self._house, caller, presented, session)

    def _count(self, scope: Scope, person: Person, caller: Caller) -> None:
        path, is_change = scope["path"], scope["method"] not in SAFE
        if path == _SESSION and scope["method"] == "POST":
            count(self._house, person, caller, ATTEMPTS)
        if is_change and not path.startswith(_UPLOADS):
            count(self._house, person, caller, CHANGES)
        if not (path.endswith(_MEDIA) or path.startswith("/assets/")):
            count(self._house, person, caller, REQUESTS)


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    async def send_all(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in more.items():
                headers.setdefault(name, value)
        await send(message)

    return send_all
