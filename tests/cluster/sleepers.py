"""``sleepers.py FOLDER``: keeps a cluster whose servers and services do nothing but sleep."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import local
from local import SERVICES, LocalCluster, Servers
from own_servers import OneProcess

_SLEEP = ("sleep", "600")


class _Server(OneProcess):
    def start(self) -> None:
        """See `OwnServer.start`."""
        self._process = subprocess.Popen(_SLEEP)


class _Cluster(LocalCluster):
    def start(self, name: str) -> None:
        """See `LocalCluster.start`."""
        self.processes[name] = subprocess.Popen(_SLEEP)


@contextmanager
def sleeping_cluster(folder: Path) -> Iterator[LocalCluster]:
    """In place of `local_cluster`."""
    servers: list[Any] = [_Server() for _ in range(4)]
    cluster = _Cluster(folder, Servers(*servers), {}, {}, SERVICES)
    for server in servers:
        server.start()
    for name in SERVICES:
        cluster.start(name)
    try:
        yield cluster
    finally:
        for name in SERVICES:
            cluster.stop(name)
        for server in servers:
            server.stop()


if __name__ == "__main__":
    local.FOLDER = Path(sys.argv[1])
    local.STATE = local.FOLDER / "state.json"
    local.local_cluster = sleeping_cluster  # type: ignore[assignment]
    local.keep()
