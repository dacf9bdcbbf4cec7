"""After a backup came back: what a store promises and does not have, and that it is made again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from inyourarea.contracts import keys
from inyourarea.contracts.runs import belongings_of, inputs_of, is_current, promises_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.journal import Journal, PinsSet, Submitted, last_of
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds

_AT_A_TIME = 16
"""Runs that are looked at at a time: the store's answers are what is waited for."""


@dataclass(frozen=True)
class Broken:
    """An object of a run says that others are there, and these are not.

    ``promise`` is empty where nobody makes what is missing again: the video itself, or what the run
    builds on. ``is_told_again``: the stages will be told of the run, as it is its video's newest,
    and of this version.
    """

    run: facts.VideoAccepted
    promise: str
    missing: tuple[str, ...]
    is_told_again: bool

    @property
    def has_remedy(self) -> bool:
        """Whether it can be made again, or only further work on an earlier run would need it."""
        return bool(self.promise) and (self.is_told_again or self.promise in _lists(self.run))


def find_broken(
    objects: Objects, tell: Callable[[int, int], object] = lambda *_: None
) -> Iterator[Broken]:
    """What runs of videos that are not deleted promise in vain.

    ``tell`` is told after each run how many were looked at, and how many there are.
    """
    accepted = [key for key in objects.list("runs/") if key.endswith("/accepted.binpb")]
    with ThreadPoolExecutor(_AT_A_TIME) as readers:
        looked = readers.map(partial(_look_at, objects), accepted)
        for number, found in enumerate(looked, 1):
            tell(number, len(accepted))
            yield from found


def _look_at(objects: Objects, accepted: str) -> list[Broken]:
    try:
        run = facts.VideoAccepted.FromString(objects.get(accepted))
    except ObjectNotFound:  # somebody deletes it just now
        return []
    if holds(objects, keys.deleted(run.video_id)):
        return []
    return list(_broken(objects, run, _is_told_again(objects, run)))


def _is_told_again(objects: Objects, run: facts.VideoAccepted) -> bool:
    """Whether it is its video's newest, as each of the command line's is who asks for it."""
    newest = last_of(Journal(objects).read(run.video_id), Submitted, PinsSet)
    is_newest = not isinstance(newest, Submitted | PinsSet) or newest.run_id == run.run_id
    return is_newest and is_current(run)


def _broken(objects: Objects, run: facts.VideoAccepted, is_told_again: bool) -> Iterator[Broken]:
    if not holds(objects, run.source.key):
        yield Broken(run, "", (run.source.key,), is_told_again)
    if missing := tuple(key for key in inputs_of(run) if not holds(objects, key)):
        yield Broken(run, "", missing, is_told_again)
    report = keys.report(run.spec)
    is_tracked = is_current(run) and holds(objects, keys.published(run.run_id))
    if is_tracked and not holds(objects, report):  # all that it promises is made again with it
        yield Broken(run, report, (report,), is_told_again)
    for promise, read in promises_of(run):
        try:
            promised = read(objects.get(promise))
        except ObjectNotFound:  # not done, or not kept
            continue
        if missing := tuple(key for key in promised if not holds(objects, key)):
            yield Broken(run, promise, missing, is_told_again)


def _lists(run: facts.VideoAccepted) -> set[str]:
    """Promises of pieces: what is shown does not need them."""
    return {key for key, _ in belongings_of(run).lists}


def take_back(objects: Objects, broken: Broken) -> None:
    """The promise is gone, and all that came of it: the stages make it again when next told.

    A run that they are not told of keeps all that is shown of it.
    """
    if broken.has_remedy:
        promises = [promise for promise, _ in promises_of(broken.run)]
        first = promises.index(broken.promise)
        for promise in promises[first : None if broken.is_told_again else first + 1]:
            objects.delete(promise)
