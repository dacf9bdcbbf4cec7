"""What a run waits for: read out of the object store, and put into a sentence."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from inyourarea.contracts import keys
from inyourarea.contracts.runs import RENDITION, Unit, belongings_of, units_of
from inyourarea.contracts.starts import Start, read_start, starts_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import Refused
from inyourarea.runtime.objects import ObjectNotFound, Objects, Stored

State = Literal["done", "at work", "waiting", "held back"]
Ending = Literal["working", "finished", "failed", "cancelled", "deleted"]


_ENDED: Mapping[Ending, str] = {
    "finished": "It is finished; everything that was asked for is there.",
    "deleted": "Its video was deleted; nothing is done until somebody submits it again.",
    "cancelled": "It was cancelled; nothing is done until somebody asks for it again.",
    "failed": "It has failed, and waits for somebody to try it again",
}


class UnknownRun(Refused):
    """There is no such run in the store."""


@dataclass(frozen=True)
class Sight:
    """What the store tells of a run: its objects by name, and starts that nobody has ended.

    ``failure`` is why the run failed, ``stage_failure`` why browsers lack something, in words;
    ``trace_id`` the trace of whoever asked for it last, where there is one.
    """

    run: facts.VideoAccepted
    found: Mapping[str, Stored]
    starts: Mapping[str, Sequence[Start]]
    failure: str = ""
    stage_failure: str = ""
    is_deleted: bool = False
    trace_id: str = ""


@dataclass(frozen=True)
class UnitNow:
    """How a unit stands, since when (Unix time), and who is at it; ``starts``: how often begun."""

    unit: Unit
    state: State
    since_s: float
    start: Start | None = None
    starts: int = 0


@dataclass(frozen=True)
class Explanation:
    """Where a run stands; ``units`` in the order of the work, ``oldest`` waits longest.

    What only browsers wait for counts where nothing else is waited for.
    """

    run: facts.VideoAccepted
    ending: Ending
    units: Sequence[UnitNow]
    oldest: UnitNow | None
    trouble: str
    trace_id: str
    sentence: str

    def count(self, work: str, state: State) -> int:
        """How many units of a kind stand so."""
        return sum(one.unit.work == work and one.state == state for one in self.units)


def look_at_run(objects: Objects, run: str) -> Sight:
    """All that there is of a run.

    Raises:
        UnknownRun: there is none.
    """
    try:
        accepted = facts.VideoAccepted.FromString(objects.get(keys.accepted(run)))
    except (ObjectNotFound, ValueError):
        raise UnknownRun(f"there is no run {run}; `inyourarea runs list` tells all") from None
    mine = belongings_of(accepted)
    tombstone = keys.deleted(accepted.video_id)
    prefixes = {*mine.names, *mine.folders, tombstone}
    found = {one.key: one for prefix in prefixes for one in objects.survey(prefix)}
    starts = _starts(objects, units_of(accepted))
    failure = _words(objects, keys.failed(run))
    stage_failure = _words(objects, keys.stage_failed(accepted.video_id))
    trace_id = _words(objects, keys.trace(run))
    return Sight(accepted, found, starts, failure, stage_failure, tombstone in found, trace_id)


def _words(objects: Objects, key: str) -> str:
    with contextlib.suppress(ObjectNotFound):
        return objects.get(key).decode(errors="replace")
    return ""


def _starts(objects: Objects, units: Iterable[Unit]) -> dict[str, list[Start]]:
    wanted = {starts_of(unit.stage, *record) for unit in units for record in unit.records}
    starts: dict[str, list[Start]] = {}
    for key in objects.list("attempts/"):
        prefix = key.rsplit("/", 1)[0] + "/"
        if prefix in wanted:
            with contextlib.suppress(ObjectNotFound):  # it has come to its end just now
                starts.setdefault(prefix, []).append(read_start(objects.get(key)))
    return starts


def explain(sight: Sight, now_s: float) -> Explanation:
    """Where the run stands, and in a sentence what it waits for."""
    units = [_now(unit, sight) for unit in units_of(sight.run)]
    ending = _ending(sight, units)
    waiting = [one for one in units if one.state == "waiting"]
    oldest = min(waiting, key=lambda one: (one.unit.stage == RENDITION, one.since_s), default=None)
    begun = [one.start for one in units if one.start]
    failure = sight.failure or _stage_failure(sight, units)
    trouble = failure or next((start.trouble for start in begun if start.trouble), "")
    trace_id = next((start.trace_id for start in begun if start.trace_id), sight.trace_id)
    sentence = _sentence(ending, units, oldest, failure, now_s)
    return Explanation(sight.run, ending, units, oldest, trouble, trace_id, sentence)


def _now(unit: Unit, sight: Sight) -> UnitNow:
    if unit.is_done(sight.found):
        return UnitNow(unit, "done", 0.0)
    if not unit.may_begin(sight.found):
        return UnitNow(unit, "held back", 0.0)
    since_s = max((sight.found[name].written_s for name in unit.needs), default=0.0)
    begun = [start for start in _of(unit, sight) if start.run_id == sight.run.run_id]
    if not begun:
        return UnitNow(unit, "waiting", since_s)
    return UnitNow(unit, "at work", begun[-1].at_ns / 1e9, begun[-1], len(begun))


def _stage_failure(sight: Sight, units: Sequence[UnitNow]) -> str:
    """Why browsers lack something, where nothing else is lacking."""
    left = {one.unit.stage for one in units if one.state != "done"}
    return sight.stage_failure if left == {RENDITION} else ""


def _of(unit: Unit, sight: Sight) -> list[Start]:
    """The unit's starts; a record about a whole video may bring about any segment's work."""
    return [
        start
        for record in unit.records
        for start in sight.starts.get(starts_of(unit.stage, *record), ())
        if unit.segment is None or start.segment in (-1, unit.segment)
    ]


def _ending(sight: Sight, units: Sequence[UnitNow]) -> Ending:
    if sight.is_deleted:
        return "deleted"
    if all(one.state == "done" for one in units):
        return "finished"
    if keys.cancelled(sight.run.run_id) in sight.found:
        return "cancelled"
    is_failed = sight.failure and keys.published(sight.run.run_id) not in sight.found
    return "failed" if is_failed else "working"


def _sentence(
    ending: Ending,
    units: Sequence[UnitNow],
    oldest: UnitNow | None,
    failure: str,
    now_s: float,
) -> str:
    if ending == "failed":
        return f"{_ENDED[ending]}: {failure}"
    if ending != "working":
        return _ENDED[ending]
    at_work = [one for one in units if one.state == "at work"]
    if at_work:
        first = min(at_work, key=lambda one: (one.unit.stage == RENDITION, one.since_s))
        return _about_work(first, now_s)
    if failure:
        return f"What browsers are given has failed, and waits for somebody to try again: {failure}"
    if oldest is None:
        return "Nothing of it can be begun; an object that was there has gone."
    what, age = _what(oldest.unit), span(now_s - oldest.since_s)
    return f"It waits for a worker of {oldest.unit.stage} to take {what}; so for {age}."


def _about_work(one: UnitNow, now_s: float) -> str:
    start = one.start or Start("somebody", 0)
    age = span(now_s - one.since_s)
    words = f"It waits for {start.worker} to end {_what(one.unit)}, begun {age} ago"
    if one.starts > 1:
        words += f" and {one.starts - 1} times before, without an end"
    return f"{words}; {start.trouble}" if start.trouble else f"{words}."


def _what(unit: Unit) -> str:
    part = "" if unit.segment is None else f" of segment {unit.segment}"
    return f"{unit.work}{part}"


def span(seconds: float) -> str:
    """A length of time in words, of two units at most."""
    left = max(0, round(seconds))
    parts = [
        (left // 86400, "d"),
        (left // 3600 % 24, "h"),
        (left // 60 % 60, "min"),
        (left % 60, "s"),
    ]
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {name}" for number, name in parts[first : first + 2])


@dataclass(frozen=True)
class RunLine:
    """A run in a list: when it was accepted (Unix time), how it stands, how far it is drawn."""

    run_id: str
    video_id: str
    accepted_s: float
    ending: Ending
    drawn: int
    segments: int


def list_runs(objects: Objects) -> list[RunLine]:
    """All runs of a store, the newest first."""
    found = {one.key: one for one in objects.survey("runs/")}
    cancelled = set(objects.list("cancelled/"))
    lines = []
    for key, one in found.items():
        if not key.endswith("/accepted.binpb"):
            continue
        with contextlib.suppress(ObjectNotFound):
            run = facts.VideoAccepted.FromString(objects.get(key))
            drawn = sum(
                keys.segment_pieces(run.run_id, part.index) in found for part in run.segments
            )
            ending = _ending_in_list(run.run_id, found, cancelled)
            lines.append(
                RunLine(run.run_id, run.video_id, one.written_s, ending, drawn, len(run.segments))
            )
    return sorted(lines, key=lambda line: line.accepted_s, reverse=True)


def unfinished_runs_of(objects: Objects, model_sha256: str) -> list[str]:
    """The runs that need that model and have not ended, the newest first."""
    working = (line.run_id for line in list_runs(objects) if line.ending == "working")
    runs = (facts.VideoAccepted.FromString(objects.get(keys.accepted(run))) for run in working)
    return [run.run_id for run in runs if run.spec.model.sha256 == model_sha256]


def _ending_in_list(run: str, found: Mapping[str, Stored], cancelled: set[str]) -> Ending:
    if keys.published(run) in found:
        return "finished"
    if keys.cancelled(run) in cancelled:
        return "cancelled"
    return "failed" if keys.failed(run) in found else "working"
