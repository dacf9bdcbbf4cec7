"""The upload page: a film is dropped, arrives whole over a bad connection, and can be watched."""

import base64
import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from counted_stage import GROUP, CountedStage, film_of
from inyourarea.core.reasons import told
from player_site import PlayerSite
from watching import OpenPage, Watching

#: A short film, so that its fancams are soon made.
SHORT = CountedStage(members=("Dami", "Eun"), shots=(2,))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("film") / "무대 <b>.mp4"
    file.write_bytes(film_of(SHORT))
    return file


def drop(page: Page, file: Path) -> None:
    """The file is dragged from the desktop to the page."""
    content = base64.b64encode(file.read_bytes()).decode()
    data = page.evaluate_handle(
        "([name, content]) => { const data = new DataTransfer();"
        " const bytes = Uint8Array.from(atob(content), sign => sign.charCodeAt(0));"
        " data.items.add(new File([bytes], name, { type: 'video/mp4' })); return data; }",
        [file.name, content],
    )
    page.dispatch_event("[data-testid=drop]", "dragover", {"dataTransfer": data})
    page.dispatch_event("[data-testid=drop]", "drop", {"dataTransfer": data})


def test_a_dropped_film_becomes_fancams(
    own_site: PlayerSite, open_page: OpenPage, film: Path
) -> None:
    page = open_page(f"{own_site.url}/upload")
    drop(page, film)
    page.wait_for_selector("[data-testid=sent][data-phase=done]")
    assert page.inner_text(".sent-name strong") == film.name
    page.fill("input[name=title]", "Two of us")
    page.select_option("select[name=group]", GROUP)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=progress] li")
    page.wait_for_url("**/watch/**", timeout=120_000)
    watching = Watching(page).ready()
    assert page.inner_text("h1") == "Two of us"
    page.wait_for_selector("[data-testid=member-Eun]")
    watching.press("2").until(lambda: watching.member() == "Eun")
    video = page.url.split("/watch/")[1].split("?")[0]
    assert own_site.get(f"/videos/{video}")["filename"] == film.name


def send_half(site: PlayerSite, film: Path, route: Route) -> None:
    """Half of the bytes arrive; then the answer does not."""
    content = film.read_bytes()
    half = site.api.patch(
        route.request.url,
        content=content[: len(content) // 2],
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        },
    )
    assert half.status_code == 204
    route.abort("connectionreset")


@pytest.mark.parametrize("is_reloaded", [False, True])
def test_an_upload_goes_on_after_the_connection_or_the_page_was_lost(
    own_site: PlayerSite, open_page: OpenPage, film: Path, is_reloaded: bool
) -> None:
    page = open_page(f"{own_site.url}/upload")
    sent: list[str] = []
    is_away = is_reloaded

    def lose(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        sent.append(route.request.headers["upload-offset"])
        if len(sent) == 1:
            send_half(own_site, film, route)
        elif is_away:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", lose)
    page.set_input_files("[data-testid=file]", film)
    if is_reloaded:
        page.wait_for_event("requestfailed")
        page.reload()
        is_away = False
        page.set_input_files("[data-testid=file]", film)
    page.wait_for_selector("[data-testid=sent][data-phase=done]")
    assert sent[0] == "0"
    assert set(sent[1:]) == {str(film.stat().st_size // 2)}
    page.select_option("select[name=group]", GROUP)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=progress] li")
    videos = own_site.get("/videos")["items"]
    run = next(one["run_id"] for one in videos if one["filename"] == film.name)
    accepted = own_site.site.house.showing.accepted(run)
    assert accepted.source.sha256 == hashlib.sha256(film.read_bytes()).hexdigest()


def test_what_is_no_video_is_refused_in_words(
    own_site: PlayerSite, open_page: OpenPage, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("this is no film " * 100)
    page = open_page(f"{own_site.url}/upload")
    drop(page, text)
    page.wait_for_selector("[data-testid=sent][data-phase=done]")
    page.select_option("select[name=group]", GROUP)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=upload-failure]")
    why = told("unreadable", error="Invalid data found when processing input")
    assert page.inner_text("[data-testid=upload-failure]") == why


def test_what_is_no_video_is_refused_in_korean(
    own_site: PlayerSite, open_page: OpenPage, tmp_path: Path
) -> None:
    playlist = tmp_path / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXT-X-VERSION:3\n")
    page = open_page(f"{own_site.url}/upload", locale="ko-KR")
    drop(page, playlist)
    page.wait_for_selector("[data-testid=sent][data-phase=done]")
    page.select_option("select[name=group]", GROUP)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=upload-failure]")
    said = page.inner_text("[data-testid=upload-failure]")
    assert said == "영상이 아니라 다른 파일의 목록입니다. 영상 파일을 올려 주세요."
