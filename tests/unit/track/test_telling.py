"""When all segments are detected the windows are told once, however many facts come after that."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.track.handler import TrackHandler
from inyourarea.track.settings import TrackSettings

PARTS = 4
WINDOW = 3


class Run:
    """An accepted run, and what track answers when its segments are detected."""

    def __init__(self, objects: FolderObjects, monkeypatch: pytest.MonkeyPatch) -> None:
        self.objects = objects
        model = facts.Model(name="faces", width=64, height=64)
        self.spec = facts.RunSpec(video_id="v", model=model)
        segments = [facts.Segment(index=index) for index in range(PARTS)]
        self.accepted = facts.VideoAccepted(
            video_id="v", run_id=keys.run_id(self.spec), spec=self.spec, segments=segments
        )
        objects.put(keys.accepted(self.accepted.run_id), self.accepted.SerializeToString())
        self.handler = TrackHandler(objects, TrackSettings(window=WINDOW))
        monkeypatch.setattr(self.handler, "_store", lambda _: None)
        nobody = SimpleNamespace(people=())
        monkeypatch.setattr(self.handler, "_read", lambda *_: nobody)

    def detect(self, *indexes: int) -> None:
        for index in indexes:
            self.objects.put(keys.detections("v", self.spec.model, index), b"")

    def hear(self, *indexes: int) -> list[int]:
        """The segments whose facts are answered."""
        return [index for index in indexes if self.told(index)]

    def told(self, index: int) -> list[Any]:
        """What the fact of that segment leads to."""
        segment = facts.Segment(index=index)
        run = self.accepted.run_id
        detected = facts.SegmentDetected(video_id="v", run_id=run, segment=segment)
        return self.handler.on_segment_detected(detected)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(FolderObjects(tmp_path), monkeypatch)


def test_of_many_facts_that_find_everything_there_one_is_answered(run: Run) -> None:
    run.detect(0)
    assert run.hear(0) == []
    run.detect(1, 2, 3)
    assert run.hear(2, 1, 3) == [2]


def test_a_fact_that_comes_again_is_answered_again(run: Run) -> None:
    run.detect(*range(PARTS))
    assert run.hear(2, 2, 1) == [2, 2]  # a crash before it was published, or a second delivery
    assert run.hear(*range(PARTS)) == [2]  # the run is announced again


def test_where_detections_are_made_again_in_another_order_the_last_is_answered(run: Run) -> None:
    run.detect(*range(PARTS))
    assert run.hear(0, 1, 2, 3) == [0]
    run.objects.delete(keys.detections("v", run.spec.model, 3))
    assert run.hear(0, 1, 2) == []
    run.detect(3)
    assert run.hear(3) == [3]


def test_a_window_of_segments_may_be_drawn_and_each_makes_room_for_a_later_one(run: Run) -> None:
    run.detect(*range(PARTS))
    completed, *planned = run.told(0)
    assert isinstance(completed, facts.TracksCompleted)
    assert [(one.segment.index, one.stride) for one in planned] == [(0, 3), (1, 3), (2, 3)]
