"""What is said of a run in which nobody is found: why, and what to ask for instead."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inyourarea.cli.running import why_nobody
from inyourarea.core.picture import parse_aspect
from inyourarea.embedded.run import Request

ASKED = Request(Path("stage.mp4"), Path("out"), (parse_aspect("9:16"),))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "no face is large and clear enough"),
        ({"group": "show"}, "without --group"),
        ({"boxes": Path("b.csv")}, "b.csv shows nobody"),
        ({"boxes": Path("b.csv"), "confidence": 0.99}, "give a lower one"),
        ({"group": "show", "confidence": 0.99}, "--confidence 0.99"),
    ],
)
def test_each_case_has_its_next_step(asked: dict[str, Any], said: str) -> None:
    assert said in why_nobody(replace(ASKED, **asked))
