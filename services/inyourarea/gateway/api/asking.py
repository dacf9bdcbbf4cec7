"""What every address needs to know of a request: the house, and who asks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.house import House
from inyourarea.gateway.openapi import problem_responses as problems
from inyourarea.gateway.problems import Problem

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


__all__ = ["Asker", "Editor", "HouseOf", "Operator", "RunId", "VideoId", "Viewer", "problems"]

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
