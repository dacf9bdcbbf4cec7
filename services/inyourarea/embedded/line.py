"""The laptop's composition root: every stage on a thread, between one bus and one store."""

import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.topics import NO_HEADERS, TOPICS, read_fact, topic_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.errors import Refused
from inyourarea.detect.handler import DetectHandler
from inyourarea.ingest import settings as ingest_settings
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.submit import decide_video, look_at_source, submit_video
from inyourarea.render import settings as render_settings
from inyourarea.render.faces_handler import FacesHandler
from inyourarea.render.handler import RenderHandler
from inyourarea.render.stage_handler import StageHandler
from inyourarea.render.streams_handler import StreamsHandler
from inyourarea.runtime.bus import Bus
from inyourarea.runtime.child import MEMORY_MIB, TURN_S, Child
from inyourarea.runtime.memory import give_back_memory, keep_freed_memory
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.objects import ObjectNotFound, Objects, ObjectsAway, holds
from inyourarea.runtime.runs import is_all_detected
from inyourarea.runtime.worker import Handlers, Patience, Worker, channels_of, take_of, to_record
from inyourarea.track import settings as track_settings

if TYPE_CHECKING:
    from inyourarea.detect.onnx import OnnxDetector
    from inyourarea.track.handler import TrackHandler

log = logging.getLogger(__name__)

#: On a laptop an absent dependency is a full disk: three tries, then say so.
_PATIENCE = Patience(poll_s=0.2, first_backoff_s=0.2, tries_when_away=3)
#: How long a stage may take to finish its unit when the line is stopped.
_FAREWELL_S = 2.0
#: Segments that people are found in at a time: while the network looks at one on both cores (it
#: needs no interpreter), heads are followed in the other.
_DETECTING = 2
#: Segments that are being drawn: while pieces of one are stored, the process draws the next.
_DRAWING = 2
_EVERY_CHANNEL = tuple(channel for topic in TOPICS for channel in topic.channels)
_DETECTED, _TRACKED = (
    topic_of(kind).name for kind in (facts.SegmentDetected, facts.TracksCompleted)
)
#: How often the watcher looks whether all stages still live.
_WATCH_S = 0.5


class StageDied(Refused):
    """A stage's thread ended although nobody stopped it; this is a defect of the program."""


