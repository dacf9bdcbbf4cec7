"""The watch page as a fan uses it: members, keys, loops, links, and pages in other states."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from counted_stage import FPS, GROUP, STAGE, CountedStage, film_of, read_number
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.reasons import told
from inyourarea.embedded.serving import add_video
from pictures import FANCAM, Screencast, pairs_in, place_of, screenshot
from pictures import STAGE as STAGE_PICTURE
from player_site import PlayerSite, launch
from watching import OpenPage, Watching, serious

Watch = Callable[..., Watching]

_SCRIPT = "<script>document.title='broken'</script>"


class Downloads:
    """What a page fetches from now on."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0.0
        session = page.context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._add)
        session.send("Network.enable")

    def _add(self, finished: dict[str, Any]) -> None:
        self.bytes += finished["encodedDataLength"]


def test_another_member_is_shown_and_nothing_downloaded(watching: Watch) -> None:
    page = watching("?person=Ana").at(0)
    downloads = Downloads(page.page)
    for key, member in (("2", "Bo"), ("3", "Chae"), ("1", "Ana")):
        page.press(key)
        page.until(lambda member=member: page.member() == member)
    page.play().press("2")
    page.until(lambda: page.member() == "Bo")
    with Screencast(page.page) as cast:
        page.press("3").page.wait_for_timeout(1500)
    pairs = pairs_in(cast.shots, place_of(page.page, STAGE_PICTURE), place_of(page.page, FANCAM))
    assert pairs.share_equal >= 0.999
    assert downloads.bytes == 0


def test_another_member_of_the_encoded_kind_is_the_right_one(watching: Watch) -> None:
    page = watching("?person=Ana").encoded().play()
    page.page.click("[data-testid=member-Bo]")
    page.until(lambda: page.member() == "Bo")
    page.press("Space")
    page.until(lambda: len(set(page.numbers())) == 1)


def test_the_grid_shows_every_member_at_the_same_frame(watching: Watch) -> None:
    page = watching("?person=Bo").seek(3.5).at(105).press("g")
    page.page.wait_for_selector("[data-testid=grid-Chae]")
    for name in STAGE.members:
        page.until(lambda name=name: page.member(f"[data-testid=grid-{name}]") == name)
    page.page.click("[data-testid=grid-Chae]")
    page.until(lambda: page.member() == "Chae")
    page.at(105)


def test_keys(watching: Watch) -> None:
    page = watching("?person=Bo").at(0)
    assert page.is_paused
    page.press("Space").until(lambda: not page.is_paused)
    page.press("Space").until(lambda: page.is_paused)
    page.press("ArrowLeft").at(0)
    page.press("ArrowRight").at(5 * FPS)
    page.press("Shift+ArrowLeft").at(4 * FPS)
    page.press(".", ".", ".").at(4 * FPS + 3)
    page.press(",").at(4 * FPS + 2)
    page.press("m").until(lambda: "mirror=1" in page.page.url)
    page.press("m").until(lambda: "mirror" not in page.page.url)
    page.press("+").until(lambda: "rate=1.25" in page.page.url)
    page.press("-", "-").until(lambda: "rate=0.75" in page.page.url)
    page.press("f").until(lambda: page.page.locator(".watch.is-full").count() == 1)
    page.press("f").until(lambda: page.page.locator(".watch.is-full").count() == 0)
    page.press("?").page.wait_for_selector("dialog[open]")
    page.press("Escape").until(lambda: page.page.locator("dialog[open]").count() == 0)


def test_a_click_leaves_the_space_bar_to_the_player(watching: Watch) -> None:
    page = watching("?person=Bo").at(0)
    page.page.click("[data-testid=mirror]")
    page.press("Space").until(lambda: not page.is_paused)
    assert "mirror=1" in page.page.url


