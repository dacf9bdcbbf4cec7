"""A whole cluster on this machine, on loopback: real servers, and every service as a process.

``up`` starts it and says where it is, ``demo`` sends a video through it, ``down`` stops exactly
what ``up`` started. All of it lies in ``build/cluster``.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from by_grpc import ByGrpc
from inyourarea.contracts.topics import channels
from inyourarea.contracts.triton_config import CPU
from inyourarea.core.errors import DependencyAway
from inyourarea.embedded.models import models_folder
from inyourarea.embedded.serving import known_models
from inyourarea.gateway.models import write_models
from inyourarea.runtime import tls
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.kafka_topics import KafkaTopics, changes
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.runtime.rpc import channel, is_serving
from inyourarea.train.triton_repository import write_repository
from kafka_server import KafkaServer, kafka
from minio_server import MinioServer, minio
from own_servers import OwnServer, born, end, end_other, free_ports, has_ended, together
from postgres_server import PostgresServer, postgres_server
from triton_server import Triton, triton

ROOT = Path(__file__).parents[2]

FOLDER = ROOT / "build" / "cluster"
STATE = FOLDER / "state.json"
#: Copies of each service; a name may be given several times.
SERVICES = ("ingest", "detect", "track", "render", "gateway")
_START_S = 300
_STOP_S = 120
#: Seconds for who keeps the cluster to stop all of it.
_DOWN_S = 600.0
_KEEPER = (sys.executable, __file__, "keep")
_GRPC = "INYOURAREA_GATEWAY_GRPC"
#: As the chart's own small Kafka has them: few copies work here.
_LANE_PARTITIONS = 12
TOPICS = channels(_LANE_PARTITIONS)
#: Seconds for a service to say how it is.
_HEALTH_S = 5.0
#: How often a server that ends by itself is started again.
_MOST_REVIVALS = 5


class NotServing(Exception):
    """A part of the cluster does not serve; the text says which, and how its log ends."""


@dataclass
class Servers:
    """The real servers; each can be taken away and comes back."""

    kafka: KafkaServer
    store: MinioServer
    catalog: PostgresServer
    triton: Triton

    def all(self) -> dict[str, OwnServer]:
        """By the names that services have for them."""
        return {name: getattr(self, name) for name in ("kafka", "store", "catalog", "triton")}

    def make_topics(self) -> None:
        """Kafka has the topics of this program."""
        with closing(KafkaTopics(KafkaSettings((self.kafka.address,)))) as topics:
            topics.make(changes(TOPICS, topics.find(channel.name for channel in TOPICS)))


@dataclass
class LocalCluster:
    """Everything that runs. Services can be killed and started again, servers too.

    ``copies`` are the services' names, with a number behind those of a second copy and more.
    ``environment`` is what operators are told as well, who have the gateway's key of the store;
    ``keys`` are each service's own.
    """

    folder: Path
    servers: Servers
    environment: dict[str, str]
    keys: dict[str, MinioSettings]
    copies: tuple[str, ...]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ports = free_ports(2 * len(self.copies))
        self._ports = dict(zip(self.copies, ports, strict=False))
        self._http = dict(zip(self.copies, ports[len(self.copies) :], strict=True))
        self._away, self._reviving = set[str](), threading.Lock()
        self._revived = Counter[str]()
        self.environment |= {
            "INYOURAREA_INGEST_ADDRESS": f"127.0.0.1:{self._ports['ingest']}",
            "INYOURAREA_TRACK_ADDRESS": f"127.0.0.1:{self._ports['track']}",
        }

    @property
    def addresses(self) -> list[str]:
        """Where the gateways answer."""
        return [f"http://127.0.0.1:{self._http[name]}" for name in self.copies if "gateway" in name]

    @property
    def address(self) -> str:
        """Where the first gateway answers."""
        return self.addresses[0]

    def log(self, name: str) -> Path:
        """What a copy has logged."""
        return self.folder / f"{name}.log"

    def told(self, name: str) -> dict[str, str]:
        """What a copy is told, with its service's own key of the store."""
        return {**self.environment, **_as_told(self.keys[name.partition("-")[0]])}

    def start(self, name: str) -> None:
        """One copy of a service is on its way."""
        own = {
            "INYOURAREA_KAFKA_MEMBER": name,
            "INYOURAREA_LISTEN": f"127.0.0.1:{self._ports[name]}",
            "INYOURAREA_GATEWAY_HTTP": f"127.0.0.1:{self._http[name]}",
        }
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"inyourarea.{name.partition('-')[0]}"],
                env={**self.told(name), **own},
                stdout=log,
                stderr=log,
            )

    def add(self, name: str) -> None:
        """There is another copy, to be started."""
        if name not in self.copies:
            self.copies = (*self.copies, name)
            self._ports[name], self._http[name] = free_ports(2)

    def remove(self, name: str) -> None:
        """That copy has ended and is none of the copies any more."""
        if name in self.processes:
            self.stop(name)
        self.copies = tuple(copy for copy in self.copies if copy != name)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """That copy has ended, by this signal."""
        end(self.processes.pop(name), number, _STOP_S)

    def health(self, name: str, of: str = "") -> bool | None:
        """Whether a copy says that it, or this part of it, serves; none where it says nothing."""
        address = f"127.0.0.1:{self._ports[name]}"
        with channel(address, tls.read_settings(self.environment)) as there:
            try:
                return is_serving(there, _HEALTH_S, of)
            except (DependencyAway, ObjectNotFound):
                return None

    def wait(self, *names: str) -> None:
        """These copies serve; all where none is named. A server that died by itself comes back.

        Raises:
            NotServing: one has ended, or takes too long.
        """
        end = time.monotonic() + _START_S
        waiting = list(names or self.processes)
        while waiting:
            name = waiting[0]
            self.revive()
            if self.health(name):
                waiting.pop(0)
                continue
            if self.processes[name].poll() is not None or time.monotonic() > end:
                raise NotServing(f"{name} does not serve: {self.log(name).read_text()[-2000:]}")
            time.sleep(0.2)

    def revive(self) -> None:
        """Servers that have ended by themselves are there again, as on a cluster, and it is said.

        Triton's python backend gives up on a machine with far more to do than it has cores.

        Raises:
            NotServing: one has died too often.
        """
        with self._reviving:
            for name, server in self.servers.all().items():
                if name not in self._away and has_ended(server.pid):
                    self._revived[name] += 1
                    if self._revived[name] > _MOST_REVIVALS:
                        raise NotServing(f"{name} dies by itself, again and again")
                    print(f"{name} has died by itself, and is started again", flush=True)
                    with contextlib.suppress(ProcessLookupError):
                        server.kill()  # what it has left behind
                    server.start()

    @contextlib.contextmanager
    def killed(self, server: str) -> Iterator[OwnServer]:
        """The server is gone as after a power cut, and nobody revives it; afterwards it is back."""
        gone = self.servers.all()[server]
        with self._reviving:
            self._away.add(server)
        try:
            gone.kill()
            yield gone
            gone.start()
        finally:
            with self._reviving:
                self._away.discard(server)

    def restore(self) -> None:
        """All copies serve, whatever was done to them."""
        self.tend()
        for name in self.copies:
            if name not in self.processes:
                self.start(name)
        self.wait()

    def tend(self) -> list[str]:
        """Copies that have ended by themselves are on their way again; returns which."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in ended:
            self.start(name)
        return ended


@contextlib.contextmanager
def local_cluster(
    folder: Path, copies: tuple[str, ...] = SERVICES, environment: dict[str, str] | None = None
) -> Iterator[LocalCluster]:
    """A cluster that serves; ``environment`` is what its services are told besides.

    Raises:
        ServerNotHad: a server can not be had on this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        models, _ = known_models()
        (folder / "models.json").write_text(write_models(models))
        names = sorted({known.model.name for known in models.values()})
        write_repository(models_folder(), names, folder / "served", CPU)
        served = triton(folder / "served", names)
        servers = Servers(*together(stack, [kafka(), minio(), postgres_server(), served]))
        store = servers.store.settings()
        servers.make_topics()
        apply_bucket(store)
        keys = {name: servers.store.let_in(name, store.bucket) for name in SERVICES}
        told = {
            **os.environ,
            "INYOURAREA_KAFKA_SERVERS": servers.kafka.address,
            "INYOURAREA_KAFKA_LANE_PARTITIONS": str(_LANE_PARTITIONS),
            "INYOURAREA_S3_ENDPOINT": store.endpoint,
            "INYOURAREA_S3_BUCKET": store.bucket,
            **_as_told(keys["gateway"]),
            "INYOURAREA_CATALOG_URL": servers.catalog.url,
            "INYOURAREA_TRITON_ADDRESS": servers.triton.address,
            "INYOURAREA_GATEWAY_MODELS": str(folder / "models.json"),
            **(environment or {}),
        }
        cluster = LocalCluster(folder, servers, told, keys, copies)
        stack.callback(_stop_all, cluster)
        for name in copies:
            cluster.start(name)
        cluster.wait()
        yield cluster


