"""The gateway's gRPC: the functions that answer HTTP, asked with messages."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from typing import Any, NoReturn, get_type_hints
from urllib.parse import unquote

import grpc
from fastapi import Response
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, TypeAdapter, ValidationError

from inyourarea.core.errors import Refused
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.api import direct, pins, videos
from inyourarea.gateway.api.asking import Needs
from inyourarea.gateway.callers import read_caller
from inyourarea.gateway.changes import changes
from inyourarea.gateway.counting import STREAMS
from inyourarea.gateway.entry import count, find_person
from inyourarea.gateway.house import House
from inyourarea.gateway.limits import CHANGES, REQUESTS
from inyourarea.gateway.problems import (
    Problem,
    invalid,
    problem_document,
    problem_of,
    unauthorized,
)
from inyourarea.gateway.tokens import NoEntry
from inyourarea.gateway.v1 import gateway_pb2
from inyourarea.runtime.json_logs import speaking_of
from inyourarea.runtime.metrics import RPC_SECONDS
from inyourarea.runtime.rpc import SERVER_OPTIONS, described, server_credentials
from inyourarea.runtime.traces import spanning

log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]
Json = dict[str, Any]

SERVICE = gateway_pb2.DESCRIPTOR.services_by_name["Gateway"]
#: Each rpc and the function that answers it, over HTTP too; what it takes, and of whom, is read off
#: its signature.
ANSWERS: Mapping[str, Callable[..., Any]] = {
    "SubmitVideo": videos.submit,
    "ListVideos": videos.find,
    "GetRun": videos.get,
    "WatchRun": videos.events,
    "CancelRun": videos.cancel,
    "RetryRun": videos.retry,
    "GetResults": videos.watch,
    "ListPins": pins.find,
    "TryPins": pins.preview,
    "PutPins": pins.put,
    "BeginUpload": direct.begin,
    "GetUpload": direct.get,
    "CompleteUpload": direct.complete,
    "AbortUpload": direct.abort,
}
#: Those that change nothing; the others are counted as changes, as over HTTP.
SAFE = frozenset({"ListVideos", "GetRun", "WatchRun", "GetResults", "ListPins", "GetUpload"})
#: Bytes of a question, as of a request over HTTP.
_MOST_QUESTION = 1 << 20
#: Questions that are worked on at a time; trying pins out takes one for as long as it solves.
_AT_ONCE = 40
#: Seconds that questions under way have when it ends; streams are ended then.
_FAREWELL_S = 5.0
#: Seconds between two looks at how the site is.
_LOOK_S = 1.0
_ID = TypeAdapter(doc.Id)
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
#: What proxies say of whom they pass on, for `read_caller`.
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


class GatewayAnswers:
    """The service ``Gateway``, on a house; ``host`` is what it listens at.

    No page of a browser can ask it: they speak no bare HTTP/2, and by TLS only what they may ask
    first (CORS), which nothing here answers. So there is no look at names and origins.
    """

    def __init__(self, house: House, host: str) -> None:
        self._house = house
        self._host = host

    def handler(self) -> grpc.GenericRpcHandler:
        """What a server is given."""
        handlers = {method.name: self._handler(method) for method in SERVICE.methods}
        return grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)

    def _handler(self, method: MethodDescriptor) -> Any:
        answer_of = GetMessageClass(method.output_type)
        read, write = GetMessageClass(method.input_type).FromString, answer_of.SerializeToString
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self._watch, read, write)
        function = ANSWERS[method.name]

        async def answer(question: Message, context: Context) -> Message:
            started, said, problem = time.perf_counter(), answer_of(), None
            try:
                with _seen(method.name, question, context):
                    person = await self._enter(method.name, context)
                    said = await asyncio.to_thread(self._ask, function, question, person, said)
            except Exception as error:  # whatever it is, whoever asked is told
                problem = _problem_of(error)
            code = grpc.StatusCode.OK if problem is None else code_of(problem)
            seconds = RPC_SECONDS.labels(f"{SERVICE.full_name}/{method.name}", code.name)
            seconds.observe(time.perf_counter() - started)
            return said if problem is None else await _refuse(problem, context)

        return grpc.unary_unary_rpc_method_handler(answer, read, write)

    async def _watch(self, question: Any, context: Context) -> AsyncIterator[Message]:
        try:
            # Not around the stream: what is open while a generator waits may be closed elsewhere.
            with _seen("WatchRun", question, context):
                person = await self._enter("WatchRun", context)
            video = _ID.validate_python(question.video_id)
            with STREAMS.labels("rpc").track_inprogress():
                async with aclosing(changes(self._house, video, person)) as told:
                    async for _, shown in told:
                        if shown is not None:
                            yield written(shown.model_dump(mode="json"), gateway_pb2.Video())
        except Exception as error:
            await _refuse(_problem_of(error), context)

    async def _enter(self, name: str, context: Context) -> Person:
        """Who asks, who may.

        Raises:
            Problem: nobody knows who, it is too often, or not for such a role.
        """
        given = dict(context.invocation_metadata() or ())
        caller = read_caller(self._scope(given, context.peer()), self._house.settings)
        presented = str(given.get("authorization", ""))
        person = await asyncio.to_thread(find_person, self._house, caller, presented)
        for limit in (REQUESTS,) if name in SAFE else (CHANGES, REQUESTS):
            count(self._house, person, caller, limit)
        return needs(ANSWERS[name])(person)

    def _scope(self, given: Mapping[str, Any], peer: str) -> Json:
        """The call as ASGI would tell of it."""
        address = unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
        passed = [(key, str(given[key]).encode()) for key in _PASSED_ON if key in given]
        return {
            "type": "http",
            "scheme": "https" if self._house.settings.grpc_tls else "http",
            "path": "/",
            "client": (address, 0),
            "server": (self._host, 0),
            "headers": [(b"host", b"grpc"), *((key.encode(), value) for key, value in passed)],
        }

    def _ask(
        self, function: Callable[..., Any], question: Message, person: Person, answer: Message
    ) -> Message:
        """The answer of the function to a question.

        Raises:
            ValidationError: the question says something that can not be meant.
        """
        status = Response()
        given = {"house": self._house, "person": person, "response": status}
        found = function(**taken(function, question, given))
        if isinstance(answer, gateway_pb2.SubmitVideoResponse):
            told = {"video": found.model_dump(mode="json"), "is_new": status.status_code == 202}
            return written(told, answer)
        if not isinstance(found, BaseModel):  # no content
            return answer
        wanted = set(answer.DESCRIPTOR.fields_by_name)
        return written(found.model_dump(mode="json", include=wanted), answer)


def needs(function: Callable[..., Any]) -> Needs:
    """What role a function that answers takes, as it says itself."""
    hint = get_type_hints(function, include_extras=True)["person"]
    found: Needs = hint.__metadata__[0].dependency
    return found


def taken(function: Callable[..., Any], question: Message, given: Json) -> Json:
    """What the function takes: of what is ``given``, the ids in the question, and its wishes."""
    hints = get_type_hints(function)
    said = json_format.MessageToDict(question, preserving_proto_field_name=True)
    ids = {name: said.pop(name, "") for name in ("video_id", "upload_id") if name in hints}
    wishes = {}
    if "asked" in hints:
        wanted = hints["asked"].model_fields
        lists = [field for field in question.DESCRIPTOR.fields if field.is_repeated]
        empty: Json = {field.name: [] for field in lists if wanted[field.name].is_required()}
        wishes["asked"] = hints["asked"].model_validate({**empty, **said})
    known = {name: value for name, value in given.items() if name in hints}
    return {**known, **wishes, **{name: _ID.validate_python(text) for name, text in ids.items()}}


def written(told: Json, answer: Message) -> Message:
    """A document as a message; what the message has no place for is left out."""
    return json_format.ParseDict(told, answer, ignore_unknown_fields=True)


def _problem_of(error: Exception) -> Problem:
    """What went wrong, in the words of HTTP."""
    match error:
        case ValidationError():
            return invalid(error.errors())
        case NoEntry():
            return unauthorized(str(error), error.kind)
    problem = problem_of(error)
    if problem.status == 500:
        log.error("a question could not be answered", exc_info=error)
    return problem


async def _refuse(problem: Problem, context: Context) -> NoReturn:
    """Whoever asked is told of the problem."""
    wait = [("retry-after", text) for key, text in problem.headers.items() if key == "Retry-After"]
    document = json.dumps(problem_document(problem)).encode()
    said: list[tuple[str, str | bytes]] = [("problem", problem.kind), ("problem-bin", document)]
    await context.abort(code_of(problem), problem.detail, (*said, *wait))


def code_of(problem: Problem) -> grpc.StatusCode:
    """The status that goes with that of HTTP."""
    if problem.kind == "stale-edit":
        return grpc.StatusCode.ABORTED
    return _CODES.get(problem.status, grpc.StatusCode.INTERNAL)


@contextmanager
def _seen(name: str, question: Message, context: Context) -> Iterator[None]:
    """What is done within is a span, a child of the asker's, and log lines say what it is about."""
    carried = dict(context.invocation_metadata() or ())
    with (
        speaking_of(question) as about,
        spanning(f"{SERVICE.full_name}/{name}", SpanKind.SERVER, carried, about),
    ):
        yield


