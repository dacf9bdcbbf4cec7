"""The page: one built file that shows every address of the site, and its assets."""

import html
import re
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from inyourarea.gateway.access import Role
from inyourarea.gateway.api.asking import Anybody, CallerOf, HouseOf
from inyourarea.gateway.documents import ID_PATTERN
from inyourarea.gateway.people import published_runs
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.views import find_video

#: What the front end's build leaves.
DIST = Path(__file__).parent / "web" / "dist"

router = APIRouter(include_in_schema=False)

_ADDRESSES = (
    "/",
    "/upload",
    "/about",
    "/review",
    "/sign-in",
    "/join",
    "/tokens",
    "/webhooks",
    "/group/{name}",
    "/datasets",
    "/label/{name}",
)
_UNBUILT = (
    "<!doctype html><title>InYourArea</title><p>The page has not been built: "
    "<code>make web</code> does that. The API describes itself at "
    "<a href='/api/v1/openapi.json'>/api/v1/openapi.json</a>."
)


def _page(more: str = "", status: int = 200) -> Response:
    index = DIST / "index.html"
    if not index.is_file():
        return HTMLResponse(_UNBUILT, 503)
    page = index.read_text(encoding="utf-8").replace("</head>", f"{more}</head>", 1)
    return HTMLResponse(page, status, headers={"Cache-Control": "no-cache"})


def _plain_page() -> Response:
    return _page()


for _address in _ADDRESSES:
    router.add_api_route(_address, _plain_page, methods=["GET", "HEAD"])


@router.api_route("/watch/{video}", methods=["GET", "HEAD"])
def watch(
    caller: CallerOf, asker: Anybody, video: str, house: HouseOf, person: str = ""
) -> Response:
    """The page; where something of the video is published, with what a shared link shows of it.

    Whoever may not know of the video is given the same page as of one that is not there.
    """
    if asker.role < Role.VISITOR or not re.fullmatch(ID_PATTERN, video):
        return _page()
    try:
        row = find_video(house, video, asker)
    except NotThere:
        return _page()
    published = published_runs(house, video)
    # The page asks for this first; so it is on its way while the script still is.
    ahead = (
        '<link rel="preload" as="fetch" crossorigin="anonymous" '
        f'href="/api/v1/videos/{row["id"]}/watch" />'
    )
    if not published:
        return _page(ahead)
    names = {one["person"]: one["name"] for one in house.catalog.people(video)}
    title, place = row["title"], f"{caller.scheme}://{caller.host}/"
    address = f"{place}watch/{video}"
    if person in published:
        title = f"{names.get(person, person)} - {title}"
        address += f"?{urlencode({'person': person})}"  # who follows it shall see her too
    told = {
        "og:site_name": "InYourArea",
        "og:type": "video.other",
        "og:title": title,
        "og:url": address,
        "og:image": f"{place}api/v1/videos/{video}/poster.jpg",
    }
    return _page(ahead + "".join(_meta(name, value) for name, value in told.items()))


def _meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{html.escape(content)}" />'


@router.get("/{path:path}")
def file(path: str, request: Request) -> Response:
    """A file of the build; those under ``assets`` have their digest in their names.

    A browser that was led to no page at all is given the one that says so.
    """
    found = _built(path)
    if found is None:
        if "text/html" in request.headers.get("accept", "") and not path.startswith("api/"):
            return _page(status=404)
        raise NotThere("such page")
    # Browsers ask for the icon at every change of the address: a day is soon enough for another.
    kept = "public, max-age=86400"
    if path.startswith("assets/"):
        kept = "public, max-age=31536000, immutable"
    return FileResponse(found, headers={"Cache-Control": kept})


def _built(path: str) -> Path | None:
    """The file of the build that an address names, if it is one."""
    try:
        found = (DIST / path).resolve()
        return found if found.is_relative_to(DIST.resolve()) and found.is_file() else None
    except (OSError, ValueError):  # no file can be called so: too long, or with a NUL
        return None
