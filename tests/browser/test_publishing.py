"""Approving and publishing, and what a visitor sees of it: what is published, nothing else."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from counted_stage import FPS
from inyourarea.contracts import keys
from inyourarea.gateway.access import Role
from inyourarea.gateway.tokens import TokenAsked
from player_site import PlayerSite, player_site
from watching import OpenPage, Watching, serious

Open = Callable[[], AbstractContextManager[PlayerSite]]


@pytest.fixture
def open_public(made: Path, tmp_path: Path) -> Open:
    """Opens a site that shows visitors what is published; again, it goes on from where it was."""
    folder = shutil.copytree(made, tmp_path / "copy")
    return lambda: player_site(folder, trusts_this_machine=False, is_public=True)


@pytest.fixture
def public(open_public: Open) -> Iterator[PlayerSite]:
    with open_public() as opened:
        yield opened


def editor(site: PlayerSite) -> str:
    """A token for somebody who may publish."""
    asked = TokenAsked("Kim", Role.EDITOR)
    return site.site.house.tokens.create(asked)[0]


def signed_in(site: PlayerSite, open_page: OpenPage, token: str) -> Page:
    page = open_page(f"{site.url}/sign-in", viewport={"width": 1100, "height": 1300})
    page.fill("input[name=token]", token)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=sign-out]")
    return page


def attend(page: Page, site: PlayerSite, video: str, person: str) -> Watching:
    """The tools for somebody are open."""
    page.goto(f"{site.url}/watch/{video}?person={person}")
    watching = Watching(page).ready()
    watching.press("e")
    page.wait_for_selector(f"[data-testid=edit-panel] h3 >> text={person}")
    return watching


def publish(page: Page) -> None:
    """All that has to be looked at is confirmed, and she is approved and published."""
    while page.locator("[data-testid^=confirm-]").count():
        left = page.locator("[data-testid^=confirm-]").count()
        assert page.is_disabled("[data-testid=approve]")
        page.locator("[data-testid^=confirm-]").first.click()
        Watching(page).until(
            lambda left=left: page.locator("[data-testid^=confirm-]").count() < left
        )
    page.click("[data-testid=approve]")
    page.wait_for_selector("[data-testid=publication] >> text=Approved")
    page.click("[data-testid=publish]:enabled")
    page.wait_for_selector("[data-testid=publication] >> text=Published")


def addresses(site: PlayerSite, token: str) -> dict[str, list[str]]:
    """All media of the only video, by whose they are; of nobody: for editors."""
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}) as api:
        video = api.get("/api/v1/videos").json()["items"][0]["id"]
        watch = api.get(f"/api/v1/videos/{video}/watch").json()
        run = f"/api/v1/runs/{watch['run_id']}"
        found = {"": [watch["boxes_url"], f"{run}/report.json", f"{run}/tracks.csv"]}
        for person in watch["people"]:
            mine = found.setdefault(person["id"], [person["face_url"]])
            for fancam in person["fancams"]:
                mine += [fancam["url"], fancam["hls_url"]]
                place = fancam["hls_url"].rsplit("/", 1)[0]
                lines = api.get(fancam["hls_url"]).text.splitlines()
                mine += [f"{place}/{line}" for line in lines if line.endswith(".m3u8")]
        assert all(api.get(url).status_code == 200 for mine in found.values() for url in mine)
        return found


def test_an_editor_publishes_and_a_visitor_sees_that_and_no_draft(
    public: PlayerSite, open_page: OpenPage
) -> None:
    token = editor(public)
    known = addresses(public, token)
    visitor = open_page(public.url)
    visitor.wait_for_selector("text=Nothing here yet.")
    page = signed_in(public, open_page, token)
    page.goto(public.url)
    page.wait_for_selector(".card-link")
    video = page.get_attribute(".card-link", "href").rsplit("/", 1)[1]
    attend(page, public, video, "Bo")
    publish(page)

    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url.removeprefix(public.url)))
    visitor.reload()
    visitor.click(".card-link")
    watching = Watching(visitor).ready().virtual()
    watching.until(lambda: watching.member() == "Bo")
    assert visitor.locator(".member").count() == 1
    assert visitor.locator("[data-testid=edit]").count() == 0
    watching.encoded()
    watching.until(lambda: watching.member() == "Bo")
    drafts = {url for person, urls in known.items() if person != "Bo" for url in urls}
    assert not drafts & set(asked)

    def statuses(urls: list[str]) -> set[int]:
        """What the gateway says now; what a browser has seen it may keep."""
        get = "url => fetch(url, { cache: 'no-store' }).then(it => it.status)"
        return {visitor.evaluate(get, url) for url in urls}

    assert statuses(known["Bo"]) == {200}
    assert statuses([*known["Ana"], *known["Chae"]]) == {404}
    assert statuses(known[""]) == {401}

    page.click("[data-testid=withdraw]")
    page.wait_for_selector("[data-testid=publication] >> text=Draft")
    assert statuses(known["Bo"]) == {404}
    visitor.reload()
    visitor.wait_for_selector("text=There is no such video here.")


def test_what_is_public_is_from_before_a_correction_until_that_is_published(
    public: PlayerSite, open_page: OpenPage
) -> None:
    token = editor(public)
    page = signed_in(public, open_page, token)
    page.goto(public.url)
    page.wait_for_selector(".card-link")
    video = page.get_attribute(".card-link", "href").rsplit("/", 1)[1]
    bo = attend(page, public, video, "Bo")
    publish(page)
    before = public.get(f"/videos/{video}/watch")["people"][0]["fancams"][0]["url"]

    page.click("[data-testid=reopen]")
    page.wait_for_selector("[data-testid=publication] >> text=an older version is public")
    track = page.locator("[data-testid=timeline]").bounding_box()
    end = float(page.get_attribute("[data-testid=timeline]", "aria-valuemax") or 1)
    for second, deed in ((9, page.mouse.down), (10, page.mouse.up)):
        page.mouse.move(track["x"] + track["width"] * second / end, track["y"] + 5, steps=3)
        deed()
    page.click("[data-testid=stretch] [data-testid=is-nobody]")
    page.click("[data-testid=apply]:enabled")
    page.wait_for_selector("[data-testid=behind] >> text=Bo")
    assert serious(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    bo.until(lambda: page.evaluate("document.documentElement.scrollWidth") == 360)
    page.set_viewport_size({"width": 1100, "height": 1300})
    assert public.get(f"/videos/{video}/watch")["people"][0]["fancams"][0]["url"] == before
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as api:
        public.until(
            lambda: api.get(f"{public.url}/api/v1/videos/{video}").json()["state"] == "ready"
        )
    publish(page)
    page.wait_for_selector("[data-testid=behind]", state="detached")
    now = public.get(f"/videos/{video}/watch")["people"][0]["fancams"][0]["url"]
    assert now != before
    bo.seek(9.5).at(285)
    assert bo.page.locator("[data-testid=unknown-member]").count() == 0


def test_an_upgrade_takes_nothing_from_visitors_and_tells_editors(
    open_public: Open, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_public() as site:
        token = editor(site)
        page = signed_in(site, open_page, token)
        page.goto(site.url)
        page.wait_for_selector(".card-link")
        video = page.get_attribute(".card-link", "href").rsplit("/", 1)[1]
        attend(page, site, video, "Bo")
        publish(page)
        page.close()
    for stage in ("EXTRACTION", "TRACKING", "CAMERA", "BROWSER"):
        name = f"{stage}_REVISION"
        monkeypatch.setattr(keys, name, getattr(keys, name) + 1)
    with open_public() as site:
        visitor = Watching(open_page(f"{site.url}/watch/{video}")).ready().virtual()
        visitor.until(lambda: visitor.member() == "Bo")
        visitor.seek(3).at(3 * FPS)
        assert visitor.page.locator("[data-testid=trouble]").count() == 0
        page = signed_in(site, open_page, token)
        page.goto(site.url)
        page.wait_for_selector("[data-testid=trouble] >> text=An earlier version")
        assert serious(page) == []
        page.goto(f"{site.url}/watch/{video}")
        page.wait_for_selector("[data-testid=trouble] >> text=An earlier version")
        page.wait_for_selector("[data-testid=member-Ana]")
        page.click("[data-testid=retry]")
        page.wait_for_selector("[data-testid=trouble]", state="detached")
        page.wait_for_selector("[data-testid=work]")
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as api:
            api.post(f"{site.url}/api/v1/videos/{video}/cancel").raise_for_status()
        page.wait_for_selector("[data-testid=trouble] >> text=This was cancelled.")
        visitor.page.reload()
        visitor.ready().virtual()
        visitor.until(lambda: visitor.member() == "Bo")


def test_a_link_from_the_terminal_lets_one_phone_watch(
    public: PlayerSite, open_page: OpenPage
) -> None:
    link = f"{public.url}/join#{public.site.house.invitations.invite()}"
    page = open_page(link, viewport={"width": 360, "height": 740})
    page.wait_for_selector(".card")  # a draft, which visitors do not see
    assert "#" not in page.url
    assert page.locator("nav a[href='/upload']").count() == 0
    page.reload()
    page.wait_for_selector(".card")
    other = open_page(link)
    other.wait_for_selector("text=This link does not let you in.")
    other.goto(public.url)
    other.wait_for_selector("text=Nothing")
    assert other.locator(".card").count() == 0
