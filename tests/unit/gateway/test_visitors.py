"""What reaches a visitor of a public site: what is published, and nothing of a draft."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from doors import close_door, key
from inyourarea.gateway import pages
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.changes import shown_now
from inyourarea.gateway.journal import FancamJudged
from inyourarea.gateway.problems import NotThere
from rehearsal_house import RehearsedSite

VISITOR = Person(Role.VISITOR)


def judge(site: RehearsedSite, video: dict, somebody: dict, *verdicts: str) -> None:
    for span in site.watch(video)["people"]:
        for doubt in span["spans"]:
            site.http.post(f"/videos/{video['id']}/spans/{doubt['id']}/confirm")
    for verdict in verdicts:
        answer = site.http.post(f"/videos/{video['id']}/people/{somebody['id']}/{verdict}")
        assert answer.status_code == 200, answer.text


@pytest.fixture
def shown(site: RehearsedSite) -> dict:
    """A public site with a draft, and a video of which one person is published."""
    asked = {"external_id": "deal-7", "labels": {"tour": "2026"}, "title": "Stage"}
    draft = site.ready(b"a draft", title="Rehearsal")
    video = site.ready(b"a stage", name="secret-file.mp4", **asked)
    people = site.watch(video)["people"]
    for number, name in enumerate(("Jennie", "Hidden")):
        address = f"/videos/{video['id']}/people/{people[number]['id']}"
        assert site.http.put(address, json={"name": name}).status_code == 200
    judge(site, video, people[0], "approve", "publish")
    judge(site, video, people[1], "approve")
    found = {
        "video": site.get(f"/videos/{video['id']}"),
        "draft": draft,
        "seen": people[0],
        "hidden": people[1:],
    }
    close_door(site, is_public=True)
    return found


def test_only_videos_with_something_published_are_listed(site: RehearsedSite, shown: dict) -> None:
    assert [video["id"] for video in site.get("/videos")["items"]] == [shown["video"]["id"]]
    viewer = key(site, Role.VIEWER)
    assert len(site.get("/videos", headers=viewer)["items"]) == 2


def test_a_video_that_is_withdrawn_while_it_is_listed_is_left_out(
    site: RehearsedSite, shown: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, withdrawn = shown["video"]["id"], shown["draft"]["id"]
    monkeypatch.setattr(site.catalog, "published", lambda: [withdrawn, video])
    assert [found["id"] for found in site.get("/videos")["items"]] == [video]


@pytest.mark.parametrize("words", ["Hidden", "secret-file", "deal-7", "Rehearsal"])
def test_nothing_unpublished_is_found_by_its_words(
    words: str, site: RehearsedSite, shown: dict
) -> None:
    assert site.get("/videos", params={"query": words})["items"] == []
    viewer = key(site, Role.VIEWER)
    assert len(site.get("/videos", params={"query": words}, headers=viewer)["items"]) == 1


@pytest.mark.parametrize("words", ["stage", "JENNIE"])
def test_what_is_published_is_found(words: str, site: RehearsedSite, shown: dict) -> None:
    assert len(site.get("/videos", params={"query": words})["items"]) == 1


@pytest.mark.parametrize(
    "asked", [{"label": "tour:2026"}, {"external_id": "deal-7"}, {"state": "ready"}]
)
def test_labels_and_states_are_no_visitor_s_to_feel_for(
    asked: dict, site: RehearsedSite, shown: dict
) -> None:
    assert site.http.get("/videos", params=asked).status_code == 401


def test_no_address_of_a_draft_answers(site: RehearsedSite, shown: dict) -> None:
    video, run = shown["draft"]["id"], shown["draft"]["run_id"]
    viewer = key(site, Role.VIEWER)
    watched = site.get(f"/videos/{video}/watch", headers=viewer)
    fancams = [fancam["url"] for one in watched["people"] for fancam in one["fancams"]]
    addresses = [
        f"/videos/{video}",
        f"/videos/{video}/watch",
        f"/videos/{video}/stage.mp4",
        f"/videos/{video}/events",
        f"/runs/{run}/camera/9x16.json",
        *fancams,
    ]
    for address in addresses:
        assert site.http.get(address.removeprefix("/api/v1")).status_code == 404, address
    hidden = ["boxes.json", "report.json", "tracks.csv", "detections.parquet", "camera.csv"]
    for name in hidden:
        assert site.http.get(f"/runs/{run}/{name}").status_code == 401, name
        assert site.http.get(f"/runs/{shown['video']['run_id']}/{name}").status_code == 401, name


def test_a_published_video_tells_nothing_of_what_is_behind_it(
    site: RehearsedSite, shown: dict
) -> None:
    video = site.get(f"/videos/{shown['video']['id']}")
    hidden = ("filename", "external_id", "labels", "progress", "failure", "revision")
    assert not any(video[name] for name in hidden)
    assert video["title"] == "Stage"
    text = site.http.get(f"/videos/{video['id']}/watch").text
    for secret in ("secret-file", "deal-7", "tour", "Hidden", *(p["id"] for p in shown["hidden"])):
        assert secret not in text


def test_a_published_person_is_shown_and_nobody_else(site: RehearsedSite, shown: dict) -> None:
    watched = site.watch(shown["video"])
    assert [somebody["name"] for somebody in watched["people"]] == ["Jennie"]
    somebody = watched["people"][0]
    assert somebody["report"] == {} and somebody["spans"] == []
    assert somebody["publication"]["by"] is None
    assert watched["boxes_url"] is None
    camera = site.http.get(watched["camera_url"]["9x16"].removeprefix("/api/v1"))
    assert [*camera.json()["people"]] == [shown["seen"]["id"]]
    assert "immutable" not in camera.headers["cache-control"]  # a viewer's holds more


def test_a_published_fancam_plays_and_no_other_of_its_run_does(
    site: RehearsedSite, shown: dict
) -> None:
    run = shown["video"]["run_id"]
    seen = site.http.get(f"/runs/{run}/fancams/{shown['seen']['id']}-9x16.mp4")
    assert seen.content.startswith(f"fancam of {shown['seen']['id']}".encode())
    for somebody in shown["hidden"]:
        answer = site.http.get(f"/runs/{run}/fancams/{somebody['id']}-9x16.mp4")
        assert answer.status_code == 404
    stage = site.http.get(f"/videos/{shown['video']['id']}/stage.mp4")
    assert stage.content == b"a stage"


def test_what_is_withdrawn_is_gone_from_every_address(site: RehearsedSite, shown: dict) -> None:
    video, run = shown["video"]["id"], shown["video"]["run_id"]
    editor = key(site, Role.EDITOR)
    address = f"/videos/{video}/people/{shown['seen']['id']}/withdraw"
    assert site.http.post(address, headers=editor).status_code == 200
    fancam = f"/runs/{run}/fancams/{shown['seen']['id']}-9x16.mp4"
    for address in (f"/videos/{video}", f"/videos/{video}/stage.mp4", fancam):
        assert site.http.get(address).status_code == 404, address
    assert site.get("/videos")["items"] == []


def test_a_stream_of_events_tells_a_visitor_what_the_video_s_address_does(
    site: RehearsedSite, shown: dict
) -> None:
    told = shown_now(site.house, shown["video"]["id"], VISITOR).model_dump_json()
    assert "secret-file" not in told and "deal-7" not in told
    with pytest.raises(NotThere):
        shown_now(site.house, shown["draft"]["id"], VISITOR)


def test_what_editors_do_with_a_newer_run_is_notshown_now(site: RehearsedSite, shown: dict) -> None:
    video = shown["video"]["id"]
    entry = FancamJudged(run_id="f" * 32, person=shown["seen"]["id"], state="approved")
    site.house.journal.append_last(video, entry)
    site.house.projection.project(video)
    (somebody,) = site.watch(shown["video"])["people"]
    assert somebody["publication"]["state"] == "published"


def test_a_shared_page_tells_of_who_is_published_and_leads_to_her(
    site: RehearsedSite, shown: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<head></head>")
    monkeypatch.setattr(pages, "DIST", tmp_path)
    address = f"http://site/watch/{shown['video']['id']}"
    seen, hidden = shown["seen"]["id"], shown["hidden"][0]["id"]
    for person, title, url in (
        (seen, "Jennie - Stage", f"{address}?person={seen}"),
        (hidden, "Stage", address),
        ("'\"><b>", "Stage", address),
    ):
        page = site.http.get(address, params={"person": person}).text
        assert f'<meta property="og:title" content="{title}" />' in page
        assert f'<meta property="og:url" content="{url}" />' in page
    site.house.settings = replace(site.house.settings, proxies=(ip_network("127.0.0.0/8"),))
    page = site.http.get(address, headers={"X-Forwarded-Proto": "https"}).text
    assert '<meta property="og:image" content="https://site/api/v1/videos/' in page
    draft = site.http.get(f"http://site/watch/{shown['draft']['id']}").text
    assert draft == site.http.get(f"http://site/watch/{'0' * 32}").text == "<head></head>"


def test_a_page_tells_nobody_of_a_video_whom_its_address_does_not(
    site: RehearsedSite, shown: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<head></head>")
    monkeypatch.setattr(pages, "DIST", tmp_path)
    close_door(site)
    published, draft = (f"http://site/watch/{shown[which]['id']}" for which in ("video", "draft"))
    other = key(site, Role.EDITOR, labels=["tour:2025"])
    for address, headers in ((published, {}), (draft, {}), (published, other)):
        assert site.http.get(address, headers=headers).text == "<head></head>"
    viewer = key(site, Role.VIEWER)
    assert 'content="Stage"' in site.http.get(published, headers=viewer).text
    assert "preload" in site.http.get(draft, headers=viewer).text


@pytest.mark.parametrize("name", ["%00", "a%00b", "0" * 31 + "%0a"])
def test_an_address_that_names_no_video_is_a_page_and_never_asked_of_the_catalog(
    site: RehearsedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """PostgreSQL takes no NUL in a text."""

    def refuse(_: str) -> None:
        raise ValueError("it can not be asked for that")

    (tmp_path / "index.html").write_text("<head></head>")
    monkeypatch.setattr(pages, "DIST", tmp_path)
    monkeypatch.setattr(site.catalog, "video", refuse)
    monkeypatch.setattr(site.catalog, "judgements", refuse)
    page = site.http.get(f"http://site/watch/{name}")
    assert (page.status_code, page.text) == (200, "<head></head>")
