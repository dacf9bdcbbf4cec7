"""What every service counts, for Prometheus; docs/metrics.md is the table of all."""

import threading
from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram

#: Seconds: a unit that only looks takes some milliseconds, a segment seconds, a film minutes.
DURATIONS_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900)
#: Seconds: a record is taken up at once, waits behind a long video, or outlives an outage.
AGES_S = (0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)
#: How a unit can end.
OUTCOMES = ("done", "already", "skipped", "refused", "failed")
#: What a unit can wait for; the names that the errors of the ports carry.
DEPENDENCIES = ("kafka", "store", "triton", "catalog", "service")

_UNIT = ("group", "channel")

UNITS = Counter("inyourarea_units", "Units of work that ended, by outcome.", (*_UNIT, "outcome"))
UNIT_SECONDS = Histogram(
    "inyourarea_unit_seconds", "Seconds that a handler took, each try.", _UNIT, buckets=DURATIONS_S
)
UNIT_RETRIES = Counter("inyourarea_unit_retries", "Tries of a unit after one that failed.", _UNIT)
DEAD_LETTERS = Counter("inyourarea_dead_letters", "Records put to the dead letters.", _UNIT)
RECORD_AGE = Histogram(
    "inyourarea_record_age_seconds",
    "Seconds from a record's publishing until it is taken up.",
    _UNIT,
    buckets=AGES_S,
)
RECORDS_BEHIND = Gauge(
    "inyourarea_records_behind", "Records of this member's partitions not taken up yet.", _UNIT
)
WAITING = Gauge(
    "inyourarea_waiting", "1 while a worker waits for this to come back.", ("group", "dependency")
)
MISSING = Gauge("inyourarea_missing", "1 while health says that this is missing.", ("dependency",))
OBJECT_BYTES = Counter(
    "inyourarea_object_bytes",
    "Bytes put into the object store and got from it, by class of object.",
    ("class", "direction"),
)
LATE_WRITES = Counter(
    "inyourarea_late_writes", "Conditional writes of what somebody had written.", ("class",)
)
RPC_SECONDS = Histogram(
    "inyourarea_rpc_seconds",
    "Seconds that an answer to a question took.",
    ("method", "code"),
    buckets=DURATIONS_S,
)


class Away(Protocol):
    """An error that says what is away; one of `DEPENDENCIES`."""

    dependency: str


#: By consumer group, what its worker waits for now, in words.
_WAITED: dict[str, str] = {}
_LOCK = threading.Lock()


def waited_for() -> dict[str, str]:
    """By consumer group of this process, what its worker waits for now, in words."""
    with _LOCK:
        return dict(_WAITED)


def waits_for(group: str, away: Away) -> None:
    """The group's worker waits for something, until `waits_no_more`."""
    with _LOCK:
        _WAITED[group] = str(away)
        WAITING.labels(group, away.dependency).set(1)


def waits_no_more(group: str) -> None:
    """The group's worker is at work, or could be."""
    with _LOCK:
        if _WAITED.pop(group, None) is not None:
            for dependency in DEPENDENCIES:
                WAITING.labels(group, dependency).set(0)


def begin_at_zero(group: str, channel: str) -> None:
    """What has not happened yet is told as 0, so that the first time is seen as a change."""
    for outcome in OUTCOMES:
        UNITS.labels(group, channel, outcome)
    for counter in (UNIT_RETRIES, DEAD_LETTERS):
        counter.labels(group, channel)
    for dependency in DEPENDENCIES:
        WAITING.labels(group, dependency)
