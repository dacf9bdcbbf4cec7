"""Firefox and WebKitGTK: stage and fancam play, and another member is shown."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from other_browsers import OtherPage, firefox, webkitgtk
from player_site import NoBrowser, PlayerSite
from watching import Watching

Browser = Callable[[Path], AbstractContextManager[OtherPage]]


@pytest.fixture(scope="module", params=[firefox, webkitgtk], ids=["firefox", "webkitgtk"])
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OtherPage]:
    browser: Browser = request.param
    try:
        with browser(tmp_path_factory.mktemp("home")) as opened:
            yield opened
    except NoBrowser as reason:
        if browser is firefox and os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


def test_it_plays_and_shows_another_member(
    site: PlayerSite, page: OtherPage, record_property: Callable[[str, Any], None]
) -> None:
    page.goto(f"{site.url}/watch/{site.video}?person=Bo")
    watching = Watching(cast("Page", page)).ready()
    watching.until(lambda: watching.member() == "Bo")
    watching.press("Space")
    watching.until(lambda: watching.clock > 1)
    before = watching.numbers()
    watching.until(lambda: _later(before, watching.numbers()))
    watching.press("3")
    watching.until(lambda: watching.member() == "Chae")
    watching.press("1")
    watching.until(lambda: watching.member() == "Ana")
    for said in ("mode", "reason"):
        record_property(
            said, page.eval_on_selector("[data-testid=mode]", f"it => it.dataset.{said}")
        )


def _later(before: tuple[int | None, int | None], now: tuple[int | None, int | None]) -> bool:
    """Whether stage and fancam both have gone on."""
    return all(
        was is not None and at is not None and at > was for was, at in zip(before, now, strict=True)
    )
