"""A pin in a video of a minute: how soon the virtual fancam is right, and how soon the file is.

`inyourarea serve`, in a process of its own, makes the fancams of a drawn stage of 1080p on which
two members are taken for each other for a moment; in Chromium that stretch is given to the right
one.
Prints each figure beside its target. Whatever else the machine does is in the figures: give it
nothing else to do.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from counted_stage import FPS, GROUP, HEADS, CountedStage, film_of, shows, write_models
from inyourarea.client import Client, Video, Wishes
from own_servers import free_ports
from pictures import FANCAM, Screencast, place_of
from player_site import chromium
from watching import Watching

_WINDOW = {"width": 1600, "height": 1300}
#: Seconds in which two members wear each other's heads: less than half of a segment of about four.
_WRONG_S = 1.5
#: Of the wrong stretch this much is left out at both ends of what is marked on the timeline.
_INSIDE_S = 0.1
#: Seconds for which the page is looked at after the click.
_LOOKED_S = 6
_PATIENCE_S = 3600


def stage_of(seconds: float, height: int) -> CountedStage:
    """Three members; Ana and Bo are taken for each other in a shot of three seconds, half way.

    It ends where a segment does, and a correction moves no window of another shot: one segment has
    to be drawn again. Three stand so far apart that the window of one has no other head in it.
    """
    half = 4 * round(seconds / 8) + 1
    shots = (half - 2, 2, 3, seconds - half - 3)
    size = (height * 16 // 9, height)
    return CountedStage(tuple(HEADS)[:3], size, shots, swapped_s=_WRONG_S, swapped_shot=2)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a site that lies in the folder, as anybody starts it."""
    write_models(folder / "models")
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "inyourarea.cli", "serve", f"--port={port}"]
    environment = {**os.environ, "INYOURAREA_MODELS": str(folder / "models")}
    url = f"http://127.0.0.1:{port}"
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*words, f"--data={folder / 'data'}"], env=environment, stdout=log, stderr=log
        )
        try:
            until(lambda: _answers(url), "the site does not start")
            yield url
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/me").status_code == 200
    except httpx.TransportError:
        return False


def until(is_so: Callable[[], object], otherwise: str) -> None:
    """Waits until it is so."""
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


def made(client: Client, film: Path) -> tuple[Video, float]:
    """The video with its fancams, and the seconds since it was submitted."""
    upload = client.submit(film, Wishes(title="Pinned", group=GROUP))
    began = time.monotonic()
    video = client.wait(upload.id)
    if video.state != "ready":
        raise RuntimeError(video.failure)
    return video, time.monotonic() - began


@dataclass
class Ready:
    """When a newer run of the video has all its fancams, looked at beside what else is done."""

    address: str
    run: str
    at_s: float = float("inf")

    def __enter__(self) -> "Ready":
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _look(self) -> None:
        def is_ready() -> bool:
            told = httpx.get(self.address).json()
            return bool(told["run_id"] != self.run and told["state"] == "ready")

        until(is_ready, "the correction is not drawn")
        self.at_s = time.time()


def prepare(browser: Browser, url: str, stage: CountedStage) -> tuple[Watching, str]:
    """Ana's wrong stretch is said to be Bo's, who is shown; what the page says is drawn again."""
    begins = stage.swap_starts / FPS
    page = browser.new_page(viewport=_WINDOW, locale="en-US")  # type: ignore[arg-type]
    page.goto(f"{url}?person=Ana")
    watching = Watching(page).ready().virtual().correcting()
    watching.mark(begins + _INSIDE_S, begins + _WRONG_S - _INSIDE_S)
    page.click("[data-testid=stretch] [data-testid=is-Bo]")
    page.wait_for_selector("[data-testid=preview] .changes li")
    # In the middle: at the stretch's ends Bo's window is on its way to her other place.
    watching.press("2").seek(begins + _WRONG_S / 2).until(lambda: watching.member() == "Bo")
    page.wait_for_selector("[data-testid=apply]:enabled")
    return watching, page.inner_text("[data-testid=segments]")


def apply(watching: Watching) -> tuple[float, float]:
    """When the correction was applied, and when Bo's virtual fancam first showed the right head.

    That is Ana's, in the middle: hers is the head that Bo wears in the stretch.
    """
    page = watching.page
    place = place_of(page, FANCAM)
    with Screencast(page) as cast:
        page.wait_for_timeout(200)
        clicked = time.time()
        page.click("[data-testid=apply]")
        page.wait_for_timeout(1000 * _LOOKED_S)
    for shot in cast.shots:
        columns = shows(place.cut(shot.picture), "Ana").nonzero()[1]
        is_hers = columns.size > 50 and abs(columns.mean() / place.width - 0.5) < 0.1
        if is_hers and shot.at_s > clicked:
            return clicked, shot.at_s
    return clicked, float("inf")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="below which the site lies while it is used")
    parser.add_argument("--seconds", type=float, default=60, help="that the stage lasts")
    parser.add_argument("--height", type=int, default=1080, help="of its picture in pixels")
    args = parser.parse_args()
    stage = stage_of(args.seconds, args.height)
    if args.folder:
        args.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.folder) as name, chromium() as browser:
        folder = Path(name)
        film = folder / "stage.mp4"
        film.write_bytes(film_of(stage))
        with serving(folder) as url, Client(url, notes=folder / "notes") as client:
            video, first_s = made(client, film)
            address = f"{url}/api/v1/videos/{video.id}"
            until(lambda: httpx.get(address).json()["stage"], "there is no stage to watch")
            watching, drawn_again = prepare(browser, f"{url}/watch/{video.id}", stage)
            with Ready(address, video.run_id) as ready:
                clicked, shown = apply(watching)
            again_s = ready.at_s - clicked
    share = f"{again_s / first_s:.1%}: {again_s:.1f} of {first_s:.1f} s"
    for line in (
        ("measure", "target", "found"),
        ("pin: drawn again", "<= 10 %", drawn_again.removesuffix(" are drawn again")),
        ("pin: virtual fancam right", "<= 2 s", f"{shown - clicked:.2f} s"),
        ("pin: encoded, of the first run", "<= 20 %", share),
    ):
        print("{:<34} {:>10} {:>28}".format(*line))


if __name__ == "__main__":
    main()
