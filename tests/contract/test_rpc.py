"""What services ask each other: described, within a deadline, and only by those who prove it."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from certificates import Authority
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import track_pb2, track_pb2_grpc
from inyourarea.core.errors import DependencyAway, Refused
from inyourarea.gateway.remote_stages import GrpcStages
from inyourarea.runtime import health, rpc
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.objects import ObjectDamaged
from inyourarea.runtime.rpc import RpcServer, channel, is_serving
from inyourarea.runtime.tls import Tls
from inyourarea.track.rpc import TrackAnswers


class Solver:
    """Answers for track, once it is let; counts what it began."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = threading.Event()
        self.may_end.set()

    def solve(self, accepted: facts.VideoAccepted) -> None:
        self.begun += 1
        self.may_end.wait(20)


@contextmanager
def track(solver: Solver, tls: Tls | None = None) -> Iterator[str]:
    answers = TrackAnswers(solver)  # type: ignore[arg-type]
    server = RpcServer(
        "127.0.0.1:0",
        lambda it: track_pb2_grpc.add_TrackServicer_to_server(answers, it),
        (track_pb2.DESCRIPTOR,),
        tls,
    )
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        solver.may_end.set()
        server.stop(5)


def solved(address: str, tls: Tls | None) -> None:
    stages = GrpcStages("127.0.0.1:1", address, MemoryBroker().join("gateway", ()), tls)
    try:
        stages.solve(facts.VideoAccepted())
    finally:
        stages.close()


def test_a_service_describes_itself() -> None:
    with track(Solver()) as address, channel(address) as there:
        ask = reflection_pb2_grpc.ServerReflectionStub(there).ServerReflectionInfo
        listing = reflection_pb2.ServerReflectionRequest(list_services="")
        symbol = "inyourarea.contracts.v1.Track"
        file = reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol)
        listed, described = ask(iter([listing, file]), timeout=10)
    names = {service.name for service in listed.list_services_response.service}
    assert {symbol, "grpc.health.v1.Health"} <= names
    written = described.file_descriptor_response.file_descriptor_proto[0]
    assert written == track_pb2.DESCRIPTOR.serialized_pb


def test_whoever_does_not_say_how_long_she_waits_is_refused() -> None:
    solver = Solver()
    with track(solver) as address, channel(address) as there:
        ask = track_pb2_grpc.TrackStub(there).SolveRun
        for timeout_s in (None, 100_000):
            with pytest.raises(grpc.RpcError) as refused:
                ask(track_pb2.SolveRunRequest(), timeout=timeout_s)
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert "say how long you wait" in refused.value.details()
    assert solver.begun == 0


def test_what_nobody_waits_for_any_more_is_not_begun_and_health_is_told_meanwhile() -> None:
    solver = Solver()
    solver.may_end.clear()
    with track(solver) as address, channel(address) as there, ThreadPoolExecutor(4) as pool:
        ask = track_pb2_grpc.TrackStub(there).SolveRun
        under_way = [pool.submit(ask, track_pb2.SolveRunRequest(), timeout=30) for _ in range(4)]
        while solver.begun < 4:
            time.sleep(0.01)
        with pytest.raises(grpc.RpcError) as late:
            ask(track_pb2.SolveRunRequest(), timeout=0.3)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert is_serving(there, 5)  # however long the answers take
        solver.may_end.set()
        for one in under_way:
            one.result()
        ask(track_pb2.SolveRunRequest(), timeout=30)
    assert solver.begun == 5


def test_who_has_gone_without_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sooner = {"grpc.keepalive_time_ms": 1000}
    options = [(name, sooner.get(name, value)) for name, value in rpc.OPTIONS]
    monkeypatch.setattr(rpc, "OPTIONS", (*options, ("grpc.http2.ping_timeout_ms", 1000)))
    solver = Solver()
    solver.may_end.clear()
    with track(solver) as address, Cable(address) as cable, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(solved, cable.address, None)
        while not solver.begun and not asked.done():
            time.sleep(0.05)
        cable.pull()
        with pytest.raises(DependencyAway, match="another service can not be asked now"):
            asked.result(45)  # and not when the question's two minutes are over


