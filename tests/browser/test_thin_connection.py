"""The watch page where a connection is thin: all comes by HLS, in sync and with sound."""

from playwright.sync_api import Page

from counted_stage import FPS
from player_site import PlayerSite
from watching import OpenPage, Watching

#: What browsers tell of the connection, in some of them.
_CONNECTION = """
Object.defineProperty(Navigator.prototype, "connection", {{ get: () => ({}) }});
"""
#: Bytes of sound that Chromium has decoded.
_HEARD = "it => it.webkitAudioDecodedByteCount"


def watch(site: PlayerSite, open_page: OpenPage, connection: str) -> Watching:
    """The watch page over such a connection."""
    page = open_page(f"{site.url}/about")
    page.add_init_script(_CONNECTION.format(connection))
    page.goto(f"{site.url}/watch/{site.video}?person=Bo")
    return Watching(page).ready()


def fetched(page: Page) -> set[str]:
    """The last parts of the addresses of all media that the page has fetched."""
    names = page.evaluate("performance.getEntriesByType('resource').map(it => it.name)")
    return {str(name).rsplit("/", 1)[1] for name in names}


def test_a_thin_connection_gets_what_it_can_carry_with_sound(
    site: PlayerSite, open_page: OpenPage
) -> None:
    page = watch(site, open_page, "{ saveData: false, effectiveType: '3g' }")
    page.virtual().seek(3.5).at(105).play()
    page.until(lambda: page.page.eval_on_selector("[data-testid=stage-video]", _HEARD) > 0)
    page.press("Space").until(lambda: len(set(page.numbers())) == 1)
    assert "stage.mp4" not in fetched(page.page)
    page.encoded().seek(8).at(8 * FPS)
    assert "Bo-9x16.mp4" not in fetched(page.page)


def test_whoever_wants_less_data_gets_the_smallest_of_both(
    site: PlayerSite, open_page: OpenPage
) -> None:
    page = watch(site, open_page, "{ saveData: true, effectiveType: '4g' }")
    page.page.wait_for_selector("[data-mode=encoded][data-reason=data]")
    page.page.wait_for_selector("[data-testid=fancam-video]")
    page.seek(3.5).at(105)
    page.play().press("2").until(lambda: page.member() == "Bo")
    page.press("Space").until(lambda: len(set(page.numbers())) == 1)
    (bo,) = (person for person in site.watch()["people"] if person["name"] == "Bo")
    told = site.api.get(site.url + bo["fancams"][0]["hls_url"]).text
    widths = [
        int(line.split("RESOLUTION=")[1].split("x")[0])
        for line in told.splitlines()
        if "RESOLUTION" in line
    ]
    assert len(widths) == 2
    width = page.page.eval_on_selector("[data-testid=fancam-video]", "it => it.videoWidth")
    assert width == min(widths) < max(widths)
