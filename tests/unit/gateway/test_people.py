"""Naming, confirming, approving, publishing, withdrawing."""

from dataclasses import replace
from urllib.parse import unquote

import pytest

from doors import close_door
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.people import only_public, published_runs
from inyourarea.gateway.views import watch_document
from rehearsal_house import RehearsedSite


def judge(site: RehearsedSite, video: dict, person: str, verdict: str) -> dict:
    answer = site.http.post(f"/videos/{video['id']}/people/{person}/{verdict}")
    assert answer.status_code == 200, answer.text
    return answer.json()["publication"]


def confirm_all(site: RehearsedSite, video: dict) -> None:
    for person in site.watch(video)["people"]:
        for span in person["spans"]:
            answer = site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
            assert answer.status_code == 204


def pin(site: RehearsedSite, video: dict, person: str) -> dict:
    revision = site.get(f"/videos/{video['id']}")["revision"]
    pins = [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]
    asked = {"revision": revision, "pins": pins}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert answer.status_code == 202, answer.text
    return site.work(video["id"])


def seen_by_visitors(site: RehearsedSite, video: dict) -> set[str]:
    row = site.catalog.video(video["id"])
    assert row is not None
    if not published_runs(site.house, video["id"]):
        return set()
    shown = watch_document(site.house, row, Person(Role.VISITOR))
    return {person.id for person in shown.people}


