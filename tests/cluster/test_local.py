"""A cluster on this machine is up until it is taken down, whatever became of who keeps it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import local
import sleepers
from own_servers import born, has_ended
from waiting import until

#: Who keeps a cluster outlives the command that has started it.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

PARTS = 9


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(local, "FOLDER", tmp_path)
    monkeypatch.setattr(local, "STATE", tmp_path / "state.json")
    monkeypatch.setattr(local, "_KEEPER", (sys.executable, sleepers.__file__, str(tmp_path)))
    yield local.STATE
    if local.STATE.exists():
        local.down()


def pids(state: Path) -> list[int]:
    """Who keeps it, its services and its servers."""
    found = [pid for pid, _ in json.loads(state.read_text())["processes"]]
    assert len(found) == 1 + PARTS
    return found


def test_what_went_up_comes_down(state: Path) -> None:
    local.up()
    before = pids(state)
    with pytest.raises(SystemExit, match="up already"):
        local.up()
    service, server = before[1], before[-1]
    for pid in (service, server):
        os.kill(pid, signal.SIGKILL)
    until(lambda: {service, server}.isdisjoint(pids(state)))  # others came in their place
    running = pids(state)
    assert not any(map(has_ended, running))
    local.down()
    assert all(map(has_ended, running))
    with pytest.raises(SystemExit, match="no cluster is up"):
        local.down()


def test_what_a_killed_keeper_left_is_stopped_and_nothing_else(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local.up()
    keeper, *parts = pids(state)
    os.kill(keeper, signal.SIGKILL)
    until(lambda: has_ended(keeper))
    with subprocess.Popen(["sleep", "600"]) as stranger:
        told = json.loads(state.read_text())
        told["processes"][0] = (stranger.pid, born(stranger.pid) - 1)  # who has that number by now
        state.write_text(json.dumps(told))
        local.down()
        assert f"{PARTS} processes that it left are stopped" in capsys.readouterr().out
        assert all(map(has_ended, parts))
        assert not has_ended(stranger.pid)
        stranger.kill()
    assert not state.exists()


def test_a_file_that_a_power_cut_left_stops_nobody_from_going_up(state: Path) -> None:
    state.write_text("")
    local.up()
    assert not any(map(has_ended, pids(state)))
