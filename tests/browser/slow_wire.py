"""A tap in front of a site: it can hold back the bytes of one file."""

import asyncio
import threading
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Tap:
    """An ASGI application through which another one answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held = ""
        self._after = 0
        self._open = threading.Event()

    def hold(self, path_end: str, after: int) -> None:
        """Of answers for such a path no byte passes from that one of the file on."""
        self._open.clear()
        self._held, self._after = path_end, after

    def release(self) -> None:
        """All bytes pass again."""
        self._held = ""
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if not self._held or not str(scope.get("path", "")).endswith(self._held):
            await self._app(scope, receive, send)
            return
        at = _start(scope)

        async def send_some(message: Message) -> None:
            nonlocal at
            body = message.get("body", b"")
            passing = max(0, self._after - at)
            if message["type"] != "http.response.body" or len(body) <= passing:
                at += len(body)
                await send(message)
                return
            if passing:
                await send({**message, "body": body[:passing], "more_body": True})
            while not self._open.is_set():
                await asyncio.sleep(0.02)
            at += len(body)
            await send({**message, "body": body[passing:]})

        await self._app(scope, receive, send_some)


def _start(scope: dict[str, Any] | Any) -> int:
    """The first byte that a request asks for."""
    asked = dict(scope["headers"]).get(b"range", b"bytes=0-").decode()
    return int(asked.removeprefix("bytes=").split("-")[0] or 0)
