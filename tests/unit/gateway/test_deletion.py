"""A deleted video leaves nothing that no other run needs, late units and tried pins included."""

from functools import partial
from typing import Any

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.gateway import deletion
from inyourarea.gateway.deletion import LONGEST_UNIT_S, sweep_outdated
from inyourarea.gateway.house import House
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.objects import Objects, holds
from rehearsal_house import RehearsedSite, sha256


def lasting(site: RehearsedSite) -> set[str]:
    """The objects, but for what goes with a later sweep: of units under way, of uploads."""
    return {key for key in site.stored() if not key.startswith(("deletions/", "uploads/"))}


def delete(site: RehearsedSite, video: str) -> None:
    answer = site.http.delete(f"/videos/{video}")
    assert answer.status_code == 204, answer.text


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = deletion.time.time()
    monkeypatch.setattr(deletion.time, "time", lambda: now + LONGEST_UNIT_S + 2)


def test_a_deleted_video_leaves_only_its_tombstone(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]
    site.http.put(f"/videos/{video['id']}/people/{person['id']}", json={"name": "Jennie"})
    url = person["fancams"][0]["url"]
    assert site.media(url).content.startswith(b"fancam of")
    delete(site, video["id"])
    assert lasting(site) == {keys.deleted(video["id"])}
    assert site.http.get(f"/videos/{video['id']}").status_code == 404
    assert site.media(url).status_code == 404
    assert site.get("/videos")["items"] == []
    later(monkeypatch)
    site.house.sweep()
    assert site.stored() == {keys.deleted(video["id"])}


def test_another_part_of_the_same_source_keeps_what_it_needs(site: RehearsedSite) -> None:
    part = site.ready(to_s=3)
    alone = lasting(site)
    whole = site.ready()
    assert whole["id"] != part["id"]
    delete(site, whole["id"])
    kept = lasting(site)
    assert kept == alone | {keys.deleted(whole["id"])}
    assert site.media(site.watch(part)["people"][0]["fancams"][0]["url"]).status_code == 200
    delete(site, part["id"])
    assert lasting(site) == {keys.deleted(whole["id"]), keys.deleted(part["id"])}


def test_the_names_that_another_part_goes_by_are_kept(site: RehearsedSite) -> None:
    whole = site.ready()
    part = site.ready(to_s=3)
    before = site.watch(part)["people"]
    delete(site, whole["id"])
    assert site.watch(part)["people"] == before
    accepted = site.house.showing.accepted(part["run_id"])
    assert accepted.spec.names_from in site.stored()


def test_a_run_from_the_command_line_keeps_what_it_needs(site: RehearsedSite) -> None:
    video = site.ready()
    accepted = site.house.showing.accepted(video["run_id"])
    theirs = facts.VideoAccepted()
    theirs.CopyFrom(accepted)
    theirs.video_id = theirs.spec.video_id = "ab" * 16
    theirs.run_id = "cd" * 16
    site.objects.put(keys.accepted(theirs.run_id), theirs.SerializeToString())
    delete(site, video["id"])
    assert {keys.accepted(theirs.run_id), accepted.source.key} <= lasting(site)


def test_what_a_unit_leaves_that_was_under_way_is_swept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.submit()
    accepted = site.house.showing.accepted(video["run_id"])
    delete(site, video["id"])
    # Every stage was at work just then.
    site.stages.find(accepted)
    site.stages.solve(accepted)
    site.handler.on_fancams_published(site.stages.draw(accepted))
    about = {"video_id": video["id"], "run_id": video["run_id"]}
    site.handler.on_stage_failed(facts.StageFailed(**about, stage="render", reason="no source"))
    assert len(lasting(site)) > 10
    assert site.http.get(f"/videos/{video['id']}").status_code == 404
    site.house.sweep()
    assert lasting(site) == {keys.deleted(video["id"])}


