"""What a run is made of: its units of work, and the names of all its objects. Nothing is read."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from inyourarea.contracts import keys
from inyourarea.contracts.topics import topic_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored

#: The consumer group that makes what browsers are given; whatever fails there fails no run.
RENDITION = "rendition"
#: An object's name, and what reads from its bytes the names of others.
Promise = tuple[str, Callable[[bytes], list[str]]]


@dataclass(frozen=True)
class Unit:
    """A piece of work: what it is, in words, and of which segment; who does it, on what record.

    ``stage`` is the consumer group, ``records`` are the facts that may bring it about, as channel
    and key. It can begin when all objects of ``needs`` are there, and is done when those of any
    one of ``results`` are.
    """

    work: str
    stage: str
    segment: int | None
    records: tuple[tuple[str, str], ...]
    needs: frozenset[str]
    results: tuple[frozenset[str], ...]

    def is_done(self, names: Collection[str]) -> bool:
        """Whether a store that has these objects has its results."""
        return any(all(name in names for name in result) for result in self.results)

    def may_begin(self, names: Collection[str]) -> bool:
        """Whether a store that has these objects has all that it needs."""
        return all(name in names for name in self.needs)


def is_current(run: facts.VideoAccepted) -> bool:
    """Whether this version of the program would make the same of it."""
    return keys.run_id(run.spec) == run.run_id


def units_of(run: facts.VideoAccepted) -> list[Unit]:
    """All units of a run, in the order of the work; those for browsers last."""
    return [*_fancams(run), *(_browsers(run) if run.for_browsers else ())]


def _fancams(run: facts.VideoAccepted) -> Iterator[Unit]:
    spec, video, whole = run.spec, run.video_id, _Whole(run)
    accepted = keys.accepted(run.run_id)
    report = keys.report(spec)
    if run.source.has_audio:
        told = _records(run, facts.VideoAccepted)
        yield Unit("taking out the sound", "ingest", None, told, _set(accepted), whole.sound)
    for part in run.segments:
        at = (video, spec.model, part.index)
        drawn, found = {keys.signals(*at), keys.pack(*at)}, {keys.detections(*at)}
        told = _records(run, facts.SegmentCut, part)
        results = _ways(found, drawn)
        yield Unit("reading frames", "ingest", part.index, told, _set(accepted), results)
    for part in run.segments:
        at = (video, spec.model, part.index)
        told = _records(run, facts.FramesExtracted, part)
        needs, results = _set(keys.signals(*at), keys.pack(*at)), _ways({keys.detections(*at)})
        yield Unit("finding people", "detect", part.index, told, needs, results)
    found = {keys.detections(video, spec.model, part.index) for part in run.segments}
    told = _records(run, facts.SegmentDetected)
    yield Unit("planning cameras", "track", None, told, frozenset(found), (_set(report),))
    for part in run.segments:
        told = _records(run, facts.CameraPlanned, part)
        results = _ways({keys.segment_pieces(run.run_id, part.index)})
        yield Unit("drawing fancams", "render", part.index, told, _set(report), results)
    told = _records(run, facts.SegmentRendered) + _records(run, facts.AudioReady)
    results = _ways({keys.published(run.run_id)})
    yield Unit("joining", "render", None, told, whole.pieces | whole.heard, results)


def _browsers(run: facts.VideoAccepted) -> Iterator[Unit]:
    spec, video, whole = run.spec, run.video_id, _Whole(run)
    accepted, ready = keys.accepted(run.run_id), _set(keys.stage_ready(video))
    for part in run.segments:
        told = _records(run, facts.SegmentCut, part)
        results = _ways({keys.stage_drawing(video, part.index)}, ready)
        yield Unit("drawing the stage", RENDITION, part.index, told, _set(accepted), results)
    drawings = {keys.stage_drawing(video, part.index) for part in run.segments}
    told = _records(run, facts.StageDrawn) + _records(run, facts.AudioReady)
    yield Unit("joining the stage", RENDITION, None, told, whole.heard | drawings, (ready,))
    told = _records(run, facts.TracksCompleted)
    results = _ways({keys.faces_drawn(spec)})
    yield Unit("drawing faces", RENDITION, None, told, _set(keys.report(spec)), results)
    for part in run.segments:
        told = _records(run, facts.SegmentRendered)
        needs = _set(keys.segment_pieces(run.run_id, part.index))
        results = _ways({keys.segment_halves(run.run_id, part.index)})
        yield Unit("drawing small fancams", RENDITION, part.index, told, needs, results)
    halves = {keys.segment_halves(run.run_id, part.index) for part in run.segments}
    needs = frozenset({*halves, keys.published(run.run_id)})
    told = _records(run, facts.FancamsPublished) + _records(run, facts.SegmentRendered)
    results = _ways({keys.streams_ready(run.run_id)})
    yield Unit("streaming fancams", RENDITION, None, told, needs, results)


class _Whole:
    """What is there once all of a run's parts are."""

    def __init__(self, run: facts.VideoAccepted) -> None:
        self.sound = (_set(keys.audio(run.video_id)),)
        self.heard = self.sound[0] if run.source.has_audio else frozenset[str]()
        self.pieces = frozenset(
            keys.segment_pieces(run.run_id, part.index) for part in run.segments
        )


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def _ways(*results: Collection[str]) -> tuple[frozenset[str], ...]:
    """Results, any one of which will do."""
    return tuple(frozenset(result) for result in results)


