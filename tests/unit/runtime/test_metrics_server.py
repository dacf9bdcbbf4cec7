"""A service's own port: what it has counted, whether it lives, and what it lacks."""

from collections.abc import Iterator
from functools import partialmethod

import httpx
import pytest

from inyourarea.core.errors import Refused
from inyourarea.runtime import metrics_server
from inyourarea.runtime.metrics_server import answering_about


class Lack:
    def __init__(self) -> None:
        self.words = ""

    def __call__(self) -> str:
        return self.words


@pytest.fixture(autouse=True)
def soon_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server sees every half a second whether it is to end: here sooner."""
    serve = partialmethod(metrics_server._Server.serve_forever, poll_interval=0.02)
    monkeypatch.setattr(metrics_server._Server, "serve_forever", serve)


@pytest.fixture
def lack() -> Lack:
    return Lack()


@pytest.fixture
def http(lack: Lack) -> Iterator[httpx.Client]:
    with (
        answering_about(lack, "127.0.0.1:0") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield http


def test_metrics_are_told_without_when_they_were_made(http: httpx.Client) -> None:
    told = http.get("/metrics")
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain")
    assert "# TYPE inyourarea_units_total counter" in told.text
    assert "# TYPE process_resident_memory_bytes gauge" in told.text
    assert "_created" not in told.text


def test_a_service_is_ready_unless_it_lacks_something(http: httpx.Client, lack: Lack) -> None:
    assert http.get("/live").status_code == http.get("/ready").status_code == 200
    lack.words = "the object store can not be reached"
    assert http.get("/live").status_code == 200
    told = http.get("/ready")
    assert (told.status_code, told.text) == (503, "the object store can not be reached\n")


def test_where_somebody_listens_nobody_else_can(lack: Lack) -> None:
    with (
        answering_about(lack, "127.0.0.1:0") as port,
        pytest.raises(Refused, match=f"nothing can listen at 127.0.0.1:{port}"),
        answering_about(lack, f"127.0.0.1:{port}"),
    ):
        pass


def test_nothing_else_is_there(http: httpx.Client) -> None:
    assert http.get("/").status_code == 404
    assert http.get("/api/v1/me").status_code == 404
