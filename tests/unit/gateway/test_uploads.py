"""Resumable uploads: tus as a client sees it, and what is kept of a broken connection."""

import asyncio
import base64
import hashlib
import threading
import time
import unicodedata
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from inyourarea.contracts import keys
from inyourarea.core.errors import Refused
from inyourarea.gateway import uploads as uploads_module
from inyourarea.gateway.problems import NotThere, Problem
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.uploads import LIFETIME_S
from inyourarea.runtime.objects import Objects, ObjectsAway
from rehearsal_house import OFFSET, TUS, RehearsedSite, sha256


def begin(site: RehearsedSite, length: int, name: str = "stage.mp4") -> str:
    metadata = "filename " + base64.b64encode(name.encode()).decode()
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
    answer = site.http.post("/uploads", headers=headers)
    assert answer.status_code == 201
    assert answer.headers["tus-resumable"] == "1.0.0"
    return str(answer.headers["location"].rsplit("/", 1)[1])


def send(site: RehearsedSite, number: str, at: int, content: bytes) -> httpx.Response:
    headers = {**TUS, **OFFSET, "Upload-Offset": str(at)}
    return site.http.patch(f"/uploads/{number}", headers=headers, content=content)


def offset(site: RehearsedSite, number: str) -> int:
    answer = site.http.head(f"/uploads/{number}", headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def test_a_file_comes_in_pieces_and_is_whole(site: RehearsedSite) -> None:
    content = bytes(range(256)) * 40
    number = begin(site, len(content))
    for start in range(0, len(content), 3000):
        answer = send(site, number, start, content[start : start + 3000])
        assert answer.status_code == 204
        end = min(start + 3000, len(content))
        assert int(answer.headers["upload-offset"]) == offset(site, number) == end
    upload = site.house.uploads.find(number, "")
    with site.house.uploads.source(upload) as digest:
        assert digest == sha256(content)
    assert site.objects.get(f"sources/{digest}") == content


def test_a_large_piece_is_stored_in_parts(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inyourarea.gateway.api.uploads.PART", 1000)
    number = begin(site, 2500)
    assert send(site, number, 0, bytes(2500)).status_code == 204
    parts = [key for key in site.stored() if "/part-" in key]
    assert sorted(site.objects.size(part) for part in parts) == [500, 1000, 1000]


def test_no_part_is_asked_for_by_itself_when_another_comes(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, asked, size = begin(site, 30), list[str](), site.objects.size
    monkeypatch.setattr(site.objects, "size", lambda key: (asked.append(key), size(key))[1])
    for at in (0, 10, 20):
        assert send(site, number, at, bytes(10)).status_code == 204
    assert offset(site, number) == 30
    assert not [key for key in asked if "/part-" in key]


def test_bytes_that_do_not_follow_are_refused_and_the_offset_is_told(site: RehearsedSite) -> None:
    number = begin(site, 100)
    send(site, number, 0, bytes(40))
    for wrong in (0, 39, 41, 100):
        answer = send(site, number, wrong, bytes(10))
        assert answer.status_code == 409
        assert answer.json()["offset"] == 40
    assert offset(site, number) == 40


def test_more_than_was_announced_is_too_much(site: RehearsedSite) -> None:
    number = begin(site, 10)
    assert send(site, number, 0, bytes(11)).status_code == 413
    assert send(site, number, offset(site, number), bytes(10)).status_code == 204


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(tmp_path) -> None:
    settings = GatewaySettings(hosts=("site",), trusts_everybody=True, most_upload_bytes=1000)
    site = RehearsedSite(tmp_path, settings=settings)
    answer = site.http.post("/uploads", headers={**TUS, "Upload-Length": "1001"})
    assert answer.status_code == 413
    assert "1000" in answer.json()["detail"]
    assert site.http.options("/uploads").headers["tus-max-size"] == "1000"
    assert site.stored() == set()
    site.close()


def test_somebody_elses_upload_is_not_there(site: RehearsedSite) -> None:
    mine = site.house.uploads.create(10, "a.mp4", by="Kim")
    with pytest.raises(NotThere):
        site.house.uploads.find(mine.number, by="Lee")
    assert site.http.head(f"/uploads/{mine.number}", headers=TUS).status_code == 404
    assert send(site, mine.number, 0, bytes(10)).status_code == 404
    asked = {"upload_id": mine.number}
    assert site.http.post("/videos", json=asked).status_code == 404
    assert site.http.delete(f"/uploads/{mine.number}", headers=TUS).status_code == 404
    assert site.house.uploads.find(mine.number, by="Kim").offset == 0


def test_another_version_of_the_protocol_is_refused(site: RehearsedSite) -> None:
    answer = site.http.post("/uploads", headers={"Upload-Length": "5"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    number = begin(site, 5)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}
    answer = site.http.patch(f"/uploads/{number}", headers=headers, content=bytes(5))
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("무대 직캠.mp4", "무대 직캠.mp4"),
        (unicodedata.normalize("NFD", "무대.mp4"), "무대.mp4"),  # as macOS sends it
        ("<script>alert(1)</script>.mp4", "<script>alert(1)</script>.mp4"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\x00b\n\x1b[31mc.mp4", "a b [31mc.mp4"),
        (" \t ", "video"),
    ],
)
def test_a_file_name_is_text_and_never_a_path(site: RehearsedSite, told: str, kept: str) -> None:
    video = site.submit(name=told)
    assert (video["filename"], video["title"]) == (kept, kept)
    assert not any("passwd" in key for key in site.stored())
    assert site.get(f"/videos/{video['id']}")["filename"] == kept


def test_metadata_that_is_no_base64_is_refused(site: RehearsedSite) -> None:
    for wrong in ("filename ***", "filename /w=="):
        headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": wrong}
        assert site.http.post("/uploads", headers=headers).status_code == 400
    headers["Upload-Metadata"] = "filetype dmlkZW8vbXA0,is_confidential"
    assert site.http.post("/uploads", headers=headers).status_code == 201


def test_what_came_before_the_connection_broke_is_kept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inyourarea.gateway.api.uploads.PART", 1000)
    number = begin(site, 5000)
    messages = iter(
        [
            {"type": "http.request", "body": b"a" * 1700, "more_body": True},
            {"type": "http.request", "body": b"b" * 600, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    asyncio.run(_patch(site, number, messages))
    assert offset(site, number) == 2300
    assert send(site, number, 2300, b"c" * 2700).status_code == 204
    with site.house.uploads.source(site.house.uploads.find(number, "")) as digest:
        assert digest == sha256(b"a" * 1700 + b"b" * 600 + b"c" * 2700)


async def _patch(site: RehearsedSite, number: str, messages) -> None:
    headers = {**TUS, **OFFSET, "Upload-Offset": "0", "Host": "site"}
    path = f"/api/v1/uploads/{number}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "PATCH",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("test", 1),
        "server": ("site", 80),
    }

    async def receive():
        return next(messages)

    async def send_(_) -> None:
        pass

    await site.app(scope, receive, send_)


def checked(site: RehearsedSite, number: str, at: int, content: bytes, told: str) -> int:
    headers = {**TUS, **OFFSET, "Upload-Offset": str(at), "Upload-Checksum": told}
    answer = site.http.patch(f"/uploads/{number}", headers=headers, content=content)
    assert answer.status_code == 204 or answer.json()["title"]
    return answer.status_code


def test_a_piece_that_came_otherwise_than_it_was_sent_is_not_kept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inyourarea.gateway.api.uploads.PART", 10)
    number = begin(site, 60)
    for algorithm in ("sha1", "sha256"):
        at = offset(site, number)
        digest = base64.b64encode(hashlib.new(algorithm, bytes(25)).digest()).decode()
        assert checked(site, number, at, b"x" * 25, f"{algorithm} {digest}") == 460
        assert offset(site, number) == at
        assert checked(site, number, at, bytes(25), f"{algorithm} {digest}") == 204
        assert offset(site, number) == at + 25
    monkeypatch.setattr("inyourarea.gateway.api.uploads.MOST_COMPARED", 9)
    assert checked(site, number, 50, bytes(10), f"sha256 {digest}") == 413
    assert offset(site, number) == 50
    assert checked(site, number, 50, bytes(10), f"md5 {digest}") == 400
    assert checked(site, number, 50, bytes(10), "sha1 ***") == 400
    assert "checksum" in site.http.options("/uploads").headers["tus-extension"]


class Leaving:
    """A store that goes away after so many calls, the next of which is heard or not."""

    def __init__(self, objects: Objects, calls: int, is_heard: bool) -> None:
        self._objects, self.calls, self._is_heard = objects, calls, is_heard

    def __getattr__(self, name: str) -> Any:
        def ask(*asked: Any) -> Any:
            self.calls -= 1
            if self.calls == -1 and self._is_heard:
                getattr(self._objects, name)(*asked)
            if self.calls < 0:
                raise ObjectsAway("no route to it")
            return getattr(self._objects, name)(*asked)

        return ask


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(("has_checksum", "wrong"), [(False, False), (True, False), (True, True)])
def test_what_is_told_to_be_here_is_the_file_whenever_the_store_goes_away(
    site: RehearsedSite,
    monkeypatch: pytest.MonkeyPatch,
    is_heard: bool,
    has_checksum: bool,
    wrong: bool,
) -> None:
    monkeypatch.setattr("inyourarea.gateway.api.uploads.PART", 10)
    content, statuses = bytes(range(30)), []
    digest = base64.b64encode(hashlib.sha1(content).digest()).decode()
    told = {"Upload-Checksum": f"sha1 {digest}"} if has_checksum else {}
    for calls in range(7):
        number = begin(site, len(content))
        with monkeypatch.context() as going:
            leaving = Leaving(site.objects, calls, is_heard)
            going.setattr(site.house.uploads, "_objects", leaving)
            sent = content[::-1] if wrong else content
            headers = {**TUS, **OFFSET, "Upload-Offset": "0", **told}
            answer = site.http.patch(f"/uploads/{number}", headers=headers, content=sent)
        statuses.append(answer.status_code)
        at = offset(site, number)
        assert at == 0 if wrong else at in range(0, 31, 10)
        while at < len(content):  # in pieces of another size than what may lie behind them
            answer = send(site, number, at, content[at : at + 10])
            assert answer.status_code == 204
            at = offset(site, number)
            assert int(answer.headers["upload-offset"]) == at
        with site.house.uploads.source(site.house.uploads.find(number, "")) as found:
            assert found == sha256(content)
    assert statuses[0] == 503
    assert statuses[-1] == (460 if wrong else 204)


def test_of_two_who_send_the_same_upload_at_once_no_byte_is_mixed(site: RehearsedSite) -> None:
    uploads, content = site.house.uploads, bytes(range(200))
    number = uploads.create(200, "a", "").number
    answers: list[bool] = []

    def race(size: int) -> None:
        while not (upload := uploads.find(number, "")).is_whole:
            piece = content[upload.offset : upload.offset + size]
            try:
                uploads.add(upload, piece)
            except Exception as refused:
                assert "Another request" in str(refused)
                answers.append(False)

    racers = [threading.Thread(target=race, args=(size,)) for size in (3, 7, 11)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    with uploads.source(uploads.find(number, "")) as digest:
        assert digest == sha256(content)


def test_an_upload_that_nobody_goes_on_with_is_swept(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = begin(site, 10), ""
    send(site, old, 0, bytes(4))
    now = uploads_module.time.time()
    monkeypatch.setattr(uploads_module.time, "time", lambda: now + LIFETIME_S + 1)
    assert site.http.head(f"/uploads/{old}", headers=TUS).status_code == 404
    new = begin(site, 10)
    send(site, new, 0, bytes(4))
    site.house.sweep()
    assert {key.split("/")[1] for key in site.stored()} == {new}


def test_an_upload_that_is_given_up_leaves_nothing(site: RehearsedSite) -> None:
    number = begin(site, 10)
    send(site, number, 0, bytes(4))
    assert site.http.delete(f"/uploads/{number}", headers=TUS).status_code == 204
    assert site.stored() == set()
    assert site.http.head(f"/uploads/{number}", headers=TUS).status_code == 404


def test_a_refused_wish_leaves_the_upload_and_no_source(site: RehearsedSite) -> None:
    number = site.upload()
    before = site.stored()
    for wrong in ({"group": "nobody"}, {"from_s": 1000}, {"from_s": 2, "to_s": 1}):
        answer = site.http.post("/videos", json={"upload_id": number, **wrong})
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"]
        assert site.stored() == before
    assert site.http.post("/videos", json={"upload_id": number}).status_code == 202
    assert not any("/part-" in key for key in site.stored())


def test_whoever_missed_the_answer_submits_the_upload_again(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"upload_id": site.upload()}
    first = site.http.post("/videos", json=asked).json()
    again = site.http.post("/videos", json=asked)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert offset(site, asked["upload_id"]) == len(b"a stage")  # nothing is left to send
    with pytest.raises(NotThere):
        site.house.uploads.find(asked["upload_id"], by="Lee")
    now = uploads_module.time.time()
    monkeypatch.setattr(uploads_module.time, "time", lambda: now + LIFETIME_S + 1)
    assert site.http.post("/videos", json=asked).status_code == 404
    site.house.sweep()
    assert not any(key.startswith("uploads/") for key in site.stored())


def test_an_upload_whose_video_was_deleted_begins_again(site: RehearsedSite) -> None:
    asked = {"upload_id": site.upload()}
    video = site.http.post("/videos", json=asked).json()
    used = site.house.uploads.find(asked["upload_id"], "")
    assert site.http.delete(f"/videos/{video['id']}").status_code == 204
    assert site.http.head(f"/uploads/{asked['upload_id']}", headers=TUS).status_code == 404
    assert site.http.post("/videos", json=asked).status_code == 404
    before = site.stored()
    with pytest.raises(NotThere), site.house.uploads.source(used):  # deleted after it was found
        pass
    assert site.stored() == before


@pytest.mark.parametrize("is_first", [True, False])
def test_who_is_refused_does_not_take_the_file_from_who_brings_it_too(
    site: RehearsedSite, is_first: bool
) -> None:
    refused, other = (site.house.uploads.find(site.upload(), "") for _ in range(2))
    with ExitStack() as taken:
        if not is_first:
            taken.enter_context(site.house.uploads.source(other))
        with pytest.raises(Refused), site.house.uploads.source(refused) as digest:
            if is_first:
                taken.enter_context(site.house.uploads.source(other))
            raise Refused("no")
        assert site.objects.get(keys.source(digest)) == b"a stage"
    assert site.objects.get(keys.source(digest)) == b"a stage"
    assert list(site.objects.list(keys.upload(digest))) == []


def test_who_comes_while_the_file_is_taken_away_finds_it_again(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, other = (site.house.uploads.find(site.upload(), "") for _ in range(2))
    key, delete = keys.source(sha256(b"a stage")), site.objects.delete
    with ExitStack() as taken:

        def delete_after_another_has_come(name: str) -> None:
            if name == key:
                taken.enter_context(site.house.uploads.source(other))
            delete(name)

        monkeypatch.setattr(site.objects, "delete", delete_after_another_has_come)
        with pytest.raises(Refused), site.house.uploads.source(refused):
            raise Refused("no")
        assert site.objects.get(key) == b"a stage"
    assert site.objects.get(key) == b"a stage"


def test_nothing_stays_of_a_file_that_all_who_brought_it_were_refused(site: RehearsedSite) -> None:
    numbers = [site.upload() for _ in range(2)]
    before = site.stored()
    with pytest.raises(Refused), ExitStack() as all_refused:
        for number in numbers:
            upload = site.house.uploads.find(number, "")
            all_refused.enter_context(site.house.uploads.source(upload))
        raise Refused("no")
    assert site.stored() == before


def test_who_died_over_bringing_a_file_is_forgotten(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = site.house.uploads.find(site.upload(), "")
    before = site.stored()
    site.objects.put(keys.brought(sha256(b"a stage"), int(time.time()), "0"), b"")
    site.house.sweep()
    assert site.stored() > before
    now = time.time()
    monkeypatch.setattr(uploads_module.time, "time", lambda: now + 3601)
    with pytest.raises(Refused), site.house.uploads.source(upload) as digest:
        raise Refused("no")
    assert keys.source(digest) not in site.stored()
    site.house.sweep()
    assert site.stored() == before


def test_while_the_store_is_away_a_file_is_neither_a_video_nor_lost(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise ObjectsAway("no route to it")

    asked = {"upload_id": site.upload()}
    with monkeypatch.context() as going:
        going.setattr(uploads_module, "holds", away)
        assert site.http.post("/videos", json=asked).status_code == 503
    assert site.http.post("/videos", json=asked).status_code == 202


def test_a_part_that_was_taken_away_meanwhile_is_missed(site: RehearsedSite) -> None:
    number = begin(site, 20)
    for at in (0, 10):
        send(site, number, at, bytes(10))
    upload = site.house.uploads.find(number, "")
    site.objects.delete(f"{keys.upload(number)}part-{10:020}")
    with pytest.raises(Problem) as refused, site.house.uploads.source(upload):
        pass
    assert refused.value.status == 409


def test_a_part_that_another_request_left_behind_is_none_of_the_file(site: RehearsedSite) -> None:
    number, content = begin(site, 20), bytes(range(20))
    for at in (0, 10):
        send(site, number, at, content[at : at + 10])
    site.objects.put(f"{keys.upload(number)}part-{15:020}", bytes(5))
    with site.house.uploads.source(site.house.uploads.find(number, "")) as digest:
        assert digest == sha256(content)


def test_an_unfinished_upload_is_no_video(site: RehearsedSite) -> None:
    number = begin(site, 10)
    send(site, number, 0, bytes(4))
    answer = site.http.post("/videos", json={"upload_id": number})
    assert answer.status_code == 409
    assert "4 of 10" in answer.json()["detail"]
