"""A site with the counted stage on it, at an address of its own, and a browser that looks at it."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserType, sync_playwright

from counted_stage import GROUP, CountedStage, film_of, write_models
from inyourarea.embedded.serving import Site, add_video, open_site
from inyourarea.gateway.pages import DIST
from inyourarea.gateway.settings import GatewaySettings
from servers import served
from slow_wire import Tap

#: Seconds that a run may take on a busy machine.
PATIENCE_S = 300
#: No GPU, nothing asked of the network, and no tap on the glass before a video plays.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


class NoBrowser(Exception):
    """The page can not be looked at here; the text says what to do."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium.

    Raises:
        NoBrowser: there is none, or the page has not been built.
    """
    if not (DIST / "index.html").is_file():
        raise NoBrowser("the page has not been built: make web")
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


def launch(chromium: BrowserType, *flags: str) -> Browser:
    """One that was started with more flags.

    Raises:
        NoBrowser: there is none here.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise NoBrowser("there is no Chromium here: apt-get install chromium")
    return chromium.launch(executable_path=found, args=[*_FLAGS, *flags])


@dataclass(frozen=True)
class PlayerSite:
    """A site that listens, and what is known of it."""

    url: str
    site: Site
    api: httpx.Client
    #: Through which all bytes of the site go.
    tap: Tap

    def get(self, path: str) -> Any:
        """What the API answers."""
        answer = self.api.get(self.url + path if path.startswith("/api/") else path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def video(self) -> str:
        """The only video's id."""
        return str(self.get("/videos")["items"][0]["id"])

    def watch(self, video: str = "") -> Any:
        """What the page is told of a video."""
        return self.get(f"/videos/{video or self.video}/watch")

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until it is so."""
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, "it takes too long"
            time.sleep(0.1)

    def is_made(self, video: str) -> bool:
        """Whether the video's newest run is finished, with all that browsers play."""
        told = self.get(f"/videos/{video}")
        assert told["state"] in ("working", "ready"), told["failure"]
        if told["state"] == "working" or told["stage"] is None:
            return False
        people = self.watch(video)["people"]
        return all(fancam["hls_url"] for person in people for fancam in person["fancams"])


@contextmanager
def player_site(folder: Path, **settings: Any) -> Iterator[PlayerSite]:
    """The site on the store in a folder; the model of the heads lies beside it."""
    wanted = GatewaySettings(**{"trusts_this_machine": True, **settings})
    with ExitStack() as opened:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("INYOURAREA_MODELS", str(folder / "models"))
            site = opened.enter_context(open_site(folder / "data", wanted))
        tap = Tap(site.app)
        with (
            served(tap) as url,  # type: ignore[arg-type]
            httpx.Client(base_url=f"{url}/api/v1", timeout=60) as api,
        ):
            yield PlayerSite(url, site, api, tap)
            tap.release()


def make(folder: Path, stage: CountedStage, title: str) -> None:
    """The stage is filmed, its fancams are made, and both lie in the folder."""
    folder.mkdir(parents=True)
    write_models(folder / "models")
    film = folder / f"{title}.mp4"
    film.write_bytes(film_of(stage))
    with player_site(folder) as site:
        video = add_video(site.site, film, GROUP)
        site.until(lambda: site.is_made(video))


def make_once(folder: Path, stage: CountedStage, title: str) -> Path:
    """The same by whichever of several processes comes first; the others wait for it."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # one that was stopped on the way
            make(folder, stage, title)
            (folder / "made").touch()
    return folder
