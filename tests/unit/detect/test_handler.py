"""A fact in, a fact out, and the same bytes whoever asks and however often."""

import hashlib
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.given import GivenBoxes, write_given
from inyourarea.contracts.tables import read_detections
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core import boxes
from inyourarea.core.detections import DETECTED, Detections
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.handler import DetectHandler
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectNotFound, holds
from scenes import (
    INFO,
    PTS_STEP,
    SOURCE,
    TIME_BASE,
    DrawnFaces,
    Person,
    letterbox,
    pack_of,
    scene,
)

FRAMES = 12


def walkers(frame: int) -> list[Person]:
    return [
        Person(x=60 + 2 * frame, y=60, shirt=(200, 60, 40)),
        Person(x=220 - frame, y=70, shirt=(40, 60, 200), hair=(60, 180, 220)),
    ]


def model(boxes_key: str = "") -> facts.Model:
    return facts.Model(
        name="drawn",
        sha256=DrawnFaces.sha256,
        confidence=0.5,
        width=INFO.width,
        height=INFO.height,
        boxes_key=boxes_key,
    )


@dataclass
class Line:
    """A store with one extracted segment, and the handler that stands after it."""

    objects: FolderObjects
    model: facts.Model
    detector: DrawnFaces = field(default_factory=DrawnFaces)

    def __post_init__(self) -> None:
        self.spec = facts.RunSpec(video_id="video", model=self.model)
        self.segment = facts.Segment(
            index=3,
            start_pts=PTS_STEP,
            end_pts=PTS_STEP * (FRAMES + 1),
            frames=FRAMES,
        )
        source = facts.Source(width=SOURCE[0], height=SOURCE[1])
        source.time_base.num, source.time_base.den = TIME_BASE.as_integer_ratio()
        self.run_id = keys.run_id(self.spec)
        about = {"video_id": "video", "run_id": self.run_id}
        run = facts.VideoAccepted(**about, spec=self.spec, source=source)
        self.objects.put(keys.accepted(self.run_id), run.SerializeToString())
        self.objects.put("frames/pack.tar", pack_of([scene(walkers(k)) for k in range(FRAMES)]))
        self.key = keys.detections("video", self.model, 3)

    def extracted(self) -> facts.FramesExtracted:
        return facts.FramesExtracted(
            video_id="video",
            run_id=self.run_id,
            segment=self.segment,
            pack_key="frames/pack.tar",
            signals_key="signals/here.parquet",
            lane=facts.LANE_URGENT,
        )

    def handle(self) -> list:
        handler = DetectHandler(self.objects, lambda model: {"drawn": self.detector}[model.name])
        return handler.handlers[facts.FramesExtracted](self.extracted())

    def found(self) -> Detections:
        return read_detections(self.objects.get(self.key))


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(FolderObjects(tmp_path), model())


def truth(frame: int) -> np.ndarray:
    """The face boxes in source pixels."""
    return letterbox().to_source(np.array([person.box for person in walkers(frame)]))


