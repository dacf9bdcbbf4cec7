"""What commands to the stages promise, by the laptop's line and over gRPC."""

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.trace import SpanKind

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2, ingest_pb2_grpc, track_pb2_grpc
from inyourarea.core.errors import DependencyAway, PinRejected, Refused, VideoUnreadable
from inyourarea.embedded.line import Line
from inyourarea.embedded.run import store_source
from inyourarea.gateway.remote_stages import GrpcStages
from inyourarea.gateway.stages import Stages
from inyourarea.ingest.rpc import IngestAnswers
from inyourarea.ingest.settings import IngestSettings
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker
from inyourarea.runtime.objects import ObjectNotFound, Objects
from inyourarea.runtime.rpc import RpcServer, channel
from inyourarea.runtime.traces import spanning
from inyourarea.track.rpc import TrackAnswers
from media import Film, film
from watched import counted, spans

LOOPBACK = "127.0.0.1:0"
Have = tuple[Stages, Objects, Path]


def command(objects: Objects, video: Path) -> ingest_pb2.SubmitVideoRequest:
    source = store_source(objects, video)
    model = facts.Model(name="faces", sha256="fa" * 32, confidence=0.25, width=640, height=384)
    picture = facts.Picture(aspect=facts.Rational(num=9, den=16))
    spec = facts.RunSpec(model=model, framing="full", pictures=[picture])
    return ingest_pb2.SubmitVideoRequest(source_key=source.key, sha256=source.sha256, spec=spec)


class StagesContract:
    def test_what_is_decided_is_what_is_submitted(self, have: Have) -> None:
        stages, objects, video = have
        asked = command(objects, video)
        decided = stages.decide(asked)
        assert not list(objects.list("runs/"))
        assert stages.submit(asked) == decided
        assert objects.get(keys.accepted(decided.run_id)) == decided.SerializeToString(
            deterministic=True
        )
        assert decided.source.frames == 30

    def test_it_is_another_take_only_where_the_run_had_ended(self, have: Have) -> None:
        stages, objects, video = have
        takes = []
        for _ in range(4):
            accepted = stages.submit(command(objects, video))
            run = accepted.run_id
            takes.append(objects.get(keys.take(run)))
            if len(takes) == 2:
                objects.put(keys.failed(run), b"full disk")
            if len(takes) == 3:
                objects.delete(keys.take(run))  # as all that is of a deleted video
                objects.put(keys.deleted(accepted.video_id), b"")
        assert takes[:2] == [b"1", b"1"]
        assert len({*takes}) == 3
        assert keys.failed(run) not in objects.list("runs/")

    def test_a_refusal_is_raised_as_what_it_is(self, have: Have, tmp_path: Path) -> None:
        stages, objects, _ = have
        text = tmp_path / "text.mp4"
        text.write_text("no video at all")
        with pytest.raises(VideoUnreadable, match="video"):
            stages.submit(command(objects, text))

    def test_a_source_that_is_not_there_is_told(self, have: Have) -> None:
        stages, _, _ = have
        missing = ingest_pb2.SubmitVideoRequest(source_key="sources/none", sha256="0" * 64)
        with pytest.raises(ObjectNotFound):
            stages.submit(missing)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(film(Film()))
    return path


class TestLine(StagesContract):
    @pytest.fixture
    def have(self, tmp_path: Path, video: Path) -> Iterator[Have]:
        def none(name: str) -> None:
            raise Refused(f"no model {name!r} here")

        with Line(FolderObjects(tmp_path / "store"), none) as line:  # type: ignore[arg-type]
            yield line, line.objects, video


