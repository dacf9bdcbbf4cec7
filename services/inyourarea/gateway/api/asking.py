"""What every address needs to know of a request: the house, and who asks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.callers import Caller
from inyourarea.gateway.documents import ID_PATTERN
from inyourarea.gateway.house import House
from inyourarea.gateway.openapi import problem_responses as problems
from inyourarea.gateway.problems import Problem, unauthorized

__all__ = [
    "Anybody",
    "Asker",
    "CallerOf",
    "Editor",
    "HouseOf",
    "Operator",
    "RunId",
    "VideoId",
    "Viewer",
    "problems",
]

RunId = Annotated[str, Path(pattern=ID_PATTERN)]
VideoId = RunId


def house_of(request: Request) -> House:
    """The gateway's parts."""
    house: House = request.app.state.house
    return house


def person_of(request: Request) -> Person:
    """Who asks, as the guard at the door has found out."""
    person: Person = request.state.person
    return person


def caller_of(request: Request) -> Caller:
    """Where the request comes from."""
    caller: Caller = request.state.caller
    return caller


HouseOf = Annotated[House, Depends(house_of)]
#: Anybody at all, strangers too: only for what signing in takes.
Anybody = Annotated[Person, Depends(person_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]


@dataclass(frozen=True)
class Needs:
    """What an address takes: at least this role."""

    role: Role

    def __call__(self, person: Anybody) -> Person:
        """The person, who may.

        Raises:
            Problem: the person may not.
        """
        if person.role >= self.role:
            return person
        if person.role <= Role.VISITOR:
            raise unauthorized(person.excuse or "Sign in first: this is not open to everybody.")
        detail = f"This takes the role {self.role.name.lower()}; ask an operator."
        problem = Problem(403, "role", detail)
        problem.headers = {
            "WWW-Authenticate": 'Bearer realm="inyourarea", error="insufficient_scope"'
        }
        raise problem


#: Whoever may see what is published; find the video with `find_video`, which hides the rest.
Asker = Annotated[Person, Depends(Needs(Role.VISITOR))]
Viewer = Annotated[Person, Depends(Needs(Role.VIEWER))]
Editor = Annotated[Person, Depends(Needs(Role.EDITOR))]
Operator = Annotated[Person, Depends(Needs(Role.OPERATOR))]
