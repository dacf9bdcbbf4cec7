"""Who has used how much, and that nobody may submit more than is agreed."""

import json
import time
from pathlib import Path

import pytest
from fastapi import Response

from doors import close_door, key, told
from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.v1.facts_pb2 import VideoAccepted
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api.videos import submit as submit_video
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.usage import Usage, month_of
from rehearsal_house import RehearsedSite


def spend(site: RehearsedSite, run: str, stage: str, unit: str, seconds: float) -> None:
    site.objects.put_once(keys.spent(run, stage, unit), f"{seconds:.3f}".encode())


def used(site: RehearsedSite, since_s: float = 0.0) -> dict[str, Usage]:
    return {one.owner: one for one in site.house.books.usage(since_s)}


def as_somebody(site: RehearsedSite, name: str, role: Role = Role.EDITOR) -> None:
    """Whoever asks from now on is she."""
    site.http.headers.update(key(site, role, name=name))


def test_video_seconds_and_bytes_are_whose_who_submitted_it(site: RehearsedSite) -> None:
    close_door(site)
    as_somebody(site, "Mina")
    site.ready(to_s=3)
    as_somebody(site, "Yuna")
    site.ready(b"another")
    found = used(site)
    assert set(found) == {"Mina", "Yuna"}
    assert (found["Mina"].videos, round(found["Mina"].video_s, 1)) == (1, 3.0)
    assert (found["Yuna"].videos, round(found["Yuna"].video_s, 1)) == (1, 6.0)
    nobodys = ("usage/", "uploads/")
    kept = [one.size for one in site.objects.survey("") if not one.key.startswith(nobodys)]
    told_of = sum(one.stored_bytes for one in found.values())
    journal = sum(one.size for one in site.objects.survey("journal/"))
    assert told_of + journal == sum(kept)
    assert found["Yuna"].stored_bytes > found["Mina"].stored_bytes > 0


def test_processor_seconds_are_whose_the_run_is(site: RehearsedSite) -> None:
    close_door(site)
    as_somebody(site, "Mina")
    video = site.ready()
    for segment in range(3):
        spend(site, video["run_id"], "detect", f"FramesExtracted/{segment}", 2.5)
        spend(site, video["run_id"], "detect", f"FramesExtracted/{segment}", 99)  # done twice
    spend(site, video["run_id"], "render", "CameraPlanned/0", 1)
    as_somebody(site, "Yuna")
    person = site.watch(video)["people"][0]["id"]
    pin = {"of": person, "from_s": 1, "to_s": 2, "nobody": True}
    asked = {"revision": video["revision"], "pins": [pin]}
    again = site.http.put(f"/videos/{video['id']}/pins", json=asked).json()
    spend(site, again["run_id"], "render", "CameraPlanned/0", 4)
    spend(site, "ab" * 16, "track", "solve", 0.5)  # pins that were only tried
    found = used(site)
    assert found["Mina"].cpu_s["detect"] == 7.5
    assert found["Mina"].cpu_s["render"] == 1
    assert (found["Yuna"].cpu_s["render"], found["Yuna"].videos, found["Yuna"].video_s) == (4, 0, 0)
    assert found[""].cpu_s["track"] == 0.5
    assert used(site, time.time() + 5)["Mina"].cpu_s == {}


def test_a_deleted_video_stays_in_the_books(site: RehearsedSite) -> None:
    close_door(site)
    as_somebody(site, "Mina", Role.OPERATOR)
    video = site.ready()
    spend(site, video["run_id"], "detect", "FramesExtracted/0", 2)
    assert site.http.delete(f"/videos/{video['id']}").status_code == 204
    mina = used(site)["Mina"]
    assert (mina.videos, mina.cpu_s["detect"], round(mina.video_s, 1)) == (1, 2, 6.0)


def test_more_than_the_quota_is_refused_with_figures(site: RehearsedSite) -> None:
    close_door(site, quota_s=8.0)
    as_somebody(site, "Mina")
    site.submit()
    before = site.stored()
    upload = site.upload(b"another")
    refused = site.http.post("/videos", json={"upload_id": upload})
    assert told(refused) == (403, "quota")
    assert refused.json()["detail"].startswith(
        "This would be 0.00333 of 0.00222 hours of video this month: 0.00167 are used"
    )
    assert refused.json()["quota_s"] == 8.0
    kinds = {key.split("/")[0] for key in site.stored() - before}
    assert kinds <= {"uploads", "probes"}
    assert site.http.post("/videos", json={"upload_id": upload, "to_s": 2}).status_code == 202
    # The same video again is no more video, and neither is another shape of it.
    assert site.submit(aspects=["9:16", "1:1"])["state"] == "working"
    as_somebody(site, "Yuna")
    assert site.submit(b"hers")["state"] == "working"


