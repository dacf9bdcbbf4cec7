"""gRPC from outside: the same site as over HTTP, for the same people, in the same words."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from fastapi.routing import iter_route_contexts
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import REGISTRY

from certificates import Authority
from doors import CLOSED, bearer, new_token
from inyourarea.contracts import keys
from inyourarea.core.errors import Refused
from inyourarea.gateway.access import Role
from inyourarea.gateway.house import SLOW_AT_ONCE
from inyourarea.gateway.journal import Titled
from inyourarea.gateway.limits import CHANGES, Limits
from inyourarea.gateway.rpc import ANSWERS, SAFE, SERVICE, answering_grpc, needs
from inyourarea.gateway.v1 import gateway_pb2 as outside
from inyourarea.gateway.v1.gateway_pb2_grpc import GatewayStub
from inyourarea.runtime.tls import Tls
from rehearsal_house import RehearsedSite
from watched import counted, spans

TABLE = Path(__file__).parents[3] / "docs" / "rpc.md"
LOOPBACK = "127.0.0.1:0"


class Outside:
    """A client of the site's gRPC; who refuses it is told as status, kind and words."""

    def __init__(self, port: int, token: str = "") -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._stub = GatewayStub(self.channel)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()

    def ask(self, name: str, **said: object) -> object:
        question = getattr(outside, f"{name}Request")(**said)
        return getattr(self._stub, name)(question, timeout=30, metadata=self._metadata)

    def refused(self, name: str, **said: object) -> tuple[str, str, str]:
        with pytest.raises(grpc.RpcError) as refused:
            answer = self.ask(name, **said)
            if name == "WatchRun":
                next(answer)  # type: ignore[call-overload]
        return told(refused.value)


def told(error: object) -> tuple[str, str, str]:
    kinds = dict(error.trailing_metadata())  # type: ignore[attr-defined]
    return error.code().name, kinds.get("problem", ""), error.details()  # type: ignore[attr-defined]


@pytest.fixture
def door(site: RehearsedSite) -> Iterator[int]:
    """The port; whoever has no token is nobody there."""
    site.house.settings = replace(CLOSED, grpc=LOOPBACK, is_public=True)
    with answering_grpc(site.house) as port:
        yield port


@pytest.fixture
def editor(site: RehearsedSite, door: int) -> Iterator[Outside]:
    client = Outside(door, new_token(site, Role.EDITOR, name="Kim"))
    site.http.headers = bearer(new_token(site, Role.OPERATOR, name="Lee"))
    yield client
    client.channel.close()


