"""Every stage at work on MinIO with a key of its own, which reaches what that stage touches."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from google.protobuf.message import Message

from inyourarea.contracts import keys
from inyourarea.contracts.reach import REACH, SERVICES, Reach
from inyourarea.contracts.topics import TOPICS, read_fact
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.detect.handler import DetectHandler
from inyourarea.gateway.deletion import delete_video, sweep
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.submit import submit_video
from inyourarea.render.faces_handler import FacesHandler
from inyourarea.render.handler import RenderHandler
from inyourarea.render.settings import RenderSettings
from inyourarea.render.stage_handler import StageHandler
from inyourarea.render.streams_handler import StreamsHandler
from inyourarea.runtime.bus import Bus
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.objects import Objects, ObjectsAway, holds
from inyourarea.runtime.worker import Patience, Worker, channels_of, to_record
from inyourarea.track.handler import TrackHandler
from inyourarea.track.settings import TrackSettings
from minio_server import minio
from own_servers import skipped_where_not_had
from small_show import draw_small_show, inyourarea

_EVERY_CHANNEL = tuple(channel for topic in TOPICS for channel in topic.channels)
WANTED = {facts.FancamsPublished, facts.StageReady, facts.StreamsReady, facts.FacesDrawn}


@pytest.fixture(scope="module")
def stores() -> Iterator[Mapping[str, MinioObjects]]:
    """One bucket, as each of the services sees it, and as its owner does."""
    with skipped_where_not_had(), minio() as server:
        owner = server.settings()
        apply_bucket(owner)
        settings = {name: server.let_in(name, owner.bucket) for name in SERVICES}
        yield {name: MinioObjects(each) for name, each in {**settings, "owner": owner}.items()}


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> FolderObjects:
    """The store of a finished run on the laptop."""
    show = draw_small_show(tmp_path_factory.mktemp("show"))
    out = tmp_path_factory.mktemp("run") / "out"
    inyourarea("run", show.video, "--boxes", show.boxes, "--out", out)
    return FolderObjects(out / ".inyourarea")


@pytest.mark.slow
def test_the_stages_reach_what_they_need_and_write_what_the_laptop_writes(
    stores: Mapping[str, MinioObjects], at_home: FolderObjects
) -> None:
    before = accepted_in(at_home)
    for key in (before.source.key, before.spec.model.boxes_key):
        stores["gateway"].put(key, at_home.get(key))
    with at_work(stores) as (bus, watcher, child):
        asked = ingest_pb2.SubmitVideoRequest(
            source_key=before.source.key,
            sha256=before.source.sha256,
            spec=before.spec,
            for_browsers=True,
        )
        accepted = submit_video(asked, stores["ingest"], child)
        bus.publish(to_record(accepted))
        wait_for(watcher, WANTED)
    same = [key for key in at_home.list("") if key.split("/")[0] + "/" in REACH]
    same.remove(keys.accepted(accepted.run_id))  # this one is for browsers
    same = [key for key in same if not key.startswith("usage/")]
    same.remove(keys.teller(accepted.spec, accepted.run_id))  # whichever segment came last
    assert len(same) > 15
    assert [key for key in same if at_home.get(key) != stores["owner"].get(key)] == []
    assert list(stores["owner"].list("frames/")) == []
    assert {key.split("/")[0] + "/" for key in stores["owner"].list("")} <= set(REACH)
    delete_video(stores["gateway"], accepted.video_id)
    sweep(stores["gateway"])
    left = {key.split("/")[0] for key in stores["owner"].list("")}
    assert left <= {"deleted", "deletions", "usage"}


@contextmanager
def at_work(stores: Mapping[str, Objects]) -> Iterator[tuple[Bus, Bus, Child]]:
    """All stages on threads, each with its own store; a producer, a watcher and a child."""
    child, stop, broker = Child(), threading.Event(), MemoryBroker()
    rendition = (stores["render"], child, RenderSettings())
    stages: list[tuple[str, Any]] = [
        ("ingest", IngestHandler(stores["ingest"], child)),
        ("detect", DetectHandler(stores["detect"], pytest.fail)),
        ("track", TrackHandler(stores["track"], TrackSettings())),
        ("render", RenderHandler(*rendition)),
        ("render", StageHandler(*rendition)),
        ("render", StreamsHandler(*rendition)),
        ("render", FacesHandler(*rendition)),
    ]
    threads = []
    for number, (stage, handler) in enumerate(stages):
        bus = broker.join(f"{stage}-{number}", channels_of(handler.handlers))
        patience = Patience(tries_when_away=1)
        worker = Worker(stage, bus, stores[stage], handler.handlers, patience)
        threads.append(threading.Thread(target=worker.run, args=(stop,)))
        threads[-1].start()
    try:
        yield broker.join("producer", ()), broker.join("watcher", _EVERY_CHANNEL), child
    finally:
        stop.set()
        child.close()
        for thread in threads:
            thread.join()


def wait_for(watcher: Bus, wanted: set[type[Message]]) -> None:
    left = set(wanted)
    while left:
        record = watcher.consume(1.0)
        if record is not None:
            watcher.commit(record)
            fact = read_fact(record.channel, record.value)
            assert not isinstance(fact, facts.StageFailed), fact
            left.discard(type(fact))


def accepted_in(objects: Objects) -> facts.VideoAccepted:
    (key,) = [key for key in objects.list("runs/") if key.endswith("/accepted.binpb")]
    return facts.VideoAccepted.FromString(objects.get(key))


@pytest.mark.parametrize("service", SERVICES)
def test_a_key_reaches_what_the_table_says_and_nothing_else(
    stores: Mapping[str, MinioObjects], service: str
) -> None:
    mine, owner = stores[service], stores["owner"]
    for prefix, reach in {**REACH, "elsewhere/": Reach((), (), ())}.items():
        key = f"{prefix}reached"
        owner.put(key, b"there")
        asks: list[tuple[tuple[str, ...], Callable[[], object]]] = [
            (reach.reads, partial(mine.get, key)),
            (reach.reads, partial(holds, mine, f"{key}-never")),
            (reach.reads, partial(lambda prefix: list(mine.list(prefix)), prefix)),
            (reach.writes, partial(mine.put, key, b"mine")),
            (reach.deletes, partial(mine.delete, key)),
        ]
        allowed = [is_allowed(ask) for _, ask in asks]
        assert allowed == [service in services for services, _ in asks], prefix
        owner.delete(key)
    with pytest.raises(ObjectsAway, match=r"inyourarea store policies"):
        list(mine.list(""))


def is_allowed(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ObjectsAway as away:
        assert "refuses" in str(away)
        return False
    return True
