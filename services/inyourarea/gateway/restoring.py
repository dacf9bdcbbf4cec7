"""After a backup came back: what a store promises and does not have, and that it is made again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from inyourarea.contracts import keys
from inyourarea.contracts.runs import (
    belongings_of,
    inputs_of,
    is_current,
    promises_kept,
    promises_of,
    records_of,
)
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.deletion import accepted_runs
from inyourarea.gateway.journal import Journal, PinsSet, Submitted
from inyourarea.gateway.names import names_kept
from inyourarea.gateway.projection import judgements_of
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds

#: Runs that are looked at at a time: the store's answers are what is waited for.
_AT_A_TIME = 16
#: Runs that are known at a time; how many were looked at is told after each so many.
_BATCH = 64


@dataclass(frozen=True)
class Broken:
    """A run that lacks objects.

    ``lost`` are those that it stands on, which no stage makes; ``vain`` are its objects that say
    that others are there, each with those that are not. ``why_left`` is why nothing of the run is
    made again, in words; empty where it is, once those promises are taken back.
    """

    run: facts.VideoAccepted
    lost: tuple[str, ...]
    vain: Mapping[str, tuple[str, ...]]
    why_left: str


def find_broken(objects: Objects, note: Callable[[int], None] = lambda _: None) -> Iterator[Broken]:
    """Runs of videos that are not deleted that promise in vain, or stand on what is not there.

    ``note`` is told how many runs were looked at.
    """
    runs, done = accepted_runs(objects), 0
    with ThreadPoolExecutor(_AT_A_TIME) as readers:
        while batch := list(islice(runs, _BATCH)):
            yield from filter(None, readers.map(partial(_look_at, objects), batch))
            note(done := done + len(batch))


def take_back(objects: Objects, broken: Broken) -> None:
    """Its promises are gone, and all that came of them: the stages make it again when next told.

    Nothing is done where nobody would make it again.
    """
    if broken.why_left:
        return
    promises = [promise for promise, _ in promises_of(broken.run)]
    gone = {*broken.vain, *chain(*broken.vain.values())}  # one may itself be missing
    first = next((at for at, name in enumerate(promises) if name in gone), len(promises))
    for promise in promises[first:]:
        objects.delete(promise)


def _look_at(objects: Objects, run: facts.VideoAccepted) -> Broken | None:
    if holds(objects, keys.deleted(run.video_id)):
        return None
    lost, vain = _missing(objects, inputs_of(run)), dict(_in_vain(objects, run))
    if not lost and not vain:
        return None
    use = _Use.read(objects, run)
    if not use.is_of_use:  # who was where is all that is kept of it
        kept = records_of(run).names
        lost, vain = (), {name: tuple(kept & {*missing}) for name, missing in vain.items()}
        vain = {name: missing for name, missing in vain.items() if missing}
    return Broken(run, lost, vain, use.why_left(run, lost, vain)) if lost or vain else None


def _in_vain(objects: Objects, run: facts.VideoAccepted) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each object that is missing is told of the first that promises it."""
    kept, seen = names_kept(objects, run.run_id), set[str]()
    for promise, read in (*promises_of(run), *(promises_kept(run, kept) if kept else ())):
        try:
            promised = read(objects.get(promise))
        except ObjectNotFound:  # not done, or not kept
            continue
        if missing := _missing(objects, (name for name in promised if name not in seen)):
            yield promise, missing
        seen.update(promised)


def _missing(objects: Objects, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if not holds(objects, name))


@dataclass(frozen=True)
class _Use:
    """What a run is good for: its video's newest is told again; another is shown at most."""

    is_newest: bool
    is_judged: bool
    is_published: bool

    @classmethod
    def read(cls, objects: Objects, run: facts.VideoAccepted) -> "_Use":
        """As the video's journal says; without one, as on a laptop, each may be asked for again."""
        entries = Journal(objects).read(run.video_id)
        asked = [
            entry.run_id
            for entry in entries
            if isinstance(entry, Submitted | PinsSet)
            and holds(objects, keys.accepted(entry.run_id))
        ]
        judged = {
            row["run_id"]
            for row in judgements_of(run.video_id, entries)
            if row["kind"] != "span" and row["state"] != "draft"
        }
        is_published = holds(objects, keys.published(run.run_id))
        is_newest = not asked or asked[-1] == run.run_id
        return cls(is_newest, run.run_id in judged, is_published)

    @property
    def is_of_use(self) -> bool:
        """Whether somebody may ask for more than who was where in it."""
        return self.is_newest or self.is_judged or self.is_published

    def why_left(self, run: facts.VideoAccepted, lost: Iterable[str], vain: Iterable[str]) -> str:
        """Why taking its promises back would only lose more; empty where it is made again."""
        if any(lost):
            return "what it stands on is not there"
        if not self.is_newest or not is_current(run):
            return "no stage works any more on a run that was replaced, or of another version"
        drawn_of = {name for name, _ in belongings_of(run).lists}
        if self.is_judged and self.is_published and drawn_of.issuperset(vain):
            return "somebody approved it, and its fancams are there"
        return ""