def _records(
    run: facts.VideoAccepted, kind: type, segment: facts.Segment | None = None
) -> tuple[tuple[str, str], ...]:
    """Channels and key of the fact that brings a unit about, whose lane may change on the way."""
    topic = topic_of(kind)
    fact = kind(video_id=run.video_id)
    if segment is not None:
        fact.segment.index = segment.index
    return tuple((channel, topic.key(fact)) for channel in topic.channels)


@dataclass(frozen=True)
class Belongings:
    """Names of all objects that a run stands on or may make.

    ``names`` are objects, ``folders`` what names begin with. Pieces are called after what is drawn
    in them, which only those know that name them: ``lists``, each with what reads it.
    """

    names: frozenset[str]
    folders: frozenset[str]
    lists: tuple[Promise, ...]

    def has(self, key: str) -> bool:
        """Whether that object is one of them, pieces aside."""
        return key in self.names or bool(self.folders & set(_folders(key)))


#: Those of no run at all.
NOTHING = Belongings(frozenset(), frozenset(), ())


def _folders(key: str) -> Iterator[str]:
    parts = key.split("/")
    return ("/".join(parts[:end]) + "/" for end in range(1, len(parts)))


def belongings_of(run: facts.VideoAccepted) -> Belongings:
    """What belongs to a run, the video's source and the boxes that a user gave too."""
    spec, source, video = run.spec, run.source, run.video_id
    names = {
        source.key,
        source.decode_key,
        keys.probe(source.sha256),
        keys.audio(video),
        keys.first_tracks(source.sha256),
        keys.cancelled(run.run_id),
        keys.tracks(spec),
        *filter(None, (spec.model.boxes_key, spec.names_from)),
        *(held.tracks_key for held in spec.held),
    }
    firsts = (
        keys.stage_ready(video),
        keys.faces_drawn(spec),
        keys.pack(video, spec.model, 0),
        keys.signals(video, spec.model, 0),
        keys.detections(video, spec.model, 0),
        keys.report(spec),
        keys.accepted(run.run_id),
    )
    folders = {first.rsplit("/", 1)[0] + "/" for first in firsts}
    folders |= {held.plan for held in spec.held}
    return Belongings(frozenset(names), frozenset(folders), tuple(_lists(run)))


def records_of(run: facts.VideoAccepted) -> Belongings:
    """Who was where in a run, which is asked for when none of its fancams is of use any more."""
    names = (keys.accepted(run.run_id), keys.tracks(run.spec), keys.report(run.spec))
    return replace(NOTHING, names=frozenset(names))


def _lists(run: facts.VideoAccepted) -> Iterator[Promise]:
    for part in run.segments:
        yield keys.segment_pieces(run.run_id, part.index), _pieces
        yield keys.segment_halves(run.run_id, part.index), _halves
        yield keys.stage_drawing(run.video_id, part.index), _stage_pieces


def inputs_of(run: facts.VideoAccepted) -> list[str]:
    """Objects that a run stands on, which none of its own units makes."""
    spec, names = run.spec, [run.source.key, run.source.decode_key]
    names += filter(None, (spec.model.boxes_key, spec.names_from))
    for held in spec.held:
        names += [held.tracks_key, *_planned(held.plan, run)]
    return names


def _planned(plan: str, run: facts.VideoAccepted) -> list[str]:
    windows = (keys.planned_windows(plan, part.index) for part in run.segments)
    return [keys.planned_report(plan), *windows]


def promises_of(run: facts.VideoAccepted) -> Iterator[Promise]:
    """Objects that say that something is done, each with what reads from it which objects that are.

    What makes an object does so again where the one that promises it is gone, and those after it.
    """
    spec = run.spec
    planned = [keys.tracks(spec), *_planned(keys.plan(spec), run)]
    yield keys.report(spec), lambda _: planned
    yield from _lists(run)
    # What another version of the program has planned is called otherwise.
    told = planned if is_current(run) else []
    yield keys.published(run.run_id), lambda content: [*told, *_fancam_files(content)]
    if run.for_browsers:
        yield keys.stage_ready(run.video_id), _stage_files
        yield keys.faces_drawn(spec), _face_files
        yield keys.streams_ready(run.run_id), _stream_files


def promises_kept(run: facts.VideoAccepted, kept: stored.KeptRun) -> Iterator[Promise]:
    """The same of a run that somebody judged, by the names that it had then."""
    shown = [kept.tracks_key, *_planned(kept.plan, run)]
    yield keys.kept(run.run_id), lambda _: shown
    yield kept.stage_key, _stage_files
    yield kept.faces_key, _face_files
    yield kept.streams_key, _stream_files


def _fancam_files(content: bytes) -> list[str]:
    return [fancam.key for fancam in facts.FancamsPublished.FromString(content).fancams]


def _stage_files(content: bytes) -> list[str]:
    ready = facts.StageReady.FromString(content)
    return [ready.mp4_key, ready.streams_key, ready.poster_key, ready.sprite.key]


def _face_files(content: bytes) -> list[str]:
    drawn = facts.FacesDrawn.FromString(content)
    return [*filter(None, [drawn.poster_key]), *(face.key for face in drawn.faces)]


def _stream_files(content: bytes) -> list[str]:
    return [facts.StreamsReady.FromString(content).streams_key]


def _pieces(content: bytes) -> list[str]:
    return [piece.key for piece in stored.SegmentPieces.FromString(content).pieces]


def _halves(content: bytes) -> list[str]:
    return [half.key for half in stored.SegmentHalves.FromString(content).halves]


def _stage_pieces(content: bytes) -> list[str]:
    return [piece.key for piece in stored.StageDrawing.FromString(content).pieces]
