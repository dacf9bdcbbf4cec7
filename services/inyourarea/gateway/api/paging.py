"""Pages of videos: a cursor says behind which one the next page begins."""

import base64
import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter

from inyourarea.gateway import documents as doc
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.runtime.objects import ObjectNotFound

Told = TypeVar("Told")

#: When the last video of a page was made, and its id.
_CURSOR = TypeAdapter(tuple[Annotated[int, Field(ge=0, lt=1 << 63)], doc.Id])


def cut_page(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
    """At most ``limit`` rows, and the cursor of those behind them if there are any."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    place = json.dumps([last["created_ns"], last["id"]])
    return rows[:limit], base64.urlsafe_b64encode(place.encode()).decode()


def still_there(rows: Iterable[Row], tell: Callable[[Row], Told]) -> Iterator[tuple[Row, Told]]:
    """What is told of each, but for those that were deleted or withdrawn since they were listed."""
    for row in rows:
        with contextlib.suppress(NotThere, ObjectNotFound):
            yield row, tell(row)


def read_cursor(cursor: str | None) -> tuple[int, str] | None:
    """The place that a cursor means.

    Raises:
        Problem: `cut_page` did not make it.
    """
    if cursor is None:
        return None
    try:
        return _CURSOR.validate_json(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise Problem(
            400, "cursor", "This cursor was not given here; begin with the first page."
        ) from None
