"""Webhooks: signed, tried again, and never where they must not go."""

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Collection, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from inyourarea.client import WebhookForged, verify_webhook
from inyourarea.gateway.addresses import AddressRefused, allowed, is_open
from inyourarea.gateway.catalog import Catalog, Row
from inyourarea.gateway.courier import Courier
from inyourarea.gateway.posting import read_target
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.webhooks import MOST_TRIES, Event, Webhooks
from servers import Target, listening
from waiting import until

HERE = (ip_network("127.0.0.0/8"),)
CLOSED = """127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1
    255.255.255.255 240.0.0.1 198.18.0.1 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fe80::1%2
    fc00::1 fd12::1 fec0::1 ff02::1 ::127.0.0.1 2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1
    64:ff9b::a00:1 2001:0:7f00:1:: 2001:db8::1"""
VIDEO = {
    "id": "ab" * 16,
    "title": "제니",
    "filename": "stage.mp4",
    "created_at": "2026-01-01T00:00:00+00:00",
    "framing": "full",
    "aspects": ["9:16"],
    "state": "ready",
    "revision": 1,
    "source": {
        "width": 640,
        "height": 360,
        "frames": 1,
        "duration_s": 1.0,
        "frame_rate": "30/1",
        "codec": "h264",
        "has_audio": True,
    },
    "run_id": "cd" * 16,
}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def webhooks(catalog: Catalog) -> Webhooks:
    return Webhooks(catalog)


def at_work(webhooks: Webhooks, longest_try_s: float = 5.0) -> Courier:
    return Courier(webhooks, HERE, first_wait_s=0.05, longest_try_s=longest_try_s)


def finished(occasion: str = "1") -> Event:
    return Event("finished", VIDEO, occasion)


def state_of(webhooks: Webhooks, webhook: str) -> tuple[str, int, str]:
    (row,) = webhooks.deliveries(webhook, 10)
    return row["state"], row["tries"], row["answer"]


