"""Questions between services: gRPC servers with health, and clients that speak our own errors."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import FileDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from inyourarea.core.errors import (
    DependencyAway,
    PinRejected,
    Refused,
    UnknownMember,
    VideoTooLarge,
    VideoUnreadable,
)
from inyourarea.runtime.objects import ObjectDamaged, ObjectNotFound
from inyourarea.runtime.observed_rpc import RpcObserver
from inyourarea.runtime.reconnecting import RECONNECTING
from inyourarea.runtime.tls import Tls
from inyourarea.runtime.traces import carrying
from inyourarea.runtime.worker import AWAY

Answer = TypeVar("Answer")

#: Questions that one service answers at a time; each may hold a child process or a solver.
_AT_ONCE = 4
#: Threads on which those and others wait for their turn. Health is asked beside them: where long
#: questions held every thread, a service at work would be taken for a dead one.
_THREADS = 64
#: Seconds without a word after which either side asks whether the other is still there; gRPC gives
#: it a minute to answer.
_KEEPALIVE_S = 20
OPTIONS = (
    *RECONNECTING,
    ("grpc.keepalive_time_ms", _KEEPALIVE_S * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Copies of a service take turns; one that has come is known when a connection has grown old.
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.max_connection_age_ms", 300_000),
    # What gRPC calls MIN_RECV_PING_INTERVAL_WITHOUT_DATA: who asks more often is cut off, and
    # unsaid it is 5 minutes, so that every question of more than a minute would be.
    ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE_S * 500),
    ("grpc.max_receive_message_length", 64 << 20),  # a run of 4 h names 3,600 segments
)
#: Of servers: two must not share a port without a word, as gRPC would have it.
SERVER_OPTIONS = (*OPTIONS, ("grpc.so_reuseport", 0))
#: Seconds in which a service says how it is, if it does at all.
_WELL_S = 5.0
#: Seconds: nobody waits longer for an answer; a closed-GOP copy of an hour takes half of it.
_LONGEST_S = 3600.0
#: Where a refusal's kind travels, so that it is raised again as what it was.
_KIND = "refused-kind"
_KINDS = {
    kind.__name__: kind
    for kind in (Refused, PinRejected, UnknownMember, VideoTooLarge, VideoUnreadable)
}


#: What gRPC says where somebody is there, but one does not believe the other.
_STRANGERS = ("handshake", "SSL", "Socket closed", "reset by peer", "Broken pipe")


class RpcServer:
    """Answers questions on a port; health says SERVING unless it is told otherwise, or drains.

    ``address`` is where it listens, such as ``127.0.0.1:0``; `port` the one that it got. ``add``
    registers services, as the generated ``add_..._to_server`` functions do, and ``files`` describe
    them to whoever asks by reflection. With ``tls`` nobody is let in without a certificate of the
    same authority.

    Raises:
        Refused: nothing can listen there.
    """

    def __init__(
        self,
        address: str,
        add: Callable[[grpc.Server], None],
        files: Iterable[FileDescriptor] = (),
        tls: Tls | None = None,
    ) -> None:
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS),
            options=SERVER_OPTIONS,
            interceptors=[RpcObserver(), _Deadlines()],
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        add(self._server)
        reflection.enable_server_reflection(described(files), self._server)
        try:
            self.port: int = (
                self._server.add_secure_port(address, server_credentials(tls))
                if tls
                else self._server.add_insecure_port(address)
            )
        except RuntimeError as error:
            raise Refused(f"nothing can listen at {address}; is it in use?") from error

    def start(self) -> None:
        """Questions are answered from now on."""
        self._server.start()

    def say(self, *, is_serving: bool, of: str = "") -> None:
        """Whoever asks for the health of that part is told so; without a name of the whole."""
        status = health_pb2.HealthCheckResponse
        self._health.set(of, status.SERVING if is_serving else status.NOT_SERVING)

    def stop(self, grace_s: float) -> None:
        """No new question is taken; those under way have so many seconds."""
        self.say(is_serving=False)
        self._server.stop(grace_s).wait()


class _Deadlines(grpc.ServerInterceptor):
    """Whoever asks says for how long an answer is of use, so nothing is worked on for nobody.

    Few questions are worked on at a time; the others wait, and are not begun once nobody waits for
    them any more. Health and reflection are exempt: they answer at once.
    """

    def __init__(self) -> None:
        self._turns = threading.Semaphore(_AT_ONCE)

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        if handler_call_details.method.startswith("/grpc."):
            return handler
        answer = handler.unary_unary

        def within(question: Any, context: grpc.ServicerContext) -> Any:
            left_s = context.time_remaining()
            if left_s is None or left_s > _LONGEST_S:
                words = f"say how long you wait: a deadline of at most {_LONGEST_S:.0f} s"
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, words)
            if not self._turns.acquire(timeout=left_s):
                context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too many ask at a time")
            try:
                if not context.is_active():
                    context.abort(grpc.StatusCode.CANCELLED, "nobody waits for it any more")
                return answer(question, context)
            finally:
                self._turns.release()

        return grpc.unary_unary_rpc_method_handler(
            within, handler.request_deserializer, handler.response_serializer
        )


def described(files: Iterable[FileDescriptor]) -> tuple[str, ...]:
    """The names of all services of these files, and of those that every server has."""
    services = (service for file in files for service in file.services_by_name.values())
    named = (health.SERVICE_NAME, reflection.SERVICE_NAME)
    return (*(str(service.full_name) for service in services), *named)


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """What a server proves, and asks of its clients where there is an authority."""
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.authority or None,
        require_client_auth=bool(tls.authority),
    )


@contextmanager
def answering(context: grpc.ServicerContext) -> Iterator[None]:
    """What is raised within goes back as a status: refused, not found, damaged, away."""
    try:
        yield
    except Refused as refused:
        kind = next(k.__name__ for k in type(refused).__mro__ if k.__name__ in _KINDS)
        context.set_trailing_metadata(((_KIND, kind),))
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refused))
    except ObjectNotFound as missing:
        context.abort(grpc.StatusCode.NOT_FOUND, str(missing))
    except ObjectDamaged as damage:
        context.abort(grpc.StatusCode.DATA_LOSS, str(damage))
    except AWAY as away:
        context.abort(grpc.StatusCode.UNAVAILABLE, str(away))


def channel(address: str, tls: Tls | None = None, name: str = "") -> grpc.Channel:
    """A connection to another service; it is made, and made again, when it is needed.

    With ``tls`` both prove who they are; the other's certificate must be for ``name``, which is the
    address's host where it is empty.
    """
    target = f"dns:///{address}"
    if tls is None:
        return grpc.insecure_channel(target, options=OPTIONS)
    proof = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
    named = (("grpc.ssl_target_name_override", name),) if name else ()
    return grpc.secure_channel(target, proof, options=(*OPTIONS, *named))


def is_serving(there: grpc.Channel, timeout_s: float, of: str = "") -> bool:
    """Whether the service there says that it is well, or a part of it.

    Raises:
        DependencyAway: it can not be asked.
        ObjectNotFound: it has no such part.
    """
    service: Any = health_pb2_grpc.HealthStub(there)
    answer = ask(service.Check, health_pb2.HealthCheckRequest(service=of), timeout_s)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def check_service(address: str, tls: Tls | None = None) -> None:
    """The service there is well. Raises `DependencyAway`."""
    with channel(address, tls) as there:
        if not is_serving(there, _WELL_S):
            raise DependencyAway("it answers, and is not ready: see its own health or its log")


def ask(call: Any, question: Any, timeout_s: float) -> Any:
    """The answer to a question.

    Raises:
        Refused: the other service refused it, and why.
        ObjectNotFound: something that was asked about is not there.
        ObjectDamaged: it is there, and of no use.
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
    if status == grpc.StatusCode.DATA_LOSS:
        return ObjectDamaged(text)
    hint = ""
    if any(sign in text for sign in _STRANGERS):
        hint = "; if it is up, check that both have INYOURAREA_TLS_... of one authority, or neither"
    return DependencyAway(f"another service can not be asked now: {text} ({status.name}){hint}")
