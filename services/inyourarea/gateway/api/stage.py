"""The stage for browsers: film, stream, sprite and the picture that stands for the video."""

from typing import Any

from fastapi import APIRouter, Request, Response

from inyourarea.gateway.api.asking import Asker, HouseOf, VideoId, problems
from inyourarea.gateway.browsers import stream_file
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.media import REVALIDATED, object_response
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.views import find_video, poster_key

router = APIRouter(prefix="/videos/{video_id}", tags=["videos"])

_MEDIA: dict[int | str, dict[str, Any]] = {
    206: {"description": "A range of it"},
    304: {"description": "It is as it was"},
}


@router.head("/stage.mp4", include_in_schema=False)
@router.get(
    "/stage.mp4",
    operation_id="stage",
    response_class=Response,
    responses={**problems(404, 416), **_MEDIA, 200: {"content": {"video/mp4": {}}}},
)
def stage(request: Request, video_id: VideoId, house: HouseOf, person: Asker) -> Response:
    """The whole stage as a browser plays it."""
    found = _stage(find_video(house, video_id, person))
    return object_response(request, house.objects, found["key"], "video/mp4", REVALIDATED)


@router.get(
    "/sprite.jpg",
    operation_id="sprite",
    response_class=Response,
    responses={**problems(404, 416), **_MEDIA, 200: {"content": {"image/jpeg": {}}}},
)
def sprite(request: Request, video_id: VideoId, house: HouseOf, person: Asker) -> Response:
    """Small pictures of the stage in a grid; ``stage.sprite`` of the video tells its measures."""
    found = _stage(find_video(house, video_id, person))["sprite"]
    return object_response(request, house.objects, found["key"], "image/jpeg", REVALIDATED)


@router.get(
    "/poster.jpg",
    operation_id="poster",
    response_class=Response,
    responses={**problems(404, 416), **_MEDIA, 200: {"content": {"image/jpeg": {}}}},
)
def poster(request: Request, video_id: VideoId, house: HouseOf, person: Asker) -> Response:
    """The picture that stands for the video."""
    row = find_video(house, video_id, person)
    key = poster_key(row, house.catalog.run(row["run_id"]))
    if not key:
        raise NotThere("picture yet")
    return object_response(request, house.objects, key, "image/jpeg", REVALIDATED)


@router.get(
    "/hls/{name:path}",
    operation_id="stage_stream",
    response_class=Response,
    responses={**problems(404, 416), **_MEDIA},
)
def stream(
    request: Request, video_id: VideoId, name: str, house: HouseOf, person: Asker
) -> Response:
    """A file of the stage's HLS stream: ``master.m3u8``, and what that names."""
    found = _stage(find_video(house, video_id, person))
    file = stream_file(house.objects, found["streams_key"], name)
    return object_response(request, house.objects, file.key, file.media_type, REVALIDATED)


def _stage(row: Row) -> dict[str, Any]:
    found: dict[str, Any] | None = row["stage"]
    if found is None or "key" not in found:
        raise NotThere("stage for browsers yet")
    return found
