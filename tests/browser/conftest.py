"""One made stage for a run, a browser for each worker, a clean context for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from counted_stage import LONG_STAGE, STAGE
from player_site import NoBrowser, PlayerSite, chromium, make_once, player_site
from watching import NOTES, OpenPage, Watching


# Of a module, not of the session: a browser's loop is the thread's running one until it is closed.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as found:
            yield found
    except NoBrowser as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that all workers of a run have."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="module")
def made(browser: Browser, shared_folder: Path) -> Path:
    return make_once(shared_folder / "counted", STAGE, "The counted stage")


@pytest.fixture(scope="module")
def site(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayerSite]:
    """For tests that change nothing."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("site") / "copy")
    with player_site(folder) as opened:
        yield opened


@pytest.fixture
def own_site(made: Path, tmp_path: Path) -> Iterator[PlayerSite]:
    """For a test that changes something."""
    with player_site(shutil.copytree(made, tmp_path / "copy")) as opened:
        yield opened


@pytest.fixture(scope="module")
def long_site(
    browser: Browser, shared_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlayerSite]:
    made = make_once(shared_folder / "long", LONG_STAGE, "A long stage")
    with player_site(shutil.copytree(made, tmp_path_factory.mktemp("long") / "copy")) as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a context of its own; in the end none has broken a rule."""
    contexts: list[BrowserContext] = []
    broken: list[str] = []

    def open_one(url: str, **options: Any) -> Page:
        wide = {"width": 1100, "height": 800}
        context = browser.new_context(**{"viewport": wide, "locale": "en-US", **options})
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.add_init_script(NOTES)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            if page.url.startswith("http"):
                broken += page.evaluate("globalThis.blocked ?? []")
        context.close()
    assert broken == []


@pytest.fixture
def watching(site: PlayerSite, open_page: OpenPage) -> Callable[..., Watching]:
    """Opens the watch page of the site that stays as it is."""

    def watch(search: str = "", **options: Any) -> Watching:
        page = open_page(f"{site.url}/watch/{site.video}{search}", **options)
        return Watching(page).ready().virtual()

    return watch
