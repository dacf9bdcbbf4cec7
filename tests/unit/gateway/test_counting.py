"""Every request is counted by the template of its address, those that the door refuses too."""

import asyncio
import logging
from typing import Any

import pytest

from doors import close_door
from inyourarea.gateway.counting import CountedRequests
from rehearsal_house import RehearsedSite
from watched import counted, log_lines, spans

API = "/api/v1"


def requests(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return counted("http_request_seconds_count", **labels)


def test_a_request_is_counted_by_the_template_of_its_address(site: RehearsedSite) -> None:
    video = site.ready()["id"]
    before = requests("GET", f"{API}/videos/{{video_id}}/watch", 200)
    site.get(f"/videos/{video}/watch")
    assert requests("GET", f"{API}/videos/{{video_id}}/watch", 200) == before + 1
    before = requests("GET", f"{API}/videos/{{video_id}}/watch", 404)
    assert site.http.get(f"/videos/{'0' * 32}/watch").status_code == 404
    assert requests("GET", f"{API}/videos/{{video_id}}/watch", 404) == before + 1


def test_addresses_and_methods_that_nobody_knows_are_counted_as_one(site: RehearsedSite) -> None:
    before = requests("GET", "/{path}", 404), requests("other", "/{path}", 405)
    assert site.media("/wp-login.php").status_code == 404
    site.http.request("BREW", "/pot-7")
    site.http.request("STEEP", "/pot-8")
    after = requests("GET", "/{path}", 404), requests("other", "/{path}", 405)
    assert after == (before[0] + 1, before[1] + 2)


def test_what_the_door_refuses_is_counted(site: RehearsedSite) -> None:
    close_door(site)
    before = requests("GET", "", 421)
    site.http.get("/me", headers={"Host": "evil.example"})
    assert requests("GET", "", 421) == before + 1


def test_the_site_does_not_tell_its_metrics(site: RehearsedSite) -> None:
    assert site.media("/metrics").status_code == 404


def test_a_request_is_one_span_and_what_it_tells_goes_on_with_it(site: RehearsedSite) -> None:
    with spans() as kept:
        site.submit()
    names = [span.name for span in kept.get_finished_spans()]
    assert names.count(f"POST {API}/videos") == 1
    assert len(names) == 3  # the upload's two, and this


def ask(app: Any, scope: dict[str, Any]) -> None:
    """One request, to its end."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            logging.getLogger("inyourarea.server").info("answered")

    asyncio.run(CountedRequests(app)({"type": "http", "method": "GET", **scope}, receive, send))


def test_open_streams_are_counted_while_they_last() -> None:
    seen = []

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        kind = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        seen.append(counted("open_streams", kind="sse"))

    before = counted("open_streams", kind="sse")
    ask(stream, {})
    assert seen == [before + 1]
    assert counted("open_streams", kind="sse") == before


def test_what_the_server_says_of_a_request_says_of_which_video() -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        scope["path_params"] = {"video_id": "v", "somebody": "s"}
        await send({"type": "http.response.start", "status": 200, "headers": []})

    with log_lines() as lines:
        ask(answer, {})
    (line,) = lines
    assert line["video_id"] == "v"
    assert "somebody" not in line


def test_a_request_that_breaks_is_a_500() -> None:
    async def break_down(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("broken inside")

    before = requests("GET", "", 500)
    with pytest.raises(ValueError, match="broken inside"):
        ask(break_down, {})
    assert requests("GET", "", 500) == before + 1
