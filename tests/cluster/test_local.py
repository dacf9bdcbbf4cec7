"""The whole way on real servers: what comes out is what the laptop makes, whoever dies."""

import hashlib
import json
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from collector import Collector, collector
from inyourarea.client import Client, Wishes
from local import SERVICES, LocalCluster, local_cluster
from metrics_table import metrics_of
from own_servers import ServerNotHad
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = pytest.mark.slow

_DONE_S = 240


@pytest.fixture(scope="module")
def traces() -> Iterator[Collector]:
    with collector() as kept:
        yield kept


@pytest.fixture(scope="module")
def cluster(traces: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with ExitStack() as closing:
        patch = closing.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", traces.address)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")  # milliseconds, until spans are sent
        try:
            cluster = closing.enter_context(local_cluster(tmp_path_factory.mktemp("cluster")))
        except ServerNotHad as reason:
            if "CI" in os.environ:
                raise
            pytest.skip(str(reason))
        yield cluster


@pytest.fixture(scope="module")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def on_a_laptop(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The fancams that the laptop makes, by person, as digests."""
    out = tmp_path_factory.mktemp("laptop")
    inyourarea("run", small_show.video, "--group", "show", "--to", "4", "--out", out)
    return digests(out / "fancams")


def digests(folder: Path) -> dict[str, str]:
    """What every file of a folder holds."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.mp4"))
    }


def made(cluster: LocalCluster, video: Path, out: Path, to_s: str = "4") -> dict[str, str]:
    """The fancams that the cluster makes, sent and fetched as a user does."""
    words = ("--server", cluster.address, "--group", "show", "--to", to_s)
    inyourarea("submit", video, *words, "--wait", "--out", out)
    return digests(out)


def test_a_cluster_makes_what_a_laptop_makes(
    cluster: LocalCluster, small_show: SmallShow, on_a_laptop: dict[str, str], tmp_path: Path
) -> None:
    assert made(cluster, small_show.video, tmp_path / "out") == on_a_laptop
    assert on_a_laptop


def test_one_video_is_one_trace_of_all_services(
    cluster: LocalCluster, traces: Collector, small_show: SmallShow
) -> None:
    with Client(cluster.address) as client:
        video = client.wait(client.submit(small_show.video, Wishes(group="show", to_s=2)).id)
        run = client.video(video.id).run_id
    everybody, end = {f"inyourarea-{name}" for name in SERVICES}, time.monotonic() + 30
    mine: set[str] = set()
    while mine != everybody and time.monotonic() < end:
        time.sleep(0.5)
        of_run = [span for span in traces.spans if span.about.get("inyourarea.run_id") == run]
        mine = {span.service for span in of_run}
    assert mine == everybody
    assert len({span.trace for span in of_run}) == 1
    names = {span.name for span in traces.spans if span.trace == of_run[0].trace}
    assert "POST /api/v1/videos" in names
    assert "inyourarea.contracts.v1.Ingest/SubmitVideo" in names
    groups = {name.split(" ")[0] for name in names}
    assert groups >= {"ingest", "detect", "track", "render", "rendition", "gateway"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_tells_the_metrics_of_the_table(cluster: LocalCluster, service: str) -> None:
    port = re.findall(r"metrics on port (\d+)", (cluster.folder / f"{service}.log").read_text())[-1]
    told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    types = dict(re.findall(r"^# TYPE (inyourarea_\w+) (\w+)$", told, re.MULTILINE))
    assert types == metrics_of(service)
    assert httpx.get(f"http://127.0.0.1:{port}/ready").text == "ready\n"
    done = re.findall(r'^inyourarea_units_total\{.*outcome="done"\} (\S+)$', told, re.MULTILINE)
    assert sum(map(float, done)) > 0
    assert re.search(r'^inyourarea_object_bytes_total\{.*direction="got"\} \d', told, re.MULTILINE)
    assert httpx.get(f"{cluster.address}/metrics").status_code == 404


def test_every_line_that_a_service_logs_of_a_unit_says_of_which(cluster: LocalCluster) -> None:
    lines = [
        json.loads(line)
        for name in SERVICES
        for line in (cluster.folder / f"{name}.log").read_text().splitlines()
    ]
    of_units = [line for line in lines if re.search("worker|handler", line["logger"])]
    assert any(line["service"] == "render" for line in of_units)
    for line in of_units:
        assert {"video_id", "run_id", "trace_id"} <= set(line), line
        assert "segment" in line or line["service"] != "render", line


def test_killed_services_lose_nothing(
    cluster: LocalCluster, small_show: SmallShow, tmp_path: Path
) -> None:
    seed = int(os.environ.get("INYOURAREA_CHAOS_SEED", time.time_ns() % 10**6))
    print(f"seed {seed}")  # noqa: T201 - what it takes to repeat it
    choice = random.Random(seed)
    with Client(cluster.address) as client:
        video = client.submit(small_show.video, Wishes(group="show", to_s=3.5))
        victims = [name for name in SERVICES if name != "gateway"]
        choice.shuffle(victims)
        for name in victims:
            time.sleep(choice.uniform(0, 1.5))
            cluster.stop(name, signal.SIGKILL)
            cluster.start(name)
        end = time.monotonic() + _DONE_S
        while (state := client.video(video.id).state) == "working" and time.monotonic() < end:
            time.sleep(0.5)
        assert state == "ready"
    inyourarea("fetch", video.id, "--server", cluster.address, "--out", tmp_path / "out")
    laptop = tmp_path / "laptop"
    inyourarea("run", small_show.video, "--group", "show", "--to", "3.5", "--out", laptop)
    assert digests(tmp_path / "out") == digests(laptop / "fancams")