def _as_told(key: MinioSettings) -> dict[str, str]:
    return {
        "INYOURAREA_S3_ACCESS_KEY": key.access_key,
        "INYOURAREA_S3_SECRET_KEY": key.secret_key,
    }


def _stop_all(cluster: LocalCluster) -> None:
    for process in cluster.processes.values():
        process.send_signal(signal.SIGTERM)
    for name in list(cluster.processes):
        cluster.stop(name)


def up() -> None:
    """The cluster runs behind this command's back, and its address is said."""
    if STATE.exists():
        if any(born(pid) == began for pid, began in _processes()[:1]):
            raise SystemExit("a cluster is up already; `make cluster-down` stops it")
        down()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "cluster.log").open("wb") as log:
        keeper = subprocess.Popen(_KEEPER, stdout=log, stderr=log, start_new_session=True)
    print("starting four servers and five services (a minute; logs in build/cluster)")
    end = time.monotonic() + _START_S
    while not STATE.exists() and keeper.poll() is None and time.monotonic() < end:
        time.sleep(0.5)
    if not STATE.exists():
        raise SystemExit((FOLDER / "cluster.log").read_text()[-2000:])
    print(f"the site is at {_state()['address']}")


def _state() -> dict[str, Any]:
    """What is known of the cluster; nothing where a power cut has left no more than a name."""
    try:
        found: dict[str, Any] = json.loads(STATE.read_text())
    except ValueError:
        return {}
    return found


