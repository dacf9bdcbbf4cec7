"""Work in a process of its own can crash, hang and swell; whoever asked lives on."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from child_work import (
    add,
    chatter,
    crash,
    freed_kib,
    has_imported,
    leave,
    leave_a_circle,
    page_faults_of_pictures,
    raise_unpicklable,
    refuse,
    resident_kib,
    slow_pid,
    swell,
)
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import VideoTooLarge
from inyourarea.runtime import child as runtime_child
from inyourarea.runtime.child import (
    Child,
    ChildDied,
    ChildOutOfMemory,
    ChildTookTooLong,
    prepare,
)
from inyourarea.runtime.json_logs import speaking_of
from inyourarea.runtime.orders import CalledOff, by_order
from waiting import lives, until
from watched import log_lines


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(memory_mib=400)
    yield child
    child.close()


def test_it_gives_back_what_the_function_returned(child: Child) -> None:
    assert child.call(add, 2, 3, timeout_s=20) == 5


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others keep memory as they like")
def test_the_memory_of_one_picture_serves_the_next(child: Child) -> None:
    # A page has 4 KiB: without this it would be 675 for each of three arrays, a hundred times.
    assert child.call(page_faults_of_pictures, timeout_s=20) < 675


def test_it_is_the_same_process_for_the_next_call(child: Child) -> None:
    assert child.call(os.getpid, timeout_s=20) == child.call(os.getpid, timeout_s=20) != os.getpid()


def test_what_the_function_raised_is_raised_here(child: Child) -> None:
    with pytest.raises(VideoTooLarge, match="too large"):
        child.call(refuse, timeout_s=20)


def test_an_exception_that_can_not_travel_is_told_in_words(child: Child) -> None:
    with pytest.raises(ChildDied, match="Unpicklable: odd trouble"):
        child.call(raise_unpicklable, timeout_s=20)


def test_a_crash_is_told_and_the_next_call_works(child: Child) -> None:
    with pytest.raises(ChildDied, match="signal 11"):
        child.call(crash, timeout_s=20)
    with pytest.raises(ChildDied, match="code 3"):
        child.call(leave, timeout_s=20)
    assert child.call(add, 1, 1, timeout_s=20) == 2


def test_work_that_hangs_is_ended(child: Child) -> None:
    began = time.monotonic()
    with pytest.raises(ChildTookTooLong, match=r"more than 0\.3 s"):
        child.call(time.sleep, 60, timeout_s=0.3)
    assert time.monotonic() - began < 10
    assert child.call(add, 1, 2, timeout_s=20) == 3


def test_who_is_called_off_ends_its_own_work_alone(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_child, "ASK_S", 0.2)
    others: list[int] = []
    with by_order(lambda: True):
        waiting = threading.Thread(
            target=lambda: others.append(child.call(slow_pid, timeout_s=20)), daemon=True
        )
        threading.Timer(0.1, waiting.start).start()
        with pytest.raises(CalledOff):
            child.call(time.sleep, 60, timeout_s=90)
        with pytest.raises(CalledOff):
            child.call(add, 1, 1, timeout_s=20)
    until(lambda: others)
    assert child.call(os.getpid, timeout_s=20) == others[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits private memory")
def test_work_that_swells_is_ended(child: Child) -> None:
    with pytest.raises(ChildOutOfMemory, match="400 MiB"):
        child.call(swell, timeout_s=20)
    assert child.call(add, 1, 3, timeout_s=20) == 4


def test_settings_and_keys_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("INYOURAREA_S3_SECRET_KEY", "OTEL_EXPORTER_OTLP_HEADERS")
    for name in (*secrets, "OTHER"):
        monkeypatch.setenv(name, "told")
    with closing(Child()) as child:
        told = [child.call(os.getenv, name, timeout_s=20) for name in (*secrets, "OTHER")]
    assert told == [None, None, "told"]


def test_what_it_says_is_logged_as_about_its_work(child: Child) -> None:
    with log_lines() as lines, speaking_of(facts.SegmentCut(video_id="v", run_id="r")):
        child.call(chatter, timeout_s=20)
        until(lambda: lines)
    assert lines[0]["text"].startswith("its process says: ")
    assert (lines[0]["video_id"], lines[0]["run_id"], lines[0]["segment"]) == ("v", "r", 0)


def test_what_a_library_prints_does_no_harm(child: Child) -> None:
    assert child.call(chatter, timeout_s=20) == 1


def test_an_idle_child_that_is_gone_is_replaced(child: Child) -> None:
    os.kill(child.call(os.getpid, timeout_s=20), signal.SIGKILL)
    time.sleep(0.2)
    assert child.call(add, 4, 4, timeout_s=20) == 8


def test_a_child_whose_process_ends_before_it_is_asked_has_died(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    for _ in range(20):  # it may be told something before it is gone
        with closing(Child()) as child, pytest.raises(ChildDied):
            child.call(os.getpid, timeout_s=20)


def test_a_child_at_rest_has_no_process_until_it_is_called() -> None:
    with closing(Child()) as child:
        pid = child.call(os.getpid, timeout_s=20)
        child.rest()
        assert not lives(pid)
        assert child.call(add, 4, 4, timeout_s=20) == 8


def test_a_busy_child_does_not_rest() -> None:
    with closing(Child()) as child:
        child.call(os.getpid, timeout_s=20)
        resting = threading.Timer(0.3, child.rest)
        resting.start()
        assert child.call(slow_pid, timeout_s=20) == child.call(os.getpid, timeout_s=20)


def test_a_child_warmed_up_has_imported_what_it_needs() -> None:
    with closing(Child()) as child:
        child.warm_up("colorsys")
        until(lambda: child.call(has_imported, "colorsys", timeout_s=20))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others keep memory as they like")
def test_a_child_that_gets_ready_for_other_work_keeps_no_memory_of_before() -> None:
    with closing(Child()) as child:
        kept = child.call(freed_kib, timeout_s=20)
        child.call(prepare, "colorsys", timeout_s=20)
        assert child.call(resident_kib, timeout_s=20) < kept - 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="it is read from /proc")
def test_what_holds_itself_is_gone_after_each_call(child: Child) -> None:
    before = [child.call(leave_a_circle, timeout_s=20) for _ in range(4)]
    assert before[-1] < before[0] + 40_000


def test_closing_ends_what_is_being_done_and_what_would_come() -> None:
    child = Child()
    pid = child.call(os.getpid, timeout_s=20)
    closing = threading.Timer(0.5, child.close)
    closing.start()
    with pytest.raises(ChildDied):
        child.call(time.sleep, 60, timeout_s=90)
    closing.join()
    assert not lives(pid)
    with pytest.raises(ChildDied, match="told to end"):
        child.call(os.getpid, timeout_s=20)


class Door:
    """A lock that tells when somebody waits at it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_waited_at = threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.is_waited_at.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_closing_ends_a_process_that_was_about_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    child, door, start, started = Child(), Door(), runtime_child._start, []
    closing = threading.Thread(target=child.close)

    def closed_meanwhile(memory_mib: int) -> "subprocess.Popen[bytes]":
        closing.start()
        assert door.is_waited_at.wait(60)
        started.append(start(memory_mib))
        return started[0]

    monkeypatch.setattr(child, "_lock", door)
    monkeypatch.setattr(runtime_child, "_start", closed_meanwhile)
    with pytest.raises(ChildDied, match="told to end"):
        child.call(os.getpid, timeout_s=20)
    closing.join()
    assert not lives(started[0].pid)


PARENT = """
import os, sys, threading, time
from inyourarea.runtime.child import Child
child = Child()
print(child.call(os.getpid, timeout_s=20), flush=True)
child.call(time.sleep, 60, timeout_s=90)
"""


def test_a_busy_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=path)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert lives(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not lives(pid))
