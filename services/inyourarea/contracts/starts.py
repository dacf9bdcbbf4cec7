"""That a unit of work was begun: an object as long as it is under way, or if nobody ended it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from inyourarea.contracts import keys


@dataclass(frozen=True)
class Start:
    """Who began which unit and when, and what went wrong since; ``segment`` -1: no segment's."""

    worker: str
    at_ns: int
    run_id: str = ""
    segment: int = -1
    trace_id: str = ""
    trouble: str = ""


def starts_of(stage: str, channel: str, key: str) -> str:
    """What the names of all starts of a unit begin with."""
    return f"{keys.attempts(f'{stage}/{channel}', key)}/"


def write_start(start: Start) -> bytes:
    """The object's bytes."""
    return json.dumps(asdict(start), ensure_ascii=False).encode()


def read_start(content: bytes) -> Start:
    """The start in an object's bytes; one of another version of the program says what it can."""
    try:
        told = json.loads(content)
        return Start(**{name: told[name] for name in Start.__annotations__ if name in told})
    except (ValueError, TypeError):
        return Start("somebody", 0)


def trace_of(headers: Mapping[str, bytes]) -> str:
    """The trace that a record belongs to (W3C's ``traceparent``); empty where there is none."""
    parts = headers.get("traceparent", b"").decode(errors="replace").split("-")
    return parts[1] if len(parts) == 4 else ""
