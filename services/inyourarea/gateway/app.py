"""The site as one ASGI application."""

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from inyourarea.gateway import pages
from inyourarea.gateway.api import (
    datasets,
    direct,
    groups,
    people,
    pins,
    review,
    runs,
    session,
    stage,
    tokens,
    training,
    uploads,
    usage,
    videos,
    webhooks,
)
from inyourarea.gateway.counting import CountedRequests
from inyourarea.gateway.documents import API
from inyourarea.gateway.guard import Guard
from inyourarea.gateway.house import House
from inyourarea.gateway.openapi import complete
from inyourarea.gateway.problems import answer_problems

#: Answers shorter than this are not worth packing.
_LEAST_PACKED = 1000
#: zlib's level: of four hours' cameras, 20 MB take .1 s so and become 2.1 MB; at 9, 5 s and 1.4 MB.
_PACKING = 4
#: Bytes that a request may bring, but for uploads: thousands of pins are half of it.
_MOST_BODY = 1 << 20

_PARTS = (
    groups,
    uploads,
    direct,
    videos,
    stage,
    people,
    pins,
    review,
    runs,
    session,
    tokens,
    webhooks,
    usage,
    datasets,
    training,
)


def create_app(house: House) -> FastAPI:
    """The site, standing on these parts."""
    app = FastAPI(
        title="InYourArea",
        version="1",
        description="One video of a group on stage in, one fancam per member out.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=_MOST_BODY,
        separate_input_output_schemas=False,
        telemetry={"operation_spans": False},  # a span for each request is enough
    )
    app.state.house = house
    api = APIRouter(prefix=API)
    for part in _PARTS:
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(pages.router)
    answer_problems(app)
    app.add_middleware(GZipMiddleware, minimum_size=_LEAST_PACKED, compresslevel=_PACKING)
    app.add_middleware(Guard, house=house)
    app.add_middleware(CountedRequests)
    complete(app)
    return app
