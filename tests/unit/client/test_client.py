"""The client against servers that are busy, poor or not to be trusted."""

import contextlib
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from inyourarea.client import Client, Problem, Search, ServerAway, Wishes, following, uploading
from inyourarea.core.errors import Refused

Answer = tuple[int, dict[str, str], bytes]
Answers = Callable[[str, str], Answer]
JSON = {"Content-Type": "application/json"}
VIDEO = {
    "id": "ab" * 16,
    "title": "stage",
    "filename": "stage.mp4",
    "created_at": "",
    "framing": "full",
    "aspects": ["9:16"],
    "revision": 1,
    "source": {
        "width": 640,
        "height": 360,
        "frames": 1,
        "duration_s": 1.0,
        "frame_rate": "30/1",
        "codec": "h264",
        "has_audio": False,
    },
    "run_id": "cd" * 16,
    "of_a_newer_server": [1],
}


class Fake:
    """A server that answers as a test says, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): text for name, text in self.headers.items()}
                fake.asked.append((self.command, self.path, headers, body))
                status, more, content = answers(self.command, self.path)
                self.send_response(status)
                for name, text in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_HEAD = do_PATCH = do_GET  # noqa: N815 - as http.server calls them

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextlib.contextmanager
def fake(answers: Answers) -> Iterator[Fake]:
    made = Fake(answers)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


def video(**more: Any) -> bytes:
    return json.dumps({**VIDEO, **more}).encode()


@pytest.mark.slow
def test_streams_that_end_at_once_are_not_asked_for_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_POLL_S", 0.2)
    ends = time.monotonic() + 1

    def answers(_: str, path: str) -> Answer:
        content = video(state="working" if time.monotonic() < ends else "ready")
        if not path.endswith("/events"):
            return 200, JSON, content
        return 200, {"Content-Type": "text/event-stream"}, b"event: video\ndata: %s\n\n" % content

    with fake(answers) as server, Client(server.url, notes=tmp_path) as client:
        assert client.wait(VIDEO["id"]).state == "ready"  # type: ignore[arg-type]
    assert len(server.asked) <= 8


@pytest.mark.slow
def test_a_wait_asks_again_where_events_do_not_get_through(tmp_path: Path) -> None:
    states = iter(["working", "working", "ready"])

    def answers(_: str, path: str) -> Answer:
        if path.endswith("/events"):
            return 200, {"Content-Type": "text/html"}, b"<p>a proxy</p>"
        return 200, JSON, video(state=next(states))

    with fake(answers) as server, Client(server.url, notes=tmp_path) as client:
        assert client.wait(VIDEO["id"]).state == "ready"  # type: ignore[arg-type]


def test_a_server_that_is_away_after_a_quiet_while_is_waited_for_from_then_on(
    tmp_path: Path,
) -> None:
    streams: list[Answer] = [(503, JSON, b"{}")]

    def answers(_: str, path: str) -> Answer:
        if not path.endswith("/events"):
            return 200, JSON, video(state="working")
        if streams:
            time.sleep(0.5)
            return streams.pop()
        event = b"event: video\ndata: " + video(state="ready") + b"\n\n"
        return 200, {"Content-Type": "text/event-stream"}, event

    with fake(answers) as server, Client(server.url, patience_s=0.4, notes=tmp_path) as client:
        assert client.wait(VIDEO["id"]).state == "ready"  # type: ignore[arg-type]


def test_a_server_that_stays_away_is_given_up(tmp_path: Path) -> None:
    def answers(_: str, path: str) -> Answer:
        return (503 if path.endswith("/events") else 200), JSON, video(state="working")

    with (
        fake(answers) as server,
        Client(server.url, patience_s=0.1, notes=tmp_path) as client,
        pytest.raises(ServerAway),
    ):
        client.wait(VIDEO["id"])  # type: ignore[arg-type]


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path) -> None:
    busy = [(429, {"Retry-After": "0", **JSON}, b'{"detail": "slowly"}')]

    def answers(*_: str) -> Answer:
        return busy.pop() if busy else (200, JSON, b'{"items": []}')

    with fake(answers) as server, Client(server.url, notes=tmp_path) as client:
        assert client.groups() == ()
        assert len(server.asked) == 2


def test_pages_are_asked_for_one_after_another(tmp_path: Path) -> None:
    def answers(_: str, path: str) -> Answer:
        page = {"items": [{**VIDEO, "state": "ready"}], "next_cursor": "a b"}
        if "cursor=a" in path:
            page = {"items": [{**VIDEO, "state": "failed"}], "next_cursor": None}
        return 200, JSON, json.dumps(page).encode()

    with fake(answers) as server, Client(server.url, notes=tmp_path) as client:
        found = client.videos(Search(query="제니", labels={"show": "x:y"}, states=["ready"]))
        assert next(found).state == "ready"
        assert len(server.asked) == 1
        assert [video.state for video in found] == ["failed"]
    question = parse_qs(urlsplit(server.asked[1][1]).query)
    assert question == {
        "query": ["제니"],
        "label": ["show:x:y"],
        "state": ["ready"],
        "cursor": ["a b"],
    }


def test_the_token_travels_in_a_header_only(tmp_path: Path) -> None:
    with (
        fake(lambda *_: (200, JSON, b'{"items": []}')) as server,
        Client(server.url, "secret", notes=tmp_path) as client,
    ):
        client.groups()
    ((_, path, headers, _),) = server.asked
    assert (headers["authorization"], "secret" in path) == ("Bearer secret", False)


def test_a_redirect_is_a_problem_and_is_not_followed(tmp_path: Path) -> None:
    with (
        fake(lambda *_: (302, {"Location": "/api/v1/other"}, b"")) as server,
        Client(server.url, "secret", notes=tmp_path) as client,
        pytest.raises(Problem) as caught,
    ):
        client.groups()
    assert (caught.value.status, len(server.asked)) == (302, 1)


def test_the_file_goes_to_this_server_whatever_address_it_names(tmp_path: Path) -> None:
    file = tmp_path / "제니.mp4"
    file.write_bytes(b"12345")
    location = {"Location": "http://elsewhere.example/api/v1/uploads/abc123"}

    def answers(method: str, _: str) -> Answer:
        return (201, location, b"") if method == "POST" else (204, {"Upload-Offset": "5"}, b"")

    with fake(answers) as server, Client(server.url, notes=tmp_path / "notes") as client:
        assert client.upload(file) == "abc123"
    assert [(method, path) for method, path, _, _ in server.asked] == [
        ("POST", "/api/v1/uploads"),
        ("PATCH", "/api/v1/uploads/abc123"),
    ]
    assert server.asked[1][3] == b"12345"


class Uploads:
    """Answers of a server that takes files and submissions; ``meanwhile`` is called with each.

    Every video has a number as its id, and every upload is new.
    """

    def __init__(self, meanwhile: Callable[[str, str], object] = lambda *_: None) -> None:
        self._meanwhile = meanwhile
        self._videos = itertools.count(1)

    def __call__(self, method: str, path: str) -> Answer:
        self._meanwhile(method, path)
        if method == "PATCH":
            return 204, {"Upload-Offset": "5"}, b""
        if method == "HEAD":
            return 404, JSON, b"{}"
        if path == "/api/v1/uploads":
            return 201, {"Location": "/api/v1/uploads/abc123"}, b""
        number = next(self._videos) if method == "POST" else int(path.rpartition("/")[2], 16)
        return 200, JSON, video(state="ready", id=f"{number:032x}")


def sent(server: Fake) -> list[bytes]:
    """The bytes of every upload."""
    return [body for method, _, _, body in server.asked if method == "PATCH"]


@pytest.mark.parametrize("left", [3, 2], ids=["to what was sent", "below it"])
def test_a_file_that_shrinks_while_it_is_sent_is_refused(
    left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "_REQUEST", 3)
    file = tmp_path / "stage.mp4"
    file.write_bytes(b"12345")
    offset = {"Upload-Offset": "3"}

    def answers(method: str, _: str) -> Answer:
        if method == "POST":
            return 201, {"Location": "/api/v1/uploads/abc123"}, b""
        os.truncate(file, left)
        return (204, offset, b"") if len(server.asked) < 6 else (400, JSON, b"{}")

    with (
        fake(answers) as server,
        Client(server.url, patience_s=0, notes=tmp_path / "notes") as client,
        pytest.raises(Refused, match="has become shorter while it was sent"),
    ):
        client.upload(file)


def test_each_of_a_files_wishes_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "stage.mp4"
    file.write_bytes(b"12345")
    one, other = Wishes(), Wishes(people=3)
    with fake(Uploads()) as server, Client(server.url, notes=tmp_path / "notes") as client:
        found = [client.submit(file, wishes).id for wishes in (one, one, other, one, other)]
    assert [int(name, 16) for name in found] == [1, 1, 2, 1, 2]
    assert sent(server) == [b"12345", b"12345"]


def test_a_file_that_is_written_anew_meanwhile_is_another_video(tmp_path: Path) -> None:
    file = tmp_path / "stage.mp4"
    file.write_bytes(b"12345")

    def written_anew(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/v1/videos"):
            file.write_bytes(b"other")

    answers = Uploads(written_anew)
    with fake(answers) as server, Client(server.url, notes=tmp_path / "notes") as client:
        assert client.submit(file).id != client.submit(file).id
    assert sent(server) == [b"12345", b"other"]


def test_a_file_that_goes_once_it_was_sent_is_submitted(tmp_path: Path) -> None:
    file = tmp_path / "stage.mp4"
    file.write_bytes(b"12345")

    def gone(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/v1/videos"):
            file.unlink()

    with fake(Uploads(gone)) as server, Client(server.url, notes=tmp_path / "notes") as client:
        assert int(client.submit(file).id, 16) == 1


def test_a_file_that_can_not_be_sent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with Client("http://127.0.0.1:1", notes=tmp_path) as client:
        for name in ("empty", "absent", "."):
            with pytest.raises(Refused):
                client.upload(tmp_path / name)


def test_what_is_no_such_api_is_told_in_one_line(tmp_path: Path) -> None:
    for content in (b"<html>", b"[]", b'{"items": 1}'):
        with (
            fake(lambda *_, content=content: (200, JSON, content)) as server,  # type: ignore[misc]
            Client(server.url, notes=tmp_path) as client,
            pytest.raises(ServerAway, match="does not speak this API"),
        ):
            client.groups()


def test_only_the_servers_own_files_are_downloaded(tmp_path: Path) -> None:
    with Client("http://127.0.0.1:1", notes=tmp_path) as client:
        with pytest.raises(Refused, match="no name and password"):
            Client("http://me:secret@elsewhere.example", notes=tmp_path)
        for url in ("http://elsewhere.example/api/x", "//elsewhere.example/api/x", "file:///x"):
            with pytest.raises(Refused, match="outside of its API"):
                client.download(url, tmp_path / "x")


def test_a_file_that_changes_while_it_comes_is_fetched_anew(tmp_path: Path) -> None:
    """Half of the old bytes are here; the server has others now."""
    asked: list[int] = []

    def answers(*_: str) -> Answer:
        asked.append(1)
        if len(asked) == 1:
            return 200, {"ETag": '"old"', "Content-Length": "10"}, b"old"
        return 200, {"ETag": '"new"'}, b"new bytes"

    with fake(answers) as server, Client(server.url, notes=tmp_path / "n") as client:
        file = client.download("/api/v1/x", tmp_path / "x")
    assert server.asked[1][2]["if-range"] == '"old"'
    assert server.asked[1][2]["range"] == "bytes=3-"
    assert file.read_bytes() == b"new bytes"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    "damage",
    [lambda file: os.truncate(file, 0), lambda file: file.write_bytes(b"nobody")],
    ids=["cut off", "other bytes"],
)
def test_a_file_that_is_no_longer_as_it_came_is_fetched_again(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    with (
        fake(lambda *_: (200, {"ETag": '"it"'}, b"fancam")) as server,
        Client(server.url, notes=tmp_path / "n") as client,
    ):
        file = client.download("/api/v1/x", tmp_path / "x")
        client.download("/api/v1/x", file)
        damage(file)
        os.utime(file, ns=(0, 0))
        client.download("/api/v1/x", file)
    assert [headers.get("if-none-match") for _, _, headers, _ in server.asked] == [
        None,
        '"it"',
        None,
    ]
    assert file.read_bytes() == b"fancam"
