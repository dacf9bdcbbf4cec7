"""What editors are to look at: the open spans of all videos."""

from typing import Annotated

from fastapi import APIRouter, Query

from inyourarea.gateway import documents as doc
from inyourarea.gateway.api.asking import Editor, HouseOf, problems
from inyourarea.gateway.api.paging import cut_page, read_cursor, still_there
from inyourarea.gateway.catalog import Question
from inyourarea.gateway.people import open_spans

router = APIRouter(prefix="/review", tags=["people"])


@router.get("", operation_id="list_open_spans", responses=problems())
def find(
    house: HouseOf,
    person: Editor,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> doc.Review:
    """Videos with spans that nobody has looked at, the newest first.

    A video is here as soon as its newest run can be shown, drawn or not. ``limit`` videos are gone
    through for a page; those that need no look are left out.
    """
    states = ["ready", "working"]
    question = Question(
        states=states, pairs=person.labels, before=read_cursor(cursor), limit=limit + 1
    )
    rows, following = cut_page(house.catalog.find(question), limit)
    found = still_there(rows, lambda row: open_spans(house, row))
    return doc.Review(
        items=[
            doc.VideoToReview(
                video_id=row["id"], title=row["title"], run_id=row["shown_run_id"], people=people
            )
            for row, people in found
            if people
        ],
        next_cursor=following,
    )
