"""Sentences about what went wrong: read again by whoever has to, and the same on the page."""

import ast
import json
import re
from pathlib import Path
from string import Formatter

import pytest

from inyourarea.core import errors
from inyourarea.core.reasons import REASONS, reason_of, told

SERVICES = Path(__file__).parents[3] / "services" / "inyourarea"
PAGE = SERVICES / "gateway" / "web" / "src" / "words" / "reasons.ts"
ROOMS = ("ingest", "detect", "track", "render")
MODULES = [path for path in SERVICES.rglob("*.py") if "node_modules" not in path.parts]
#: What those stages raise out of, and what they ask of a video.
STAGES = [
    *(path for path in MODULES if path.relative_to(SERVICES).parts[0] in ROOMS),
    *(SERVICES / "runtime" / f"{name}.py" for name in ("child", "container", "ranged", "worker")),
]
REFUSALS = {
    name
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, errors.Refused)
}


def figures_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def calls_in(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("reason", REASONS)
def test_a_sentence_is_of_one_name(reason: str) -> None:
    figures = {name: f"12 {name}" for name in figures_of(REASONS[reason])}
    assert reason_of(told(reason, **figures)) == reason


def test_the_name_is_found_whatever_stands_in_a_sentence() -> None:
    inner = told("decoding", first=1, last=30, why=told("took-long", seconds="60"))
    assert reason_of(told("died", why=inner)) == "died"
    assert reason_of(told("defect", error="OSError: (a; b)\nc {d}")) == "defect"
    assert reason_of("ValueError: broken inside") is None
    assert reason_of("") is None


def test_every_sentence_is_told_with_all_its_figures() -> None:
    asked = set()
    for path in MODULES:
        for call in calls_in(path):
            if name_of(call.func) != "told" or not isinstance(call.args[0], ast.Constant):
                continue
            reason = call.args[0].value
            given = {word.arg for word in call.keywords}
            assert None in given or given == figures_of(REASONS[reason]), f"{path}: {reason}"
            asked.add(reason)
    # Which of two is told is found out there.
    assert REASONS.keys() - asked <= {"opening", "copying", "range-mapped", "range-and-lines"}


def test_what_a_stage_refuses_has_a_name() -> None:
    nameless = []
    for path in STAGES:
        for call in calls_in(path):
            if name_of(call.func) not in REFUSALS or not call.args:
                continue
            inner = call.args[0]
            is_named = isinstance(inner, ast.Call) and name_of(inner.func) in {
                "told",
                "_nobody_there",
            }
            if not is_named:
                nameless.append(f"{path.name}:{call.lineno}")
    assert nameless == []


def test_the_page_has_the_same_sentences_in_the_same_order() -> None:
    lines = re.findall(r'^  ("[\w-]+"): (\[".*"\]),$', PAGE.read_text(), re.MULTILINE)
    page = {json.loads(name): json.loads(both) for name, both in lines}
    assert {name: both[0] for name, both in page.items()} == dict(REASONS)
    assert list(page) == list(REASONS)
    for name, (_, korean) in page.items():
        assert figures_of(korean) == figures_of(REASONS[name]), name
        assert re.search("[가-힣]", korean), name
