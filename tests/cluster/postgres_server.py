"""A PostgreSQL of one's own: on loopback, in a folder that goes away, stopped by its pid."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from own_servers import ServerNotHad, children_of, free_ports

#: Where Debian's packages put the programs, which are not in the path there.
_DEBIAN = Path("/usr/lib/postgresql")
_START_S = 30
#: A test's database loses nothing by losing everything.
_KNOBS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB")


class PostgresServer:
    """One PostgreSQL in a folder; its address stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        programs = _programs()
        self._folder, self._somebody = folder, _somebody(folder)
        self._process: subprocess.Popen[bytes] | None = None
        data = folder / "data"
        _run([programs / "initdb", "-D", data, "-U", "test", "-A", "trust", "-N"], self._somebody)
        (self._port,) = free_ports(1)
        knobs = [word for knob in _KNOBS for word in ("-c", knob)]
        place = ["-D", data, "-h", "127.0.0.1", "-p", self._port, "-k", folder]
        self._words = [str(word) for word in (programs / "postgres", *place, *knobs)]

    @property
    def url(self) -> str:
        """Its address for SQLAlchemy."""
        return f"postgresql+psycopg://test@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """It answers at its address. Those of a killed one may hold its memory for a moment."""
        log, end = self._folder / "log", time.monotonic() + _START_S
        while time.monotonic() < end:
            with log.open("wb") as out:
                self._process = subprocess.Popen(  # type: ignore[call-overload]
                    self._words,
                    stdout=out,
                    stderr=out,
                    **self._somebody,
                )
            if _answers(self._process, self._port, log, end):
                return
            time.sleep(0.2)
        raise ServerNotHad(f"PostgreSQL did not start: {log.read_text()[-2000:]}")

    def stop(self) -> None:
        """It has ended in order, as fast as it does so."""
        assert self._process is not None
        self.go_on()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_START_S)

    @property
    def pid(self) -> int:
        """See `OwnServer.pid`."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """See `OwnServer.kill`; its backends end when they see that."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """See `OwnServer.pause`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """See `OwnServer.go_on`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """To it, and to its backends, each of which is a group of its own."""
        for pid in (self.pid, *children_of(self.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that is up.

    Raises:
        ServerNotHad: none can be started here.
    """
    folder = Path(tempfile.mkdtemp(prefix="inyourarea-postgres-"))
    try:
        server = PostgresServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def postgres() -> Iterator[str]:
    """The address for SQLAlchemy of a server that is up.

    Raises:
        ServerNotHad: none can be started here.
    """
    with postgres_server() as server:
        yield server.url


def _programs() -> Path:
    beside = shutil.which("initdb")
    folders = [Path(beside).parent] if beside else sorted(_DEBIAN.glob("*/bin"))
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerNotHad("there is no PostgreSQL here: apt-get install postgresql")


def _somebody(folder: Path) -> dict[str, object]:
    """Who runs the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(words: list[object], somebody: dict[str, object]) -> None:
    done = subprocess.run(  # type: ignore[call-overload]
        [str(word) for word in words], capture_output=True, text=True, check=False, **somebody
    )
    if done.returncode:
        raise ServerNotHad(f"initdb failed: {done.stderr}")


def _answers(server: "subprocess.Popen[bytes]", port: int, log: Path, end: float) -> bool:
    """Whether it answers before it ends, or time does."""
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            if "ready to accept connections" in log.read_text():
                return True
    return False
