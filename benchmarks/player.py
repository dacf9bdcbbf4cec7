"""The player in Debian's Chromium: sync, changes of member, a grid of nine, the first frame.

Prints each figure beside its target, on a stage of nine members at 1080p30 whose pictures tell
their number. Whatever else the machine does is in the figures: give it nothing else to do. The
stage is made anew where ``--folder`` does not hold it yet (about ten minutes on two cores).
"""

import argparse
import gzip
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

import player_site as sites
from counted_stage import FPS, HEADS, CountedStage, shows
from inyourarea.gateway.pages import DIST
from pictures import FANCAM, STAGE, Pairs, Screencast, pairs_in, place_of
from player_site import PlayerSite, chromium, make_once, player_site
from watching import NOTES, Watching

#: Both stand on one screen, and nine in a grid are still readable.
_WINDOW = {"width": 1600, "height": 900}
#: Seconds that are looked at for two elements to be together again.
_RECOVERS_S = 5
#: Seconds over which callbacks are counted.
_COUNTED_S = 10
#: Counts what a video presents from now on.
_COUNT = """video => { globalThis.presented = 0;
  const next = () => video.requestVideoFrameCallback(() => { presented += 1; next(); });
  next(); }"""


def told(measure: str, target: str, found: str) -> None:
    """One line of the table."""
    print(f"{measure:<44} {target:>14} {found:>24}", flush=True)


@contextmanager
def page_of(browser: Browser, url: str) -> Iterator[Page]:
    """An address in a context of its own, whose cache is empty."""
    context = browser.new_context(viewport=_WINDOW, locale="en-US")  # type: ignore[arg-type]
    context.add_init_script(NOTES)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


@contextmanager
def watching(browser: Browser, site: PlayerSite, person: str = "Bo") -> Iterator[Watching]:
    """The watch page, as soon as it shows something."""
    with page_of(browser, f"{site.url}/watch/{site.video}?person={person}") as page:
        yield Watching(page).ready()


def virtual(browser: Browser, site: PlayerSite, seconds: float) -> None:
    """Stage and virtual fancam of one who goes to and fro, while it plays."""
    with watching(browser, site, "Ana") as page:
        pairs = page.virtual().play().record(seconds)
    found = f"{pairs.share_equal:.2%} of {len(pairs.stage)}"
    told("virtual: pictures 0 frames apart", ">= 99.9 %", found)


def encoded(browser: Browser, site: PlayerSite, seconds: float) -> None:
    """Stage and the fancam's own file, once both run."""
    with watching(browser, site) as page:
        page.encoded().play().page.wait_for_timeout(2000)
        before = len(page.seeks)
        with Screencast(page.page) as cast:
            page.page.wait_for_timeout(1000 * seconds)
        seeks = len(page.seeks) - before  # before pictures are read: at its end the film is sought
        pairs = pairs_in(cast.shots, place_of(page.page, STAGE), place_of(page.page, FANCAM))
    told(f"encoded: frames apart, p95 over {seconds:.0f} s", "<= 1", f"{pairs.percentile(95):g}")
    told("encoded: seeks meanwhile", "0", str(seeks))


def recovery_s(pairs: Pairs) -> float:
    """Seconds from the first picture to the last one in which both are more than a frame apart."""
    late = np.flatnonzero(np.abs(pairs.apart) > 1)
    # One late picture is what p95 allows; a stretch of them is a disturbance.
    late = late[np.convolve(np.abs(pairs.apart) > 1, np.ones(5))[4:][late].astype(int) >= 3]
    return pairs.at_s[int(late[-1])] - pairs.at_s[0] if late.size else 0.0


