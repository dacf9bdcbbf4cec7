"""A newer version of the program neither loses nor changes what was approved and published."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doors import close_door, key
from inyourarea.contracts import keys
from inyourarea.gateway.access import Role
from inyourarea.gateway.deletion import sweep_outdated
from rehearsal_house import RehearsedSite

Upgrade = Callable[..., RehearsedSite]


@pytest.fixture
def upgrade(
    site: RehearsedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Upgrade]:
    """The same store, served by a program whose stages have changed."""
    opened = []

    def upgrade(*stages: str) -> RehearsedSite:
        sweep_outdated(site.objects)
        for stage in stages:
            name = f"{stage}_REVISION"
            monkeypatch.setattr(keys, name, getattr(keys, name) + 1)
        sweep_outdated(site.objects)
        newer = RehearsedSite(tmp_path)
        newer.house.projection.rebuild()
        opened.append(newer)
        return newer

    yield upgrade
    for newer in opened:
        newer.close()


def judge(site: RehearsedSite, video: dict, person: str, *verdicts: str) -> None:
    for somebody in site.watch(video)["people"]:
        for span in somebody["spans"]:
            site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    for verdict in verdicts:
        answer = site.http.post(f"/videos/{video['id']}/people/{person}/{verdict}")
        assert answer.status_code == 200, answer.text


def seen(site: RehearsedSite, video: dict) -> dict:
    """All that a visitor is given of the video: by address, its bytes or document."""
    watched = site.watch(video)
    stage = watched["video"]["stage"]
    urls = [stage["url"], stage["hls_url"], stage["sprite"]["url"], watched["camera_url"]["9x16"]]
    for person in watched["people"]:
        urls += [person["face_url"], *(fancam["url"] for fancam in person["fancams"])]
        urls += [fancam["hls_url"] for fancam in person["fancams"]]
    answers = {url: site.media(url) for url in urls}
    assert {answer.status_code for answer in answers.values()} == {200}
    people = [(person["id"], person["name"]) for person in watched["people"]]
    return {"people": people, **{url: answer.content for url, answer in answers.items()}}


@pytest.mark.parametrize(
    "stages",
    [
        ("TRACKING",),
        ("CAMERA",),
        ("BROWSER",),
        ("RENDER",),
        ("EXTRACTION", "DETECTION", "TRACKING", "CAMERA", "RENDER", "BROWSER"),
    ],
)
def test_visitors_see_what_was_published_before_an_upgrade(
    site: RehearsedSite, upgrade: Upgrade, stages: tuple[str, ...]
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    site.http.put(f"/videos/{video['id']}/people/{person}", json={"name": "Jennie"})
    judge(site, video, person, "approve", "publish")
    close_door(site, is_public=True)
    before = seen(site, video)
    newer = upgrade(*stages)
    close_door(newer, is_public=True)
    assert seen(newer, video) == before
    # It is made anew, and stays what visitors see until somebody publishes that.
    editor = key(newer, Role.EDITOR)
    if newer.get(f"/videos/{video['id']}", headers=editor)["state"] == "failed":
        again = newer.http.post(f"/videos/{video['id']}/retry", headers=editor)
        assert again.status_code == 200, again.text
        newer.work(video["id"])
    assert seen(newer, video)["people"] == before["people"]
    fancam = next(url for url in before if "/fancams/" in url)
    assert newer.media(fancam).content == before[fancam]


def test_an_outdated_video_says_so_and_is_tried_again(
    site: RehearsedSite, upgrade: Upgrade
) -> None:
    draft, shown = site.ready(b"a draft"), site.ready(b"a stage")
    person = site.watch(shown)["people"][0]
    judge(site, shown, person["id"], "approve", "publish")
    newer = upgrade("TRACKING", "DETECTION")
    for video in (draft, shown):
        told = newer.get(f"/videos/{video['id']}")
        assert (told["state"], told["is_outdated"]) == ("failed", True)
        assert "earlier version" in told["failure"]
    assert newer.get(f"/videos/{draft['id']}")["shown_run_id"] is None
    # What was published is still there to look at, and to withdraw, but not to correct.
    watched = newer.watch(shown)
    assert watched["run_id"] == shown["run_id"]
    boxes = newer.media(watched["boxes_url"]).json()
    assert boxes["people"] and boxes["others"] == []
    revision = watched["video"]["revision"]
    pins = [{"of": person["id"], "from_s": 1, "to_s": 2, "nobody": True}]
    asked = {"revision": revision, "pins": pins}
    answer = newer.http.put(f"/videos/{shown['id']}/pins", json=asked)
    assert (answer.status_code, answer.json()["type"].rsplit(":")[-1]) == (409, "outdated")
    newer.http.post(f"/videos/{shown['id']}/retry")
    told = newer.work(shown["id"])
    assert (told["state"], told["is_outdated"]) == ("ready", False)
    assert told["run_id"] != shown["run_id"]
    other = newer.watch(shown)["people"][1]["id"]
    for whose, status in ((person["id"], 422), (other, 202)):  # who is published is held
        asked = {"revision": told["revision"], "pins": [{**pins[0], "of": whose}]}
        answer = newer.http.put(f"/videos/{shown['id']}/pins", json=asked)
        assert answer.status_code == status, answer.text


def test_people_keep_ids_and_names_through_an_upgrade(
    site: RehearsedSite, upgrade: Upgrade
) -> None:
    video = site.ready()
    for number, person in enumerate(site.watch(video)["people"]):
        address = f"/videos/{video['id']}/people/{person['id']}"
        site.http.put(address, json={"name": f"Name {number}"})
    before = {person["id"]: person["name"] for person in site.watch(video)["people"]}
    newer = upgrade("TRACKING")
    newer.http.post(f"/videos/{video['id']}/retry")
    newer.work(video["id"])
    assert {person["id"]: person["name"] for person in newer.watch(video)["people"]} == before


def test_who_is_approved_is_the_same_after_an_upgrade(
    site: RehearsedSite, upgrade: Upgrade
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    judge(site, video, person, "approve")
    camera = site.media(site.watch(video)["camera_url"]["9x16"]).json()["people"][person]
    newer = upgrade("TRACKING", "CAMERA")
    newer.http.post(f"/videos/{video['id']}/retry")
    now = newer.work(video["id"])
    assert now["run_id"] != video["run_id"]
    watched = newer.watch(video)
    assert newer.media(watched["camera_url"]["9x16"]).json()["people"][person] == camera
    told = {one["id"]: one["publication"] for one in watched["people"]}
    assert told[person]["state"] == "approved"


def test_of_what_is_not_judged_nothing_is_kept(site: RehearsedSite, upgrade: Upgrade) -> None:
    video = site.ready()
    old = {key for key in site.stored() if key.startswith(("windows/", "faces/", "stages/"))}
    assert old
    newer = upgrade("EXTRACTION", "TRACKING", "CAMERA", "BROWSER")
    assert not old & newer.stored()
    newer.http.delete(f"/videos/{video['id']}")
    later = ("deletions/", "swept/", "uploads/")
    left = {key for key in newer.stored() if not key.startswith(later)}
    assert left == {keys.deleted(video["id"])}


def test_a_deleted_video_leaves_nothing_of_what_was_kept(
    site: RehearsedSite, upgrade: Upgrade
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    judge(site, video, person, "approve", "publish")
    newer = upgrade("EXTRACTION", "TRACKING", "CAMERA", "BROWSER")
    newer.http.post(f"/videos/{video['id']}/retry")
    newer.work(video["id"])
    newer.http.delete(f"/videos/{video['id']}")
    later = ("deletions/", "swept/", "uploads/")
    left = {key for key in newer.stored() if not key.startswith(later)}
    assert left == {keys.deleted(video["id"])}


def test_what_is_kept_of_an_earlier_version_is_still_its_owners(
    site: RehearsedSite, upgrade: Upgrade
) -> None:
    video = site.ready()
    judge(site, video, site.watch(video)["people"][0]["id"], "approve", "publish")
    newer = upgrade("TRACKING", "CAMERA", "BROWSER")
    mine = {key for key in newer.stored() if not key.startswith(("journal/", "uploads/"))}
    kept = sum(map(newer.objects.size, mine))
    (usage,) = newer.house.books.usage()
    assert usage.stored_bytes == kept
