"""A site that trains: asked by program and command, stopped on the way; its runs use the model."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from extras import NEEDS_TRAIN
from inyourarea.client import Client, Training, TrainingWishes
from inyourarea.contracts import keys
from inyourarea.contracts.datasets import Members
from inyourarea.embedded.models import published_versions
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from small_group import NAMES, scenes, write_dataset
from small_show import inyourarea
from test_serving import site

MODELS = Path(__file__).resolve().parents[2] / "models"
WAIT_S = 600
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("train"),
    NEEDS_TRAIN,
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with the datasets `tri` and `empty`, and the weights of the show to start from."""
    models = tmp_path / "models"
    (models / "show").mkdir(parents=True)
    (models / "show" / "show.pt").symlink_to(MODELS / "show" / "show.pt")
    monkeypatch.setenv("INYOURAREA_MODELS", str(models))
    data = tmp_path / "data"
    store = data / ".inyourarea"
    write_dataset(scenes(), store / "datasets" / "tri")
    Dataset.make(FolderObjects(store), keys.dataset("empty"), Members(("Kim",)))
    return data


def until(client: Client, is_so: Callable[[Training], bool]) -> Training:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        told = client.training("tri")
        assert told
        if is_so(told):
            return told
        time.sleep(0.1)
    raise AssertionError(f"it is still {told}")


def test_what_an_editor_wants_is_trained_and_used(folder: Path) -> None:
    with site(folder) as there, Client(there.address) as client:
        assert client.training("tri") is None
        assert client.train("tri", TrainingWishes(imgsz=160, epochs=10)).number == 1
        until(client, lambda told: told.step == "learning" and told.done >= 1)
        assert client.train("tri").number == 1  # it is under way
    # The site was stopped in the middle; another process of it goes on.
    with site(folder) as there, Client(there.address) as client:
        told = client.training("tri")
        assert told
        assert told.state == "working"
        ended = until(client, lambda told: told.has_ended)
        assert ended.failure is None
        assert (ended.number, ended.version, ended.is_used) == (1, 1, True)
        assert {one.name for one in ended.members} == set(NAMES.values())
        assert all(one.map50 >= 0.8 for one in ended.members)
        (group,) = [one for one in client.groups() if one.name == "tri"]
        assert [one["name"] for one in group.model_dump()["members"]] == list(NAMES.values())
        words = ("train", "--server", there.address, "--imgsz", "160", "--epochs", "1")
        done = inyourarea(*words, "--dataset", "empty", "--group", "void", check=False)
        assert done.returncode == 1
        assert "The dataset has 0 labelled pictures" in done.stderr
        # No shot was left for the test, so nothing tells whether it is worse.
        done = inyourarea(*words, "--dataset", "tri", "--force")
        assert "tri 2: mAP50" in done.stdout
        assert "its runs use it from now on" in done.stdout
    versions = published_versions()
    assert versions
    assert [one.number for one in versions.versions("tri")] == [1, 2]
    current = versions.current("tri")
    assert current
    assert current.number == 2


def learners() -> list[int]:
    """The processes below this one that have loaded torch."""
    listed = Path("/proc/self/task").glob("*/children")
    found = list[int]()
    for one in listed:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            for number in map(int, one.read_text().split()):
                if "libtorch" in Path(f"/proc/{number}/maps").read_text():
                    found.append(number)
    return found


def test_a_training_that_is_cancelled_ends_and_nothing_comes_of_it(folder: Path) -> None:
    with site(folder) as there, Client(there.address) as client:
        client.train("tri", TrainingWishes(imgsz=160, epochs=500))
        until(client, lambda told: told.step == "learning" and told.done >= 1)
        assert len(learners()) == 1
        done = inyourarea("train", "--server", there.address, "--dataset", "tri", "--cancel")
        assert done.stdout == "training 1 of tri is cancelled\n"
        end = time.monotonic() + WAIT_S
        while learners():
            assert time.monotonic() < end
            time.sleep(0.1)
        ended = client.training("tri")
        assert ended
        assert (ended.state, ended.version) == ("cancelled", None)
        # Who was told at the same time as the site was stopped begins nothing, either.
        assert client.train("tri", TrainingWishes(imgsz=160, epochs=500)).number == 2
        assert client.cancel_training("tri").number == 2
    with site(folder) as there, Client(there.address) as client:
        told = client.training("tri")
        assert told
        assert told.state == "cancelled"
    versions = published_versions()
    assert versions is None or versions.versions("tri") == []
