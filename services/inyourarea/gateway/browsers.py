"""What was made for browsers, as the catalog keeps it: names of objects, and sizes."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from inyourarea.contracts.specs import from_rational
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.gateway.problems import NotThere
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds

Json = dict[str, Any]
#: What the same object may be called, as it is called today first.
Names = Sequence[str]
_Fact = TypeVar("_Fact", bound=Message)

#: The name of the stage's master playlist.
MASTER = "master.m3u8"


def stage_of(objects: Objects, names: Names, failed: str, *, is_all: bool) -> Json | None:
    """The stage as browsers play it; none while it is being made.

    With it, why something that browsers need could not be made: the stage itself, or what else they
    lack, unless that ``is_all`` there.
    """
    failure = {"failure": objects.get(failed).decode()} if holds(objects, failed) else {}
    if (found := _found(objects, names, facts.StageReady)) is None:
        return failure or None
    ready, age = found
    sprite = ready.sprite
    return {
        "key": ready.mp4_key,
        "streams_key": ready.streams_key,
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
        **age,
        **(failure if age or not is_all else {}),  # what is there has not failed
    }


def lacks_nothing_else(run: Mapping[str, Any]) -> bool:
    """Whether of a run's row browsers have what is made after the fancams, or nobody can yet."""
    return not run["is_published"] or bool(are_drawn(run["pictures"]) and run["streams"])


def are_drawn(pictures: Mapping[str, Any]) -> bool:
    """Whether faces have been drawn, if only nobody's; an earlier version's row tells by faces."""
    return bool(pictures.get("is_drawn") or pictures["faces"])


def pictures_of(objects: Objects, names: Names) -> Json:
    """Everybody's face by id, and a wide picture of all; nothing while they are being drawn."""
    if (found := _found(objects, names, facts.FacesDrawn)) is None:
        return {"faces": {}, "poster_key": ""}
    drawn, age = found
    faces = {face.person: face.key for face in drawn.faces}
    return {"faces": faces, "poster_key": drawn.poster_key, "is_drawn": True, **age}


def streams_of(objects: Objects, names: Names) -> Json:
    """The fancams' master playlists, by person and shape, and where their files are listed."""
    if (found := _found(objects, names, facts.StreamsReady)) is None:
        return {}
    ready, age = found
    masters = {f"{one.person} {one.picture}": one.master for one in ready.streams}
    return {"key": ready.streams_key, "masters": masters, **age}


def _found(objects: Objects, names: Names, kind: type[_Fact]) -> tuple[_Fact, Json] | None:
    """The first of the objects that is there; ``is_old`` where that is not called as today."""
    for number, name in enumerate(names):
        with contextlib.suppress(ObjectNotFound):
            return kind.FromString(objects.get(name)), {"is_old": True} if number else {}
    return None


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
