"""Runs: camera paths, boxes, fancams and files. What a run gives never changes."""

import json
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api.asking import Asker, HouseOf, RunId, Viewer, problems
from inyourarea.gateway.browsers import stream_file
from inyourarea.gateway.exports import MEDIA_TYPES
from inyourarea.gateway.house import House
from inyourarea.gateway.media import IMMUTABLE, REVALIDATED, object_response
from inyourarea.gateway.people import published_runs
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.settings import LANGUAGES
from inyourarea.gateway.showing import Shown
from inyourarea.gateway.views import find_video

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"])

#: Windows takes none of these in a file's name, others not all.
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
#: Bytes: file systems take 255, and browsers add some of their own.
_LONGEST_NAME = 200

Aspect = Annotated[str, Path(max_length=11, examples=["9x16"])]


def _shown(house: House, run: str, person: Person) -> Shown:
    """A run that this person may see; a visitor sees runs of which something is published."""
    row = house.catalog.run(run)
    if row is None:
        raise NotThere("such run")
    find_video(house, row["video_id"], person)
    if person.role <= Role.VISITOR and run not in published_runs(house, row["video_id"]).values():
        raise NotThere("such run")
    return house.showing.run(run)


def _seen_people(house: House, shown: Shown, person: Person) -> set[str]:
    """The ids of those whom this person may see."""
    if person.role > Role.VISITOR:
        return {track.person for track in shown.tracks.people}
    published = published_runs(house, shown.accepted.video_id)
    return {somebody for somebody, run in published.items() if run == shown.accepted.run_id}


@router.get(
    "/camera/{aspect}.json",
    operation_id="camera_path",
    response_model=doc.Cameras,
    responses=problems(404),
)
def camera(run_id: RunId, aspect: Aspect, house: HouseOf, person: Asker) -> Response:
    """Everybody's window in every frame, in sixteenths of a source pixel.

    Per person four numbers a frame (x1, y1, x2, y2): those of the first frame, then what each
    frame adds to the one before. A visitor is given the published people of all runs of the video.
    """
    shown = _shown(house, run_id, person)
    if person.role > Role.VISITOR:
        return _json(house.showing.camera_document(shown, aspect))
    found = house.showing.camera_document(shown, aspect)
    found["people"] = {}
    for run in dict.fromkeys(published_runs(house, shown.accepted.video_id).values()):
        one = house.showing.run(run)
        if aspect in one.aspects:
            theirs = house.showing.camera_document(one, aspect)["people"]
            seen = _seen_people(house, one, person)
            found["people"] |= {key: path for key, path in theirs.items() if key in seen}
    # What a visitor may see changes, and so does who somebody is after signing in.
    return _json(found, REVALIDATED)


@router.get("/boxes.json", operation_id="boxes", response_model=doc.Boxes, responses=problems(404))
def boxes(run_id: RunId, house: HouseOf, person: Viewer) -> Response:
    """Where every face is, in whole source pixels, coded as the camera paths are."""
    return _json(house.showing.boxes_document(_shown(house, run_id, person)))


@router.get(
    "/report.json",
    operation_id="report",
    response_model=dict[str, object],
    responses=problems(404),
)
def report(run_id: RunId, house: HouseOf, person: Viewer) -> Response:
    """The quality report."""
    return _json(_shown(house, run_id, person).report)


@router.head("/fancams/{name}.mp4", include_in_schema=False)
@router.get(
    "/fancams/{name}.mp4",
    operation_id="fancam",
    response_class=Response,
    responses={
        **problems(404, 416),
        200: {"content": {"video/mp4": {}}},
        206: {"description": "A range of it", "content": {"video/mp4": {}}},
        304: {"description": "It is as it was"},
    },
)
def fancam(request: Request, run_id: RunId, name: str, house: HouseOf, person: Asker) -> Response:
    """A finished fancam; ``name`` is the person's id, a hyphen and the shape, as in ``watch``.

    A browser that saves it calls it after the video and the person.
    """
    shown = _shown(house, run_id, person)
    somebody, _, label = name.rpartition("-")
    key = house.showing.published(run_id).get((somebody, label))
    if key is None or somebody not in _seen_people(house, shown, person):
        raise NotThere("such fancam")
    response = object_response(request, house.objects, key, "video/mp4")
    response.headers["Content-Disposition"] = _saved_as(house, shown, somebody, label)
    return response


@router.get(
    "/faces/{somebody}.jpg",
    operation_id="face",
    response_class=Response,
    responses={**problems(404, 416), 200: {"content": {"image/jpeg": {}}}},
)
def face(request: Request, run_id: RunId, somebody: str, house: HouseOf, person: Asker) -> Response:
    """A person's face, where it is seen best."""
    shown = _shown(house, run_id, person)
    row = house.catalog.run(run_id)
    key = row["pictures"]["faces"].get(somebody) if row else None
    if key is None or somebody not in _seen_people(house, shown, person):
        raise NotThere("such face")
    return object_response(request, house.objects, key, "image/jpeg")


@router.get(
    "/hls/{name:path}",
    operation_id="fancam_stream",
    response_class=Response,
    responses={**problems(404, 416), 206: {"description": "A range of it"}},
)
def stream(request: Request, run_id: RunId, name: str, house: HouseOf, person: Asker) -> Response:
    """A file of a fancam's HLS stream: the master playlist in ``watch``, and what that names."""
    shown = _shown(house, run_id, person)
    row = house.catalog.run(run_id)
    file = stream_file(house.objects, row["streams"].get("key", "") if row else "", name)
    if file.person and file.person not in _seen_people(house, shown, person):
        raise NotThere("such file of the stream")
    return object_response(request, house.objects, file.key, file.media_type)


def _saved_as(house: House, shown: Shown, somebody: str, label: str) -> str:
    """RFC 6266: shown in the page, and called so when it is saved."""
    video = shown.accepted.video_id
    row = house.catalog.video(video)
    people = {named["person"]: named for named in house.catalog.people(video)}
    name = people[somebody]["name"] if somebody in people else shown.person(somebody).name
    names = people[somebody]["names"] if somebody in people else {}
    called = house.settings.export_name.format(
        title=row["title"] if row else "",
        name=name,
        aspect=label,
        **{language: names.get(language, name) for language in LANGUAGES},
    )
    return f"inline; filename*=UTF-8''{quote(_file_name(called), safe='')}.mp4"


def _file_name(text: str) -> str:
    """The text without what a system does not take in a file's name, or would obey."""
    plain = "".join(
        "-" if letter in _NOT_IN_NAMES or not letter.isprintable() else letter for letter in text
    )
    short = plain.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip(". ") or "fancam"


@router.get(
    "/{table}.{kind}",
    operation_id="export",
    response_class=Response,
    responses={**problems(404), 200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
def export(run_id: RunId, table: str, kind: str, house: HouseOf, person: Viewer) -> Response:
    """A table of the run as csv, parquet or mot (MOTChallenge text).

    Tables: ``tracks``, ``detections``, ``shots``, ``camera`` (or ``camera-9x16`` of several).
    """
    if kind not in MEDIA_TYPES:
        raise NotThere("such file")
    content = house.exports.file(_shown(house, run_id, person), table, kind)
    name = f'attachment; filename="{table}.{kind}"' if table.isascii() else "attachment"
    headers = {"Cache-Control": IMMUTABLE, "Content-Disposition": name}
    return Response(content, media_type=MEDIA_TYPES[kind], headers=headers)


def _json(content: object, caching: str = IMMUTABLE) -> Response:
    written = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Response(written, media_type="application/json", headers={"Cache-Control": caching})
