"""A cluster as its operators see it: metrics, one trace a video, lines that say which video."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from by_grpc import ByGrpc
from collector import Collector, collector
from inyourarea.client import Client, Wishes
from local import SERVICES, LocalCluster, local_cluster
from metrics_table import metrics_of
from own_servers import free_ports, skipped_where_not_had
from small_show import draw_small_show

pytestmark = pytest.mark.slow

#: Seconds until all that the services have seen of a run is sent, on a busy machine.
_SENT_S = 120
#: What is logged of a whole video, of which no segment is told.
_OF_A_VIDEO = re.compile(r"joined |streamed |drew \d+ faces")
#: Consumer groups, each of which has units of a run that is for browsers.
_GROUPS = frozenset(SERVICES) | {"rendition"}
#: What asks for fancams, as spans are called.
HTTP, GRPC = "POST /api/v1/videos", "inyourarea.gateway.v1.Gateway/SubmitVideo"


@dataclass(frozen=True)
class Seen:
    """A cluster that has made fancams twice: asked over HTTP, and asked by gRPC.

    By the name of what asked: the spans of that run, and those of its trace.
    """

    cluster: LocalCluster
    of_runs: dict[str, list[Any]]
    of_traces: dict[str, list[Any]]

    def log(self, service: str) -> str:
        return (self.cluster.folder / f"{service}.log").read_text()

    def told(self, service: str, path: str) -> httpx.Response:
        """What the service answers at its port for metrics."""
        (port,) = re.findall(r"metrics on port (\d+)", self.log(service))
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60)  # a busy machine


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    show, address = (
        draw_small_show(tmp_path_factory.mktemp("show")),
        f"127.0.0.1:{free_ports(1)[0]}",
    )
    with ExitStack() as opened:
        kept = opened.enter_context(collector())
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("INYOURAREA_METRICS", "127.0.0.1:0")
        patch.setenv("INYOURAREA_GATEWAY_GRPC", address)
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", kept.address)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")  # milliseconds, until spans are sent
        with skipped_where_not_had():
            cluster = opened.enter_context(local_cluster(tmp_path_factory.mktemp("cluster")))
        with Client(cluster.address) as client:
            video = client.wait(client.submit(show.video, Wishes(group="show", to_s=2)).id)
        with closing(ByGrpc(address)) as program:
            results = program.finished(upload_id=program.send(show.video), group="show", to_s=1)
        runs = {HTTP: video.run_id, GRPC: results.video.run_id}
        of_runs = {asked: _spans_of(run, kept) for asked, run in runs.items()}
        traces = {asked: spans[0].trace for asked, spans in of_runs.items()}
        of_traces = {
            asked: [span for span in kept.spans if span.trace == trace]
            for asked, trace in traces.items()
        }
        yield Seen(cluster, of_runs, of_traces)


def _spans_of(run: str, kept: Collector) -> list[Any]:
    """Those of a run, when some of each group have come."""
    spans, groups, end = list[Any](), set[str](), time.monotonic() + _SENT_S
    while not groups >= _GROUPS and time.monotonic() < end:
        time.sleep(0.5)
        spans = [span for span in kept.spans if span.about.get("inyourarea.run_id") == run]
        groups = {span.name.split(" ")[0] for span in spans}
    return spans


@pytest.mark.parametrize("asked", [HTTP, GRPC])
def test_one_video_is_one_trace_of_all_services(asked: str, seen: Seen) -> None:
    of_run, of_trace = seen.of_runs[asked], seen.of_traces[asked]
    assert {span.service for span in of_run} == {f"inyourarea-{name}" for name in SERVICES}
    assert {span.trace for span in of_run} == {of_trace[0].trace}
    names = {span.name for span in of_trace}
    assert {asked, "inyourarea.contracts.v1.Ingest/SubmitVideo"} <= names
    assert {name.split(" ")[0] for name in names} >= _GROUPS


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_tells_the_metrics_of_the_table(seen: Seen, service: str) -> None:
    told = seen.told(service, "/metrics").text
    types = dict(re.findall(r"^# TYPE (inyourarea_\w+) (\w+)$", told, re.MULTILINE))
    assert types == metrics_of(service)
    done = re.findall(r'^inyourarea_units_total{.*outcome="done"} (\S+)$', told, re.MULTILINE)
    assert sum(map(float, done)) > 0
    got = r'^inyourarea_object_bytes_total{.*direction="got"} [1-9]'
    assert re.search(got, told, re.MULTILINE)
    assert re.search(r"^inyourarea_records_behind{.*} 0\.0$", told, re.MULTILINE)


def test_bytes_that_a_child_has_put_are_counted(seen: Seen) -> None:
    told = seen.told("ingest", "/metrics").text
    assert re.search(r'object_bytes_total{class="frames",direction="put"} [1-9]', told)


def test_a_service_that_lacks_nothing_is_ready(seen: Seen) -> None:
    assert [seen.told(name, "/ready").text for name in SERVICES] == ["ready\n"] * len(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_check_says_of_each_server_that_it_is_reached(seen: Seen, service: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"inyourarea.{service}", "--check"],
        env=seen.cluster.told(service),
        capture_output=True,
        text=True,
        check=False,
    )
    own = {"detect": ["triton"], "gateway": ["catalog", "ingest", "track"]}
    reached = ["Kafka", "bucket", *own.get(service, [])]
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["reached:", what] for what in reached]
    assert done.returncode == 0, done.stderr


def test_the_store_refuses_nothing_to_services_with_a_key_of_their_own_each(seen: Seen) -> None:
    keys = {seen.cluster.told(name)["INYOURAREA_S3_ACCESS_KEY"] for name in SERVICES}
    assert len(keys) == len(SERVICES)
    assert [name for name in SERVICES if "inyourarea store policies" in seen.log(name)] == []


def test_the_site_tells_no_metrics(seen: Seen) -> None:
    assert httpx.get(f"{seen.cluster.address}/metrics").status_code == 404


def test_every_line_that_a_service_logs_of_a_unit_says_of_which(seen: Seen) -> None:
    lines = [json.loads(line) for name in SERVICES for line in seen.log(name).splitlines()]
    of_units = [line for line in lines if re.search("worker|handler", line["logger"])]
    assert any(line["service"] == "render" for line in of_units)
    for line in of_units:
        assert {"video_id", "run_id", "trace_id"} <= set(line), line
        is_whole = line["service"] != "render" or _OF_A_VIDEO.match(line["text"])
        assert "segment" in line or is_whole, line
