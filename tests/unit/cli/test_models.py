"""`inyourarea models repository` writes what a Triton server mounts."""

from dataclasses import replace
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.train.repository import write_model
from tiny_model import INFO, tiny_model

GROUP = """
name = "pair"
model = "tiny"
version = 1
confidence = 0.5
[[member]]
name = "red"
colour = "#ff0000"
[[member]]
name = "green"
colour = "#00ff00"
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models of one group, and a face detector that is another's file renamed."""
    folder = tmp_path / "models"
    for name in ("tiny", "faces"):
        info = replace(INFO, name=name)
        write_model(folder, info, tiny_model(info))
    (folder / "groups").mkdir()
    (folder / "groups" / "pair.toml").write_text(GROUP)
    monkeypatch.setenv("INYOURAREA_MODELS", str(folder))
    return folder


@pytest.mark.parametrize(("words", "backend"), [([], "onnxruntime"), (["--cpu"], "python")])
def test_faces_and_the_groups_models_are_written(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    backend: str,
) -> None:
    out = tmp_path / "out"
    assert main(["models", "repository", "--out", str(out), "--group", "pair", *words]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["faces", "tiny"]
    assert f'backend: "{backend}"' in (out / "tiny" / "config.pbtxt").read_text()
    assert "--load-model=faces --load-model=tiny" in capsys.readouterr().out


def test_a_group_that_is_not_there_is_refused(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["models", "repository", "--out", str(tmp_path / "out"), "--group", "nix"]
    assert main(words) == 1
    assert "There is no group 'nix'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
