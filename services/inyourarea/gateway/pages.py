"""The page: one built file that shows every address of the site, and its assets."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from inyourarea.gateway.problems import NotThere

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
    "/watch/{video}",
    "/group/{name}",
)
_UNBUILT = (
    "<!doctype html><title>InYourArea</title><p>The page has not been built: "
    "<code>make web</code> does that. The API describes itself at "
    "<a href='/api/v1/openapi.json'>/api/v1/openapi.json</a>."
)


def _page() -> Response:
    index = DIST / "index.html"
    if not index.is_file():
        return HTMLResponse(_UNBUILT, 503)
    return HTMLResponse(index.read_text(encoding="utf-8"), headers={"Cache-Control": "no-cache"})


for _address in _ADDRESSES:
    router.add_api_route(_address, _page, methods=["GET", "HEAD"])


@router.get("/{path:path}")
def file(path: str, request: Request) -> Response:  # noqa: ARG001
    """A file of the build; those under ``assets`` have their digest in their names."""
    found = (DIST / path).resolve()
    if not found.is_relative_to(DIST.resolve()) or not found.is_file():
        raise NotThere("such page")
    kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
    return FileResponse(found, headers={"Cache-Control": kept})
