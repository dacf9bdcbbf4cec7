"""What a store lacks after a backup came back is told, and only what is made again is given up."""

from threading import Barrier
from typing import Any

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.restoring import find_broken, take_back
from rehearsal_house import RehearsedSite
from test_collecting import collect

#: What docs/restore.md leaves out of a backup.
LEFT_OUT = ("frames/", "uploads/", "arrivals/", "attempts/")


def approve(site: RehearsedSite, video: dict, *verdicts: str) -> str:
    """One person is approved; all that was unsure is confirmed. Her id."""
    people = site.watch(video)["people"]
    for somebody in people:
        for span in somebody["spans"]:
            site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    for verdict in verdicts or ("approve",):
        done = site.http.post(f"/videos/{video['id']}/people/{people[0]['id']}/{verdict}")
        assert done.status_code == 200, done.text
    return str(people[0]["id"])


def correct(site: RehearsedSite, video: dict, from_s: int = 1) -> dict:
    """The video once a pin has made another run of it."""
    somebody = site.watch(video)["people"][1]["id"]
    pin = {"of": somebody, "from_s": from_s, "to_s": from_s + 1, "nobody": True}
    asked = {"revision": site.get(f"/videos/{video['id']}")["revision"], "pins": [pin]}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert answer.status_code == 202, answer.text
    return site.work(video["id"])


def lose(site: RehearsedSite, *begin_with: str) -> set[str]:
    """Those objects are gone; their names."""
    lost = {key for key in site.objects.list("") if key.startswith(begin_with)}
    for key in lost:
        site.objects.delete(key)
    return lost


def told(site: RehearsedSite) -> dict[str, set[str]]:
    """By run, which objects are told to be missing."""
    found: dict[str, set[str]] = {}
    for broken in find_broken(site.objects):
        missing = (key for names in broken.vain.values() for key in names)
        found[broken.run.run_id] = {*broken.lost, *missing}
    return found


def mend(site: RehearsedSite) -> None:
    for broken in find_broken(site.objects):
        take_back(site.objects, broken)
    site.house.projection.rebuild()


def fancams(site: RehearsedSite, run: str) -> facts.FancamsPublished:
    return facts.FancamsPublished.FromString(site.objects.get(keys.published(run)))


def test_a_backup_needs_nothing_of_what_documents_leave_out(site: RehearsedSite) -> None:
    video = site.ready()
    approve(site, video, "approve", "publish")
    video = correct(site, video)
    lose(site, *LEFT_OUT)
    assert told(site) == {}
    site.house.projection.rebuild()
    assert site.get(f"/videos/{video['id']}")["state"] == "ready"
    assert correct(site, video, from_s=3)["state"] == "ready"


@pytest.mark.parametrize("gone", ["pieces/", "windows/"])
def test_only_the_newest_run_is_given_up_where_another_is_published(
    gone: str, site: RehearsedSite
) -> None:
    video = site.ready()
    approve(site, video, "approve", "publish")
    published = fancams(site, video["run_id"])
    newest = correct(site, video)
    lose(site, gone)
    assert told(site).keys() == {video["run_id"], newest["run_id"]}
    mend(site)
    assert fancams(site, video["run_id"]) == published
    assert all(site.objects.get(one.key) for one in published.fancams)


def test_an_older_run_goes_on_being_shown_and_the_newest_is_made_again(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    person = approve(site, video, "approve", "publish")
    newest = correct(site, video)
    lose(site, "pieces/")
    mend(site)
    assert site.catalog.unfinished() == [newest["run_id"]]
    assert site.work(video["id"])["state"] == "ready"
    site.house.projection.rebuild()
    public = [one for one in site.catalog.judgements(video["id"]) if one["kind"] == "public"]
    assert [(one["subject"], one["run_id"]) for one in public] == [(person, video["run_id"])]
    assert told(site).keys() <= {video["run_id"]}


def test_who_is_approved_stays_so_while_her_fancams_are_there(site: RehearsedSite) -> None:
    video = site.ready()
    approve(site, video)
    published = fancams(site, video["run_id"])
    lose(site, "pieces/")
    mend(site)
    assert fancams(site, video["run_id"]) == published
    assert site.get(f"/videos/{video['id']}")["state"] == "ready"
    lost = lose(site, f"runs/{video['run_id']}/fancams/")
    assert lost <= told(site)[video["run_id"]]
    mend(site)
    assert site.catalog.unfinished() == [video["run_id"]]
    assert site.work(video["id"])["state"] == "ready"
    assert told(site) == {}


def test_a_lost_report_is_told_and_made_again(site: RehearsedSite) -> None:
    video = site.ready()
    (report,) = (key for key in site.objects.list("windows/") if key.endswith("report.json"))
    lose(site, report)
    assert told(site) == {video["run_id"]: {report}}
    mend(site)
    assert site.catalog.unfinished() == [video["run_id"]]
    assert site.work(video["id"])["state"] == "ready"


def test_what_a_run_was_shown_by_is_told_also_where_it_was_never_drawn(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    approve(site, video)
    newest = correct(site, video)
    lose(site, keys.published(video["run_id"]))
    kept = site.house.showing.accepted(video["run_id"]).spec
    lost = lose(site, keys.tracks(kept), keys.plan(kept)) - {keys.teller(kept, video["run_id"])}
    assert told(site) == {video["run_id"]: lost, newest["run_id"]: lost}


def test_boxes_that_are_gone_are_told_and_nothing_is_given_up_for_them(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    accepted = site.house.showing.accepted(video["run_id"])
    accepted.spec.model.boxes_key = keys.user_boxes("b" * 64)
    site.objects.put(keys.accepted(video["run_id"]), accepted.SerializeToString())
    lose(site, "pieces/")
    assert accepted.spec.model.boxes_key in told(site)[video["run_id"]]
    mend(site)
    assert fancams(site, video["run_id"])


def test_what_gc_has_taken_of_a_run_that_was_replaced_is_not_missed(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    approve(site, video, "approve", "withdraw")
    correct(site, video)
    assert any(key.startswith("windows/") for key in collect(site))
    site.house.projection.rebuild()
    assert told(site) == {}


def test_several_runs_are_looked_at_at_a_time(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ready()
    site.ready(to_s=3)
    both, size, seen = Barrier(2, timeout=10), site.objects.size, list[int]()

    def met(key: str) -> Any:
        if key.startswith("deleted/"):
            both.wait()
        return size(key)

    monkeypatch.setattr(site.objects, "size", met)
    assert list(find_broken(site.objects, seen.append)) == []
    assert seen == [2]


def test_what_is_left_as_it_is_is_said_and_ends_the_command_with_1(
    site: RehearsedSite, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    video = site.ready()
    approve(site, video, "approve", "publish")
    lose(site, "pieces/")
    (tmp_path / "store").rename(tmp_path / ".inyourarea")
    assert main(["store", "check", "--mend", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "  is left as it is: somebody approved it, and its fancams are there\n" in said
    assert "made again is" not in said
