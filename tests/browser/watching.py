"""The watch page in the hands of a test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Page

from counted_stage import FPS, HEADS, read_number, shows
from inyourarea.gateway.pages import DIST
from pictures import FANCAM, STAGE, Pairs, photograph, place_of, record_pairs, screenshot

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
#: Run in every page before its own script: what its policy forbade, and which elements were sought.
OpenPage = Callable[..., Page]

NOTES = """
globalThis.blocked = [];
document.addEventListener("securitypolicyviolation", event =>
  blocked.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
globalThis.seeks = [];
document.addEventListener("seeking", event => seeks.push(event.target.dataset.testid), true);
"""
#: What a browser does to a page that nobody sees, as headless Chromium can not: the page is told,
#: and its silent video rests.
_HIDE = """hidden => {
  const told = { hidden, visibilityState: hidden ? "hidden" : "visible" };
  for (const [name, value] of Object.entries(told))
    Object.defineProperty(document, name, { configurable: true, get: () => value });
  if (hidden) document.querySelector("[data-testid=fancam-video]").pause();
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass(frozen=True)
class Watching:
    """A watch page that is open."""

    page: Page

    def ready(self) -> "Watching":
        """Stage and fancam show a frame."""
        self.page.wait_for_selector(FANCAM)
        self.until(lambda: self.numbers()[0] is not None and self.numbers()[1] is not None)
        return self

    def until(self, is_so: Callable[[], bool], timeout_s: float = 20) -> None:
        """Waits until it is so; the page goes on meanwhile."""
        for _ in range(round(timeout_s / 0.05)):
            if is_so():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("it does not become so")

    def press(self, *keys: str) -> "Watching":
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def numbers(self) -> tuple[int | None, int | None]:
        """The numbers of the frames that stage and fancam show now."""
        picture = photograph(self.page)
        stage, fancam = place_of(self.page, STAGE), place_of(self.page, FANCAM)
        return read_number(stage.cut(picture)), read_number(fancam.cut(picture))

    def shows(self, frame: int) -> bool:
        """Whether both show that frame."""
        return self.numbers() == (frame, frame)

    def at(self, frame: int) -> "Watching":
        """Both show that frame."""
        self.until(lambda: self.shows(frame))
        return self

    def heads(self, selector: str = FANCAM) -> dict[str, float]:
        """Who is in the picture, and how far from its left edge as a share of its width."""
        picture = screenshot(self.page, selector)
        found = {}
        for name in HEADS:
            there = shows(picture, name)
            rows, columns = there.nonzero()
            if len(rows) > 30 and np.ptp(rows) > 4:  # an edge of something is no head
                found[name] = float(columns.mean()) / picture.shape[1]
        return found

    def member(self, selector: str = FANCAM) -> str | None:
        """Whose head is nearest to the middle of the fancam."""
        heads = self.heads(selector)
        return min(heads, key=lambda name: abs(heads[name] - 0.5), default=None)

    def seek(self, seconds: float) -> "Watching":
        """By a click on the timeline."""
        track = self.page.locator("[data-testid=timeline]")
        box = track.bounding_box()
        assert box is not None
        end = float(self.page.locator("[data-testid=timeline]").get_attribute("aria-valuemax") or 1)
        x = box["width"] * (seconds + 0.5 / FPS) / end
        track.click(position={"x": x, "y": box["height"] / 2})
        self.page.mouse.move(0, 0)  # a small picture of the moment lies over the stage meanwhile
        return self

    def correcting(self) -> "Watching":
        """The tools for corrections are there."""
        self.press("e")
        self.page.wait_for_selector("[data-testid=edit-panel]")
        self.page.wait_for_selector(".face-box")
        return self

    def mark(self, first_s: float, last_s: float) -> "Watching":
        """A stretch is dragged over on the timeline."""
        box = self.page.locator("[data-testid=timeline]").bounding_box()
        assert box is not None
        end = float(self.page.get_attribute("[data-testid=timeline]", "aria-valuemax") or 1)
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + box["width"] * first_s / end, y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + box["width"] * (first_s + last_s) / 2 / end, y)
        self.page.mouse.move(box["x"] + box["width"] * last_s / end, y)
        self.page.mouse.up()
        return self

    def virtual(self) -> "Watching":
        """The fancam is cut from the stage, also where a busy machine would do without."""
        self.page.select_option("[data-testid=mode-choice]", "virtual")
        self.page.wait_for_selector("[data-testid=fancam-canvas]")
        return self

    def encoded(self) -> "Watching":
        """The fancam's own file is shown."""
        self.page.select_option("[data-testid=mode-choice]", "encoded")
        self.page.wait_for_selector("[data-testid=fancam-video]")
        self.until(lambda: None not in self.numbers())
        return self

    def play(self) -> "Watching":
        """It plays, and the clock runs."""
        self.press("Space")
        before = self.clock
        self.until(lambda: self.clock > before)
        return self

    @property
    def clock(self) -> float:
        """Media seconds of the stage's element."""
        return float(
            self.page.eval_on_selector("[data-testid=stage-video]", "it => it.currentTime")
        )

    @property
    def is_paused(self) -> bool:
        """Whether the stage's element rests."""
        found = self.page.eval_on_selector("[data-testid=stage-video]", "it => it.paused")
        return bool(found)

    @property
    def seeks(self) -> list[Any]:
        """Which elements were sought since the page was opened, in order."""
        found: list[Any] = self.page.evaluate("seeks")
        return found

    @property
    def lost_frames(self) -> int:
        """How many frames of either video never came on screen."""
        lost = "all => Math.max(...all.map(it => it.getVideoPlaybackQuality().droppedVideoFrames))"
        return int(self.page.eval_on_selector_all("video", lost))

    def record(self, seconds: float) -> Pairs:
        """What both show while it plays for so long."""
        return record_pairs(self.page, seconds)

    def hide(self) -> None:
        """Another tab is looked at; both files play."""
        self.page.evaluate(_HIDE, True)

    def come_back(self) -> None:
        """This tab is looked at again."""
        self.page.evaluate(_HIDE, False)


def serious(page: Page) -> list[Any]:
    """What axe-core calls serious or critical, and where."""
    # By the debugger, to which the page's own policy does not speak.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (one["id"], node["target"], node.get("failureSummary"))
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
