"""Event streams: told at once, told once for many changes, and gone when nobody listens."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from inyourarea.gateway import changes
from inyourarea.gateway.journal import Titled
from inyourarea.gateway.watchers import Watchers
from rehearsal_house import RehearsedSite
from waiting import until


def test_a_watcher_is_woken_from_another_thread() -> None:
    async def watch() -> int:
        watchers = Watchers()
        seen = await watchers.wait("v", -1, 5)
        threading.Timer(0.05, watchers.changed, ["v"]).start()
        assert await watchers.wait("v", seen, 5) == seen + 1
        return await watchers.wait("v", seen + 1, 0.01)

    assert asyncio.run(watch()) == 1


def test_who_was_slow_is_told_once_and_misses_nothing() -> None:
    async def watch() -> None:
        watchers = Watchers()
        seen = await watchers.wait("v", -1, 5)
        for _ in range(100):
            watchers.changed("v")
        assert await watchers.wait("v", seen, 5) == 100
        assert await watchers.wait("other", 0, 0.01) == 0
        assert not watchers._waiting

    asyncio.run(watch())


class Listening:
    """A site at a real port, for what only a real server does."""

    def __init__(self, site: RehearsedSite) -> None:
        config = uvicorn.Config(site.app, port=0, log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/api/v1"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def listening(site: RehearsedSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    monkeypatch.setattr(changes, "HEARTBEAT_S", 0.3)
    listening = Listening(site)
    yield listening
    listening.close()


def events(lines: Iterator[str]) -> Iterator[dict]:
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line[6:])


def title(site: RehearsedSite, video: str, text: str) -> None:
    assert site.http.patch(f"/videos/{video}", json={"title": text}).status_code == 200


def test_a_stream_begins_with_the_video_and_ends_with_its_deletion(
    site: RehearsedSite, listening: Listening
) -> None:
    video = site.submit()["id"]
    with httpx.stream("GET", f"{listening.address}/videos/{video}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        lines = stream.iter_lines()
        told = events(lines)
        assert next(told) == site.get(f"/videos/{video}")
        title(site, video, "제니")
        assert next(told)["title"] == "제니"
        site.http.delete(f"/videos/{video}")
        rest = list(lines)
        assert "event: deleted" in rest


def test_what_another_copy_of_the_gateway_did_is_told_with_the_next_heartbeat(
    site: RehearsedSite, listening: Listening
) -> None:
    video = site.submit()["id"]
    with httpx.stream("GET", f"{listening.address}/videos/{video}/events") as stream:
        told = events(stream.iter_lines())
        next(told)
        site.house.journal.append_last(video, Titled(title="elsewhere", labels={}))
        site.house.projection.project(video)
        assert next(told)["title"] == "elsewhere"


def test_many_changes_at_once_are_told_once(site: RehearsedSite, listening: Listening) -> None:
    video = site.submit()["id"]
    with httpx.stream("GET", f"{listening.address}/videos/{video}/events") as stream:
        told = events(stream.iter_lines())
        next(told)
        for number in range(30):
            title(site, video, f"title {number}")
        seen = [next(told)["title"]]
        while seen[-1] != "title 29":
            seen.append(next(told)["title"])
    assert len(seen) < 15
    assert seen == sorted(seen, key=lambda text: int(text.split()[1]))


def test_who_comes_back_is_told_how_it_stands_now(
    site: RehearsedSite, listening: Listening
) -> None:
    video = site.submit()["id"]
    address = f"{listening.address}/videos/{video}/events"
    with httpx.stream("GET", address) as stream:
        number = next(line[4:] for line in stream.iter_lines() if line.startswith("id: "))
    title(site, video, "while she was away")
    for last in (number, "0", "nonsense", "9" * 30):
        with httpx.stream("GET", address, headers={"Last-Event-ID": last}) as stream:
            assert next(events(stream.iter_lines()))["title"] == "while she was away"


def test_a_silent_stream_says_that_it_is_there(site: RehearsedSite, listening: Listening) -> None:
    video = site.submit()["id"]
    with httpx.stream("GET", f"{listening.address}/videos/{video}/events") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith(":"))


@pytest.mark.slow
def test_nothing_is_left_of_clients_who_went_away(
    site: RehearsedSite, listening: Listening
) -> None:
    video = site.submit()["id"]
    streams = [httpx.stream("GET", f"{listening.address}/videos/{video}/events") for _ in range(20)]
    lines = [stream.__enter__().iter_lines() for stream in streams]
    assert all(next(one).startswith("id: ") for one in lines)
    waiting = site.house.watchers._waiting
    until(lambda: len(waiting.get(video, ())) == 20)
    for stream in streams:
        stream.__exit__(None, None, None)
    until(lambda: not waiting)


def test_a_video_that_is_not_there_can_not_be_watched(
    site: RehearsedSite, listening: Listening
) -> None:
    answer = httpx.get(f"{listening.address}/videos/{'0' * 32}/events")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
