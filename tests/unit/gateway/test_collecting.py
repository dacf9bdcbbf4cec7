"""What no run needs goes, and nothing else, whoever is at work meanwhile."""

import os
import time
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway import deletion
from inyourarea.gateway.collecting import Garbage, Times, find_garbage, sweep_garbage
from inyourarea.gateway.journal import SpanConfirmed
from rehearsal_house import RehearsedSite, sha256

HOUR_S = 3600.0


def later(days: float = 3) -> Times:
    return Times(time.time() + days * 24 * HOUR_S, 24 * HOUR_S)


def collect(site: RehearsedSite, times: Times | None = None) -> set[str]:
    """What has gone."""
    times = times or later()
    garbage = find_garbage(site.objects, times)
    return {one.key for one in sweep_garbage(site.objects, garbage, times)}


def size(site: RehearsedSite) -> int:
    return sum(one.size for one in site.objects.survey(""))


def pinned(site: RehearsedSite, video: dict, number: int) -> dict:
    """The video once somebody has said of one more stretch that it is nobody."""
    person = site.watch(video)["people"][0]["id"]
    start_s = round(number * 0.1, 1)
    pin = {"of": person, "from_s": start_s, "to_s": start_s + 0.6, "nobody": True}
    asked = {"revision": video["revision"], "pins": [pin]}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert answer.status_code == 202, answer.text
    return site.work(video["id"])


