"""After a backup came back: what a store promises and does not have, and that it is made again."""

from collections.abc import Iterator
from dataclasses import dataclass

from inyourarea.contracts import keys
from inyourarea.contracts.runs import promises_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.deletion import accepted_runs
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds


@dataclass(frozen=True)
class Broken:
    """An object of a run says that others are there, and these are not.

    ``promise`` is empty where it is the video itself that is missing, which nobody can make again.
    """

    run: facts.VideoAccepted
    promise: str
    missing: tuple[str, ...]


def find_broken(objects: Objects) -> Iterator[Broken]:
    """What runs of videos that are not deleted promise in vain."""
    for run in accepted_runs(objects):
        if holds(objects, keys.deleted(run.video_id)):
            continue
        if not holds(objects, run.source.key):
            yield Broken(run, "", (run.source.key,))
        yield from _broken(objects, run)


def _broken(objects: Objects, run: facts.VideoAccepted) -> Iterator[Broken]:
    for promise, read in promises_of(run):
        try:
            promised = read(objects.get(promise))
        except ObjectNotFound:  # not done, or not kept
            continue
        if missing := tuple(key for key in promised if not holds(objects, key)):
            yield Broken(run, promise, missing)


def take_back(objects: Objects, broken: Broken) -> None:
    """The promise is gone, and all that came of it: the stages make it again when next told."""
    promises = [promise for promise, _ in promises_of(broken.run)]
    for promise in promises[promises.index(broken.promise) :] if broken.promise else ():
        objects.delete(promise)
