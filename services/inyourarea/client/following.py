"""A video as it changes: by Server-Sent Events; where those do not get through, by asking."""

import time
from collections.abc import Iterator

import httpx

from inyourarea.client.documents import Video
from inyourarea.client.server import API, Patience, Problem, Server, ServerAway, away, path

#: Seconds of silence after which a stream is dead: the server says every 15 s that it is there.
_SILENCE_S = 45.0
#: Streams that break without a single event, after which events are given up.
_MOST_DUMB = 3
#: Seconds between two questions where there are no events.
_POLL_S = 2.0


def follow(server: Server, video: str, patience: Patience) -> Iterator[Video]:
    """The video now, and again whenever anything about it has changed; without end.

    Raises:
        Problem: there is no such video, or not any more.
        ServerAway: the server was away for longer than ``patience`` bears.
    """
    told = _now(server, video)
    yield told
    dumb = 0
    while dumb < _MOST_DUMB:
        dumb += 1
        before = told
        try:
            for found in _events(server, video):
                dumb = 0
                patience.renew()
                if found != told:
                    told = found
                    yield told
            if told is before and not dumb:  # something on the way ends streams at once
                time.sleep(_POLL_S)
        except ServerAway as trouble:
            patience.bear(trouble)
    while True:
        time.sleep(_POLL_S)
        try:
            found = _now(server, video)
        except ServerAway as trouble:
            patience.bear(trouble)
            continue
        patience.renew()
        if found != told:
            told = found
            yield told


def _now(server: Server, video: str) -> Video:
    return server.read(Video, server.ask("GET", path("videos", video)).content)


def _events(server: Server, video: str) -> Iterator[Video]:
    """What one stream tells, until it ends.

    Raises:
        Problem: there is no such video, or not any more.
        ServerAway: the stream breaks.
    """
    headers = {"Accept": "text/event-stream"}
    timeout = httpx.Timeout(_SILENCE_S, connect=10.0)
    address = API + path("videos", video, "events")
    try:
        with server.http.stream("GET", address, headers=headers, timeout=timeout) as answer:
            server.check(answer)
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                return
            for name, content in _parse(answer.iter_lines()):
                if name == "deleted":
                    raise Problem(404, {"status": 404, "detail": "The video has been deleted."})
                if name == "video":
                    yield server.read(Video, content)
    except httpx.TransportError as error:
        raise away(server.url, error) from error


def _parse(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Events of a stream, as (name, data)."""
    name, parts = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        if not line:
            if parts:
                yield name, "\n".join(parts)
            name, parts = "message", []
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            parts.append(value.removeprefix(" "))
