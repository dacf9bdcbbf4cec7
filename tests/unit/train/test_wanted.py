"""What is told of a training that a site was asked for, and that it ends where it is cancelled."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import (
    CONFIRMED,
    TRAIN,
    VAL,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.contracts.trainings import CANCELLED, Training, TrainingState, TrainingWish
from inyourarea.core.errors import Refused
from inyourarea.embedded.serving import training_settings
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.settings import SettingsRejected
from inyourarea.runtime.trainings import TrainingCancelled, Trainings
from inyourarea.train import group_plan, wanted
from inyourarea.train.group_plan import Wish, plan_training
from inyourarea.train.group_steps import Made
from inyourarea.train.settings import TrainSettings, read_settings
from inyourarea.train.telling import Teller

MADE = Made(Path("model.onnx"), Path("card.json"), Path("tour.toml"))


class Site:
    """A store with a training that is wanted of it, and what was told of that, as time passes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.objects = FolderObjects(folder / "store")
        self.settings = TrainSettings(folder / "scratch")
        self.dataset = Dataset.make(self.objects, keys.dataset("tour"), Members(("Kim",)))
        box = LabelledBox((10.0, 10.0, 40.0, 40.0), "Kim", state=CONFIRMED)
        for split in (TRAIN, VAL):
            self.dataset.add(split, b"picture", LabelledPicture((320, 180), (box,), split=split))
        self.trainings = Trainings(self.objects)
        self.training, _ = self.trainings.want("tour", TrainingWish("tour"), "kim")
        self.now_s = 0.0
        self.told: list[TrainingState] = []
        self._patch = monkeypatch
        monkeypatch.setattr("time.monotonic", lambda: self.now_s)
        put = Trainings.tell

        def tell(trainings: Trainings, training: Training, state: TrainingState) -> None:
            self.told.append(state)
            put(trainings, training, state)

        monkeypatch.setattr(Trainings, "tell", tell)

    def train(self, steps: Callable[[Teller], None]) -> Made:
        """It is trained in these steps."""

        def make(_: object, __: object, teller: Teller) -> Made:
            steps(teller)
            return MADE

        self._patch.setattr(wanted, "make_model", make)
        return wanted.train_wanted(self.objects, self.training, None, self.settings)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


def test_each_percent_of_a_step_is_told_once_with_the_time_that_is_left(site: Site) -> None:
    def learn(teller: Teller) -> None:
        step = teller.begin("learning")
        site.told.clear()
        for done in (300, 301, 303, 310):  # an earlier try has done 300
            site.now_s += 10
            step(done, 1000)

    assert site.train(learn) == MADE
    told = [(one.step, one.done, one.left_s) for one in site.told]
    assert told == [("learning", 300, None), ("learning", 310, 30 * 690 / 10)]
    assert site.trainings.state(site.training).total == 1000


def test_it_ends_soon_after_it_was_cancelled(site: Site) -> None:
    done: list[int] = []

    def learn(teller: Teller) -> None:
        step = teller.begin("learning")
        for round_ in range(100):
            step(round_, 100)
            done.append(round_)
            site.now_s += 1
            if round_ == 5:
                site.trainings.cancel(site.training, "lee")

    with pytest.raises(TrainingCancelled, match="lee has cancelled it"):
        site.train(learn)
    assert len(done) <= 8
    assert site.trainings.state(site.training).state == CANCELLED


def test_it_does_not_begin_a_step_once_it_is_cancelled(site: Site) -> None:
    def learn(teller: Teller) -> None:
        site.trainings.cancel(site.training, "lee")
        site.now_s += 60
        teller.begin("exporting")
        pytest.fail("the step has begun")

    with pytest.raises(TrainingCancelled):
        site.train(learn)


def test_pictures_of_other_trainings_and_of_datasets_that_are_gone_go(site: Site) -> None:
    Dataset.make(site.objects, keys.dataset("other"), Members(("Lee",)))
    wish = Wish(
        site.settings.scratch / "tour" / "tour.toml", site.settings.scratch / "tour", Path()
    )
    digests = {"own": plan_training(site.dataset, wish).folder.name, "older": "0" * 12}
    places = [("tour", "own"), ("tour", "older"), ("other", "older"), ("gone", "older")]
    pictures = [site.settings.scratch / name / digests[one] / "pictures" for name, one in places]
    models = site.settings.scratch / "tour" / "models"
    for folder in (*pictures, models):
        folder.mkdir(parents=True)
    assert site.train(lambda _: None) == MADE
    assert [one.exists() for one in pictures] == [True, False, True, False]
    assert models.exists()


def test_a_disk_that_is_full_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(28, "No space left on device", "/scratch/tour/model.onnx")

    monkeypatch.setattr(group_plan, "plan_training", fill)
    with pytest.raises(Refused, match=r"model\.onnx can not be written: the disk is full"):
        wanted.train_wanted(site.objects, site.training, None, site.settings)


@pytest.mark.parametrize(("told", "is_gpu"), [(None, False), ("cpu", False), ("gpu", True)])
def test_what_it_is_detected_on_is_told_by_the_environment(told: str | None, is_gpu: bool) -> None:
    environment = {} if told is None else {"INYOURAREA_DETECT_DEVICE": told}
    assert read_settings(environment).detects_on_gpu is is_gpu


def test_another_device_to_detect_on_is_refused() -> None:
    with pytest.raises(SettingsRejected, match=r"INYOURAREA_DETECT_DEVICE.*cpu or gpu"):
        read_settings({"INYOURAREA_DETECT_DEVICE": "0"})


def test_a_site_trains_on_what_its_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INYOURAREA_TRAIN_DEVICE", raising=False)
    usual = training_settings(tmp_path)
    assert (usual.device, usual.detects_on_gpu) == ("auto", False)
    assert usual.scratch.parent == tmp_path
    monkeypatch.setenv("INYOURAREA_TRAIN_DEVICE", "0,1")
    monkeypatch.setenv("INYOURAREA_DETECT_DEVICE", "gpu")
    told = training_settings(tmp_path)
    assert (told.device, told.detects_on_gpu) == ("0,1", True)
    assert told.scratch == usual.scratch
