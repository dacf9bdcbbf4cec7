"""Objects as HTTP bodies: by ranges, with strong ETags, never more than a block in memory."""

import hashlib
import re
from collections.abc import Iterator

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.runtime.objects import ObjectNotFound, Objects

#: Bytes read from the store at a time.
BLOCK = 256 << 10
#: An object's name is the digest of what made it, so its bytes are the same for ever.
IMMUTABLE = "private, max-age=31536000, immutable"
#: For what may be another one later.
REVALIDATED = "private, no-cache"
#: Longer numbers than any file needs are no numbers here.
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.IGNORECASE)


def object_response(
    request: Request, objects: Objects, key: str, media_type: str, caching: str = IMMUTABLE
) -> Response:
    """The object, or the one range of it that was asked for (RFC 9110); several ranges: all of it.

    HEAD is told about the whole object.

    Raises:
        NotThere: there is no such object.
        Problem: the range lies outside.
    """
    try:
        size = objects.size(key)
    except ObjectNotFound:
        raise NotThere("such file") from None
    etag = f'"{hashlib.sha256(f"{key}:{size}".encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": caching, "Accept-Ranges": "bytes"}
    if _names(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range", "")
    if request.method == "HEAD" or request.headers.get("if-range", etag) != etag:
        asked = ""
    span = _span(asked, size)
    if span is None:
        headers["Content-Length"] = str(size)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=media_type)
        return StreamingResponse(
            _blocks(objects, key, 0, size), headers=headers, media_type=media_type
        )
    start, end = span
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(
        _blocks(objects, key, start, end), 206, headers=headers, media_type=media_type
    )


def _names(asked: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    return etag in tags or tags == ["*"]


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """First byte and the byte behind the last; None for the whole object."""
    found = _RANGE.fullmatch(asked)
    if not found or not (found[1] or found[2]):
        return None  # not one plain range: a server may ignore it
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
        if found[2] and int(found[2]) < start:
            return None
    if start >= size or start >= end:
        problem = Problem(416, "range", f"The file has {size} bytes; the range lies outside.")
        problem.headers = {"Content-Range": f"bytes */{size}"}
        raise problem
    return start, end


def _blocks(objects: Objects, key: str, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        content = objects.read(key, start, min(BLOCK, end - start))
        if not content:
            return
        yield content
        start += len(content)
