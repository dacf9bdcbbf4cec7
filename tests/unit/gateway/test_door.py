"""The door: whom it turns away before any address is reached, and what it tells browsers."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from doors import bearer, close_door, key, new_token, told
from inyourarea.core.errors import Refused
from inyourarea.gateway.__main__ import _site
from inyourarea.gateway.access import Role
from inyourarea.gateway.callers import read_caller
from inyourarea.gateway.house import SLOW_AT_ONCE
from inyourarea.gateway.limits import Limit, Limits
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.settings import GatewaySettings
from rehearsal_house import RehearsedSite

PROXY = (ipaddress.ip_network("127.0.0.1"),)


class TestTheHost:
    @pytest.mark.parametrize("host", ["site", "SITE", "site:8000", "site:80"])
    def test_is_one_of_the_site_s_names_with_any_port(self, host: str, site: RehearsedSite) -> None:
        assert site.http.get("/me", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "site.evil.example",
            "site:80@evil.example",
            "site.",
            "site:x",
            "site:",
            "[site]",
            "[::1",
            "0.0.0.0",
            "127.1",
            "",
            "site,evil.example",
        ],
    )
    def test_is_refused_otherwise(self, host: str, site: RehearsedSite) -> None:
        assert told(site.http.get("/me", headers={"Host": host})) == (421, "host")

    @pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]", "[::1]:8000"])
    def test_is_this_machine_s_own_where_nothing_else_is_said(
        self, host: str, site: RehearsedSite
    ) -> None:
        site.house.settings = GatewaySettings()
        assert site.http.get("/me", headers={"Host": host}).status_code == 200


class TestAnotherSitesPage:
    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "null",
            "http://site:8000",
            "https://site",
            "http://site.evil.example",
            "http://site@evil.example",
            "file://",
            "",
        ],
    )
    def test_changes_nothing(self, origin: str, site: RehearsedSite) -> None:
        answer = site.http.post("/session", json={"code": "x"}, headers={"Origin": origin})
        assert told(answer) == (403, "cross-site")

    def test_may_be_the_site_s_own_behind_a_proxy_that_nobody_named(
        self, site: RehearsedSite
    ) -> None:
        answer = site.http.delete("/session", headers={"Origin": "https://site"})
        assert "INYOURAREA_GATEWAY_PROXIES" in answer.json()["detail"]

    def test_is_told_from_the_site_s_own(self, site: RehearsedSite) -> None:
        answer = site.http.delete("/session", headers={"Origin": "http://site"})
        assert answer.status_code == 204

    @pytest.mark.parametrize("where", ["cross-site", "same-site"])
    def test_reads_nothing_either_but_may_link_here(self, where: str, site: RehearsedSite) -> None:
        headers = {"Sec-Fetch-Site": where, "Sec-Fetch-Mode": "no-cors"}
        assert told(site.http.get("/videos", headers=headers)) == (403, "cross-site")
        headers["Sec-Fetch-Mode"] = "navigate"
        assert site.http.get("/videos", headers=headers).status_code == 200
        assert told(site.http.delete("/session", headers=headers)) == (403, "cross-site")


class TestWhereARequestComesFrom:
    def scope(self, peer: str = "127.0.0.1", server: str = "127.0.0.1", **headers: str) -> dict:
        named = {"host": "site", **{name.replace("_", "-"): v for name, v in headers.items()}}
        return {
            "type": "http",
            "scheme": "http",
            "method": "GET",
            "path": "/",
            "client": (peer, 1),
            "server": (server, 8000),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }

    @pytest.mark.parametrize(
        ("scope", "is_local"),
        [
            ({}, True),
            ({"peer": "::1", "server": "::1"}, True),
            ({"server": "192.168.1.2"}, False),
            ({"peer": "192.168.1.9", "server": "127.0.0.1"}, False),
            ({"x_forwarded_for": "127.0.0.1"}, False),
            ({"forwarded": "for=127.0.0.1"}, False),
            ({"peer": ""}, False),
        ],
    )
    def test_is_this_machine_only_without_a_proxy_between(
        self, scope: dict, is_local: bool
    ) -> None:
        assert read_caller(self.scope(**scope), GatewaySettings()).is_local == is_local

    def test_is_what_a_known_proxy_says(self) -> None:
        said = {"x_forwarded_for": "6.6.6.6, 203.0.113.5, 127.0.0.1", "x_forwarded_proto": "https"}
        caller = read_caller(self.scope(**said), GatewaySettings(proxies=PROXY))
        assert (caller.scheme, caller.address, caller.is_local) == ("https", "203.0.113.5", False)

    def test_is_not_what_anybody_else_says(self) -> None:
        said = {"x_forwarded_for": "6.6.6.6", "x_forwarded_proto": "https"}
        caller = read_caller(self.scope(peer="203.0.113.9", **said), GatewaySettings(proxies=PROXY))
        assert (caller.scheme, caller.address) == ("http", "203.0.113.9")

    def test_is_a_network_where_addresses_are_many(self) -> None:
        callers = [
            read_caller(self.scope(peer=f"2001:db8::{n}"), GatewaySettings()) for n in (1, 2)
        ]
        assert callers[0].address == callers[1].address

    def test_is_asked_with_one_host(self) -> None:
        scope = self.scope()
        scope["headers"].append((b"host", b"evil.example"))
        with pytest.raises(Problem):
            read_caller(scope, GatewaySettings())


class TestHttps:
    def test_by_a_known_proxy_makes_everything_stricter(self, site: RehearsedSite) -> None:
        close_door(site, proxies=PROXY)
        headers = {"X-Forwarded-Proto": "https", "Origin": "https://site"}
        body = {"token": new_token(site, Role.EDITOR)}
        answer = site.http.post("/session", json=body, headers=headers)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["set-cookie"].startswith("__Host-inyourarea=")
        assert "secure" in answer.headers["set-cookie"].lower()

    def test_is_not_claimed_without(self, site: RehearsedSite) -> None:
        answer = site.http.get("/me", headers={"X-Forwarded-Proto": "https"})
        assert "strict-transport-security" not in answer.headers


def test_every_answer_tells_browsers_to_be_careful(site: RehearsedSite) -> None:
    for answer in (
        site.http.get("/me"),
        site.http.get("/nowhere"),
        site.http.get("/me", headers={"Host": "evil.example"}),
        site.http.get("http://site/"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy


class TestTooMuch:
    def test_a_bucket_is_filled_again_with_time(self) -> None:
        now = [0.0]
        limits = Limits(clock=lambda: now[0])
        limit = Limit(burst=2, per_s=0.5)
        assert [limits.take(limit, "a") for _ in range(3)] == [0, 0, 2]
        assert limits.take(limit, "b") == 0
        now[0] = 2
        assert [limits.take(limit, "a") for _ in range(2)] == [0, 2]

    def test_tries_to_sign_in_are_few(self, site: RehearsedSite) -> None:
        close_door(site)
        tries = [site.http.post("/session", json={"token": "x"}) for _ in range(11)]
        assert [answer.status_code for answer in tries] == [401] * 10 + [429]
        assert 0 < int(tries[-1].headers["retry-after"]) <= 6
        wrong = site.http.get("/me", headers=bearer("x"))
        assert told(wrong) == (429, "too-many-requests")
        assert site.http.get("/videos", headers=key(site, Role.VIEWER)).status_code == 200

    def test_changes_are_counted_by_person(self, site: RehearsedSite) -> None:
        close_door(site)
        site.house.limits = Limits(clock=lambda: 0.0)
        mine, other = key(site, Role.EDITOR), key(site, Role.EDITOR)
        address = f"/videos/{'0' * 32}/cancel"
        asked = [site.http.post(address, headers=mine).status_code for _ in range(125)]
        assert asked[:120] == [404] * 120 and asked[-1] == 429
        assert site.http.post(address, headers=other).status_code == 404

    def test_whoever_sits_at_this_machine_may_ask_at_will(self, site: RehearsedSite) -> None:
        address = f"/videos/{'0' * 32}/cancel"
        assert {site.http.post(address).status_code for _ in range(250)} == {404}

    @pytest.mark.slow
    def test_a_player_s_media_and_the_page_s_files_are_not_counted(
        self, site: RehearsedSite
    ) -> None:
        close_door(site, is_public=True)
        site.house.limits = Limits(clock=lambda: 0.0)
        media = f"/videos/{'0' * 32}/stage.mp4"
        assert {site.http.get(media).status_code for _ in range(300)} == {404}
        asked = [site.http.get("/groups").status_code for _ in range(300)]
        assert asked[:200] == [200] * 200 and 429 in asked

    def test_a_large_body_is_refused_and_an_upload_is_not(self, site: RehearsedSite) -> None:
        large = b'{"token":"' + b"x" * (1 << 20) + b'"}'
        headers = {"Content-Type": "application/json"}
        assert site.http.post("/session", content=large, headers=headers).status_code == 413
        assert len(site.upload(b"x" * (3 << 20))) == 32


class TestSlowQuestions:
    """Pins that are solved for minutes, by many at once."""

    def test_they_leave_threads_for_all_others(
        self, site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        video, done = site.ready()["id"], threading.Event()
        monkeypatch.setattr(site.stages, "solve", lambda _: done.wait(60))

        async def ask() -> tuple[list[httpx.Response], int]:
            pins = {"revision": 1, "pins": []}
            transport = httpx.ASGITransport(site.app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(
                transport=transport, base_url="http://site/api/v1"
            ) as client:
                address = f"/videos/{video}/pins/preview"
                slow = [asyncio.create_task(client.post(address, json=pins)) for _ in range(45)]
                try:
                    async with asyncio.timeout(20):
                        while sum(one.done() for one in slow) < 45 - SLOW_AT_ONCE:
                            await asyncio.sleep(0.01)
                        other = await client.get(f"/videos/{video}")
                finally:
                    done.set()
                    answers = await asyncio.gather(*slow)
                return answers, other.status_code

        answers, other = asyncio.run(ask())
        assert other == 200
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(refused) == 45 - SLOW_AT_ONCE
        assert {told(answer) for answer in refused} == {(503, "busy")}
        assert {answer.headers["retry-after"] for answer in refused} == {"5"}
        again = site.http.post(f"/videos/{video}/pins/preview", json={"revision": 1, "pins": []})
        assert again.status_code == 200


class TestOnTheWire:
    @pytest.fixture
    def port(self, site: RehearsedSite) -> Iterator[int]:
        site.house.settings = GatewaySettings(trusts_this_machine=True)
        config = uvicorn.Config(site.app, log_level="error", proxy_headers=False)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=server.run, args=([listening],))
            thread.start()
            yield listening.getsockname()[1]
            server.should_exit = True
            thread.join()

    def ask(self, port: int, *lines: str) -> int:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
            return int(wire.recv(4096).split()[1])

    def test_this_machine_is_an_operator_s(self, port: int) -> None:
        assert self.ask(port, "GET /api/v1/tokens HTTP/1.1", "Host: localhost") == 200

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            (("GET /api/v1/tokens HTTP/1.1", "Host: evil.example"), 421),
            (("GET http://evil.example/api/v1/tokens HTTP/1.1", "Host: localhost"), 400),
            (("GET http://localhost/api/v1/tokens HTTP/1.1", "Host: evil.example"), 400),
            (("GET /api/v1/tokens HTTP/1.1", "Host: localhost", "Host: evil.example"), 400),
            (("GET /api/v1/tokens HTTP/1.0",), 400),
            (("GET /api/v1/tokens HTTP/1.1", "Host: localhost", "X-Forwarded-For: 1.2.3.4"), 401),
        ],
    )
    def test_whatever_is_not_plainly_meant_for_it_is_refused(
        self, lines: tuple[str, ...], status: int, port: int
    ) -> None:
        assert self.ask(port, *lines) == status


# uvicorn ends its thread by SystemExit.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_site_whose_port_is_taken_does_not_begin(site: RehearsedSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Refused, match=where):
            _site(site.house, where)
    with _site(site.house, where):
        assert httpx.get(f"http://{where}/api/v1/me").status_code == 200
