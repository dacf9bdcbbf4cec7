"""Fourth stage: windows in, fancams out; one segment at a time, then one film of all."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_picture, from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.members import match_members
from inyourarea.render.drawing import SegmentPlan, View, draw_segment
from inyourarea.render.encode import announced_rate
from inyourarea.render.join import Reel, join
from inyourarea.render.packing import Workshop
from inyourarea.render.reels import (
    fancams_of,
    is_sound_there,
    note_silence,
    sound_of,
)
from inyourarea.render.settings import RenderSettings
from inyourarea.runtime.child import Child
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)

_DEFAULTS = RenderSettings()


class RenderHandler:
    """Draws each segment once for everybody; publishes when the last one, and the sound, is there.

    It keeps nothing between facts: whichever fact comes last finds everything in the store.
    """

    def __init__(
        self, objects: Objects, child: Child, settings: RenderSettings = _DEFAULTS
    ) -> None:
        self._objects = objects
        self._shop = Workshop(objects, child, settings)
        #: Held while fancams are joined: of two facts that find everything there one waits.
        self._joining = threading.Lock()
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {
                facts.CameraPlanned: self.on_camera_planned,
                facts.SegmentRendered: self.on_part_ready,
                facts.AudioReady: self.on_audio_ready,
            }
        )

    def on_camera_planned(self, fact: facts.CameraPlanned) -> list[Message]:
        """The segment's pieces are stored, those drawn before as they are, and named together.

        The segment that it has made room for may be drawn now.
        """
        accepted = accepted_run(self._objects, fact.run_id)
        pieces_key = keys.segment_pieces(fact.run_id, fact.segment.index)
        was_drawn = False
        if not done_already(self._are_drawn(pieces_key)):
            pieces, was_drawn = self._pieces(accepted, fact)
            self._objects.put(pieces_key, pieces.SerializeToString(deterministic=True))
        about = {"video_id": fact.video_id, "run_id": fact.run_id}
        rendered = facts.SegmentRendered(**about, segment=fact.segment, pieces_key=pieces_key)
        return [rendered, *_following(accepted, fact, was_drawn)]

    def _are_drawn(self, pieces_key: str) -> bool:
        """Whether a segment's pieces are named, and all of them still there."""
        if not holds(self._objects, pieces_key):
            return False
        named = stored.SegmentPieces.FromString(self._objects.get(pieces_key))
        return all(holds(self._objects, piece.key) for piece in named.pieces)

    def _pieces(
        self, accepted: facts.VideoAccepted, fact: facts.CameraPlanned
    ) -> tuple[stored.SegmentPieces, bool]:
        """What the segment is made of, all of it in the store; whether any had to be drawn."""
        windows = stored.SegmentWindows.FromString(self._objects.get(fact.windows_key))
        plan = plan_of(accepted.source, windows)
        chosen = _chosen(windows.views, accepted.spec)
        views = [view_of(view) for view in chosen]
        names = [
            keys.piece(
                accepted.source.sha256,
                windows.segment,
                view.content,
                plan.form(view.size).parameters,
            )
            for view in views
        ]
        was_drawn = self._draw(plan, dict(zip(names, views, strict=True)))
        pieces = stored.SegmentPieces(segment=windows.segment)
        for view, key in zip(chosen, names, strict=True):
            pieces.pieces.add(person=view.person, name=view.name, picture=view.picture, key=key)
        return pieces, was_drawn

    def on_audio_ready(self, fact: facts.AudioReady) -> list[Message]:
        """Nothing while a segment is missing; then `FancamsPublished`."""
        note_silence(self._objects, fact)
        return self.on_part_ready(fact)

    def on_part_ready(self, fact: facts.SegmentRendered | facts.AudioReady) -> list[Message]:
        """Nothing while a segment or the sound is missing; then `FancamsPublished`.

        Where pieces are gone since they were drawn, their segments are asked for again.
        """
        with self._joining:
            return self._published(fact)

    def _published(self, fact: facts.SegmentRendered | facts.AudioReady) -> list[Message]:
        key = keys.published(fact.run_id)
        if done_already(holds(self._objects, key)):
            return [facts.FancamsPublished.FromString(self._objects.get(key))]
        accepted = accepted_run(self._objects, fact.run_id)
        if not self._is_whole(accepted):
            return []
        try:
            fancams = self._publish(accepted)
        except ObjectNotFound as gone:
            again = self._lost(accepted)
            if not again:
                raise
            log.warning("%d segments are drawn again: %s is gone", len(again), gone)
            return again
        published = facts.FancamsPublished(
            video_id=accepted.video_id, run_id=accepted.run_id, fancams=fancams
        )
        self._objects.put(key, published.SerializeToString(deterministic=True))
        return [published]

    def _lost(self, accepted: facts.VideoAccepted) -> list[Message]:
        """What makes segments be drawn again of which a piece is gone that was there."""
        return [
            _planned(accepted, part, lane=accepted.lane)
            for part in accepted.segments
            if not self._are_drawn(keys.segment_pieces(accepted.run_id, part.index))
        ]

    def _draw(self, plan: SegmentPlan, wanted: Mapping[str, View]) -> bool:
        """Every wanted piece is in the store; only missing ones are drawn, all in one pass.

        Whether there were any.
        """
        missing = {key: view for key, view in wanted.items() if not holds(self._objects, key)}
        if not missing:
            return False
        views = list(missing.values())
        pictures = len(plan.pts) * len(views)
        drawn = self._shop.call(draw_segment, plan, views, pictures=pictures)
        for key, piece in zip(missing, drawn, strict=True):
            self._objects.put_once(key, piece)
        log.info("drew %d frames for %d fancams", len(plan.pts), len(views))
        return True

    def _is_whole(self, accepted: facts.VideoAccepted) -> bool:
        run = accepted.run_id
        folder = keys.segment_pieces(run, 0).rsplit("/", 1)[0] + "/"
        found = set(self._objects.list(folder))
        if any(keys.segment_pieces(run, part.index) not in found for part in accepted.segments):
            return False
        return is_sound_there(self._objects, accepted)

    def _publish(self, accepted: facts.VideoAccepted) -> list[facts.Fancam]:
        """Everybody's finished fancams, made from the pieces of all segments."""
        labels = [from_picture(picture).label for picture in accepted.spec.pictures]
        fancams = []
        films = fancams_of(self._objects, accepted)
        audio = sound_of(self._objects, accepted)
        places = list(dict.fromkeys(person for person, _, _ in films))
        for (person, name, picture), film in films.items():
            label = labels[picture]
            key = keys.fancam(accepted.run_id, places.index(person), label)
            if not holds(self._objects, key):
                reel, pictures = Reel(film, audio), accepted.source.frames
                self._shop.make(key, join, reel, pictures=pictures)
                log.info("joined the fancam %s of person %d", label, places.index(person))
            fancams.append(facts.Fancam(person=person, name=name, picture=label, key=key))
        return fancams


