"""Everything that can go wrong with a request, as RFC 9457 problem documents."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from inyourarea.core.errors import PinRejected, Refused, VideoTooLarge
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.objects import ObjectNotFound, ObjectsAway
from inyourarea.runtime.worker import DependencyAway

MEDIA_TYPE = "application/problem+json"
_ROOT = "urn:inyourarea:problem:"
#: HTTP's own words; 460 is the tus protocol's.
_TITLES = {status.value: status.phrase for status in HTTPStatus} | {460: "Checksum Mismatch"}


class Problem(Exception):
    """The request can not be answered; ``detail`` says why, and what to do."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.more = more
        self.headers: Mapping[str, str] = {}


class NotThere(Problem):
    """There is no such thing, or the asker may not know of it."""

    def __init__(self, what: str) -> None:
        super().__init__(404, "not-found", f"There is no {what}.")


class Stale(Problem):
    """Somebody else changed the video meanwhile."""

    def __init__(self, revision: int) -> None:
        detail = "Somebody else has changed this video meanwhile; load it again, then repeat."
        super().__init__(409, "stale-edit", detail, revision=revision)


def unauthorized(detail: str, kind: str = "") -> Problem:
    """A token is needed, or, with ``kind``, the one that was presented opens nothing (RFC 6750)."""
    problem = Problem(401, kind or "sign-in", detail)
    challenge = 'Bearer realm="inyourarea"'
    if kind:
        challenge += f', error="invalid_token", error_description="{detail}"'
    problem.headers = {"WWW-Authenticate": challenge}
    return problem


def too_many(wait_s: float) -> Problem:
    """The asker has asked too often."""
    wait = math.ceil(wait_s)
    problem = Problem(429, "too-many-requests", f"This was too often; wait {wait} s.")
    problem.headers = {"Retry-After": str(wait)}
    return problem


def problem_response(problem: Problem) -> JSONResponse:
    """The problem as an answer."""
    content = {
        "type": _ROOT + problem.kind,
        "title": _TITLES[problem.status],
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }
    return JSONResponse(
        content, problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )


def answer_problems(app: FastAPI) -> None:
    """Whatever a request raises is answered with a problem document."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return problem_response(problem)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            {"where": "/".join(map(str, part["loc"])), "what": part["msg"]}
            for part in error.errors()
        ]
        detail = "; ".join(f"{part['where']}: {part['what']}" for part in wrong)[:2000]
        return problem_response(Problem(422, "invalid-request", detail, errors=wrong))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        problem = Problem(error.status_code, kind, str(error.detail))
        problem.headers = error.headers or {}
        return problem_response(problem)

    @app.exception_handler(Refused)
    async def _refused(_: Request, refused: Refused) -> JSONResponse:
        kind = {PinRejected: "pin-rejected", VideoTooLarge: "video-too-large"}
        name = kind.get(type(refused), "refused")
        return problem_response(Problem(422, name, str(refused)))

    @app.exception_handler(ObjectNotFound)
    async def _gone(_: Request, __: ObjectNotFound) -> JSONResponse:
        return problem_response(NotThere("such object"))

    @app.exception_handler(Exception)
    async def _defect(_: Request, __: Exception) -> JSONResponse:
        detail = "This is a defect of the program; please report it with the server's log."
        return problem_response(Problem(500, "defect", detail))

    async def _away(_: Request, away: Exception) -> JSONResponse:
        problem = Problem(503, "away", f"Something this needs can not be reached now: {away}")
        problem.headers = {"Retry-After": "5"}
        return problem_response(problem)

    for kind in (ObjectsAway, BusAway, DependencyAway):
        app.add_exception_handler(kind, _away)