def test_a_name_is_found_in_every_language(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    called = {"name": " Jennie ", "names": {"ko": "제니"}, "aliases": ["Nini", " "]}
    answer = site.http.put(f"/videos/{video['id']}/people/{person}", json=called)
    assert answer.json()["name"] == "Jennie"
    assert answer.json()["aliases"] == ["Nini"]
    for query in ("jennie", "제니", "ＮＩＮＩ"):
        assert len(site.get("/videos", params={"query": query})["items"]) == 1


def test_two_people_of_one_video_do_not_have_one_name(site: RehearsedSite) -> None:
    video = site.ready()
    first, second, *_ = (person["id"] for person in site.watch(video)["people"])
    address = f"/videos/{video['id']}/people"
    assert site.http.put(f"{address}/{first}", json={"name": "Jennie"}).status_code == 200
    answer = site.http.put(f"{address}/{second}", json={"name": "ｊｅｎｎｉｅ"})
    assert answer.status_code == 409
    assert "Jennie" in answer.json()["detail"]
    assert site.http.put(f"{address}/{first}", json={"name": "JENNIE"}).status_code == 200
    assert site.http.put(f"{address}/nobody", json={"name": "Rosé"}).status_code == 404
    assert site.http.put(f"{address}/{second}", json={"name": "  "}).status_code == 422


def test_a_name_with_a_script_is_text(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    name = "<img src=x onerror=alert(1)>"
    site.http.put(f"/videos/{video['id']}/people/{person}", json={"name": name})
    answer = site.http.get(f"/videos/{video['id']}/watch")
    assert answer.json()["people"][0]["name"] == name
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_approval_needs_every_span_looked_at(site: RehearsedSite) -> None:
    video = site.ready()
    person = next((p for p in site.watch(video)["people"] if p["spans"]), None)
    if person is None:
        pytest.skip("the rehearsal has nothing to look at")
    address = f"/videos/{video['id']}/people/{person['id']}/approve"
    answer = site.http.post(address)
    assert answer.status_code == 409
    assert str(len(person["spans"])) in answer.json()["detail"]
    confirm_all(site, video)
    assert site.http.post(address).json()["publication"]["state"] == "approved"
    assert site.http.post(f"/videos/{video['id']}/spans/none/confirm").status_code == 404


def test_what_was_published_is_seen_until_it_is_withdrawn(site: RehearsedSite) -> None:
    video = site.ready()
    person, other, *_ = (person["id"] for person in site.watch(video)["people"])
    confirm_all(site, video)
    address = f"/videos/{video['id']}/people/{person}"
    assert site.http.post(f"{address}/publish").status_code == 409  # not approved yet
    assert judge(site, video, person, "approve")["state"] == "approved"
    assert seen_by_visitors(site, video) == set()
    assert judge(site, video, person, "publish")["state"] == "published"
    assert seen_by_visitors(site, video) == {person}
    # Somebody else is corrected: a new run.
    newer = pin(site, video, other)
    assert newer["shown_run_id"] != video["shown_run_id"]
    assert seen_by_visitors(site, video) == {person}
    confirm_all(site, video)
    assert judge(site, video, person, "approve")["state"] == "approved"
    assert published_runs(site.house, video["id"]) == {person: video["run_id"]}
    judge(site, video, person, "publish")
    assert published_runs(site.house, video["id"]) == {person: newer["run_id"]}
    assert judge(site, video, person, "withdraw")["state"] == "draft"
    assert seen_by_visitors(site, video) == set()


def test_a_withdrawal_reaches_a_fancam_of_an_older_run(site: RehearsedSite) -> None:
    video = site.ready()
    person, other, *_ = (person["id"] for person in site.watch(video)["people"])
    confirm_all(site, video)
    judge(site, video, person, "approve")
    judge(site, video, person, "publish")
    pin(site, video, other)
    judge(site, video, person, "withdraw")
    assert published_runs(site.house, video["id"]) == {}


def test_visitors_see_people_who_were_published_from_different_runs(site: RehearsedSite) -> None:
    video = site.ready()
    first, second, third = (person["id"] for person in site.watch(video)["people"])
    confirm_all(site, video)
    judge(site, video, first, "approve")
    judge(site, video, first, "publish")
    newer = pin(site, video, third)
    confirm_all(site, video)
    judge(site, video, second, "approve")
    judge(site, video, second, "publish")
    told = {person["id"]: person["publication"] for person in site.watch(video)["people"]}
    assert told[first]["public_run_id"] == video["run_id"]
    assert told[second]["public_run_id"] == newer["run_id"]
    assert told[third] == {
        "state": "draft",
        "by": None,
        "at": None,
        "public_run_id": None,
        "is_behind": False,
    }
    close_door(site, is_public=True)
    watched = site.watch(video)
    assert {person["id"] for person in watched["people"]} == {first, second}
    for person in watched["people"]:
        assert site.media(person["fancams"][0]["url"]).status_code == 200
        assert site.media(person["face_url"]).status_code == 200
    camera = site.media(watched["camera_url"]["9x16"]).json()
    assert {*camera["people"]} == {first, second}


def test_what_is_public_is_behind_once_she_is_corrected_and_not_when_others_are(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    first, second, third = (person["id"] for person in site.watch(video)["people"])
    confirm_all(site, video)
    for person in (first, second):
        judge(site, video, person, "approve")
        judge(site, video, person, "publish")

    def behind() -> set[str]:
        people = site.watch(video)["people"]
        return {person["id"] for person in people if person["publication"]["is_behind"]}

    pin(site, video, third)
    assert behind() == set()
    reopened = judge(site, video, first, "reopen")
    assert (reopened["state"], reopened["public_run_id"]) == ("draft", video["run_id"])
    newer = pin(site, video, first)
    assert behind() == {first}
    assert seen_by_visitors(site, video) == {first, second}
    confirm_all(site, video)
    judge(site, video, first, "approve")
    assert behind() == {first}
    assert judge(site, video, first, "publish")["public_run_id"] == newer["run_id"]
    assert behind() == set()


def test_approving_again_takes_nothing_from_visitors(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    confirm_all(site, video)
    for verdict in ("approve", "publish", "approve"):
        judge(site, video, person, verdict)
    assert seen_by_visitors(site, video) == {person}


def test_who_is_no_longer_there_can_be_withdrawn(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]
    confirm_all(site, video)
    judge(site, video, person["id"], "approve")
    judge(site, video, person["id"], "publish")
    # In the newest run she is somebody else: as if two people had become one.
    run = site.house.showing.run
    row = site.catalog.video(video["id"])
    assert row is not None
    shown = run(video["run_id"])
    fewer = replace(shown, tracks=replace(shown.tracks, people=shown.tracks.people[1:]))
    found = only_public(site.house, row, fewer)
    assert [(one.id, one.name) for one in found] == [(person["id"], person["name"])]


def test_visitors_are_shown_the_shapes_that_everybody_has(site: RehearsedSite) -> None:
    video = site.ready()
    first, second, *_ = (person["id"] for person in site.watch(video)["people"])
    confirm_all(site, video)
    judge(site, video, first, "approve")
    judge(site, video, first, "publish")
    site.ready(aspects=["1:1"])
    confirm_all(site, video)
    judge(site, video, second, "approve")
    judge(site, video, second, "publish")
    assert site.watch(video)["aspects"] == ["9x16", "1x1"]
    close_door(site, is_public=True)
    watched = site.watch(video)
    assert (watched["aspects"], [*watched["camera_url"]]) == (["9x16"], ["9x16"])
    assert len(watched["people"]) == 2


def test_what_was_looked_at_counts_in_a_newer_run_where_nothing_has_changed(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    people = site.watch(video)["people"]
    assert any(person["spans"] for person in people), "the rehearsal has nothing to look at"
    confirm_all(site, video)
    old = site.house.showing.run(video["run_id"])
    newer = pin(site, video, people[0]["id"])
    new = site.house.showing.run(newer["run_id"])
    seen = set()
    for person in site.watch(video)["people"]:
        for span in person["spans"]:
            frames = slice(span["from_frame"], span["to_frame"] + 1)
            before, after = (run.person(person["id"]).xyxy[frames] for run in (old, new))
            is_same = before.tobytes() == after.tobytes()
            was_asked = span["id"] in {s["id"] for p in people for s in p["spans"]}
            assert span["confirmed"] == (is_same and was_asked), span
            seen.add(span["confirmed"])
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("template", "title", "saved"),
    [
        ("{title} - {name} ({aspect})", "Seoul (live)", "Seoul (live) - Jennie (9x16).mp4"),
        ("{ko} {en}", "Seoul", "제니 Jennie.mp4"),
        ("{title}", "../a/b:c\u202e", "-a-b-c-.mp4"),
        ("{title}", "직" * 300, "직" * 66 + ".mp4"),
        ("{title}", "...", "fancam.mp4"),
    ],
)
def test_a_saved_fancam_is_called_after_the_template(
    site: RehearsedSite, template: str, title: str, saved: str
) -> None:
    site.house.settings = replace(site.house.settings, export_name=template)
    video = site.ready(title=title)
    person = site.watch(video)["people"][0]
    called = {"name": "Jennie", "names": {"ko": "제니"}}
    site.http.put(f"/videos/{video['id']}/people/{person['id']}", json=called)
    answer = site.media(person["fancams"][0]["url"])
    _, name = answer.headers["content-disposition"].split("filename*=UTF-8''")
    assert unquote(name) == saved
