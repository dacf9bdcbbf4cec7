"""One video's way through messages and questions, as OpenTelemetry spans with W3C trace context."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_TRACER = trace.get_tracer("inyourarea")
_W3C = TraceContextTextMapPropagator()


def trace_to_collector(service: str) -> None:
    """Spans go where OpenTelemetry's own environment says; where that says nothing, nowhere.

    ``OTEL_EXPORTER_OTLP_ENDPOINT`` (gRPC) turns them on, ``OTEL_SDK_DISABLED=true`` or
    ``OTEL_TRACES_EXPORTER=none`` off; the SDK reads the rest: name, headers, certificates, sampler.
    """
    asked = os.environ
    has_place = any(
        asked.get(f"OTEL_EXPORTER_OTLP_{name}") for name in ("ENDPOINT", "TRACES_ENDPOINT")
    )
    is_off = asked.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not has_place or is_off or asked.get("OTEL_TRACES_EXPORTER") == "none":
        return
    # Imported here: without a collector nobody needs the SDK.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    asked.setdefault("OTEL_SERVICE_NAME", f"inyourarea-{service}")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@contextmanager
def spanning(
    name: str, kind: SpanKind, carried: Mapping[str, str | bytes], about: Mapping[str, str | int]
) -> Iterator[Span]:
    """What is done within is a span, a child of the one that ``carried`` tells of, if it does.

    ``about`` are its attributes, behind ``inyourarea.``.
    """
    told = {key: _text(carried[key]) for key in _W3C.fields if key in carried}
    attributes = {f"inyourarea.{key}": value for key, value in about.items()}
    with _TRACER.start_as_current_span(
        name, context=_W3C.extract(told), kind=kind, attributes=attributes
    ) as span:
        yield span


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii", "replace")


def carrying(name: str) -> dict[str, str]:
    """What a message or question brings along, so that who takes it up goes on with the trace.

    Where there is none, a span of this name begins one; nothing where nobody traces.
    """
    told: dict[str, str] = {}
    root = _TRACER.start_as_current_span(name, kind=SpanKind.PRODUCER)
    with nullcontext() if trace_id() else root:
        _W3C.inject(told)
    return told


def trace_id() -> str:
    """The trace that this is done for, 32 hexadecimal digits; empty where there is none."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def failed(span: Span, reason: str) -> None:
    """The span says that what it was did not go well."""
    span.set_status(Status(StatusCode.ERROR, reason))
