"""What the cluster form costs beside the laptop form: CPU seconds for the same video.

Starts a cluster of its own, sends one video through it and through ``inyourarea run``, and prints
one figure a line. What browsers are given is left out, since ``run`` does not make it.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
for _folder in ("cluster", "embedded"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))

from chaos import digests, store_of  # noqa: E402
from inyourarea.contracts import keys  # noqa: E402
from inyourarea.contracts.v1 import facts_pb2 as facts  # noqa: E402
from inyourarea.contracts.v1 import ingest_pb2, ingest_pb2_grpc  # noqa: E402
from inyourarea.runtime.objects import holds  # noqa: E402
from inyourarea.runtime.rpc import ask, channel  # noqa: E402
from local import LocalCluster, local_cluster  # noqa: E402
from own_servers import children_of  # noqa: E402
from small_show import inyourarea  # noqa: E402

_TICK = os.sysconf("SC_CLK_TCK")
#: Seconds over which the cost of waiting is measured.
_IDLE_S = 20.0
_SUBMIT_S = 600.0
#: Most CPU seconds of the cluster form for one of the laptop's.
_TARGET = 1.25


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--size", default="1280x720")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = ("--seed", "3", "--members", "4", "--seconds", str(asked.seconds))
        inyourarea("stage-show", "--out", folder / "show", *words, "--size", asked.size)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = folder / "out"
        inyourarea("run", folder / "show" / "stage.mp4", "--group", "show", "--out", out)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        laptop_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"the laptop, CPU s: {laptop_s:.1f}")
        with local_cluster(folder / "cluster") as cluster:
            _compare(cluster, out, laptop_s)


def _compare(cluster: LocalCluster, out: Path, laptop_s: float) -> None:
    accepted = _accepted_in(out / ".inyourarea")
    source = (out / ".inyourarea" / accepted.source.key).resolve()
    store = store_of(cluster)
    store.put(accepted.source.key, source)
    start, began = _spent(cluster), time.monotonic()
    time.sleep(_IDLE_S)
    idle = sum(_since(start, cluster).values()) / (time.monotonic() - began)
    print(f"waiting for work, all services and servers, CPU s per s: {idle:.3f}")
    start, began = _spent(cluster), time.monotonic()
    with channel(cluster.environment["INYOURAREA_INGEST_ADDRESS"]) as connection:
        request = ingest_pb2.SubmitVideoRequest(
            source_key=accepted.source.key, sha256=accepted.source.sha256, spec=accepted.spec
        )
        ask(ingest_pb2_grpc.IngestStub(connection).SubmitVideo, request, _SUBMIT_S)
    while not holds(store, keys.published(accepted.run_id)):
        time.sleep(0.2)
    spent = _since(start, cluster)
    took_s = time.monotonic() - began
    made = facts.FancamsPublished.FromString(store.get(keys.published(accepted.run_id)))
    assert len(made.fancams) == len(digests(out / "fancams"))
    for name, seconds in spent.items():
        print(f"{name}, CPU s: {seconds:.1f}")
    services_s = sum(spent[name] for name in cluster.copies)
    print(f"all services, CPU s: {services_s:.1f}")
    for what, seconds in (
        ("services and Triton", services_s + spent["triton"]),
        ("services and all servers", sum(spent.values())),
    ):
        ratio = seconds / laptop_s
        print(f"{what}, CPU s: {seconds:.1f}, {ratio:.2f} x the laptop (target {_TARGET})")
    print(f"of that for waiting, in {took_s:.0f} s: {idle * took_s:.1f}")
    moved = sum(store.size(key) for key in store.list("") if not key.startswith("sources/"))
    print(f"MB in the store of it afterwards: {moved / 1e6:.1f}")


def _accepted_in(store: Path) -> facts.VideoAccepted:
    (file,) = store.glob("runs/*/accepted.binpb")
    return facts.VideoAccepted.FromString(file.read_bytes())


def _spent(cluster: LocalCluster) -> dict[str, float]:
    """CPU seconds of every service and server, with all their children, since they began."""
    pids = {name: process.pid for name, process in cluster.processes.items()}
    pids |= {name: server.pid for name, server in cluster.servers.all().items()}
    return {name: _seconds(pid) for name, pid in pids.items()}


def _since(start: dict[str, float], cluster: LocalCluster) -> dict[str, float]:
    now = _spent(cluster)
    return {name: now[name] - start[name] for name in start}


def _seconds(pid: int) -> float:
    """Of a process, the children it has waited for, and those that live."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / _TICK
    return own + sum(_seconds(child) for child in children_of(pid))


if __name__ == "__main__":
    main()