def test_what_is_just_being_submitted_counts_with_what_is_submitted_meanwhile(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_door(site, quota_s=8.0)
    as_somebody(site, "Mina")
    mina, submit, refused = Person(Role.EDITOR, "Mina", token="t"), site.stages.submit, list[str]()
    first, second = (VideoAsked(upload_id=site.upload(name)) for name in (b"one", b"two"))

    def submit_another_first(request: SubmitVideoRequest) -> VideoAccepted:
        monkeypatch.setattr(site.stages, "submit", submit)
        with pytest.raises(Problem) as problem:
            submit_video(second, site.house, mina, Response())
        refused.append(problem.value.kind)
        return submit(request)

    monkeypatch.setattr(site.stages, "submit", submit_another_first)
    submit_video(first, site.house, mina, Response())
    assert refused == ["quota"]
    assert round(used(site)["Mina"].video_s, 1) == 6.0
    assert not [key for key in site.stored() if "/asked-" in key]
    with pytest.raises(Problem):
        submit_video(second, site.house, mina, Response())


def test_who_died_over_a_submission_has_her_time_back_when_it_is_swept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_door(site, quota_s=8.0)
    as_somebody(site, "Mina")
    site.objects.put(keys.asking("Mina", int(time.time()), "ab" * 16, 6000, "0"), b"")
    site.house.sweep()
    asked = {"upload_id": site.upload()}
    assert told(site.http.post("/videos", json=asked)) == (403, "quota")
    now = time.time()
    monkeypatch.setattr("inyourarea.gateway.deletion.time.time", lambda: now + 3601)
    site.house.sweep()
    assert site.http.post("/videos", json=asked).status_code == 202


def test_a_deleted_video_counts_in_its_month_and_not_in_the_next(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_door(site, quota_s=8.0)
    as_somebody(site, "Mina", Role.OPERATOR)
    video = site.submit()
    site.http.delete(f"/videos/{video['id']}")
    refused = site.http.post("/videos", json={"upload_id": site.upload(b"another")})
    assert told(refused) == (403, "quota")
    next_month = month_of(time.time() + 31 * 24 * 3600)
    assert site.house.books.asked_s("Mina", next_month) == {}


def test_whoever_sits_at_this_machine_has_no_quota(site: RehearsedSite) -> None:
    site.house.settings = type(site.house.settings)(
        hosts=site.house.settings.hosts, trusts_everybody=True, quota_s=1.0
    )
    assert site.submit()["state"] == "working"
    assert used(site)[""].videos == 1


def test_operators_are_told_over_http(site: RehearsedSite) -> None:
    close_door(site, quota_s=3600.0)
    as_somebody(site, "Mina")
    video = site.submit()
    spend(site, video["run_id"], "detect", "FramesExtracted/0", 2)
    assert told(site.http.get("/usage")) == (403, "role")
    as_somebody(site, "boss", Role.OPERATOR)
    found = site.get("/usage")
    (mina,) = found["items"]
    assert (mina["owner"], mina["cpu_s"], found["quota_s"]) == ("Mina", {"detect": 2.0}, 3600.0)
    assert site.http.get("/usage", params={"since": "yesterday"}).status_code == 422
    assert site.get("/usage", params={"since": "2000-01-01"})["items"] == found["items"]


def test_the_command_tells_it(
    site: RehearsedSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    close_door(site)
    as_somebody(site, "Mina")
    video = site.submit()
    spend(site, video["run_id"], "detect", "FramesExtracted/0", 2)
    (tmp_path / "data").mkdir()
    (tmp_path / "store").rename(tmp_path / "data" / ".inyourarea")
    data = str(tmp_path / "data")
    assert main(["usage", "--by", "owner", "--data", data]) == 0
    assert "Mina" in capsys.readouterr().out
    assert main(["usage", "--data", data, "--json", "--since", "2000-01-01"]) == 0
    (mina,) = json.loads(capsys.readouterr().out)
    assert (mina["owner"], mina["cpu_s"]) == ("Mina", {"detect": 2.0})
    with pytest.raises(SystemExit):
        main(["usage", "--since", "soon"])
