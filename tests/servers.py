"""Servers of a test: the site as uvicorn serves it, a wire that breaks, a webhook's target."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application's address, while it is served by uvicorn on a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class Wire:
    """A TCP connection to a server that breaks once, after so many bytes up or down."""

    def __init__(self, to: str, *, up: int | None = None, down: int | None = None) -> None:
        self._to = ("127.0.0.1", int(to.rsplit(":", 1)[1]))
        self._left = {"up": up, "down": down}
        self.carried = {"up": 0, "down": 0}
        self.breaks = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listening.accept()
                theirs = socket.create_connection(self._to)
                for way, ends in (("up", (ours, theirs)), ("down", (theirs, ours))):
                    threading.Thread(target=self._carry, args=(way, *ends), daemon=True).start()

    def _carry(self, way: str, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1 << 16):
                left = self._left[way]
                if left is not None:
                    content = content[:left]
                    self._left[way] = left - len(content) or None
                sink.sendall(content)
                self.carried[way] += len(content)
                if left is not None and self._left[way] is None:
                    self.breaks += 1
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass
class Request:
    """What a target was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Target:
    """A webhook's target on this machine; answers with these statuses, the last one for ever."""

    statuses: Sequence[int]
    hang_s: float = 0.0
    trickle: bool = False
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def wait_for(self, count: int, timeout_s: float = 15.0) -> list[Request]:
        end = time.monotonic() + timeout_s
        while len(self.requests) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.requests) >= count, f"only {len(self.requests)} of {count} came"
        return self.requests


class _Handler(BaseHTTPRequestHandler):
    target: ClassVar[Target]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.target
        headers = {name.lower(): text for name, text in self.headers.items()}
        target.requests.append(Request(self.path, headers, body))
        status = target.statuses[min(len(target.requests), len(target.statuses)) - 1]
        time.sleep(target.hang_s)
        with contextlib.suppress(OSError):
            if target.trickle:
                for sign in b"HTTP/1.1 200 OK" + 600 * b" ":
                    self.wfile.write(bytes([sign]))
                    time.sleep(0.05)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{target.url}/elsewhere")
            self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def listening(target: Target) -> Iterator[Target]:
    """The target, while it listens."""
    handler = type("_Handler", (_Handler,), {"target": target})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    target.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield target
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
