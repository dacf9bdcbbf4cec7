"""Trouble with files that no command foresees ends in one line."""

from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main

_LONG = "a" * 300


@pytest.mark.parametrize(
    "words",
    [
        ("collect", "--dataset", "here", _LONG),
        ("dataset", "show", _LONG),
        ("dataset", "import", "here", _LONG),
        ("train", "--dataset", _LONG, "--group", "a.toml"),
        ("runs", "list", "--data", _LONG),
        ("gc", "--dry-run", "--data", _LONG),
        ("usage", "--data", _LONG),
    ],
)
def test_a_name_that_no_file_can_have_is_said_in_one_line(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("inyourarea: ")
    assert _LONG in said[0]
