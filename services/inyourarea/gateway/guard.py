"""The door: who asks, how often, and what every answer tells browsers."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.callers import SAFE, Caller, check_caller, cookie_name, read_caller
from inyourarea.gateway.house import House
from inyourarea.gateway.limits import ATTEMPTS, CHANGES, REQUESTS, Limit
from inyourarea.gateway.problems import Problem, problem_response, too_many, unauthorized
from inyourarea.gateway.tokens import NoEntry

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
        """Who asks, by token, session or place; a wrong token is refused, an old session not."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        tokens, excuse = self._house.tokens, ""
        try:
            if kind.lower() == "bearer":
                return await run_in_threadpool(tokens.holder, token.strip())
            if secret := request.cookies.get(cookie_name(caller)):
                return await run_in_threadpool(tokens.member, secret)
        except NoEntry as refused:
            if kind:
                self._take(ATTEMPTS, caller.address)
                raise unauthorized(str(refused), refused.kind) from None
            excuse = str(refused)
        settings = self._house.settings
        if settings.trusts_everybody or (settings.trusts_this_machine and caller.is_local):
            return Person(Role.OPERATOR)
        return Person(Role.VISITOR if settings.is_public else Role.STRANGER, excuse=excuse)

    def _count(self, scope: Scope, person: Person, caller: Caller) -> None:
        """The request is one of not too many; whoever sits at this machine may ask at will."""
        path, is_change = scope["path"], scope["method"] not in SAFE
        if person.role == Role.OPERATOR and not person.token:
            return
        who = person.token or caller.address
        if path == _SESSION and scope["method"] == "POST":
            self._take(ATTEMPTS, caller.address)
        if is_change and not path.startswith(_UPLOADS):
            self._take(CHANGES, who)
        if not (path.endswith(_MEDIA) or path.startswith("/assets/")):
            self._take(REQUESTS, who)

    def _take(self, limit: Limit, who: str) -> None:
        if wait_s := self._house.limits.take(limit, who):
            raise too_many(wait_s)


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    async def send_all(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in more.items():
                headers.setdefault(name, value)
        await send(message)

    return send_all
