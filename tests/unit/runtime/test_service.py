"""What every service is told: by the environment, and to end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("service", "told", "needed"),
    [
        ("detect", {"TRITON_ADDRESS": "127.0.0.1:{port}"}, "triton"),
        ("gateway", {"CATALOG_URL": "postgresql+psycopg://127.0.0.1:{port}/catalog"}, "catalog"),
    ],
)
def test_a_check_says_of_each_server_that_it_is_not_reached(
    service: str, told: dict[str, str], needed: str
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
        command = [sys.executable, "-m", f"inyourarea.{service}", "--check"]
        done = subprocess.run(
            command, env={**os.environ, **places}, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("not reached: ") for line in lines)
    assert lines[2].startswith(f"not reached: {needed}: ")


#: Nobody listens on port 1.
NOWHERE = {
    "INYOURAREA_KAFKA_SERVERS": "127.0.0.1:1",
    "INYOURAREA_CATALOG_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
    "INYOURAREA_INGEST_ADDRESS": "127.0.0.1:1",
    "INYOURAREA_TRACK_ADDRESS": "127.0.0.1:1",
}


def test_a_service_that_waits_for_its_servers_ends_in_order_when_told(tmp_path: Path) -> None:
    models = tmp_path / "models.json"
    models.write_text("[]")
    told = {**os.environ, **TOLD, **NOWHERE, "INYOURAREA_GATEWAY_MODELS": str(models)}
    words = [sys.executable, "-m", "inyourarea.gateway"]
    with subprocess.Popen(words, env=told, stderr=subprocess.PIPE, text=True) as gateway:
        assert gateway.stderr is not None
        assert any("can not begin yet" in line for line in gateway.stderr)
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(20) == 0
