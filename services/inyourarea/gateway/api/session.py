"""Who asks; and browsers that sign in and out."""

import json

from fastapi import APIRouter, Request, Response

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person
from inyourarea.gateway.api.asking import Anybody, Asker, CallerOf, HouseOf, problems
from inyourarea.gateway.callers import cookie_name
from inyourarea.gateway.problems import unauthorized
from inyourarea.gateway.tokens import SESSION_S, NoEntry

router = APIRouter(tags=["session"])


@router.get("/me", operation_id="who_am_i", responses=problems())
def me(person: Anybody) -> doc.Me:
    """What the asker may do here. A stranger may sign in, and nothing else."""
    return _me(person)


@router.post("/session", operation_id="sign_in", responses=problems())
def sign_in(
    asked: doc.SignIn, house: HouseOf, caller: CallerOf, person: Anybody, response: Response
) -> doc.Me:
    """This browser may do from now on what the token says, or watch, where it brings a code.

    The answer sets a cookie that no script can read and that no other site's page can send.
    """
    del person  # whoever it was
    try:
        if asked.token is not None:
            found = house.tokens.holder(asked.token.strip())
        else:
            found = house.invitations.accept(asked.code or "")
    except NoEntry as refused:
        raise unauthorized(str(refused), refused.kind) from None
    response.set_cookie(
        cookie_name(caller),
        house.tokens.open_session(found),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=caller.scheme == "https",
    )
    return _me(found)


@router.delete("/session", operation_id="sign_out", status_code=204, responses=problems())
def sign_out(request: Request, house: HouseOf, caller: CallerOf, person: Anybody) -> Response:
    """This browser is signed out, and forgets what it has seen."""
    del person
    name = cookie_name(caller)
    if secret := request.cookies.get(name):
        house.tokens.close_session(secret)
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
    response.delete_cookie(name, httponly=True, samesite="strict", secure=caller.scheme == "https")
    return response


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, person: Asker) -> Response:
    """This API, described for programs."""
    del person
    return Response(json.dumps(request.app.openapi()), media_type="application/json")


def _me(person: Person) -> doc.Me:
    return doc.Me.model_validate({"role": person.role.name.lower(), "name": person.name})
