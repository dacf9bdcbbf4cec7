"""The catalog is what the object store says, whatever happened and in whatever order."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core import reasons
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api import videos
from inyourarea.gateway.browsers import are_drawn
from inyourarea.gateway.catalog import Catalog, Picture
from inyourarea.gateway.journal import PinsSet, Titled
from inyourarea.gateway.problems import Problem
from inyourarea.gateway.projection import Projection
from inyourarea.runtime.objects import ObjectsAway, holds
from rehearsal_house import RehearsedSite

OPERATOR = Person(Role.OPERATOR)


def everything(catalog: Catalog) -> dict[str, list]:
    """All rows of all videos, in an order of their own."""
    with catalog._connected() as connection:
        return {
            table: sorted(
                str(dict(row))
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()
            )
            for table in ("videos", "runs", "people", "judgements")
        }


def rebuilt(site: RehearsedSite, folder: Path) -> dict[str, list]:
    """The rows that the object store alone gives."""
    catalog = Catalog(f"sqlite:///{folder / 'rebuilt.sqlite'}")
    catalog.open()
    Projection(site.objects, catalog).rebuild()
    found = everything(catalog)
    catalog.close()
    return found


class Crowd:
    """Editors who do whatever comes to their minds with three videos."""

    def __init__(self, site: RehearsedSite) -> None:
        self.site = site
        self.asked = 0

    def videos(self) -> list[dict]:
        return sorted(self.site.get("/videos")["items"], key=lambda video: str(video["id"]))

    def act(self, action: str, which: int) -> None:
        if action == "submit":
            shapes = [["9:16"], ["1:1"]][which % 2]
            self.site.submit(b"%d" % (which % 3), title=f"Title {which}", aspects=shapes)
            return
        videos = self.videos()
        if videos:
            getattr(self, action)(videos[which % len(videos)], which)

    def _post(self, method: str, address: str, **body: object) -> None:
        answer = self.site.http.request(method, address, json=body or None)
        assert answer.status_code in (200, 202, 204, 404, 409, 422), answer.text
        self.asked += answer.status_code < 300

    def title(self, video: dict, which: int) -> None:
        body = {"title": f"제목 {which}", "labels": {"n": str(which)}}
        self._post("PATCH", f"/videos/{video['id']}", **body)

    def work(self, video: dict, which: int) -> None:
        if video["state"] == "working":
            self.site.work(video["id"])

    def fail(self, video: dict, which: int) -> None:
        if video["state"] == "working":
            about = {"video_id": video["id"], "run_id": video["run_id"]}
            failed = facts.StageFailed(**about, stage="detect", reason=f"reason {which}")
            self.site.handler.on_stage_failed(failed)

    def cancel(self, video: dict, which: int) -> None:
        self._post("POST", f"/videos/{video['id']}/cancel")

    def retry(self, video: dict, which: int) -> None:
        self._post("POST", f"/videos/{video['id']}/retry")

    def delete(self, video: dict, which: int) -> None:
        self._post("DELETE", f"/videos/{video['id']}")

    def person(self, video: dict, which: int) -> str | None:
        if video["shown_run_id"] is None:
            return None
        people = self.site.watch(video)["people"]
        return str(people[which % len(people)]["id"])

    def name(self, video: dict, which: int) -> None:
        if person := self.person(video, which):
            body = {"name": f"Name {which % 4}", "names": {"ko": f"이름 {which}"}}
            self._post("PUT", f"/videos/{video['id']}/people/{person}", **body)

    def pin(self, video: dict, which: int) -> None:
        if person := self.person(video, which):
            start = which % 4
            pins = [{"of": person, "from_s": start, "to_s": start + 1, "nobody": True}]
            body = {"revision": video["revision"] - (which % 5 == 0), "pins": pins}
            self._post("PUT", f"/videos/{video['id']}/pins", **body)

    def judge(self, video: dict, which: int) -> None:
        if person := self.person(video, which):
            verdict = ("approve", "publish", "withdraw")[which % 3]
            for span in self.site.watch(video)["people"][0]["spans"][: which % 3]:
                self._post("POST", f"/videos/{video['id']}/spans/{span['id']}/confirm")
            self._post("POST", f"/videos/{video['id']}/people/{person}/{verdict}")

    def sweep(self, video: dict, which: int) -> None:
        self.site.house.sweep()


ACTIONS = [
    "submit", "submit", "work", "work", "title", "name", "pin", "judge", "judge", "fail",
    "cancel", "retry", "delete", "sweep",
]  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    actions=st.lists(
        st.tuples(st.sampled_from(ACTIONS), st.integers(0, 60)), min_size=20, max_size=40
    )
)
def test_made_anew_it_is_the_same_row_for_row(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("site")
    site = RehearsedSite(folder, seconds=5, members=2)
    crowd = Crowd(site)
    for action, which in [("submit", 0), ("work", 0), *actions]:
        crowd.act(action, which)
    live = everything(site.catalog)
    assert rebuilt(site, folder) == live
    site.house.projection.rebuild()
    assert everything(site.catalog) == live
    site.close()


def test_a_rebuild_resurrects_nothing(site: RehearsedSite, tmp_path: Path) -> None:
    video = site.ready()
    site.http.delete(f"/videos/{video['id']}")
    # An editor's entry comes late, from another copy of the gateway.
    late = Titled(title="late", labels={}).model_dump_json().encode()
    site.objects.put(keys.journal(video["id"], 1), late)
    site.house.projection.rebuild()
    assert site.get("/videos")["items"] == []
    assert rebuilt(site, tmp_path)["videos"] == []


def test_pins_whose_run_was_never_accepted_do_not_count(site: RehearsedSite) -> None:
    video = site.ready()
    entry = PinsSet(run_id="ab" * 16, pins=())
    site.house.write_down(video["id"], entry)
    seen = site.get(f"/videos/{video['id']}")
    assert (seen["run_id"], seen["state"]) == (video["run_id"], "ready")
    assert seen["revision"] == video["revision"] + 1  # the next editor writes after it
    person = site.watch(video)["people"][0]["id"]
    asked = {
        "revision": seen["revision"],
        "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}],
    }
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202


def test_who_has_seen_less_does_not_have_the_last_word(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One projects before the run is published and writes after it."""
    video = site.submit()
    accepted = site.house.showing.accepted(video["run_id"])
    site.stages.find(accepted)
    site.stages.solve(accepted)
    real, held, go_on = Catalog.put, threading.Event(), threading.Event()

    def put_late(self: Catalog, picture: Picture) -> None:
        if threading.current_thread().name == "slow" and not held.is_set():
            held.set()
            assert go_on.wait(10)
        real(self, picture)

    monkeypatch.setattr(Catalog, "put", put_late)
    project = site.house.projection.project
    slow = threading.Thread(target=project, args=(video["id"],), name="slow")
    slow.start()
    assert held.wait(10)
    site.handler.on_fancams_published(site.stages.draw(accepted))
    go_on.set()
    slow.join()
    assert site.get(f"/videos/{video['id']}")["state"] == "ready"


