"""Answers on their own port: ``/metrics`` for Prometheus, ``/live`` and ``/ready`` for probes."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import disable_created_metrics, make_wsgi_app

from inyourarea.core.errors import Refused

#: Gives what is missing for this service to be ready, in words; nothing: it is.
Missing = Callable[[], str]

_TEXT = ("Content-Type", "text/plain; charset=utf-8")


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nobody wants a line each time that a probe asks."""


@contextmanager
def answering_about(missing: Missing, address: str) -> Iterator[int]:
    """Within, the port that is returned answers; ``address`` is HOST:PORT, port 0 any.

    Raises:
        Refused: nothing can listen there.
    """
    disable_created_metrics()  # when a counter was made is of no use, and doubles what is told
    host, _, port = address.rpartition(":")
    kind = _Server6 if host.startswith("[") else _Server
    try:
        server = make_server(host.strip("[]"), int(port), _answers(missing), kind, _Handler)
    except OSError as trouble:
        raise Refused(f"nothing can listen at {address}: {trouble.strerror}") from trouble
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _answers(missing: Missing) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    metrics = make_wsgi_app()

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            found: Iterable[bytes] = metrics(environ, start)
            return found
        status, text = _said(environ["PATH_INFO"], missing)
        start(status, [_TEXT])
        return [text.encode()]

    return answer


def _said(path: str, missing: Missing) -> tuple[str, str]:
    if path == "/live":
        return "200 OK", "live\n"
    if path == "/ready":
        lack = missing()
        return ("503 Service Unavailable", f"{lack}\n") if lack else ("200 OK", "ready\n")
    return "404 Not Found", "There are /metrics, /live and /ready.\n"
