"""When it is known who is where: a picture of everybody's face, and one of everybody."""

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys, tables
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.tracks import Tracks
from inyourarea.render.packing import Workshop
from inyourarea.render.pictures import FacePlace, draw_faces, draw_poster
from inyourarea.render.settings import RenderSettings
from inyourarea.render.sightings import best_sighting, wide_frames
from inyourarea.runtime.child import Child
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)

#: Pictures that may have to be decoded before the one that is wanted.
_RUN_UP = 300


class FacesHandler:
    """Draws the faces of a run that is for browsers; another run with these tracks shares them."""

    def __init__(
        self, objects: Objects, child: Child, settings: RenderSettings | None = None
    ) -> None:
        self._objects = objects
        self._shop = Workshop(objects, child, settings or RenderSettings())
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {facts.TracksCompleted: self.on_tracks_completed}
        )

    def on_tracks_completed(self, fact: facts.TracksCompleted) -> list[Message]:
        """Everybody's face is stored, and so is a poster; then `FacesDrawn`."""
        accepted = accepted_run(self._objects, fact.run_id)
        if not accepted.for_browsers:
            return []
        key = keys.faces_drawn(accepted.spec)
        if not done_already(holds(self._objects, key)):
            tracks = tables.read_tracks(self._objects.get(keys.tracks(accepted.spec)))
            drawn = self._draw(accepted, tracks)
            self._objects.put(key, drawn.SerializeToString(deterministic=True))
            log.info("drew %d faces", len(drawn.faces))
        drawn = facts.FacesDrawn.FromString(self._objects.get(key))
        drawn.video_id, drawn.run_id = fact.video_id, fact.run_id
        return [drawn]

    def _draw(self, accepted: facts.VideoAccepted, tracks: Tracks) -> facts.FacesDrawn:
        drawn = facts.FacesDrawn()
        places = [_place(tracks, number) for number in range(len(tracks.people))]
        key, pictures = accepted.source.decode_key, _RUN_UP * len(places)
        faces = self._shop.call(draw_faces, key, places, pictures=pictures)
        for number, (track, face) in enumerate(zip(tracks.people, faces, strict=True)):
            if face:
                face_key = keys.face(accepted.spec, number)
                self._objects.put(face_key, face)
                drawn.faces.add(person=track.person, name=track.name, key=face_key)
        if wide := [int(tracks.timeline.pts[frame]) for frame in wide_frames(tracks)]:
            pictures = _RUN_UP * len(wide)
            poster = self._shop.call(draw_poster, key, wide, pictures=pictures)
            if poster:
                drawn.poster_key = keys.run_poster(accepted.spec)
                self._objects.put(drawn.poster_key, poster)
        return drawn


def _place(tracks: Tracks, number: int) -> FacePlace | None:
    frame = best_sighting(tracks, number)
    if frame is None:
        return None
    x1, y1, x2, y2 = (float(side) for side in tracks.people[number].xyxy[frame])
    return FacePlace(int(tracks.timeline.pts[frame]), (x1, y1, x2, y2))
