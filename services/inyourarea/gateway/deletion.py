"""Takes runs out of the object store: all that no other run needs, and nothing else."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from inyourarea.contracts import keys
from inyourarea.contracts.runs import Belongings, belongings_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.names import names_kept
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds

#: Seconds after which a unit that was under way when its video was deleted has ended, and an
#: editor has made up her mind about pins that she tried out.
LONGEST_UNIT_S = 3600

#: Seconds in which a file that is brought is a video, or was refused: ingest has half an hour to
#: look at it. Who says longer ago that she brings it has died over it.
_LONGEST_ARRIVAL_S = 3600

#: Where steps keep what they make of a source; all of it can be made again.
MADE = (
    "audio/",
    "detections/",
    "faces/",
    "frames/",
    "mezzanines/",
    "people/",
    "pieces/",
    "probes/",
    "signals/",
    "stages/",
    "tracks/",
    "windows/",
)


def delete_video(objects: Objects, video: str) -> None:
    """No object of the video is left but the tombstone that says so.

    What its runs were is kept for as long as units may be under way, so that `sweep` finds what
    those leave behind.
    """
    now = int(time.time())
    for accepted in [*accepted_runs(objects), *_noted(objects, f"previews/{video}/")]:
        if accepted.video_id == video:
            key = keys.deletion(video, now, accepted.run_id)
            objects.put(key, accepted.SerializeToString())
    objects.put_once(keys.deleted(video), b"")
    _take_out(objects, video)


def is_needed(objects: Objects, sha256: str) -> bool:
    """Whether a run stands on the source."""
    key = keys.source(sha256)
    return any(run.source.key == key for run in accepted_runs(objects))


def is_brought(objects: Objects, sha256: str, but: str = "") -> bool:
    """Whether somebody brings that file now, by whatever name but this."""
    names = objects.list(keys.upload(sha256))
    return any(name >= oldest_brought(sha256) for name in names if name != but)


def oldest_brought(sha256: str) -> str:
    """What the oldest saying that is still believed would be called."""
    return keys.brought(sha256, int(time.time()) - _LONGEST_ARRIVAL_S, "")


def delete_source(objects: Objects, sha256: str) -> None:
    """Nothing is left of a source; last of all it is gone itself."""
    _forget(objects, _of_source(sha256))


def _of_source(sha256: str) -> tuple[str, ...]:
    """A source, and what all of its videos share, which goes before it."""
    return keys.mezzanine(sha256), keys.probe(sha256), keys.source(sha256)


def note_preview(objects: Objects, accepted: facts.VideoAccepted) -> None:
    """`sweep` knows of the run, which may never be asked for."""
    key = keys.preview(accepted.video_id, int(time.time()), accepted.run_id)
    objects.put(key, accepted.SerializeToString())


def sweep(objects: Objects) -> None:
    """What late units of deleted videos, interrupted deletions and old previews left is gone."""
    for video in dict.fromkeys(key.split("/")[1] for key in objects.list("deletions/")):
        if holds(objects, keys.deleted(video)):
            _take_out(objects, video)
        else:  # somebody has asked for the video again
            _forget(objects, objects.list(f"deletions/{video}/"))
    old = [key for key in objects.list("previews/") if _is_old(key)]
    _delete_unneeded(objects, list(_read(objects, old)))
    _forget(objects, old)
    _forget(objects, filter(_is_old, objects.list("deletions/")))


def sweep_outdated(objects: Objects) -> None:
    """Once for every version of the program: what no run has by the names of today is gone.

    Steps' names change with their revisions, so nothing would find the old ones any more, not even
    a deletion. Only while no stage is at work: half a unit's work is called for by no run yet.
    """
    if holds(objects, keys.swept()):
        return
    needed: set[str] = set()
    for run in (*accepted_runs(objects), *_noted(objects, "previews/")):
        needed |= set(_names(objects, run))
    for folder in MADE:
        _forget(objects, (key for key in objects.list(folder) if key not in needed))
    _forget(objects, objects.list("swept/"))
    objects.put(keys.swept(), b"")


def _take_out(objects: Objects, video: str) -> None:
    _delete_unneeded(objects, list(_noted(objects, f"deletions/{video}/")), but=video)
    # Who asks for the video again takes its tombstone away before she writes anything down: what is
    # listed before a look that finds it is of the life that has ended.
    names = [*objects.list(f"previews/{video}/"), *objects.list(keys.journal_of(video))]
    if holds(objects, keys.deleted(video)):
        _forget(objects, names)


def _delete_unneeded(objects: Objects, doomed: list[facts.VideoAccepted], but: str = "") -> None:
    """Whatever was made for these runs is gone, but for what runs of other videos stand on.

    ``but`` is the video whose own runs do not count. Who asks for it again while this goes on first
    takes its tombstone away, and who asks for another part of its source first says that she
    brings it: both are looked at again before each object.
    """
    shared = {key for run in doomed for key in _inputs(run)}
    needed: set[str] = set()
    for run in accepted_runs(objects) if doomed else ():
        if run.video_id != but and shared & set(_inputs(run)):
            needed |= set(_names(objects, run))
    made = set().union(*(_names(objects, run) for run in doomed)) - needed
    stems = {key: sha256 for sha256 in _sources(doomed) for key in _of_source(sha256)}
    # Last what names the others, so that a deletion that was interrupted can go on.
    for key in sorted(made, key=lambda key: (key.startswith(("runs/", "stages/")), key in stems)):
        if but and not holds(objects, keys.deleted(but)):
            return
        if key not in stems or not _is_wanted(objects, key, stems[key], but):
            objects.delete(key)


def _sources(runs: Iterable[facts.VideoAccepted]) -> set[str]:
    return {run.source.sha256 for run in runs}


def _is_wanted(objects: Objects, key: str, sha256: str, but: str) -> bool:
    """Whether the object of a source is there, and somebody has come to need it."""
    if not holds(objects, key):
        return False
    others = (run for run in accepted_runs(objects) if run.video_id != but)
    return is_brought(objects, sha256) or sha256 in _sources(others)


def _inputs(run: facts.VideoAccepted) -> list[str]:
    """What came from outside: two runs that share nothing of it share nothing at all."""
    return [key for key in (run.source.key, run.spec.model.boxes_key) if key]


def accepted_runs(objects: Objects) -> Iterator[facts.VideoAccepted]:
    """Every run in the store, those from the command line too."""
    return _read(objects, (k for k in objects.list("runs/") if k.endswith("/accepted.binpb")))


def _noted(objects: Objects, prefix: str) -> Iterator[facts.VideoAccepted]:
    return _read(objects, objects.list(prefix))


def _read(objects: Objects, names: Iterable[str]) -> Iterator[facts.VideoAccepted]:
    for key in names:
        with contextlib.suppress(ObjectNotFound):  # somebody deletes or sweeps it just now
            yield facts.VideoAccepted.FromString(objects.get(key))


def young_previews(objects: Objects, since_s: float) -> Iterator[facts.VideoAccepted]:
    """Runs that somebody has tried out since then (Unix time)."""
    return _read(objects, (key for key in objects.list("previews/") if _noted_s(key) >= since_s))


def _is_old(key: str) -> bool:
    return _noted_s(key) + LONGEST_UNIT_S < time.time()


def _noted_s(key: str) -> int:
    """When a run was noted under that name (Unix time)."""
    return int(key.split("/")[2].split("-", maxsplit=1)[0])


def _forget(objects: Objects, names: Iterable[str]) -> None:
    for key in list(names):
        objects.delete(key)


def _names(objects: Objects, run: facts.VideoAccepted) -> Iterator[str]:
    """The names of all objects that were made for a run, or that it stands on."""
    mine = needs_of(objects, run)
    yield from mine.names
    for folder in mine.folders:
        yield from objects.list(folder)
    yield from pieces_named(objects, mine)


def needs_of(objects: Objects, run: facts.VideoAccepted) -> Belongings:
    """What belongs to a run, what shows it by older names, and its source's first tracks."""
    mine = belongings_of(run)
    names, folders = set(mine.names), set(mine.folders)
    if (kept := names_kept(objects, run.run_id)) is not None:
        names.add(kept.tracks_key)
        folders.add(kept.plan)
        folders |= {key.rsplit("/", 1)[0] + "/" for key in (kept.faces_key, kept.stage_key)}
    if not run.spec.model.members:
        with contextlib.suppress(ObjectNotFound):
            names.add(objects.get(keys.first_tracks(run.source.sha256)).decode())
    return replace(mine, names=frozenset(names), folders=frozenset(folders))


def pieces_named(objects: Objects, mine: Belongings) -> Iterator[str]:
    """What was encoded: fancams, their lower rungs, the stage."""
    for key, read in mine.lists:
        with contextlib.suppress(ObjectNotFound):
            yield from read(objects.get(key))
