"""Runs: camera paths, boxes, fancams and files. What a run gives never changes."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api.asking import Asker, HouseOf, RunId, Viewer, problems
from inyourarea.gateway.exports import MEDIA_TYPES
from inyourarea.gateway.house import House
from inyourarea.gateway.media import IMMUTABLE, object_response
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.showing import Shown
from inyourarea.gateway.views import find_video, published_runs

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"])

Aspect = Annotated[str, Path(max_length=11, examples=["9x16"])]

_HEADERS = {"Cache-Control": IMMUTABLE}


def _shown(house: House, run: str, person: Person) -> Shown:
    """A run that this person may see; a visitor sees runs of which something is published."""
    row = house.catalog.run(run)
    if row is None:
        raise NotThere("such run")
    find_video(house, row["video_id"], person)
    if person.role == Role.VISITOR and run not in published_runs(house, row["video_id"]).values():
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
    frame adds to the one before.
    """
    shown = _shown(house, run_id, person)
    labels = [picture.label for picture in shown.pictures]
    if aspect not in labels:
        raise NotThere("such shape")
    found = house.showing.camera_document(shown.accepted, labels.index(aspect))
    seen = _seen_people(house, shown, person)
    found["people"] = {key: path for key, path in found["people"].items() if key in seen}
    return _json(found)


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
    """A finished fancam; ``name`` is the person's id, a hyphen and the shape, as in ``watch``."""
    shown = _shown(house, run_id, person)
    somebody, _, label = name.rpartition("-")
    key = house.showing.published(run_id).get((somebody, label))
    if key is None or somebody not in _seen_people(house, shown, person):
        raise NotThere("such fancam")
    return object_response(request, house.objects, key, "video/mp4")


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
    headers = {**_HEADERS, "Content-Disposition": name}
    return Response(content, media_type=MEDIA_TYPES[kind], headers=headers)


def _json(content: object) -> Response:
    written = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Response(written, media_type="application/json", headers=_HEADERS)
