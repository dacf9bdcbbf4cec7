"""What all servers of our own share: free ports, an end, and how to say that there is none."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest

#: Seconds for a server to end in order.
_STOP_S = 30

#: The range of ports that the kernel gives to connections, and the lowest port of tests' servers.
_GIVEN_BY_THE_KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST_PORT = 20_000


class ServerNotHad(Exception):
    """A server can not be had on this machine; the text says which, and what to do."""


class OwnServer(Protocol):
    """A server that can be taken away and comes back where it was, with what it had."""

    @property
    def pid(self) -> int:
        """Its process."""
        ...

    def start(self) -> None:
        """It answers at its address."""
        ...

    def kill(self) -> None:
        """It is gone as after a power cut."""
        ...

    def pause(self) -> None:
        """It answers nothing, and its connections stay open."""
        ...

    def go_on(self) -> None:
        """It answers again."""
        ...


class OneProcess:
    """What an `OwnServer` of one process does when it is taken away; how it starts is its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """See `OwnServer.pid`."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """See `OwnServer.kill`."""
        self.stop(signal.SIGKILL)

    def pause(self) -> None:
        """See `OwnServer.pause`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """See `OwnServer.go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Its process has ended, by this signal."""
        if self._process is not None:
            end(self._process, number, _STOP_S)


@contextmanager
def skipped_where_not_had() -> Iterator[None]:
    """A test that needs a server is skipped where it can not be had, and in CI it fails."""
    try:
        yield
    except ServerNotHad as reason:
        if "CI" in os.environ:
            raise
        pytest.skip(str(reason))


def together(closing: ExitStack, servers: Sequence[AbstractContextManager[Any]]) -> list[Any]:
    """All of them are up, started at the same time; they end with ``closing``.

    Raises:
        ServerNotHad: one can not be had.
    """
    with ThreadPoolExecutor(len(servers)) as pool:
        starts = [pool.submit(server.__enter__) for server in servers]
    for server, start in zip(servers, starts, strict=True):
        if start.exception() is None:
            closing.push(server)
    return [start.result() for start in starts]


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at now, and that no connection is given meanwhile.

    The kernel takes a port of its own range for the near end of any connection, so a port found
    there may be gone before a server that has yet to start asks for it; these lie below it.
    """
    lowest = int(_GIVEN_BY_THE_KERNEL.read_text().split()[0])
    below = range(min(_LOWEST_PORT, lowest // 2), lowest)
    ports: list[int] = []
    for port in random.SystemRandom().sample(below, len(below)):
        if len(ports) == count:
            return ports
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
    raise ServerNotHad(f"{count} ports that nobody listens at can not be had below {lowest}")


def children_of(pid: int) -> list[int]:
    """A process's living children; none where it is gone."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            found += map(int, task.read_text().split())
    return found


def born(pid: int) -> int:
    """When a living process began, in ticks of the machine; 0: it is gone, or only its status left.

    A later process of that number began at another time.
    """
    try:
        about = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if about[0] in "ZX" else int(about[19])


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or nobody has asked for its status yet."""
    return not born(pid)


def end_other(pid: int, began: int, patience_s: float) -> bool:
    """Whether that process still ran, by when it was `born`; it has ended, in order or else killed.

    It need not be this process's child, and no other process is touched.
    """
    if not began or born(pid) != began:
        return False
    _signal(signal.SIGTERM, pid)
    patience = time.monotonic() + patience_s
    while born(pid) == began:
        if time.monotonic() > patience:
            _signal(signal.SIGKILL, *children_of(pid), pid)
        time.sleep(0.1)
    return True


def _signal(number: signal.Signals, *pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def end(process: "subprocess.Popen[bytes]", number: signal.Signals, patience_s: float) -> None:
    """The process has ended, by this signal, or else killed."""
    process.send_signal(number)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
