"""What every address needs to know of a request: the house, and who asks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.documents import ProblemDocument
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import MEDIA_TYPE, Problem

RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
VideoId = RunId


def house_of(request: Request) -> House:
    """The gateway's parts."""
    house: House = request.app.state.house
    return house


def person_of(request: Request) -> Person:
    """Who asks, as the guard at the door has found out."""
    person: Person = request.state.person
    return person


HouseOf = Annotated[House, Depends(house_of)]
Asker = Annotated[Person, Depends(person_of)]


def _needs(role: Role) -> Callable[[Person], Person]:
    def check(person: Asker) -> Person:
        if person.role >= role:
            return person
        if person.role == Role.VISITOR:
            raise Problem(401, "sign-in", "Sign in first: this is not open to everybody.")
        raise Problem(403, "role", f"This takes the role {role.name.lower()}; ask an operator.")

    return check


Viewer = Annotated[Person, Depends(_needs(Role.VIEWER))]
Editor = Annotated[Person, Depends(_needs(Role.EDITOR))]
Operator = Annotated[Person, Depends(_needs(Role.OPERATOR))]


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The problems that an address may answer with, for the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": "A problem", "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in (*statuses, 400, 401, 403, 422, 429, 503)
    }
