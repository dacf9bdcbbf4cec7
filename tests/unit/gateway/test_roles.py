"""Every address of the site takes a role, and is closed to whoever has a lower one."""

import re

from fastapi.routing import iter_route_contexts

from doors import close_door, key
from inyourarea.gateway.access import Role
from inyourarea.gateway.api.asking import Needs
from rehearsal_house import RehearsedSite

STRANGER, VISITOR, VIEWER, EDITOR, OPERATOR = Role
ADDRESSES = {
    "GET /me": STRANGER,
    "POST /session": STRANGER,
    "DELETE /session": STRANGER,
    "GET /openapi.json": VISITOR,
    "GET /groups": VISITOR,
    "OPTIONS /uploads": VISITOR,
    "POST /uploads": EDITOR,
    "HEAD /uploads/{upload_id}": EDITOR,
    "PATCH /uploads/{upload_id}": EDITOR,
    "DELETE /uploads/{upload_id}": EDITOR,
    "POST /direct-uploads": EDITOR,
    "GET /direct-uploads/{upload_id}": EDITOR,
    "DELETE /direct-uploads/{upload_id}": EDITOR,
    "POST /direct-uploads/{upload_id}/complete": EDITOR,
    "GET /videos": VISITOR,
    "POST /videos": EDITOR,
    "GET /videos/{video_id}": VISITOR,
    "PATCH /videos/{video_id}": EDITOR,
    "DELETE /videos/{video_id}": OPERATOR,
    "POST /videos/{video_id}/cancel": EDITOR,
    "POST /videos/{video_id}/retry": EDITOR,
    "GET /videos/{video_id}/events": VISITOR,
    "GET /videos/{video_id}/watch": VISITOR,
    "GET /videos/{video_id}/stage.mp4": VISITOR,
    "HEAD /videos/{video_id}/stage.mp4": VISITOR,
    "GET /videos/{video_id}/sprite.jpg": VISITOR,
    "GET /videos/{video_id}/poster.jpg": VISITOR,
    "GET /videos/{video_id}/hls/{name:path}": VISITOR,
    "GET /videos/{video_id}/pins": EDITOR,
    "PUT /videos/{video_id}/pins": EDITOR,
    "POST /videos/{video_id}/pins/preview": EDITOR,
    "PUT /videos/{video_id}/people/{somebody}": EDITOR,
    "POST /videos/{video_id}/people/{somebody}/{verdict}": EDITOR,
    "POST /videos/{video_id}/spans/{span}/confirm": EDITOR,
    "GET /review": EDITOR,
    "GET /runs/{run_id}/camera/{aspect}.json": VISITOR,
    "GET /runs/{run_id}/boxes.json": VIEWER,
    "GET /runs/{run_id}/report.json": VIEWER,
    "GET /runs/{run_id}/fancams/{name}.mp4": VISITOR,
    "HEAD /runs/{run_id}/fancams/{name}.mp4": VISITOR,
    "GET /runs/{run_id}/faces/{somebody}.jpg": VISITOR,
    "GET /runs/{run_id}/hls/{name:path}": VISITOR,
    "GET /runs/{run_id}/{table}.{kind}": VIEWER,
    "GET /tokens": OPERATOR,
    "GET /usage": OPERATOR,
    "POST /tokens": OPERATOR,
    "DELETE /tokens/{token_id}": OPERATOR,
    "GET /webhooks": OPERATOR,
    "POST /webhooks": OPERATOR,
    "DELETE /webhooks/{webhook_id}": OPERATOR,
    "GET /webhooks/{webhook_id}/deliveries": OPERATOR,
    "GET /datasets": EDITOR,
    "POST /datasets": EDITOR,
    "GET /datasets/{dataset}": EDITOR,
    "POST /datasets/{dataset}/members": EDITOR,
    "PUT /datasets/{dataset}/members/{member}": EDITOR,
    "GET /datasets/{dataset}/counts": EDITOR,
    "GET /datasets/{dataset}/training": EDITOR,
    "POST /datasets/{dataset}/training": EDITOR,
    "POST /datasets/{dataset}/training/cancel": EDITOR,
    "GET /datasets/{dataset}/queue": EDITOR,
    "PUT /datasets/{dataset}/tracklets/{tracklet}": EDITOR,
    "GET /datasets/{dataset}/pictures/{picture}.jpg": EDITOR,
    "GET /datasets/{dataset}/pictures/{picture}/labels": EDITOR,
    "PUT /datasets/{dataset}/pictures/{picture}/labels": EDITOR,
    "GET /datasets/{dataset}/pictures/{picture}/history": EDITOR,
}
#: The page, which is empty until it has asked the API.
PAGES = {
    "/",
    "/upload",
    "/about",
    "/review",
    "/sign-in",
    "/join",
    "/tokens",
    "/webhooks",
    "/datasets",
    "/label/{name}",
    "/watch/{video}",
    "/group/{name}",
    "/{path:path}",
}


def needed(dependant: object) -> list[Role]:
    """All roles that an address asks for, wherever it does."""
    asked = [dependant.call.role] if isinstance(dependant.call, Needs) else []  # type: ignore[attr-defined]
    return asked + [role for below in dependant.dependencies for role in needed(below)]  # type: ignore[attr-defined]


def test_every_address_takes_the_role_that_is_written_here(site: RehearsedSite) -> None:
    found, pages = {}, set()
    for route in iter_route_contexts(site.app.routes):
        if not route.path.startswith("/api/v1"):
            pages.add(route.path)
            continue
        role = max(needed(route.dependant), default=STRANGER)
        for method in route.methods:
            found[f"{method} {route.path.removeprefix('/api/v1')}"] = role
    assert found == ADDRESSES, "say here what role a new address takes"
    assert pages == PAGES


def example(address: str) -> tuple[str, str]:
    """The method of an address, and its path with something in every place."""
    method, path = address.split()
    path = re.sub(r"\{(video|run|upload)_id\}", "0" * 32, path)
    path = path.replace("{token_id}", "0" * 12).replace("{verdict}", "approve")
    return method, re.sub(r"\{\w+(:path)?\}", "x", path)


def test_an_address_is_closed_below_its_role_and_open_from_it_on(site: RehearsedSite) -> None:
    close_door(site, is_public=True)
    for asker in (VISITOR, VIEWER, EDITOR, OPERATOR):
        headers = key(site, asker)
        for address, role in ADDRESSES.items():
            answer = site.http.request(*example(address), headers=headers)
            is_refused = answer.status_code in (401, 403)
            assert is_refused == (asker < role), (address, asker, answer.text)


def test_a_stranger_may_sign_in_and_nothing_else(site: RehearsedSite) -> None:
    close_door(site)
    for address, role in ADDRESSES.items():
        answer = site.http.request(*example(address))
        if role == STRANGER:
            assert answer.status_code in (200, 204, 422), address
        else:
            assert answer.status_code == 401, address
            assert answer.headers["www-authenticate"] == 'Bearer realm="inyourarea"'


def test_the_page_itself_is_for_everybody(site: RehearsedSite) -> None:
    close_door(site)
    answer = site.http.get("http://site/join")
    assert answer.status_code in (200, 503)  # 503: it is not built
    assert answer.headers["content-type"].startswith("text/html")
