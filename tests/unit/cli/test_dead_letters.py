"""Dead letters are tried again together or not at all, and nothing says then that they failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inyourarea.cli.__main__ import main
from inyourarea.contracts import keys
from inyourarea.contracts.topics import DEAD_LETTERS
from inyourarea.contracts.trainings import FAILED, STAGE, TrainingState, TrainingWish
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.bus import Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.memory_bus import MemoryBroker, MemoryBus
from inyourarea.runtime.trainings import Trainings

AUDIO = facts.AudioReady(video_id="v" * 32, run_id="r" * 32).SerializeToString()


class Cluster:
    """A bus with dead letters, and a store that says what failed."""

    def __init__(self, folder: Path) -> None:
        self.objects = FolderObjects(folder)
        self.broker = MemoryBroker()
        self.bus = self.broker.join("anybody", ("audio.ready",))
        self.objects.put(keys.failed("r" * 32), b"odd")
        self.objects.put(keys.stage_failed("v" * 32), b"odd")

    def bury(self, stage: str, value: bytes = AUDIO, channel: str = "audio.ready") -> None:
        headers = {"origin": f"{channel}/0/0".encode(), "stage": stage.encode(), "reason": b"odd"}
        self.bus.publish(Record(DEAD_LETTERS, "key", value, headers))

    @contextmanager
    def opened(self) -> Iterator[tuple[MemoryBroker, MemoryBus]]:
        yield self.broker, self.bus

    def failures(self) -> list[str]:
        return [key for key in self.objects.list("") if key.endswith("failed.txt")]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster(tmp_path)
    monkeypatch.setattr("inyourarea.cli.dead_letters.open_bus", cluster.opened)
    monkeypatch.setattr("inyourarea.cli.dead_letters.open_objects", lambda _: cluster.objects)
    return cluster


def test_a_run_that_is_tried_again_has_not_failed(cluster: Cluster) -> None:
    cluster.bury("render")
    assert main(["dead-letters", "retry", "--all"]) == 0
    assert cluster.failures() == [keys.stage_failed("v" * 32)]
    assert cluster.bus.consume(0) is not None


def test_what_browsers_are_given_is_tried_again_and_the_run_stays_as_it_is(
    cluster: Cluster,
) -> None:
    cluster.bury("rendition")
    assert main(["dead-letters", "retry", "--all"]) == 0
    assert cluster.failures() == [keys.failed("r" * 32)]


def test_where_one_can_not_be_read_none_is_tried_again(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.bury("render")
    cluster.bury("render", b"\xff no fact")
    assert main(["dead-letters", "retry", "--all"]) == 1
    told = capsys.readouterr().err
    assert "no fact that this program knows; such can only be dropped; nothing was tried" in told
    assert cluster.bus.consume(0) is None
    assert len(cluster.failures()) == 2


def test_a_training_is_tried_again_unless_there_is_a_later_one(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    trainings = Trainings(cluster.objects)
    first, _ = trainings.want("tour", TrainingWish("tour"), "kim")
    trainings.tell(first, TrainingState(FAILED, failure="odd"))
    cluster.bury(STAGE, first.fact.SerializeToString(), "training.wanted")
    later, _ = trainings.want("tour", TrainingWish("tour"), "kim")
    assert main(["dead-letters", "retry", "--all"]) == 1
    assert "a later training of the dataset" in capsys.readouterr().err
    assert trainings.state(first).state == FAILED
    cluster.objects.delete(keys.training(keys.dataset("tour"), later.number))
    assert main(["dead-letters", "retry", "--all"]) == 0
    assert not trainings.state(first).has_ended


def test_a_training_that_nobody_wants_any_more_is_not_tried_again(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    trainings = Trainings(cluster.objects)
    mine, _ = trainings.want("tour", TrainingWish("tour"), "kim")
    cluster.bury(STAGE, mine.fact.SerializeToString(), "training.wanted")
    trainings.cancel(mine, "lee")
    assert main(["dead-letters", "retry", "--all"]) == 1
    assert "the training was cancelled" in capsys.readouterr().err
    assert trainings.state(mine).by == "lee"
    cluster.objects.delete(keys.training(keys.dataset("tour"), mine.number))
    assert main(["dead-letters", "retry", "--all"]) == 1
    assert "the dataset is not there any more" in capsys.readouterr().err
