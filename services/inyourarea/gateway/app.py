"""The site as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from inyourarea.gateway import pages
from inyourarea.gateway.api import groups, people, pins, runs, session, uploads, videos
from inyourarea.gateway.guard import Guard
from inyourarea.gateway.house import House
from inyourarea.gateway.openapi import complete
from inyourarea.gateway.problems import answer_problems

#: Answers shorter than this are not worth packing.
_LEAST_PACKED = 1000


def create_app(house: House) -> FastAPI:
    """The site, standing on these parts."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        house.watchers.open()
        yield

    app = FastAPI(
        title="InYourArea",
        version="1",
        description="One video of a group on stage in, one fancam per member out.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        separate_input_output_schemas=False,
    )
    app.state.house = house
    api = APIRouter(prefix="/api/v1")
    for part in (groups, uploads, videos, people, pins, runs, session):
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(pages.router)
    answer_problems(app)
    app.add_middleware(GZipMiddleware, minimum_size=_LEAST_PACKED)
    app.add_middleware(Guard, settings=house.settings)
    complete(app)
    return app
