"""What every service is told: by the environment, and to end."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from certificates import Authority
from inyourarea.runtime.rpc import channel, is_serving
from inyourarea.runtime.service import Service, clock_of, read_settings
from inyourarea.runtime.settings import SettingsRejected

TOLD = {
    "INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:9000",
    "INYOURAREA_S3_ACCESS_KEY": "key",
    "INYOURAREA_S3_SECRET_KEY": "secret",
}


def test_metrics_are_told_nowhere_unless_a_place_is_named() -> None:
    assert read_settings(TOLD).metrics == ""
    assert read_settings({**TOLD, "INYOURAREA_METRICS": "[::]:9100"}).metrics == "[::]:9100"


def test_all_problems_are_told_together() -> None:
    wrong = {"INYOURAREA_METRICS": "9100", "INYOURAREA_LISTEN": "here"}
    with pytest.raises(SettingsRejected) as rejected:
        read_settings(wrong)
    for name in ("METRICS", "LISTEN", "S3_ENDPOINT"):
        assert f"INYOURAREA_{name}" in str(rejected.value)


def test_a_worker_is_charged_with_what_others_in_its_process_do_not_do() -> None:
    assert clock_of(Service({"detect": {}})) is time.process_time
    assert clock_of(Service({"render": {}, "rendition": {}})) is time.thread_time
    # Pins that are tried out are solved beside track's worker, and charged by themselves.
    assert clock_of(Service({"track": {}}, lambda _: None)) is time.thread_time


def checked(service: str, told: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """What a service says that is told so, and asked what it reaches."""
    command = [sys.executable, "-m", f"inyourarea.{service}", "--check"]
    return subprocess.run(
        command,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("service", "own"),
    [
        ("detect", {"TRITON_ADDRESS": "http://x", "DETECT_THREADS": "0"}),
        ("gateway", {"GATEWAY_HTTP": "8000", "GATEWAY_QUOTA_HOURS": "-1", "GATEWAY_MODELS": "-"}),
        pytest.param("ingest", {"INGEST_WINDOW": "none"}, marks=pytest.mark.slow),
        pytest.param("track", {"TRACK_WINDOW": "0"}, marks=pytest.mark.slow),
        pytest.param("render", {"RENDER_FRAME_TIMEOUT_S": "0"}, marks=pytest.mark.slow),
        pytest.param("train", {"MODELS": "nowhere"}, marks=pytest.mark.slow),
    ],
)
def test_what_is_wrong_for_one_service_is_told_with_what_is_wrong_for_all(
    service: str, own: dict[str, str]
) -> None:
    wrong = {"KAFKA_PROTOCOL": "carrier pigeon", "S3_ENDPOINT": "a bucket", **own}
    told = checked(service, {f"INYOURAREA_{name}": value for name, value in wrong.items()})
    assert told.returncode == 1
    assert told.stdout == ""
    assert [name for name in wrong if f"INYOURAREA_{name} must be" not in told.stderr] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "told", "needed"),
    [
        ("detect", {"TRITON_ADDRESS": "127.0.0.1:{port}"}, ("triton at 127.0.0.1:{port}",)),
        (
            "gateway",
            {"CATALOG_URL": "postgresql+psycopg://me:s3cr3t@127.0.0.1:{port}/catalog"},
            (
                "catalog at postgresql+psycopg://me:***@127.0.0.1:{port}/catalog",
                "ingest at 127.0.0.1:{port}",
                "track at 127.0.0.1:{port}",
            ),
        ),
        ("train", {}, ()),
    ],
)
def test_a_check_says_of_each_server_that_it_is_not_reached(
    service: str, told: dict[str, str], needed: tuple[str, ...]
) -> None:
    with socket.socket() as nobody:  # bound, and not listened at
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        places = {
            **TOLD,
            "INYOURAREA_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "INYOURAREA_KAFKA_SERVERS": f"127.0.0.1:{port}",
            "INYOURAREA_INGEST_ADDRESS": f"127.0.0.1:{port}",
            "INYOURAREA_TRACK_ADDRESS": f"127.0.0.1:{port}",
            "INYOURAREA_GATEWAY_MODELS": __file__,
            **{f"INYOURAREA_{name}": value.format(port=port) for name, value in told.items()},
        }
        done = checked(service, places)
    assert done.returncode == 1, done.stderr
    assert "s3cr3t" not in done.stdout
    asked = [f"Kafka at 127.0.0.1:{port}", f"bucket inyourarea at http://127.0.0.1:{port}"]
    asked += [one.format(port=port) for one in needed]
    for line, what in zip(done.stdout.splitlines(), asked, strict=True):
        assert line.startswith(f"not reached: {what}: ")


#: Nobody listens on port 1.
NOWHERE = {
    "INYOURAREA_KAFKA_SERVERS": "127.0.0.1:1",
    "INYOURAREA_CATALOG_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
    "INYOURAREA_INGEST_ADDRESS": "127.0.0.1:1",
    "INYOURAREA_TRACK_ADDRESS": "127.0.0.1:1",
}


def answer(port: int, path: str) -> tuple[int, str]:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(asking):
        asking.request("GET", path)
        told = asking.getresponse()
        return told.status, told.read().decode()


@pytest.mark.slow
def test_a_service_that_waits_is_alive_and_ends_in_order_when_told(tmp_path: Path) -> None:
    models = tmp_path / "models.json"
    models.write_text("[]")
    told = {
        **os.environ,
        **TOLD,
        **NOWHERE,
        "INYOURAREA_GATEWAY_MODELS": str(models),
        "INYOURAREA_METRICS": "127.0.0.1:0",
    }
    words = [sys.executable, "-m", "inyourarea.gateway"]
    with subprocess.Popen(words, env=told, stderr=subprocess.PIPE, text=True) as gateway:
        try:
            assert gateway.stderr is not None
            said = next(line for line in gateway.stderr if "metrics on port" in line)
            port = int(re.findall(r"port (\d+)", said)[0])
            assert any("can not begin yet" in line for line in gateway.stderr)
            assert [answer(port, path) for path in ("/live", "/ready")] == [
                (200, "live\n"),
                (503, "it begins\n"),
            ]
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(20) == 0
        finally:
            gateway.kill()


@pytest.mark.slow
def test_a_service_is_not_ready_before_all_that_it_needs_has_answered() -> None:
    nowhere = {"INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:1", "INYOURAREA_METRICS": "127.0.0.1:0"}
    told = {**os.environ, **TOLD, **NOWHERE, **nowhere}
    words = [sys.executable, "-m", "inyourarea.ingest"]
    with subprocess.Popen(words, env=told, stderr=subprocess.PIPE, text=True) as ingest:
        try:
            assert ingest.stderr is not None
            ports = _ports(ingest.stderr)
            with channel(f"127.0.0.1:{ports['serving']}") as there:
                assert not is_serving(there, 10)
                assert is_serving(there, 10, "process")
            metrics = f"http://127.0.0.1:{ports['metrics']}"
            assert httpx.get(f"{metrics}/ready", timeout=10).status_code == 503
            assert any("missing: store" in line for line in ingest.stderr)
            told_so = httpx.get(f"{metrics}/metrics", timeout=10).text
            missing = re.findall(
                r'^inyourarea_missing{dependency="(\w+)"} 1', told_so, re.MULTILINE
            )
            assert set(missing) == {"kafka", "store"}
        finally:
            ingest.kill()


@pytest.mark.slow
def test_a_service_ends_in_order_once_its_certificate_was_renewed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (certificate, key), (newer, newer_key) = map(authority.issue, ("ingest", "renewed"))
    files = {"CERT": certificate, "KEY": key, "CA": authority.certificate}
    proof = {f"INYOURAREA_TLS_{name}_FILE": str(file) for name, file in files.items()}
    impatient = (
        "from inyourarea.runtime import service; service._LOOK_AGAIN_S = 0.2; import runpy; "
    )
    words = [
        sys.executable,
        "-c",
        impatient + "runpy.run_module('inyourarea.ingest', None, '__main__')",
    ]
    told = {**os.environ, **TOLD, **NOWHERE, **proof}
    with subprocess.Popen(words, env=told, stderr=subprocess.PIPE, text=True) as ingest:
        try:
            assert ingest.stderr is not None
            assert any("serving on port" in line for line in ingest.stderr)
            with pytest.raises(subprocess.TimeoutExpired):
                ingest.wait(1)
            newer_key.replace(key)
            newer.replace(certificate)
            assert ingest.wait(30) == 0
            assert "what is new: INYOURAREA_TLS_" in ingest.stderr.read()
        finally:
            ingest.kill()


def _ports(lines: Iterable[str]) -> dict[str, str]:
    """Where the service says that it answers, as soon as it has said both."""
    ports: dict[str, str] = {}
    for line in lines:
        ports |= re.findall(r"(serving|metrics) on port (\d+)", line)
        if len(ports) == 2:
            break
    return ports
