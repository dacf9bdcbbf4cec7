"""Ingest's part in the flow: accepted videos and returned credits become segments, those packs."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.reasons import told
from inyourarea.ingest.audio import AudioCut, store_audio
from inyourarea.ingest.extract import Extraction, extract_segment
from inyourarea.ingest.settings import IngestSettings
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.runs import accepted_run
from inyourarea.runtime.units import done_already

log = logging.getLogger(__name__)


class IngestHandler:
    """Maps each fact that ingest listens to to the facts that follow; run twice, nothing changes.

    Raises `ChildDied` where the decoder did, `Refused` where the source is no longer what it was.
    """

    def __init__(
        self, objects: Objects, child: Child, settings: IngestSettings | None = None
    ) -> None:
        self._objects = objects
        self._child = child
        self._settings = settings or IngestSettings()
        self.handlers: Mapping[type[Message], Callable[[Any], list[Message]]] = MappingProxyType(
            {
                facts.VideoAccepted: self.start_video,
                facts.SegmentCut: self.extract_frames,
                facts.SegmentDetected: self.release_segment,
            }
        )

    def start_video(self, accepted: facts.VideoAccepted) -> list[Message]:
        """The first window of segments is on its way, and so is the sound."""
        first = accepted.segments[: self._settings.window]
        cuts: list[Message] = [_cut(accepted, segment) for segment in first]
        return [*cuts, self._audio(accepted)]

    def release_segment(self, detected: facts.SegmentDetected) -> list[Message]:
        """One segment came through, so the next one outside the window may start."""
        accepted = accepted_run(self._objects, detected.run_id)
        following = detected.segment.index + self._settings.window
        if following >= len(accepted.segments):
            return []
        return [_cut(accepted, accepted.segments[following])]

    def extract_frames(self, cut: facts.SegmentCut) -> list[Message]:
        """The segment's frames and signals are stored; not drawn again once they were detected."""
        accepted = accepted_run(self._objects, cut.run_id)
        video, model, index = cut.video_id, accepted.spec.model, cut.segment.index
        extraction = Extraction(
            decode_key=accepted.source.decode_key,
            start_pts=cut.segment.start_pts,
            end_pts=cut.segment.end_pts,
            width=model.width,
            height=model.height,
            pack_key=keys.pack(video, model, index),
            signals_key=keys.signals(video, model, index),
        )
        is_done = holds(self._objects, extraction.signals_key) and (
            holds(self._objects, extraction.pack_key)
            or holds(self._objects, keys.detections(video, model, index))
        )
        if not done_already(is_done):
            self._extract(extraction, cut.segment)
        extracted = facts.FramesExtracted(
            video_id=video,
            run_id=cut.run_id,
            segment=cut.segment,
            pack_key=extraction.pack_key,
            signals_key=extraction.signals_key,
            lane=cut.lane,
        )
        return [extracted]

    def _extract(self, extraction: Extraction, segment: facts.Segment) -> None:
        timeout_s = self._settings.segment_timeout_s
        try:
            self._child.call(extract_segment, self._objects, extraction, timeout_s=timeout_s)
            log.info("drew %d frames for the detector", segment.frames)
        except ChildDied as death:
            first, last = segment.first_frame, segment.first_frame + segment.frames - 1
            raise ChildDied(told("decoding", first=first, last=last, why=death)) from death

    def _audio(self, accepted: facts.VideoAccepted) -> facts.AudioReady:
        """The sound is stored, if there is any."""
        key = keys.audio(accepted.video_id)
        source = accepted.source
        has_sound = source.has_audio
        if has_sound and not holds(self._objects, key):
            cut = AudioCut(
                source_key=source.key,
                start_pts=source.start_pts,
                end_pts=source.end_pts,
                time_base=(source.time_base.num, source.time_base.den),
                audio_key=key,
            )
            timeout_s = self._settings.audio_timeout_s
            with TemporaryDirectory(prefix="inyourarea-", dir=self._settings.scratch) as scratch:
                has_sound = self._child.call(
                    store_audio, self._objects, cut, Path(scratch), timeout_s=timeout_s
                )
            if has_sound:
                log.info("took out the sound")
        return facts.AudioReady(
            video_id=accepted.video_id, run_id=accepted.run_id, key=key if has_sound else ""
        )


def _cut(accepted: facts.VideoAccepted, segment: facts.Segment) -> facts.SegmentCut:
    return facts.SegmentCut(
        video_id=accepted.video_id, run_id=accepted.run_id, segment=segment, lane=accepted.lane
    )
