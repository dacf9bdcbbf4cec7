"""Questions between services: gRPC servers with health, and clients that speak our own errors."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from inyourarea.core.errors import (
    PinRejected,
    Refused,
    UnknownMember,
    VideoTooLarge,
    VideoUnreadable,
)
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway
from inyourarea.runtime.observed_rpc import RpcObserver
from inyourarea.runtime.traces import carrying
from inyourarea.runtime.worker import DependencyAway

Answer = TypeVar("Answer")

#: Questions that one service answers at a time; each may hold a child process or a solver.
_AT_ONCE = 4
#: Seconds without a word after which either side asks whether the other is still there.
_KEEPALIVE_S = 20
_OPTIONS = (
    ("grpc.keepalive_time_ms", _KEEPALIVE_S * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", _KEEPALIVE_S * 500),
    ("grpc.max_receive_message_length", 64 << 20),  # a run of 4 h names 3,600 segments
)
#: Where a refusal's kind travels, so that it is raised again as what it was.
_KIND = "refused-kind"
_KINDS = {
    kind.__name__: kind
    for kind in (Refused, PinRejected, UnknownMember, VideoTooLarge, VideoUnreadable)
}


class RpcServer:
    """Answers questions on a port; health says SERVING until it is asked to drain.

    ``address`` is where it listens, such as ``127.0.0.1:0``; `port` the one that it got. ``add``
    registers services, as the generated ``add_..._to_server`` functions do.
    """

    def __init__(self, address: str, add: Callable[[grpc.Server], None]) -> None:
        self._server = grpc.server(
            ThreadPoolExecutor(_AT_ONCE), options=_OPTIONS, interceptors=[RpcObserver()]
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        add(self._server)
        self.port: int = self._server.add_insecure_port(address)

    def start(self) -> None:
        """Questions are answered from now on."""
        self._server.start()
        self.say(is_serving=True)

    def say(self, *, is_serving: bool) -> None:
        """Whoever asks for health is told so."""
        status = health_pb2.HealthCheckResponse
        self._health.set("", status.SERVING if is_serving else status.NOT_SERVING)

    def stop(self, grace_s: float) -> None:
        """No new question is taken; those under way have so many seconds."""
        self.say(is_serving=False)
        self._server.stop(grace_s).wait()


@contextmanager
def answering(context: grpc.ServicerContext) -> Iterator[None]:
    """What is raised within goes back as a status: refused, not found, away."""
    try:
        yield
    except Refused as refused:
        kind = next(k.__name__ for k in type(refused).__mro__ if k.__name__ in _KINDS)
        context.set_trailing_metadata(((_KIND, kind),))
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refused))
    except ObjectNotFound as missing:
        context.abort(grpc.StatusCode.NOT_FOUND, str(missing))
    except (ObjectsAway, BusAway, DependencyAway) as away:
        context.abort(grpc.StatusCode.UNAVAILABLE, str(away))


def channel(address: str) -> grpc.Channel:
    """A connection to another service; it is made, and made again, when it is needed."""
    return grpc.insecure_channel(f"dns:///{address}", options=_OPTIONS)


def ask(call: Any, question: Any, timeout_s: float) -> Any:
    """The answer to a question.

    Raises:
        Refused: the other service refused it, and why.
        ObjectNotFound: something that was asked about is not there.
        DependencyAway: the other service can not be reached, or did not answer in time.
    """
    try:
        carried = tuple(carrying("question").items())
        return call(question, timeout=timeout_s, wait_for_ready=False, metadata=carried)
    except grpc.RpcError as error:
        raise _as_ours(error) from error


def _as_ours(error: Any) -> Exception:
    status, text = error.code(), error.details()
    if status == grpc.StatusCode.INVALID_ARGUMENT:
        kinds = [value for name, value in error.trailing_metadata() or () if name == _KIND]
        return _KINDS.get(kinds[0] if kinds else "", Refused)(text)
    if status == grpc.StatusCode.NOT_FOUND:
        return ObjectNotFound(text)
    return DependencyAway(f"another service can not be asked now: {text} ({status.name})")
