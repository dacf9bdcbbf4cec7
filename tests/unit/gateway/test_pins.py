"""From what an editor says on the page to pins, and what they change."""

from fractions import Fraction

import numpy as np
import pytest

from doors import told
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.core.errors import DependencyAway, PinRejected
from inyourarea.core.pins import NOBODY
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.api import pins as api_pins
from inyourarea.gateway.api.pins import put
from inyourarea.gateway.documents import PinDocument, PinsAsked
from inyourarea.gateway.journal import Titled
from inyourarea.gateway.pins import differences, pins_from, to_stages
from inyourarea.gateway.problems import Stale
from inyourarea.gateway.showing import Shown, changed_segments
from inyourarea.gateway.submission import submit_again
from rehearsal_house import RehearsedSite

FRAMES = 120


def track(
    name: str, seen: "list[tuple[int, int]]", x: float = 100, reason: Reason = Reason.NONE
) -> Track:
    """Somebody who is observed in these stretches (end excluded) at one place."""
    state = np.full(FRAMES, State.OPEN, np.uint8)
    for first, end in seen:
        state[first:end] = State.OBSERVED
    xyxy = np.full((FRAMES, 4), np.nan, np.float32)
    xyxy[state == State.OBSERVED] = (x, 50, x + 40, 100)
    sure = np.where(state == State.OBSERVED, 0.9, 0).astype(np.float32)
    reasons = np.full(FRAMES, reason, np.uint8)
    return Track(f"p-{name}", name, state, reasons, xyxy, sure, sure)


def shown(*people: Track, members: tuple[str, ...] = (), cut: int | None = None) -> Shown:
    """A run of four seconds at 640x360, at 30 frames a second."""
    shots = (Shot(0, FRAMES - 1),) if cut is None else (Shot(0, cut - 1), Shot(cut, FRAMES - 1))
    timeline = Timeline(np.arange(FRAMES, dtype=np.int64), Fraction(1, 30))
    accepted = facts.VideoAccepted(
        spec=facts.RunSpec(model=facts.Model(members=members, confidence=0.25))
    )
    return Shown(accepted, stored.KeptRun(), Tracks(timeline, (640, 360), shots, people), {})


def pin(**said: object) -> PinDocument:
    return PinDocument.model_validate({"from_s": 1, **said})


def starts(made: "tuple | list") -> list[float]:
    return [round(float(Fraction(one.start_s)), 3) for one in made]


def test_a_point_becomes_a_pin_with_the_label_that_the_stages_know() -> None:
    run = shown(track("person-1", [(0, 120)]), track("person-2", [(0, 120)], x=300))
    (made,) = pins_from([pin(from_s=1.5, x=310, y=60, person="p-person-2")], run)
    assert (made.label, made.x, made.y, made.start_s) == ("person-2", 310, 60, "3/2")
    (made,) = pins_from([pin(x=310, y=60, person=" 제니 ")], run)
    assert made.label == "제니"
    (made,) = pins_from([pin(x=310, y=60, nobody=True)], run)
    assert made.label == NOBODY


def test_a_stretch_becomes_a_pin_per_run_of_boxes() -> None:
    run = shown(track("person-1", [(0, 20), (40, 60), (70, 110)]))
    made = pins_from([pin(of="p-person-1", from_s=0.5, to_s=3, nobody=True)], run)
    # Within the stretch, and on both sides of it she stays herself.
    assert [(one.label, start) for one, start in zip(made, starts(made), strict=True)] == [
        (NOBODY, 0.5),
        (NOBODY, 1.333),
        (NOBODY, 2.333),
        ("person-1", 0.467),
        ("person-1", 3.033),
    ]
    assert {(one.x, one.y, one.width, one.height) for one in made} == {(100, 50, 40, 50)}


def test_a_stretch_over_a_cut_is_pinned_in_both_shots() -> None:
    run = shown(track("person-1", [(0, 120)]), cut=45)
    made = pins_from([pin(of="p-person-1", from_s=1, to_s=2, person="Aria")], run)
    assert starts([one for one in made if one.label == "Aria"]) == [1.0, 1.5]