@pytest.mark.slow
def test_fifty_pins_leave_little_more_than_one_run(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.stages.weight = 100  # as large as drawn ones, beside what tells of them
    video = site.ready()
    alone = size(site)
    for number in range(50):
        video = pinned(site, video, number)
    shown = site.watch(video)
    runs = [key for key in site.stored() if key.endswith("/accepted.binpb")]
    assert len(runs) == 51
    before = size(site)
    with monkeypatch.context() as next_day:
        tomorrow_s = time.time() + 24 * HOUR_S
        next_day.setattr(deletion.time, "time", lambda: tomorrow_s)
        site.house.sweep()  # what was tried out before it was set
    assert collect(site)
    assert before > 10 * alone
    assert size(site) <= 1.2 * alone
    assert site.watch(video) == shown
    for person in shown["people"]:
        for fancam in person["fancams"]:
            assert site.media(fancam["url"]).content.startswith(b"fancam of")
    site.house.projection.rebuild()
    assert site.watch(video) == shown
    again = pinned(site, video, 51)  # the next correction finds what it needs
    assert again["state"] == "ready"


def test_of_a_single_run_nothing_goes(site: RehearsedSite) -> None:
    site.ready()
    site.ready(to_s=3)
    before = site.stored()
    assert collect(site) == set()
    assert site.stored() == before


def test_a_source_that_somebody_brings_again_stays(site: RehearsedSite) -> None:
    key = keys.source(sha256(b"a stage"))
    site.objects.put(key, b"a stage")
    garbage = find_garbage(site.objects, later())
    assert key in {one.key for one in garbage.old}
    with site.house.uploads.source(site.house.uploads.find(site.upload(), "")):
        assert list(sweep_garbage(site.objects, garbage, later())) == []
    assert key in {one.key for one in sweep_garbage(site.objects, garbage, later())}


def test_a_dry_run_and_what_is_young_take_nothing(site: RehearsedSite) -> None:
    video = site.ready()
    for number in range(3):
        video = pinned(site, video, number)
    before = site.stored()
    garbage = find_garbage(site.objects, later())
    assert garbage.old
    assert not garbage.young
    assert site.stored() == before
    today = find_garbage(site.objects, Times(time.time(), 24 * HOUR_S))
    assert not today.old
    assert collect(site, Times(time.time(), 24 * HOUR_S)) == set()


def test_pins_that_were_taken_back_lately_find_everything_where_it_was(
    site: RehearsedSite,
) -> None:
    video = pinned(site, site.ready(), 1)
    journal = site.house.journal.read(video["id"])
    replaced_s = journal[-1].at_ns / 1e9
    times = Times(replaced_s + 23 * HOUR_S, 24 * HOUR_S)
    assert collect(site, times) == set()
    assert collect(site, Times(replaced_s + 25 * HOUR_S, 24 * HOUR_S))


def test_what_is_published_stays_though_there_are_newer_runs(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]
    place = f"/videos/{video['id']}/people/{person['id']}"
    for span in person["spans"]:
        site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    assert site.http.post(f"{place}/approve").status_code == 200
    assert site.http.post(f"{place}/publish").status_code == 200
    old = person["fancams"][0]["url"]
    other = site.watch(video)["people"][1]["id"]
    pin = {"of": other, "from_s": 1, "to_s": 2, "nobody": True}
    video = site.get(f"/videos/{video['id']}")
    asked = {"revision": video["revision"], "pins": [pin]}
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202
    site.work(video["id"])
    collect(site)
    assert site.media(old).status_code == 200


def test_a_span_that_was_looked_at_counts_after_its_run_has_gone(site: RehearsedSite) -> None:
    video = site.ready()
    shown = site.watch(video)
    run = video["run_id"]
    person = shown["people"][0]
    span = (person["spans"] or [{"id": f"{person['id']}-0-9-gap"}])[0]["id"]
    site.house.write_down(video["id"], SpanConfirmed(run_id=run, span=span))
    video = pinned(site, site.get(f"/videos/{video['id']}"), 1)
    collect(site)
    accepted = site.house.showing.accepted(run)
    there = site.stored()
    assert {keys.tracks(accepted.spec), keys.report(accepted.spec)} <= there
    assert keys.fancam(run, 0, "9x16") not in there
    assert shown["run_id"] == run


def test_a_run_under_way_keeps_all_that_others_of_its_source_have_left(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    for number in range(3):
        video = pinned(site, video, number)
    before = site.stored()
    person = site.watch(video)["people"][0]["id"]
    pin = {"of": person, "from_s": 2, "to_s": 2.5, "nobody": True}
    asked = {"revision": video["revision"], "pins": [pin]}
    site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert collect(site) == set()
    assert before <= site.stored()
    site.work(video["id"])
    assert collect(site)


def test_what_somebody_asks_for_while_it_is_swept_stays(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    first = video["run_id"]
    video = pinned(site, video, 1)
    garbage = find_garbage(site.objects, later())
    assert {one.key for one in garbage.old} >= {keys.fancam(first, 0, "9x16")}
    # Somebody takes the pin back: the first run is the newest again.
    asked = {"revision": video["revision"], "pins": []}
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202
    gone = {one.key for one in sweep_garbage(site.objects, garbage, later())}
    assert not [key for key in gone if key.startswith(f"runs/{first}/")]
    done = site.work(video["id"])
    assert done["run_id"] == first
    assert site.media(site.watch(done)["people"][0]["fancams"][0]["url"]).status_code == 200


def test_what_was_written_again_meanwhile_stays(site: RehearsedSite) -> None:
    site.objects.put("pieces/of-nobody.mp4", b"old")
    times = later()
    garbage = find_garbage(site.objects, times)
    site.objects.put("pieces/of-nobody.mp4", b"drawn again")
    assert list(sweep_garbage(site.objects, garbage, times)) == []
    assert "pieces/of-nobody.mp4" in site.stored()


def test_records_of_what_people_did_are_never_garbage(site: RehearsedSite) -> None:
    for key in ("usage/spent/r/detect/u", "deleted/v", "uploads/u/a", "attempts/d/0000"):
        site.objects.put(key, b"{}")
    garbage = find_garbage(site.objects, later())
    assert garbage == Garbage([], [], [])


def test_runs_of_the_command_line_keep_the_newest_of_each_video(site: RehearsedSite) -> None:
    accepted = site.house.showing.accepted(site.ready()["run_id"])
    theirs = []
    for number in range(3):
        run = facts.VideoAccepted()
        run.CopyFrom(accepted)
        run.video_id = run.spec.video_id = "ab" * 16
        run.run_id, run.for_browsers = f"{number:032x}", False
        site.objects.put(keys.accepted(run.run_id), run.SerializeToString())
        site.objects.put(keys.published(run.run_id), b"")
        theirs.append(run.run_id)
        time.sleep(0.01)
    assert collect(site) == {
        key for run in theirs[:2] for key in (keys.accepted(run), keys.published(run))
    }


def test_the_command_tells_or_does_it(
    site: RehearsedSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.ready()
    site.objects.put("pieces/of-nobody.mp4", b"x" * 1_000_000)
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "store").rename(data / ".inyourarea")
    lost = data / ".inyourarea" / "pieces" / "of-nobody.mp4"
    long_ago = time.time() - 48 * HOUR_S
    os.utime(lost, (long_ago, long_ago))
    assert main(["gc", "--dry-run", "--data", str(data)]) == 0
    assert "1 (1.0 MB)" in capsys.readouterr().out
    assert lost.exists()
    assert main(["gc", "--apply", "--data", str(data), "--grace-hours", "0.1"]) == 1
    assert "1 or more" in capsys.readouterr().err
    assert main(["gc", "--apply", "--data", str(data)]) == 0
    assert not lost.exists()