@contextmanager
def answering_grpc(house: House, is_well: Callable[[], bool] = lambda: True) -> Iterator[int]:
    """The gateway answers gRPC where its settings say, on a thread of its own; at this port.

    Health says SERVING while it ``is_well``.

    Raises:
        Refused: nothing can listen there.
    """
    started: Future[tuple[int, Callable[[], None]]] = Future()
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(house, is_well, started)), name="grpc", daemon=True
    )
    thread.start()
    port, stop = started.result()
    try:
        yield port
    finally:
        stop()
        thread.join()


async def _serve(
    house: House,
    is_well: Callable[[], bool],
    started: "Future[tuple[int, Callable[[], None]]]",
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="grpc"))
    try:
        server, port, wellness = _server(house)
        await _tell(wellness, is_well())
        await server.start()
    except Exception as error:
        started.set_exception(error)
        return
    started.set_result((port, lambda: loop.call_soon_threadsafe(stop.set)))  # type: ignore[arg-type]
    while not stop.is_set():
        await _tell(wellness, is_well())
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_S)
    await wellness.enter_graceful_shutdown()
    await server.stop(_FAREWELL_S)


async def _tell(wellness: Any, is_well: bool) -> None:
    """Health says so, of the server and of its one service."""
    said = health_pb2.HealthCheckResponse
    for name in ("", SERVICE.full_name):
        await wellness.set(name, said.SERVING if is_well else said.NOT_SERVING)


def _server(house: House) -> tuple[grpc.aio.Server, int, Any]:
    """The server, not started yet; its port, and what tells whether it is well."""
    settings = house.settings
    options = dict(SERVER_OPTIONS) | {"grpc.max_receive_message_length": _MOST_QUESTION}
    server = grpc.aio.server(options=list(options.items()))
    wellness = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(wellness, server)
    host = settings.grpc.rpartition(":")[0].strip("[]")
    answers = GatewayAnswers(house, "127.0.0.1" if host == "localhost" else host)
    server.add_generic_rpc_handlers((answers.handler(),))
    reflection.enable_server_reflection(described([gateway_pb2.DESCRIPTOR]), server)
    try:
        if settings.grpc_tls is None:
            return server, server.add_insecure_port(settings.grpc), wellness
        proof = server_credentials(settings.grpc_tls)
        return server, server.add_secure_port(settings.grpc, proof), wellness
    except RuntimeError as error:
        raise Refused(f"nothing can listen at {settings.grpc}; is it in use?") from error
