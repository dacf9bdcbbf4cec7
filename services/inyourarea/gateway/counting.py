"""Every request is counted, by the template of its address, and named in the log."""

import time

from prometheus_client import Gauge, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inyourarea.runtime.json_logs import speak_of

#: Others are one: whoever asks may think of as many as they like.
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

REQUEST_SECONDS = Histogram(
    "inyourarea_http_request_seconds",
    "Seconds until the answer to a request began.",
    ("method", "route", "status"),
)
STREAMS = Gauge(
    "inyourarea_open_streams",
    "Whoever follows a video: event streams over HTTP (sse), WatchRun over gRPC (rpc).",
    ("kind",),
)
for _kind in ("sse", "rpc"):
    STREAMS.labels(_kind)  # what has not happened yet is told as 0


class CountedRequests:
    """ASGI middleware, the outermost: it sees refusals too.

    Where nothing was found behind the door, or the door kept it shut, the route is empty.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, is_stream, is_begun = time.perf_counter(), False, False

        def begin(status: int) -> None:
            nonlocal is_begun
            if not is_begun:
                is_begun = True
                method = scope["method"] if scope["method"] in _METHODS else "other"
                seconds = REQUEST_SECONDS.labels(method, _route(scope), str(status))
                seconds.observe(time.perf_counter() - started)
                speak_of(scope.get("path_params", {}))  # what the server says of it says so too

        async def counted_send(message: Message) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                begin(message["status"])
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if kind.startswith("text/event-stream"):
                    is_stream = True
                    STREAMS.labels("sse").inc()
            await send(message)

        try:
            await self._app(scope, receive, counted_send)
        except Exception:
            begin(500)  # which is answered further out
            raise
        finally:
            if is_stream:
                STREAMS.labels("sse").dec()


def _route(scope: Scope) -> str:
    """The address with its parts' names in braces."""
    effective = scope.get("fastapi", {}).get("effective_route_context")
    return str(getattr(effective or scope.get("route"), "path_format", ""))