def test_everybody_is_found_in_source_pixels(line: Line) -> None:
    (fact,) = line.handle()
    found = line.found()
    assert fact == facts.SegmentDetected(
        video_id="video",
        run_id=line.run_id,
        segment=line.segment,
        detections_key=line.key,
        signals_key="signals/here.parquet",
    )
    assert set(found.looked.tolist()) <= {PTS_STEP * (k + 1) for k in range(FRAMES)}
    for pts in found.looked.tolist():
        rows = np.flatnonzero(found.pts == pts)
        overlap = boxes.iou(truth(pts // PTS_STEP - 1), found.xyxy[rows])
        assert rows.size == 2
        assert (overlap.max(axis=1) > 0.7).all()


def test_the_pack_is_gone_afterwards(line: Line) -> None:
    line.handle()
    assert not holds(line.objects, "frames/pack.tar")


def test_a_second_time_only_the_fact_comes_again(line: Line) -> None:
    first = line.handle()
    asked = line.detector.asked
    assert line.handle() == first
    assert line.detector.asked == asked


def test_the_same_pack_gives_the_same_bytes(line: Line, tmp_path: Path) -> None:
    line.handle()
    again = Line(FolderObjects(tmp_path / "again"), model())
    again.handle()
    assert line.objects.get(line.key) == again.objects.get(again.key)


def test_an_expired_pack_is_asked_for_again(line: Line) -> None:
    line.objects.delete("frames/pack.tar")
    assert line.handle() == [
        facts.SegmentCut(
            video_id="video", run_id=line.run_id, segment=line.segment, lane=facts.LANE_URGENT
        )
    ]
    assert not holds(line.objects, line.key)


def test_a_model_that_changed_since_is_refused(line: Line) -> None:
    line.detector.sha256 = "e" * 64
    with pytest.raises(ModelRejected, match="changed after this run was accepted"):
        line.handle()


def test_given_boxes_are_taken_without_a_detector(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    given = GivenBoxes(
        pts=np.repeat(PTS_STEP * np.arange(1, FRAMES + 1), 2),
        classes=np.full(2 * FRAMES, -1, dtype=np.int32),
        xyxy=np.concatenate([truth(frame) for frame in range(FRAMES)]),
        confidence=np.full(2 * FRAMES, 0.75),
    )
    objects.put("boxes/mine.csv", write_given(given))
    line = Line(objects, model("boxes/mine.csv"))
    line.handle()
    found = line.found()
    assert line.detector.asked == 0
    assert found.looked.tolist() == [PTS_STEP * (k + 1) for k in range(FRAMES)]
    assert found.detected.all()
    assert np.allclose(found.xyxy, given.xyxy, atol=0.01)
    assert np.allclose(found.confidence, 0.75)
    assert np.allclose(np.linalg.norm(found.appearance, axis=1), 1)


def test_boxes_that_are_gone_end_the_work(tmp_path: Path) -> None:
    line = Line(FolderObjects(tmp_path), model("boxes/mine.csv"))
    with pytest.raises(ObjectNotFound, match="boxes/mine"):
        line.handle()


def test_an_empty_stage_gives_an_empty_answer(line: Line) -> None:
    line.objects.put("frames/pack.tar", pack_of([scene([]) for _ in range(FRAMES)]))
    line.handle()
    assert len(line.found()) == 0
    assert line.found().looked.size > 0


def test_a_segment_of_one_frame_is_a_segment(line: Line) -> None:
    line.objects.put("frames/pack.tar", pack_of([scene(walkers(0))]))
    line.handle()
    assert len(line.found()) == 2


def test_a_damaged_picture_is_extracted_again(line: Line) -> None:
    pack = line.objects.get("frames/pack.tar")
    line.objects.put("frames/pack.tar", pack.replace(b"\xff\xd8\xff", b"\x00\x00\x00", 1))
    (fact,) = line.handle()
    assert isinstance(fact, facts.SegmentCut)


def test_a_pack_that_was_cut_short_is_made_again(line: Line) -> None:
    whole = line.objects.get("frames/pack.tar")
    index_end, first_picture_end = 1024, 4096
    for end in (100, index_end + 10, first_picture_end, len(whole) // 2):
        line.objects.put("frames/pack.tar", whole[:end])
        (fact,) = line.handle()
        assert isinstance(fact, facts.SegmentCut)
        assert not holds(line.objects, "frames/pack.tar")  # else ingest would let it be


class OvertakenFaces(DrawnFaces):
    """While it looks, a twin does the whole segment; and it sees nobody."""

    def __init__(self, twin: DetectHandler, fact: facts.FramesExtracted) -> None:
        super().__init__()
        self._twin, self._fact = twin, fact

    def find(self, pictures: np.ndarray) -> list:
        self._twin.on_frames_extracted(self._fact)
        return super().find(np.zeros_like(pictures))


def test_a_twin_that_was_overtaken_changes_nothing(
    line: Line, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    alone = Line(FolderObjects(tmp_path / "alone"), model())
    alone.handle()
    twin = DetectHandler(line.objects, lambda _: DrawnFaces())
    late = OvertakenFaces(twin, line.extracted())
    (fact,) = DetectHandler(line.objects, lambda _: late).on_frames_extracted(line.extracted())
    assert isinstance(fact, facts.SegmentDetected)
    assert line.objects.get(line.key) == alone.objects.get(alone.key)
    assert [text for text in caplog.messages if text.startswith("another was first")] == [
        f"another was first to write {line.key}"
    ]


#: What a segment with a head that turns away comes to, by revision. Whoever changes that on
#: purpose raises `keys.DETECTION_REVISION` and adds a line; until then old ones are taken for new.
GOLDEN = {
    4: "263e2492ab44e733",
    5: "263e2492ab44e733",  # other frame rates, and heads that leave the picture
}


def test_what_a_revision_finds_does_not_change(line: Line) -> None:
    pictures = []
    for frame in range(FRAMES):
        one, other = walkers(frame)
        turned = 1.0 if 4 <= frame <= 7 else 0.0
        pictures.append(scene([one, replace(other, turned=turned)]))
    line.objects.put("frames/pack.tar", pack_of(pictures))
    line.handle()
    found = line.found()
    assert (found.origin != DETECTED).any()
    # CPUs agree on all but the last bits of a root or a logarithm.
    columns = (found.xyxy.round(1), found.confidence.round(2), found.appearance.round(2))
    seen = hashlib.sha256(found.pts.tobytes() + found.origin.tobytes() + found.looked.tobytes())
    for column in (*columns, found.portrait // 16):
        seen.update((column + 0).tobytes())  # no minus nought
    assert seen.hexdigest()[:16] == GOLDEN[keys.DETECTION_REVISION]
