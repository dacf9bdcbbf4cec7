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
from contextlib import contextmanager
from pathlib import Path

from own_servers import ServerNotHad, free_ports

#: Where Debian's packages put the programs, which are not in the path there.
_DEBIAN = Path("/usr/lib/postgresql")
_START_S = 30
#: A test's database loses nothing by losing everything.
_KNOBS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB")


@contextmanager
def postgres() -> Iterator[str]:
    """A server's address for SQLAlchemy.

    Raises:
        ServerNotHad: none can be started here.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="inyourarea-postgres-"))
    somebody = _somebody(folder)
    try:
        data = folder / "data"
        _run([programs / "initdb", "-D", data, "-U", "test", "-A", "trust", "-N"], somebody)
        (port,) = free_ports(1)
        knobs = [word for knob in _KNOBS for word in ("-c", knob)]
        place = ["-D", data, "-h", "127.0.0.1", "-p", port, "-k", folder]
        words = [str(word) for word in (programs / "postgres", *place, *knobs)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(words, stdout=log, stderr=log, **somebody)  # type: ignore[call-overload]
        try:
            _wait(server, port, folder / "log")
            yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown
            server.wait(_START_S)
    finally:
        shutil.rmtree(folder)


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


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            if "ready to accept connections" in log.read_text():
                return
    raise ServerNotHad(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