class Cable:
    """A way to an address; pulled, nothing comes through any more and nobody is told of that."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._there = host, int(port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._pulled, self._ended = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._open: list[socket.socket] = [self._listening]
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "Cable":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._open:
            end.close()

    def pull(self) -> None:
        """From now on it is broken."""
        self._pulled.set()

    def _accept(self) -> None:
        with suppress(OSError):  # it has ended
            while not self._ended.is_set():
                near, _ = self._listening.accept()
                far = socket.create_connection(self._there)
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._carry, args=pair))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(1 << 16):
                if self._pulled.is_set():
                    self._ended.wait()
                    return
                target.sendall(content)


def test_what_is_damaged_is_told_as_that_and_not_as_an_outage() -> None:
    class Finder(Solver):
        def solve(self, accepted: facts.VideoAccepted) -> None:
            raise ObjectDamaged("signals/a.parquet is damaged; delete it")

    with track(Finder()) as address, pytest.raises(ObjectDamaged, match="delete it"):
        solved(address, None)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def own(authority: Authority) -> Tls:
    return of(authority, "service")


class TestTls:
    def test_who_has_a_certificate_of_the_same_authority_is_answered(self, own: Tls) -> None:
        solver = Solver()
        with track(solver, own) as address:
            solved(address, own)
            with channel(address, own) as there:
                assert is_serving(there, 10)
        assert solver.begun == 1

    def test_who_has_none_is_refused_in_words(self, own: Tls) -> None:
        solver = Solver()
        with track(solver, own) as address:
            for theirs in (None, Tls(b"", b"", own.authority)):
                with pytest.raises(DependencyAway, match="INYOURAREA_TLS_"):
                    solved(address, theirs)
        assert solver.begun == 0

    def test_who_was_signed_by_somebody_else_is_refused_either_way(
        self, own: Tls, tmp_path: Path
    ) -> None:
        strange, solver = of(Authority(tmp_path / "strange"), "service"), Solver()
        half = Tls(strange.certificate, strange.key, own.authority)
        with track(solver, own) as address:
            for theirs in (strange, half):
                with pytest.raises(DependencyAway, match="INYOURAREA_TLS_"):
                    solved(address, theirs)
        with track(solver) as address, pytest.raises(DependencyAway, match="INYOURAREA_TLS_"):
            solved(address, own)
        assert solver.begun == 0

    def test_a_probe_asks_with_the_service_s_own_certificate(
        self,
        authority: Authority,
        own: Tls,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with track(Solver(), own) as address:
            monkeypatch.setenv("INYOURAREA_LISTEN", address)
            assert health.main([]) == 1
            assert "not serving: another service can not be asked" in capsys.readouterr().err
            certificate, key = authority.issue("probe")
            for name, file in (("CERT", certificate), ("KEY", key), ("CA", authority.certificate)):
                monkeypatch.setenv(f"INYOURAREA_TLS_{name}_FILE", str(file))
            assert health.main([]) == 0
            everywhere = address.replace("127.0.0.1", "0.0.0.0")
            assert health.main([everywhere]) == 1
            assert health.main([everywhere, "--name", "localhost"]) == 0
        assert health.main(["127.0.0.1:1"]) == 1


def of(authority: Authority, name: str) -> Tls:
    certificate, key = authority.issue(name)
    return Tls(certificate.read_bytes(), key.read_bytes(), authority.certificate.read_bytes())


def test_where_nothing_can_listen_is_said() -> None:
    with track(Solver()) as address, pytest.raises(Refused, match="nothing can listen at"):
        RpcServer(address, lambda _: None)


def test_the_probe_says_when_a_service_drains(capsys: pytest.CaptureFixture[str]) -> None:
    server = RpcServer("127.0.0.1:0", lambda _: None)
    server.start()
    address = f"127.0.0.1:{server.port}"
    assert health.main([address]) == 0
    server.say(is_serving=False)
    assert health.main([address]) == 1
    assert "drains" in capsys.readouterr().err
    server.stop(0)
