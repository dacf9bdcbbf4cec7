"""Kill it at any moment, ask again, and the same bytes come out."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_show import SmallShow, inyourarea
from tree import digests

KILLS = 20


@pytest.mark.slow
def test_after_twenty_kills_the_same_bytes_come_out(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    words = ["run", str(small_show.video), "--boxes", str(small_show.boxes)]
    started = time.monotonic()
    inyourarea(*words, "--out", tmp_path / "timed")
    whole_s = time.monotonic() - started
    moments = random.Random(20)
    kills, runs = 0, 0
    while kills < KILLS:
        runs += 1
        out = tmp_path / f"out-{runs}"
        while kills < KILLS and _was_killed(words, out, moments.uniform(0.05, whole_s)):
            kills += 1
        inyourarea(*words, "--out", out)
        assert digests(out) == digests(finished), f"seed 20, after {kills} kills"
        assert not [path for path in out.rglob(".*.part")]


def _was_killed(words: list[str], out: Path, after_s: float) -> bool:
    """Start the command and kill it; whether it was still at work."""
    command = [sys.executable, "-m", "inyourarea.cli", *words, "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def test_ctrl_c_while_people_are_found_stops_in_one_line(
    small_show: SmallShow, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "inyourarea.cli", "run", str(small_show.video)]
    command += ["--group", "show", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while line := process.stderr.readline():
            if line.startswith("reading frames: 100"):
                break
        time.sleep(0.5)  # a segment is 5 s of work for the network, and a stage has 2 s to end
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert said.splitlines()[-1] == "stopped; the same command goes on from here"
    assert process.returncode == 130


def test_ctrl_c_stops_in_one_line_and_the_next_run_goes_on(
    small_show: SmallShow, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["run", str(small_show.video), "--boxes", str(small_show.boxes), "--out", str(out)]
    command = [sys.executable, "-m", "inyourarea.cli", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not (out / ".inyourarea" / "runs").is_dir() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "stopped; the same command goes on from here"
    inyourarea(*words)
    assert digests(out) == digests(finished)
