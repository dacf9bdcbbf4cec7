"""A run on the laptop's line is made ready for browsers, also when that is asked for later."""

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from google.protobuf.message import Message

from browsers import Player, shown_s
from inyourarea.contracts import keys, tables
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.embedded.line import Line, Watcher
from inyourarea.embedded.store import open_store
from inyourarea.gateway.explaining import explain, look_at_run
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import SmallShow

WANTED = (facts.StageReady, facts.StreamsReady, facts.FacesDrawn)


def accepted_in(store: Path) -> facts.VideoAccepted:
    objects = FolderObjects(store)
    (key,) = [name for name in objects.list("runs/") if name.endswith("/accepted.binpb")]
    return facts.VideoAccepted.FromString(objects.get(key))


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
    asked = ingest_pb2.SubmitVideoRequest(
        source_key=before.source.key,
        sha256=before.source.sha256,
        spec=before.spec,
        for_browsers=True,
    )
    found: dict[type[Message], Any] = {}
    with open_store(store) as objects, Line(objects, None) as line:
        watcher = line.watch()
        accepted = line.submit(asked)
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
