"""Objects by HTTP ranges: held to RFC 9110 by a model of it."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inyourarea.gateway.media import BLOCK, object_response
from inyourarea.gateway.problems import answer_problems
from inyourarea.runtime.folder_objects import FolderObjects
from rehearsal_house import client_of

CONTENT = bytes(range(256)) * 3


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    objects = FolderObjects(tmp_path_factory.mktemp("media"))
    objects.put("a.mp4", CONTENT)
    objects.put("large.mp4", bytes(3 * BLOCK + 5))
    app = FastAPI()
    answer_problems(app)

    @app.api_route("/api/v1/{name}", methods=["GET", "HEAD"])
    def media(request: Request, name: str):
        return object_response(request, objects, name, "video/mp4")

    with client_of(app) as http:
        yield http


def expected(asked: str, size: int) -> tuple[int, bytes | None]:
    """What RFC 9110 14.1.2 says of a Range: status and bytes; what it is free to ignore is 200."""
    found = re.fullmatch(r"(?i)bytes=([0-9]*)-([0-9]*)", asked)
    if not found or found.groups() == ("", "") or len(asked) > 50:
        return 200, CONTENT
    first, last = found.groups()
    if not first:
        count = int(last)
        return (206, CONTENT[-count:]) if count else (416, None)
    if last and int(last) < int(first):
        return 200, CONTENT
    if int(first) >= size:
        return 416, None
    return 206, CONTENT[int(first) : int(last) + 1 if last else size]


number = st.one_of(st.integers(0, 1000), st.sampled_from([767, 768, 769, 10**18]))
plain = st.builds("bytes={}-{}".format, number | st.just(""), number | st.just(""))
odd = st.sampled_from(
    [
        "bytes=0-1,5-9",
        "bytes=0-0," * 500,
        "bytes=-",
        "bytes=--5",
        "bytes=5",
        "bytes= 0-5",
        "BYTES=0-5",
        "items=0-5",
        "bytes=0x10-20",
        "bytes=+1-5",
        "bytes=1e3-",
        "bytes=0-5;",
        "bytes=" + "9" * 5000 + "-",
        "bytes=0-" + "9" * 5000,
        "bytes=²-³",
        "",
        "none",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=plain | odd)
def test_a_range_gives_what_the_standard_says(http: httpx.Client, asked: str) -> None:
    answer = http.get("/a.mp4", headers={"Range": asked.encode("latin-1")})
    status, body = expected(asked, len(CONTENT))
    assert answer.status_code == status
    if body is None:
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
        assert answer.headers["content-type"] == "application/problem+json"
        return
    assert answer.content == body
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["accept-ranges"] == "bytes"
    if status == 206:
        told = re.fullmatch(r"bytes (\d+)-(\d+)/768", answer.headers["content-range"])
        assert told
        assert CONTENT[int(told[1]) : int(told[2]) + 1] == body
    else:
        assert "content-range" not in answer.headers


def test_ranges_put_together_are_the_file(http: httpx.Client) -> None:
    size, found = 3 * BLOCK + 5, b""
    while len(found) < size:
        end = min(size, len(found) + BLOCK + 77) - 1
        found += http.get("/large.mp4", headers={"Range": f"bytes={len(found)}-{end}"}).content
    assert found == bytes(size) == http.get("/large.mp4").content


def test_who_has_it_already_is_told_so(http: httpx.Client) -> None:
    whole = http.get("/a.mp4")
    etag = whole.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]+"', etag)
    assert "immutable" in whole.headers["cache-control"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = http.get("/a.mp4", headers={"If-None-Match": known, "Range": "bytes=0-5"})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert http.get("/a.mp4", headers={"If-None-Match": '"other"'}).status_code == 200
    assert http.get("/large.mp4").headers["etag"] != etag


def test_a_range_of_another_version_is_the_whole(http: httpx.Client) -> None:
    etag = http.get("/a.mp4").headers["etag"]
    asked = {"Range": "bytes=0-5"}
    assert http.get("/a.mp4", headers={**asked, "If-Range": etag}).status_code == 206
    for other in ('"other"', f"W/{etag}", "Sat, 29 Oct 1994 19:43:31 GMT"):
        answer = http.get("/a.mp4", headers={**asked, "If-Range": other})
        assert (answer.status_code, answer.content) == (200, CONTENT)


def test_head_tells_of_the_whole_and_sends_nothing(http: httpx.Client) -> None:
    whole = http.get("/a.mp4")
    answer = http.head("/a.mp4", headers={"Range": "bytes=0-5"})
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("content-length", "etag", "accept-ranges", "content-type", "cache-control"):
        assert answer.headers[name] == whole.headers[name]
    assert http.head("/missing.mp4").status_code == 404


def test_no_more_than_a_block_is_read_at_a_time(tmp_path) -> None:
    class Counting(FolderObjects):
        most = 0

        def read(self, key: str, start: int, length: int) -> bytes:
            self.most = max(self.most, length)
            return super().read(key, start, length)

    objects = Counting(tmp_path)
    objects.put("large", bytes(5 * BLOCK))
    request = Request({"type": "http", "method": "GET", "headers": []})
    answer = object_response(request, objects, "large", "video/mp4")

    async def read() -> int:
        return sum([len(block) async for block in answer.body_iterator])  # type: ignore[attr-defined]

    assert asyncio.run(read()) == 5 * BLOCK
    assert objects.most == BLOCK
