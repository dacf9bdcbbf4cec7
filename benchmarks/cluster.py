"""What the cluster form costs beside the laptop form: CPU seconds for the same video.

Starts a cluster of its own, sends one video through it and through ``inyourarea run``, and prints
one figure a line. What browsers are given is left out of that, since ``run`` does not make it; it
is made afterwards, and counted by itself. ``--costs`` writes what a minute of video costs each
stage into a file, from which `simulate.py` knows it.
"""

import argparse
import json
import os
import re
import resource
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

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
#: Whose seconds are a stage's: a model runs on Triton for detect alone.
_STAGES = {
    "ingest": ("ingest",),
    "detect": ("detect", "triton"),
    "track": ("track",),
    "render": ("render",),
}

Spent = Counter[str]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--costs", type=Path, help="where to write what `make simulate` reads")
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
        print(f"the laptop, CPU s: {laptop_s:.1f}", flush=True)
        environment = {"INYOURAREA_METRICS": "127.0.0.1:0"}
        with local_cluster(folder / "cluster", environment=environment) as cluster:
            costs = _compare(cluster, out, laptop_s)
    if asked.costs:
        about = {
            "measured": datetime.now(UTC).date().isoformat(),
            "video": f"{asked.seconds} s of {asked.size}, a hard show with four people",
        }
        asked.costs.write_text(json.dumps(about | costs, indent=2) + "\n", encoding="utf-8")


def _compare(cluster: LocalCluster, out: Path, laptop_s: float) -> dict[str, object]:
    """Print what each costs; returns what a minute of video costs."""
    accepted = _accepted_in(out / ".inyourarea")
    minutes = accepted.source.frames / _rate(accepted.source) / 60
    store = store_of(cluster)
    store.put(accepted.source.key, (out / ".inyourarea" / accepted.source.key).resolve())
    waiting = _waiting(cluster)
    print(f"waiting for work, CPU s per s: {_table(waiting, 3)}", flush=True)

    def is_published() -> bool:
        return holds(store, keys.published(accepted.run_id))

    begun = _bytes(cluster)
    source_mb = store.size(accepted.source.key) / 1e6 / minutes
    spent, took_s = _spend(cluster, accepted, is_published)
    moved = _bytes(cluster) - begun
    made = facts.FancamsPublished.FromString(store.get(keys.published(accepted.run_id)))
    assert len(made.fancams) == len(digests(out / "fancams"))
    print(f"fancams, CPU s: {_table(spent, 1)}")
    services_s = sum(spent[name] for name in cluster.copies)
    for what, seconds in (
        ("services", services_s),
        ("services and Triton", services_s + spent["triton"]),
        ("services and all servers", spent.total()),
    ):
        ratio = seconds / laptop_s
        print(f"{what}, CPU s: {seconds:.1f}, {ratio:.2f} x the laptop (target {_TARGET})")
    print(f"of that for waiting, in {took_s:.0f} s: {waiting.total() * took_s:.1f}")
    print(f"the source, MB per minute of video: {source_mb:.1f}")
    for direction in ("put", "got"):
        mb, each = Counter[str](), Counter[str]()
        for (copy, name, way), size in moved.items():
            if way == direction and size:
                mb[name] += size / 1e6 / minutes
                each[f"{copy} {name}"] += size / 1e6 / minutes
        print(f"{direction}, MB per minute of video: {mb.total():.1f} ({_table(mb, 1)})")
        print(f"{direction} by whom: {_table(each, 1)}")
    held = sum(store.size(key) for key in store.list("") if not key.startswith("sources/"))
    print(
        f"in the store afterwards, MB per minute of video: {held / 1e6 / minutes:.1f}", flush=True
    )

    def is_for_browsers() -> bool:
        return all(
            holds(store, key)
            for key in (
                keys.stage_ready(accepted.video_id),
                keys.streams_ready(accepted.run_id),
                keys.faces_drawn(accepted.spec),
            )
        )

    accepted.for_browsers = True
    more, took_more_s = _spend(cluster, accepted, is_for_browsers)
    print(f"what browsers are given, besides, CPU s: {_table(more, 1)}")
    worked = spent + more
    worked.subtract({name: each * (took_s + took_more_s) for name, each in waiting.items()})
    per_minute = {
        stage: round(sum(worked[name] for name in names) / minutes, 2)
        for stage, names in _STAGES.items()
    }
    print(f"all of it but waiting, CPU s per minute of video: {_table(Counter(per_minute), 1)}")
    return {"core_s_per_minute": per_minute}


def _rate(source: facts.Source) -> float:
    return source.average_rate.num / source.average_rate.den


def _waiting(cluster: LocalCluster) -> Spent:
    """CPU seconds a second of everybody while nothing is to be done."""
    start, began = _spent(cluster), time.monotonic()
    time.sleep(_IDLE_S)
    took_s = time.monotonic() - began
    return Counter({name: used / took_s for name, used in (_spent(cluster) - start).items()})


def _spend(
    cluster: LocalCluster, accepted: facts.VideoAccepted, is_done: Callable[[], bool]
) -> tuple[Spent, float]:
    """What everybody needs from the run's submission until it is done: CPU seconds, and seconds."""
    start, began = _spent(cluster), time.monotonic()
    with channel(cluster.environment["INYOURAREA_INGEST_ADDRESS"]) as connection:
        request = ingest_pb2.SubmitVideoRequest(
            source_key=accepted.source.key,
            sha256=accepted.source.sha256,
            spec=accepted.spec,
            for_browsers=accepted.for_browsers,
        )
        ask(ingest_pb2_grpc.IngestStub(connection).SubmitVideo, request, _SUBMIT_S)
    while not is_done():
        time.sleep(0.2)
    return _spent(cluster) - start, time.monotonic() - began


def _bytes(cluster: LocalCluster) -> Counter[tuple[str, str, str]]:
    """Bytes put into the store and got from it, by copy, class and direction."""
    found: Counter[tuple[str, str, str]] = Counter()
    for name in cluster.copies:
        (port,) = re.findall(r"metrics on port (\d+)", cluster.log(name).read_text())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            told = answer.read().decode()
        for family in text_string_to_metric_families(told):
            if family.name == "inyourarea_object_bytes":
                for sample in family.samples:
                    passed = sample.labels["class"], sample.labels["direction"]
                    found[name, *passed] += int(sample.value)
    return found


def _table(figures: Counter[str], digits: int) -> str:
    return ", ".join(f"{name} {figure:.{digits}f}" for name, figure in figures.most_common())


def _accepted_in(store: Path) -> facts.VideoAccepted:
    (file,) = store.glob("runs/*/accepted.binpb")
    return facts.VideoAccepted.FromString(file.read_bytes())


def _spent(cluster: LocalCluster) -> Spent:
    """CPU seconds of every service and server, with all their children, since they began."""
    pids = {name: process.pid for name, process in cluster.processes.items()}
    pids |= {name: server.pid for name, server in cluster.servers.all().items()}
    return Counter({name: _seconds(pid) for name, pid in pids.items()})


def _seconds(pid: int) -> float:
    """Of a process, the children it has waited for, and those that live."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / _TICK
    return own + sum(_seconds(child) for child in children_of(pid))


if __name__ == "__main__":
    main()
