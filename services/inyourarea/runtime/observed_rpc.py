"""Questions as operators see them: counted, timed, traced, and named on every log line."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.trace import SpanKind

from inyourarea.runtime import traces
from inyourarea.runtime.json_logs import speaking_of
from inyourarea.runtime.metrics import RPC_SECONDS

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]

#: gRPC's own services, health and reflection, are asked by machines all the time.
_NOT_OURS = "/grpc."


class RpcObserver(grpc.ServerInterceptor):
    """Sees every question that has one answer; its span is a child of the asker's."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], "Handler | None"],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """See `grpc.ServerInterceptor.intercept_service`."""
        handler, method = continuation(handler_call_details), handler_call_details.method
        if handler is None or handler.unary_unary is None or method.startswith(_NOT_OURS):
            return handler
        answer, name = handler.unary_unary, method.lstrip("/")

        def observed(question: Any, context: Any) -> Any:
            carried = {key: value for key, value in context.invocation_metadata()}
            started, code = time.perf_counter(), "UNKNOWN"
            try:
                with (
                    speaking_of(getattr(question, "accepted", question)) as about,
                    traces.spanning(name, SpanKind.SERVER, carried, about),
                ):
                    said = answer(question, context)
                code = "OK"
                return said
            finally:
                code = (context.code() or grpc.StatusCode[code]).name
                RPC_SECONDS.labels(name, code).observe(time.perf_counter() - started)

        return grpc.unary_unary_rpc_method_handler(
            observed, handler.request_deserializer, handler.response_serializer
        )
