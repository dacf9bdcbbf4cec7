"""Datasets on the site: named by the tracklet, labelled by the frame, reviewed by somebody else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from doors import close_door, key, told
from inyourarea.contracts import keys
from inyourarea.contracts.datasets import LabelledBox, LabelledPicture
from inyourarea.gateway.access import Role
from inyourarea.runtime.datasets import Dataset
from labelled_show import SHOT, SIZE, draw_picture, face_of, fill, tracklet_of
from rehearsal_house import RehearsedSite

MEMBERS = ["Ana", "Bo", "Cho"]
Ask = Callable[..., httpx.Response]


@pytest.fixture
def pictures(site: RehearsedSite) -> list[str]:
    """Those of a dataset called show, of two shots."""
    site.http.post("/datasets", json={"name": "show", "members": MEMBERS}).raise_for_status()
    return fill(site.house.datasets.find("show").dataset, shots=2)


def named(site: RehearsedSite, tracklet: str, member: str, **more: object) -> dict:
    asked = {"member": member, **more}
    answer = site.http.put(f"/datasets/show/tracklets/{tracklet}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def name_as(
    site: RehearsedSite, who: dict[str, str], place: int, member: str, **more: object
) -> httpx.Response:
    """The answer to somebody who names a tracklet of the first shot."""
    address = f"/datasets/show/tracklets/{tracklet_of(0, place)}"
    return site.http.put(address, json={"member": member, **more}, headers=who)


def labels_of(site: RehearsedSite, picture: str) -> dict:
    return site.get(f"/datasets/show/pictures/{picture}/labels")


def put(site: RehearsedSite, picture: str, labels: dict, **more: object) -> httpx.Response:
    asked = {name: labels[name] for name in ("version", "state", "boxes")}
    headers = more.pop("headers", {})
    address = f"/datasets/show/pictures/{picture}/labels"
    return site.http.put(address, json={**asked, **more}, headers=headers)  # type: ignore[arg-type]


def queue(site: RehearsedSite, headers: dict | None = None) -> dict:
    return site.get("/datasets/show/queue", headers=headers or {})


class TestADataset:
    def test_is_made_once_and_lists_its_members_in_class_order(self, site: RehearsedSite) -> None:
        assert site.get("/datasets") == {"items": []}
        asked = {"name": "show", "members": MEMBERS}
        made = site.http.post("/datasets", json=asked)
        assert made.status_code == 201
        expected = {"name": "show", "version": 1, "members": MEMBERS, "pictures": 0}
        assert site.get("/datasets") == {"items": [expected]}
        others = {"name": "show", "members": ["Dan"]}
        assert told(site.http.post("/datasets", json=others)) == (409, "name-taken")

    def test_that_is_not_there_is_told(self, site: RehearsedSite) -> None:
        assert told(site.http.get("/datasets/none")) == (404, "not-found")
        assert told(site.http.get("/datasets/none/queue")) == (404, "not-found")

    def test_is_listed_whatever_else_lies_beside_it(
        self, site: RehearsedSite, pictures: list[str], tmp_path: Path
    ) -> None:
        datasets = tmp_path / "store" / "datasets"
        first = (datasets / "show/dataset/000001.json").read_bytes()
        for folder, name, content in [
            ("été", "000001.json", first),
            ("Tour", "000001.json", first),
            ("torn", "000001.json", b"{"),
            ("empty", ".DS_Store", b""),
        ]:
            (datasets / folder / "dataset").mkdir(parents=True)
            (datasets / folder / "dataset" / name).write_bytes(content)
        assert [one["name"] for one in site.get("/datasets")["items"]] == ["show"]

    def test_that_was_deleted_and_made_again_has_nothing_of_the_old_one(
        self, site: RehearsedSite, pictures: list[str], tmp_path: Path
    ) -> None:
        named(site, tracklet_of(0, 0), "Ana")
        queue(site)
        site.get("/datasets/show/counts")
        shutil.rmtree(tmp_path / "store" / "datasets" / "show")
        assert told(site.http.get("/datasets/show/counts")) == (404, "not-found")
        site.http.post("/datasets", json={"name": "show", "members": MEMBERS}).raise_for_status()
        anew = Dataset(site.house.objects, keys.dataset("show"))
        fill(anew, shots=2)
        anew.name_tracklet(tracklet_of(0, 0), "Bo", "Kim")
        assert labels_of(site, pictures[0])["boxes"][0]["member"] == "Bo"
        assert site.get("/datasets/show/counts")["clicks"] == 1

    @pytest.mark.parametrize("name", ["", "../x", "Show", "a/b", "x" * 64])
    def test_has_a_name_that_is_one(self, site: RehearsedSite, name: str) -> None:
        asked = {"name": name, "members": MEMBERS}
        assert told(site.http.post("/datasets", json=asked)) == (422, "invalid-request")

    def test_has_no_member_twice(self, site: RehearsedSite) -> None:
        asked = {"name": "show", "members": ["Ana", "ana"]}
        assert told(site.http.post("/datasets", json=asked)) == (422, "refused")

    def test_takes_one_member_more_from_whoever_knows_the_others(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        asked = {"version": 1, "name": "Dan"}
        more = site.http.post("/datasets/show/members", json=asked)
        assert more.json()["members"] == [*MEMBERS, "Dan"]
        late = site.http.post("/datasets/show/members", json={**asked, "name": "Eun"})
        assert told(late) == (409, "stale-edit")

    def test_calls_a_member_otherwise_in_all_labels(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        named(site, tracklet_of(0, 0), "Ana")
        asked = {"version": 1, "name": "Anna"}
        answer = site.http.put("/datasets/show/members/Ana", json=asked)
        assert answer.json()["members"] == ["Anna", "Bo", "Cho"]
        assert labels_of(site, pictures[0])["boxes"][0]["member"] == "Anna"
        gone = site.http.put("/datasets/show/members/Ana", json={"version": 2, "name": "A"})
        assert told(gone) == (404, "not-found")


class TestTracklets:
    def test_come_first_with_faces_from_the_first_to_the_last(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        strips = queue(site)["tracklets"]
        assert strips["total"] == 8
        strip = next(one for one in strips["items"] if one["tracklet"] == tracklet_of(0, 1))
        assert strip["boxes"] == SHOT
        assert [face["box"] for face in strip["faces"]] == [
            list(face_of(1, number)) for number in range(SHOT)
        ]
        assert strip["faces"][0]["size"] == list(SIZE)
        assert site.media(strip["faces"][0]["url"]).content == draw_picture(0)

    def test_are_named_in_every_picture_by_one_request(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        assert named(site, tracklet_of(0, 1), "Bo") == {"boxes": SHOT}
        for picture in pictures[:SHOT]:
            boxes = labels_of(site, picture)["boxes"]
            assert [(box["member"], box["state"]) for box in boxes] == [
                ("", "proposed"),
                ("Bo", "confirmed"),
                ("", "proposed"),
                ("", "proposed"),
            ]
        assert queue(site)["tracklets"]["total"] == 7

    def test_ask_for_each_person_of_a_run_once_before_anything_else(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        strips = queue(site)["tracklets"]["items"]
        assert [one["is_first"] for one in strips] == [True] * 4 + [False] * 4
        assert site.get("/datasets/show/queue", params={"limit": 1})["tracklets"]["people"] == 4
        assert [one["person"] for one in strips[:4]] == [f"run:{place}" for place in range(4)]
        assert [one["gives"] for one in strips] == [2 * SHOT] * 4 + [SHOT] * 4
        named(site, tracklet_of(0, 1), "Bo")
        strips = queue(site)["tracklets"]["items"]
        assert [one["person"] for one in strips[:3]] == ["run:0", "run:2", "run:3"]
        (other,) = [one for one in strips if one["person"] == "run:1"]
        assert (other["is_first"], other["member"]) == (False, "Bo")

    def test_are_asked_for_where_the_run_or_people_are_unsure_before_the_others(
        self, site: RehearsedSite
    ) -> None:
        site.http.post("/datasets", json={"name": "show", "members": MEMBERS}).raise_for_status()
        dataset = site.house.datasets.find("show").dataset
        sure = {"run:0:a": 0.9, "run:1:a": 0.4, "run:2:a": 0.6, "run:3:a": 0.95, "run:4:b": 0.2}
        sure |= {"run:5:b": 0.9, "run:6:b": 0.8, "run:7:b": 0.9}
        for number, (tracklet, identity) in enumerate(sure.items()):
            box = LabelledBox((1, 1, 9, 9), tracklet=tracklet, identity=identity)
            dataset.add(f"p{number}", b"jpeg", LabelledPicture((20, 20), (box,)))
        order = [one["tracklet"] for one in queue(site)["tracklets"]["items"]]
        assert order[:2] == ["run:3:a", "run:5:b"]
        assert order[2:] == ["run:4:b", "run:1:a", "run:2:a", "run:6:b", "run:0:a", "run:7:b"]
        named(site, "run:0:a", "Ana")
        named(site, "run:2:a", "Bo")  # so nobody knows who the others are
        order = [one["tracklet"] for one in queue(site)["tracklets"]["items"]]
        assert order[:3] == ["run:5:b", "run:1:a", "run:3:a"]

    def test_are_as_sure_as_before_in_a_picture_that_somebody_has_saved(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        dataset = site.house.datasets.find("show").dataset
        box = LabelledBox((1, 1, 9, 9), tracklet="run:9:7", identity=0.3)
        dataset.add("more", b"jpeg", LabelledPicture((20, 20), (box,)))
        labels = labels_of(site, "more")
        drawn = {"box": [2, 2, 9, 9], "member": "Ana"}
        put(site, "more", labels, boxes=[*labels["boxes"], drawn]).raise_for_status()
        assert [one.identity for one in dataset.labelled("more").boxes] == [0.3, None]

    def test_are_no_members_or_taken_back(self, site: RehearsedSite, pictures: list[str]) -> None:
        named(site, tracklet_of(0, 1), "")
        assert queue(site)["tracklets"]["total"] == 7
        named(site, tracklet_of(0, 1), "", state="proposed")
        assert queue(site)["tracklets"]["total"] == 8

    def test_taken_back_are_what_they_were_before(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        tracklet, before = tracklet_of(0, 1), labels_of(site, pictures[0])["boxes"]
        named(site, tracklet, "Bo")
        for picture in pictures[:2]:
            labels = labels_of(site, picture)
            put(site, picture, labels, state="confirmed").raise_for_status()
        for _ in range(2):  # whose answer was lost is asked again
            assert named(site, tracklet, "Bo", state="proposed") == {"boxes": SHOT}
        labels = labels_of(site, pictures[0])
        assert (labels["state"], labels["boxes"]) == ("proposed", before)
        assert labels["version"] == 4

    def test_taken_back_are_a_click_and_what_the_program_renews_is_none(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        named(site, tracklet_of(0, 1), "Bo")
        named(site, tracklet_of(0, 1), "Bo", state="proposed")
        dataset = site.house.datasets.find("show").dataset
        labels = dataset.labelled(pictures[-1])
        boxes = (replace(labels.boxes[0], member="Ana"), *labels.boxes[1:])
        dataset.label(pictures[-1], replace(labels, boxes=boxes, version=2))
        counts = site.get("/datasets/show/counts")
        assert (counts["clicks"], counts["given"]) == (2, SHOT)

    def test_of_nobody_known_are_refused(self, site: RehearsedSite, pictures: list[str]) -> None:
        address = f"/datasets/show/tracklets/{tracklet_of(0, 0)}"
        assert told(site.http.put(address, json={"member": "Zoe"})) == (422, "refused")
        nowhere = site.http.put("/datasets/show/tracklets/a:0:9", json={"member": "Ana"})
        assert told(nowhere) == (404, "not-found")

    def test_tell_how_many_boxes_a_click_has_given(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        named(site, tracklet_of(0, 0), "Ana")
        named(site, tracklet_of(0, 1), "Bo")
        counts = site.get("/datasets/show/counts")
        assert (counts["clicks"], counts["given"]) == (2, 2 * SHOT)
        assert counts["spread"] == 2 * SHOT  # in the other shot
        labels = labels_of(site, pictures[0])
        boxes = [{**labels["boxes"][0], "view": "profile"}, *labels["boxes"][1:]]
        put(site, pictures[0], labels, boxes=boxes).raise_for_status()
        counts = site.get("/datasets/show/counts")
        assert (counts["clicks"], counts["given"]) == (3, 2 * SHOT + 1)
        assert counts["members"][0] == {
            "name": "Ana",
            "boxes": SHOT,
            "confirmed": SHOT,
            "pictures": SHOT,
            "frontal": 0,
            "profile": 1,
            "spread": SHOT,
        }
        assert counts["advised"] == 1500
        assert counts["balance"] == 0  # Cho has none

    def test_are_as_many_for_the_balance_as_training_learns(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        for place, member in enumerate(("Ana", "Bo", "Cho")):
            named(site, tracklet_of(0, place), member)
        named(site, tracklet_of(1, 0), "Ana")  # who was learned there before
        assert site.get("/datasets/show/counts")["balance"] == 1


class TestAPicture:
    def test_is_sent_once(self, site: RehearsedSite, pictures: list[str]) -> None:
        url = labels_of(site, pictures[0])["url"]
        first = site.media(url)
        assert first.headers["content-type"] == "image/jpeg"
        assert "immutable" in first.headers["cache-control"]
        again = site.media(url, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_knows_its_neighbours_in_the_shot(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        told_of = [labels_of(site, picture) for picture in pictures[: SHOT + 1]]
        assert [one["next"] for one in told_of[:SHOT]] == [*pictures[1:SHOT], None]
        assert [one["previous"] for one in told_of] == [None, *pictures[: SHOT - 1], None]

    def test_is_asked_for_in_the_order_of_what_it_teaches_until_it_is_settled(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        frames = [one["picture"] for one in queue(site)["frames"]["items"]]
        assert frames == pictures
        labels = labels_of(site, pictures[0])
        boxes = [{**box, "member": "Ana", "state": "confirmed"} for box in labels["boxes"]]
        put(site, pictures[0], labels, boxes=boxes, state="confirmed").raise_for_status()
        put(site, pictures[1], labels_of(site, pictures[1]), state="rejected").raise_for_status()
        frames = [one["picture"] for one in queue(site)["frames"]["items"]]
        assert frames == pictures[2:]

    def test_takes_no_box_outside_and_no_stranger(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        labels = labels_of(site, pictures[0])
        outside = [{"box": [600, 10, 641, 50], "member": "Ana"}]
        assert told(put(site, pictures[0], labels, boxes=outside)) == (422, "refused")
        stranger = [{"box": [600, 10, 640, 50], "member": "Zoe"}]
        assert told(put(site, pictures[0], labels, boxes=stranger)) == (422, "refused")
        assert labels_of(site, pictures[0]) == labels


class TestTwoEditors:
    def test_do_not_overwrite_each_other(self, site: RehearsedSite, pictures: list[str]) -> None:
        close_door(site)
        kim = key(site, Role.EDITOR, name="Kim")
        lee = key(site, Role.EDITOR, name="Lee")
        address = f"/datasets/show/pictures/{pictures[0]}/labels"
        seen = site.get(address, headers=kim)
        first = put(site, pictures[0], seen, boxes=seen["boxes"][:3], headers=kim)
        assert first.json()["version"] == 2
        second = put(site, pictures[0], seen, boxes=[], headers=lee)
        assert told(second) == (409, "stale-edit")
        assert (second.json()["version"], second.json()["by"]) == (2, "Kim")
        assert len(site.get(address, headers=lee)["boxes"]) == 3

    @pytest.fixture
    def kim(self, site: RehearsedSite) -> dict[str, str]:
        close_door(site)
        return key(site, Role.EDITOR, name="Kim")

    @pytest.fixture
    def lee(self, site: RehearsedSite, kim: dict[str, str]) -> dict[str, str]:
        return key(site, Role.EDITOR, name="Lee")

    def members_at(self, site: RehearsedSite, pictures: list[str], place: int) -> list[str]:
        dataset = site.house.datasets.find("show").dataset
        return [dataset.labelled(one).boxes[place].member for one in pictures[:SHOT]]

    def confirm(self, site: RehearsedSite, picture: str, who: dict[str, str], member: str) -> None:
        labels = site.get(f"/datasets/show/pictures/{picture}/labels", headers=who)
        first, *others = labels["boxes"]
        boxes = [{**first, "member": member, "state": "confirmed"}, *others]
        put(site, picture, labels, boxes=boxes, headers=who).raise_for_status()

    def test_do_not_name_each_others_faces_unless_they_insist(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.confirm(site, pictures[2], lee, "Bo")
        other = name_as(site, kim, 1, "Ana")
        assert (other.status_code, other.json()) == (200, {"boxes": SHOT})
        answer = name_as(site, kim, 0, "Ana")
        assert told(answer) == (409, "stale-edit")
        assert answer.json()["by"] == "Lee"
        assert self.members_at(site, pictures, 0) == ["", "", "Bo", "", ""]
        assert name_as(site, lee, 0, "Bo").status_code == 200
        assert name_as(site, kim, 0, "Ana", insist=True).json() == {"boxes": SHOT}
        assert self.members_at(site, pictures, 0) == ["Ana"] * SHOT
        for _ in range(2):  # whose answer was lost is asked again
            assert name_as(site, kim, 0, "Ana", state="proposed").status_code == 200
            assert self.members_at(site, pictures, 0) == ["Bo"] * SHOT

    def test_keep_what_they_confirmed_when_the_other_takes_a_name_back(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.confirm(site, pictures[0], lee, "Ana")
        name_as(site, kim, 0, "Ana").raise_for_status()
        labels = site.get(f"/datasets/show/pictures/{pictures[1]}/labels", headers=lee)
        put(site, pictures[1], labels, state="confirmed", headers=lee).raise_for_status()
        name_as(site, kim, 0, "Ana", state="proposed").raise_for_status()
        assert self.members_at(site, pictures, 0) == ["Ana", "Ana", "", "", ""]

    def test_may_wait_while_a_member_is_renamed(
        self, site: RehearsedSite, pictures: list[str]
    ) -> None:
        labels = labels_of(site, pictures[0])
        labels["boxes"][0]["member"] = "Ana"
        rename = {"version": 1, "name": "Anna"}
        site.http.put("/datasets/show/members/Ana", json=rename).raise_for_status()
        for _ in "it arrives", "it arrives again":
            answer = put(site, pictures[0], labels)
            assert answer.status_code == 200, answer.text
            assert (answer.json()["version"], answer.json()["boxes"][0]["member"]) == (2, "Anna")

    def test_may_send_the_same_twice(self, site: RehearsedSite, pictures: list[str]) -> None:
        seen = labels_of(site, pictures[0])
        versions = [
            put(site, pictures[0], seen, boxes=seen["boxes"][:2]).json()["version"]
            for _ in range(2)
        ]
        assert versions == [2, 2]


class TestAReview:
    @pytest.fixture
    def kim(self, site: RehearsedSite, pictures: list[str]) -> dict[str, str]:
        """She has confirmed the first picture."""
        close_door(site)
        kim = key(site, Role.EDITOR, name="Kim")
        self.settle(site, pictures[0], kim, "Ana")
        return kim

    @pytest.fixture
    def lee(self, site: RehearsedSite, kim: dict[str, str]) -> dict[str, str]:
        return key(site, Role.EDITOR, name="Lee")

    def settle(self, site: RehearsedSite, picture: str, who: dict[str, str], member: str) -> None:
        address = f"/datasets/show/pictures/{picture}/labels"
        labels = site.get(address, headers=who)
        boxes = [{**box, "member": member, "state": "confirmed"} for box in labels["boxes"]]
        answer = put(site, picture, labels, boxes=boxes, state="confirmed", headers=who)
        answer.raise_for_status()

    def waiting(self, site: RehearsedSite, who: dict[str, str]) -> list[tuple[str, str]]:
        items = queue(site, who)["review"]["items"]
        return [(one["picture"], one["by"]) for one in items]

    def test_is_asked_of_others_until_one_of_them_accepts(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        assert self.waiting(site, kim) == []
        assert self.waiting(site, lee) == [(pictures[0], "Kim")]
        self.settle(site, pictures[0], lee, "Ana")
        assert self.waiting(site, lee) == self.waiting(site, kim) == []

    def test_that_corrects_is_shown_to_whom_it_corrects(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.settle(site, pictures[0], lee, "Bo")
        assert self.waiting(site, lee) == []
        assert self.waiting(site, kim) == [(pictures[0], "Lee")]

    def test_that_sends_back_brings_it_to_the_frames_again(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        address = f"/datasets/show/pictures/{pictures[0]}/labels"
        labels = site.get(address, headers=lee)
        boxes = [{**box, "state": "proposed"} for box in labels["boxes"]]
        put(site, pictures[0], labels, boxes=boxes, state="proposed", headers=lee)
        assert self.waiting(site, lee) == self.waiting(site, kim) == []
        assert queue(site, kim)["frames"]["items"][0]["picture"] == pictures[0]

    def test_that_was_accepted_is_not_asked_for_again_once_a_member_is_called_otherwise(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.settle(site, pictures[0], lee, "Ana")
        assert self.waiting(site, kim) == []
        rename = {"version": 1, "name": "Anna"}
        address = "/datasets/show/members/Ana"
        site.http.put(address, json=rename, headers=kim).raise_for_status()
        assert self.waiting(site, kim) == self.waiting(site, lee) == []

    def leave_out(self, site: RehearsedSite, picture: str, who: dict[str, str]) -> None:
        address = f"/datasets/show/pictures/{picture}/labels"
        labels = site.get(address, headers=who)
        put(site, picture, labels, state="rejected", headers=who).raise_for_status()

    def test_is_asked_of_what_was_left_out_until_another_leaves_it_out_too(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.leave_out(site, pictures[0], lee)
        self.leave_out(site, pictures[1], lee)
        assert self.waiting(site, lee) == []
        assert self.waiting(site, kim) == [(pictures[0], "Lee"), (pictures[1], "Lee")]
        self.leave_out(site, pictures[1], kim)
        self.settle(site, pictures[0], kim, "Ana")
        assert self.waiting(site, kim) == []
        assert self.waiting(site, lee) == [(pictures[0], "Kim")]
        assert pictures[1] not in [one["picture"] for one in queue(site, kim)["frames"]["items"]]

    def test_leaves_who_and_when(
        self, site: RehearsedSite, pictures: list[str], kim: dict, lee: dict
    ) -> None:
        self.settle(site, pictures[0], lee, "Bo")
        address = f"/datasets/show/pictures/{pictures[0]}/history"
        items = site.get(address, headers=kim)["items"]
        assert [(one["version"], one["by"]) for one in items] == [
            (1, "proposal"),
            (2, "Kim"),
            (3, "Lee"),
        ]
        assert items[1]["at"] <= items[2]["at"]
        assert {box["member"] for box in items[1]["boxes"]} == {"Ana"}


def test_who_may_see_some_videos_only_sees_no_dataset(
    site: RehearsedSite, pictures: list[str]
) -> None:
    close_door(site)
    some = key(site, Role.EDITOR, labels=("tour:seoul",))
    assert told(site.http.get("/datasets/show/queue", headers=some)) == (403, "labels")
