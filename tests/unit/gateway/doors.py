"""The rehearsed site behind a closed door, and what people bring to it."""

from dataclasses import replace

import httpx

from inyourarea.gateway.access import Role
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.gateway.tokens import TokenAsked
from rehearsal_house import RehearsedSite

CLOSED = GatewaySettings(hosts=("site",))


def close_door(site: RehearsedSite, **settings: object) -> None:
    """From now on nobody is trusted without a token."""
    site.house.settings = replace(CLOSED, **settings)  # type: ignore[arg-type]


def new_token(site: RehearsedSite, role: Role, **more: object) -> str:
    name = str(more.pop("name", f"{role.name.lower()} {len(site.house.tokens.all())}"))
    return site.house.tokens.create(TokenAsked(name, role, **more))[0]  # type: ignore[arg-type]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def key(site: RehearsedSite, role: Role, **more: object) -> dict[str, str]:
    """The headers that somebody of the role sends; a stranger and a visitor bring no token."""
    return bearer(new_token(site, role, **more)) if role > Role.VISITOR else {}


def told(answer: httpx.Response) -> tuple[int, str]:
    """The answer's status and, of a problem, its kind."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1] if is_problem else ""
