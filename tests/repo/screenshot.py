"""Writes docs/screenshot.png: the watch page with the show that `make demo` draws."""

import subprocess
import sys
from pathlib import Path

import cv2
from playwright.sync_api import Page

from inyourarea.embedded.serving import add_video, open_site
from inyourarea.gateway.settings import GatewaySettings
from player_site import chromium
from servers import served

_ROOT = Path(__file__).parents[2]
_SHOW, _OUT = _ROOT / "demo" / "show", _ROOT / "demo" / "out"
_PICTURE = _ROOT / "docs" / "screenshot.png"
#: As `make demo` draws it.
_DRAW = ("--seed", "1", "--members", "4", "--seconds", "12", "--setting", "hard")
#: A moment in which everybody is on stage, in seconds, and who is watched.
_MOMENT_S, _MEMBER_KEY = 2.17, "3"
_WINDOW = {"width": 1180, "height": 830}
_IS_MADE = """async video => {
  const found = await (await fetch(`/api/v1/videos/${video}`)).json();
  return found.state === "ready" && found.stage !== null; }"""
#: Bytes that the README may cost its readers.
_MOST_BYTES = 300_000


def main() -> None:
    """Draw the show and make its fancams where that was not done; look at them."""
    stage = _SHOW / "stage.mp4"
    if not stage.is_file():
        words = [sys.executable, "-m", "inyourarea.cli", "stage-show", "--out", str(_SHOW)]
        subprocess.run([*words, *_DRAW], check=True)
    settings = GatewaySettings(trusts_this_machine=True)
    with open_site(_OUT, settings) as site, served(site.app) as url, chromium() as browser:
        video = add_video(site, stage, "show")
        context = browser.new_context(viewport=_WINDOW, locale="en-US")  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(url)
        while not page.evaluate(_IS_MADE, video):
            page.wait_for_timeout(1000)
        page.request.patch(f"{url}/api/v1/videos/{video}", data={"title": "The show"})
        page.goto(f"{url}/watch/{video}")
        photograph(page)


def photograph(page: Page) -> None:
    """The page at the moment, in as few bytes as a README should have."""
    page.wait_for_selector("[data-testid=fancam-canvas]")
    page.keyboard.press(_MEMBER_KEY)
    end = float(page.get_attribute("[data-testid=timeline]", "aria-valuemax") or 1)
    track = page.locator("[data-testid=timeline]")
    box = track.bounding_box()
    assert box is not None
    track.click(position={"x": box["width"] * _MOMENT_S / end, "y": box["height"] / 2})
    page.wait_for_timeout(2000)
    page.screenshot(path=_PICTURE)
    # Noise costs most: grey levels that nobody sees are given up until it is small enough.
    picture = cv2.imread(str(_PICTURE))
    assert picture is not None
    for step in (1, 2, 4, 6, 8, 12, 16):
        best = [cv2.IMWRITE_PNG_COMPRESSION, 9]
        cv2.imwrite(str(_PICTURE), picture // step * step + step // 2, best)
        if _PICTURE.stat().st_size <= _MOST_BYTES:
            return
    raise SystemExit(f"{_PICTURE} is larger than {_MOST_BYTES} bytes")


if __name__ == "__main__":
    main()
