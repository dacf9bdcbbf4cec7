"""A command whose extra is not installed says which; the others go on."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import _EXTRAS, _EXTRAS_OF_PACKAGES

#: What neither the bare package nor its extra `client` brings.
_NOT_OF_CLIENT = (
    *("scipy", "cv2", "av", "onnxruntime", "onnx", "fastapi", "sqlalchemy", "uvicorn", "alembic"),
    *("segno", "grpc", "jsonschema", "kafka", "minio", "torch", "ultralytics", "tritonclient"),
)
_BARE = (*_NOT_OF_CLIENT, "httpx", "pydantic", "rich")
_PROGRAM = """
import sys
gone = sys.argv.pop(1).split(",")
sys.modules.update(dict.fromkeys(gone))
from inyourarea.cli.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


#: A store and a Triton that nobody asks.
_CLUSTER = {
    "INYOURAREA_S3_ENDPOINT": "http://127.0.0.1:9",
    "INYOURAREA_S3_ACCESS_KEY": "key",
    "INYOURAREA_S3_SECRET_KEY": "secret",
    "INYOURAREA_TRITON_ADDRESS": "127.0.0.1:9",
}


def asked(
    gone: tuple[str, ...], *words: str, told: Mapping[str, str] = _CLUSTER
) -> tuple[int, str]:
    """How a command ends without these packages, and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, ",".join(gone), *words],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("gone", "words", "said"),
    [
        (_NOT_OF_CLIENT, ("score", "run", "--truth", "t.csv"), "score needs scipy, track"),
        (_BARE, ("score", "--help"), "score needs scipy, track"),
        (_NOT_OF_CLIENT, ("run", "stage.mp4", "--out", "o"), "run needs cv2, laptop"),
        (_NOT_OF_CLIENT, ("stage-show",), "stage-show needs cv2, laptop"),
        (_NOT_OF_CLIENT, ("topics",), "topics needs kafka, cluster"),
        (("kafka",), ("dead-letters", "list"), "dead-letters needs kafka, cluster"),
        (("minio",), ("usage",), "usage needs minio, cluster"),
        (("minio",), ("store", "apply"), "store needs minio, cluster"),
        (("tritonclient",), ("models", "back", "tour"), "models needs tritonclient, triton"),
        (_BARE, ("status", "--server", "http://127.0.0.1:9"), "status needs rich, client"),
        (_BARE, ("train", "--dataset", "d"), "train needs rich, train"),
    ],
)
def test_a_command_says_which_extra_it_needs(
    gone: tuple[str, ...], words: tuple[str, ...], said: str
) -> None:
    needs, extra = said.split(", ")
    assert asked(gone, *words) == (
        1,
        f"inyourarea: {needs}, which is not installed: pip install 'inyourarea[{extra}]'\n",
    )


def test_on_a_laptop_an_operator_s_command_asks_for_a_folder() -> None:
    code, said = asked(("minio", "kafka"), "runs", "list", told={})
    assert code == 1
    assert said.startswith("inyourarea: give --data DIR, or a cluster's settings: ")
    assert "INYOURAREA_S3_ENDPOINT must be" in said


def test_a_store_that_is_away_is_no_refusal() -> None:
    """Whoever runs commands by themselves tries again: the chart's training job."""
    code, said = asked((), "usage")
    assert code == 75
    assert said.startswith("inyourarea: the object store at http://127.0.0.1:9 can not be reached")
    assert said.count("\n") == 1


def test_help_lists_all_commands_and_what_those_need_that_can_not_be_had() -> None:
    code, said = asked(_BARE, "--help")
    assert code == 0
    words = " ".join(said.split())
    assert "score needs scipy, which is not installed: pip install 'inyourarea[track]'" in words
    assert "usage" in words


def test_every_extra_that_is_named_is_there() -> None:
    house = Path(__file__).parents[3]
    written = tomllib.loads((house / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(written["project"]["optional-dependencies"])
    named = {*_EXTRAS.values(), *_EXTRAS_OF_PACKAGES.values()}
    for file in (house / "services" / "inyourarea" / "cli").glob("*.py"):
        named |= set(re.findall(r"inyourarea\[(\w+)\]", file.read_text(encoding="utf-8")))
    assert len(named) > 4
    assert named <= extras
