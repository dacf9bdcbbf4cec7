"""The laptop's composition root: every stage on a thread, between one bus and one store."""

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from google.protobuf.message import Message

from inyourarea.contracts.topics import TOPICS, read_fact
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.core.errors import Refused
from inyourarea.detect.detector import Detector
from inyourarea.detect.handler import DetectHandler
from inyourarea.ingest import settings as ingest_settings
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.submit import look_at_source, submit_video
from inyourarea.render import settings as render_settings
from inyourarea.render.faces_handler import FacesHandler
from inyourarea.render.handler import RenderHandler
from inyourarea.render.stage_handler import StageHandler
from inyourarea.render.streams_handler import StreamsHandler
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.runtime.worker import Handlers, Patience, Worker, channels_of, to_record
from inyourarea.track import settings as track_settings
from inyourarea.track.handler import TrackHandler

log = logging.getLogger(__name__)

#: On a laptop an absent dependency is a full disk: three tries, then say so.
_PATIENCE = Patience(poll_s=0.2, first_backoff_s=0.2, tries_when_away=3)
#: How long a stage may take to finish its unit when the line is stopped.
_FAREWELL_S = 2.0
#: How often the watcher looks whether all stages still live.
_WATCH_S = 0.5


class StageDied(Refused):
    """A stage's thread ended although nobody stopped it; this is a defect of the program."""


class Line:
    """All stages at work on one store; use it as a context manager. One line per store."""

    def __init__(self, store: Path, detector: Detector | None) -> None:
        self._store = store
        self._detector = detector
        self._stop = threading.Event()
        self._broker = MemoryBroker()
        self._children: list[Child] = []
        self._threads: list[threading.Thread] = []
        self._ingest = ingest_settings.read_settings(os.environ)
        self._track = track_settings.read_settings(os.environ)
        self._render = render_settings.read_settings(os.environ)

    def __enter__(self) -> Self:
        self.objects = FolderObjects(self._store)
        self._lock = _lock(self._store)
        self.objects.sweep()
        for start in list(self.objects.list("attempts/")):
            self.objects.delete(start)  # asking again is a fresh start
        self._submitting = self._child()
        stages: dict[str, Handlers] = {
            "ingest": IngestHandler(self.objects, self._child(), self._ingest).handlers,
            "detect": DetectHandler(self.objects, self._detector_named).handlers,
            "track": TrackHandler(self.objects, self._track).handlers,
            "render": RenderHandler(self.objects, self._child(), self._render).handlers,
            "rendition": self._rendition(),
        }
        self._watcher = self._broker.join(
            "watcher", tuple(channel for topic in TOPICS for channel in topic.channels)
        )
        for stage, handlers in stages.items():
            bus = self._broker.join(stage, channels_of(handlers))
            worker = Worker(stage, bus, self.objects, handlers, _PATIENCE)
            thread = threading.Thread(
                target=worker.run, args=(self._stop,), name=stage, daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for child in self._children:
            child.close()
        for thread in self._threads:
            thread.join(_FAREWELL_S)
        os.close(self._lock)

    def _child(self) -> Child:
        self._children.append(Child())
        return self._children[-1]

    def _rendition(self) -> Handlers:
        """What is made for browsers: on a thread and in a child of its own.

        So neither it nor the fancams wait for the other.
        """
        parts = (self.objects, self._child(), self._render)
        return {
            **StageHandler(*parts).handlers,
            **StreamsHandler(*parts).handlers,
            **FacesHandler(*parts).handlers,
        }

    def _detector_named(self, name: str) -> Detector:
        if self._detector is None:
            raise Refused(f"no detector {name!r} was loaded")
        return self._detector

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
        accepted = submit_video(request, self.objects, self._submitting, self._ingest)
        self._watcher.publish(to_record(accepted))
        return accepted

    def watch(self, run: str) -> Iterator[Message]:
        """Every fact of the run as it becomes true, until it is published or has failed."""
        while True:
            record = self._watcher.consume(_WATCH_S)
            if record is None:
                self._check_threads()
                continue
            self._watcher.commit(record)
            fact = read_fact(record.channel, record.value)
            if getattr(fact, "run_id", run) != run:
                continue
            yield fact
            if isinstance(fact, facts.FancamsPublished | facts.StageFailed):
                return

    def _check_threads(self) -> None:
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead:
            raise StageDied(f"the stage {dead[0]} has died; please report this with the log")


def _lock(store: Path) -> int:
    """A lock on the store that ends with the process, however that ends.

    Raises:
        Refused: another process works on it.
        ObjectsAway: the folder can not be written.
    """
    try:
        handle = os.open(store / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as trouble:
        raise ObjectsAway(f"it can not be written: {trouble.strerror}") from trouble
    end = time.monotonic() + _FAREWELL_S
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        if time.monotonic() > end:
            os.close(handle)
            raise Refused(
                f"another run is writing to {store.parent}; wait for it, or choose another --out"
            )
        time.sleep(0.1)
