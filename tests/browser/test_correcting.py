"""Naming and correcting: from a click on a face to what stage and fancam show afterwards."""

from pathlib import Path

import pytest
from playwright.sync_api import Route

from counted_stage import FPS, GROUP, CountedStage, film_of
from inyourarea.embedded.serving import add_video
from player_site import PlayerSite
from watching import OpenPage, Watching, serious

#: In the middle of the two seconds in which Ana and Bo are taken for each other.
_WRONG = 7 * FPS


def correcting(site: PlayerSite, open_page: OpenPage, person: str) -> Watching:
    """The watch page with the tools for corrections."""
    tall = {"width": 1100, "height": 1300}
    url = f"{site.url}/watch/{site.video}?person={person}"
    return Watching(open_page(url, viewport=tall)).ready().correcting()


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
    page.mark(6.1, 7.9)
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
    page.mark(9, 10)
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


def open_spans(site: PlayerSite) -> list[tuple[str, str, str]]:
    """What nobody has looked at: of which video, of whom, and where."""
    return [
        (video["video_id"], person["id"], span["id"])
        for video in site.get("/review")["items"]
        for person in video["people"]
        for span in person["spans"]
    ]


@pytest.fixture
def two_videos(own_site: PlayerSite, tmp_path: Path) -> PlayerSite:
    """A second one, in which Bo's head is hidden for a while."""
    film = tmp_path / "second.mp4"
    film.write_bytes(film_of(CountedStage(("Ana", "Bo"), shots=(5,), hidden_s=(1.0, 2.8))))
    video = add_video(own_site.site, film, GROUP)
    own_site.until(lambda: own_site.is_made(video))
    return own_site


def test_the_review_queue_is_worked_off_by_keys(
    two_videos: PlayerSite, open_page: OpenPage
) -> None:
    asked = open_spans(two_videos)
    assert [person for _, person, _ in asked] == ["Bo", "Chae"]
    page = open_page(f"{two_videos.url}/review")
    page.wait_for_selector("[data-testid=to-go] >> text=/^2 /")
    page.wait_for_selector("[data-testid=review-canvas]")
    assert page.inner_text(".reference strong") == "Bo"
    assert page.inner_text("[data-testid=next]").startswith("Next: Chae")
    page.keyboard.press("y")
    page.wait_for_selector("[data-testid=approval] >> text=Nothing of Bo is left")
    assert serious(page) == []
    assert page.inner_text("[data-testid=next]").startswith("Next: Chae")
    page.keyboard.press("a")
    page.wait_for_selector("[data-testid=review-canvas]")
    assert page.inner_text("[data-testid=to-go]") == "1 to go"
    assert page.inner_text(".reference strong") == "Chae"
    page.keyboard.press("y")
    page.wait_for_selector("[data-testid=approval] >> text=Nothing of Chae is left")
    page.keyboard.press("s")
    page.wait_for_selector("h1 >> text=1 left for later")
    page.click("text=Again")
    page.wait_for_selector("[data-testid=approval] >> text=Nothing of Chae is left")
    assert open_spans(two_videos) == []
    states = [
        next(
            one["publication"]["state"]
            for one in two_videos.watch(video)["people"]
            if one["id"] == person
        )
        for video, person, _ in asked
    ]
    assert states == ["approved", "draft"]


def test_what_is_skipped_stays_and_who_is_not_seen_is_pointed_out(
    two_videos: PlayerSite, open_page: OpenPage
) -> None:
    asked = open_spans(two_videos)
    page = open_page(f"{two_videos.url}/review")
    page.wait_for_selector("[data-testid=review-canvas]")
    page.keyboard.press("s")
    page.wait_for_selector("[data-testid=to-go] >> text=/^1 /")
    page.wait_for_selector(".reference strong >> text=Chae")
    assert page.locator("[data-testid=is-nobody]").count() == 0
    page.keyboard.press("n")
    watching = Watching(page).ready()
    assert "person=Chae" in page.url
    watching.until(lambda: 0.2 <= watching.clock <= 3.6)
    assert open_spans(two_videos) == asked


def test_what_is_corrected_in_the_queue_is_asked_for_as_it_is_then(
    own_site: PlayerSite, open_page: OpenPage
) -> None:
    """Ana's two seconds as Bo are given to Bo, and the queue is that of the newer run."""
    doubt = {
        "id": "Ana-180-239-identity",
        "from_frame": 180,
        "to_frame": 239,
        "why": "identity",
        "text": "may be somebody else",
        "confirmed": False,
    }
    first = own_site.get(f"/videos/{own_site.video}")["run_id"]
    page = open_page("about:blank")

    def doubted(route: Route) -> None:
        """The first run has one more stretch to look at."""
        answer = route.fetch()
        told = answer.json()
        for one in told.get("items", [told]):
            if one["run_id"] == first:
                ana = next((p for p in one["people"] if p["id"] == "Ana"), None)
                if ana is None:
                    ana = {"id": "Ana", "name": "Ana", "spans": []}
                    one["people"].insert(0, ana)
                ana["spans"] = [doubt]
        route.fulfill(response=answer, json=told)

    page.route("**/api/v1/review?*", doubted)
    page.route("**/watch", doubted)
    page.goto(f"{own_site.url}/review")
    page.wait_for_selector("[data-testid=to-go] >> text=/^2 /")
    page.wait_for_selector("[data-testid=review-canvas]")
    watching = Watching(page)
    watching.until(lambda: watching.member("[data-testid=review-canvas]") == "Ana")
    page.keyboard.press("2")
    page.wait_for_selector(".answers >> text=in the shot but not seen")
    assert own_site.get(f"/videos/{own_site.video}")["run_id"] != first
    page.wait_for_selector(f"[data-testid=to-go] >> text=/^{len(open_spans(own_site))} /")
    pins = own_site.get(f"/videos/{own_site.video}/pins")["pins"]
    assert {pin["person"] for pin in pins if 6 <= pin["from_s"] < 8} == {"Bo"}