class TestTheSameSite:
    def test_a_video_goes_its_whole_way(self, site: RehearsedSite, editor: Outside) -> None:
        site.http.headers = bearer(new_token(site, Role.EDITOR, name="Kim 2"))
        number = site.house.uploads.create(7, "stage.mp4", "Kim")
        site.house.uploads.add(number, b"a stage")
        submitted = editor.ask(
            "SubmitVideo", upload_id=number.number, title="Seoul", labels={"tour": "seoul"}
        )
        video = submitted.video
        assert submitted.is_new
        assert (video.state, video.title, dict(video.labels)) == (
            "working",
            "Seoul",
            {"tour": "seoul"},
        )
        assert (video.framing, list(video.aspects)) == ("full", ["9x16"])
        watching = editor.ask("WatchRun", video_id=video.id)
        assert next(watching).state == "working"
        site.work(video.id)
        assert any(shown.state == "ready" for shown in watching)
        watching.cancel()
        results = editor.ask("GetResults", video_id=video.id)
        assert len(results.people) == 3
        for person in results.people:
            (fancam,) = person.fancams
            assert site.media(fancam.url).content == f"fancam of {person.id}".encode() * 100
            assert site.media(person.face_url).status_code == 200
            assert person.publication.state == "draft"
        assert set(results.camera_url) == {"9x16"}
        (listed,) = editor.ask("ListVideos", label=["tour:seoul"]).items
        assert listed == editor.ask("GetRun", video_id=video.id) == results.video

    def test_what_http_says_of_a_video_is_said_here(
        self, site: RehearsedSite, editor: Outside
    ) -> None:
        video = site.ready()
        shown = editor.ask("GetRun", video_id=video["id"])
        fields = {field.name for field, _ in shown.ListFields()}
        assert {name for name, value in video.items() if value not in (None, "", {}, [], 0)} == (
            fields
        )
        assert set(shown.DESCRIPTOR.fields_by_name) == set(video)
        assert shown.source.frame_rate == video["source"]["frame_rate"]
        assert shown.stage.url == video["stage"]["url"]

    def test_pins_are_tried_and_put(self, site: RehearsedSite, editor: Outside) -> None:
        video = site.ready()
        watch = site.watch(video)
        first = watch["people"][0]["id"]
        pins = editor.ask("ListPins", video_id=video["id"])
        assert (pins.revision, list(pins.pins)) == (video["revision"], [])
        wish = outside.Pin(from_s=0, to_s=2, of=first, nobody=True)
        said = {"video_id": video["id"], "revision": pins.revision, "pins": [wish]}
        tried = editor.ask("TryPins", **said)
        same = {"from_s": 0, "to_s": 2, "of": first, "nobody": True}
        body = {"revision": pins.revision, "pins": [same]}
        over_http = site.http.post(f"/videos/{video['id']}/pins/preview", json=body).json()
        assert over_http["changes"]
        assert [(change.person, change.from_frame, change.becomes) for change in tried.changes] == [
            (change["person"], change["from_frame"], change["becomes"])
            for change in over_http["changes"]
        ]
        put = editor.ask("PutPins", **said)
        assert put.run_id != video["run_id"]
        assert editor.ask("ListPins", video_id=video["id"]).pins
        assert editor.refused("PutPins", **said)[:2] == ("ABORTED", "stale-edit")
        said["revision"] = put.revision
        assert editor.ask("PutPins", **{**said, "pins": []}).run_id == video["run_id"]

    def test_a_run_is_cancelled_and_goes_on(self, site: RehearsedSite, editor: Outside) -> None:
        video = site.submit()
        assert editor.ask("CancelRun", video_id=video["id"]).state == "cancelled"
        assert editor.refused("CancelRun", video_id=video["id"]) == (
            "FAILED_PRECONDITION",
            "not-working",
            "This video is cancelled; nothing is under way.",
        )
        assert editor.ask("RetryRun", video_id=video["id"]).state == "working"

    def test_whoever_watches_is_told_that_a_video_is_gone(
        self, site: RehearsedSite, editor: Outside
    ) -> None:
        video = site.submit()
        watching = editor.ask("WatchRun", video_id=video["id"])
        next(watching)
        assert site.http.delete(f"/videos/{video['id']}").status_code == 204
        with pytest.raises(grpc.RpcError) as gone:
            list(watching)
        assert told(gone.value)[0] == "NOT_FOUND"

    def test_a_site_in_a_folder_takes_no_bytes_past_it(self, editor: Outside) -> None:
        status, kind, words = editor.refused("BeginUpload", length=10)
        assert (status, kind) == ("FAILED_PRECONDITION", "no-dock")
        assert "/api/v1/uploads" in words


