"""The one loop that every stage runs: consume, handle, publish, flush, commit."""

import hashlib
import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from google.protobuf.message import DecodeError, Message

from inyourarea.contracts import keys
from inyourarea.contracts.starts import Start, starts_of, trace_of, write_start
from inyourarea.contracts.topics import (
    DEAD_LETTERS,
    NO_HEADERS,
    TAKE_HEADER,
    VERSION,
    VERSION_HEADER,
    NewerContracts,
    Topic,
    read_fact,
    topic_of,
)
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import DependencyAway, Refused
from inyourarea.core.reasons import told
from inyourarea.runtime import metrics
from inyourarea.runtime.bus import Bus, BusAway, Record, RecordTooLarge
from inyourarea.runtime.child import ChildDied
from inyourarea.runtime.meter import charged
from inyourarea.runtime.objects import ObjectNotFound, Objects, ObjectsAway, holds
from inyourarea.runtime.orders import CalledOff, by_order
from inyourarea.runtime.runs import OtherVersion
from inyourarea.runtime.traces import carrying
from inyourarea.runtime.units import Unit, at_work

log = logging.getLogger(__name__)

Handle = Callable[[Any], list[Message]]
Handlers = Mapping[type[Message], Handle]

#: Tries of a unit that raises, and starts of a unit that kills its process.
TRIES = 3
STARTS = 5


#: Where failures are told; what fails on one tells of no other.
_FAILED = topic_of(facts.StageFailed).name


#: What is waited for where it is missing, and is no fault of a unit's.
AWAY = (DependencyAway, BusAway, ObjectsAway)
Absence = DependencyAway | BusAway | ObjectsAway


@contextmanager
def by_itself(what: str) -> Iterator[None]:
    """One of many: what goes wrong with it is logged and strands no other; who is away is told."""
    try:
        yield
    except AWAY:
        raise
    except Exception:  # whatever it is, the others are to come
        log.exception("%s is left as it is", what)


@dataclass(frozen=True)
class Patience:
    """How long the loop waits: between polls, and before it asks an absent dependency again."""

    poll_s: float = 0.5
    first_backoff_s: float = 0.5
    longest_backoff_s: float = 30.0
    #: Tries before an absent dependency is a failed unit; 0: for ever, as on a cluster.
    tries_when_away: int = 0


def channels_of(handlers: Handlers) -> tuple[str, ...]:
    """The channels to consume for these handlers: urgent lanes before bulk lanes.

    Facts about a whole video come first: they bring work to its end, and are few.
    """
    topics = [topic_of(fact) for fact in handlers]
    ranked = [(lane, name) for topic in topics for lane, name in _ranked(topic)]
    return tuple(name for _, name in sorted(ranked))


def _ranked(topic: Topic) -> Iterable[tuple[int, str]]:
    return enumerate(topic.channels, start=1) if topic.has_lanes else ((0, topic.name),)