def test_who_projects_while_it_is_deleted_resurrects_nothing(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    real = Catalog.put

    def delete_first(self: Catalog, picture: Picture) -> None:
        monkeypatch.setattr(Catalog, "put", real)
        assert site.http.delete(f"/videos/{video['id']}").status_code == 204
        real(self, picture)

    monkeypatch.setattr(Catalog, "put", delete_first)
    site.house.projection.project(video["id"])
    assert site.get("/videos")["items"] == []


def test_a_fact_told_twice_is_counted_once(site: RehearsedSite) -> None:
    video = site.submit()
    segment = facts.Segment(index=0)
    about = {"video_id": video["id"], "run_id": video["run_id"]}
    fact = facts.FramesExtracted(**about, segment=segment)
    for _ in range(3):
        site.handler.handlers[facts.FramesExtracted](fact)
    progress = site.get(f"/videos/{video['id']}")["progress"]
    assert [(stage["done"], stage["total"]) for stage in progress[:2]] == [(1, 1), (0, 1)]


def test_what_an_older_program_made_is_made_anew_when_it_is_tried_again(
    site: RehearsedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"title": "Seoul", "labels": {"tour": "2026"}, "external_id": "7"}
    video = site.ready(**asked)
    with monkeypatch.context() as newer:
        newer.setattr(keys, "TRACKING_REVISION", keys.TRACKING_REVISION + 1)
        site.house.projection.rebuild()
        found = site.get(f"/videos/{video['id']}")
        assert found["state"] == "failed"
        assert "earlier version" in found["failure"]
        again = site.http.post(f"/videos/{video['id']}/retry").json()
        assert again["state"] == "working"
        assert again["run_id"] != video["run_id"]
        assert site.work(video["id"])["state"] == "ready"
        assert len(site.watch(video)["people"]) == 3
        assert {name: again[name] for name in asked} == asked
        assert everything(site.catalog) == rebuilt(site, tmp_path)


def test_a_failure_that_was_told_before_the_fancams_came_does_not_stay(
    site: RehearsedSite,
) -> None:
    video = site.submit()
    told = {"video_id": video["id"], "run_id": video["run_id"]}
    site.handler.on_stage_failed(facts.StageFailed(**told, stage="render", reason="full disk"))
    assert site.get(f"/videos/{video['id']}")["failure"] == "full disk"
    found = site.work(video["id"])
    assert (found["state"], found["failure"]) == ("ready", None)


def test_a_failure_has_a_name_for_programs_where_it_is_a_known_one(site: RehearsedSite) -> None:
    video = site.submit()
    about = {"video_id": video["id"], "run_id": video["run_id"], "stage": "ingest"}
    why = reasons.told("died", why=reasons.told("took-long", seconds=60))
    site.handler.on_stage_failed(facts.StageFailed(**about, reason=why))
    found = site.get(f"/videos/{video['id']}")
    assert (found["state"], found["failure"], found["failure_kind"]) == ("failed", why, "died")
    site.objects.put(keys.failed(video["run_id"]), b"ValueError: said by an earlier version")
    site.house.projection.project(video["id"])
    assert site.get(f"/videos/{video['id']}")["failure_kind"] is None


def test_what_fails_of_an_earlier_take_says_nothing_of_a_run_that_was_asked_for_again(
    site: RehearsedSite,
) -> None:
    video = site.submit()
    take = site.objects.get(keys.take(video["run_id"])).decode()
    told = {"video_id": video["id"], "run_id": video["run_id"], "take": take}
    failures = [
        facts.StageFailed(**told, stage=stage, reason="the encoder died")
        for stage in ("render", "rendition")
    ]
    site.handler.on_stage_failed(failures[0])
    assert site.get(f"/videos/{video['id']}")["state"] == "failed"
    assert site.http.post(f"/videos/{video['id']}/retry").json()["state"] == "working"
    for failure in failures:  # other units of that take, which fail only now
        site.handler.on_stage_failed(failure)
    found = site.get(f"/videos/{video['id']}")
    assert (found["state"], found["failure"], found["stage_failure"]) == ("working", None, None)
    told["take"] = site.objects.get(keys.take(video["run_id"])).decode()
    site.handler.on_stage_failed(facts.StageFailed(**told, stage="render", reason="again"))
    assert site.get(f"/videos/{video['id']}")["failure"] == "again"


def test_what_browsers_lack_is_not_finished(site: RehearsedSite) -> None:
    video = site.submit()
    assert site.catalog.unfinished() == [video["run_id"]]
    run = site.work(video["id"])["run_id"]
    assert site.catalog.unfinished() == []
    site.objects.delete(keys.streams_ready(run))
    site.house.projection.rebuild()
    assert site.catalog.unfinished() == [run]
    told = {"video_id": video["id"], "run_id": run}
    site.handler.on_stage_failed(facts.StageFailed(**told, stage="rendition", reason="full disk"))
    assert site.catalog.unfinished() == []  # it waits for somebody
    assert site.get(f"/videos/{video['id']}")["stage_failure"] == "full disk"
    take = site.objects.get(keys.take(run))
    site.http.post(f"/videos/{video['id']}/retry")
    assert site.catalog.unfinished() == [run]
    assert site.objects.get(keys.take(run)) != take
    site.http.post(f"/videos/{video['id']}/cancel")
    assert site.get(f"/videos/{video['id']}")["state"] == "ready"


def test_where_nobody_is_found_browsers_lack_no_face(site: RehearsedSite) -> None:
    run = site.ready()["run_id"]
    spec = site.house.showing.accepted(run).spec
    site.objects.put(keys.faces_drawn(spec), facts.FacesDrawn().SerializeToString())
    site.house.projection.rebuild()
    assert site.catalog.unfinished() == []
    site.objects.delete(keys.faces_drawn(spec))
    site.house.projection.rebuild()
    assert site.catalog.unfinished() == [run]


def test_faces_in_the_row_of_an_earlier_version_are_drawn() -> None:
    assert are_drawn({"faces": {"p1": "faces/1.jpg"}, "poster_key": ""})
    assert not are_drawn({"faces": {}, "poster_key": ""})


def test_shapes_add_up_and_what_is_not_said_anew_stays(site: RehearsedSite) -> None:
    asked = {"title": "Seoul", "labels": {"tour": "2026"}, "external_id": "7"}
    video = site.ready(**asked)
    both = site.ready(aspects=["1:1"])
    assert both["id"] == video["id"]
    assert both["aspects"] == ["9x16", "1x1"]
    assert {name: both[name] for name in asked} == asked
    again = site.submit(aspects=["9:16"])
    assert again["run_id"] == both["run_id"]
    other = site.submit(aspects=["4:5"], framing="face", title="Busan")
    assert (other["aspects"], other["title"]) == (["4x5"], "Busan")


def test_a_stage_that_browsers_could_not_be_given_is_tried_again(site: RehearsedSite) -> None:
    video = site.ready()
    site.objects.delete(keys.stage_ready(video["id"]))
    told = {"video_id": video["id"], "run_id": video["run_id"]}
    site.handler.on_stage_failed(facts.StageFailed(**told, stage="rendition", reason="full disk"))
    found = site.get(f"/videos/{video['id']}")
    assert (found["state"], found["stage_failure"]) == ("ready", "full disk")
    again = site.http.post(f"/videos/{video['id']}/retry")
    assert (again.status_code, again.json()["stage_failure"]) == (200, None)
    assert isinstance(site.stages.told[-1], facts.VideoAccepted)
    assert site.http.post(f"/videos/{video['id']}/retry").status_code == 409


def test_a_title_and_labels_that_two_change_at_once_are_both_heeded(site: RehearsedSite) -> None:
    video = site.submit(title="Seoul", labels={"day": "1"})["id"]
    site.http.patch(f"/videos/{video}", json={"title": "Busan"})
    site.http.patch(f"/videos/{video}", json={"labels": {"day": "2"}})
    found = site.get(f"/videos/{video}")
    assert (found["title"], found["labels"]) == ("Busan", {"day": "2"})
    entries = site.house.journal.read(video)
    assert [getattr(entry, "labels", None) for entry in entries] == [
        {"day": "1"},
        None,
        {"day": "2"},
    ]


def test_while_it_is_made_anew_nothing_that_is_right_is_missing(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another copy of the gateway answers meanwhile."""
    video = site.ready()
    project = site.house.projection.project

    def look_first(one: str) -> None:
        assert site.get(f"/videos/{one}")["state"] == "ready"
        project(one)

    monkeypatch.setattr(site.house.projection, "project", look_first)
    site.house.projection.rebuild()
    assert [found["id"] for found in site.get("/videos")["items"]] == [video["id"]]


def test_what_the_store_does_not_have_is_forgotten_and_told(
    site: RehearsedSite, caplog: pytest.LogCaptureFixture
) -> None:
    lost, older = site.ready(b"one"), site.ready(b"two")
    site.http.patch(f"/videos/{older['id']}", json={"title": "later"})
    for key in list(site.objects.list(keys.journal_of(lost["id"]))):
        site.objects.delete(key)
    site.objects.delete(keys.journal(older["id"], 1))  # as a backup has it
    site.house.projection.rebuild()
    assert [found["title"] for found in site.get("/videos")["items"]] == ["stage.mp4"]
    assert {video for video in (lost["id"], older["id"]) if video in caplog.text} == {
        lost["id"],
        older["id"],
    }


def test_a_video_that_can_not_be_read_keeps_no_other_from_being_made_anew(
    site: RehearsedSite, caplog: pytest.LogCaptureFixture
) -> None:
    newer, left = sorted(site.ready(content)["id"] for content in (b"one", b"two"))
    site.objects.put(keys.journal(newer, 1), b'{"kind": "of.a.newer.version"}')
    site.house.journal.append_last(left, Titled(title="Seoul"))
    site.house.projection.rebuild()
    titles = {found["id"]: found["title"] for found in site.get("/videos")["items"]}
    assert titles == {newer: "stage.mp4", left: "Seoul"}
    assert newer in caplog.text


def test_videos_are_made_anew_beside_one_another(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = {site.submit(content)["id"] for content in (b"one", b"two", b"three")}
    all_at_once, met = threading.Barrier(len(videos)), set()

    def project(video: str) -> None:
        all_at_once.wait(timeout=20)
        met.add(video)

    monkeypatch.setattr(site.house.projection, "project", project)
    site.house.projection.rebuild()
    assert met == videos


def test_while_the_store_is_away_nothing_is_made_anew(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def project(_: str) -> None:
        raise ObjectsAway("no route to it")

    site.submit()
    monkeypatch.setattr(site.house.projection, "project", project)
    with pytest.raises(ObjectsAway):
        site.house.projection.rebuild()


def test_what_nobody_could_read_fails_the_newest_run(site: RehearsedSite) -> None:
    video = site.submit()
    site.handler.on_stage_failed(facts.StageFailed(video_id=video["id"], reason="no fact"))
    site.handler.on_stage_failed(facts.StageFailed(video_id="unknown", reason="no fact"))
    assert site.get(f"/videos/{video['id']}")["failure"] == "no fact"


def test_what_the_gateway_could_not_take_note_of_fails_no_run(site: RehearsedSite) -> None:
    video = site.submit()
    about = {"video_id": video["id"], "run_id": video["run_id"]}
    failed = facts.StageFailed(**about, stage="gateway", reason="a defect")
    assert site.handler.on_stage_failed(failed) == []
    assert site.get(f"/videos/{video['id']}")["state"] == "working"


def test_who_asks_for_a_run_again_while_it_is_being_cancelled_leaves_none_that_nobody_works_on(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, put_once = site.submit(), site.objects.put_once

    def asked_again_before(key: str, content: bytes) -> bytes:
        if key == keys.cancelled(video["run_id"]):
            with suppress(Problem):
                videos.retry(video["id"], site.house, OPERATOR)
        return put_once(key, content)

    monkeypatch.setattr(site.objects, "put_once", asked_again_before)
    videos.cancel(video["id"], site.house, OPERATOR)
    is_stopped = holds(site.objects, keys.cancelled(video["run_id"]))
    assert (is_stopped, site.get(f"/videos/{video['id']}")["state"]) == (True, "cancelled")


def test_a_run_is_cancelled_though_the_gateway_died_over_it(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    video = site.submit()
    with monkeypatch.context() as patch:
        patch.setattr(site.house.journal, "append", die)
        with pytest.raises(SystemExit):
            videos.cancel(video["id"], site.house, OPERATOR)
    site.house.projection.rebuild()
    assert site.get(f"/videos/{video['id']}")["state"] == "cancelled"
    assert site.http.post(f"/videos/{video['id']}/retry").json()["state"] == "working"
