"""Videos are found by words, labels and states, and page by page while others come in."""

import base64
import json
import unicodedata

import pytest

from inyourarea.contracts.v1 import facts_pb2 as facts
from rehearsal_house import RehearsedSite

SPELLINGS = [unicodedata.normalize(form, "블랙핑크") for form in ("NFC", "NFD")]


def titles(site: RehearsedSite, **asked: object) -> list[str]:
    return [video["title"] for video in site.get("/videos", params=asked)["items"]]


@pytest.mark.parametrize("query", [*SPELLINGS, "ｂｌａｃｋｐｉｎｋ", "BlackPink seoul", "SEOUL"])
def test_case_width_and_composition_do_not_count(site: RehearsedSite, query: str) -> None:
    site.submit(b"1", title="BLACKPINK 블랙핑크 Seoul")
    site.submit(b"2", title="another")
    assert titles(site, query=query) == ["BLACKPINK 블랙핑크 Seoul"]


def test_text_is_kept_composed(site: RehearsedSite) -> None:
    apart = unicodedata.normalize("NFD", "제니")
    assert apart != "제니"
    video = site.submit(title=f"  {apart}   직캠 ", external_id=apart)
    assert (video["title"], video["external_id"]) == ("제니 직캠", "제니")
    assert titles(site, external_id=apart) == ["제니 직캠"]


def test_signs_of_the_database_are_plain_letters(site: RehearsedSite) -> None:
    site.submit(b"1", title="100% live")
    site.submit(b"2", title="100 live_")
    assert titles(site, query="100%") == ["100% live"]
    assert titles(site, query="e_") == ["100 live_"]
    assert titles(site, query="'; DROP TABLE videos; --") == []


def test_labels_states_and_external_ids_are_all_conditions(site: RehearsedSite) -> None:
    site.submit(b"1", title="one", labels={"tour": "seoul", "day": "1"}, external_id="x1")
    site.submit(b"2", title="two", labels={"tour": "seoul", "day": "2"}, external_id="x2")
    site.ready(b"3", title="three", labels={"tour": "tokyo"})
    assert titles(site, label="tour:seoul") == ["two", "one"]
    assert titles(site, label=["tour:seoul", "day:1"]) == ["one"]
    assert titles(site, label="tour:seou") == []
    assert titles(site, external_id="x2") == ["two"]
    assert titles(site, state="ready") == ["three"]
    assert titles(site, state=["ready", "working"], query="tw") == ["two"]
    assert site.http.get("/videos", params={"label": "no colon"}).status_code == 422
    assert site.http.get("/videos", params={"label": 'a"b:c'}).status_code == 422


def test_pages_show_every_video_once_while_others_come_in_and_go(site: RehearsedSite) -> None:
    made = [site.submit(b"%d" % n, title=str(n))["id"] for n in range(7)]
    seen, asked = [], {"limit": 2}
    for page in range(10):
        answer = site.get("/videos", params=asked)
        seen += [video["title"] for video in answer["items"]]
        if answer["next_cursor"] is None:
            break
        asked["cursor"] = answer["next_cursor"]
        site.submit(b"new %d" % page, title="new")
        if page == 1:
            site.http.delete(f"/videos/{made[2]}")  # the next page would have begun with it
    assert seen == ["6", "5", "4", "3", "1", "0"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "", "W10=", base64.b64encode(b"[1e999, 1]").decode()]
    + [
        base64.b64encode(json.dumps(wrong).encode()).decode()
        for wrong in ([1], [10**30, "ab" * 16], [-1, "ab" * 16], ["a", "b"], [1, "\0"], {"a": 1})
    ],
)
def test_a_cursor_that_was_not_given_here_is_refused(site: RehearsedSite, cursor: str) -> None:
    answer = site.http.get("/videos", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:inyourarea:problem:cursor"


def test_the_same_file_again_is_the_same_run(site: RehearsedSite) -> None:
    first = site.ready(external_id="mine")
    again = site.http.post("/videos", json={"upload_id": site.upload()})
    assert again.status_code == 200
    assert again.json() == first
    wider = site.submit(aspects=["9:16", "1:1"])
    assert wider["id"] == first["id"]
    assert wider["run_id"] != first["run_id"]
    assert wider["shown_run_id"] == first["run_id"]  # until the new one is there


def test_a_failed_run_is_tried_again_when_it_is_asked_for_again(site: RehearsedSite) -> None:
    video = site.submit()
    about = {"video_id": video["id"], "run_id": video["run_id"]}
    site.handler.on_stage_failed(facts.StageFailed(**about, stage="detect", reason="no memory"))
    failed = site.get(f"/videos/{video['id']}")
    assert (failed["state"], failed["failure"]) == ("failed", "no memory")
    again = site.http.post("/videos", json={"upload_id": site.upload()})
    assert again.status_code == 202
    assert (again.json()["state"], again.json()["failure"]) == ("working", None)


def test_a_title_with_control_characters_is_refused(site: RehearsedSite) -> None:
    for wrong in ("a\x00b", "a\nb", "\x7f"):
        answer = site.http.post("/videos", json={"upload_id": site.upload(), "title": wrong})
        assert answer.status_code == 422
    body = b'{"upload_id": "%s", "title": "\\ud800"}' % site.upload().encode()
    headers = {"Content-Type": "application/json"}
    assert site.http.post("/videos", content=body, headers=headers).status_code == 422


def test_a_script_in_a_title_is_text(site: RehearsedSite) -> None:
    title = "<script>alert(1)</script>"
    assert site.submit(title=title)["title"] == title
    assert titles(site, query="<script>") == [title]


def test_a_group_s_videos_are_listed(site: RehearsedSite) -> None:
    site.house.models = {**site.house.models, "show": site.house.models[""]}
    site.submit(b"1", title="theirs", group="show")
    site.submit(b"2", title="show of others")
    assert titles(site, group="show") == ["theirs"]
    assert titles(site, group="sho") == []


def test_open_spans_are_listed_until_somebody_has_looked(site: RehearsedSite) -> None:
    site.submit(b"1", title="at work")
    video = site.ready(b"2", title="Seoul")
    (asked,) = site.get("/review")["items"]
    assert (asked["video_id"], asked["title"]) == (video["id"], "Seoul")
    assert asked["run_id"] == video["run_id"]
    listed = {person["id"]: person["spans"] for person in asked["people"]}
    assert listed == {p["id"]: p["spans"] for p in site.watch(video)["people"] if p["spans"]}
    for spans in listed.values():
        for span in spans:
            site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    assert site.get("/review")["items"] == []


def test_a_corrected_video_can_be_looked_at_before_it_is_drawn(site: RehearsedSite) -> None:
    video = site.ready()
    before = site.get("/review")["items"][0]
    pins = [{"of": before["people"][0]["id"], "from_s": 1, "to_s": 2, "nobody": True}]
    asked = {"revision": video["revision"], "pins": pins}
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202
    assert site.get(f"/videos/{video['id']}")["state"] == "working"
    (now,) = site.get("/review")["items"]
    assert now["run_id"] != before["run_id"]
    listed = {person["id"]: person["spans"] for person in now["people"]}
    assert listed == {p["id"]: p["spans"] for p in site.watch(video)["people"] if p["spans"]}


def test_the_review_queue_comes_in_pages(site: RehearsedSite) -> None:
    made = [site.ready(b"%d" % n)["id"] for n in range(3)]
    first = site.get("/review", params={"limit": 2})
    rest = site.get("/review", params={"limit": 2, "cursor": first["next_cursor"]})
    assert [one["video_id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
