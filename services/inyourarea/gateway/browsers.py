"""What was made for browsers, as the catalog keeps it: names of objects, and sizes."""

from typing import Any

from inyourarea.contracts import keys
from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.gateway.problems import NotThere
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds

Json = dict[str, Any]

#: The name of the stage's master playlist.
MASTER = "master.m3u8"


def stage_of(objects: Objects, video: str) -> Json | None:
    """The stage as browsers play it; none while it is being made, or why it could not be."""
    try:
        ready = facts.StageReady.FromString(objects.get(keys.stage_ready(video)))
    except ObjectNotFound:
        if holds(objects, keys.stage_failed(video)):
            return {"failure": objects.get(keys.stage_failed(video)).decode()}
        return None
    sprite = ready.sprite
    return {
        "key": ready.mp4_key,
        "width": ready.width,
        "height": ready.height,
        "poster_key": ready.poster_key,
        "sprite": {
            "key": sprite.key,
            "columns": sprite.columns,
            "rows": sprite.rows,
            "interval_s": float(from_rational(sprite.interval_s)),
            "width": sprite.width,
            "height": sprite.height,
        },
    }


def pictures_of(objects: Objects, spec: facts.RunSpec) -> Json:
    """Everybody's face by id, and a wide picture of all; nothing while they are being drawn."""
    try:
        drawn = facts.FacesDrawn.FromString(objects.get(keys.faces_drawn(spec)))
    except ObjectNotFound:
        return {"faces": {}, "poster_key": ""}
    return {
        "faces": {face.person: face.key for face in drawn.faces},
        "poster_key": drawn.poster_key,
    }


def streams_of(objects: Objects, run: str) -> Json:
    """The names of the fancams' master playlists, by person and shape."""
    try:
        ready = facts.StreamsReady.FromString(objects.get(keys.streams_ready(run)))
    except ObjectNotFound:
        return {}
    return {f"{stream.person} {stream.picture}": stream.master for stream in ready.streams}


def stream_file(objects: Objects, streams_key: str, name: str) -> stored.StreamFiles.File:
    """The file that playlists call by this name.

    Raises:
        NotThere: none is called so.
    """
    try:
        files = stored.StreamFiles.FromString(objects.get(streams_key)).files
    except ObjectNotFound:
        raise NotThere("such stream") from None
    for file in files:
        if file.name == name:
            return file
    raise NotThere("such file of the stream")