class TestGrpc(StagesContract):
    broker: MemoryBroker

    @pytest.fixture
    def have(self, tmp_path: Path, video: Path) -> Iterator[Have]:
        objects, child = FolderObjects(tmp_path / "store"), Child()
        self.broker = MemoryBroker()
        bus = self.broker.join("ingest", ())
        answers = IngestAnswers(objects, child, child, bus, IngestSettings())
        server = RpcServer(
            LOOPBACK, lambda it: ingest_pb2_grpc.add_IngestServicer_to_server(answers, it)
        )
        server.start()
        stages = GrpcStages(f"127.0.0.1:{server.port}", "127.0.0.1:1", bus)
        yield stages, objects, video
        stages.close()
        server.stop(1)
        child.close()

    def test_who_can_not_be_reached_is_away(self, have: Have) -> None:
        stages, _, _ = have
        with pytest.raises(DependencyAway, match="UNAVAILABLE"):
            stages.solve(facts.VideoAccepted())

    def test_a_pin_that_is_refused_comes_back_as_that(self) -> None:
        class Handler:
            def solve(self, accepted: facts.VideoAccepted) -> None:
                raise PinRejected(f"The pin of {accepted.run_id} hits nobody.")

        answers = TrackAnswers(Handler())  # type: ignore[arg-type]
        with serving(lambda it: track_pb2_grpc.add_TrackServicer_to_server(answers, it)) as server:
            stages = GrpcStages(
                "127.0.0.1:1", f"127.0.0.1:{server.port}", MemoryBroker().join("a", ())
            )
            with pytest.raises(PinRejected, match="The pin of abc hits nobody"):
                stages.solve(facts.VideoAccepted(run_id="abc"))
            stages.close()

    def test_an_answer_is_counted_and_is_a_span_of_the_asker_s_trace(self, have: Have) -> None:
        stages, objects, video = have
        method = "inyourarea.contracts.v1.Ingest/DecideVideo"
        before = counted("rpc_seconds_count", method=method, code="OK")
        with spans() as kept, spanning("asks", SpanKind.CLIENT, {}, {}) as asks:
            decided = stages.decide(command(objects, video))
        assert counted("rpc_seconds_count", method=method, code="OK") == before + 1
        (answer,) = (span for span in kept.get_finished_spans() if span.name == method)
        assert answer.parent is not None
        assert answer.parent.span_id == asks.get_span_context().span_id
        assert decided.run_id

    def test_a_refusal_is_counted_as_that(self, have: Have, tmp_path: Path) -> None:
        stages, objects, _ = have
        (text := tmp_path / "text.mp4").write_text("no video at all")
        method = "inyourarea.contracts.v1.Ingest/SubmitVideo"
        before = counted("rpc_seconds_count", method=method, code="INVALID_ARGUMENT")
        with pytest.raises(VideoUnreadable):
            stages.submit(command(objects, text))
        assert counted("rpc_seconds_count", method=method, code="INVALID_ARGUMENT") == before + 1

    def test_what_is_told_is_of_the_asker_s_trace(self, have: Have) -> None:
        stages, objects, video = have
        bus = self.broker.join("watcher", ("video.accepted",))
        with spans(), spanning("asks", SpanKind.CLIENT, {}, {}) as asks:
            stages.submit(command(objects, video))
        record = bus.consume(5)
        assert record is not None
        trace = f"{asks.get_span_context().trace_id:032x}"
        assert record.headers["traceparent"].decode().split("-")[1] == trace

    def test_health_says_serving_until_it_drains(self) -> None:
        with serving(lambda _: None) as server, channel(f"127.0.0.1:{server.port}") as there:
            asked = health_pb2_grpc.HealthStub(there)
            status = health_pb2.HealthCheckResponse
            assert asked.Check(health_pb2.HealthCheckRequest()).status == status.SERVING
            server.say(is_serving=False)
            assert asked.Check(health_pb2.HealthCheckRequest()).status == status.NOT_SERVING


class serving:  # noqa: N801 - used as a verb
    def __init__(self, add: Callable[[grpc.Server], None]) -> None:
        self._server = RpcServer(LOOPBACK, add)

    def __enter__(self) -> RpcServer:
        self._server.start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.stop(0)
