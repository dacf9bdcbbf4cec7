"""Who asks, and whether that is too often: the same at every door, HTTP's and gRPC's."""

from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.callers import Caller
from inyourarea.gateway.house import House
from inyourarea.gateway.limits import ATTEMPTS, Limit
from inyourarea.gateway.problems import too_many, unauthorized
from inyourarea.gateway.tokens import NoEntry


def find_person(house: House, caller: Caller, presented: str = "", session: str = "") -> Person:
    """Who asks: by what is ``presented`` (``Bearer TOKEN``), by a session's secret, or by place.

    Raises:
        Problem: the token opens nothing; a session that has ended only leaves its bearer outside.
    """
    kind, _, token = presented.partition(" ")
    excuse = ""
    try:
        if kind.lower() == "bearer":
            return house.tokens.holder(token.strip())
        if session:
            return house.tokens.member(session)
    except NoEntry as refused:
        if kind:
            _take(house, ATTEMPTS, caller.address)
            raise unauthorized(str(refused), refused.kind) from None
        excuse = str(refused)
    settings = house.settings
    if settings.trusts_everybody or (settings.trusts_this_machine and caller.is_local):
        return Person(Role.OPERATOR)
    return Person(Role.VISITOR if settings.is_public else Role.STRANGER, excuse=excuse)


def count(house: House, person: Person, caller: Caller, limit: Limit) -> None:
    """The request is one of not too many; whoever sits at this machine may ask at will.

    Raises:
        Problem: it is one too many.
    """
    if person.role < Role.OPERATOR or person.token:
        address = limit == ATTEMPTS or not person.token
        _take(house, limit, caller.address if address else person.token)


def _take(house: House, limit: Limit, who: str) -> None:
    if wait_s := house.limits.take(limit, who):
        raise too_many(wait_s)
