"""A group's model from a dataset, as an editor asks for it and sees what becomes of it."""

import httpx
import pytest

from doors import key, told
from inyourarea.contracts.trainings import DONE, PUBLISHING, STAGE, WORKING, TrainingState
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.access import Role
from inyourarea.gateway.models import KnownModel
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.runtime.worker import to_record
from rehearsal_house import FACES, HOSTS, RehearsedSite

WHERE = "/datasets/tour/training"


@pytest.fixture(autouse=True)
def _dataset(site: RehearsedSite) -> None:
    asked = {"name": "tour", "members": ["Ana", "Bo"]}
    site.http.post("/datasets", json=asked).raise_for_status()


def want(site: RehearsedSite, **asked: object) -> dict:
    answer = site.http.post(WHERE, json=asked)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()["training"]


def seen(site: RehearsedSite) -> dict:
    return site.get(WHERE)["training"]


def state(site: RehearsedSite, state: TrainingState) -> None:
    """Whoever trains tells this of the newest."""
    trainings = site.house.trainings
    newest = trainings.newest("tour")
    assert newest
    trainings.tell(newest, state)


def test_nothing_was_wanted_of_a_new_dataset(site: RehearsedSite) -> None:
    assert site.get(WHERE) == {"training": None, "why_not": None}
    assert told(site.http.get("/datasets/none/training")) == (404, "not-found")
    assert told(site.http.post("/datasets/none/training", json={})) == (404, "not-found")


def test_what_is_wanted_is_written_down_and_told_to_whoever_trains(site: RehearsedSite) -> None:
    answer = site.http.post(WHERE, json={"model": "yolov5s", "imgsz": 640, "epochs": 3})
    assert answer.status_code == 202
    training = answer.json()["training"]
    asked = {name: training[name] for name in ("number", "group", "model", "imgsz", "epochs")}
    assert asked == {"number": 1, "group": "tour", "model": "yolov5s", "imgsz": 640, "epochs": 3}
    assert training["state"] == "waiting"
    assert site.stages.told == [facts.TrainingWanted(dataset="tour", number=1)]
    assert seen(site) == training


def test_whoever_trains_is_told_whether_runs_have_a_model_of_that_name(site: RehearsedSite) -> None:
    wishes = []
    for group in ("tour", "ive"):
        want(site, group=group)
        newest = site.house.trainings.newest("tour")
        assert newest
        wishes.append(newest.wish)
        state(site, TrainingState(DONE, version=1))
        site.house.models = {**site.house.models, "ive": KnownModel(FACES)}
    assert [(one.group, one.has_model) for one in wishes] == [("tour", False), ("ive", True)]


def test_of_a_dataset_one_is_under_way_at_a_time(site: RehearsedSite) -> None:
    first = want(site)
    answer = site.http.post(WHERE, json={"epochs": 7})
    assert answer.status_code == 200
    assert answer.json()["training"] == first
    assert site.stages.told == 2 * [facts.TrainingWanted(dataset="tour", number=1)]
    state(site, TrainingState(WORKING, step="learning", done=1, total=4))
    assert want(site)["state"] == "working"
    assert len(site.stages.told) == 2  # nothing is lost of one that somebody works on
    state(site, TrainingState(DONE, version=1, is_used=True))
    assert want(site)["number"] == 2
    assert len(site.stages.told) == 3


def test_how_far_it_is_and_what_came_of_it_is_seen(site: RehearsedSite) -> None:
    want(site, group="ive")
    state(site, TrainingState(WORKING, step="learning", done=1, total=4))
    now = seen(site)
    assert (now["state"], now["step"], now["done"], now["total"]) == ("working", "learning", 1, 4)
    reached = {"Ana": (0.9, 0.7)}
    worse = ("mAP50-95 is less",)
    ended = TrainingState(DONE, version=2, worse=worse, judged_on="test", members=reached)
    state(site, ended)
    now = seen(site)
    assert (now["state"], now["group"], now["version"], now["is_used"]) == ("done", "ive", 2, False)
    assert now["worse"] == [*worse]
    assert now["judged_on"] == "test"
    assert now["members"] == [{"name": "Ana", "map50": 0.9, "map50_95": 0.7}]


def fail(site: RehearsedSite, number: int, why: str) -> None:
    """Whoever trained that one of `tour` could not use what it was told."""
    key = to_record(facts.TrainingWanted(dataset="tour", number=number)).key
    failed = facts.StageFailed(stage=STAGE, topic="training.wanted", key=key, reason=why)
    assert site.handler.on_stage_failed(failed) == []


def test_one_that_failed_says_why_and_can_be_wanted_again(site: RehearsedSite) -> None:
    want(site)
    why = "The dataset has 0 labelled pictures."
    fail(site, 1, why)
    assert (seen(site)["state"], seen(site)["failure"]) == ("failed", why)
    assert want(site)["number"] == 2


