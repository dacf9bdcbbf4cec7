"""The stage for browsers: segments as they are cut in; an MP4, HLS, poster and sprite out."""

import logging
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_rational, to_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.render.film import Footage
from inyourarea.render.join import Reel, join
from inyourarea.render.original import can_be_copied
from inyourarea.render.packing import Shelf, Workshop, cuts_of, stream_audio
from inyourarea.render.pictures import Grid, assemble, best_lit, draw_poster
from inyourarea.render.playlists import master_playlist
from inyourarea.render.reels import is_sound_there, note_silence, sound_of
from inyourarea.render.rungs import Rung
from inyourarea.render.settings import RenderSettings
from inyourarea.render.stage import draw_stage
from inyourarea.render.stage_job import StageJob, may_be_copied, original_of
from inyourarea.render.stream import stream_film
from inyourarea.runtime.child import Child
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)


class StageHandler:
    """Draws each segment of the stage once for all runs of a video; joins when all are there.

    Only for runs that are for browsers. It keeps nothing between facts: whichever fact comes
    last finds everything in the store.
    """

    def __init__(
        self, objects: Objects, child: Child, settings: RenderSettings | None = None
    ) -> None:
        self._objects = objects
        self._shop = Workshop(objects, child, settings or RenderSettings())
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {
                facts.SegmentCut: self.on_segment_cut,
                facts.StageDrawn: self.on_part_ready,
                facts.AudioReady: self.on_audio_ready,
            }
        )

    def on_segment_cut(self, fact: facts.SegmentCut) -> list[Message]:
        """The segment's pieces and tiles are stored; those drawn before stay as they are."""
        accepted = accepted_run(self._objects, fact.run_id)
        if not accepted.for_browsers:
            return []
        key = keys.stage_drawing(fact.video_id, fact.segment.index)
        is_ready = holds(self._objects, keys.stage_ready(fact.video_id))
        if not done_already(is_ready or self._is_drawn(key)):
            drawing = self._draw(StageJob(accepted, self._is_copied(accepted)), fact.segment)
            self._objects.put(key, drawing.SerializeToString(deterministic=True))
        about = {"video_id": fact.video_id, "run_id": fact.run_id}
        return [facts.StageDrawn(**about, segment=fact.segment, drawing_key=key)]

    def on_audio_ready(self, fact: facts.AudioReady) -> list[Message]:
        """Nothing while a segment is missing; then `StageReady`."""
        if not accepted_run(self._objects, fact.run_id).for_browsers:
            return []
        note_silence(self._objects, fact)
        return self.on_part_ready(fact)

    def on_part_ready(self, fact: facts.StageDrawn | facts.AudioReady) -> list[Message]:
        """Nothing while a segment or the sound is missing; then `StageReady`."""
        key = keys.stage_ready(fact.video_id)
        if not done_already(holds(self._objects, key)):
            accepted = accepted_run(self._objects, fact.run_id)
            if not self._is_whole(accepted):
                return []
            stage = StageJob(accepted, self._is_copied(accepted))
            ready = self._finish(stage)
            self._objects.put(key, ready.SerializeToString(deterministic=True))
            log.info("joined the stage")
        ready = facts.StageReady.FromString(self._objects.get(key))
        ready.run_id = fact.run_id
        return [ready]

    def _is_copied(self, accepted: facts.VideoAccepted) -> bool:
        """Whether the source's own packets will do; decided once for a video."""
        key = keys.stage_plan(accepted.video_id)
        if not holds(self._objects, key):
            original = original_of(accepted)
            is_copied = may_be_copied(accepted.source) and self._shop.call(
                can_be_copied, original, pictures=original.frames
            )
            plan = stored.StagePlan(is_copied=is_copied)
            self._objects.put_once(key, plan.SerializeToString(deterministic=True))
        return stored.StagePlan.FromString(self._objects.get(key)).is_copied

    def _is_drawn(self, key: str) -> bool:
        if not holds(self._objects, key):
            return False
        drawing = stored.StageDrawing.FromString(self._objects.get(key))
        return all(holds(self._objects, piece.key) for piece in drawing.pieces)

    def _draw(self, stage: StageJob, segment: facts.Segment) -> stored.StageDrawing:
        """The drawing of a segment, whose pieces are stored; only missing ones are encoded."""
        sha256 = stage.source.sha256
        names = {
            rung: keys.stage_piece(sha256, segment, stage.form(rung).parameters)
            for rung in stage.encoded
        }
        missing = [rung for rung in names if not holds(self._objects, names[rung])]
        task = stage.task(segment, missing)
        pictures = segment.frames * (1 + len(missing))
        drawn = self._shop.call(draw_stage, task, pictures=pictures)
        for rung, piece in zip(missing, drawn.pieces, strict=True):
            self._objects.put_once(names[rung], piece)
        log.info("drew %d frames of the stage in %d sizes", segment.frames, len(missing))
        drawing = stored.StageDrawing(segment=segment)
        for rung, key in names.items():
            drawing.pieces.add(rung=rung.name, key=key)
        for tile in drawn.tiles:
            drawing.tiles.add(
                pts=tile.pts, jpeg=tile.jpeg, light=tile.light, contrast=tile.contrast
            )
        return drawing

    def _is_whole(self, accepted: facts.VideoAccepted) -> bool:
        video = accepted.video_id
        folder = keys.stage_drawing(video, 0).rsplit("/", 1)[0] + "/"
        found = set(self._objects.list(folder))
        wanted = {keys.stage_drawing(video, part.index) for part in accepted.segments}
        return wanted <= found and is_sound_there(self._objects, accepted)

    def _finish(self, stage: StageJob) -> facts.StageReady:
        """Every file of the stage is stored."""
        video, source = stage.accepted.video_id, stage.source
        drawings = [
            stored.StageDrawing.FromString(self._objects.get(keys.stage_drawing(video, part.index)))
            for part in stage.accepted.segments
        ]
        films = stage.films(drawings)
        sound = sound_of(self._objects, stage.accepted)
        mp4_key = keys.stage_file(video, "stage.mp4")
        reel = Reel(films[stage.rungs[0]], sound)
        self._shop.make(mp4_key, join, reel, pictures=source.frames)
        self._stream(stage, films, sound)
        tiles = [tile for drawing in drawings for tile in drawing.tiles]
        chosen = tiles[best_lit([(tile.light, tile.contrast) for tile in tiles])]
        poster_key = keys.stage_file(video, "poster.jpg")
        poster = self._shop.call(draw_poster, source.decode_key, [chosen.pts], pictures=1)
        self._objects.put(poster_key, poster)
        width, height = stage.rungs[0].size
        return facts.StageReady(
            video_id=video,
            mp4_key=mp4_key,
            streams_key=keys.stage_streams(video),
            poster_key=poster_key,
            sprite=self._sprite(video, stage.grid, [tile.jpeg for tile in tiles]),
            width=width,
            height=height,
            is_copied=stage.is_copied,
        )

    def _stream(self, stage: StageJob, films: Mapping[Rung, Footage], sound: str | None) -> None:
        """The stage's HLS is stored."""
        video = stage.accepted.video_id
        cuts = cuts_of(stage.source, stage.accepted.segments)
        shelf = Shelf(self._objects, lambda name: keys.stage_file(video, name))
        variants = []
        for rung, film in films.items():
            key = keys.stage_file(video, f"{rung.name}.mp4")
            file = self._shop.make(key, stream_film, film, cuts, pictures=stage.source.frames)
            variants.append(shelf.list_file(rung.name, file, key))
        heard = stream_audio(self._shop, shelf, video, sound, cuts)
        rate = from_rational(stage.source.average_rate)
        shelf.text("master.m3u8", master_playlist(variants, rate, heard))
        written = shelf.files.SerializeToString(deterministic=True)
        self._objects.put(keys.stage_streams(video), written)

    def _sprite(self, video: str, grid: Grid, tiles: list[bytes]) -> facts.Sprite:
        key = keys.stage_file(video, "sprite.jpg")
        self._objects.put(key, self._shop.child.call(assemble, tiles, grid, timeout_s=60))
        return facts.Sprite(
            key=key,
            columns=grid.columns,
            rows=grid.rows,
            tiles=grid.tiles,
            interval_s=to_rational(Fraction(grid.interval_s)),
            width=grid.tile[0],
            height=grid.tile[1],
        )