def _following(
    accepted: facts.VideoAccepted, done: facts.CameraPlanned, was_drawn: bool
) -> list[Message]:
    """What lets the segment be drawn that waited for this one, if one did.

    What was found as it is took no time; after enough that had to be drawn it is not urgent.
    """
    index = done.segment.index + done.stride
    if not done.stride or index >= len(accepted.segments):
        return []
    urgent = max(0, done.urgent - was_drawn)
    lane = done.lane if urgent else facts.LANE_BULK
    part = accepted.segments[index]
    return [_planned(accepted, part, lane=lane, stride=done.stride, urgent=urgent)]


def _planned(
    accepted: facts.VideoAccepted, part: facts.Segment, **travel: Any
) -> facts.CameraPlanned:
    return facts.CameraPlanned(
        video_id=accepted.video_id,
        run_id=accepted.run_id,
        segment=part,
        windows_key=keys.windows(accepted.spec, part.index),
        **travel,
    )


def plan_of(source: facts.Source, windows: stored.SegmentWindows) -> SegmentPlan:
    """What to decode for a segment, and when each frame is shown."""
    return SegmentPlan(
        source=source.decode_key,
        start_pts=windows.segment.start_pts,
        end_pts=windows.segment.end_pts,
        pts=tuple(windows.pts),
        time_base=from_rational(source.time_base),
        rate=announced_rate(from_rational(source.average_rate)),
    )


def view_of(view: stored.SegmentWindows.View) -> View:
    """One fancam's windows in a segment as arrays."""
    return View(
        size=(view.width, view.height),
        windows=np.array(view.windows, np.int64).reshape(-1, 4),
        states=np.frombuffer(view.states, np.uint8),
    )


def _chosen(
    views: Sequence[stored.SegmentWindows.View], spec: facts.RunSpec
) -> list[stored.SegmentWindows.View]:
    """The views of the members that were asked for; of everybody where nobody was.

    A member of the group who is never seen may be asked for as well; nothing comes of that.
    """
    if not spec.members:
        return list(views)
    known = dict.fromkeys([*(view.name for view in views), *spec.model.members])
    asked = match_members(spec.members, tuple(known))
    return [view for view in views if view.name in asked]
