"""The site keeps to its OpenAPI document, whatever it is asked: found out by schemathesis."""

from collections.abc import Callable, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inyourarea.contracts.datasets import Members
from inyourarea.gateway import documents
from labelled_show import fill, tracklet_of
from rehearsal_house import RehearsedSite

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
#: Few, since every operation has them twice; the same ones on every machine.
FEW = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RehearsedSite]:
    site = RehearsedSite(tmp_path_factory.mktemp("site"), seconds=3, members=2)
    yield site
    site.close()


@pytest.fixture(scope="module")
def ready(house: RehearsedSite) -> str:
    """A video that is there; what it is asked to become is never worked on."""
    return str(house.ready()["id"])


@pytest.fixture(scope="module")
def labelled(house: RehearsedSite) -> str:
    """A picture of a dataset called known."""
    members = Members(("Ana", "Bo"))
    return fill(house.house.datasets.make("known", members).dataset, shots=1)[0]


def ask(house: RehearsedSite, question: Callable[[Case], None], but: tuple[str, ...] = ()) -> None:
    """Ask every operation a few questions; whatever is wrong with any of them is told."""
    document = schemathesis.openapi.from_asgi("/api/v1/openapi.json", house.app)
    wrong = []
    for operation in (found.ok() for found in document.get_all_operations()):
        if operation.definition.raw["operationId"] in but:
            continue
        try:
            FEW(given(case=operation.as_strategy())(question))()
        except FailureGroup as group:
            wrong.append(f"{operation.label}: {[str(one) for one in group.exceptions]}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.slow
def test_any_question_is_answered_as_documented(house: RehearsedSite) -> None:
    def question(case: Case) -> None:
        case.call_and_validate(checks=CHECKS)

    ask(house, question)


@pytest.mark.slow
def test_a_question_about_something_that_is_there_is_answered_as_documented(
    house: RehearsedSite, ready: str, labelled: str
) -> None:
    def question(case: Case) -> None:
        video = house.get(f"/videos/{ready}")
        person = house.watch(video)["people"][0]["id"]
        known = {
            "video_id": video["id"],
            "run_id": video["shown_run_id"],
            "somebody": person,
            "aspect": "9x16",
            "name": f"{person}-9x16",
            "table": "tracks",
            "kind": "csv",
            "upload_id": house.upload(),
            "dataset": "known",
            "picture": labelled,
            "tracklet": tracklet_of(0, 0),
            "member": "Ana",
        }
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known.get(name, case.path_parameters[name])
        if isinstance(case.body, dict):
            for name in ("upload_id", "revision"):
                if name in case.body:
                    case.body[name] = {**known, **video}[name]
        case.call_and_validate(checks=CHECKS)

    ask(house, question, but=("delete_video", "watch_video"))


def test_every_operation_has_a_name_a_summary_and_told_problems(house: RehearsedSite) -> None:
    names = []
    for path, methods in house.app.openapi()["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["summary"], path
            assert operation["description"], path
            assert operation["tags"], path
            refused = operation["responses"]["422"]["content"]
            assert list(refused) == ["application/problem+json"], (method, path)
    assert len(names) == len(set(names))
    assert all(name.isidentifier() and name == name.lower() for name in names)


def test_every_body_and_parameter_has_an_example_that_is_one(house: RehearsedSite) -> None:
    document = house.app.openapi()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert all("example" in one for one in operation.get("parameters", ()))
            answers = operation["responses"].values()
            for told in (operation.get("requestBody", {}), *answers):
                for content in told.get("content", {}).values():
                    if "$ref" in content.get("schema", {}):
                        name = content["schema"]["$ref"].rsplit("/", 1)[1]
                        getattr(documents, name).model_validate(content["example"])
