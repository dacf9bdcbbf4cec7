"""Facts in, catalog up to date: how far each run is, and how it ended."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.runs import RENDITION
from inyourarea.contracts.trainings import STAGE as TRAINING
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.catalog import Catalog, Step
from inyourarea.gateway.documents import EventName
from inyourarea.gateway.projection import Projection
from inyourarea.gateway.watchers import Watchers
from inyourarea.runtime.objects import Objects
from inyourarea.runtime.trainings import Trainings
from inyourarea.runtime.worker import is_of_an_earlier_take

#: The consumer group that this handles for, as a `StageFailed` names it.
GATEWAY = "gateway"
#: What users are told of a stage; the order is that of the work.
READING, FINDING, PLANNING, DRAWING, JOINING = STAGES = (
    "reading frames",
    "finding people",
    "planning cameras",
    "drawing fancams",
    "joining",
)
_PER_SEGMENT = MappingProxyType(
    {
        facts.FramesExtracted: READING,
        facts.SegmentDetected: FINDING,
        facts.SegmentRendered: DRAWING,
    }
)
#: Called with an event, a video and a run of it when that has come so far.
Announce = Callable[[EventName, str, str], None]


def _announce_nothing(event: EventName, video: str, run: str) -> None:
    """Nobody is told."""


class GatewayHandler:
    """Counts what the stages tell, and wakes whoever watches; run twice, nothing changes."""

    def __init__(
        self,
        objects: Objects,
        catalog: Catalog,
        watchers: Watchers,
        announce: Announce = _announce_nothing,
    ) -> None:
        self._objects = objects
        self._announce = announce
        self._catalog = catalog
        self._watchers = watchers
        self._projection = Projection(objects, catalog)
        self._trainings = Trainings(objects)
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {
                facts.FramesExtracted: self.on_segment,
                facts.SegmentDetected: self.on_segment,
                facts.SegmentRendered: self.on_segment,
                facts.TracksCompleted: self.on_tracks_completed,
                facts.FancamsPublished: self.on_fancams_published,
                facts.StageReady: self.on_ready_for_browsers,
                facts.FacesDrawn: self.on_ready_for_browsers,
                facts.StreamsReady: self.on_ready_for_browsers,
                facts.StageFailed: self.on_stage_failed,
            }
        )

    def on_segment(self, fact: Any) -> list[Message]:
        """One more segment has passed the stage."""
        self._note(fact, _PER_SEGMENT[type(fact)], fact.segment.index)
        return self._told(fact)

    def on_tracks_completed(self, fact: facts.TracksCompleted) -> list[Message]:
        """The run can be shown."""
        self._note(fact, PLANNING, 0)
        self._projection.project(fact.video_id)
        self._announce("needs_review", fact.video_id, fact.run_id)
        return self._told(fact)

    def on_fancams_published(self, fact: facts.FancamsPublished) -> list[Message]:
        """The run is done."""
        self._note(fact, JOINING, 0)
        self._projection.project(fact.video_id)
        self._announce("finished", fact.video_id, fact.run_id)
        return self._told(fact)

    def on_ready_for_browsers(self, fact: Any) -> list[Message]:
        """More of the video can be shown in a page."""
        self._projection.project(fact.video_id)
        return self._told(fact)

    def on_stage_failed(self, fact: facts.StageFailed) -> list[Message]:
        """The run has failed, for a reason that is kept.

        Where no run is told, because nobody could read of which it was, it is the video's newest.
        Where it is only what browsers are given, the run goes on. What was tried before somebody
        asked for the run once more, and fails only now, says nothing about it; nor does what the
        gateway could not take note of. A training is of no video: its record's key says which.
        """
        if fact.stage == GATEWAY:
            return []
        if fact.stage == TRAINING:
            dataset, _, number = fact.key.partition("/")
            self._trainings.fail(dataset, int(number or 0), fact.reason)
            return []
        run = fact.run_id or self._newest_run(fact.video_id)
        if run and is_of_an_earlier_take(run, fact.take, self._objects):
            return []
        if run and fact.stage == RENDITION:
            self._objects.put(keys.stage_failed(fact.video_id), fact.reason.encode())
            self._projection.project(fact.video_id)
        elif run:
            self._objects.put_once(keys.failed(run), fact.reason.encode())
            self._projection.project(fact.video_id)
            self._announce("failed", fact.video_id, run)
        return self._told(fact)

    def _newest_run(self, video: str) -> str:
        row = self._catalog.video(video)
        return "" if row is None else str(row["run_id"])

    def _note(self, fact: Any, stage: str, segment: int) -> None:
        self._catalog.note(Step(fact.run_id, stage, segment))

    def _told(self, fact: Any) -> list[Message]:
        self._watchers.changed(fact.video_id)
        return []