class TestTheSameWords:
    def test_what_can_not_be_meant_is_said_field_by_field(self, editor: Outside) -> None:
        video = "0" * 32
        for name, said, words in (
            ("SubmitVideo", {}, "name an upload_id or a source, one of them"),
            ("SubmitVideo", {"upload_id": video, "framing": "wide"}, "framing: "),
            ("GetRun", {"video_id": "x"}, "pattern"),
            ("TryPins", {"video_id": video}, "revision: Field required"),
            ("CompleteUpload", {"upload_id": video}, "parts: "),
        ):
            status, kind, detail = editor.refused(name, **said)
            assert (status, kind) == ("INVALID_ARGUMENT", "invalid-request"), (name, detail)
            assert words in detail

    def test_a_refusal_is_the_document_of_http(self, site: RehearsedSite, editor: Outside) -> None:
        missing = "0" * 32
        with pytest.raises(grpc.RpcError) as refused:
            editor.ask("GetRun", video_id=missing)
        document = json.loads(dict(refused.value.trailing_metadata())["problem-bin"])
        assert document == site.http.get(f"/videos/{missing}").json()
        assert refused.value.details() == document["detail"]

    def test_a_stale_edit_tells_the_revision(self, site: RehearsedSite, editor: Outside) -> None:
        video = site.ready()
        with pytest.raises(grpc.RpcError) as stale:
            editor.ask("PutPins", video_id=video["id"], revision=99, pins=[])
        document = json.loads(dict(stale.value.trailing_metadata())["problem-bin"])
        assert document["revision"] == video["revision"]

    def test_who_asks_too_often_is_told_how_long_to_wait(
        self, site: RehearsedSite, editor: Outside
    ) -> None:
        site.house.limits = Limits(clock=lambda: 0.0)
        for _ in range(CHANGES.burst):
            editor.refused("CancelRun", video_id="0" * 32)
        with pytest.raises(grpc.RpcError) as refused:
            editor.ask("CancelRun", video_id="0" * 32)
        assert told(refused.value)[:2] == ("RESOURCE_EXHAUSTED", "too-many-requests")
        assert dict(refused.value.trailing_metadata())["retry-after"] == "1"
        assert editor.refused("GetRun", video_id="0" * 32)[0] == "NOT_FOUND"

    def test_who_comes_while_enough_slow_questions_are_worked_on_is_told_to_wait(
        self, site: RehearsedSite, editor: Outside
    ) -> None:
        video = site.ready()["id"]
        with ExitStack() as others:
            for _ in range(SLOW_AT_ONCE):
                others.enter_context(site.house.turn())
            told = editor.refused("TryPins", video_id=video, revision=1, pins=[])
            assert told[:2] == ("UNAVAILABLE", "busy")
        editor.ask("TryPins", video_id=video, revision=1, pins=[])


class TestTheSamePeople:
    def test_an_rpc_is_closed_below_its_role_and_open_from_it_on(
        self, site: RehearsedSite, door: int
    ) -> None:
        for role in (Role.VISITOR, Role.VIEWER, Role.EDITOR, Role.OPERATOR):
            client = Outside(door, new_token(site, role) if role > Role.VISITOR else "")
            for name, function in ANSWERS.items():
                if role >= needs(function).role and name == "ListVideos":
                    assert client.ask(name) is not None
                    continue
                status = client.refused(name)[0]
                is_refused = status in ("UNAUTHENTICATED", "PERMISSION_DENIED")
                assert is_refused == (role < needs(function).role), (name, role, status)
            client.channel.close()

    def test_a_wrong_token_is_refused_and_counted(self, door: int) -> None:
        client = Outside(door, "iya_wrong")
        found = {client.refused("ListVideos")[:2] for _ in range(12)}
        assert found == {
            ("UNAUTHENTICATED", "token-unknown"),
            ("RESOURCE_EXHAUSTED", "too-many-requests"),
        }
        client.channel.close()

    def test_a_token_for_some_labels_opens_those_videos_only(
        self, site: RehearsedSite, editor: Outside, door: int
    ) -> None:
        theirs, other = site.submit(b"a", labels={"tour": "a"}), site.submit(b"b")
        client = Outside(door, new_token(site, Role.EDITOR, labels=("tour:a",)))
        assert client.ask("GetRun", video_id=theirs["id"]).id == theirs["id"]
        assert client.refused("GetRun", video_id=other["id"])[0] == "NOT_FOUND"
        assert client.refused("WatchRun", video_id=other["id"])[0] == "NOT_FOUND"
        assert [video.id for video in client.ask("ListVideos").items] == [theirs["id"]]
        client.channel.close()

    def test_a_visitor_sees_what_is_published(
        self, site: RehearsedSite, editor: Outside, door: int
    ) -> None:
        video, visitor = site.ready(labels={"deal": "secret"}), Outside(door)
        assert visitor.refused("GetRun", video_id=video["id"])[0] == "NOT_FOUND"
        watch = site.watch(video)
        person = watch["people"][0]
        for span in person["spans"]:
            site.http.post(f"/videos/{video['id']}/spans/{span['id']}/confirm")
        for verdict in ("approve", "publish"):
            answer = site.http.post(f"/videos/{video['id']}/people/{person['id']}/{verdict}")
            assert answer.status_code == 200
        results = visitor.ask("GetResults", video_id=video["id"])
        assert [shown.id for shown in results.people] == [person["id"]]
        assert not results.video.labels
        visitor.channel.close()

    def test_a_revoked_token_ends_what_it_watches(
        self, site: RehearsedSite, editor: Outside, door: int
    ) -> None:
        token = new_token(site, Role.VIEWER)
        client, video = Outside(door, token), site.submit()
        watching = client.ask("WatchRun", video_id=video["id"])
        next(watching)
        site.house.tokens.revoke(token.split("_")[1])
        site.work(video["id"])
        with pytest.raises(grpc.RpcError) as ended:
            list(watching)
        assert told(ended.value)[:2] == ("UNAUTHENTICATED", "token-revoked")
        client.channel.close()

    def test_who_sits_at_this_machine_is_trusted_where_http_trusts(
        self, site: RehearsedSite
    ) -> None:
        site.house.settings = replace(CLOSED, grpc=LOOPBACK, trusts_this_machine=True)
        with answering_grpc(site.house) as port:
            client = Outside(port)
            assert client.ask("ListVideos") is not None
            client._metadata = (("x-forwarded-for", "192.0.2.1"),)
            assert client.refused("ListVideos")[0] == "UNAUTHENTICATED"
            client.channel.close()