def to_record(fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> Record:
    """The fact as it goes on its channel; the trace that it is part of goes with it."""
    topic = topic_of(type(fact))
    value = fact.SerializeToString(deterministic=True)
    traced = {name: text.encode() for name, text in carrying(topic.name).items()}
    own = {**traced, VERSION_HEADER: VERSION}
    return Record(topic.channel_of(fact), topic.key(fact), value, {**headers, **own})


def take_of(run: str, objects: Objects) -> Mapping[str, bytes]:
    """Headers of whatever begins work on a run: which take of it that is, where one is known.

    All records that follow carry it on. What fails of an earlier take says nothing about the run.
    """
    try:
        return {TAKE_HEADER: objects.get(keys.take(run))}
    except ObjectNotFound:
        return NO_HEADERS


def is_of_an_earlier_take(run: str, take: str, objects: Objects) -> bool:
    """Whether the run was begun anew since; both takes must be known."""
    newest = take_of(run, objects).get(TAKE_HEADER, b"").decode()
    return bool(take and newest) and take != newest


def _unread(record: Record) -> facts.StageFailed:
    """What is known of a fact that can not be read: by its key, which video it was of."""
    return facts.StageFailed(video_id=record.key.partition("/")[0])


@dataclass
class Worker:
    """One stage at work: its handlers between a bus and an object store.

    A unit of work is one record. It ends in one of three ways: its facts are published and it is
    committed; or it fails (three tries, five starts that never came to an end, or nobody can read
    it) and goes to the dead letters, and `StageFailed` says so, without a run where that can not be
    known; or a dependency is away, and it waits. A unit of a cancelled run, a deleted video or a
    run of another version is committed without work; the latter is told again by the gateway. One
    that is called off while a child works for it is broken off within seconds, and committed too.

    ``name`` is who works here, for whoever asks; ``clock`` counts the processor seconds that are
    this worker's: of its thread, where others share the process.
    """

    stage: str
    bus: Bus
    objects: Objects
    handlers: Handlers
    patience: Patience = field(default_factory=Patience)
    name: str = field(default_factory=lambda: f"{platform.node()}/{os.getpid()}")
    clock: Callable[[], float] = time.thread_time

    def run(self, stop: Event) -> None:
        """Work until told to stop; the unit in hand is finished first."""
        while not stop.is_set():
            try:
                record = self.bus.consume(self.patience.poll_s)
                metrics.waits_no_more(self.stage)
                if record is not None:
                    self.work(record, stop)
            except BusAway as away:
                log.warning("waiting for the bus: %s", away)
                metrics.waits_for(self.stage, away)
                stop.wait(self.patience.first_backoff_s)
        self.bus.close()

    def work(self, record: Record, stop: Event) -> None:
        """Bring one record to its end."""
        try:
            fact = read_fact(record.channel, record.value, record.headers)
        except (DecodeError, KeyError, NewerContracts) as broken:
            reason = told("unread", channel=record.channel, error=broken)
            metrics.UNITS.labels(self.stage, record.channel, "failed").inc()
            unread = _unread(record)
            self._settle(record, unread, self._failure(record, unread, _Why(reason, 0)), stop)
        else:
            with at_work(self.stage, record, fact) as unit:
                outcome = self._outcome(record, fact, unit, stop)
                if outcome is not None:
                    self._settle(record, fact, outcome, stop)
        metrics.waits_no_more(self.stage)

    def _settle(self, record: Record, fact: Any, outcome: list[Record], stop: Event) -> None:
        """The outcome is stored by the bus, and only then is the record committed.

        A bus that is away may have lost what it was given: all is published again. What it never
        takes is a failure of the unit.
        """
        absences = 0
        while True:
            try:
                for result in outcome:
                    self.bus.publish(result)
                self.bus.flush()
                return self.bus.commit(record)
            except RecordTooLarge as refused:
                if outcome and outcome[0].channel == DEAD_LETTERS:
                    raise
                outcome = self._failure(record, fact, _Why(str(refused), 1))
            except BusAway as away:
                absences += 1
                if stop.is_set():
                    return None
                self._wait(away, absences, stop)

    def _outcome(self, record: Record, fact: Any, unit: Unit, stop: Event) -> list[Record] | None:
        """What this record leads to; none: the loop was stopped before that was known."""
        start = _start_of(self.name, record, fact)
        failures, absences, marks = 0, 0, list[str]()
        while not stop.is_set():
            try:
                marks = marks or self._mark_start(record, start)
                done = self._results(record, fact, unit)
                results = [to_record(result, record.headers) for result in done]
                self._forget_starts(marks)
            except AWAY as away:
                absences += 1
                if absences == self.patience.tries_when_away:
                    unit.end("failed", str(away))
                    why = _Why(str(away), absences, told("away", what=away))
                    return self._give_up(unit, marks, record, fact, why)
                if absences == 1:
                    self._note_trouble(marks, start, f"waits: {away}")
                self._wait(away, absences, stop)
            except Refused as refused:
                unit.end("refused", str(refused))
                return self._give_up(unit, marks, record, fact, _Why(str(refused), failures + 1))
            except Exception as error:  # a unit's failure must not end the stage
                failures += 1
                log.exception("%s failed on %s %s", self.stage, record.channel, record.key)
                reason = f"{type(error).__name__}: {error}"
                if failures == TRIES:
                    unit.end("failed", reason)
                    why = _Why(reason, failures, _in_words(error))
                    return self._give_up(unit, marks, record, fact, why)
                metrics.UNIT_RETRIES.labels(self.stage, record.channel).inc()
                self._note_trouble(marks, start, reason)
            else:
                return results
        unit.end("")
        with suppress(*AWAY):  # told to stop, which is no fault of the unit's
            self._forget_starts(marks)
        return None

    def _results(self, record: Record, fact: Any, unit: Unit) -> list[Message]:
        if self._is_called_off(fact):
            unit.end("skipped")
            return []
        with (
            metrics.UNIT_SECONDS.labels(self.stage, record.channel).time(),
            by_order(lambda: self._is_called_off(fact)),
        ):
            handle = self.handlers[type(fact)]
            try:
                if not getattr(fact, "run_id", ""):
                    return handle(fact)
                with charged(self.objects, _cost_of(self.stage, fact, record), self.clock):
                    return handle(fact)
            except OtherVersion:
                log.info("left to the version of the program that began the run")
            except AWAY:
                raise
            except Exception as trouble:  # a deletion takes away what the work stands on, too
                if not (isinstance(trouble, CalledOff) or self._is_called_off(fact)):
                    raise
                log.info("broken off: the run was cancelled or the video deleted")
            unit.end("skipped")
            return []

    def _is_called_off(self, fact: Any) -> bool:
        run, video = getattr(fact, "run_id", ""), getattr(fact, "video_id", "")
        return bool(run and holds(self.objects, keys.cancelled(run))) or bool(
            video and holds(self.objects, keys.deleted(video))
        )

    def _mark_start(self, record: Record, start: Start) -> list[str]:
        """The start is counted; the names of all starts of the unit that were never ended.

        Nearly always it is the first: one question to the store, and one when it is forgotten.
        """
        marker, content = starts_of(self.stage, record.channel, record.key), write_start(start)
        first = f"{marker}0000"
        if self.objects.put_once(first, content) == content:
            return [first]
        started = list(self.objects.list(marker))
        if len(started) >= STARTS:
            self._forget_starts(started)
            raise Refused(told("no-end", starts=STARTS))
        mine = f"{marker}{len(started):04}"
        self.objects.put(mine, content)
        return [*started, mine]

    def _forget_starts(self, marks: Iterable[str]) -> None:
        for mark in marks:
            self.objects.delete(mark)

    def _note_trouble(self, marks: list[str], start: Start, trouble: str) -> None:
        """Whoever asks what the unit waits for is told; the store itself may be what is away."""
        if marks:
            with suppress(*AWAY):
                self.objects.put(marks[-1], write_start(replace(start, trouble=trouble)))

    def _give_up(
        self, unit: Unit, marks: list[str], record: Record, fact: Any, why: "_Why"
    ) -> list[Record]:
        """It has come to an end: a bad one, and none that a new start would count with.

        What a video that was deleted and submitted again still had under way finds nothing any
        more, and nobody waits for it.
        """
        run, take = getattr(fact, "run_id", ""), record.headers.get(TAKE_HEADER, b"").decode()
        with suppress(*AWAY):
            self._forget_starts(marks)
            if run and is_of_an_earlier_take(run, take, self.objects):
                log.info("of an earlier take of its run: %s", why.reason)
                unit.end("skipped")
                return []
        return self._failure(record, fact, why)

    def _wait(self, away: Absence, absences: int, stop: Event) -> None:
        pause = self.patience.first_backoff_s * 2 ** min(absences - 1, 16)
        log.warning("%s waits for a dependency: %s", self.stage, away)
        metrics.waits_for(self.stage, away)
        stop.wait(min(pause, self.patience.longest_backoff_s))

    def _failure(self, record: Record, fact: Any, why: "_Why") -> list[Record]:
        failed = facts.StageFailed(
            video_id=getattr(fact, "video_id", ""),
            run_id=getattr(fact, "run_id", ""),
            stage=self.stage,
            reason=why.words or why.reason,
            topic=record.channel,
            key=record.key,
            attempts=why.attempts,
            take=record.headers.get(TAKE_HEADER, b"").decode(),
        )
        letter = self._letter(record, why)
        if record.channel == _FAILED:  # whoever failed on that would fail on the next as well
            return [letter]
        return [letter, to_record(failed, record.headers)]

    def _letter(self, record: Record, why: "_Why") -> Record:
        metrics.DEAD_LETTERS.labels(self.stage, record.channel).inc()
        headers = {
            **record.headers,
            "reason": why.reason.encode(),
            "attempts": str(why.attempts).encode(),
            "origin": _origin(record).encode(),
            "stage": self.stage.encode(),
            "buried-at": str(time.time_ns()).encode(),
        }
        return Record(DEAD_LETTERS, record.key, record.value, headers)


@dataclass(frozen=True)
class _Why:
    """Why a unit failed and after how many tries; in other words for users than for operators."""

    reason: str
    attempts: int
    words: str = ""


def _in_words(error: Exception) -> str:
    """What is said of an error that nobody foresaw, and what can be done about it."""
    if isinstance(error, ChildDied):
        return told("died", why=error)
    return told("defect", error=f"{type(error).__name__}: {error}")


def _origin(record: Record) -> str:
    """Where the record is on the bus."""
    return f"{record.channel}/{record.partition}/{record.offset}"


def _start_of(worker: str, record: Record, fact: Any) -> Start:
    return Start(
        worker=worker,
        at_ns=time.time_ns(),
        run_id=getattr(fact, "run_id", ""),
        segment=fact.segment.index if hasattr(fact, "segment") else -1,
        trace_id=trace_of(record.headers),
    )


def _cost_of(stage: str, fact: Any, record: Record) -> str:
    """Where it is written down what a unit has cost.

    By the record's content and place: one that is delivered twice is charged once; a video that was
    deleted and comes again has the same records at places of their own, and is charged again. The
    place alone would not do, nor with the key, which may be the video's: a bus that begins anew,
    on a laptop or wiped, has another segment's record there.
    """
    content = hashlib.sha256(record.value).hexdigest()
    return keys.spent(fact.run_id, stage, f"{content} {_origin(record)}")
