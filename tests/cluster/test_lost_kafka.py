"""A Kafka that has lost everything strands nothing, and what it buried can be dealt with."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from kafka.admin import KafkaAdminClient

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.reach import REACH
from inyourarea.contracts.topics import CHANNELS, NO_HEADERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.detect.handler import DetectHandler
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.handler import GatewayHandler
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import Submitted
from inyourarea.gateway.keeping import announce_silent_runs
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.ingest.handler import IngestHandler
from inyourarea.ingest.submit import submit_video
from inyourarea.render.handler import RenderHandler
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.kafka_bus import KafkaBus, KafkaSender
from inyourarea.runtime.kafka_letters import KafkaArchive
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.kafka_topics import KafkaTopics, changes
from inyourarea.runtime.letters import open_letters
from inyourarea.runtime.objects import holds
from inyourarea.runtime.worker import Handlers, Patience, Worker, channels_of, to_record
from inyourarea.track.handler import TrackHandler
from inyourarea.track.settings import TrackSettings
from kafka_house import QUICK, kafka_house
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = pytest.mark.slow

#: Seconds for anything that must come about, or something on the way to it.
_PATIENCE_S = 180


@pytest.fixture(scope="module")
def settings() -> Iterator[KafkaSettings]:
    with kafka_house("any") as house:
        make_topics(house.settings)
        yield house.settings


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def at_home(show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> FolderObjects:
    """The store of the same run on a laptop."""
    out = tmp_path_factory.mktemp("laptop")
    inyourarea("run", show.video, "--boxes", show.boxes, "--out", out)
    return FolderObjects(out / ".inyourarea")


#: The topics as they are, but for how many copies of a stage could work on them.
TOPICS = [replace(channel, partitions=2) for channel in CHANNELS]


def make_topics(settings: KafkaSettings) -> None:
    with closing(KafkaTopics(settings)) as topics:
        topics.make(changes(TOPICS, topics.find(channel.name for channel in TOPICS)))


def wipe(settings: KafkaSettings) -> None:
    """All that was in Kafka is gone, and the topics are there again."""
    names = [channel.name for channel in TOPICS]
    admin = KafkaAdminClient(**settings.client_options())
    admin.delete_topics(names)
    wait_for(lambda: not set(names) & set(admin.list_topics()))
    admin.close()
    make_topics(settings)


def wait_for(is_true: Any, meanwhile: Any = lambda: None, so_far: Any = lambda: 0) -> None:
    """While what is there ``so_far`` changes, it is waited for."""
    end, before = 0.0, None
    while not is_true():
        if (now := so_far()) != before:
            end, before = time.monotonic() + _PATIENCE_S, now
        assert time.monotonic() < end, "it did not come about"
        meanwhile()
        time.sleep(0.3)


class Sender:
    """Of the gateway's stages, what announcing takes."""

    def __init__(self, sender: KafkaSender) -> None:
        self._sender = sender

    def publish(self, fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> None:
        self._sender.publish(to_record(fact, headers))
        self._sender.flush()


@contextmanager
def at_work(
    settings: KafkaSettings, objects: FolderObjects, folder: Path
) -> Iterator[tuple[House, Child]]:
    """All stages and a gateway's facts, each a member of its group, on one store."""
    with ExitStack() as open_parts:
        child = Child()
        open_parts.callback(child.close)
        sender = open_parts.enter_context(closing(KafkaSender(settings)))
        catalog = open_parts.enter_context(closing(Catalog(f"sqlite:///{folder / 'catalog'}")))
        catalog.open()
        stages: Any = Sender(sender)
        house = House(objects, catalog, stages, {}, GatewaySettings())
        groups: dict[str, Any] = {
            "ingest": IngestHandler(objects, child),
            "detect": DetectHandler(objects, pytest.fail),
            "track": TrackHandler(objects, TrackSettings()),
            "render": RenderHandler(objects, child),
            "gateway": GatewayHandler(objects, catalog, house.watchers),
        }
        for group, handler in groups.items():
            mine = replace(settings, member=f"{group}-1")
            open_parts.enter_context(working(mine, group, objects, handler.handlers))
        yield house, child


@contextmanager
def working(
    settings: KafkaSettings, group: str, objects: FolderObjects, handlers: Handlers
) -> Iterator[None]:
    """A worker of that group is at work within."""
    stop = threading.Event()
    bus = KafkaBus(settings, group, channels_of(handlers), QUICK)
    patience = Patience(first_backoff_s=0.2, longest_backoff_s=1.0)
    worker = Worker(group, bus, objects, handlers, patience)
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def test_topics_that_are_wiped_in_the_middle_of_a_run_strand_nothing(
    settings: KafkaSettings, at_home: FolderObjects, tmp_path: Path
) -> None:
    (key,) = [key for key in at_home.list("runs/") if key.endswith("/accepted.binpb")]
    before = facts.VideoAccepted.FromString(at_home.get(key))
    objects = FolderObjects(tmp_path / "store")
    for source in (before.source.key, before.spec.model.boxes_key):
        objects.put(source, at_home.get(source))
    with at_work(settings, objects, tmp_path) as (house, child):
        asked = ingest_pb2.SubmitVideoRequest(
            source_key=before.source.key, sha256=before.source.sha256, spec=before.spec
        )
        accepted = submit_video(asked, objects, child)
        run = accepted.run_id
        entry = Submitted(run_id=run, title="a show", filename="stage.mp4")
        house.write_down(accepted.video_id, entry)
        house.stages.publish(accepted)
        wait_for(lambda: any(objects.list("frames/")) or any(objects.list("detections/")))
        assert not holds(objects, keys.published(run))
        wipe(settings)
        # What the keeper does from time to time; less silence is needed here.
        wait_for(
            lambda: holds(objects, keys.published(run)),
            meanwhile=lambda: announce_silent_runs(house, 5.0),
            so_far=lambda: set(objects.list("")),
        )
        wait_for(lambda: house.catalog.video(accepted.video_id)["state"] == "ready")  # type: ignore[index]
    same = [key for key in at_home.list("") if key.split("/")[0] + "/" in REACH]
    same = [key for key in same if not key.startswith("usage/")]
    assert len(same) > 15
    assert [key for key in same if at_home.get(key) != objects.get(key)] == []
    assert open_letters(KafkaArchive(settings)) == []


def test_dead_letters_are_listed_shown_tried_again_and_let_go(
    settings: KafkaSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INYOURAREA_KAFKA_SERVERS", ",".join(settings.servers))
    assert main(["dead-letters", "list"]) == 0
    assert capsys.readouterr().out == "there are no dead letters\n"
    objects = FolderObjects(tmp_path)
    tries = []

    def fail(fact: facts.AudioReady) -> list[Message]:
        if fact.run_id != "r" * 32:
            return []  # of the test before
        tries.append(fact.video_id)
        raise ValueError("the disk of the video is odd")

    with working(settings, "odd", objects, {facts.AudioReady: fail}):
        with closing(KafkaSender(settings)) as sender:
            for video in ("first", "second"):
                sender.publish(to_record(facts.AudioReady(video_id=video, run_id="r" * 32)))
                sender.flush()
                wait_for(lambda video=video: tries.count(video) == 3)
        archive = KafkaArchive(settings)
        wait_for(lambda: len(open_letters(archive)) == 2)
        newest, oldest = open_letters(archive)
        assert main(["dead-letters", "list"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == [newest.id, oldest.id]
        assert lines[0].endswith("ago: ValueError: the disk of the video is odd")
        assert main(["dead-letters", "show", oldest.id]) == 0
        shown = capsys.readouterr().out
        assert "origin: audio.ready/" in shown
        assert '"video_id": "first"' in shown
        assert main(["dead-letters", "drop", oldest.id]) == 0
        assert open_letters(archive) == [newest]
        monkeypatch.setattr("inyourarea.cli.dead_letters.open_objects", lambda _: objects)
        objects.put(keys.failed("r" * 32), b"odd")
        assert main(["dead-letters", "retry", "--all"]) == 0
        assert not holds(objects, keys.failed("r" * 32))
        wait_for(lambda: tries.count("second") == 6)  # it fails again, which is a letter of its own
        wait_for(lambda: len(open_letters(archive)) == 1)
        assert open_letters(archive)[0].id != newest.id
        assert main(["dead-letters", "drop", newest.id]) == 1
        assert "was dealt with" in capsys.readouterr().err


def test_on_one_machine_there_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FolderObjects(tmp_path / ".inyourarea")
    assert main(["dead-letters", "list", "--data", str(tmp_path)]) == 0
    assert "on one machine there are no dead letters" in capsys.readouterr().out
    assert main(["dead-letters", "retry", "--all", "--data", str(tmp_path)]) == 1