class TestTheServer:
    def test_describes_itself_and_says_how_it_is(self, door: int) -> None:
        with grpc.insecure_channel(f"127.0.0.1:{door}") as there:
            check = health_pb2_grpc.HealthStub(there).Check
            answer = check(health_pb2.HealthCheckRequest(), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            ask = reflection_pb2_grpc.ServerReflectionStub(there).ServerReflectionInfo
            listing = reflection_pb2.ServerReflectionRequest(list_services="")
            (listed,) = ask(iter([listing]), timeout=10)
        names = {service.name for service in listed.list_services_response.service}
        assert "inyourarea.gateway.v1.Gateway" in names

    def test_says_how_the_gateway_is(
        self, site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("inyourarea.gateway.rpc._LOOK_S", 0.01)
        site.house.settings = replace(site.house.settings, grpc=LOOPBACK)
        is_well, said = threading.Event(), health_pb2.HealthCheckResponse
        with (
            answering_grpc(site.house, is_well.is_set) as port,
            grpc.insecure_channel(f"127.0.0.1:{port}") as there,
        ):
            health = health_pb2_grpc.HealthStub(there)
            states = [
                health.Watch(health_pb2.HealthCheckRequest(service=name), timeout=30)
                for name in ("", SERVICE.full_name)
            ]
            assert [next(state).status for state in states] == [said.NOT_SERVING] * 2
            is_well.set()
            assert [next(state).status for state in states] == [said.SERVING] * 2
            is_well.clear()
            assert [next(state).status for state in states] == [said.NOT_SERVING] * 2

    def test_goes_on_with_the_trace_of_who_asks(self, site: RehearsedSite, editor: Outside) -> None:
        number = site.house.uploads.create(7, "stage.mp4", "Kim")
        site.house.uploads.add(number, b"a stage")
        trace = "0af7651916cd43dd8448eb211c80319c"
        editor._metadata += (("traceparent", f"00-{trace}-b7ad6b7169203331-01"),)
        with spans() as kept:
            video = editor.ask("SubmitVideo", upload_id=number.number).video
            watching = editor.ask("WatchRun", video_id=video.id)
            next(watching)
            watching.cancel()
        names = {f"{SERVICE.full_name}/{name}" for name in ("SubmitVideo", "WatchRun")}
        found = {span.name: f"{span.context.trace_id:032x}" for span in kept.get_finished_spans()}
        assert found.items() >= dict.fromkeys(names, trace).items()
        assert site.objects.get(keys.trace(video.run_id)) == trace.encode()

    @pytest.mark.slow
    def test_says_that_it_ends_before_it_does(self, site: RehearsedSite) -> None:
        site.house.settings = replace(site.house.settings, grpc=LOOPBACK)
        said, video = health_pb2.HealthCheckResponse, site.submit()["id"]
        with ExitStack() as site_s, ExitStack() as ours:
            client = Outside(site_s.enter_context(answering_grpc(site.house)))
            ours.callback(client.channel.close)
            states = [
                health_pb2_grpc.HealthStub(client.channel).Watch(
                    health_pb2.HealthCheckRequest(service=name), timeout=30
                )
                for name in ("", SERVICE.full_name)
            ]
            assert [next(state).status for state in states] == [said.SERVING] * 2
            watching = client.ask("WatchRun", video_id=video)
            next(watching)  # type: ignore[call-overload]
            assert counted("open_streams", kind="rpc") == 1
            leaving = threading.Thread(target=site_s.close)
            leaving.start()
            ours.callback(leaving.join)
            assert [next(state).status for state in states] == [said.NOT_SERVING] * 2
            site.house.write_down(video, Titled(by="Kim", title="Seoul"))
            assert next(watching).title == "Seoul"  # type: ignore[call-overload]
        assert counted("open_streams", kind="rpc") == 0

    def test_proves_who_it_is_where_it_has_a_certificate(
        self, site: RehearsedSite, tmp_path: Path
    ) -> None:
        authority = Authority(tmp_path / "authority")
        certificate, key = authority.issue("site")
        tls = Tls(certificate.read_bytes(), key.read_bytes())
        site.house.settings = replace(site.house.settings, grpc=LOOPBACK, grpc_tls=tls)
        proof = grpc.ssl_channel_credentials(authority.certificate.read_bytes())
        with (
            answering_grpc(site.house) as port,
            grpc.secure_channel(f"127.0.0.1:{port}", proof) as there,
        ):
            answer = GatewayStub(there).ListVideos(outside.ListVideosRequest(), timeout=10)
            assert list(answer.items) == []

    def test_says_where_it_can_not_listen(self, site: RehearsedSite, door: int) -> None:
        taken = f"127.0.0.1:{door}"
        site.house.settings = replace(site.house.settings, grpc=taken)
        with pytest.raises(Refused, match=taken), answering_grpc(site.house):
            pass

    def test_counts_what_it_was_asked(self, editor: Outside) -> None:
        def counted(code: str) -> float:
            labels = {"method": "inyourarea.gateway.v1.Gateway/GetRun", "code": code}
            return REGISTRY.get_sample_value("inyourarea_rpc_seconds_count", labels) or 0

        before = counted("NOT_FOUND")
        editor.refused("GetRun", video_id="0" * 32)
        assert counted("NOT_FOUND") == before + 1


class TestTheTable:
    @pytest.fixture
    def pairs(self) -> dict[str, str]:
        rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", TABLE.read_text(), re.MULTILINE)
        assert len(rows) == len(dict(rows)), "an operation is in the table twice"
        return dict(rows)

    def test_has_every_operation_and_rpc_once(
        self, site: RehearsedSite, pairs: dict[str, str]
    ) -> None:
        operations = {
            operation["operationId"]
            for methods in site.app.openapi()["paths"].values()
            for operation in methods.values()
        }
        assert set(pairs) == operations, "pair each operation with an rpc, or say why not"
        rpcs = [text.strip("`") for text in pairs.values() if text.startswith("`")]
        assert sorted(rpcs) == sorted(method.name for method in SERVICE.methods) == sorted(ANSWERS)
        reasons = [text for text in pairs.values() if not text.startswith("`")]
        assert all(re.fullmatch(r"none: .{6,}", text) for text in reasons)

    def test_pairs_what_one_function_answers(
        self, site: RehearsedSite, pairs: dict[str, str]
    ) -> None:
        routes = {}
        for route in iter_route_contexts(site.app.routes):
            if operation := getattr(route.route, "operation_id", None):
                routes[operation] = route.route
        for operation, text in pairs.items():
            if text.startswith("`"):
                rpc, route = text.strip("`"), routes[operation]
                assert ANSWERS[rpc] is route.endpoint, rpc
                assert (route.methods == {"GET"}) == (rpc in SAFE), rpc