def test_a_denial_says_nothing_of_the_rest() -> None:
    run = shown(track("person-1", [(0, 120)]))
    asked = pin(of="p-person-1", from_s=1, to_s=2, person="p-person-1", denies=True)
    (made,) = pins_from([asked], run)
    assert (made.label, made.is_denial) == ("person-1", True)


def test_a_pin_that_was_read_is_the_one_that_was_set() -> None:
    """Seconds in JSON are rounded; the frame is the same all the same."""
    run = shown(track("person-1", [(0, 120)]))
    for frame in range(FRAMES - 1):
        (made,) = pins_from([pin(from_s=frame / 30, x=110, y=60, nobody=True)], run)
        assert Fraction(made.start_s) == Fraction(frame, 30)
        rounded = pin(
            from_s=round(frame / 30, 4) - 0.00002 if frame else 0, x=110, y=60, nobody=True
        )
        assert pins_from([rounded], run) == (made,)


def test_the_same_pin_twice_is_one() -> None:
    run = shown(track("person-1", [(0, 120)]))
    assert len(pins_from([pin(x=110, y=60, person="A")] * 2, run)) == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"x": 640, "y": 50, "nobody": True}, "Pin 1 is at (640, 50), outside of the picture"),
        ({"x": -1, "y": 50, "nobody": True}, "of 640x360"),
        ({"x": 5, "y": 5, "from_s": 9, "nobody": True}, "Pin 1 is at 9 s; the video ends at 4.0"),
        ({"x": 5, "y": 5, "to_s": 0.5, "nobody": True}, "ends at 0.5 s, before it begins"),
        ({"x": 5, "y": 5}, "must say either a person or nobody"),
        ({"x": 5, "y": 5, "person": " "}, "must say either a person or nobody"),
        ({"x": 5, "y": 5, "person": "A", "nobody": True}, "must say either a person or nobody"),
        ({"nobody": True}, "has no place"),
        ({"x": 5, "y": 5, "w": 5, "nobody": True}, "both w and h"),
        ({"of": "p-nix", "nobody": True}, "whom nobody knows"),
        ({"of": "p-person-1", "to_s": 2, "nobody": True}, "nobody saw person-1 between 1 and 2"),
        ({"of": "p-person-1", "nobody": True}, "nobody saw person-1 between 1 and 1 s"),
    ],
)
def test_a_pin_that_says_nothing_is_refused_and_why(said: dict, told: str) -> None:
    run = shown(track("person-1", [(100, 120)]))
    with pytest.raises(PinRejected) as refused:
        pins_from([pin(**said)], run)
    assert told in str(refused.value)


def test_somebody_who_is_no_member_of_the_group_is_refused() -> None:
    run = shown(track("Aria", [(0, 120)]), members=("Aria", "Bella"))
    (made,) = pins_from([pin(x=110, y=60, person="Bella")], run)
    assert made.label == "Bella"
    with pytest.raises(PinRejected, match=r"'Rosé', who is no member of this group.*Aria, Bella"):
        pins_from([pin(x=110, y=60, person="Rosé")], run)


def test_nobody_is_told_by_a_label_alone() -> None:
    """A label that pins use is anchored at its owner's surest sighting; with a model it is not."""
    people = (track("person-1", [(0, 120)]), track("person-2", [(30, 90)], x=300))
    made = pins_from([pin(x=110, y=60, person="p-person-2")], shown(*people))
    told = to_stages(made, shown(*people))
    assert [(one.name, one.x) for one in told] == [("person-2", 110), ("person-2", 300)]
    anchor = Fraction(told[1].start_s.num, told[1].start_s.den)
    assert 1 < anchor < 3
    with_members = shown(*people, members=("person-1", "person-2"))
    assert len(to_stages(made, with_members)) == 1


