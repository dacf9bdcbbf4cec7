"""A whole cluster on this machine, on loopback: real servers, and every service as a process.

``up`` starts it and says where it is, ``demo`` sends a video through it, ``down`` stops exactly
what ``up`` started. All of it lies in ``build/cluster``.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from by_grpc import ByGrpc
from kafka_server import kafka
from minio_server import minio
from own_servers import end, free_ports
from postgres_server import postgres

ROOT = Path(__file__).parents[2]

FOLDER = ROOT / "build" / "cluster"
STATE = FOLDER / "state.json"
#: Copies of each service; a name may be given several times.
SERVICES = ("ingest", "detect", "track", "render", "gateway")
_START_S = 300
_STOP_S = 120
_GRPC = "INYOURAREA_GATEWAY_GRPC"


@dataclass
class LocalCluster:
    """Everything that runs; ``address`` is the site's. Services can be killed and started again."""

    folder: Path
    environment: dict[str, str]
    address: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """One copy of a service is on its way; ``name`` is the service's, and a number for more."""
        service = name.split("-", maxsplit=1)[0]
        own = {"INYOURAREA_KAFKA_MEMBER": name, "INYOURAREA_LISTEN": "127.0.0.1:0"}
        if name in ("ingest", "track"):  # those that are asked have an address that others know
            own["INYOURAREA_LISTEN"] = self.environment[f"INYOURAREA_{name.upper()}_ADDRESS"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"inyourarea.{service}"],
                env={**self.environment, **own},
                stdout=log,
                stderr=log,
            )

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """That copy has ended, by this signal."""
        end(self.processes.pop(name), number, _STOP_S)


@contextlib.contextmanager
def local_cluster(folder: Path, copies: tuple[str, ...] = SERVICES) -> Iterator[LocalCluster]:
    """A cluster that answers.

    Raises:
        ServerNotHad: a server can not be had on this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as closing:
        broker = closing.enter_context(kafka())
        store = closing.enter_context(minio()).settings()
        catalog = closing.enter_context(postgres())
        ports = free_ports(3)
        models = folder / "models.json"
        models.write_text(_said("models", "list", "--json"))
        environment = {
            **os.environ,
            "INYOURAREA_KAFKA_SERVERS": broker.address,
            "INYOURAREA_S3_ENDPOINT": store.endpoint,
            "INYOURAREA_S3_ACCESS_KEY": store.access_key,
            "INYOURAREA_S3_SECRET_KEY": store.secret_key,
            "INYOURAREA_S3_BUCKET": store.bucket,
            "INYOURAREA_CATALOG_URL": catalog,
            "INYOURAREA_INGEST_ADDRESS": f"127.0.0.1:{ports[0]}",
            "INYOURAREA_TRACK_ADDRESS": f"127.0.0.1:{ports[1]}",
            "INYOURAREA_GATEWAY_HTTP": f"127.0.0.1:{ports[2]}",
            "INYOURAREA_GATEWAY_MODELS": str(models),
            "INYOURAREA_MODELS": str(ROOT / "models"),
        }
        _said("topics", "apply", "--kafka", broker.address)
        _said("store", "apply", environment=environment)
        cluster = LocalCluster(folder, environment, f"http://127.0.0.1:{ports[2]}")
        closing.callback(_stop_all, cluster)
        for name in copies:
            cluster.start(name)
        _wait(cluster, ports[2])
        yield cluster


def _stop_all(cluster: LocalCluster) -> None:
    for process in cluster.processes.values():
        process.send_signal(signal.SIGTERM)
    for name in list(cluster.processes):
        cluster.stop(name)


def _said(*words: str, environment: dict[str, str] | None = None) -> str:
    command = [sys.executable, "-m", "inyourarea.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"inyourarea {' '.join(words)}: {done.stderr}")
    return done.stdout


def _wait(cluster: LocalCluster, port: int) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        for name, process in cluster.processes.items():
            if process.poll() is not None:
                log = (cluster.folder / f"{name}.log").read_text()[-2000:]
                raise SystemExit(f"{name} ended: {log}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.2)
    raise SystemExit("the gateway did not answer in time; see build/cluster/gateway.log")


def up() -> None:
    """The cluster runs behind this command's back, and its address is said."""
    if STATE.exists():
        raise SystemExit("a cluster is up already; `make cluster-down` stops it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "cluster.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, "keep"], stdout=log, stderr=log, start_new_session=True
        )
    print("starting Kafka, MinIO, PostgreSQL and five services (a minute; logs in build/cluster)")
    end = time.monotonic() + _START_S
    while not STATE.exists() and keeper.poll() is None and time.monotonic() < end:
        time.sleep(0.5)
    if not STATE.exists():
        raise SystemExit((FOLDER / "cluster.log").read_text()[-2000:])
    print(f"the site is at {json.loads(STATE.read_text())['address']}")


def keep() -> None:
    """Be the process that everything belongs to, until SIGTERM."""

    def leave(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    os.environ[_GRPC] = f"127.0.0.1:{free_ports(1)[0]}"
    try:
        with local_cluster(FOLDER) as cluster:
            STATE.write_text(
                json.dumps(
                    {"pid": os.getpid(), "address": cluster.address, "grpc": os.environ[_GRPC]}
                )
            )
            while True:
                time.sleep(1)
    finally:
        STATE.unlink(missing_ok=True)


def down() -> None:
    """Nothing of the cluster runs any more."""
    if not STATE.exists():
        raise SystemExit("no cluster is up")
    pid = json.loads(STATE.read_text())["pid"]
    os.kill(pid, signal.SIGTERM)
    while STATE.exists():
        time.sleep(0.2)
    print("the cluster is down")


def demo(video: Path) -> None:
    """A video goes through the cluster, by the API and in another shape by gRPC.

    Its fancams are in ``build/cluster/out``.
    """
    if not STATE.exists():
        raise SystemExit("no cluster is up; `make cluster` starts one")
    state = json.loads(STATE.read_text())
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