def test_what_plays_goes_on_while_what_is_new_can_not_be_had(
    own_site: PlayerSite, open_page: OpenPage
) -> None:
    video, asked = own_site.video, list[str]()
    page = Watching(open_page(f"{own_site.url}/watch/{video}?person=Bo")).ready().virtual().play()

    def fail_twice(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= 2:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.page.route(f"**/videos/{video}/watch", fail_twice)
    named = {"name": "Jennie", "names": {}, "aliases": []}
    own_site.api.put(f"/videos/{video}/people/Bo", json=named).raise_for_status()
    page.until(lambda: len(asked) == 2)
    assert not page.is_paused
    page.page.wait_for_selector("[data-testid=member-Bo] >> text=Jennie")
    assert not page.is_paused


def test_a_stage_that_does_not_come_is_tried_again(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/about")
    page.route("**/stage.mp4", lambda route: route.fulfill(status=503))
    page.goto(f"{site.url}/watch/{site.video}?person=Bo")
    page.wait_for_selector("text=The video did not come.")
    page.unroute("**/stage.mp4")
    page.click(".message >> text=Try again")
    Watching(page).ready()
    assert page.query_selector(".message") is None


def test_a_fancam_that_does_not_come_is_nobody_elses(watching: Watch) -> None:
    page = watching("?person=Ana").encoded()
    page.page.route("**/Bo-9x16.mp4", lambda route: route.fulfill(status=503))
    page.press("2")
    page.page.wait_for_selector("[data-testid=fancam-broken]")
    assert page.page.query_selector("[data-testid=fancam-video]") is None
    page.page.unroute("**/Bo-9x16.mp4")
    page.page.click("[data-testid=fancam-broken] >> text=Try again")
    page.until(lambda: page.member() == "Bo")
    assert page.page.query_selector("[data-testid=fancam-broken]") is None


def test_slow_motion_keeps_the_pitch(watching: Watch) -> None:
    page = watching("?rate=0.5").play()
    told = page.page.eval_on_selector(
        "[data-testid=stage-video]", "it => [it.playbackRate, it.preservesPitch]"
    )
    assert told == [0.5, True]


def test_a_loop_counts_in_goes_round_and_is_kept(site: PlayerSite, watching: Watch) -> None:
    page = watching("?person=Bo")
    page.page.click("[data-testid=loops]")
    page.seek(7).at(210).press("[")
    page.seek(8).at(240).press("]")
    page.page.wait_for_selector("[data-testid=count-in]")
    assert page.is_paused
    page.at(210)
    page.until(lambda: not page.is_paused)
    with Screencast(page.page) as cast:  # until the next count-in, which stands over the stage
        page.until(lambda: page.page.locator("[data-testid=count-in]").count() == 1)
    played = [shot for shot in cast.shots if shot.at_s < cast.shots[-1].at_s - 0.2]
    pairs = pairs_in(played, place_of(page.page, STAGE_PICTURE), place_of(page.page, FANCAM))
    assert pairs.share_equal >= 0.999
    assert min(pairs.stage) >= 210
    assert max(pairs.stage) <= 241
    page.page.fill("[data-testid=loop-panel] input[name=name]", "Chorus & <b>")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector(".loop-list li")
    page.press("Escape")
    link = page.page.url
    assert "a=7" in link
    assert "loop=Chorus" in link

    page.page.reload()
    page.ready()
    page.at(210)
    page.page.click("[data-testid=loops]")
    assert "Chorus & <b>" in page.page.inner_text(".loop-list li")


def test_a_link_says_member_loop_speed_and_mirror(watching: Watch) -> None:
    page = watching("?person=Chae&a=3&b=3.8&rate=0.75&mirror=1").at(90)
    assert page.member() == "Chae"
    # On the stage she is the rightmost, and the mirror makes her the leftmost.
    on_stage = page.heads(STAGE_PICTURE)
    assert min(on_stage, key=lambda name: on_stage[name]) == "Chae"
    rate = page.page.eval_on_selector("[data-testid=stage-video]", "it => it.playbackRate")
    assert rate == 0.75
    assert set(["person=Chae", "a=3", "b=3.8", "rate=0.75", "mirror=1"]) <= set(
        page.page.url.split("?")[1].split("&")
    )


def test_what_is_shared_is_what_is_shown(watching: Watch) -> None:
    page = watching("?person=Ana").at(0)
    page.page.evaluate("navigator.share = async told => { globalThis.shared = told; }; 0")
    page.press("2", "m").until(lambda: "mirror=1" in page.page.url)
    page.page.click("[data-testid=share]")
    page.until(lambda: page.page.evaluate("Boolean(globalThis.shared)"))
    shared = page.page.evaluate("shared")
    assert shared["title"] == "Bo · The counted stage.mp4"
    assert shared["url"] == page.page.url
    page.page.goto(shared["url"])
    page.ready().until(lambda: page.member() == "Bo")
    assert "mirror=1" in page.page.url


def test_without_a_share_sheet_the_link_is_copied(watching: Watch) -> None:
    page = watching("?person=Chae", permissions=["clipboard-read", "clipboard-write"])
    page.page.evaluate("navigator.share = undefined; 0")
    page.page.click("[data-testid=share]")
    page.page.wait_for_selector("text=Link copied")
    assert page.page.evaluate("navigator.clipboard.readText()") == page.page.url
    assert "person=Chae" in page.page.url


#: What floats is put on the page, where it can be seen: a headless browser has no other windows.
_FLOAT = """
HTMLVideoElement.prototype.requestPictureInPicture = async function () {
  this.id = "floating";
  this.style = "position: fixed; right: 0; bottom: 0; width: 200px; z-index: 9";
  document.body.append(this);
}; 0
"""


def test_the_fancam_floats_over_other_windows_and_follows(watching: Watch) -> None:
    page = watching("?person=Bo").at(0)
    page.page.evaluate(_FLOAT)
    page.page.click("[data-testid=float]")
    page.page.wait_for_selector("#floating")
    page.seek(3.5).at(105)
    page.until(lambda: page.member("#floating") == "Bo")
    page.until(lambda: read_number(screenshot(page.page, "#floating")) == 105)
    page.press("3").until(lambda: page.member("#floating") == "Chae")
    page.play()
    page.until(lambda: (read_number(screenshot(page.page, "#floating")) or 0) > 105)


def test_an_encoded_fancam_floats_itself(watching: Watch) -> None:
    page = watching("?person=Bo").encoded()
    page.page.evaluate(_FLOAT)
    page.page.click("[data-testid=float]")
    page.page.wait_for_selector("#floating[data-testid=fancam-video]")
    page.until(lambda: page.member("#floating") == "Bo")


def test_the_last_member_is_remembered(site: PlayerSite, watching: Watch) -> None:
    page = watching().press("3")
    page.until(lambda: "person=Chae" in page.page.url)
    page.page.goto(f"{site.url}/watch/{site.video}")
    page.ready()
    assert page.member() == "Chae"


def test_an_unknown_member_in_a_link(watching: Watch) -> None:
    page = watching("?person=Zoe")
    said = page.page.inner_text("[data-testid=unknown-member]")
    assert "Zoe" in said
    assert page.member() == "Ana"


def test_an_app_inside_of_another_one_is_told(watching: Watch) -> None:
    agent = "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36 KAKAOTALK 10.0"
    page = watching(user_agent=agent)
    assert page.page.is_visible("[data-testid=in-app]")


def test_a_video_that_is_not_there(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/watch/{'0' * 32}")
    page.wait_for_selector("text=There is no such video here.")


def test_a_video_that_was_deleted(own_site: PlayerSite, open_page: OpenPage) -> None:
    video = own_site.video
    page = Watching(open_page(f"{own_site.url}/watch/{video}")).ready()
    own_site.api.delete(f"/videos/{video}").raise_for_status()
    page.page.wait_for_selector("text=This video has been deleted.")
    page.page.reload()
    page.page.wait_for_selector("text=/deleted|no such video/")


def add_failed_video(own_site: PlayerSite, folder: Path, stage: str, why: str) -> str:
    """A video's id, whose run that stage has given up."""
    film = folder / "film.mp4"
    film.write_bytes(film_of(CountedStage(shots=(3,))))
    video = add_video(own_site.site, film, GROUP)
    run = own_site.get(f"/videos/{video}")["run_id"]
    failed = facts.StageFailed(video_id=video, run_id=run, stage=stage, reason=why)
    own_site.site.line.publish(failed)
    return video


def test_a_run_that_failed_says_why(
    own_site: PlayerSite, open_page: OpenPage, tmp_path: Path
) -> None:
    why = f"The light was too dim. {_SCRIPT}"
    video = add_failed_video(own_site, tmp_path, "track", why)
    page = open_page(f"{own_site.url}/watch/{video}")
    page.wait_for_selector("[data-testid=failure]")
    assert page.inner_text("[data-testid=failure]") == why
    assert page.is_visible("text=Try again")


def test_a_failure_is_told_in_korean_with_its_figures(
    own_site: PlayerSite, open_page: OpenPage, tmp_path: Path
) -> None:
    why = told("died", why=told("decoding", first=30, last=59, why=told("took-long", seconds=60)))
    video = add_failed_video(own_site, tmp_path, "ingest", why)
    page = open_page(f"{own_site.url}/watch/{video}", locale="ko-KR")
    page.wait_for_selector("[data-testid=failure]")
    assert page.inner_text("[data-testid=failure]") == (
        "작업이 중단되었습니다: 30~59번 프레임 디코딩에 실패했습니다: 60초가 넘게 걸렸습니다. "
        "다시 시도하거나, 영상을 더 짧거나 작게 다시 내보내세요."
    )
    page.click("header button[lang=en]")
    assert page.inner_text("[data-testid=failure]") == why


def test_what_was_cancelled_is_taken_up_again_from_the_list(
    own_site: PlayerSite, open_page: OpenPage, tmp_path: Path
) -> None:
    film = tmp_path / "short.mp4"
    film.write_bytes(film_of(CountedStage(shots=(3,))))
    video = add_video(own_site.site, film, GROUP)
    own_site.api.post(f"/videos/{video}/cancel").raise_for_status()
    page = open_page(own_site.url)
    page.wait_for_selector("[data-testid=trouble] >> text=This was cancelled.")
    page.click("[data-testid=retry]")
    page.wait_for_selector("[data-testid=trouble]", state="detached")
    own_site.until(lambda: own_site.get(f"/videos/{video}")["state"] == "ready")


def test_a_script_in_a_name_is_text(own_site: PlayerSite, open_page: OpenPage) -> None:
    video = own_site.video
    named = {"name": _SCRIPT, "names": {}, "aliases": []}
    own_site.api.put(f"/videos/{video}/people/Ana", json=named).raise_for_status()
    own_site.api.patch(f"/videos/{video}", json={"title": f"T {_SCRIPT}"}).raise_for_status()
    page = Watching(open_page(f"{own_site.url}/watch/{video}?person=Ana")).ready()
    assert page.page.inner_text("h1") == f"T {_SCRIPT}"
    assert page.page.inner_text("[data-testid=member-Ana] .member-name") == _SCRIPT
    page.page.goto(f"{own_site.url}/")
    assert page.page.inner_text(".card-title") == f"T {_SCRIPT}"
    assert page.page.title() == "InYourArea"


#: Every page, and what stands on it once all of it is there.
PAGES = {
    "": ".card",
    "upload": "[data-testid=drop]",
    "about": "main h2",
    "review": ".ask",
    "group/counted": ".card",
    "watch/{video}": "[data-testid=timeline]",
}


def address(site: PlayerSite, path: str) -> str:
    return f"{site.url}/{path.format(video=site.video)}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_narrow_phone(site: PlayerSite, open_page: OpenPage, path: str) -> None:
    narrow = {"width": 360, "height": 740}
    page = open_page(address(site, path), viewport=narrow, has_touch=True, is_mobile=True)
    if "watch" in path:
        Watching(page).ready()
    page.wait_for_selector(PAGES[path])
    widths = page.evaluate(
        "[document.documentElement.scrollWidth, innerWidth, visualViewport.scale]"
    )
    assert widths == [360, 360, 1]
    if "watch" in path:
        stage, fancam = place_of(page, STAGE_PICTURE), place_of(page, FANCAM)
        assert fancam.y >= stage.y + stage.height  # one above the other


def test_the_page_speaks_korean(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(address(site, "watch/{video}"), locale="ko-KR")
    Watching(page).ready()
    assert page.get_attribute("html", "lang") == "ko"
    assert page.inner_text("nav a >> nth=0") == "영상"
    page.click("header button[lang=en]")
    page.wait_for_selector("nav >> text=Videos")
    page.reload()
    page.wait_for_selector("nav >> text=Videos")
    assert page.get_attribute("html", "lang") == "en"


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(site: PlayerSite, open_page: OpenPage, path: str) -> None:
    page = open_page(address(site, path))
    page.wait_for_selector(PAGES[path])
    if "watch" in path:
        Watching(page).ready().press("e")
        page.wait_for_selector("[data-testid=edit-panel]")
        page.click("[data-testid=loops]")
    assert serious(page) == []


def test_the_script_is_small(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(address(site, "watch/{video}"))
    Watching(page).ready()
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(it => it.name.endsWith('.js'))"
        ".map(it => [it.name.split('/').at(-1), it.encodedBodySize])"
    )
    assert 0 < sum(size for _, size in sizes) <= 150_000, json.dumps(sizes)


#: A headless browser's screen never sleeps: how many locks are held is counted.
_WAKE = """
globalThis.locks = 0;
Object.defineProperty(Navigator.prototype, "wakeLock", { value: { request: async () => {
  locks += 1;
  return { released: false, release: async () => { locks -= 1; } };
} } });
"""


def test_the_screen_stays_awake_while_it_plays(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/about")
    page.add_init_script(_WAKE)
    page.goto(f"{site.url}/watch/{site.video}")
    watching = Watching(page).ready()
    assert page.evaluate("locks") == 0
    watching.press("Space").until(lambda: page.evaluate("locks") == 1)
    watching.press("Space").until(lambda: page.evaluate("locks") == 0)


def test_more_of_a_list_that_is_no_longer_shown_is_left_out(
    site: PlayerSite, open_page: OpenPage
) -> None:
    video = site.get("/videos")["items"][0]
    waiting: list[Route] = []

    def answer(route: Route) -> None:
        """Two pages of everything, of which the second is late; and one video that is found."""
        asked = parse_qs(urlsplit(route.request.url).query)
        if "cursor" in asked and not waiting:
            waiting.append(route)
            return
        title = "found" if "query" in asked else "late" if "cursor" in asked else "first"
        items = [{**video, "id": title, "title": title}]
        route.fulfill(json={"items": items, "next_cursor": None if "query" in asked else "2"})

    page = open_page(f"{site.url}/about")
    page.route("**/api/v1/videos?*", answer)
    page.goto(site.url)
    page.wait_for_selector(".card >> text=first")
    page.click("[data-testid=more]")
    assert page.is_disabled("[data-testid=more]")  # nobody asks for the same page twice
    page.fill("[data-testid=search]", "it")
    page.wait_for_selector(".card >> text=found")
    answer(waiting[0])
    page.fill("[data-testid=search]", "")
    page.wait_for_selector(".card >> text=first")
    page.click("[data-testid=more]")
    page.wait_for_selector(".card >> text=late")
    assert page.locator(".card-title").all_inner_texts() == ["first", "late"]


@pytest.mark.parametrize("path", ["", "group/counted"])
def test_what_is_tried_again_becomes_ready_in_a_list_that_was_made_longer(
    path: str, site: PlayerSite, open_page: OpenPage
) -> None:
    video = site.get("/videos")["items"][0]
    states = {"first": "failed", "later": "failed"}

    def shown(title: str) -> dict[str, Any]:
        return {**video, "id": title, "title": title, "state": states[title]}

    def answer(route: Route) -> None:
        is_first = "cursor" not in parse_qs(urlsplit(route.request.url).query)
        title = "first" if is_first else "later"
        route.fulfill(json={"items": [shown(title)], "next_cursor": "2" if is_first else None})

    def retry(route: Route) -> None:
        title = route.request.url.split("/")[-2]
        states[title] = "working"
        route.fulfill(json=shown(title))

    page = open_page(f"{site.url}/about")
    page.route("**/api/v1/videos?*", answer)
    page.route("**/api/v1/videos/*/retry", retry)
    page.goto(address(site, path))
    page.click("[data-testid=more]")
    for title in states:
        card = page.locator(".card", has_text=title)
        card.locator("[data-testid=retry]").click()
        page.wait_for_selector(f".card.is-working >> text={title}")
        states[title] = "ready"
        page.wait_for_selector(f".card.is-ready >> text={title}")
    assert page.locator(".card-title").all_inner_texts() == ["first", "later"]


def test_a_phone_shows_where_one_is(site: PlayerSite, open_page: OpenPage) -> None:
    page = open_page(f"{site.url}/about", viewport={"width": 360, "height": 740})
    here = page.locator("nav [aria-current]")
    here.wait_for()
    page.wait_for_timeout(200)
    box = here.bounding_box()
    assert box is not None
    language = page.locator("header button[lang]").bounding_box()
    assert language is not None
    assert box["x"] + box["width"] <= language["x"]


#: Pixels of each canvas to one of the page's.
_SHARPNESS = """
[...document.querySelectorAll(".pane canvas")].map(it =>
  Math.round(10 * it.width / it.clientWidth) / 10)
"""


def test_a_fancam_is_saved_by_its_name(site: PlayerSite, watching: Watch) -> None:
    page = watching("?person=Chae")
    page.page.click("[data-testid=download]")
    with page.page.expect_download() as saving:
        page.page.click("dialog .downloads a >> nth=0")  # hers comes first
    fancam = next(one for one in site.watch()["people"] if one["name"] == "Chae")["fancams"][0]
    assert saving.value.path().read_bytes() == site.api.get(site.url + fancam["url"]).content
    assert "Chae" in saving.value.suggested_filename
    assert "counted stage" in saving.value.suggested_filename


def test_pictures_have_the_screens_own_pixels(site: PlayerSite, browser: Browser) -> None:
    # A context's device_scale_factor is not what canvases are told of.
    with closing(launch(browser.browser_type, "--force-device-scale-factor=2")) as sharp:
        page = sharp.new_page(no_viewport=True)
        page.goto(address(site, "watch/{video}"))
        page.select_option("[data-testid=mode-choice]", "virtual")
        Watching(page).until(lambda: page.evaluate(_SHARPNESS) == [2, 2])