def recoveries(browser: Browser, site: PlayerSite) -> None:
    """How long both are apart after what may disturb them."""
    with watching(browser, site) as page:
        page.encoded().play().page.wait_for_timeout(2000)
        pairs = page.seek(12).record(_RECOVERS_S)
    told("encoded: together again after a seek", "<= 1 s", f"{recovery_s(pairs):.2f} s")
    url = next(one for one in site.watch()["people"] if one["name"] == "Bo")["fancams"][0]["url"]
    size = len(site.api.get(site.url + url).content)
    site.tap.hold("Bo-9x16.mp4", size // 3)
    with watching(browser, site) as page:
        page.encoded().play()
        page.until(lambda: page.is_paused)
        site.tap.release()
        page.until(lambda: not page.is_paused)
        pairs = page.record(_RECOVERS_S)
    told("encoded: together again after a stall", "<= 1 s", f"{recovery_s(pairs):.2f} s")
    with watching(browser, site) as page:
        page.encoded().play()
        page.hide()
        page.page.wait_for_timeout(30_000)
        page.come_back()
        pairs = page.record(_RECOVERS_S)
    told("encoded: together again after 30 s hidden", "<= 1 s", f"{recovery_s(pairs):.2f} s")


def change_s(page: Watching, key: str, member: str) -> float:
    """From the key to the first picture of the page with the other member in her fancam."""
    place = place_of(page.page, FANCAM)
    with Screencast(page.page) as cast:
        page.page.wait_for_timeout(200)
        pressed = time.time()
        page.press(key).page.wait_for_timeout(2000)
    for shot in cast.shots:
        if shot.at_s < pressed:
            continue
        columns = shows(place.cut(shot.picture), member).nonzero()[1]
        if columns.size > 50 and abs(columns.mean() / place.width - 0.5) < 0.3:
            return shot.at_s - pressed
    return float("inf")


def changes(browser: Browser, site: PlayerSite) -> None:
    """From a key to the member it means, both ways."""
    order = [("4", "Dami"), ("6", "Fei"), ("8", "Hana"), ("2", "Bo"), ("5", "Eun")]
    for way, target in (("virtual", "<= 100 ms"), ("encoded", "<= 1000 ms")):
        with watching(browser, site) as opened:
            page = opened.encoded() if way == "encoded" else opened.virtual()
            page.play().page.wait_for_timeout(1000)
            took = [1000 * change_s(page, key, member) for key, member in order]
        found = f"{statistics.median(took):.0f} ms, at most {max(took):.0f}"
        told(f"{way}: another member, first right picture", target, found)


def presented(page: Page, selector: str) -> int:
    """How many frames the video presents in ten seconds."""
    page.eval_on_selector(selector, _COUNT)
    page.wait_for_timeout(1000 * _COUNTED_S)
    return int(page.evaluate("presented"))


def grid(browser: Browser, site: PlayerSite) -> None:
    """Callbacks with nine fancams drawn, beside those of the element alone."""
    stage = site.watch()["video"]["stage"]["url"]
    with page_of(browser, f"{site.url}/about") as page:
        page.evaluate(
            "url => { const video = document.createElement('video'); video.src = url;"
            " video.style.width = '100%'; document.body.replaceChildren(video); }",
            stage,
        )
        page.eval_on_selector("video", "video => video.play()")
        bare = presented(page, "video")
    with watching(browser, site) as watch:
        watch.virtual().press("g").play()
        nine = presented(watch.page, "[data-testid=stage-video]")
    told("grid of 9: callbacks beside bare playback", ">= 0.98", f"{nine / bare:.3f} of {bare}")


def first_frame(browser: Browser, site: PlayerSite) -> None:
    """From asking for the watch page to stage and fancam on it."""
    took = []
    for _ in range(3):
        with page_of(browser, "about:blank") as page, Screencast(page) as cast:
            page.goto(f"{site.url}/watch/{site.video}?person=Bo")
            began = page.evaluate("performance.timeOrigin") / 1000
            page.wait_for_timeout(4000)
            places = place_of(page, STAGE), place_of(page, FANCAM)
            pairs = pairs_in(cast.shots, *places)
        took.append(pairs.at_s[0] - began if pairs.at_s else float("inf"))
    told("first frame, empty cache", "<= 1.5 s", f"{statistics.median(took):.2f} s")


def script_size() -> None:
    """What the page must fetch before it can do anything."""
    own = [file for file in (DIST / "assets").glob("*.js") if not file.name.startswith("hls")]
    size = sum(len(gzip.compress(file.read_bytes())) for file in own)
    told("script before hls.js, gzip", "<= 150 kB", f"{size / 1000:.0f} kB")


def main() -> None:
    """Measure, in the order of the issue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench-player"))
    parser.add_argument("--seconds", type=float, default=60, help="of steady playing")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    shots = (args.seconds + 8,)  # it must not end while it is looked at
    stage = CountedStage(members=tuple(HEADS), size=(1920, 1080), shots=shots)
    assert stage.frames < 2048, f"at most {2047 // FPS} s"
    sites.PATIENCE_S = 3600
    folder = make_once(args.folder.resolve() / "stage", stage, "A stage of nine")
    told("measure", "target", "found")
    measures: list[Callable[[Browser, PlayerSite], None]] = [recoveries, changes, grid, first_frame]
    with chromium() as browser, player_site(folder) as site:
        virtual(browser, site, args.seconds)
        encoded(browser, site, args.seconds)
        for measure in measures:
            measure(browser, site)
    script_size()


if __name__ == "__main__":
    main()
