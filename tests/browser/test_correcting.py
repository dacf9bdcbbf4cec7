"""Naming and correcting: from a click on a face to what stage and fancam show afterwards."""

from typing import Any

from playwright.sync_api import Page

from conftest import OpenPage
from counted_stage import FPS
from player_site import PlayerSite
from watching import Watching

#: In the middle of the two seconds in which Ana and Bo are taken for each other.
_WRONG = 7 * FPS


def correcting(site: PlayerSite, open_page: OpenPage, person: str) -> Watching:
    """The watch page with the tools for corrections."""
    page = Watching(open_page(f"{site.url}/watch/{site.video}?person={person}")).ready()
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


def apply(page: Watching) -> None:
    """What was said is applied, once the page has told what it changes."""
    page.page.wait_for_selector("[data-testid=preview] [data-testid=segments]")
    page.page.click("[data-testid=apply]:enabled")
    page.page.wait_for_selector("[data-testid=preview]", state="detached")


def states_of(site: PlayerSite, person: str) -> Any:
    return next(one for one in site.watch()["people"] if one["id"] == person)["states"]


def test_a_click_on_a_face_names_it(own_site: PlayerSite, open_page: OpenPage) -> None:
    page = correcting(own_site, open_page, "Bo")
    page.page.click("[data-testid=face-Ana]")
    page.page.fill("[data-testid=name]", "제니 <i>")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("[data-testid=member-Ana] >> text=제니 <i>")
    people = own_site.watch()["people"]
    assert "제니 <i>" in {name for one in people for name in (one["name"], *one["names"].values())}


def test_a_wrong_stretch_is_given_to_the_right_person_and_back(
    own_site: PlayerSite, open_page: OpenPage
) -> None:
    # Who wears Bo's head in that stretch stands where Ana stands: the model takes her for Bo.
    page = correcting(own_site, open_page, "Ana")
    page.seek(_WRONG / FPS).at(_WRONG)
    before = page.heads()
    states = states_of(own_site, "Ana")
    mark(page.page, 6.1, 7.9)
    page.page.click("[data-testid=stretch] [data-testid=is-nobody]")
    page.page.wait_for_selector("[data-testid=preview] .changes li")
    assert "Ana" in page.page.inner_text("[data-testid=preview] .changes")
    said = page.page.inner_text("[data-testid=segments]")
    changed, total = (int(word) for word in said.split() if word.isdigit())
    assert 0 < changed < total
    apply(page)

    page.seek(_WRONG / FPS)
    page.until(lambda: page.heads() != before, timeout_s=60)
    page.until(lambda: page.numbers()[0] == _WRONG)
    corrected = page.heads()
    assert "Ana" not in corrected or len(corrected) > 1  # the whole stage, or another place
    assert states_of(own_site, "Ana") != states
    own_site.until(lambda: own_site.is_made(own_site.video))
    page.page.wait_for_timeout(2000)
    page.encoded()
    page.seek(_WRONG / FPS)
    page.until(lambda: page.heads().keys() == corrected.keys(), timeout_s=30)

    page.page.click("[data-testid=undo]:enabled")
    page.until(lambda: states_of(own_site, "Ana") == states, timeout_s=60)
    page.page.select_option("[data-testid=mode-choice]", "virtual")
    page.until(lambda: page.heads() == before, timeout_s=30)


def test_a_stale_edit_is_told(own_site: PlayerSite, open_page: OpenPage) -> None:
    page = correcting(own_site, open_page, "Bo")
    mark(page.page, 9, 10)
    page.page.click("[data-testid=stretch] [data-testid=is-nobody]")
    page.page.wait_for_selector("[data-testid=apply]:enabled")
    video = own_site.video
    named = {"name": "Jennie", "names": {}, "aliases": []}
    own_site.api.put(f"/videos/{video}/people/Chae", json=named).raise_for_status()
    page.page.click("[data-testid=apply]")
    page.page.wait_for_selector("[data-testid=edit-problem]")
    assert "Somebody else" in page.page.inner_text("[data-testid=edit-problem]")
    page.page.wait_for_selector("[data-testid=member-Chae] >> text=Jennie")


def test_the_review_queue_is_worked_off_by_keys(
    own_site: PlayerSite, open_page: OpenPage
) -> None:
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
