"""The quality report says what happened, in the form of its schema, the same every time."""

import json
from dataclasses import replace
from importlib import resources

import jsonschema
import numpy as np

from camera_scenes import faces_at, jittered, person, stage, without
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.framing import FULL
from inyourarea.core.picture import parse_aspect, parse_size
from inyourarea.core.shots import Shot
from inyourarea.core.tracks import State, Tracks
from inyourarea.track.camera import plan_cameras
from inyourarea.track.handler import source_warnings
from inyourarea.track.report import Json, Planned, write_report
from inyourarea.track.standpoint import fixed_standpoint

PICTURES = [parse_aspect("9:16"), parse_size("200x630")]


def report_of(tracks: Tracks, warnings: tuple[str, ...] = ()) -> Json:
    """As it reads after a trip through a file."""
    cameras = [plan_cameras(tracks, FULL, picture) for picture in PICTURES]
    planned = Planned(tracks, FULL, PICTURES, cameras, fixed_standpoint(len(tracks.timeline)))
    report = write_report(planned, warnings)
    again = write_report(planned, warnings)
    text = json.dumps(report, allow_nan=False)
    assert text == json.dumps(again, allow_nan=False)
    jsonschema.validate(json.loads(text), schema())
    return json.loads(text)


def schema() -> object:
    file = resources.files("inyourarea.contracts") / "report.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def two_shots() -> Tracks:
    """Aria is seen, unseen for two seconds, and absent from the second shot; Bella stays."""
    aria = person("aria", jittered(faces_at(600, 400, 50, 240)))
    aria = without(aria, slice(60, 120), State.OPEN)
    aria = without(aria, slice(180, 240), State.ABSENT)
    bella = person("bella", jittered(faces_at(1200, 400, 50, 240)))
    return stage(aria, bella, shots=(Shot(0, 179), Shot(180, 239)))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_second_has_its_state() -> None:
    aria = report_of(two_shots())["people"][0]
    assert aria["states"]["observed"] == {"seconds": 4.0, "share": 0.5}
    assert aria["states"]["open"] == {"seconds": 2.0, "share": 0.25}
    assert aria["absent_s"] == 2.0
    assert aria["longest_open_s"] == 2.0
    shares = [state["share"] for state in aria["states"].values()]
    assert sum(shares) == 1.0


def test_each_fancam_has_its_figures() -> None:
    report = report_of(two_shots())
    assert [picture["label"] for picture in report["pictures"]] == ["9x16", "200x630"]
    for person_ in report["people"]:
        assert [fancam["picture"] for fancam in person_["fancams"]] == ["9x16", "200x630"]
        for fancam in person_["fancams"]:
            assert fancam["face_in_window"] == 1
            assert fancam["framing_kept"] >= 0.99
            assert fancam["jumps"] == 0
    assert 48 < report["people"][1]["face_height_p50_px"] < 52


def test_the_output_is_as_large_as_the_largest_window() -> None:
    tall, original = report_of(two_shots())["people"][1]["fancams"]
    assert 550 <= tall["output"][1] <= 650
    assert tall["upscale_max"] < 1.01
    assert original["output"] == [200, 630]


def test_a_size_that_would_blow_the_source_up_is_smaller_and_says_so() -> None:
    tracks = stage(person("aria", faces_at(100, 60, 10, 60)), size=(320, 180))
    report = report_of(tracks, warnings=("The sound is shorter than the picture.",))
    assert report["warnings"][0] == "The sound is shorter than the picture."
    output = report["people"][0]["fancams"][1]["output"]
    assert output[1] < 630
    assert "aria" in report["warnings"][1]
    assert f"{output[0]}x{output[1]}" in report["warnings"][1]


def test_spans_to_look_at_say_when_and_why() -> None:
    tracks = two_shots()
    aria = tracks.people[0]
    identity, state = aria.identity.copy(), aria.state.copy()
    identity[130:150] = 0.5
    state[0:45] = State.FOLLOWED
    people = (replace(aria, identity=identity, state=state), tracks.people[1])
    aria_report, bella_report = report_of(replace(tracks, people=people))["people"]
    found = [(span["why"], span["from_s"], span["to_s"]) for span in aria_report["look_at"]]
    assert found == [("guessed", 0, 1.5), ("unseen", 2, 4), ("identity", 4.333, 5)]
    below = aria_report["identity"]["below"]
    assert [(span["first_frame"], span["last_frame"], span["least"]) for span in below] == [
        (130, 149, 0.5)
    ]
    assert bella_report["look_at"] == []


def test_who_is_in_no_frame_is_missing_and_has_no_fancam() -> None:
    nobody = without(person("coco", faces_at(600, 400, 50, 60)), slice(0, 60), State.ABSENT)
    report = report_of(stage(person("aria", faces_at(600, 400, 50, 60)), nobody))
    assert report["missing"] == ["coco"]
    assert [entry["name"] for entry in report["people"]] == ["aria"]


def test_a_member_of_the_group_without_a_track_is_missing() -> None:
    tracks = stage(person("aria", faces_at(600, 400, 50, 60)))
    cameras = [plan_cameras(tracks, FULL, picture) for picture in PICTURES]
    still = fixed_standpoint(len(tracks.timeline))
    report = write_report(Planned(tracks, FULL, PICTURES, cameras, still), (), ("aria", "bella"))
    assert report["missing"] == ["bella"]


def test_one_frame_is_a_video_too() -> None:
    fancam = report_of(stage(person("aria", faces_at(600, 400, 50, 1))))["people"][0]["fancams"][0]
    assert fancam["speed_p95"] is None
    assert fancam["face_in_window"] == 1


def test_truth_may_be_added_by_the_score() -> None:
    report = report_of(two_shots())
    report["truth"] = {"members": {}}
    jsonschema.validate(report, schema())


def test_boxes_that_breathe_do_not_spoil_the_framing() -> None:
    tracks = stage(person("aria", jittered(faces_at(600, 400, 50, 120), share=0.06)))
    assert report_of(tracks)["people"][0]["fancams"][0]["framing_kept"] == 1
    assert np.isfinite(tracks.people[0].xyxy).all()


def test_frames_that_do_not_decode_are_told_and_what_ingest_said_is_passed_on() -> None:
    source = facts.Source(frames=30, warning="The video is converted.")
    assert source_warnings(source, 30) == ["The video is converted."]
    assert "2 of 30 frames" in source_warnings(source, 28)[1]