@pytest.mark.slow
def test_an_event_is_delivered_once_and_signed_with_the_secret(webhooks: Webhooks) -> None:
    with listening(Target([204])) as target, at_work(webhooks):
        row = webhooks.add(f"{target.url}/told?by=us", ["finished"], "")
        webhooks.tell(finished())
        webhooks.tell(finished())
        webhooks.tell(Event("failed", VIDEO, "1"))
        (request,) = target.wait_for(1)
        until(lambda: state_of(webhooks, row["id"])[0] == "delivered")
        time.sleep(1.2)  # a second one would have come by now
    assert len(target.requests) == 1
    assert request.path == "/told?by=us"
    header = request.headers["x-inyourarea-signature"]
    stamp = header.removeprefix("t=").partition(",")[0]
    signed = f"{stamp}.".encode() + request.body
    by_hand = hmac.new(row["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert header == f"t={stamp},v1={by_hand}"
    event = verify_webhook(row["secret"], header, request.body)
    assert (event.event, event.video.title, event.id) == (
        "finished",
        "제니",
        request.headers["x-inyourarea-delivery"],
    )


def test_a_forged_changed_or_old_delivery_is_told_apart() -> None:
    body = json.dumps({"id": "1", "event": "finished", "at": "", "video": VIDEO}).encode()
    sign = lambda secret: hmac.new(secret, b"1000." + body, hashlib.sha256).hexdigest()  # noqa: E731
    right = f"t=1000,v1={sign(b'ours')}"
    assert verify_webhook("ours", right, body, now_s=1000).event == "finished"
    for header, sent, now_s in (
        (f"t=1000,v1={sign(b'theirs')}", body, 1000),
        (right, body + b" ", 1000),
        (right.replace("t=1000", "t=1001"), body, 1000),
        (right, body, 1301),
        ("", body, 1000),
        ("v1=é", body, 1000),
    ):
        with pytest.raises(WebhookForged):
            verify_webhook("ours", header, sent, now_s=now_s)


@pytest.mark.slow
def test_what_answers_500_twice_is_asked_a_third_time_with_the_same_id(webhooks: Webhooks) -> None:
    with listening(Target([500, 500, 200])) as target, at_work(webhooks):
        row = webhooks.add(target.url, ["finished"], "")
        webhooks.tell(finished())
        requests = target.wait_for(3)
        until(lambda: state_of(webhooks, row["id"])[0] == "delivered")
    assert state_of(webhooks, row["id"]) == ("delivered", 3, "answered 200")
    assert len({request.body for request in requests}) == 1
    for request in requests:
        verify_webhook(row["secret"], request.headers["x-inyourarea-signature"], request.body)


def test_it_is_given_up_after_the_last_try(webhooks: Webhooks) -> None:
    row = webhooks.add("http://127.0.0.1:1/", ["finished"], "")
    webhooks.tell(finished())
    for tries in range(1, MOST_TRIES + 1):
        delivery = webhooks.claim(())
        assert delivery is not None
        assert delivery["tries"] == tries
        assert webhooks.claim(()) is None
        webhooks.failed(delivery, "no", first_wait_s=0)
    assert webhooks.claim(()) is None
    assert state_of(webhooks, row["id"]) == ("given_up", MOST_TRIES, "no")


def test_the_last_try_is_an_hour_after_the_first(webhooks: Webhooks) -> None:
    webhooks.add("http://127.0.0.1:1/", ["finished"], "")
    webhooks.tell(finished())
    delivery = webhooks.claim(())
    assert delivery is not None
    waits_s = []
    for tries in range(1, MOST_TRIES):
        now = time.time_ns()
        webhooks.failed({**delivery, "tries": tries}, "no")
        (row,) = webhooks.deliveries(delivery["webhook_id"], 1)
        waits_s.append((row["next_ns"] - now) / 1e9)
    assert 3400 < sum(waits_s) < 3800
    assert all(later > 2 * earlier for earlier, later in itertools.pairwise(waits_s))


@pytest.mark.slow
@pytest.mark.parametrize("target", [Target([200], hang_s=6), Target([200], trickle=True)])
def test_a_target_that_hangs_or_trickles_holds_nothing_up(
    webhooks: Webhooks, target: Target
) -> None:
    with listening(Target([200])) as good, listening(target), at_work(webhooks, longest_try_s=1):
        slow = webhooks.add(target.url, ["finished"], "")
        for number in range(20):
            webhooks.tell(finished(f"slow {number}"))
        quick = webhooks.add(good.url, ["finished"], "")
        webhooks.tell(finished("quick"))
        began = time.monotonic()
        good.wait_for(1)
        assert time.monotonic() - began < 10  # of the twenty seconds that the slow one takes
        until(lambda: any(row["answer"] for row in webhooks.deliveries(slow["id"], 20)))
        assert {row["answer"] for row in webhooks.deliveries(slow["id"], 20)} <= {
            "",
            "no answer within 1 s",
        }
        until(lambda: state_of(webhooks, quick["id"])[0] == "delivered")


@pytest.mark.slow
def test_a_redirect_is_not_followed(webhooks: Webhooks) -> None:
    with listening(Target([307])) as target, at_work(webhooks):
        row = webhooks.add(target.url, ["finished"], "")
        webhooks.tell(finished())
        target.wait_for(2)
    assert {request.path for request in target.requests} == {"/"}
    assert state_of(webhooks, row["id"])[2] == "answered 307; redirects are not followed"


@pytest.mark.slow
def test_a_target_on_this_machine_is_refused_unless_its_network_is_allowed(
    webhooks: Webhooks,
) -> None:
    with listening(Target([200])) as target:
        row = webhooks.add(target.url.replace("127.0.0.1", "localhost"), ["finished"], "")
        webhooks.tell(finished())
        with Courier(webhooks, (), first_wait_s=60):
            until(lambda: state_of(webhooks, row["id"])[2] != "")
    assert "not in the open internet" in state_of(webhooks, row["id"])[2]
    assert target.requests == []


@pytest.mark.slow
def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["10.0.0.1"], ["127.0.0.1"]]
    monkeypatch.setattr("inyourarea.gateway.posting.look_up", lambda *_: answers.pop())
    with listening(Target([200])) as target, at_work(webhooks):
        port = target.url.rsplit(":", 1)[1]
        webhooks.add(f"http://rebinding.example:{port}/", ["finished"], "")
        webhooks.tell(finished())
        (request,) = target.wait_for(1)
    assert request.headers["host"] == f"rebinding.example:{port}"
    assert answers == [["10.0.0.1"]]  # it was looked up once


@pytest.mark.slow
def test_what_is_not_delivered_is_delivered_after_a_restart(
    tmp_path: Path, webhooks: Webhooks, catalog: Catalog
) -> None:
    with listening(Target([200])) as target:
        webhooks.add(target.url, ["finished"], "")
        webhooks.tell(finished())
        catalog.close()
        again = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
        again.open()
        with at_work(Webhooks(again)):
            target.wait_for(1)
        again.close()


class OnceUnreadable(Webhooks):
    """Its first answer is none that anybody expected."""

    was_asked = False

    def claim(self, busy: Collection[str]) -> Row | None:
        if not self.was_asked:
            self.was_asked = True
            raise KeyError("webhook_id")
        return super().claim(busy)


@pytest.mark.slow
def test_one_that_can_not_be_begun_does_not_end_those_to_come(catalog: Catalog) -> None:
    webhooks = OnceUnreadable(catalog)
    with listening(Target([200])) as target:
        webhooks.add(target.url, ["finished"], "")
        webhooks.tell(finished())
        with at_work(webhooks):
            target.wait_for(1)
    assert webhooks.was_asked


def test_a_webhook_that_was_removed_is_told_nothing_more(webhooks: Webhooks) -> None:
    row = webhooks.add("http://127.0.0.1:1/", ["finished"], "")
    webhooks.tell(finished())
    webhooks.remove(row["id"])
    assert webhooks.claim(()) is None
    with pytest.raises(NotThere):
        webhooks.remove(row["id"])


@pytest.mark.parametrize(
    "address",
    CLOSED.split(),
)
def test_an_address_that_is_not_in_the_open_internet_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        allowed([address], ())


def test_an_address_in_the_open_internet_is_taken_and_others_beside_it_are_not() -> None:
    open_ones = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]
    assert allowed(["127.0.0.1", *open_ones, "::1"], ()) == open_ones
    assert is_open(ip_address("1.1.1.1"))
    assert allowed(["::ffff:127.0.0.1", "10.0.0.1"], HERE) == ["::ffff:127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "example.org",
        "http://",
        "http://user:word@example.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://example.org/a b",
        "http://example.org/\r\nX: y",
        "http://[::1%25eth0]/",
        "http://예.org/",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        read_target(url)


def test_an_address_keeps_its_host_port_and_query() -> None:
    target = read_target("https://example.org:8443/a/b?c=d&e#f")
    assert (target.host, target.port, target.path) == ("example.org", 8443, "/a/b?c=d&e")
    assert target.authority == "example.org:8443"
    assert read_target("http://[::1]/").authority == "[::1]"