def test_pins_that_were_only_tried_leave_nothing_for_long(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    before = site.stored()
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    assert site.http.post(f"/videos/{video['id']}/pins/preview", json=asked).status_code == 200
    tried = site.stored()
    assert len(tried) > len(before)
    site.house.sweep()
    assert site.stored() == tried  # somebody looks at it
    later(monkeypatch)
    site.house.sweep()
    assert site.stored() == before


def test_pins_that_were_tried_and_set_stay(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    site.http.post(f"/videos/{video['id']}/pins/preview", json=asked)
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202
    done = site.work(video["id"])
    shown = site.watch(done)
    later(monkeypatch)
    site.house.sweep()
    assert not any(key.startswith("previews/") for key in site.stored())
    assert site.watch(done) == shown
    delete(site, video["id"])
    assert lasting(site) == {keys.deleted(video["id"])}


def test_tried_pins_go_with_their_video(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    site.http.post(f"/videos/{video['id']}/pins/preview", json=asked)
    delete(site, video["id"])
    assert lasting(site) == {keys.deleted(video["id"])}


def test_a_deletion_that_was_interrupted_goes_on(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    objects, deleted = site.objects, []
    real = type(objects).delete

    def die_in_the_midst(self, key: str) -> None:
        deleted.append(key)
        if len(deleted) == 5:
            raise KeyboardInterrupt
        real(self, key)

    monkeypatch.setattr(type(objects), "delete", die_in_the_midst)
    with pytest.raises(KeyboardInterrupt):
        deletion.delete_video(objects, video["id"])
    monkeypatch.undo()
    reborn = House(objects, site.catalog, site.stages, site.house.models, site.house.settings)
    reborn.projection.rebuild()
    assert site.get("/videos")["items"] == []
    reborn.sweep()
    assert lasting(site) == {keys.deleted(video["id"])}


def test_a_deleted_video_may_come_again(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site.ready(title="first")
    delete(site, first["id"])
    again = site.ready(title="again")
    assert (again["id"], again["title"], again["revision"]) == (first["id"], "again", 1)
    kept = lasting(site)
    site.house.sweep()
    later(monkeypatch)
    site.house.sweep()
    assert lasting(site) == kept
    assert site.media(site.watch(again)["people"][0]["fancams"][0]["url"]).status_code == 200


def test_who_brings_the_source_of_a_deleted_video_finds_it(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(site, site.ready(to_s=3)["id"])
    decide, seen = site.stages.decide, []

    def decide_late(command: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        site.house.sweep()
        seen.append(command.source_key in site.stored())
        site.objects.delete(command.source_key)  # by a sweep that had looked before
        return decide(command)

    monkeypatch.setattr(site.stages, "decide", decide_late)
    whole = site.ready()
    assert seen == [True]
    assert keys.source(sha256(b"a stage")) in site.stored()
    monkeypatch.undo()
    site.house.sweep()
    assert keys.source(sha256(b"a stage")) in site.stored()
    delete(site, whole["id"])
    assert keys.source(sha256(b"a stage")) not in site.stored()


def test_a_video_that_comes_again_while_it_is_swept_stays(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(site, site.ready()["id"])
    forget, came = site.objects.delete, list[str]()

    def forget_late(key: str) -> None:
        if not came:
            came.append("")
            came[0] = site.submit()["id"]
        forget(key)

    monkeypatch.setattr(site.objects, "delete", forget_late)
    site.house.sweep()
    monkeypatch.undo()
    assert site.work(came[0])["state"] == "ready"
    kept = lasting(site)
    site.house.sweep()
    assert lasting(site) == kept
    site.house.projection.rebuild()
    assert [video["id"] for video in site.get("/videos")["items"]] == came


def test_a_video_that_comes_again_after_the_last_look_at_its_tombstone_stays(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()["id"]
    delete(site, video)
    looks, came = list[str](), list[str]()

    def look(objects: Objects, key: str, last: int = 0) -> bool:
        is_there = holds(objects, key)
        if key == keys.deleted(video):
            looks.append(key)
            if len(looks) == last:
                came.append(site.submit()["id"])
        return is_there

    monkeypatch.setattr(deletion, "holds", look)
    site.house.sweep()
    last = len(looks)
    looks.clear()
    monkeypatch.setattr(deletion, "holds", partial(look, last=last))
    site.house.sweep()
    assert came == [video]
    assert len(looks) == last
    assert site.work(video)["state"] == "ready"
    assert [entry.kind for entry in site.house.journal.read(video)] == ["submitted"]


def test_deleting_twice_is_not_found(site: RehearsedSite) -> None:
    video = site.submit()
    delete(site, video["id"])
    answer = site.http.delete(f"/videos/{video['id']}")
    assert answer.status_code == 404
    assert "deleted" in answer.json()["detail"]


def test_what_is_deleted_while_the_bus_is_away_is_in_no_list(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(*_: object) -> None:
        raise BusAway("no broker")

    gone, left = site.ready(b"one")["id"], site.ready(b"two")["id"]
    webhook = site.house.webhooks.add("https://example.org", ["deleted"], "")["id"]
    monkeypatch.setattr(site.stages, "publish", publish)
    assert site.http.delete(f"/videos/{gone}").status_code == 503
    assert [video["id"] for video in site.get("/videos")["items"]] == [left]
    (told,) = site.house.webhooks.deliveries(webhook, 10)
    assert told["video_id"] == gone


def test_what_is_being_deleted_is_left_out_of_what_is_to_review(site: RehearsedSite) -> None:
    gone, left = site.ready(b"one")["id"], site.ready(b"two")["id"]
    deletion.delete_video(site.objects, gone)
    assert [one["video_id"] for one in site.get("/review")["items"]] == [left]


def test_what_an_older_program_made_is_swept_once_and_a_deletion_leaves_none_of_it(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    before = site.stored()
    sweep_outdated(site.objects)
    assert site.stored() - {keys.swept()} == before  # all of it is needed
    monkeypatch.setattr(keys, "TRACKING_REVISION", keys.TRACKING_REVISION + 1)
    sweep_outdated(site.objects)
    kinds = {name.split("/")[0] for name in before - site.stored()}
    assert kinds == {"windows", "faces"}  # of the first tracks, people keep their ids
    site.objects.put("tracks/of-a-run-under-way", b"")
    sweep_outdated(site.objects)
    assert "tracks/of-a-run-under-way" in site.stored()
    site.objects.delete("tracks/of-a-run-under-way")
    site.house.projection.rebuild()
    delete(site, video["id"])
    assert lasting(site) == {keys.deleted(video["id"]), keys.swept()}


def test_what_somebody_does_while_it_is_deleted_does_not_come_back_with_it(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()["id"]
    append = site.house.journal.append_last

    def append_late(*asked: Any) -> int:
        deletion.delete_video(site.objects, video)
        return append(*asked)

    monkeypatch.setattr(site.house.journal, "append_last", append_late)
    assert site.http.patch(f"/videos/{video}", json={"title": "late"}).status_code == 404
    monkeypatch.undo()
    assert not [*site.objects.list(keys.journal_of(video))]
    again = site.submit()
    assert (again["id"], again["title"], again["revision"]) == (video, "stage.mp4", 1)
