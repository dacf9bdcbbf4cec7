"""What becomes true of a video is told to those who asked for it: once, and each time anew."""

from functools import partial

import pytest

from inyourarea.client import WebhookEvent
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.announcing import announce_run
from inyourarea.gateway.handler import GatewayHandler
from rehearsal_house import RehearsedSite

EVENTS = ("finished", "failed", "needs_review", "published", "deleted")


@pytest.fixture
def told(site: RehearsedSite) -> "Told":
    return Told(site)


class Told:
    """A webhook that asked for everything."""

    def __init__(self, site: RehearsedSite) -> None:
        announce = partial(announce_run, site.house)
        site.handler = GatewayHandler(site.objects, site.catalog, site.house.watchers, announce)
        self._webhooks = site.house.webhooks
        self._id = self._webhooks.add("https://93.184.216.34/", EVENTS, "")["id"]

    def __call__(self) -> list[WebhookEvent]:
        """What it is to be told, in order."""
        rows = self._webhooks.deliveries(self._id, 100)
        rows = sorted(rows, key=lambda row: row["created_ns"])
        return [WebhookEvent.model_validate_json(row["body"]) for row in rows]

    def names(self) -> list[str]:
        return [event.event for event in self()]


def test_a_run_that_is_ready_is_told_once_however_often_its_facts_come(
    site: RehearsedSite, told: Told
) -> None:
    video = site.ready()
    site.work(video["id"])
    finished = [event for event in told() if event.event == "finished"]
    assert [(event.video.id, event.video.state) for event in finished] == [(video["id"], "ready")]
    assert finished[0].video.run_id == video["run_id"]


def test_a_review_is_asked_for_where_a_span_should_be_looked_at(
    site: RehearsedSite, told: Told
) -> None:
    watch = site.watch(site.ready())
    spans = [span for somebody in watch["people"] for span in somebody["spans"]]
    assert spans
    assert told.names() == ["needs_review", "finished"]
    review, _ = told()
    assert (review.video.state, review.video.shown_run_id) == ("working", watch["run_id"])


def test_a_failure_is_told_in_words_and_again_after_a_retry(
    site: RehearsedSite, told: Told
) -> None:
    video = site.submit()
    failed = facts.StageFailed(video_id=video["id"], run_id=video["run_id"], reason="no frames")
    for _ in range(2):
        site.handler.on_stage_failed(failed)
    assert told.names() == ["failed"]
    assert told()[0].video.failure == "no frames"
    site.http.post(f"/videos/{video['id']}/retry")
    site.handler.on_stage_failed(failed)
    assert told.names() == ["failed", "failed"]


def test_publishing_and_deleting_are_told_and_a_video_that_comes_again_is_another_one(
    site: RehearsedSite, told: Told
) -> None:
    video = site.ready()
    somebody = site.watch(video)["people"][0]
    address = f"/videos/{video['id']}"
    for span in somebody["spans"]:
        site.http.post(f"{address}/spans/{span['id']}/confirm")
    for verdict in ("approve", "publish", "withdraw", "approve", "publish"):
        answer = site.http.post(f"{address}/people/{somebody['id']}/{verdict}")
        assert answer.status_code == 200, answer.text
    assert told.names().count("published") == 2
    assert site.http.delete(address).status_code == 204
    assert site.ready()["id"] == video["id"]
    names = [name for name in told.names() if name != "needs_review"]
    assert names == ["finished", "published", "published", "deleted", "finished"]


def test_an_older_run_is_not_told_of(site: RehearsedSite, told: Told) -> None:
    video = site.ready()
    before = told.names()
    site.handler.on_stage_failed(
        facts.StageFailed(video_id=video["id"], run_id="00" * 16, reason="gone")
    )
    assert told.names() == before


def test_a_webhooks_secret_is_told_once_and_a_private_address_is_refused(
    site: RehearsedSite,
) -> None:
    wanted = {"url": "https://93.184.216.34/told", "events": ["finished", "finished"]}
    made = site.http.post("/webhooks", json=wanted)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    (listed,) = site.get("/webhooks")["items"]
    assert listed["events"] == ["finished"]
    assert made.json()["secret"] not in str(site.get("/webhooks"))
    assert site.get(f"/webhooks/{listed['id']}/deliveries") == {"items": []}
    for url in ("http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "gopher://1.1.1.1/", "x"):
        answer = site.http.post("/webhooks", json={**wanted, "url": url})
        assert (answer.status_code, "This can not be told" in answer.text) == (422, True)
    assert site.http.delete(f"/webhooks/{listed['id']}").status_code == 204
    assert site.http.delete(f"/webhooks/{listed['id']}").status_code == 404


def test_webhooks_outlive_a_catalog_that_is_made_anew(site: RehearsedSite, told: Told) -> None:
    site.ready()
    before = told.names()
    site.house.projection.rebuild()
    assert told.names() == before != []
