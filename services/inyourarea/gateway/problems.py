"""Everything that can go wrong with a request, as RFC 9457 problem documents."""

import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from inyourarea.core.errors import DependencyAway, PinRejected, Refused, VideoTooLarge
from inyourarea.core.reasons import told
from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.objects import ObjectDamaged, ObjectNotFound, ObjectsAway

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
        super().__init__(409, "stale-edit", told("stale"), revision=revision)


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
    problem = Problem(429, "too-many-requests", told("too-often", seconds=wait))
    problem.headers = {"Retry-After": str(wait)}
    return problem


def too_busy() -> Problem:
    """So many slow questions are worked on that the others would have to wait."""
    problem = Problem(503, "busy", "Too much is being worked on just now; ask again in a moment.")
    problem.headers = {"Retry-After": "5"}
    return problem


def problem_document(problem: Problem) -> dict[str, Any]:
    """The problem as it is told, over HTTP and over gRPC."""
    return {
        "type": _ROOT + problem.kind,
        "title": _TITLES[problem.status],
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }


def problem_response(problem: Problem) -> JSONResponse:
    """The problem as an answer."""
    return JSONResponse(
        problem_document(problem),
        problem.status,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )


def problem_of(error: Exception) -> Problem:
    """What a request has raised, as whoever asked is told it."""
    match error:
        case Problem():
            return error
        case Refused():
            kinds = {PinRejected: "pin-rejected", VideoTooLarge: "video-too-large"}
            return Problem(422, kinds.get(type(error), "refused"), str(error))
        case ObjectNotFound():
            return NotThere("such object")
        case ObjectDamaged():
            return Problem(500, "damaged", f"What is stored of this can not be read: {error}")
        case ObjectsAway() | BusAway() | DependencyAway():
            away = Problem(503, "away", f"Something this needs can not be reached now: {error}")
            away.headers = {"Retry-After": "5"}
            return away
    detail = "This is a defect of the program; please report it with the server's log."
    return Problem(500, "defect", detail)


def invalid(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """The request does not have the shape that it should; ``errors`` are pydantic's."""
    wrong = [{"where": "/".join(map(str, part["loc"])), "what": part["msg"]} for part in errors]
    detail = "; ".join(f"{part['where']}: {part['what']}" for part in wrong)[:2000]
    return Problem(422, "invalid-request", detail, errors=wrong)


def answer_problems(app: FastAPI) -> None:
    """Whatever a request raises is answered with a problem document."""

    async def _problem(_: Request, error: Exception) -> JSONResponse:
        return problem_response(problem_of(error))

    stored = (ObjectNotFound, ObjectDamaged, ObjectsAway)
    for kind in (Problem, Refused, *stored, BusAway, DependencyAway, Exception):
        app.add_exception_handler(kind, _problem)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(invalid(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        problem = Problem(error.status_code, kind, str(error.detail))
        problem.headers = error.headers or {}
        return problem_response(problem)