def test_an_earlier_one_that_fails_late_is_not_the_newest_one(site: RehearsedSite) -> None:
    want(site)
    state(site, TrainingState(DONE, version=1))
    want(site)
    fail(site, 1, "it was started 5 times and never came to an end")
    fail(site, 7, "nobody asked for it")
    assert (seen(site)["number"], seen(site)["state"]) == (2, "waiting")


def test_one_that_has_ended_is_not_under_way_again(site: RehearsedSite) -> None:
    want(site)
    fail(site, 1, "the memory was full")
    state(site, TrainingState(WORKING, step="learning", done=1, total=4))
    assert seen(site)["state"] == "failed"


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "yolov8n"},
        {"imgsz": 161},
        {"imgsz": 8192},
        {"epochs": 0},
        {"group": "../x"},
        {"device": "0"},
    ],
)
def test_what_can_not_be_trained_is_refused(site: RehearsedSite, asked: dict) -> None:
    assert site.http.post(WHERE, json=asked).status_code == 422
    assert site.get(WHERE)["training"] is None


def test_where_nobody_trains_it_says_what_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    why = "Training needs torch."
    settings = GatewaySettings(hosts=HOSTS, trusts_everybody=True, why_no_training=why)
    site = RehearsedSite(tmp_path_factory.mktemp("poor"), settings=settings)
    site.http.post("/datasets", json={"name": "tour", "members": ["Ana"]}).raise_for_status()
    answer = site.http.post(WHERE, json={})
    assert told(answer) == (409, "no-training")
    assert answer.json()["detail"] == why
    assert site.get(WHERE) == {"training": None, "why_not": why}
    assert site.stages.told == []
    site.close()


def test_an_editor_trains_the_datasets_own_group_and_replaces_no_other_by_force(
    site: RehearsedSite,
) -> None:
    editor, operator = (key(site, role) for role in (Role.EDITOR, Role.OPERATOR))
    for asked in ({"group": "ive"}, {"force": True}):
        answer = site.http.post(WHERE, json=asked, headers=editor)
        assert told(answer) == (403, "role")
        assert "operator" in answer.json()["detail"]
    assert site.get(WHERE)["training"] is None
    assert site.http.post(WHERE, json={"group": "tour"}, headers=editor).status_code == 202
    state(site, TrainingState(DONE, version=1))
    asked = {"group": "ive", "force": True}
    assert site.http.post(WHERE, json=asked, headers=operator).status_code == 202


def test_whose_token_is_for_some_videos_trains_nothing(site: RehearsedSite) -> None:
    some = key(site, Role.EDITOR, labels=("tour:seoul",))
    assert site.http.post(WHERE, json={}, headers=some).status_code == 403


def cancel(site: RehearsedSite, headers: dict[str, str] | None = None) -> httpx.Response:
    return site.http.post(f"{WHERE}/cancel", headers=headers or {})


def test_a_training_is_cancelled_by_whoever_may_ask_for_it_and_another_can_be_wanted(
    site: RehearsedSite,
) -> None:
    assert told(cancel(site)) == (404, "not-found")
    want(site)
    state(site, TrainingState(WORKING, step="learning", done=1, total=4))
    answer = cancel(site, key(site, Role.EDITOR, name="Lee"))
    assert answer.status_code == 200, answer.text
    now = answer.json()["training"]
    assert (now["state"], now["cancelled_by"]) == ("cancelled", "Lee")
    assert now["at"] >= now["asked_at"]
    assert cancel(site).json()["training"] == now  # whose answer was lost asks again
    state(site, TrainingState(WORKING, step="learning", done=2, total=4))
    state(site, TrainingState(DONE, version=1))
    fail(site, 1, "it was too late")
    assert seen(site) == now
    assert want(site)["number"] == 2


def test_what_has_ended_or_is_being_published_is_not_cancelled(site: RehearsedSite) -> None:
    want(site)
    newest = site.house.trainings.newest("tour")
    assert newest
    site.house.trainings.begin_publishing(newest)
    answer = cancel(site)
    assert told(answer) == (409, "not-working")
    assert "being published" in answer.json()["detail"]
    assert (seen(site)["state"], seen(site)["step"]) == ("working", PUBLISHING)
    state(site, TrainingState(DONE, version=1))
    assert told(cancel(site)) == (409, "not-working")
    assert seen(site)["state"] == "done"


def test_an_operators_training_is_not_an_editors_to_cancel(site: RehearsedSite) -> None:
    want(site, group="ive")
    assert told(cancel(site, key(site, Role.EDITOR))) == (403, "role")
    assert cancel(site, key(site, Role.OPERATOR)).status_code == 200


def test_the_time_that_is_left_runs_out_between_two_words(site: RehearsedSite) -> None:
    want(site)
    state(site, TrainingState(WORKING, step="learning", done=1, total=4, left_s=90.0))
    assert 80 < seen(site)["left_s"] <= 90
    state(site, TrainingState(WORKING, step="learning", done=2, total=4))
    assert seen(site)["left_s"] is None