def _processes() -> list[tuple[int, int]]:
    """The cluster's, with when each was `born`; who keeps it is the first."""
    return [(pid, began) for pid, began in _state().get("processes", ())]


def _write_state(cluster: LocalCluster) -> None:
    servers = [server.pid for server in cluster.servers.all().values()]
    services = [process.pid for process in cluster.processes.values()]
    processes = [(pid, born(pid)) for pid in (os.getpid(), *services, *servers)]
    state = {"address": cluster.address, "grpc": os.environ[_GRPC], "processes": processes}
    whole = STATE.with_suffix(".new")
    whole.write_text(json.dumps(state))
    whole.replace(STATE)


def keep() -> None:
    """Be the process that everything belongs to, until SIGTERM."""

    def leave(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    os.environ[_GRPC] = f"127.0.0.1:{free_ports(1)[0]}"
    try:
        with local_cluster(FOLDER) as cluster:
            while True:
                _write_state(cluster)
                time.sleep(1)
                cluster.revive()
                cluster.tend()
    finally:
        STATE.unlink(missing_ok=True)


def down() -> None:
    """Nothing of the cluster runs any more."""
    if not STATE.exists():
        raise SystemExit("no cluster is up")
    ran = [end_other(pid, began, _DOWN_S) for pid, began in _processes()]
    if not any(ran[:1]):
        print(f"who kept the cluster was gone; {sum(ran)} processes that it left are stopped")
    STATE.unlink(missing_ok=True)
    print("the cluster is down")


def demo(video: Path) -> None:
    """A video goes through the cluster, by the API and in another shape by gRPC.

    Its fancams are in ``build/cluster/out``.
    """
    if not STATE.exists():
        raise SystemExit("no cluster is up; `make cluster` starts one")
    state = _state()
    address, out = state["address"], FOLDER / "out"
    words = ["submit", video, "--server", address, "--group", "show", "--wait", "--out", out]
    subprocess.run([sys.executable, "-m", "inyourarea.cli", *map(str, words)], check=True)
    with contextlib.closing(ByGrpc(state["grpc"])) as program:
        results = program.finished(
            upload_id=program.send(video), group="show", aspects=["9:16", "1:1"]
        )
        for file in program.fetch(results, address, out / "by-grpc"):
            print(file)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("up", "keep", "demo", "down"))
    parser.add_argument("video", type=Path, nargs="?", default=ROOT / "demo/show/stage.mp4")
    asked = parser.parse_args()
    if asked.action == "demo":
        demo(asked.video)
    else:
        {"up": up, "keep": keep, "down": down}[asked.action]()


if __name__ == "__main__":
    main()
