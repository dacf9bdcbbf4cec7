"""One unit of work as operators see it: counted, timed, traced, and named on every log line."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from inyourarea.runtime import metrics, traces
from inyourarea.runtime.bus import Record
from inyourarea.runtime.json_logs import speaking_of

_IS_THERE: ContextVar[bool] = ContextVar("is there", default=False)


@dataclass
class Unit:
    """How a unit ended, one of `metrics.OUTCOMES`, and why; no outcome: it did not end."""

    outcome: str = "done"
    reason: str = ""

    def end(self, outcome: str, reason: str = "") -> None:
        """It has ended so."""
        self.outcome, self.reason = outcome, reason


def done_already(is_there: bool) -> bool:
    """The same, which a handler asks of its own result: where it is there, the unit counts so."""
    if is_there:
        _IS_THERE.set(True)
    return is_there


@contextmanager
def at_work(group: str, record: Record, fact: Message) -> Iterator[Unit]:
    """What is done within is the unit of this record: a span, a child of its fact's; counted."""
    unit, where = Unit(), (group, record.channel)
    _IS_THERE.set(False)
    if record.published_ms:
        age_s = time.time() - record.published_ms / 1000
        metrics.RECORD_AGE.labels(*where).observe(max(0.0, age_s))
    with (
        speaking_of(fact) as about,
        traces.spanning(" ".join(where), SpanKind.CONSUMER, record.headers, about) as span,
    ):
        yield unit
        if unit.outcome == "done" and _IS_THERE.get():
            unit.outcome = "already"
        span.set_attribute("inyourarea.outcome", unit.outcome)
        if unit.reason:
            traces.failed(span, unit.reason)
    if unit.outcome:
        metrics.UNITS.labels(*where, unit.outcome).inc()
