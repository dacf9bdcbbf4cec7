"""Takes a video out of the object store: all that no other video needs, and nothing else."""

from collections.abc import Iterable, Iterator

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.gateway.journal import Journal, PinsSet, Submitted
from inyourarea.runtime.objects import ObjectNotFound, Objects


def delete_video(objects: Objects, video: str, more_runs: Iterable[str] = ()) -> None:
    """No object of the video is left but the tombstone that says so.

    ``more_runs`` are runs that its journal does not, or no longer, know.
    """
    objects.put_once(keys.deleted(video), b"")
    runs = [*runs_of(objects, video), *more_runs]
    doomed = set().union(*(_objects_of(objects, run) for run in dict.fromkeys(runs)))
    needed: set[str] = set()
    sources = {key for key in doomed if key.startswith("sources/")}
    for other in Journal(objects).videos():
        if other != video:
            for run in runs_of(objects, other):
                used = _objects_of(objects, run)
                if sources & used:
                    needed |= used
    # Last what the others are found by, so that a deletion that was interrupted can go on.
    for key in sorted(doomed - needed, key=lambda key: key.endswith("/accepted.binpb")):
        objects.delete(key)
    for key in list(objects.list(keys.journal_of(video))):
        objects.delete(key)


def runs_of(objects: Objects, video: str) -> list[str]:
    """All runs of the video that its journal knows, the oldest first."""
    entries = Journal(objects).read(video)
    runs = [entry.run_id for entry in entries if isinstance(entry, Submitted | PinsSet)]
    return list(dict.fromkeys(runs))


def _objects_of(objects: Objects, run: str) -> set[str]:
    """The names of all objects that were made for a run, or that it stands on."""
    try:
        accepted = facts.VideoAccepted.FromString(objects.get(keys.accepted(run)))
    except ObjectNotFound:
        return set()
    return set(_names(objects, accepted))


def _names(objects: Objects, accepted: facts.VideoAccepted) -> Iterator[str]:
    spec, source, run = accepted.spec, accepted.source, accepted.run_id
    yield from (source.key, source.decode_key, keys.probe(source.sha256))
    yield from (keys.audio(spec.video_id), keys.first_tracks(source.sha256), keys.cancelled(run))
    yield from filter(None, (spec.model.boxes_key, spec.names_from))
    yield keys.tracks(spec)
    for folder in (
        keys.pack(spec.video_id, spec.model, 0),
        keys.signals(spec.video_id, spec.model, 0),
        keys.detections(spec.video_id, spec.model, 0),
        keys.report(spec),
        keys.accepted(run),
    ):
        yield from objects.list(folder.rsplit("/", 1)[0] + "/")
    for segment in accepted.segments:
        try:
            named = objects.get(keys.segment_pieces(run, segment.index))
        except ObjectNotFound:
            continue
        yield from (piece.key for piece in stored.SegmentPieces.FromString(named).pieces)
