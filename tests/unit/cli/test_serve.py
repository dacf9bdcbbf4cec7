"""``inyourarea serve`` and ``token``: who is let in, decided before anything listens."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from inyourarea.cli.__main__ import main
from inyourarea.cli.serve import settings_for
from inyourarea.embedded.own_files import STORE
from inyourarea.gateway.v1.gateway_pb2 import ListVideosRequest
from inyourarea.gateway.v1.gateway_pb2_grpc import GatewayStub


def test_without_a_token_it_serves_nobody_but_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked in (["--host", "0.0.0.0"], ["--public"]):
        assert main(["serve", "--data", str(tmp_path), "--port", "0", *asked]) == 1
        assert "inyourarea token create --role operator" in capsys.readouterr().err


@pytest.mark.slow
def test_a_store_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / STORE).write_text("in the way")
    words = ["serve", "--data", str(tmp_path), "--port", "0"]
    command = [sys.executable, "-m", "inyourarea.cli", *words]
    environment = {**os.environ, "INYOURAREA_MODELS": str(tmp_path / "models")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 75
    said = f"inyourarea: the folder {tmp_path / STORE} can not be used: "
    assert [line[: len(said)] for line in done.stderr.splitlines()] == [said]


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", f"--port={port}"])
    assert "is no port, which is from 0 to 65535" in capsys.readouterr().err


def test_a_revoked_token_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["token", "create", "--role", "operator", "--name", "me", *data]) == 0
    number = capsys.readouterr().out.split("_")[1]
    assert main(["token", "revoke", number, *data]) == 0
    assert main(["serve", *data, "--port", "0", "--host", "0.0.0.0"]) == 1
    assert main(["token", "list", *data]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(number) and "revoked" in line


def test_a_token_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    labels = ["--label", "tour:2026", "--days", "3"]
    assert main(["token", "create", "--role", "editor", "--name", "Mina", *labels, *data]) == 0
    token = capsys.readouterr().out.strip()
    assert main(["token", "list", *data]) == 0
    listed = capsys.readouterr().out
    assert token.split("_")[1] in listed and "tour:2026" in listed
    assert token.split("_", 2)[2] not in listed


@pytest.mark.parametrize(
    "wrong", [["revoke", "000000000000"], ["create", "--role", "editor", "--name", ""]]
)
def test_what_can_not_be_done_is_said(
    wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *wrong, "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("inyourarea: ")


class TestWhoIsTrusted:
    def test_is_this_machine_where_nobody_else_can_listen(self) -> None:
        found = settings_for("127.0.0.1", "", is_public=False)
        assert found.trusts_this_machine and not found.trusts_everybody
        assert found.hosts == ("localhost", "127.0.0.1", "[::1]")

    def test_is_this_machine_still_where_phones_watch(self) -> None:
        found = settings_for("127.0.0.1", "192.168.1.2", is_public=False)
        assert found.trusts_this_machine
        assert "192.168.1.2" in found.hosts

    @pytest.mark.parametrize(
        ("host", "is_public"), [("0.0.0.0", False), ("192.168.1.2", False), ("127.0.0.1", True)]
    )
    def test_is_nobody_elsewhere(self, host: str, is_public: bool) -> None:
        found = settings_for(host, "", is_public=is_public)
        assert not found.trusts_this_machine and not found.trusts_everybody
        assert "0.0.0.0" not in found.hosts  # pages reach this machine by it


@pytest.mark.slow
def test_programs_may_ask_by_grpc(tmp_path: Path) -> None:
    words = ["serve", "--data", tmp_path, "--port", "0", "--grpc", "127.0.0.1:0"]
    command = [sys.executable, "-m", "inyourarea.cli", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        told = next(line for line in serving.stderr if "gRPC" in line)
        place = re.search(r"127\.0\.0\.1:\d+", told)
        assert place is not None
        with grpc.insecure_channel(place[0]) as there:
            assert not GatewayStub(there).ListVideos(ListVideosRequest(), timeout=20).items
        serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 130  # as whatever was stopped by Ctrl-C


def test_an_address_for_grpc_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--data", str(tmp_path), "--port", "0", "--grpc", "9000"]) == 1
    assert "--grpc must be HOST:PORT, not '9000'" in capsys.readouterr().err
