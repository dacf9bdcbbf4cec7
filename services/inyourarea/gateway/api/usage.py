"""Usage, for operators: who has submitted how much video, and what that has cost."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query

from inyourarea.gateway import documents as doc
from inyourarea.gateway.api.asking import HouseOf, Operator, problems

router = APIRouter(prefix="/usage", tags=["usage"])


@router.get("", operation_id="get_usage", responses=problems())
def find(
    house: HouseOf,
    person: Operator,  # noqa: ARG001 - the role is checked
    since: Annotated[date | None, Query(description="The first day that counts, in UTC")] = None,
) -> doc.UsageByOwner:
    """What everybody has used, the busiest first; bytes are those that are stored now."""
    since_s = datetime.combine(since, time(), UTC).timestamp() if since else 0.0
    return doc.UsageByOwner(
        items=[
            doc.UsageDocument(
                owner=one.owner,
                videos=one.videos,
                video_s=round(one.video_s, 3),
                cpu_s={stage: round(seconds, 3) for stage, seconds in one.cpu_s.items()},
                stored_bytes=one.stored_bytes,
            )
            for one in house.books.usage(since_s)
        ],
        quota_s=house.settings.quota_s,
    )
