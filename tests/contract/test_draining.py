"""A service that is told to end says so first, then brings what it has in hand to its end."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from grpc_health.v1 import health_pb2, health_pb2_grpc

import draining
from inyourarea.contracts.v1 import track_pb2, track_pb2_grpc
from inyourarea.runtime.rpc import ask, channel
from waiting import until

#: Seconds for an answer on a busy machine.
_SOON_S = 60.0
HEALTH = health_pb2.HealthCheckResponse


@contextmanager
def service(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process, and where it answers."""
    words = [sys.executable, draining.__file__, str(folder)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = (json.loads(line)["text"] for line in process.stderr)
            port = next(text.split()[-1] for text in told if text.startswith("serving on port"))
            yield process, f"127.0.0.1:{port}"
        finally:
            process.kill()


def test_a_service_that_is_told_to_end_is_not_serving_while_it_still_answers(
    tmp_path: Path,
) -> None:
    with service(tmp_path) as (process, address), channel(address) as there:
        watch = health_pb2_grpc.HealthStub(there).Watch
        watched = watch(health_pb2.HealthCheckRequest(), timeout=2 * _SOON_S)
        while next(watched).status != HEALTH.SERVING:
            pass  # what it needs has not answered yet
        with ThreadPoolExecutor(1) as somebody:
            solve, question = track_pb2_grpc.TrackStub(there).SolveRun, track_pb2.SolveRunRequest()
            answer = somebody.submit(ask, solve, question, _SOON_S)
            until((tmp_path / "begun").exists)
            process.send_signal(signal.SIGTERM)
            assert next(watched).status == HEALTH.NOT_SERVING
            watched.cancel()
            assert not answer.done()
            (tmp_path / "may-end").touch()
            assert answer.result(_SOON_S) == track_pb2.SolveRunResponse()
        assert process.wait(_SOON_S) == 0
