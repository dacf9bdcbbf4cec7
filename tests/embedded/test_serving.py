"""The whole site on the small show: what a browser does from the upload to the deletion."""

import base64
import csv
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from inyourarea.embedded.serving import open_site
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import SmallShow, inyourarea

TUS = {"Tus-Resumable": "1.0.0"}
#: Seconds that any step may take on a busy machine.
_PATIENCE_S = 120

pytestmark = pytest.mark.slow


class Browser:
    """A client of a site that listens on loopback."""

    def __init__(self, address: str, sweep: Callable[[], None]) -> None:
        self.address = address
        self.sweep = sweep
        self.http = httpx.Client(base_url=f"{address}/api/v1", timeout=_PATIENCE_S)

    def get(self, url: str) -> Any:
        answer = self.http.get(url if url.startswith("/videos") else self.address + url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, file: Path) -> str:
        """The file in two pieces, as after a broken connection."""
        content = file.read_bytes()
        name = base64.b64encode(file.name.encode()).decode()
        metadata = {"Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"}
        place = self.http.post("/uploads", headers={**TUS, **metadata}).headers["location"]
        half = len(content) // 2
        for piece in (content[:half], content[half:]):
            asked = self.http.head(self.address + place, headers=TUS)
            offset = {"Upload-Offset": asked.headers["upload-offset"]}
            kind = {"Content-Type": "application/offset+octet-stream"}
            answer = self.http.patch(
                self.address + place, headers={**TUS, **offset, **kind}, content=piece
            )
            assert answer.status_code == 204
        return str(place.rsplit("/", 1)[1])

    def submit(self, file: Path, **asked: object) -> Any:
        answer = self.http.post("/videos", json={"upload_id": self.upload(file), **asked})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def events(self, video: str) -> Iterator[Any]:
        """The video as it goes on, until it is no longer worked on."""
        with self.http.stream("GET", f"/videos/{video}/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    told = json.loads(line[6:])
                    yield told
                    if told.get("state") != "working":
                        return

    def until(self, video: str, is_so: Callable[[Any], bool]) -> Any:
        for told in self.events(video):
            if is_so(told):
                return told
        raise AssertionError(f"it ended as {told}")

    def ready(self, video: str) -> Any:
        last = list(self.events(video))[-1]
        assert last["state"] == "ready", last["failure"]
        return last

    def done(self, told: Any, stage: str) -> int:
        return int(next(one["done"] for one in told["progress"] if one["stage"] == stage))


@contextmanager
def site(folder: Path) -> Iterator[Browser]:
    """A site on a folder, at a port of its own."""
    with open_site(folder, GatewaySettings(trusts_everybody=True)) as opened:
        config = uvicorn.Config(
            opened.app, port=0, log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        browser = Browser(f"http://127.0.0.1:{port}", opened.house.sweep)
        try:
            yield browser
        finally:
            browser.http.close()
            server.should_exit = True
            thread.join()


def stored(folder: Path) -> set[str]:
    return set(FolderObjects(folder / ".inyourarea").list(""))


@pytest.fixture(scope="module")
def made(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line makes of the same bytes."""
    out = tmp_path_factory.mktemp("made") / "out"
    inyourarea("run", small_show.video, "--group", "show", "--out", out)
    return out


def test_who_is_approved_keeps_her_fancam_to_the_last_byte(
    small_show: SmallShow, made: Path, tmp_path: Path
) -> None:
    with site(shutil.copytree(made, tmp_path / "out")) as browser:
        video = browser.submit(small_show.video, group="show")["id"]
        revision = browser.ready(video)["revision"]
        before = browser.get(f"/videos/{video}/watch")
        approved, other = before["people"][:2]
        for span in approved["spans"]:
            browser.http.post(f"/videos/{video}/spans/{span['id']}/confirm").raise_for_status()
        answer = browser.http.post(f"/videos/{video}/people/{approved['id']}/approve")
        revision += len(approved["spans"]) + 1
        assert answer.status_code == 200, answer.text
        pins = [{"of": other["id"], "from_s": 0.5, "to_s": 1, "nobody": True}]
        asked = {"revision": revision, "pins": pins}
        answer = browser.http.put(f"/videos/{video}/pins", json=asked)
        assert answer.status_code == 202, answer.text
        browser.ready(video)
        after = browser.get(f"/videos/{video}/watch")
        assert after["run_id"] != before["run_id"]
        films = [
            {
                person["id"]: browser.http.get(
                    browser.address + person["fancams"][0]["url"]
                ).content
                for person in watch["people"]
            }
            for watch in (before, after)
        ]
        assert films[0][approved["id"]] == films[1][approved["id"]]
        assert films[0][other["id"]] != films[1][other["id"]]


def test_from_the_upload_to_a_corrected_fancam(
    small_show: SmallShow, made: Path, tmp_path: Path
) -> None:
    with site(tmp_path) as browser:
        video = browser.submit(small_show.video, group="show", title="The show")["id"]
        told = list(browser.events(video))
        assert told[-1]["state"] == "ready", told[-1]["failure"]
        assert all(one["done"] == one["total"] for one in told[-1]["progress"])
        counts = [sum(one["done"] for one in event["progress"]) for event in told]
        assert counts == sorted(counts)
        assert len(told) > 3

        watch = browser.get(f"/videos/{video}/watch")
        assert_cameras_are_those_of_the_command_line(browser, watch, made)
        for person in watch["people"]:
            fancam = browser.http.get(browser.address + person["fancams"][0]["url"])
            assert fancam.content == (made / "fancams" / f"{person['label']}.mp4").read_bytes()

        first = {person["id"]: person for person in watch["people"]}
        somebody = watch["people"][0]
        pins = [{"of": somebody["id"], "from_s": 0.5, "to_s": 1, "nobody": True}]
        asked = {"revision": told[-1]["revision"], "pins": pins}
        preview = browser.http.post(f"/videos/{video}/pins/preview", json=asked).json()
        assert {change["person"] for change in preview["changes"]} >= {somebody["id"]}
        pieces = {key for key in stored(tmp_path) if key.startswith("pieces/")}
        started = time.process_time()
        assert browser.http.put(f"/videos/{video}/pins", json=asked).status_code == 202
        at_once = browser.get(f"/videos/{video}/watch")
        assert at_once["run_id"] != watch["run_id"]  # the virtual fancam has it already
        assert time.process_time() - started < 10
        browser.ready(video)
        drawn = {key for key in stored(tmp_path) if key.startswith("pieces/")} - pieces
        assert 0 < len(drawn) <= preview["segments"]["changed"] * len(first)
        corrected = browser.get(f"/videos/{video}/watch")["people"]
        states = next(one["states"] for one in corrected if one["id"] == somebody["id"])
        assert states != somebody["states"]


def assert_cameras_are_those_of_the_command_line(browser: Browser, watch: Any, made: Path) -> None:
    camera = browser.get(watch["camera_url"]["9x16"])
    names = {person["id"]: person["label"] for person in watch["people"]}
    with (made / "camera.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert camera["unit"] == 16
    assert {names[person] for person in camera["people"]} == {row["name"] for row in rows}
    for person, path in camera["people"].items():
        windows = np.array(path["windows"]).reshape(-1, 4).cumsum(axis=0) / camera["unit"]
        mine = [row for row in rows if row["name"] == names[person]]
        expected = [[float(row[side]) for side in ("x1", "y1", "x2", "y2")] for row in mine]
        np.testing.assert_array_equal(windows, expected)
        pts = np.array(watch["times"]["pts"]).cumsum()
        theirs = np.array([int(row["pts"]) for row in mine])
        np.testing.assert_array_equal(pts, theirs - theirs[0])


def test_cancelled_tried_again_over_a_restart_and_deleted(
    small_show: SmallShow, made: Path, tmp_path: Path
) -> None:
    with site(tmp_path) as browser:
        video = browser.submit(small_show.video, group="show")["id"]
        browser.until(video, lambda told: browser.done(told, "reading frames") > 0)
        cancelled = browser.http.post(f"/videos/{video}/cancel").json()
        assert cancelled["state"] == "cancelled"
        assert not any("published" in key for key in at_rest(tmp_path))
        assert browser.http.post(f"/videos/{video}/cancel").status_code == 409
        again = browser.http.post(f"/videos/{video}/retry").json()
        assert again["state"] == "working"
    # The site goes down as soon as it is begun again, wherever that run is, and comes up again.
    with site(tmp_path) as browser:
        browser.ready(video)
        watch = browser.get(f"/videos/{video}/watch")
        assert_cameras_are_those_of_the_command_line(browser, watch, made)
        other = tmp_path / "other.mp4"
        other.write_bytes(small_show.video.read_bytes() + b"\0\0\0\x08free")
        late = browser.submit(other, group="show")["id"]
        assert late != video
        browser.until(late, lambda told: browser.done(told, "reading frames") > 0)
        for one in (late, video):
            assert browser.http.delete(f"/videos/{one}").status_code == 204
        assert browser.http.get(f"/videos/{video}/watch").status_code == 404
    with site(tmp_path) as browser:
        assert browser.get("/videos")["items"] == []
        end = time.monotonic() + _PATIENCE_S
        tombs = {f"deleted/{video}", f"deleted/{late}"}
        while (left := lasting(tmp_path)) != tombs and time.monotonic() < end:
            browser.sweep()  # a thread of the first site may still be at its unit
            time.sleep(0.5)
        assert left == tombs


def at_rest(folder: Path) -> set[str]:
    """All objects, once what was under way has come to its end and nothing follows."""
    before = set[str]()
    end = time.monotonic() + _PATIENCE_S
    while (now := stored(folder)) != before or any(key.startswith("attempts/") for key in now):
        assert time.monotonic() < end, "it goes on"
        before = now
        time.sleep(2)
    return before


def lasting(folder: Path) -> set[str]:
    """All objects but what is kept for an hour in case that a unit is still under way.

    And but for the mark that nothing is left of older programs, and the books.
    """
    kept = ("deletions/", ".lock", "swept/", "usage/")
    return {key for key in stored(folder) if not key.startswith(kept)}
