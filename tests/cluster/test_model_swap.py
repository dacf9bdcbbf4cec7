"""Versions of a group's model come, change and go on a real Triton while runs ask it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts.triton_config import CPU
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.detector import DetectorFailed
from inyourarea.detect.settings import TritonSettings
from inyourarea.detect.supply import SuppliedServer
from inyourarea.detect.triton import ModelAbsent, TritonServer
from inyourarea.gateway.models import CurrentModels
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.train.repository import write_model
from inyourarea.train.triton_repository import write_repository
from published_models import PAIR, dim, file_of, publish, write
from tiny_model import INFO, painted, tiny_model
from triton_server import Triton, had, triton
from waiting import until

#: A server comes and goes here.
pytestmark = pytest.mark.slow

#: Four cells, of which a version sees those that are brighter than its floor.
PICTURE = painted(*((column, 2, 0, 64 * (column + 1) - 1) for column in range(4)))[None]
FLOORS = (0.2, 0.4, 0.6)
SEEN = {floor: sum((64 * (n + 1) - 1) / 255 > floor for n in range(4)) for floor in FLOORS}


@dataclass
class Cluster:
    """A Triton, the versions, and a detect that is told of both, as a gateway is of the latter."""

    server: Triton
    versions: ModelVersions
    supplied: SuppliedServer
    client: TritonServer
    folder: Path
    models: CurrentModels = field(init=False)

    def __post_init__(self) -> None:
        self.models = CurrentModels({}, lambda: self.versions)

    def say(self, *words: str) -> int:
        return main(["models", *words])

    def publish(self, number: int, *more: str, red: float = 0.8) -> int:
        floor = FLOORS[number - 1]
        words = write(self.folder / f"version-{number}", dim(floor), red=red)
        return self.say("publish", *words, "--by", "kim", *more)

    def found(self, model: facts.Model) -> int:
        """How many people a run of that model finds in the picture."""
        (found,) = self.supplied.detector(model).find(PICTURE)
        return len(found)

    def has(self, number: int) -> bool:
        """Whether the server serves that version."""
        try:
            self.client.config(file_of(dim(FLOORS[number - 1])).name)
        except ModelAbsent:
            return False
        return True


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    write_model(tmp_path / "models", INFO, tiny_model())
    write_repository(tmp_path / "models", ["tiny"], tmp_path / "served", CPU)
    monkeypatch.setenv("INYOURAREA_MODELS", str(tmp_path / "models"))
    with had(triton(tmp_path / "served", ["tiny"])) as server:
        monkeypatch.setenv("INYOURAREA_TRITON_ADDRESS", server.address)
        client = TritonServer(TritonSettings(server.address, Fraction(20), None))
        versions = ModelVersions(FolderObjects(tmp_path / "models" / "published"))
        supplied = SuppliedServer(client, versions)
        yield Cluster(server, versions, supplied, client, tmp_path)
        client.close()


@contextmanager
def under_load(cluster: Cluster) -> Iterator[tuple[list[tuple[float, int]], list[float]]]:
    """Runs come and go, three at a time, each with the version of when it was asked for.

    What each look found, with its version's floor, and the floors of the runs under way; whatever
    goes wrong is raised in the end.
    """
    looked: list[tuple[float, int]] = []
    under_way = [0.0] * 3
    floors = {file_of(dim(floor)).served.sha256: floor for floor in FLOORS}
    stop = threading.Event()

    def work(place: int) -> None:
        while not stop.is_set():
            model = cluster.models["pair"].model
            under_way[place] = floors[model.sha256]
            for _ in range(20):  # segments of one run
                looked.append((floors[model.sha256], cluster.found(model)))

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(work, place) for place in range(3)]
        try:
            yield looked, under_way
        finally:
            stop.set()
        for one in working:
            one.result()


def wait_for(holds: Callable[[], bool]) -> None:
    until(holds, within_s=180)  # sixty looks, on a busy machine


def test_a_version_is_changed_under_load_and_no_request_fails(cluster: Cluster) -> None:
    assert cluster.publish(1, "--use") == 0
    with under_load(cluster) as (looked, under_way):
        for number, floor in ((2, FLOORS[1]), (3, FLOORS[2])):
            assert cluster.publish(number, "--use") == 0
            start = len(looked)
            wait_for(lambda start=start, floor=floor: (floor, SEEN[floor]) in looked[start:])
        assert cluster.say("back", "pair") == 0
        start = len(looked)
        wait_for(lambda: len(looked) > start + 100 and FLOORS[2] not in under_way)
        assert cluster.say("retire", "pair", "3") == 0
        start = len(looked)
        wait_for(lambda: len(looked) > start + 100)
    assert {floor for floor, _ in looked} == set(FLOORS)
    assert {one for one in looked if one[1] != SEEN[one[0]]} == set()
    assert {floor for floor, _ in looked[-50:]} == {FLOORS[1]}
    assert [cluster.has(number) for number in (1, 2, 3)] == [True, True, False]


def test_a_server_that_was_started_anew_is_brought_what_runs_ask_for(cluster: Cluster) -> None:
    assert cluster.publish(1, "--use") == 0
    model = cluster.models["pair"].model
    cluster.server.stop()
    cluster.server.start()
    assert not cluster.has(1)
    client = TritonServer(TritonSettings(cluster.server.address, Fraction(20), None))
    detects = (cluster.supplied, SuppliedServer(client, cluster.versions))
    together = threading.Barrier(6)

    def look(place: int) -> int:
        together.wait()
        (found,) = detects[place % 2].detector(model).find(PICTURE)
        return len(found)

    with closing(client), ThreadPoolExecutor(6) as pool:
        assert set(pool.map(look, range(6))) == {SEEN[FLOORS[0]]}


def test_what_was_never_published_is_waited_for_and_what_was_retired_is_refused(
    cluster: Cluster,
) -> None:
    version = publish(cluster.versions, dim(FLOORS[0]))
    other = facts.Model()
    other.CopyFrom(version.model)
    other.sha256 = "e" * 64
    with pytest.raises(ModelAbsent):
        cluster.found(other)
    cluster.versions.retire("pair", 1)
    cluster.versions.forget_file(version)
    with pytest.raises(ModelRejected, match="was retired; run again"):
        cluster.found(version.model)


def test_a_file_that_can_not_be_served_is_used_by_nobody(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cluster.publish(1, "--use") == 0
    broken = file_of(dim(FLOORS[1]))
    cluster.versions.publish(
        b"no model", broken, PAIR, cluster.versions.versions("pair")[0].card, ""
    )
    assert cluster.say("use", "pair", "2") == 1
    assert "is kept, but not served, so runs do not use it" in capsys.readouterr().err
    with pytest.raises(DetectorFailed, match="the configuration tells another"):
        cluster.found(cluster.versions.version("pair", 2).model)
    current = cluster.versions.current("pair")
    assert current is not None
    assert current.number == 1
    assert cluster.found(current.model) == SEEN[FLOORS[0]]