def test_approved_people_are_pinned_wherever_sightings_of_them_begin() -> None:
    settled = track("Aria", [(0, 30), (50, 80), (85, 89)])
    run = shown(settled, track("Bella", [(0, 120)], x=300), cut=62, members=("Aria", "Bella"))
    told = to_stages([], run, {"p-Aria"})
    seconds = [Fraction(one.start_s.num, one.start_s.den) for one in told]
    assert {one.name for one in told} == {"Aria"}
    # One in each run of each shot that is long enough, none for the four frames at the end.
    assert [int(second * 30 // 10) for second in seconds] == [0, 5, 6]


def test_a_place_of_somebody_approved_can_not_be_taken() -> None:
    run = shown(track("Aria", [(0, 120)]), track("Bella", [(0, 120)], x=300))
    for said in (
        {"x": 110, "y": 60, "person": "p-Bella"},
        {"x": 100, "y": 50, "w": 40, "h": 50, "nobody": True},
        {"of": "p-Aria", "to_s": 2, "person": "p-Bella"},
        {"x": 110, "y": 60, "person": "p-Aria", "denies": True},
    ):
        assert pins_from([pin(**said)], run)
        with pytest.raises(PinRejected, match=r"at 1\.00 s takes a place from Aria.*reopen"):
            pins_from([pin(**said)], run, {"p-Aria"})
    for said in (
        {"x": 110, "y": 60, "person": "p-Aria"},
        {"x": 110, "y": 60, "person": "p-Bella", "denies": True},
        {"x": 310, "y": 60, "nobody": True},
        {"x": 5, "y": 5, "nobody": True},
    ):
        assert pins_from([pin(**said)], run, {"p-Aria"})


def test_two_people_pinned_to_one_name_at_once_are_told_apart_by_time(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    people = site.watch(video)["people"]
    boxes = site.media(site.watch(video)["boxes_url"]).json()["people"]
    pins = []
    for person, from_s in zip(people[:2], (1, 2), strict=True):
        frame = from_s * 30
        run = next(
            run
            for run in boxes[person["id"]]
            if run["first_frame"] <= frame < run["first_frame"] + len(run["boxes"]) // 4
        )
        rows = np.cumsum(np.array(run["boxes"]).reshape(-1, 4), axis=0)
        x1, y1, x2, y2 = rows[frame - run["first_frame"]].tolist()
        pins.append({"from_s": from_s, "x": (x1 + x2) / 2, "y": (y1 + y2) / 2, "person": "Lisa"})
    address = f"/videos/{video['id']}/pins"
    answer = site.http.put(address, json={"revision": 1, "pins": pins})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:inyourarea:problem:pin-rejected"
    assert "1.00 s and 2.00 s" in answer.json()["detail"]
    assert "'Lisa'" in answer.json()["detail"]
    assert site.get(address)["pins"] == []
    assert site.get(f"/videos/{video['id']}")["revision"] == 1


def test_differences_are_stretches_in_order_of_time() -> None:
    old = shown(track("A", [(0, 60)]), track("B", [(0, 120)], x=300)).tracks
    new = shown(track("A", [(0, 30), (62, 63)]), track("B", [(0, 40)], x=300)).tracks
    moved = track("B", [(0, 120)], x=300)
    moved.xyxy[50:70] += 30
    told = [(d.name, d.first_frame, d.last_frame, d.was, d.becomes) for d in differences(old, new)]
    # What is shorter than a tenth of a second is not told.
    assert told == [("A", 30, 59, "seen", "unseen"), ("B", 40, 119, "seen", "unseen")]
    elsewhere = differences(old, shown(old.people[0], moved).tracks)
    assert [(d.first_frame, d.last_frame, d.becomes) for d in elsewhere] == [(50, 69, "elsewhere")]
    came = differences(old, shown(*old.people, track("C", [(10, 50)], x=500)).tracks)
    assert [(d.person, d.was, d.becomes) for d in came] == [("p-C", "unseen", "seen")]
    assert differences(old, old) == []


def test_a_segment_has_changed_when_somebody_is_drawn_otherwise() -> None:
    def part(*views: tuple[str, int]) -> stored.SegmentWindows:
        return stored.SegmentWindows(
            views=[
                stored.SegmentWindows.View(person=person, name=person, windows=[x, 0, 5, 5])
                for person, x in views
            ]
        )

    old = [part(("a", 1), ("b", 2)), part(("a", 3)), part(("a", 4))]
    # Renamed; moved; somebody more.
    new = [part(("c", 1), ("b", 2)), part(("a", 9)), part(("a", 4), ("b", 5))]
    assert changed_segments(old, old) == 0
    assert changed_segments(old, new) == 2


def test_a_preview_tells_what_setting_the_pins_then_does(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    address = f"/videos/{video['id']}/pins"
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    told = site.http.post(f"{address}/preview", json=asked).json()
    mine = [change for change in told["changes"] if change["person"] == person]
    assert mine
    assert all(28 <= one["from_frame"] <= one["to_frame"] <= 62 for one in mine)
    assert mine[0]["was"] == "seen"
    assert site.get(f"/videos/{video['id']}") == video
    assert site.http.put(address, json=asked).status_code == 202
    site.work(video["id"])
    states = {p["id"]: p["states"] for p in site.watch(video)["people"]}[person]
    unseen = [frame for frame, state in states if state in ("open", "absent")]
    assert any(28 <= frame <= 62 for frame in unseen)
    # Asked again, the pins are those that were set; set again, nothing changes.
    again = site.get(address)
    told = site.http.post(
        f"{address}/preview", json={"revision": again["revision"], "pins": again["pins"]}
    ).json()
    assert (told["changes"], told["segments"]["changed"]) == ([], 0)


def test_a_stale_edit_is_refused_and_the_revision_is_told(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    site.http.put(f"/videos/{video['id']}/people/{person}", json={"name": "Jennie"})
    asked = {"revision": 1, "pins": []}
    for method, address in (("PUT", ""), ("POST", "/preview")):
        answer = site.http.request(method, f"/videos/{video['id']}/pins{address}", json=asked)
        assert (answer.status_code, answer.json()["revision"]) == (409, 2)
        assert answer.json()["type"] == "urn:inyourarea:problem:stale-edit"


def test_pins_are_set_after_all_when_ingest_was_away(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    address, person = f"/videos/{video['id']}/pins", site.watch(video)["people"][0]["id"]
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    with monkeypatch.context() as away:
        away.setattr(site.stages, "submit", _away)
        assert site.http.put(address, json=asked).status_code == 503
    again = {**asked, "revision": site.get(address)["revision"]}
    assert site.http.put(address, json=again).status_code == 202
    assert len(site.get(address)["pins"]) > 0


def test_a_stale_edit_can_be_repeated_where_the_catalog_had_not_heard_of_the_other(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    address = f"/videos/{video['id']}/pins"
    site.house.journal.append_last(video["id"], Titled(title="Seoul"))  # and the catalog was away
    stale = site.http.put(address, json={"revision": 1, "pins": []})
    assert (stale.status_code, stale.json()["revision"]) == (409, 2)
    assert site.http.put(address, json={"revision": 2, "pins": []}).status_code == 202


def _away(_: object) -> None:
    raise DependencyAway("ingest is away")


def test_pins_go_when_they_are_taken_back(site: RehearsedSite) -> None:
    video = site.ready()
    shown_first = site.watch(video)
    address = f"/videos/{video['id']}/pins"
    person = shown_first["people"][0]["id"]
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    assert site.http.put(address, json=asked).status_code == 202
    site.work(video["id"])
    assert site.http.put(address, json={"revision": 2, "pins": []}).status_code == 202
    back = site.get(f"/videos/{video['id']}")
    assert (back["run_id"], back["state"]) == (video["run_id"], "ready")  # nothing is made again
    assert site.watch(video)["people"] == shown_first["people"]


def test_pins_hold_for_another_shape_too(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    address = f"/videos/{video['id']}/pins"
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    assert site.http.put(address, json=asked).status_code == 202
    pinned = site.work(video["id"])
    states = [p["states"] for p in site.watch(video)["people"]]
    same = site.http.post("/videos", json={"upload_id": site.upload()})
    assert (same.status_code, same.json()["run_id"]) == (200, pinned["run_id"])
    site.ready(aspects=["1:1"])
    assert site.get(f"/videos/{video['id']}/watch")["aspects"] == ["9x16", "1x1"]
    assert [p["states"] for p in site.watch(video)["people"]] == states


def test_who_is_approved_stays_where_she_is_when_another_is_corrected(
    site: RehearsedSite,
) -> None:
    video = site.ready()
    first = site.watch(video)
    aria, bella = first["people"][0]["id"], first["people"][1]["id"]
    for span in first["people"][0]["spans"]:
        site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    assert site.http.post(f"/videos/{video['id']}/people/{aria}/approve").status_code == 200
    boxes = site.media(first["boxes_url"]).json()["people"][aria]
    address = f"/videos/{video['id']}/pins"
    revision = site.get(f"/videos/{video['id']}")["revision"]
    steal = {"of": aria, "from_s": 1, "to_s": 2, "person": bella}
    answer = site.http.put(address, json={"revision": revision, "pins": [steal]})
    assert answer.status_code == 422
    assert "approved" in answer.json()["detail"]
    other = {"of": bella, "from_s": 1, "to_s": 2, "nobody": True}
    answer = site.http.put(address, json={"revision": revision, "pins": [other]})
    assert answer.status_code == 202, answer.text
    site.work(video["id"])
    now = site.watch(video)
    assert now["run_id"] != first["run_id"]
    assert site.media(now["boxes_url"]).json()["people"][aria] == boxes
    assert (
        site.media(now["boxes_url"]).json()["people"][bella]
        != (site.media(first["boxes_url"]).json()["people"][bella])
    )
    before, after = (
        [
            (view.windows, view.states)
            for part in site.house.showing.windows(site.house.showing.accepted(run))
            for view in part.views
            if view.person == aria
        ]
        for run in (first["run_id"], now["run_id"])
    )
    assert before == after
    accepted = site.house.showing.accepted(now["run_id"])
    assert [one.person for one in accepted.spec.held] == [aria]


def test_who_is_withdrawn_is_held_no_longer(site: RehearsedSite) -> None:
    video = site.ready()
    aria, bella = (person["id"] for person in site.watch(video)["people"][:2])
    for span in site.watch(video)["people"][0]["spans"]:
        site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    address = f"/videos/{video['id']}"
    for verdict, held in (("approve", [aria]), ("withdraw", [])):
        assert site.http.post(f"{address}/people/{aria}/{verdict}").status_code == 200
        revision = site.get(address)["revision"]
        seconds = 1 if held else 3
        pins = [{"of": bella, "from_s": seconds, "to_s": seconds + 1, "nobody": True}]
        asked = {"revision": revision, "pins": pins}
        assert site.http.put(f"{address}/pins", json=asked).status_code == 202
        accepted = site.house.showing.accepted(site.work(video["id"])["run_id"])
        assert [one.person for one in accepted.spec.held] == held


def test_pins_that_come_before_another_shape_is_there_do_not_undo_it(site: RehearsedSite) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    site.submit(aspects=["1:1"])
    revision = site.get(f"/videos/{video['id']}")["revision"]
    pins = [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]
    asked = {"revision": revision, "pins": pins}
    assert site.http.put(f"/videos/{video['id']}/pins", json=asked).status_code == 202
    site.work(video["id"])
    assert site.watch(video)["aspects"] == ["9x16", "1x1"]


def test_a_refusal_tells_who_is_held_in_place(site: RehearsedSite) -> None:
    video = site.ready()
    people = site.watch(video)["people"]
    aria, bella = people[0], people[1]
    for span in aria["spans"]:
        site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
    site.http.post(f"/videos/{video['id']}/people/{aria['id']}/approve")
    revision = site.get(f"/videos/{video['id']}")["revision"]
    pins = [{"of": bella["id"], "from_s": 1, "to_s": 5, "person": aria["id"]}]
    asked = {"revision": revision, "pins": pins}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert answer.status_code == 422
    assert f"because approved: {aria['label']}." in answer.json()["detail"]


def test_a_box_that_sticks_out_of_the_picture_can_be_pinned(site: RehearsedSite) -> None:
    video = site.ready()
    shown = site.house.showing.run(video["run_id"])
    asked = [PinDocument(from_s=1, x=-9, y=40, w=60, h=80, nobody=True)]
    (made,) = pins_from(asked, shown)
    assert (made.x, made.width) == (-9, 60)
    beside = [PinDocument(from_s=1, x=-70, y=40, w=60, h=80, nobody=True)]
    with pytest.raises(PinRejected, match="outside of the picture"):
        pins_from(beside, shown)


def test_no_time_is_too_small_to_be_pinned(site: RehearsedSite) -> None:
    video = site.ready()
    box = site.house.showing.run(video["run_id"]).tracks.people[0].xyxy[0].tolist()
    at = {"from_s": 0, "to_s": 5.551115123125783e-17, "x": (box[0] + box[2]) / 2, "y": box[1] + 1}
    asked = {"revision": 1, "pins": [{**at, "person": "Lisa"}]}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert answer.status_code == 202, answer.text


def _pinned_meanwhile(site: RehearsedSite, video: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor sets these pins while the next submission is on its way."""
    person, submit = site.watch(video)["people"][0]["id"], site.stages.submit
    asked = {"revision": video["revision"], "pins": [{"of": person, "from_s": 1, "nobody": True}]}

    def pinned(request: SubmitVideoRequest) -> facts.VideoAccepted:
        monkeypatch.setattr(site.stages, "submit", submit)
        accepted = submit(request)
        put(video["id"], PinsAsked.model_validate(asked), site.house, Person(Role.OPERATOR))
        return accepted

    monkeypatch.setattr(site.stages, "submit", pinned)


def test_pins_that_are_set_while_another_shape_is_asked_for_are_heeded(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    _pinned_meanwhile(site, video, monkeypatch)
    site.submit(aspects=["1:1"])
    found = site.work(video["id"])
    assert found["aspects"] == ["9x16", "1x1"]
    assert len(site.get(f"/videos/{video['id']}/pins")["pins"]) == 3  # and who she is beside it
    assert len(site.house.showing.accepted(found["run_id"]).spec.pins) >= 3


def test_pins_that_are_set_while_a_run_is_made_anew_are_not_lost(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    row = site.catalog.video(video["id"])
    assert row is not None
    monkeypatch.setattr(keys, "RENDER_REVISION", keys.RENDER_REVISION + 1)
    _pinned_meanwhile(site, video, monkeypatch)
    with pytest.raises(Stale):
        submit_again(site.house, row, "Kim")
    assert len(site.get(f"/videos/{video['id']}/pins")["pins"]) == 3


def test_more_pins_than_the_bus_takes_of_a_run_are_refused_before_they_are_kept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.ready()
    person = site.watch(video)["people"][0]["id"]
    size = site.house.showing.accepted(video["run_id"]).ByteSize()
    monkeypatch.setattr(api_pins, "LARGEST_RUN", size + 10)
    asked = {"revision": 1, "pins": [{"of": person, "from_s": 1, "to_s": 2, "nobody": True}]}
    answer = site.http.put(f"/videos/{video['id']}/pins", json=asked)
    assert told(answer) == (422, "pin-rejected")
    assert "these are 4 pins" in answer.json()["detail"]
    assert site.get(f"/videos/{video['id']}")["revision"] == 1
