"""Detectors on a real Triton: the laptop's boxes, other models refused, absence waited for."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TypeVar

import cv2
import numpy as np
import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.pack import PackIndex, write_pack
from inyourarea.contracts.tables import read_detections
from inyourarea.contracts.topics import DEAD_LETTERS
from inyourarea.contracts.triton_config import CPU
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.core.letterbox import fit_letterbox
from inyourarea.detect.detector import Detector, DetectorAway
from inyourarea.detect.handler import DetectHandler
from inyourarea.detect.settings import Tls, TritonSettings
from inyourarea.detect.triton import TritonDetector, TritonServer
from inyourarea.embedded.models import find_model, models_folder
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.worker import Patience, Worker, to_record
from inyourarea.stage_show import Show, ShowSpec
from inyourarea.stage_show.draw import draw_frame
from inyourarea.train.answers import letterboxed
from inyourarea.train.repository import write_model
from inyourarea.train.triton_repository import write_repository
from own_servers import ServerNotHad, skipped_where_not_had
from servers import Wire
from tiny_model import CELL, INFO, painted, tiny_model
from triton_server import Triton, had, triton

RED = painted((3, 2, 0, 255))[None]
#: Servers come and go here.
pytestmark = pytest.mark.slow
#: A later version, which sees less.
DIM = replace(INFO, revision=2, floor=0.9)
#: Seconds in which a quick call must be answered on a busy machine.
DEADLINE_S = Fraction(10)
#: Seconds within which a server that is back must be found.
BACK_S = 5

T = TypeVar("T")


def serve(folder: Path, *models: ModelInfo) -> AbstractContextManager[Triton]:
    """A Triton with these versions of the tiny model."""
    for info in models:
        write_model(folder / "models", info, tiny_model(info))
    write_repository(folder / "models", ["tiny"], folder / "served", CPU)
    return had(triton(folder / "served", ["tiny"]))


@contextmanager
def connected(address: str, deadline_s: Fraction = DEADLINE_S) -> Iterator[TritonServer]:
    server = TritonServer(TritonSettings(address, deadline_s, None))
    yield server
    server.close()


def when_back(ask: Callable[[], T]) -> T:
    """What is answered as soon as the connection is made again."""
    end = time.monotonic() + BACK_S
    while True:
        try:
            return ask()
        except DetectorAway:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def digest(info: ModelInfo) -> str:
    return sha256(tiny_model(info)).hexdigest()


def places(detector: Detector, pictures: np.ndarray = RED) -> list[list[float]]:
    return [(one.xyxy[:, :2] / CELL).ravel().tolist() for one in detector.find(pictures)]


def run_model(info: ModelInfo = INFO) -> facts.Model:
    return facts.Model(
        name="tiny",
        sha256=digest(info),
        members=info.classes,
        width=info.width,
        height=info.height,
    )


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    spec = ShowSpec(
        seed=21,
        members=4,
        seconds=Fraction(12),
        size=(960, 540),
        fps=Fraction(25),
        setting="hard",
    )
    show = Show.plan(spec)
    numbers = np.linspace(10, spec.frames - 10, 6).astype(int).tolist()
    return [cv2.cvtColor(draw_frame(show, k)[0], cv2.COLOR_BGR2RGB) for k in numbers]


@pytest.fixture(scope="module")
def drawn_show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with skipped_where_not_had():
        if not (models_folder() / "faces" / "1" / "model.onnx").exists():
            fetch = "`inyourarea models fetch faces`"
            raise ServerNotHad(f"models/faces/1/model.onnx is missing: {fetch}")
    out = tmp_path_factory.mktemp("served")
    models = find_model("show").path.parents[2]
    write_repository(models, ["faces", "show"], out, CPU)
    with had(triton(out, ["faces", "show"])) as server:
        yield server.address


@pytest.mark.parametrize("group", [None, "show"])
def test_they_are_the_laptops(drawn_show: str, frames: list[np.ndarray], group: str | None) -> None:
    file = find_model(group)
    laptop = file.load(threads=2)
    pictures = np.stack([letterboxed(frame, laptop.info) for frame in frames])
    with connected(drawn_show, Fraction(60)) as server:
        served = TritonDetector(server, file.name, file.sha256())
        assert served.info == laptop.info
        seen, expected = served.find(pictures), laptop.find(pictures)
    assert sum(map(len, expected)) > 10
    for one, other in zip(seen, expected, strict=True):
        assert np.allclose(one.xyxy, other.xyxy, rtol=0, atol=1e-3)
        assert np.allclose(one.scores, other.scores, rtol=0, atol=1e-5)


def test_only_bytes_of_pictures_go_over_the_wire(drawn_show: str, frames: list[np.ndarray]) -> None:
    file = find_model("show")
    wire = Wire(f"http://{drawn_show}")
    with connected(wire.url.removeprefix("http://"), Fraction(60)) as server:
        detector = TritonDetector(server, file.name, file.sha256())
        before = dict(wire.carried)
        picture = letterboxed(frames[0], detector.info)[None]
        detector.find(picture)
    wire.close()
    assert wire.carried["up"] - before["up"] < picture.nbytes * 1.01
    # 100 rows of 4 + 9 float32, and what the server says of the model.
    assert wire.carried["down"] - before["down"] < 10_000


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("triton"), INFO, DIM) as server:
        yield server.address


def test_each_run_is_answered_by_its_own(two_versions: str) -> None:
    picture = painted((3, 2, 0, 200))[None]
    with connected(two_versions) as server:
        assert places(server.detector(run_model(INFO)), picture) == [[3, 2]]
        assert places(server.detector(run_model(DIM)), picture) == [[]]


@pytest.mark.parametrize(
    "other",
    [
        {"sha256": "e" * 64},
        {"width": 128},
        {"height": 96},
        {"members": ["green", "red"]},
    ],
)
def test_a_model_that_is_not_the_runs_is_refused(
    two_versions: str, other: dict[str, object]
) -> None:
    model = run_model()
    model.MergeFrom(facts.Model(**{k: v for k, v in other.items() if k != "members"}))
    model.members[:] = other.get("members", model.members)
    with connected(two_versions) as server, pytest.raises(ModelRejected, match="accepted with"):
        server.detector(model)


def test_a_model_that_is_not_served_is_waited_for(two_versions: str) -> None:
    model = run_model()
    model.name = "other"
    with connected(two_versions) as server, pytest.raises(DetectorAway, match="unknown model"):
        server.detector(model)


def test_other_bytes_under_the_same_number_are_noticed(tmp_path: Path) -> None:
    with serve(tmp_path, INFO) as server, connected(server.address) as client:
        detector = client.detector(run_model())
        assert places(detector) == [[3, 2]]
        changed = replace(INFO, floor=0.9)
        write_model(tmp_path / "models", changed, tiny_model(changed))
        write_repository(tmp_path / "models", ["tiny"], tmp_path / "served", CPU)
        server.load("tiny")
        with pytest.raises(ModelRejected, match="no version of the model 'tiny' with the digest"):
            detector.find(RED)


def test_a_file_that_is_not_the_one_described_is_not_served(tmp_path: Path) -> None:
    with serve(tmp_path, INFO) as server, connected(server.address) as client:
        file = tmp_path / "served" / "tiny" / "1" / "model.onnx"
        file.write_bytes(tiny_model(replace(INFO, floor=0.9)))
        server.unload("tiny")
        with pytest.raises(OSError, match="400"):
            server.load("tiny")
        with pytest.raises(DetectorAway):
            client.detector(run_model())
        assert "the configuration tells another" in server.log.read_text()


def test_who_is_away_is_waited_for_and_found_again(tmp_path: Path) -> None:
    with serve(tmp_path, INFO) as server, connected(server.address, Fraction(2)) as client:
        detector = client.detector(run_model())

        def away(leave: Callable[[], object], come_back: Callable[[], None]) -> None:
            leave()
            with pytest.raises(DetectorAway):
                detector.find(RED)
            come_back()
            assert when_back(lambda: places(detector)) == [[3, 2]]

        away(lambda: server.unload("tiny"), lambda: server.load("tiny"))
        away(server.pause, server.go_on)
        away(server.kill, server.start)
        away(server.stop, server.start)


def test_a_model_whose_process_was_killed_is_away(tmp_path: Path) -> None:
    with serve(tmp_path, INFO) as server, connected(server.address) as client:
        detector = client.detector(run_model())
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(server.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        for pid in found.stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        with pytest.raises(DetectorAway, match="not healthy"):
            detector.find(RED)
        server.kill()  # asked to stop it would wait for that process for half a minute


def test_a_segment_waits_for_the_server_and_nothing_is_a_dead_letter(tmp_path: Path) -> None:
    with serve(tmp_path, INFO) as server, connected(server.address, Fraction(2)) as client:
        server.stop()
        broker, objects = MemoryBroker(), FolderObjects(tmp_path / "store")
        bus = broker.join("detect", ("frames.extracted.urgent",))
        handlers = DetectHandler(objects, client.detector).handlers
        patience = Patience(poll_s=0, first_backoff_s=0.1, longest_backoff_s=0.2)
        bus.publish(to_record(_extracted(objects)))
        record = bus.consume(0)
        assert record is not None
        work = Worker("detect", bus, objects, handlers, patience).work
        working = threading.Thread(target=work, args=(record, Event()))
        working.start()
        working.join(1)
        assert working.is_alive()
        server.start()
        working.join(60)
        assert not working.is_alive()
    found = read_detections(objects.get(keys.detections("video", run_model(), 0)))
    assert np.allclose(found.xyxy[found.detected], RED_BOX, atol=0.01)
    assert broker.join("watcher", (DEAD_LETTERS,)).consume(0) is None


RED_BOX = np.array([3, 2, 4, 3]) * CELL


def _extracted(objects: FolderObjects) -> facts.FramesExtracted:
    """A segment of three frames with a red cell each, as ``ingest`` leaves it."""
    pts = (0, 512, 1024)
    size = (INFO.width, INFO.height)
    jpeg = cv2.imencode(".jpg", RED[0, :, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    index = PackIndex(pts, pts, *size, fit_letterbox(size, size))
    objects.put("frames/pack.tar", write_pack(index, dict.fromkeys(pts, jpeg)))
    source = facts.Source(width=size[0], height=size[1])
    source.time_base.num, source.time_base.den = 1, 15360
    spec = facts.RunSpec(video_id="video", model=run_model())
    about = {"video_id": "video", "run_id": keys.run_id(spec)}
    run = facts.VideoAccepted(**about, spec=spec, source=source)
    objects.put(keys.accepted(run.run_id), run.SerializeToString())
    return facts.FramesExtracted(
        **about,
        segment=facts.Segment(index=0, start_pts=0, end_pts=1536, first_frame=0, frames=3),
        pack_key="frames/pack.tar",
        lane=facts.LANE_URGENT,
    )


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, and what it signed for the server and for us."""
    folder = tmp_path_factory.mktemp("pem")
    _openssl(
        folder, "req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -days 2 -keyout ca.key -out ca.pem"
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    for who in ("server", "client"):
        _openssl(
            folder, f"req -newkey rsa:2048 -nodes -subj /CN={who} -keyout {who}.key -out {who}.csr"
        )
        _openssl(
            folder,
            f"x509 -req -in {who}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
            f"-extfile names -out {who}.pem",
        )
    return folder


@pytest.fixture(scope="module")
def behind_tls(pem: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("triton")
    write_model(folder / "models", INFO, tiny_model())
    write_repository(folder / "models", ["tiny"], folder / "served", CPU)
    with had(triton(folder / "served", ["tiny"], pem)) as server:
        yield server.address


def test_both_sides_show_who_they_are(behind_tls: str, pem: Path) -> None:
    tls = Tls(pem / "ca.pem", pem / "client.pem", pem / "client.key")
    server = TritonServer(TritonSettings(behind_tls, DEADLINE_S, tls))
    assert places(server.detector(run_model())) == [[3, 2]]
    server.close()


def test_who_shows_nothing_is_not_let_in(behind_tls: str, pem: Path) -> None:
    for tls in (None, Tls(pem / "ca.pem", None, None)):
        server = TritonServer(TritonSettings(behind_tls, DEADLINE_S, tls))
        with pytest.raises(DetectorAway):
            server.detector(run_model())
        server.close()


def _openssl(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
