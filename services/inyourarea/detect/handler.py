"""Maps facts to facts: where a segment's frames are extracted, its people are detected."""

import logging
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.given import read_given
from inyourarea.contracts.tables import write_detections
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.detections import Detections
from inyourarea.core.errors import ModelRejected
from inyourarea.core.reasons import told
from inyourarea.detect.detector import Detector
from inyourarea.detect.pictures import Pictures, PictureUnreadable
from inyourarea.detect.segment import Footage, complete, look_where_needed, take_given
from inyourarea.runtime.objects import ObjectNotFound, Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)

Detectors = Callable[[facts.Model], Detector]

#: A box that the user gave is believed from here on: whoever drew it meant it.
GIVEN_CONFIDENCE = 0.5


class DetectHandler:
    """Detects a segment once; asked again, it only says so again.

    ``detectors`` gives the detector of a run's model.
    """

    def __init__(self, objects: Objects, detectors: Detectors) -> None:
        self._objects = objects
        self._detectors = detectors
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {facts.FramesExtracted: self.on_frames_extracted}
        )

    def on_frames_extracted(self, fact: facts.FramesExtracted) -> list[Message]:
        """The segment's detections are stored and its frame pack is gone.

        A pack that is gone too early, or damaged, is asked for again.

        Raises:
            ModelRejected: the model is not the one that the run was accepted with.
        """
        run = accepted_run(self._objects, fact.run_id)
        spec = run.spec
        key = keys.detections(spec.video_id, spec.model, fact.segment.index)
        if not done_already(holds(self._objects, key)):
            try:
                pack = self._objects.get(fact.pack_key)
            except ObjectNotFound:
                return [_segment_again(fact)]
            try:
                found = self._detected(run, fact, pack)
            except PictureUnreadable as damage:
                log.warning("%s is made again: %s", fact.pack_key, damage)
                self._objects.delete(fact.pack_key)  # ingest makes none where there is one
                return [_segment_again(fact)]
            self._objects.put_once(key, write_detections(found))
            log.info("found people in %d frames", fact.segment.frames)
        self._objects.delete(fact.pack_key)
        return [
            facts.SegmentDetected(
                video_id=fact.video_id,
                run_id=fact.run_id,
                segment=fact.segment,
                detections_key=key,
                signals_key=fact.signals_key,
            )
        ]

    def _detected(
        self, run: facts.VideoAccepted, fact: facts.FramesExtracted, pack: bytes
    ) -> Detections:
        pictures = Pictures(pack)
        model = run.spec.model
        footage = _footage(run.source)
        if model.boxes_key:
            content = self._objects.get(model.boxes_key)
            given = read_given(content, fact.segment.start_pts, fact.segment.end_pts)
            seen = take_given(pictures, given, len(model.members))
            return complete(pictures, seen, GIVEN_CONFIDENCE, footage)
        detector = self._detectors(model)
        if detector.sha256 != model.sha256:
            raise ModelRejected(told("model-changed", model=model.name))
        seen = look_where_needed(pictures, detector, footage)
        return complete(pictures, seen, detector.info.confidence, footage)


def _footage(source: facts.Source) -> Footage:
    time_base = Fraction(source.time_base.num, source.time_base.den)
    return Footage((source.width, source.height), time_base)


def _segment_again(fact: facts.FramesExtracted) -> facts.SegmentCut:
    return facts.SegmentCut(
        video_id=fact.video_id, run_id=fact.run_id, segment=fact.segment, lane=fact.lane
    )
