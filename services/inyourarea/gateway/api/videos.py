"""Videos: submitted, listed, watched, cancelled and deleted."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.members import tidy
from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.announcing import event_of
from inyourarea.gateway.api.asking import Asker, Editor, HouseOf, Operator, VideoId, problems
from inyourarea.gateway.api.paging import cut_page, read_cursor, still_there
from inyourarea.gateway.catalog import Question
from inyourarea.gateway.changes import changes
from inyourarea.gateway.deletion import delete_video
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import RunStopped, Titled
from inyourarea.gateway.problems import NotThere, Problem, unauthorized
from inyourarea.gateway.sources import brought
from inyourarea.gateway.submission import check_scope, submit_again, submit_source
from inyourarea.gateway.tokens import NoEntry
from inyourarea.gateway.views import find_video, video_for, watch_document

router = APIRouter(prefix="/videos", tags=["videos"])


@router.post(
    "",
    operation_id="submit_video",
    status_code=202,
    responses={**problems(404, 409, 413), 200: {"model": doc.Video, "description": "It was here"}},
)
def submit(asked: doc.VideoAsked, house: HouseOf, person: Editor, response: Response) -> doc.Video:
    """Make fancams of a file. The same file and wishes again give the same run.

    An upload is used up by that; where the file or a wish is refused, it stays. Whoever missed the
    answer may ask again with the same upload. A file that is still being gone through is answered
    with 409 and ``Retry-After``: ask again.
    """
    with house.turn(), brought(house, asked, person) as (sha256, filename):
        source = (keys.source(sha256), sha256)
        video, is_new = submit_source(house, asked, source, filename, person)
    response.status_code = 202 if is_new else 200
    return video_for(house, find_video(house, video, person), person)


@router.get("", operation_id="list_videos", responses=problems())
def find(house: HouseOf, person: Asker, asked: Annotated[doc.VideosAsked, Query()]) -> doc.Videos:
    """The videos that match, the newest first, page by page."""
    is_visitor = person.role <= Role.VISITOR
    if is_visitor and (asked.label or asked.external_id or asked.state):
        raise unauthorized("Sign in first: visitors look for videos by words and group only.")
    labels = {name: value for name, _, value in (pair.partition(":") for pair in asked.label)}
    question = Question(
        text=asked.query,
        labels=labels,
        external_id=asked.external_id,
        group=asked.group,
        states=asked.state,
        pairs=person.labels,
        only=house.catalog.published() if is_visitor else None,
        before=read_cursor(asked.cursor),
        limit=asked.limit + 1,
    )
    rows, cursor = cut_page(house.catalog.find(question), asked.limit)
    items = [told for _, told in still_there(rows, lambda row: video_for(house, row, person))]
    return doc.Videos(items=items, next_cursor=cursor)


@router.get("/{video_id}", operation_id="get_video", responses=problems(404))
def get(video_id: VideoId, house: HouseOf, person: Asker) -> doc.Video:
    """One video."""
    return video_for(house, find_video(house, video_id, person), person)


@router.patch("/{video_id}", operation_id="change_video", responses=problems(404))
def change(video_id: VideoId, asked: doc.VideoChanged, house: HouseOf, person: Editor) -> doc.Video:
    """The video has another title or other labels."""
    row = find_video(house, video_id, person)
    if asked.labels is not None:
        check_scope(person, asked.labels)
    title = None if asked.title is None else tidy(asked.title) or row["filename"]
    house.write_down(video_id, Titled(by=person.name, title=title, labels=asked.labels))
    return get(video_id, house, person)


@router.delete("/{video_id}", operation_id="delete_video", status_code=204, responses=problems(404))
def delete(video_id: VideoId, house: HouseOf, person: Operator) -> Response:
    """The video is gone, and every object that no other video needs."""
    event = event_of(house, "deleted", find_video(house, video_id, person))
    delete_video(house.objects, video_id)
    try:
        house.stages.publish(facts.VideoDeleted(video_id=video_id))
    finally:  # it is gone, whoever hears of it
        house.webhooks.tell(event)
        house.refresh(video_id)
    return Response(status_code=204)


@router.post("/{video_id}/cancel", operation_id="cancel_video", responses=problems(404, 409))
def cancel(video_id: VideoId, house: HouseOf, person: Editor) -> doc.Video:
    """No more work is done on the newest run; what is done is kept."""
    row = find_video(house, video_id, person)
    if row["state"] != "working":
        raise Problem(409, "not-working", f"This video is {row['state']}; nothing is under way.")
    # First, so that whoever is told that it stands still and asks for it again takes this away.
    house.objects.put_once(keys.cancelled(row["run_id"]), b"")
    house.write_down(video_id, RunStopped(by=person.name, run_id=row["run_id"]))
    house.stages.publish(facts.RunCancelled(video_id=video_id, run_id=row["run_id"]))
    return get(video_id, house, person)


@router.post("/{video_id}/retry", operation_id="retry_video", responses=problems(404, 409))
def retry(video_id: VideoId, house: HouseOf, person: Editor) -> doc.Video:
    """A run that failed, was cancelled or lacks its stage goes on from where it was."""
    row = find_video(house, video_id, person)
    has_no_stage = "failure" in (row["stage"] or {})
    if row["state"] not in ("failed", "cancelled") and not has_no_stage:
        raise Problem(409, "not-stopped", f"This video is {row['state']}; it needs no retry.")
    with house.turn():
        submit_again(house, row, person.name)
    return get(video_id, house, person)


@router.get(
    "/{video_id}/events",
    operation_id="watch_video",
    response_class=StreamingResponse,
    responses={**problems(404), 200: {"content": {"text/event-stream": {}}}},
)
async def events(
    request: Request,
    video_id: VideoId,
    house: HouseOf,
    person: Asker,
    last: Annotated[str, Header(alias="Last-Event-ID", max_length=40)] = "",  # noqa: ARG001
) -> StreamingResponse:
    """Server-Sent Events: the video now, and again whenever anything about it changes."""
    await run_in_threadpool(find_video, house, video_id, person)
    stream = _events(request, video_id, house, person)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(request: Request, video: str, house: House, person: Person) -> AsyncIterator[str]:
    told = changes(house, video, person)
    try:
        async for change, shown in told:
            if await request.is_disconnected():
                return
            if shown is None:
                yield ": still here\n\n"
            else:
                yield f"id: {change}\nevent: video\ndata: {shown.model_dump_json()}\n\n"
    except NoEntry:
        return
    except NotThere:
        yield "event: deleted\ndata: {}\n\n"
    finally:
        await told.aclose()


@router.get("/{video_id}/watch", operation_id="watch", responses=problems(404))
def watch(video_id: VideoId, house: HouseOf, person: Asker) -> doc.Watch:
    """All that a player needs to show everybody on stage."""
    return watch_document(house, find_video(house, video_id, person), person)
