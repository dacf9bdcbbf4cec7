"""Ingest's handlers: a window of segments, credits, packs; run twice, nothing changes."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.pack import read_pack
from inyourarea.contracts.tables import read_signals
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1.ingest_pb2 import SubmitVideoRequest
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.settings import IngestSettings
from inyourarea.ingest.submit import submit_video
from inyourarea.runtime.child import Child, ChildDied
from inyourarea.runtime.folder_objects import FolderObjects
from media import Film, Sound, film

_TENTH = Fraction(1, 10)
WINDOW = IngestSettings(window=2)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


class Asked:
    """A store with one accepted video of about 20 s, and ingest's handlers on it."""

    def __init__(self, folder: Path, child: Child) -> None:
        self.objects = FolderObjects(folder)
        spec = Film(tuple(range(200)), time_base=_TENTH, keys=tuple(range(0, 200, 20)))
        self.objects.put("sources/x", film(Film(**{**vars(spec), "sound": Sound()})))
        model = facts.Model(name="faces", width=160, height=96)
        self.accepted = submit_video(
            SubmitVideoRequest(source_key="sources/x", sha256="x", spec=facts.RunSpec(model=model)),
            self.objects,
            child,
        )
        self.handlers = IngestHandler(self.objects, child, WINDOW).handlers

    def handle(self, fact: Any) -> list[Any]:
        return self.handlers[type(fact)](fact)

    def cut(self, index: int) -> facts.SegmentCut:
        return facts.SegmentCut(
            video_id=self.accepted.video_id,
            run_id=self.accepted.run_id,
            segment=self.accepted.segments[index],
            lane=self.accepted.lane,
        )

    def stored(self) -> dict[str, bytes]:
        return {key: self.objects.get(key) for key in self.objects.list("")}


@pytest.fixture
def asked(tmp_path: Path, child: Child) -> Asked:
    return Asked(tmp_path, child)


def test_the_first_window_is_cut_and_the_sound_is_ready(asked: Asked) -> None:
    *cuts, audio = asked.handle(asked.accepted)
    assert cuts == [asked.cut(0), asked.cut(1)]
    assert (audio.run_id, audio.key) == (asked.accepted.run_id, keys.audio(asked.accepted.video_id))
    assert asked.objects.size(audio.key) > 500


def test_every_detected_segment_lets_the_next_one_start(asked: Asked) -> None:
    assert len(asked.accepted.segments) == 5
    started = []
    for segment in asked.accepted.segments:
        detected = facts.SegmentDetected(
            video_id=asked.accepted.video_id, run_id=asked.accepted.run_id, segment=segment
        )
        started += asked.handle(detected)
    assert started == [asked.cut(2), asked.cut(3), asked.cut(4)]


def test_a_cut_segment_becomes_a_pack_and_signals(asked: Asked) -> None:
    (extracted,) = asked.handle(asked.cut(1))
    segment = asked.accepted.segments[1]
    index, _ = read_pack(asked.objects.get(extracted.pack_key))
    assert len(index.pts) == segment.frames
    assert (index.pts[0], extracted.segment, extracted.lane) == (
        segment.start_pts,
        segment,
        asked.accepted.lane,
    )
    assert read_signals(asked.objects.get(extracted.signals_key)).pts.tolist() == list(index.pts)


def test_handling_twice_leaves_the_same_objects(asked: Asked) -> None:
    for fact in (asked.accepted, asked.cut(0)):
        said, stored = asked.handle(fact), asked.stored()
        assert (asked.handle(fact), asked.stored()) == (said, stored)


def test_a_detected_segment_is_not_drawn_again(asked: Asked) -> None:
    (extracted,) = asked.handle(asked.cut(0))
    asked.objects.delete(extracted.pack_key)
    found = keys.detections(asked.accepted.video_id, asked.accepted.spec.model, 0)
    asked.objects.put(found, b"found")
    assert asked.handle(asked.cut(0)) == [extracted]
    assert extracted.pack_key not in asked.stored()


def test_an_expired_pack_is_drawn_again_to_the_same_bytes(asked: Asked) -> None:
    (extracted,) = asked.handle(asked.cut(0))
    before = asked.stored()
    asked.objects.delete(extracted.pack_key)
    asked.handle(asked.cut(0))
    assert asked.stored() == before


def test_a_video_without_sound_says_so(tmp_path: Path, child: Child) -> None:
    objects = FolderObjects(tmp_path)
    objects.put("sources/x", film(Film()))
    asked = SubmitVideoRequest(source_key="sources/x", sha256="x")
    accepted = submit_video(asked, objects, child)
    *_, audio = IngestHandler(objects, child).handlers[facts.VideoAccepted](accepted)
    assert audio == facts.AudioReady(video_id=accepted.video_id, run_id=accepted.run_id)


def test_a_dead_decoder_is_told_with_the_segment(asked: Asked) -> None:
    gone = Child()
    gone.close()
    handler = IngestHandler(asked.objects, gone, WINDOW)
    with pytest.raises(ChildDied, match="frames 40 to 79"):
        handler.extract_frames(asked.cut(1))
