"""Naming and correcting: from a click on a face to what stage and fancam show afterwards."""

from playwright.sync_api import Page, Route

from conftest import OpenPage
from counted_stage import FPS
from player_site import PlayerSite
from watching import Watching

#: In the middle of the two seconds in which Ana and Bo are taken for each other.
_WRONG = 7 * FPS


def correcting(site: PlayerSite, open_page: OpenPage, person: str) -> Watching:
    """The watch page with the tools for corrections."""
    tall = {"width": 1100, "height": 1300}
    url = f"{site.url}/watch/{site.video}?person={person}"
    page = Watching(open_page(url, viewport=tall)).ready()
    page.press("e")
    page.page.wait_for_selector("[data-testid=edit-panel]")
    page.page.wait_for_selector(".face-box")
    return page


def mark(page: Page, first_s: float, last_s: float) -> None:
    """A stretch is dragged over on the timeline."""
    box = page.locator("[data-testid=timeline]").bounding_box()
    assert box is not None
    end = float(page.get_attribute("[data-testid=timeline]", "aria-valuemax") or 1)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * first_s / end, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (first_s + last_s) / 2 / end, y)
    page.mouse.move(box["x"] + box["width"] * last_s / end, y)
    page.mouse.up()


def test_a_click_on_a_face_names_it(own_site: PlayerSite, open_page: OpenPage) -> None:
    page = correcting(own_site, open_page, "Bo")
    page.page.click("[data-testid=face-Ana]")
    page.page.fill("[data-testid=name]", "제니 <i>")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("[data-testid=member-Ana] >> text=제니 <i>")
    people = own_site.watch()["people"]
    assert "제니 <i>" in {name for one in people for name in (one["name"], *one["names"].values())}


def test_a_wrong_stretch_is_given_to_the_right_person_and_taken_back(
    own_site: PlayerSite, open_page: OpenPage
) -> None:
    page = correcting(own_site, open_page, "Ana")
    page.seek(_WRONG / FPS).at(_WRONG)
    assert page.member() == "Ana"
    mark(page.page, 6.1, 7.9)
    page.page.click("[data-testid=stretch] [data-testid=is-Bo]")
    page.page.wait_for_selector("[data-testid=preview] .changes li")
    assert "Bo" in page.page.inner_text("[data-testid=preview] .changes")
    said = page.page.inner_text("[data-testid=segments]")
    changed, total = (int(word) for word in said.split() if word.isdigit())
    assert 0 < changed < total
    page.press("2").until(lambda: page.member() == "Bo")
    page.page.wait_for_selector("[data-testid=apply]:enabled")
    page.page.click("[data-testid=apply]")
    page.page.wait_for_selector("[data-testid=preview]", state="detached")

    # Bo is now who was taken for Ana, with Ana's head: at once, before anything is drawn again.
    page.seek(_WRONG / FPS).until(lambda: page.member() == "Ana", timeout_s=60)
    page.at(_WRONG)
    own_site.until(lambda: own_site.is_made(own_site.video))
    page.encoded().seek(_WRONG / FPS)
    page.until(lambda: page.member() == "Ana")
    page.seek(9)
    page.until(lambda: page.member() == "Bo")

    page.page.click("[data-testid=undo]:enabled")
    page.page.select_option("[data-testid=mode-choice]", "virtual")
    page.seek(_WRONG / FPS).until(lambda: page.member() == "Bo", timeout_s=60)


def test_a_stale_edit_is_told(own_site: PlayerSite, open_page: OpenPage) -> None:
    page = correcting(own_site, open_page, "Bo")
    mark(page.page, 9, 10)
    page.page.click("[data-testid=stretch] [data-testid=is-nobody]")
    page.page.wait_for_selector("[data-testid=apply]:enabled")
    video = own_site.video

    def come_first(route: Route) -> None:
        """Somebody else's change arrives a moment before."""
        if route.request.method == "PUT":
            named = {"name": "Jennie", "names": {}, "aliases": []}
            own_site.api.put(f"/videos/{video}/people/Chae", json=named).raise_for_status()
        route.continue_()

    page.page.route("**/pins", come_first)
    page.page.click("[data-testid=apply]")
    page.page.wait_for_selector("[data-testid=edit-problem]")
    assert "Somebody else" in page.page.inner_text("[data-testid=edit-problem]")
    page.page.wait_for_selector("[data-testid=member-Chae] >> text=Jennie")


def test_the_review_queue_is_worked_off_by_keys(own_site: PlayerSite, open_page: OpenPage) -> None:
    spans = [
        (person["id"], span["id"])
        for person in own_site.watch()["people"]
        for span in person["spans"]
    ]
    assert spans
    page = open_page(f"{own_site.url}/review")
    page.wait_for_selector("[data-testid=to-go]")
    assert str(len(spans)) in page.inner_text("[data-testid=to-go]")
    for left in range(len(spans) - 1, -1, -1):
        page.keyboard.press("y")
        if left:
            page.wait_for_selector(f"[data-testid=to-go] >> text={left}")
    page.wait_for_selector("text=Nothing left to look at.")
    confirmed = [
        span["confirmed"] for person in own_site.watch()["people"] for span in person["spans"]
    ]
    assert all(confirmed)
