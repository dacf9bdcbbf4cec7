"""Logs as lines of JSON that say which video and run they are about."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from inyourarea.runtime.traces import trace_id

_ABOUT: ContextVar[dict[str, Any]] = ContextVar("about", default={})  # noqa: B039 - never changed


@contextmanager
def speaking_of(fact: Message) -> Iterator[dict[str, Any]]:
    """What is logged within is about the fact's video, run, segment, dataset: these are given."""
    about: dict[str, Any] = {}
    for name in ("video_id", "run_id", "dataset"):
        if value := getattr(fact, name, ""):
            about[name] = value
    if hasattr(fact, "segment"):
        about["segment"] = fact.segment.index
    token = _ABOUT.set(about)
    try:
        yield about
    finally:
        _ABOUT.reset(token)


def speak_of(about: Mapping[str, Any]) -> None:
    """Whatever this task or thread still logs is about these, by ``video_id`` and ``run_id``."""
    _ABOUT.set({name: about[name] for name in ("video_id", "run_id") if name in about})


class JsonFormatter(logging.Formatter):
    """One line per record: when, how grave, who says what, and what it is about."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "text": record.getMessage(),
            **_ABOUT.get(),
        }
        if trace := trace_id():
            line["trace_id"] = trace
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as_json(service: str) -> None:
    """From now on this process logs so, on standard error."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.INFO, handlers=[out], force=True)
    logging.captureWarnings(True)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    # On a busy machine it warns several times a second that it was not given the processor.
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)
