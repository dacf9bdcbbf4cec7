"""What is missing after a backup came back, of runs that are told again and of earlier ones."""

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.restoring import Broken, find_broken, take_back
from rehearsal_house import RehearsedSite
from test_people import confirm_all, judge, pin


def published_then_corrected(site: RehearsedSite) -> tuple[dict, str, str]:
    """A video, the run of which a fancam is published, and whose; another person was corrected."""
    video = site.ready()
    person, other = [each["id"] for each in site.watch(video)["people"]][:2]
    confirm_all(site, video)
    judge(site, video, person, "approve")
    judge(site, video, person, "publish")
    corrected = pin(site, video, other)
    assert corrected["run_id"] != video["run_id"]
    return corrected, video["run_id"], person


def lose(site: RehearsedSite, prefix: str, suffix: str = "") -> set[str]:
    gone = {key for key in site.objects.list(prefix) if key.endswith(suffix)}
    for key in gone:
        site.objects.delete(key)
    return gone


def mend(site: RehearsedSite) -> list[Broken]:
    found = list(find_broken(site.objects))
    for broken in found:
        take_back(site.objects, broken)
    site.house.projection.rebuild()
    return found


def published(site: RehearsedSite, run: str) -> set[str]:
    content = site.objects.get(keys.published(run))
    return {fancam.key for fancam in facts.FancamsPublished.FromString(content).fancams}


def test_what_is_shown_of_an_earlier_run_stays(site: RehearsedSite) -> None:
    """Nobody tells the stages of it again, and its fancams are there."""
    video, earlier, _ = published_then_corrected(site)
    shown = published(site, earlier)
    gone = lose(site, "pieces/")
    found = mend(site)
    assert {key for broken in found for key in broken.missing} == gone
    assert all(broken.has_remedy for broken in found)
    assert published(site, earlier) == shown
    site.work(video["id"])
    assert list(find_broken(site.objects)) == []


def test_a_fancam_of_an_earlier_run_that_is_gone_is_told_and_nothing_else_taken(
    site: RehearsedSite,
) -> None:
    _, earlier, _ = published_then_corrected(site)
    before = published(site, earlier)
    gone = lose(site, f"runs/{earlier}/", ".mp4")
    (found,) = mend(site)
    assert (found.run.run_id, set(found.missing), found.has_remedy) == (earlier, gone, False)
    assert published(site, earlier) == before


def test_a_report_that_is_gone_is_made_again(site: RehearsedSite) -> None:
    video = site.ready()
    (report,) = lose(site, "windows/", "report.json")
    site.house.projection.rebuild()
    assert site.get(f"/videos/{video['id']}")["state"] != "ready"
    (found,) = mend(site)
    assert found.missing == (report,)
    assert site.get(f"/videos/{video['id']}")["state"] == "working"
    assert site.work(video["id"])["state"] == "ready"
    assert list(find_broken(site.objects)) == []


def test_tracks_that_a_run_builds_on_are_missed(site: RehearsedSite) -> None:
    """Of whoever was approved the earlier run's tracks are held; nothing makes those again."""
    video, _, _ = published_then_corrected(site)
    accepted = site.house.showing.accepted(video["run_id"])
    (held,) = accepted.spec.held
    site.objects.delete(held.tracks_key)
    without_remedy = {
        (broken.run.run_id, key)
        for broken in find_broken(site.objects)
        if not broken.has_remedy
        for key in broken.missing
    }
    assert (video["run_id"], held.tracks_key) in without_remedy


def test_runs_of_another_version_are_not_told_of(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their reports are called otherwise, and were never promised under today's names."""
    site.ready()
    monkeypatch.setattr(keys, "TRACKING_REVISION", keys.TRACKING_REVISION + 1)
    assert list(find_broken(site.objects)) == []
