"""Takes out of the store what no run needs that anybody can still ask for; runs may proceed."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inyourarea.contracts import keys
from inyourarea.contracts.runs import NOTHING, Belongings, records_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.deletion import (
    LONGEST_UNIT_S,
    MADE,
    accepted_runs,
    is_brought,
    needs_of,
    pieces_named,
    young_previews,
)
from inyourarea.gateway.journal import Entry, Journal, PinsSet, Submitted
from inyourarea.gateway.projection import judgements_of
from inyourarea.runtime.objects import ObjectNotFound, Objects, Stored

#: Hours: whatever is younger stays, and so does a run that was replaced so recently. An editor who
#: takes back yesterday's pins finds everything where it was.
GRACE_H = 24
#: Seconds: a unit that has stored a piece and not yet said so has ended by then.
LEAST_GRACE_S = LONGEST_UNIT_S
#: Objects that are taken out before it is looked again whether somebody needs more by now.
_BATCH = 200
#: Where objects are that belong to runs; all others are records of what people did, or tombstones.
_COLLECTED = (*MADE, "boxes/", "cancelled/", "runs/", "sources/")
#: What these say is done is taken back before anything else of it goes.
_LAST_WORDS = ("published.binpb", "ready.binpb", "drawn.binpb", "report.json", "streams.binpb")


@dataclass(frozen=True)
class Garbage:
    """What can go, what is too young to tell, and what is needed."""

    old: Sequence[Stored]
    young: Sequence[Stored]
    needed: Sequence[Stored]


@dataclass(frozen=True)
class Times:
    """When it is now, and when what is that old is no longer let alone (Unix times)."""

    now_s: float
    grace_s: float

    def is_old(self, at_s: float) -> bool:
        """Whether it was longer ago than the grace."""
        return at_s + self.grace_s < self.now_s


def find_garbage(objects: Objects, times: Times) -> Garbage:
    """All objects of runs, by whether anybody needs them. What is there is looked at first.

    So what is asked for meanwhile is marked, and what is written meanwhile is not looked at.
    """
    there = {one.key: one for prefix in _COLLECTED for one in objects.survey(prefix)}
    needed, pieces = _marked(objects, there, times)
    old, young, kept = list[Stored](), list[Stored](), list[Stored]()
    for key, one in there.items():
        if key in pieces or needed.has(key):
            kept.append(one)
        else:
            (old if times.is_old(one.written_s) else young).append(one)
    return Garbage(old, young, kept)


def sweep_garbage(objects: Objects, garbage: Garbage, times: Times) -> Iterator[Stored]:
    """What can go is gone, one after another, unless somebody has come to need it.

    Whether anybody was given a new run, or one of before anew, is looked at again and again.
    """
    seen: tuple[frozenset[str], ...] = ()
    doomed = sorted(garbage.old, key=lambda one: not one.key.endswith(_LAST_WORDS))
    for start in range(0, len(doomed), _BATCH):
        batch = doomed[start : start + _BATCH]
        if (asked := _asked(objects)) != seen:
            there = {one.key: one for prefix in _COLLECTED for one in objects.survey(prefix)}
            needed, pieces = _marked(objects, there, times)
            seen = asked
        for one in batch:
            now = there.get(one.key)
            if now != one or one.key in pieces or needed.has(one.key):
                continue
            folder, _, name = one.key.partition("/")
            if folder == "sources" and is_brought(objects, name):
                continue
            objects.delete(one.key)
            yield one


def by_class(found: Iterable[Stored]) -> dict[str, tuple[int, int]]:
    """How many objects there are, and how many bytes, by what their names begin with."""
    counts, sizes = Counter[str](), Counter[str]()
    for one in found:
        name = one.key.split("/", 1)[0]
        counts[name] += 1
        sizes[name] += one.size
    return {name: (counts[name], sizes[name]) for name in sorted(counts)}


def _asked(objects: Objects) -> tuple[frozenset[str], ...]:
    """All that says what somebody asks for, by name."""
    runs = (key for key in objects.list("runs/") if key.endswith("/accepted.binpb"))
    told = (objects.list(prefix) for prefix in ("journal/", "previews/", "deleted/"))
    return (frozenset(runs), *(frozenset(names) for names in told))


def _marked(
    objects: Objects, there: Mapping[str, Stored], times: Times
) -> tuple[Belongings, set[str]]:
    """What living runs have, and their pieces."""
    runs = {run.run_id: run for run in accepted_runs(objects)}
    told = _told(objects, runs, there, times)
    living = told.used | _of_no_journal(runs, told.asked, there, times)
    # A run under way may use what any other of its source has left: nothing of those goes.
    busy = {runs[name].source.key for name in living if _is_under_way(runs[name], there)}
    living |= {name for name, run in runs.items() if run.source.key in busy}
    whole = [needs_of(objects, runs[name]) for name in sorted(living)]
    whole += [
        needs_of(objects, run) for run in young_previews(objects, times.now_s - times.grace_s)
    ]
    pieces = {key for mine in whole for key in pieces_named(objects, _there(mine, there))}
    looked_at = [records_of(runs[name]) for name in sorted(told.looked_at & runs.keys())]
    # Without these the journal could not be read: what was asked for, once.
    accepted = Belongings(frozenset(map(keys.accepted, told.asked)), NOTHING.folders, ())
    return _joined([*whole, *looked_at, accepted]), pieces


def _joined(marked: Sequence[Belongings]) -> Belongings:
    names = frozenset[str]().union(*(one.names for one in marked))
    folders = frozenset[str]().union(*(one.folders for one in marked))
    return Belongings(names, folders, NOTHING.lists)


def _there(mine: Belongings, there: Mapping[str, Stored]) -> Belongings:
    """With only those lists that are there, so that nobody asks for the others."""
    lists = tuple(one for one in mine.lists if one[0] in there)
    return Belongings(mine.names, mine.folders, lists)


@dataclass
class _Told:
    """What all journals tell: which runs were ever asked for, and which are of use still.

    Of those that were ``looked_at``, who was where is.
    """

    asked: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)


def _told(
    objects: Objects,
    runs: Mapping[str, facts.VideoAccepted],
    there: Mapping[str, Stored],
    times: Times,
) -> _Told:
    journal, told = Journal(objects), _Told()
    for video in journal.videos():
        try:
            entries = journal.read(video)
        except ObjectNotFound:  # it is being deleted just now
            continue
        told.asked |= {e.run_id for e in entries if isinstance(e, Submitted | PinsSet)}
        judged = judgements_of(video, entries)
        told.looked_at |= {row["run_id"] for row in judged}
        told.used |= {
            row["run_id"]
            for row in judged
            if row["run_id"] in runs and row["kind"] != "span" and row["state"] != "draft"
        }
        told.used |= _used(entries, runs, there, times)
    return told


def _used(
    entries: Sequence[Entry],
    runs: Mapping[str, facts.VideoAccepted],
    there: Mapping[str, Stored],
    times: Times,
) -> set[str]:
    """The newest run, the ones that are shown and drawn instead, those that were just replaced."""
    asked = [
        entry
        for entry in entries
        if isinstance(entry, Submitted | PinsSet) and entry.run_id in runs
    ]
    newest_first = [entry.run_id for entry in reversed(asked)]
    tracked = [run for run in newest_first if keys.report(runs[run].spec) in there]
    drawn = [run for run in newest_first if keys.published(run) in there]
    replaced = {
        entry.run_id
        for entry, later in itertools.pairwise(asked)
        if not times.is_old(later.at_ns / 1e9)
    }
    return {*newest_first[:1], *tracked[:1], *drawn[:1], *replaced}


def _of_no_journal(
    runs: Mapping[str, facts.VideoAccepted],
    journaled: Collection[str],
    there: Mapping[str, Stored],
    times: Times,
) -> set[str]:
    """Runs of the command line, whose files lie elsewhere: of each video the newest.

    And any that was accepted just now, of which the journal may not have heard yet.
    """
    newest: dict[str, tuple[float, str]] = {}
    living = set[str]()
    for name, run in runs.items():
        one = there.get(keys.accepted(name))
        if one is None or not times.is_old(one.written_s):
            living.add(name)
        elif name not in journaled:
            age = (one.written_s, name)
            newest[run.video_id] = max(newest.get(run.video_id, age), age)
    return living | {name for _, name in newest.values()}


def _is_under_way(run: facts.VideoAccepted, there: Mapping[str, Stored]) -> bool:
    """Whether somebody is at work on it, or will be."""
    if keys.cancelled(run.run_id) in there or keys.failed(run.run_id) in there:
        return False
    is_made = keys.published(run.run_id) in there
    if not is_made or not run.for_browsers:
        return not is_made
    ready = (keys.stage_ready(run.video_id), keys.faces_drawn(run.spec))
    return not all(key in there for key in (*ready, keys.streams_ready(run.run_id)))
