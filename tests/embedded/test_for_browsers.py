"""A run on the laptop's line is made ready for browsers, also when that is asked for later."""

import io
import json
import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from google.protobuf.message import Message

from browsers import Player, shown_s
from inyourarea.contracts import keys, tables
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.embedded.line import Line, Watcher
from inyourarea.embedded.store import open_store
from inyourarea.gateway.explaining import explain, look_at_run
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.json_logs import JsonFormatter
from small_show import SmallShow
from steps import read_step

WANTED = (facts.StageReady, facts.StreamsReady, facts.FacesDrawn)


def accepted_in(store: Path) -> facts.VideoAccepted:
    objects = FolderObjects(store)
    (key,) = [name for name in objects.list("runs/") if name.endswith("/accepted.binpb")]
    return facts.VideoAccepted.FromString(objects.get(key))


def for_browsers(run: facts.VideoAccepted) -> ingest_pb2.SubmitVideoRequest:
    return ingest_pb2.SubmitVideoRequest(
        source_key=run.source.key, sha256=run.source.sha256, spec=run.spec, for_browsers=True
    )


def facts_of(watcher: Watcher, run: str) -> Iterator[Message]:
    """Every fact, also what comes after the run was published."""
    while True:
        yield from watcher.facts(run)


def test_a_finished_run_is_made_ready_for_browsers(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    store = shutil.copytree(finished, tmp_path / "out") / ".inyourarea"
    before = accepted_in(store)
    assert not before.for_browsers
    assert not any((store / kind).exists() for kind in ("stages", "faces"))
    found: dict[type[Message], Any] = {}
    with open_store(store) as objects, Line(objects, None) as line:
        watcher = line.watch()
        accepted = line.submit(for_browsers(before))
        assert accepted.run_id == before.run_id
        for fact in facts_of(watcher, accepted.run_id):
            assert not isinstance(fact, facts.StageFailed), fact
            found[type(fact)] = fact
            if all(kind in found for kind in WANTED):
                break
    told = explain(look_at_run(objects, before.run_id), time.time())
    assert [one.unit for one in told.units if one.state != "done"] == []
    check_stage(small_show, objects, found[facts.StageReady])
    check_streams(objects, found[facts.StreamsReady], before)
    check_faces(objects, found[facts.FacesDrawn], before)


def test_every_step_is_logged_once_when_it_was_done(
    finished: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All that a run works on, by its segment; what is asked for again is only told."""
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonFormatter("line"))
    before, old = accepted_in(finished / ".inyourarea"), FolderObjects(finished / ".inyourarea")
    with open_store(tmp_path) as objects:
        for key in (before.source.key, before.spec.model.boxes_key):
            objects.put(key, old.get(key))
        for _ in range(2):
            with Line(objects, None) as line:
                watcher, left = line.watch(), {*WANTED, facts.FancamsPublished}
                accepted = line.submit(for_browsers(before))
                for fact in facts_of(watcher, accepted.run_id):
                    assert not isinstance(fact, facts.StageFailed), fact
                    left.discard(type(fact))
                    if not left:
                        break
    steps = Counter(map(read_step, map(json.loads, caplog.text.splitlines())))
    del steps[None]
    done = {
        "0": (
            "drew frames for the detector",
            "found people in frames",
            "drew frames for fancams",
            "drew frames of the stage in sizes",
        ),
        "": (
            "took out the sound",
            "told people apart",
            *(f"joined the fancam 9x16 of person {number}" for number in range(3)),
            "joined the stage",
            "streamed fancams",
            "drew faces",
        ),
    }
    assert len(accepted.segments) == 1
    assert steps == Counter(
        (accepted.video_id, place, what) for place, whats in done.items() for what in whats
    )


def check_stage(show: SmallShow, objects: FolderObjects, ready: facts.StageReady) -> None:
    expected = shown_s(show.video.read_bytes())
    assert shown_s(objects.get(ready.mp4_key)) == [at_s - expected[0] for at_s in expected]
    with av.open(io.BytesIO(objects.get(ready.mp4_key))) as container:
        assert len(container.streams.audio) == 1
    player = Player(objects, ready.streams_key)
    (variant,) = player.variants()
    assert variant.info.resolution == (640, 360)
    assert len(shown_s(variant.content)) == len(expected)
    assert player.sound().segments


def check_streams(
    objects: FolderObjects, ready: facts.StreamsReady, accepted: facts.VideoAccepted
) -> None:
    assert len(ready.streams) == 3
    player = Player(objects, ready.streams_key)
    for stream in ready.streams:
        for variant in player.variants(stream.master):
            assert len(shown_s(variant.content)) == accepted.source.frames


def check_faces(
    objects: FolderObjects, drawn: facts.FacesDrawn, accepted: facts.VideoAccepted
) -> None:
    people = tables.read_tracks(objects.get(keys.tracks(accepted.spec))).people
    assert [face.person for face in drawn.faces] == [track.person for track in people]
    for face in drawn.faces:
        picture = cv2.imdecode(np.frombuffer(objects.get(face.key), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (160, 160, 3)
        # Skin is redder than it is blue, whatever the light.
        middle = picture[60:100, 60:100].reshape(-1, 3).mean(axis=0)
        assert middle[2] > middle[0]
