"""What a page shows, read from pictures of the page itself: screenshots and a screencast."""

import base64
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Error, Page

from counted_stage import Picture, read_number

STAGE = ".stage .picture"
FANCAM = ".fancam .picture, .fancam video"


@dataclass(frozen=True)
class Shot:
    """A picture of the page and when it was taken, in seconds of the machine's clock."""

    at_s: float
    picture: Picture


@dataclass(frozen=True)
class Place:
    """Where something is on the page, in pixels of its pictures."""

    x: float
    y: float
    width: float
    height: float

    def cut(self, picture: Picture) -> Picture:
        """That part of a picture of the page."""
        left, top = max(0, round(self.x)), max(0, round(self.y))
        return picture[top : round(self.y + self.height), left : round(self.x + self.width)]


def place_of(page: Page, selector: str) -> Place:
    """Where the element is, also while it is redrawn all the time.

    It is waited for: a player that goes over to encoded fancams has none for a moment.
    """
    for _ in range(400):
        box = page.evaluate(
            "one => { const it = document.querySelector(one)?.getBoundingClientRect(); "
            "return it ? [it.x, it.y, it.width, it.height] : null; }",
            selector,
        )
        if box:
            return Place(*box)
        page.wait_for_timeout(50)
    raise AssertionError(f"the page shows no {selector}")


def photograph(page: Page) -> Picture:
    """What can be seen of the page now."""
    return _decoded(page.screenshot(type="png"))


def screenshot(page: Page, selector: str) -> Picture:
    """The element as the page shows it now, without what is around it."""
    return place_of(page, selector).cut(photograph(page))


def _decoded(content: bytes) -> Picture:
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.ascontiguousarray(found[..., ::-1]).astype(np.uint8)


@dataclass
class Screencast:
    """Pictures of the page as Chromium composes them, while the `with` lasts."""

    page: Page
    coded: list[tuple[float, str]] = field(default_factory=list)

    def __enter__(self) -> "Screencast":
        self._session = self.page.context.new_cdp_session(self.page)
        self._session.on("Page.screencastFrame", self._take)
        self._session.send("Page.startScreencast", {"format": "jpeg", "quality": 92})
        return self

    def _take(self, frame: dict[str, Any]) -> None:
        self.coded.append((frame["metadata"]["timestamp"], frame["data"]))
        with contextlib.suppress(Error):  # the page may have been closed meanwhile
            self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def __exit__(self, *_: object) -> None:
        self._session.send("Page.stopScreencast")
        self._session.detach()

    @property
    def shots(self) -> list[Shot]:
        """All pictures so far, decoded."""
        coded = sorted(self.coded)  # they may come out of order
        return [Shot(at_s, _decoded(base64.b64decode(data))) for at_s, data in coded]


@dataclass(frozen=True)
class Pairs:
    """The numbers that stage and fancam showed at the same time, one pair per picture."""

    at_s: list[float]
    stage: list[int]
    fancam: list[int]
    #: Pictures of which one of both could not be read.
    unread: int

    @property
    def apart(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Frames by which the fancam is ahead, (pictures,)."""
        return np.array(self.fancam, np.int64) - np.array(self.stage, np.int64)

    @property
    def share_equal(self) -> float:
        """Share of the pictures in which both show the same frame."""
        return float((self.apart == 0).mean())

    def percentile(self, share: float) -> float:
        """The distance in frames that this percentage of the pictures keeps to."""
        return float(np.percentile(np.abs(self.apart), share))


def pairs_in(shots: Sequence[Shot], stage: Place, fancam: Place) -> Pairs:
    """What stage and fancam show in each picture; pictures of one moment count once."""
    read: list[tuple[float, int, int]] = []
    unread = 0
    for shot in shots:
        numbers = read_number(stage.cut(shot.picture)), read_number(fancam.cut(shot.picture))
        if numbers[0] is None or numbers[1] is None:
            unread += 1
        elif not read or read[-1][1:] != numbers:
            read.append((shot.at_s, numbers[0], numbers[1]))
    return Pairs(
        [one[0] for one in read], [one[1] for one in read], [one[2] for one in read], unread
    )


def record_pairs(page: Page, seconds: float) -> Pairs:
    """Stage and fancam of a page that plays, looked at for so long."""
    with Screencast(page) as cast:
        page.wait_for_timeout(1000 * seconds)
    return pairs_in(cast.shots, place_of(page, STAGE), place_of(page, FANCAM))
