"""A store of which parts are gone says so, and has them again."""

import shutil
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.folder_objects import FolderObjects
from small_show import SmallShow, inyourarea


@pytest.fixture(scope="module")
def made(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("restoring") / "out"
    inyourarea("run", small_show.video, "--boxes", small_show.boxes, "--out", out)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    objects = FolderObjects(folder / ".inyourarea")
    return {key: objects.get(key) for key in objects.list("") if not key.startswith("usage/")}


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["tracks/", "windows/", "pieces/", "runs/.mp4"])
def test_what_is_gone_is_told_and_made_again_to_the_last_byte(
    gone: str,
    small_show: SmallShow,
    made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = shutil.copytree(made, tmp_path / "out")
    before, objects = contents(out), FolderObjects(out / ".inyourarea")
    prefix, _, suffix = gone.partition("/")
    lost = [key for key in before if key.startswith(f"{prefix}/") and key.endswith(suffix)]
    lost = [key for key in lost if not key.endswith(".teller")]
    assert lost
    for key in lost:
        objects.delete(key)
    assert main(["store", "check", "--data", str(out)]) == 1
    told = capsys.readouterr().out
    assert [key for key in lost if f"  lacks {key}\n" not in told] == []
    assert contents(out).keys() == before.keys() - set(lost)  # telling changes nothing
    assert main(["store", "check", "--mend", "--data", str(out)]) == 0
    for fancam in (out / "fancams").iterdir():
        fancam.unlink()
    inyourarea("run", small_show.video, "--boxes", small_show.boxes, "--out", out)
    capsys.readouterr()
    assert main(["store", "check", "--data", str(out)]) == 0
    assert capsys.readouterr().out == "every run has what it promises\n"
    after = contents(out)
    assert [key for key in before if after.get(key) != before[key]] == []
    for fancam in (made / "fancams").iterdir():
        assert (out / "fancams" / fancam.name).read_bytes() == fancam.read_bytes()


def test_a_video_that_is_gone_has_to_be_sent_again(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(made, tmp_path / "out")
    objects = FolderObjects(out / ".inyourarea")
    (accepted,) = [key for key in objects.list("runs/") if key.endswith("/accepted.binpb")]
    source = facts.VideoAccepted.FromString(objects.get(accepted)).source.key
    objects.delete(source)
    assert main(["store", "check", "--mend", "--data", str(out)]) == 1
    told = capsys.readouterr().out
    assert "send the same file again" in told
    assert f"  lacks {source}\n" in told
