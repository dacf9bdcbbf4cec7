"""Files that come past the gateway, on a real S3 store: parts from anywhere, and keys elsewhere."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.gateway import arrivals as arrivals_module
from inyourarea.gateway.dock import Place, parse_place
from inyourarea.gateway.minio_dock import MinioDock
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.uploads import LIFETIME_S
from inyourarea.runtime.minio_bucket import apply_bucket, policy_of
from inyourarea.runtime.minio_objects import MinioObjects, client_of
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import holds
from minio_server import MinioServer, minio
from own_servers import skipped_where_not_had
from rehearsal_house import HOSTS, RehearsedSite, sha256

PART = 5 << 20
CONTENT = bytes(range(256)) * ((2 * PART + 1000) // 256)


@pytest.fixture(scope="module")
def server() -> Iterator[MinioServer]:
    """A MinIO; where none can be had these tests are skipped, and in CI they fail."""
    with skipped_where_not_had(), minio() as server:
        yield server


@pytest.fixture(scope="module")
def owner(server: MinioServer) -> MinioSettings:
    """Our own bucket as whoever may do everything; there are two more."""
    owner = server.settings()
    apply_bucket(owner)
    for bucket in ("stages", "private"):
        client_of(owner).make_bucket(bucket)
    return owner


@pytest.fixture(scope="module")
def settings(server: MinioServer, owner: MinioSettings) -> MinioSettings:
    """Our own bucket as the gateway reaches it, with the key that `store policies` allows it."""
    return server.let_in("gateway", owner.bucket, ("s3://stages/2026/",))


@pytest.fixture
def site(
    tmp_path: Path,
    settings: MinioSettings,
    owner: MinioSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RehearsedSite]:
    monkeypatch.setattr(arrivals_module, "PART_BYTES", PART)
    allowed = tuple(map(parse_place, ("s3://stages/2026/", "s3://private/")))
    knobs = GatewaySettings(
        hosts=HOSTS, trusts_everybody=True, most_upload_bytes=64 << 20, s3_sources=allowed
    )
    objects, dock = MinioObjects(settings), MinioDock(settings)
    everything = MinioObjects(owner)
    site = RehearsedSite(
        tmp_path, settings=knobs, objects=objects, dock=dock, stages_objects=everything
    )
    yield site
    site.close()
    for ended in list(site.house.arrivals.quay.checking._under_way.values()):
        assert ended.wait(30)  # or its note comes after the store was emptied
    for key in list(everything.list("")):
        everything.delete(key)


def begin(site: RehearsedSite, content: bytes = CONTENT, **more: object) -> dict:
    asked = {"length": len(content), "filename": "stage.mp4", **more}
    answer = site.http.post("/direct-uploads", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


def put(upload: dict, content: bytes = CONTENT) -> list[dict]:
    """All parts are in the store, sent as anybody would; their ETags."""
    parts = []
    for part in upload["parts"]:
        start = (part["number"] - 1) * upload["part_bytes"]
        sent = httpx.put(part["url"], content=content[start : start + upload["part_bytes"]])
        assert sent.status_code == 200, sent.text
        parts.append({"number": part["number"], "etag": sent.headers["etag"]})
    return parts


def complete(site: RehearsedSite, upload: dict, parts: list[dict]) -> httpx.Response:
    place = f"/direct-uploads/{upload['upload_id']}/complete"
    return site.http.post(place, json={"parts": parts})


def settled(site: RehearsedSite, upload: dict) -> dict:
    end = time.monotonic() + 30
    while (found := site.get(f"/direct-uploads/{upload['upload_id']}"))["state"] == "checking":
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


class TestParts:
    def test_a_file_goes_past_the_gateway_and_is_a_video(self, site: RehearsedSite) -> None:
        upload = begin(site, sha256=sha256(CONTENT))
        assert (upload["state"], upload["part_bytes"]) == ("open", PART)
        assert [part["number"] for part in upload["parts"]] == [1, 2, 3]
        parts = put(upload)
        assert complete(site, upload, parts).status_code == 202
        found = settled(site, upload)
        assert (found["state"], found["failure"], found["parts"]) == ("whole", None, [])
        answer = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert answer.status_code == 202, answer.text
        assert answer.json()["filename"] == "stage.mp4"
        assert site.objects.get(keys.source(sha256(CONTENT))) == CONTENT
        assert not any(key.endswith("/file") for key in site.objects.list("arrivals/"))
        again = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
        site.http.delete(f"/videos/{again.json()['id']}")
        gone = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert gone.status_code == 404

    def test_it_may_be_submitted_at_once(self, site: RehearsedSite) -> None:
        upload = begin(site)
        complete(site, upload, put(upload))
        answer = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert answer.status_code == 202, answer.text

    def test_whoever_comes_while_it_is_gone_through_is_asked_to_come_again(
        self, site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(arrivals_module, "PATIENCE_S", 0.0)
        upload = begin(site)
        with site.house.arrivals.quay.checking.turn:  # another file is being gone through
            complete(site, upload, put(upload))
            answer = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
        assert "still being gone through" in answer.json()["detail"]
        assert settled(site, upload)["state"] == "whole"

    def test_another_gateway_goes_on_with_it(
        self, site: RehearsedSite, settings: MinioSettings, tmp_path: Path
    ) -> None:
        upload = begin(site)
        parts = put(upload)
        (tmp_path / "other").mkdir()
        other = RehearsedSite(
            tmp_path / "other", objects=MinioObjects(settings), dock=MinioDock(settings)
        )
        assert complete(other, upload, parts).status_code == 202
        assert settled(site, upload)["state"] == "whole"
        assert complete(site, upload, parts).status_code == 202  # told a second time
        other.close()

    def test_a_file_that_nobody_went_through_is_gone_through_by_the_next_sweep(
        self, site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload, checking = begin(site), site.house.arrivals.quay.checking
        with monkeypatch.context() as patch:
            patch.setattr(checking, "start", lambda _: None)  # it was killed just then
            complete(site, upload, put(upload))
        assert site.get(f"/direct-uploads/{upload['upload_id']}")["state"] == "checking"
        site.house.sweep()
        assert settled(site, upload)["state"] == "whole"

    def test_parts_are_named_all_and_as_they_arrived(self, site: RehearsedSite) -> None:
        upload = begin(site)
        parts = put(upload)
        assert complete(site, upload, parts[:-1]).status_code == 422
        wrong = [*parts[:-1], {"number": 3, "etag": '"0123456789abcdef0123456789abcdef"'}]
        refused = complete(site, upload, wrong)
        assert refused.status_code == 422
        assert "does not join them" in refused.json()["detail"]
        early = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert early.status_code == 409
        assert complete(site, upload, parts).status_code == 202

    @pytest.mark.parametrize("wrong", ["length", "digest"])
    def test_other_bytes_than_were_announced_are_refused(
        self, site: RehearsedSite, wrong: str
    ) -> None:
        more = {"sha256": sha256(b"others")} if wrong == "digest" else {}
        upload = begin(site, **more)
        content = CONTENT[:-1] if wrong == "length" else CONTENT
        assert complete(site, upload, put(upload, content)).status_code == 202
        found = settled(site, upload)
        assert found["state"] == "refused"
        assert "announced" in found["failure"]
        answer = site.http.post("/videos", json={"upload_id": upload["upload_id"]})
        assert (answer.status_code, answer.json()["detail"]) == (422, found["failure"])
        assert not any(key.endswith("/file") for key in site.objects.list("arrivals/"))

    def test_a_refused_wish_leaves_the_upload_and_no_source(self, site: RehearsedSite) -> None:
        upload = begin(site)
        complete(site, upload, put(upload))
        settled(site, upload)
        asked = {"upload_id": upload["upload_id"], "group": "nobody"}
        assert site.http.post("/videos", json=asked).status_code == 422
        assert not holds(site.objects, keys.source(sha256(CONTENT)))
        assert site.http.post("/videos", json={"upload_id": upload["upload_id"]}).status_code == 202

    def test_what_is_too_large_is_refused_before_it_is_sent(self, site: RehearsedSite) -> None:
        answer = site.http.post("/direct-uploads", json={"length": (64 << 20) + 1})
        assert answer.status_code == 413
        assert not list(site.objects.list("arrivals/"))

    def test_somebody_elses_is_not_there(self, site: RehearsedSite) -> None:
        mine = site.house.arrivals.begin(10, "a.mp4", by="Kim")
        place = f"/direct-uploads/{mine.number}"
        assert site.http.get(place).status_code == 404
        assert site.http.delete(place).status_code == 404
        assert site.http.post("/videos", json={"upload_id": mine.number}).status_code == 404

    def test_given_up_nothing_is_left_of_it(
        self, site: RehearsedSite, owner: MinioSettings
    ) -> None:
        upload = begin(site)
        put(upload)
        assert half(owner, upload)
        assert site.http.delete(f"/direct-uploads/{upload['upload_id']}").status_code == 204
        assert not half(owner, upload)
        assert not list(site.objects.list("arrivals/"))

    def test_one_that_nobody_completes_is_swept(
        self, site: RehearsedSite, owner: MinioSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload = begin(site)
        put(upload)
        now = arrivals_module.time.time()
        later = now + LIFETIME_S + 1
        with monkeypatch.context() as patch:
            patch.setattr(arrivals_module.time, "time", lambda: later)
            assert site.http.get(f"/direct-uploads/{upload['upload_id']}").status_code == 404
            site.house.arrivals.sweep()
        assert not half(owner, upload)
        assert not list(site.objects.list("arrivals/"))

    def test_the_addresses_are_those_that_clients_can_reach(self, settings: MinioSettings) -> None:
        dock = MinioDock(settings, "https://files.example")
        (address,) = dock.addresses("arrivals/0/file", "id", 1, 60)
        assert address.startswith(f"https://files.example/{settings.bucket}/arrivals/0/file?")
        assert settings.secret_key not in address


def half(owner: MinioSettings, upload: dict) -> list[object]:
    """What the store has of an upload that was neither joined nor given up."""
    key = keys.arrival(upload["upload_id"], "file")  # MinIO lists those of one object only
    return list(client_of(owner)._list_multipart_uploads(owner.bucket, prefix=key).uploads)


class TestKeysElsewhere:
    @pytest.fixture(autouse=True)
    def stages(self, owner: MinioSettings) -> MinioObjects:
        """A bucket that others keep stages in."""
        stages = MinioObjects(replace(owner, bucket="stages"))
        stages.put("2026/seoul night.mp4", CONTENT)
        stages.put("2025/busan.mp4", CONTENT)
        MinioObjects(replace(owner, bucket="private")).put("a.mp4", CONTENT)
        return stages

    def submit(self, site: RehearsedSite, source: str) -> httpx.Response:
        return site.http.post("/videos", json={"source": source})

    def test_an_allowed_one_is_a_video(self, site: RehearsedSite, stages: MinioObjects) -> None:
        answer = self.submit(site, "s3://stages/2026/seoul night.mp4")
        assert answer.status_code == 202, answer.text
        assert answer.json()["title"] == "seoul night.mp4"
        stages.delete("2026/seoul night.mp4")  # what was taken stays
        assert site.objects.get(keys.source(sha256(CONTENT))) == CONTENT
        assert site.work(answer.json()["id"])["state"] == "ready"

    def test_the_same_one_again_is_the_same_video_and_is_not_read_again(
        self, site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = "s3://stages/2026/seoul night.mp4"
        first = self.submit(site, source).json()
        monkeypatch.setattr(MinioDock, "read", None)
        again = self.submit(site, source)
        assert (again.status_code, again.json()["id"]) == (200, first["id"])

    def test_one_that_was_written_anew_is_another_video(
        self, site: RehearsedSite, stages: MinioObjects
    ) -> None:
        first = self.submit(site, "s3://stages/2026/seoul night.mp4").json()
        stages.put("2026/seoul night.mp4", b"another")
        second = self.submit(site, "s3://stages/2026/seoul night.mp4").json()
        assert first["id"] != second["id"]
        assert site.objects.get(keys.source(sha256(b"another"))) == b"another"

    @pytest.mark.parametrize(
        ("source", "status", "words"),
        [
            ("s3://stages/2025/busan.mp4", 403, "allowed are: s3://stages/2026/, s3://private/"),
            ("s3://stage/2026/seoul.mp4", 403, "INYOURAREA_GATEWAY_S3_SOURCES"),
            ("s3://stages/2026/none.mp4", 404, "no object s3://stages/2026/none.mp4"),
            ("s3://private/a.mp4", 503, "the gateway's key may not read s3://private/a.mp4"),
            ("https://stages/2026/seoul.mp4", 422, "written s3://bucket/key"),
            ("s3://stages/2026/../2025/busan.mp4", 422, "written s3://bucket/key"),
            ("s3://private", 422, "written s3://bucket/key"),
            ("s3://private/", 422, "written s3://bucket/key"),
            ("s3://stages/2026/\tseoul.mp4", 422, "source"),
        ],
    )
    def test_others_are_refused_in_words(
        self, site: RehearsedSite, source: str, status: int, words: str
    ) -> None:
        answer = self.submit(site, source)
        assert answer.status_code == status, answer.text
        assert words in answer.json()["detail"]
        assert not list(site.objects.list("sources/"))

    def test_too_large_ones_are_refused_unread(self, site: RehearsedSite, tmp_path: Path) -> None:
        site.house.arrivals._settings = replace(site.house.settings, most_upload_bytes=1000)
        assert self.submit(site, "s3://stages/2026/seoul night.mp4").status_code == 413

    def test_a_refused_wish_leaves_no_source(self, site: RehearsedSite) -> None:
        asked = {"source": "s3://stages/2026/seoul night.mp4", "group": "nobody"}
        assert site.http.post("/videos", json=asked).status_code == 422
        assert not list(site.objects.list("sources/"))


def test_a_site_in_a_folder_takes_neither(tmp_path: Path) -> None:
    site = RehearsedSite(tmp_path)
    for answer in (
        site.http.post("/direct-uploads", json={"length": 10}),
        site.http.post("/videos", json={"source": "s3://stages/a.mp4"}),
    ):
        assert answer.status_code == 409
        assert "send the file here" in answer.json()["detail"]
    site.close()


def test_the_gateway_s_policy_names_what_it_may_take_from() -> None:
    policy = json.dumps(policy_of("gateway", "own", ("s3://stages/2026/",)))
    assert "arn:aws:s3:::stages/2026/*" in policy
    assert "arn:aws:s3:::stages" not in json.dumps(policy_of("gateway", "own"))


def test_a_source_is_one_bucket_and_no_other_whose_name_begins_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["store", "policies", "--service", "gateway", "--source"]
    assert main([*asked, "s3://stages"]) == 0
    assert '"arn:aws:s3:::stages/*"' in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*asked, "stages"])
    assert "'stages' is no place; write s3://BUCKET/PREFIX" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://stages", Place("stages", "")),
        ("s3://stages/2026/a b.mp4", Place("stages", "2026/a b.mp4")),
    ],
)
def test_a_place_is_read(text: str, place: Place) -> None:
    assert parse_place(text) == place