class Line:
    """All stages at work on one store, whichever; use it as a context manager. One line per store.

    ``detectors`` gives the detector of a run's model. ``hand``, where there will be one video only,
    is the process in which it is probed and drawn, one after the other; else there is one for each,
    since videos do not wait for each other. It ends with the line.
    """

    def __init__(
        self,
        objects: Objects,
        detectors: "Callable[[facts.Model], OnnxDetector]",
        hand: Child | None = None,
    ) -> None:
        self.objects = objects
        self._detectors = detectors
        self._awake: set[OnnxDetector] = set()
        self._hand = hand
        self._stop = threading.Event()
        self._broker = MemoryBroker()
        self._children: list[Child] = [hand] if hand else []
        self._threads: list[threading.Thread] = []
        self._ingest = ingest_settings.read_settings(os.environ)
        self._track = track_settings.read_settings(os.environ)
        self._render = render_settings.read_settings(os.environ)

    def __enter__(self) -> Self:
        keep_freed_memory()
        sys.setswitchinterval(TURN_S)
        for start in list(self.objects.list("attempts/")):
            self.objects.delete(start)  # asking again is a fresh start
        self._submitting = self._hand or self.child()
        self._submitting.warm_up("inyourarea.ingest.submit")
        self._copying = self._hand or self.child()
        self._extracting = self._hand or self.child()
        self._extracting.warm_up("inyourarea.ingest.extract")
        self._producer = self._broker.join("line", ())
        ingest = IngestHandler(self.objects, self._extracting, self._ingest)
        self.start("ingest", ingest.handlers)
        for _ in range(_DETECTING):
            self.start("detect", DetectHandler(self.objects, self._detector_of).handlers)
        self.start("track", {facts.SegmentDetected: self._track_people})
        self._drawing = self._hand or self.child()
        render = RenderHandler(self.objects, self._drawing, self._render)
        for _ in range(_DRAWING):
            self.start("render", render.handlers)
        self.start("rendition", self._rendition())
        self._begin("tidying", self._tidy, self._broker.join("tidying", (_DETECTED, _TRACKED)))
        return self

    def start(self, stage: str, handlers: Handlers) -> None:
        """One more stage is at work; it ends with the line."""
        bus = self._broker.join(stage, channels_of(handlers))
        worker = Worker(stage, bus, self.objects, handlers, _PATIENCE, name="this machine")
        self._begin(stage, worker.run, self._stop)

    def _begin(self, name: str, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def __exit__(self, *trouble: object) -> None:
        self._stop.set()
        self._broker.close()
        for child in self._children:
            child.close()
        for thread in self._threads:
            thread.join(_FAREWELL_S)

    def _tidy(self, bus: Bus) -> None:
        """What finding people took, and nobody needs now, is free for planning and drawing."""
        planned: set[str] = set()
        while not self._stop.is_set():
            if (record := bus.consume(_PATIENCE.poll_s)) is None:
                continue
            bus.commit(record)
            fact = read_fact(record.channel, record.value)
            if isinstance(fact, facts.SegmentDetected):
                if fact.run_id not in planned and self._prepare_drawing(fact.run_id):
                    planned.add(fact.run_id)
            elif isinstance(fact, facts.TracksCompleted):
                planned.discard(fact.run_id)
                if self._hand is None:
                    self._submitting.rest()
                    self._copying.rest()
                    self._extracting.rest()
                give_back_memory()

    def _detector_of(self, model: facts.Model) -> "OnnxDetector":
        detector = self._detectors(model)
        self._awake.add(detector)
        return detector

    def _prepare_drawing(self, run_id: str) -> bool:
        """While the cameras of a video are planned, which takes one core, drawing is got ready.

        Detectors rest until they are asked again. False while people are still to be found.
        """
        with suppress(ObjectNotFound, ObjectsAway):  # whose work it is will tell
            run = facts.VideoAccepted.FromString(self.objects.get(keys.accepted(run_id)))
            if not is_all_detected(run, self.objects):
                return False
            while self._awake:
                self._awake.pop().rest()
            give_back_memory()
            if not holds(self.objects, keys.published(run_id)):
                self._drawing.warm_up("inyourarea.render.drawing")
        return True

    @cached_property
    def _tracking(self) -> "TrackHandler":
        # Imported when a segment was detected: until then nobody needs what takes long to import.
        # First what `detect` may be importing now: scipy must not be entered at two places at once.
        importlib.import_module("scipy.optimize")
        from inyourarea.track.handler import TrackHandler  # noqa: PLC0415

        return TrackHandler(self.objects, self._track)

    def _track_people(self, fact: Any) -> list[Message]:
        return self._tracking.handlers[type(fact)](fact)

    def child(self, memory_mib: int = MEMORY_MIB) -> Child:
        """A process for work that may crash; it ends with the line."""
        self._children.append(Child(memory_mib))
        return self._children[-1]

    def _rendition(self) -> Handlers:
        """What is made for browsers: on a thread and in a child of its own.

        So neither it nor the fancams wait for the other.
        """
        parts = (self.objects, self.child(), self._render)
        return {
            **StageHandler(*parts).handlers,
            **StreamsHandler(*parts).handlers,
            **FacesHandler(*parts).handlers,
        }

    def look_at(self, request: ingest_pb2.SubmitVideoRequest) -> facts.Source:
        """What the video is, before anything is decided.

        Raises:
            Refused: it can not be used, and why.
        """
        return look_at_source(request, self.objects, self._submitting, self._ingest)

    def submit(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """The video is probed and on its way.

        Raises:
            Refused: it can not be used, and why.
        """
        accepted = submit_video(
            request, self.objects, self._submitting, self._ingest, self._copying
        )
        self.publish(accepted, take_of(accepted.run_id, self.objects))
        return accepted

    def decide(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        """What submitting it would decide; no stage hears of it.

        Raises:
            Refused: it can not be used, and why.
        """
        return decide_video(request, self.objects, self._submitting, self._ingest)

    def solve(self, accepted: facts.VideoAccepted) -> None:
        """The tracks, windows and report of a run are stored, and no fact tells of it.

        Raises:
            Refused: the pins can not be followed, and why.
        """
        self._tracking.solve(accepted)

    def publish(self, fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> None:
        """The fact is on its way to every stage that listens."""
        self._producer.publish(to_record(fact, headers))

    def watch(self) -> "Watcher":
        """Somebody who sees every fact from now on."""
        return Watcher(self, self._broker.join("watcher", _EVERY_CHANNEL))

    def check(self) -> None:
        """All stages live.

        Raises:
            StageDied: one does not.
        """
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead:
            raise StageDied(f"the stage {dead[0]} has died; please report this with the log")


class Watcher:
    """Sees every fact of a line; made by `Line.watch`."""

    def __init__(self, line: Line, bus: Bus) -> None:
        self._line = line
        self._bus = bus

    def facts(self, run: str) -> Iterator[Message]:
        """Every fact of the run as it becomes true, until it is published or has failed."""
        while True:
            record = self._bus.consume(_WATCH_S)
            if record is None:
                self._line.check()
                continue
            self._bus.commit(record)
            fact = read_fact(record.channel, record.value)
            if getattr(fact, "run_id", run) != run:
                continue
            yield fact
            if isinstance(fact, facts.FancamsPublished | facts.StageFailed):
                return
