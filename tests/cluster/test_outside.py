"""Real services that prove to each other who they are, asked by a program from outside by gRPC."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from by_grpc import ByGrpc
from certificates import Authority
from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.embedded.models import find_model, models_folder
from inyourarea.gateway.v1 import gateway_pb2 as outside
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.model_versions import ModelVersions
from local import LocalCluster, local_cluster
from own_servers import free_ports, skipped_where_not_had
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = pytest.mark.slow

TO_S = 2.0


@dataclass(frozen=True)
class Proven:
    """A cluster whose services have certificates; ``secret`` is what makes them believed."""

    cluster: LocalCluster
    secret: dict[str, str]
    grpc: str


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proven]:
    folder = tmp_path_factory.mktemp("cluster")
    authority = Authority(folder / "authority")
    certificate, key = authority.issue("service")
    files = {"CERT": certificate, "KEY": key, "CA": authority.certificate}
    secret = {f"INYOURAREA_TLS_{name}_FILE": str(file) for name, file in files.items()}
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.MonkeyPatch.context() as patch:
        for name, text in {**secret, "INYOURAREA_GATEWAY_GRPC": address}.items():
            patch.setenv(name, text)
        with skipped_where_not_had(), local_cluster(folder) as cluster:
            yield Proven(cluster, secret, address)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


def test_a_program_has_by_grpc_what_a_laptop_makes(
    proven: Proven, show: SmallShow, tmp_path: Path
) -> None:
    inyourarea("run", show.video, "--group", "show", "--to", str(TO_S), "--out", tmp_path)
    laptop = digests(tmp_path.glob("fancams/*.mp4"))
    with closing(ByGrpc(proven.grpc)) as program:
        results = program.finished(upload_id=program.send(show.video), group="show", to_s=TO_S)
        pins = program.site.ListPins(outside.ListPinsRequest(video_id=results.video.id))
        wish = outside.Pin(from_s=0, to_s=TO_S, of=results.people[0].id, nobody=True)
        tried = program.site.TryPins(  # which asks track, by TLS as well
            outside.TryPinsRequest(video_id=results.video.id, revision=pins.revision, pins=[wish])
        )
        made = program.fetch(results, proven.cluster.address, tmp_path / "made")
    assert digests(made) == laptop
    assert laptop
    assert tried.changes


def test_a_group_that_is_published_while_everything_runs_is_used_at_once(
    proven: Proven, show: SmallShow, tmp_path: Path
) -> None:
    card = {
        name: {"map50": 0.9, "map50_95": 0.7} for name in find_model("show").load(1).info.classes
    }
    (tmp_path / "card.json").write_text(json.dumps({"test": {"members": card}}))
    (file,) = (models_folder() / "show").glob("*/model.onnx")
    words = [
        file,
        "--group",
        models_folder() / "groups/show.toml",
        "--card",
        tmp_path / "card.json",
    ]
    told = {key: text for key, text in proven.cluster.environment.items() if "_TRITON_" not in key}
    publish = ["-m", "inyourarea.cli", "models", "publish", *map(str, words), "--use"]
    subprocess.run([sys.executable, *publish], env=told, check=True)
    with closing(ByGrpc(proven.grpc)) as program:
        results = program.finished(upload_id=program.send(show.video), group="show", to_s=TO_S / 2)
    assert results.people
    objects = MinioObjects(proven.cluster.servers.store.settings())
    published = ModelVersions(objects).version("show", 1)
    run = facts.VideoAccepted.FromString(objects.get(keys.accepted(results.video.run_id)))
    assert run.spec.model == published.model
    assert (
        f"successfully loaded '{published.file.name}'"
        in proven.cluster.servers.triton.log.read_text()
    )


def digests(files: Iterable[Path]) -> set[str]:
    """What the files hold."""
    return {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.parametrize("name", ["ingest", "track"])
def test_a_probe_is_answered_if_it_has_a_certificate(proven: Proven, name: str) -> None:
    address = proven.cluster.environment[f"INYOURAREA_{name.upper()}_ADDRESS"]
    for has_certificate in (True, False):
        probe = subprocess.run(
            [sys.executable, "-m", "inyourarea.runtime.health", address],
            env={
                key: text
                for key, text in os.environ.items()
                if has_certificate or key not in proven.secret
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (probe.returncode == 0) == has_certificate, probe.stderr
    assert "INYOURAREA_TLS_" in probe.stderr
