"""The API's document: made by FastAPI from the addresses, and completed here."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from inyourarea.gateway.documents import ProblemDocument
from inyourarea.gateway.examples import example_of
from inyourarea.gateway.problems import MEDIA_TYPE

Json = dict[str, Any]

#: What any address may answer: a request that can not be read, is not allowed, comes too often or
#: to a name that is not this site's; and something that is away.
ANYWHERE = (400, 401, 403, 421, 422, 429, 503)


def problem_responses(*statuses: int) -> dict[int | str, Json]:
    """Problems that an address may answer with besides those that any may."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": "A problem", "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def complete(app: FastAPI) -> None:
    """The document knows every operation's summary, and what problems look like."""
    plain = app.openapi

    def completed() -> Json:
        if app.openapi_schema is None:
            document = plain()
            schemas = document["components"]["schemas"]
            schemas[ProblemDocument.__name__] = ProblemDocument.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for operation in _operations(document):
                _complete(operation)
                _exemplify(operation, schemas)
        return app.openapi_schema or {}

    app.openapi = completed  # type: ignore[method-assign]


def _operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _complete(operation: Json) -> None:
    summary, _, rest = operation["description"].partition("\n")
    operation["summary"] = summary.rstrip(".")
    operation["description"] = rest.strip() or summary
    responses = operation["responses"]
    responses.update({str(key): told for key, told in problem_responses(*ANYWHERE).items()})


def _exemplify(operation: Json, schemas: Json) -> None:
    """Every parameter, and every body that is a document, has an example."""
    for parameter in operation.get("parameters", ()):
        if not {"example", "examples"} & parameter.keys():
            parameter["example"] = example_of(parameter["schema"], schemas, "", parameter["name"])
    for told in (operation.get("requestBody", {}), *operation["responses"].values()):
        for kind, content in told.get("content", {}).items():
            if kind.endswith("json") and "$ref" in content.get("schema", {}):
                content["example"] = example_of(content["schema"], schemas)
