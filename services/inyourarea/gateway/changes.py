"""What whoever follows a video is told: itself, whenever anything about it is different."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.concurrency import run_in_threadpool

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.house import House
from inyourarea.gateway.views import find_video, video_for

#: Seconds after which a silent stream says that it is still there.
HEARTBEAT_S = 15.0
#: Seconds in which several changes are told as one.
_GATHER_S = 0.2


async def changes(
    house: House, video: str, person: Person
) -> AsyncGenerator[tuple[int, doc.Video | None], None]:
    """The video now and after every change, with the change's number; none: nothing has changed.

    Raises:
        NotThere: it is gone, or the person may not know of it any more.
        NoEntry: what the person presented is not good any more.
    """
    told, change = None, -1
    while True:
        seen = await house.watchers.wait(video, change, HEARTBEAT_S)
        shown = await run_in_threadpool(shown_now, house, video, person)
        if shown != told:
            told = shown
            yield seen, shown
        elif seen == change:  # nothing here, and nothing by another copy of the gateway
            yield seen, None
            continue
        change = seen
        await asyncio.sleep(_GATHER_S)


def shown_now(house: House, video: str, person: Person) -> doc.Video:
    """The video as the person may know it now; errors as `changes`."""
    house.tokens.check(person)  # who was let in when the stream began may have been shown out
    return video_for(house, find_video(house, video, person), person)
