"""Fancams for browsers: rendered segments in, HLS of two rungs out."""

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_picture, from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.encode import PieceFormat, announced_rate
from inyourarea.render.film import Footage, Part, Pieces
from inyourarea.render.halves import HalfTask, draw_halves
from inyourarea.render.packing import Shelf, Workshop, cuts_of, stream_audio
from inyourarea.render.playlists import master_playlist
from inyourarea.render.reels import fancams_of, pieces_of, sound_of
from inyourarea.render.rungs import LOWER_CRF, half_size
from inyourarea.render.settings import RenderSettings
from inyourarea.render.stream import stream_film
from inyourarea.runtime.child import Child
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)

#: Names of a fancam's rungs: as it is published, and half as wide and high.
FULL, HALF = "full", "half"


class StreamsHandler:
    """Makes the lower rung of every piece, and HLS when the run is published; keeps nothing.

    Whichever comes last, the last segment's lower rung or the publishing, finds the other.
    """

    def __init__(
        self, objects: Objects, child: Child, settings: RenderSettings | None = None
    ) -> None:
        self._objects = objects
        self._shop = Workshop(objects, child, settings or RenderSettings())
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {
                facts.SegmentRendered: self.on_segment_rendered,
                facts.FancamsPublished: self.on_published,
            }
        )

    def on_segment_rendered(self, fact: facts.SegmentRendered) -> list[Message]:
        """The lower rung of everybody's piece is stored; `StreamsReady` if it was the last."""
        accepted = accepted_run(self._objects, fact.run_id)
        if not accepted.for_browsers:
            return []
        self._halve(accepted, fact.segment)
        if not holds(self._objects, keys.published(fact.run_id)):
            return []
        return self.on_published(
            facts.FancamsPublished.FromString(self._objects.get(keys.published(fact.run_id)))
        )

    def on_published(self, fact: facts.FancamsPublished) -> list[Message]:
        """Nothing while a lower rung is missing; then `StreamsReady`."""
        accepted = accepted_run(self._objects, fact.run_id)
        if not accepted.for_browsers:
            return []
        key = keys.streams_ready(fact.run_id)
        if not done_already(holds(self._objects, key)):
            halves = self._halves(accepted)
            if halves is None:
                return []
            ready = self._stream(accepted, halves)
            self._objects.put(key, ready.SerializeToString(deterministic=True))
            log.info("streamed %d fancams", len(ready.streams))
        return [facts.StreamsReady.FromString(self._objects.get(key))]

    def _halve(self, accepted: facts.VideoAccepted, segment: facts.Segment) -> None:
        """The lower rungs of a segment are stored and named together."""
        tasks = self._tasks(accepted, segment)
        missing = {key: task for key, task in tasks.items() if not holds(self._objects, key)}
        if missing:
            pictures = segment.frames * len(missing)
            drawn = self._shop.call(draw_halves, list(missing.values()), pictures=pictures)
            for key, piece in zip(missing, drawn, strict=True):
                self._objects.put_once(key, piece)
            log.info("drew %d frames for %d lower rungs", segment.frames, len(missing))
        halves = stored.SegmentHalves()
        for key, task in tasks.items():
            halves.halves.add(piece=task.piece, key=key)
        name = keys.segment_halves(accepted.run_id, segment.index)
        self._objects.put(name, halves.SerializeToString(deterministic=True))

    def _tasks(self, accepted: facts.VideoAccepted, segment: facts.Segment) -> dict[str, HalfTask]:
        """By the smaller piece's name, what it is made of; fancams that are small have none."""
        content = self._objects.get(keys.windows(accepted.spec, segment.index))
        windows = stored.SegmentWindows.FromString(content)
        sizes = {(view.person, view.picture): (view.width, view.height) for view in windows.views}
        time_base = from_rational(accepted.source.time_base)
        rate = announced_rate(from_rational(accepted.source.average_rate))
        tasks = {}
        for piece in pieces_of(self._objects, accepted.run_id, segment.index).pieces:
            if half := half_size(sizes[piece.person, piece.picture]):
                form = PieceFormat(half, time_base, rate, LOWER_CRF)
                tasks[keys.half_piece(piece.key, form.parameters)] = HalfTask(piece.key, form)
        return tasks

    def _halves(self, accepted: facts.VideoAccepted) -> dict[str, str] | None:
        """The smaller piece of every piece, by name; none while a segment's are missing."""
        names = [keys.segment_halves(accepted.run_id, part.index) for part in accepted.segments]
        found = set(self._objects.list(names[0].rsplit("/", 1)[0] + "/"))
        if not found.issuperset(names):
            return None
        read = [stored.SegmentHalves.FromString(self._objects.get(name)) for name in names]
        return {half.piece: half.key for halves in read for half in halves.halves}

    def _stream(
        self, accepted: facts.VideoAccepted, halves: Mapping[str, str]
    ) -> facts.StreamsReady:
        """Every file of the fancams' HLS is stored."""
        run = accepted.run_id
        shelf = Shelf(self._objects, lambda name: keys.stream_file(run, name))
        sound = sound_of(self._objects, accepted)
        cuts = cuts_of(accepted.source, accepted.segments)
        heard = stream_audio(self._shop, shelf, accepted.video_id, sound, cuts)
        rate = from_rational(accepted.source.average_rate)
        labels = [from_picture(picture).label for picture in accepted.spec.pictures]
        films = fancams_of(self._objects, accepted)
        places = list(dict.fromkeys(person for person, _, _ in films))
        ready = facts.StreamsReady(
            video_id=accepted.video_id, run_id=run, streams_key=keys.run_streams(run)
        )
        for (person, _, picture), film in films.items():
            whose = {"person": person, "picture": labels[picture]}
            stem = f"{places.index(person):03}-{labels[picture]}"
            variants = []
            for rung, footage in _rungs(film, halves).items():
                key = keys.stream_file(run, f"{stem}-{rung}.mp4")
                pictures = accepted.source.frames
                file = self._shop.make(key, stream_film, footage, cuts, pictures=pictures)
                variants.append(shelf.list_file(f"{stem}-{rung}", file, key, **whose))
            shelf.text(f"{stem}.m3u8", master_playlist(variants, rate, heard), **whose)
            ready.streams.add(**whose, master=f"{stem}.m3u8")
        written = shelf.files.SerializeToString(deterministic=True)
        self._objects.put(ready.streams_key, written)
        return ready


def _rungs(film: Pieces, halves: Mapping[str, str]) -> dict[str, Footage]:
    """A fancam's rungs by name."""
    rungs: dict[str, Footage] = {FULL: film}
    if all(part.key in halves for part in film.parts):
        parts = [Part(halves[part.key], part.start_pts) for part in film.parts]
        rungs[HALF] = Pieces(parts, film.time_base)
    return rungs
