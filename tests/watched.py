"""What an operator would see of this process: its metrics, spans and log lines."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from inyourarea.runtime import traces
from inyourarea.runtime.json_logs import JsonFormatter


def counted(name: str, **labels: str) -> float:
    """What a metric of this process shows now."""
    return REGISTRY.get_sample_value(f"inyourarea_{name}", labels) or 0.0


@contextmanager
def spans() -> Iterator[InMemorySpanExporter]:
    """Keeps the spans that end within; nobody traces afterwards, nor in the tests to come."""
    provider, kept = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    before = traces._TRACER, trace._TRACER_PROVIDER
    # The second is what FastAPI asks, with each application; opentelemetry can set it only once.
    traces._TRACER, trace._TRACER_PROVIDER = provider.get_tracer("inyourarea"), provider
    try:
        yield kept
    finally:
        traces._TRACER, trace._TRACER_PROVIDER = before


@contextmanager
def log_lines() -> Iterator[list[dict[str, Any]]]:
    """The lines of JSON that are logged within, and which thread did."""
    lines: list[dict[str, Any]] = []
    formatter = JsonFormatter("test")

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append({**json.loads(formatter.format(record)), "thread": record.threadName})

    keeper, ours = Keeper(), logging.getLogger("inyourarea")
    before = ours.level
    ours.setLevel(logging.INFO)
    ours.addHandler(keeper)
    try:
        yield lines
    finally:
        ours.removeHandler(keeper)
        ours.setLevel(before)
