"""What is asked for and what it comes to, without torch."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inyourarea.contracts.datasets import (
    CONFIRMED,
    TEST,
    TRAIN,
    VAL,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.contracts.group import Group, group_from_toml, group_to_toml
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train import course, group_labels, group_model, group_plan
from inyourarea.train.group_figures import EIGHT_BITS, FLOAT, are_eight_bits_enough
from inyourarea.train.group_labels import see_as_start, spread, with_spread_names
from inyourarea.train.group_model import choose_confidence, measure
from inyourarea.train.group_plan import Plan, Wish, plan_training, starting_weights
from inyourarea.train.measure import Answers
from inyourarea.train.spreading import Look
from inyourarea.train.windows import mirrored
from tiny_model import INFO, tiny_model
from told import answers


def wish(folder: Path, **more: object) -> Wish:
    return Wish(folder / "tri.toml", folder / "out", folder / "models", **more)  # type: ignore[arg-type]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = Dataset.make(FolderObjects(tmp_path / "pictures"), "", Members(("Kim",)))
    box = LabelledBox((10.0, 10.0, 40.0, 40.0), "Kim", "run:1:1-0", state=CONFIRMED)
    for number in range(10):
        split = VAL if number == 9 else TRAIN
        made.add(f"p{number}", b"picture", LabelledPicture((1920, 1080), (box,), split=split))
    return made


def test_the_course_is_as_long_as_asked_and_no_shorter_than_needed(
    dataset: Dataset, tmp_path: Path
) -> None:
    asked = plan_training(dataset, wish(tmp_path, epochs=5)).course
    assert (asked.rounds, asked.windows_per_round) == (5, 36)
    usual = plan_training(dataset, wish(tmp_path)).course
    assert usual.rounds * usual.windows_per_round >= 18_000
    assert course.course_from_json(asked.to_json()) == asked


def test_windows_are_cut_from_frames_of_the_size_that_the_file_takes(
    dataset: Dataset, tmp_path: Path
) -> None:
    plan = plan_training(dataset, wish(tmp_path))
    assert plan.course.picture_size == plan.size == (plan.info.width, plan.info.height)
    assert plan.size == (1280, 736)
    small = plan_training(dataset, wish(tmp_path, imgsz=160)).course
    assert small.window == small.picture_size == (160, 96)


def test_a_network_of_four_levels_has_sides_of_64(dataset: Dataset, tmp_path: Path) -> None:
    plan = plan_training(dataset, wish(tmp_path, network="yolov5s6"))
    assert plan.size == (1280, 768)
    assert plan.course.architecture == "yolov5s-p6.yaml"
    assert plan.course.window == (448, 320)
    assert len(NETWORKS) == 10


def test_what_decides_the_weights_decides_the_folder(dataset: Dataset, tmp_path: Path) -> None:
    first = plan_training(dataset, wish(tmp_path)).folder
    assert plan_training(dataset, wish(tmp_path, device="0", batch=8)).folder == first
    assert plan_training(dataset, wish(tmp_path, can_mirror=True)).folder != first
    labels = dataset.labelled("p3")
    other = LabelledPicture(labels.size, (LabelledBox((1, 1, 9, 9), "Kim"),), version=2)
    dataset.label("p3", other)
    assert plan_training(dataset, wish(tmp_path)).folder != first


@pytest.mark.parametrize("boxes", [(), (LabelledBox((10.0, 10.0, 40.0, 40.0), "Kim"),)])
def test_that_a_picture_is_confirmed_decides_the_folder(
    boxes: tuple[LabelledBox, ...], dataset: Dataset, tmp_path: Path
) -> None:
    labels = LabelledPicture((1920, 1080), boxes)
    dataset.add("stage", b"picture", labels)
    before = plan_training(dataset, wish(tmp_path))
    dataset.label("stage", replace(labels, state=CONFIRMED, version=2, by="Lee"))
    assert plan_training(dataset, wish(tmp_path)).folder != before.folder


def test_another_batch_learns_as_many_rounds(dataset: Dataset, tmp_path: Path) -> None:
    rounds = {plan_training(dataset, wish(tmp_path, batch=b)).course.rounds for b in (4, 16, 64)}
    assert len(rounds) == 1


KIM = (10.0, 10.0, 40.0, 40.0)
UNSAID = LabelledBox((100.0, 10.0, 140.0, 60.0), tracklet="run:0:0-0")


@pytest.fixture
def half_named(dataset: Dataset) -> Dataset:
    """One more picture to learn from and one more to judge by, in which nobody is named."""
    for name, split in (("more", TRAIN), ("held", VAL)):
        dataset.add(name, b"picture", LabelledPicture((1920, 1080), (UNSAID,), split=split))
    return dataset


def test_names_spread_where_somebody_has_none_and_not_where_that_is_not_wanted(
    half_named: Dataset, tmp_path: Path
) -> None:
    assert plan_training(half_named, wish(tmp_path)).spreads
    assert not plan_training(half_named, wish(tmp_path, only_named=True)).spreads


def test_where_next_to_all_are_named_nothing_spreads(dataset: Dataset, tmp_path: Path) -> None:
    assert not plan_training(dataset, wish(tmp_path)).spreads
    others = LabelledPicture((1920, 1080), (LabelledBox(KIM, "Kim"),) * 20 + (UNSAID,))
    dataset.add("crowd", b"picture", others)
    assert not plan_training(dataset, wish(tmp_path)).spreads


def test_a_teacher_learns_for_a_while_in_a_folder_of_its_own(
    half_named: Dataset, tmp_path: Path
) -> None:
    plan = plan_training(half_named, wish(tmp_path))
    teacher = plan.teacher
    windows = teacher.course.rounds * teacher.course.windows_per_round
    assert 4_800 <= windows < 6_000
    assert teacher.folder == plan.folder / "teacher"
    longer = plan_training(half_named, wish(tmp_path, epochs=1000)).teacher.course
    assert (longer.rounds, longer.windows_per_round) == (
        teacher.course.rounds,
        teacher.course.windows_per_round,
    )


def test_from_nothing_it_learns_as_long_whether_a_teacher_learned_before_or_not(
    half_named: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_plan, "LEAST_WINDOWS", 0)
    plan = plan_training(half_named, wish(tmp_path))
    assert plan.course.rounds == 20
    assert replace(plan, start=plan.teacher.weights).course.rounds == 20
    weights = tmp_path / "show.pt"
    weights.touch()
    assert plan_training(half_named, wish(tmp_path, weights=weights)).course.rounds == 5


def test_networks_look_at_pictures_of_their_own_size_to_label_them(
    dataset: Dataset, tmp_path: Path
) -> None:
    plan = plan_training(dataset, wish(tmp_path))
    assert (plan.look.width, plan.look.height) == (1920, 1088)
    assert (plan.enlarged.width, plan.enlarged.height) == (2880, 1632)
    assert plan_training(dataset, wish(tmp_path, imgsz=1920)).look_size == (1920, 1088)
    assert plan_training(dataset, wish(tmp_path, imgsz=2560)).look_size == (2560, 1440)


def everybody(box: tuple[float, float, float, float], score: float) -> Look:
    return Look(np.array([box]), np.array([[score]]))


def test_spread_names_are_learned_and_not_written_into_the_dataset(
    half_named: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def look(_: Path, labels: dict[str, LabelledPicture], *__: object) -> dict[str, Look]:
        looks.append(set(labels))
        return {picture: everybody(UNSAID.box, 0.9) for picture in labels}

    monkeypatch.setattr(group_labels, "_looks", look)
    plan = plan_training(half_named, wish(tmp_path))
    before = dict(half_named.everything())
    for _ in range(2):  # a stopped training is taken up
        found = spread(plan, half_named, lambda *_: None)
        assert found.chosen.labels["more"].boxes[0].member == "Kim"
        # in the other nine she is seen where no box was
        assert found.spread == 10
        assert found.start == plan.teacher.weights
    assert looks == [{"more", *(f"p{number}" for number in range(9))}]  # nothing held out
    assert found.chosen.labels["p9"] == before["p9"]
    assert dict(half_named.everything()) == before


def test_a_box_that_somebody_moved_stays_where_it_is(
    half_named: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = (12.0, 10.0, 42.0, 40.0)
    labels = half_named.labelled("p0")
    half_named.label(
        "p0", LabelledPicture(labels.size, (LabelledBox(moved, "Kim"),), version=2, by="Lee")
    )
    # Another collect has proposed other boxes.
    half_named.label("p2", LabelledPicture(labels.size, (LabelledBox(moved, "Kim"),), version=2))
    near = (11.0, 10.0, 41.0, 40.0)

    def look(_: Path, labels: dict[str, LabelledPicture], *__: object) -> dict[str, Look]:
        boxes = {picture: UNSAID.box if "e" in picture else near for picture in labels}
        return {picture: everybody(box, 0.5) for picture, box in boxes.items()}

    monkeypatch.setattr(group_labels, "_looks", look)
    plan = see_as_start(plan_training(half_named, wish(tmp_path)), half_named, lambda *_: None)
    assert plan.everything["p0"].boxes[0].box == moved
    for picture in ("p1", "p2"):
        assert plan.everything[picture].boxes[0].box == near
        assert plan.everything[picture].boxes[0].member == "Kim"


class Starting:
    """Weights are a file that sees Kim beside her box; there is no teacher."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.exported = 0
        monkeypatch.setattr(group_labels, "_looks", self._look)

    def export_start(self, _: Plan) -> None:
        self.exported += 1

    def learn(self, *_: object) -> None:
        pytest.fail("nobody is to be named")

    export_teacher = learn

    def _look(self, _: Path, labels: dict[str, LabelledPicture], *__: object) -> dict[str, Look]:
        return dict.fromkeys(labels, everybody(NEAR_KIM, 0.5))


NEAR_KIM = (12.0, 10.0, 42.0, 40.0)


def test_boxes_are_corrected_though_everybody_is_named(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "show.pt"
    weights.touch()
    whole = replace(dataset.labelled("p0"), state=CONFIRMED, version=2, by="Lee")
    dataset.label("p0", whole)
    network = Starting(monkeypatch)
    found = with_spread_names(
        plan_training(dataset, wish(tmp_path, weights=weights)),
        dataset,
        network,
        lambda _: lambda *_: None,
    )
    boxes = {picture: one.boxes[0].box for picture, one in found.chosen.labels.items()}
    assert boxes == {"p0": KIM, **{f"p{number}": NEAR_KIM for number in range(1, 10)}}
    assert (found.placed, found.spread) == (1, 0)  # p9 alone is to judge by
    only = plan_training(dataset, wish(tmp_path, weights=weights, only_named=True))
    nothing = plan_training(dataset, wish(tmp_path))
    for plan in (only, nothing):
        assert with_spread_names(plan, dataset, network, lambda _: lambda *_: None) == plan
    assert network.exported == 1


@pytest.mark.parametrize("name", ["faces.toml", "my group.toml", "tri.txt", "-x.toml", "한.toml"])
def test_a_group_file_that_can_name_no_model_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="gives the model its name"):
        _ = Wish(tmp_path / name, tmp_path, tmp_path).name


def test_weights_that_are_not_there_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="can not be read: No such file"):
        plan_training(dataset, wish(tmp_path, weights=tmp_path / "no.pt"))


@pytest.mark.parametrize("place", ["models", "groups"])
def test_where_nothing_can_be_put_is_told_before_anything_is_learned(
    place: str, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / place).write_bytes(b"a file where the folder should be")
    asked = Wish(tmp_path / "groups" / "tri.toml", tmp_path / "out", tmp_path / "models")
    folder = {"models": "models/tri", "groups": "groups"}[place]
    with pytest.raises(Refused, match=f"{folder} can not be written: Not a directory"):
        plan_training(dataset, asked)
    (tmp_path / place).unlink()
    plan_training(dataset, asked)
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize("content", [b"[tool]\n", "# 나\n".encode("euc-kr")])
def test_a_file_that_is_no_group_file_is_not_replaced(
    content: bytes, dataset: Dataset, tmp_path: Path
) -> None:
    asked = wish(tmp_path)
    asked.group_file.write_bytes(content)
    with pytest.raises(ModelRejected, match=r"tri\.toml would be written, but is there"):
        plan_training(dataset, asked)
    assert asked.group_file.read_bytes() == content


def test_only_a_network_of_their_size_starts_from_the_shows_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path / "image"))
    assert starting_weights(tmp_path, "yolov5n") is None
    beside = tmp_path / "image" / "share" / "inyourarea" / "show.pt"
    beside.parent.mkdir(parents=True)
    beside.touch()
    assert starting_weights(tmp_path, "yolov5n") == beside
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "show.pt").touch()
    assert starting_weights(tmp_path, "yolov5n") == tmp_path / "show" / "show.pt"
    assert starting_weights(tmp_path, "yolov5s") is None


def test_the_confidence_is_the_lowest_that_costs_next_to_nothing() -> None:
    right = [answers([(0, 0), (1, 0)], [(0, 0, 0.9), (1, 0, 0.42)]) for _ in range(200)]
    assert choose_confidence(right) == 0.1
    noisy = [answers([(0, 0)], [(0, 0, 0.9), (2, 0, 0.27)]) for _ in range(200)]
    assert choose_confidence(noisy) == 0.3
    assert choose_confidence([answers([], [])]) == 0.3


@pytest.mark.parametrize(
    ("small", "is_enough"),
    [
        ((0.98, 0.71), True),
        ((0.966, 0.686), True),
        ((0.964, 0.70), False),
        ((0.97, 0.684), False),
        ((np.nan, np.nan), False),
    ],
)
def test_8_bits_are_served_where_they_lose_little(
    small: tuple[float, float], is_enough: bool
) -> None:
    assert are_eight_bits_enough((0.97, 0.70), small) == is_enough


def exported(plan: Plan) -> Plan:
    """A plan whose files are there."""
    plan.folder.mkdir(parents=True)
    plan.file(FLOAT).write_bytes(b"float")
    plan.file(EIGHT_BITS).write_bytes(b"eight")
    plan.exported.write_text('{"runtimes": [], "start": "nothing"}')
    return plan


def test_the_file_that_is_told_of_is_the_one_that_its_test_and_device_allow(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = exported(plan_training(dataset, wish(tmp_path)))
    right, blind = answers([(0, 0)], [(0, 0, 0.9)]), answers([(0, 0)], [])
    said = {b"float": right, b"eight": right}

    def look(content: bytes, _: object) -> dict[str, Answers]:
        return {"p9": said[content]}

    monkeypatch.setattr(group_model, "look_at_labelled", look)
    assert measure(plan).numbers == EIGHT_BITS
    said[b"eight"] = blind
    found = measure(plan)
    assert (found.numbers, found.mean) == (FLOAT, (1.0, 1.0))
    assert found.marks == {FLOAT: (1.0, 1.0), EIGHT_BITS: (0.0, 0.0)}
    on_gpu = plan_training(dataset, wish(tmp_path, detects_on_gpu=True))
    assert on_gpu.folder == plan.folder  # the weights are the same
    plan.file(EIGHT_BITS).unlink()
    assert measure(on_gpu).numbers == FLOAT


def test_the_file_in_use_takes_the_same_test_with_its_own_classes(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset.add("test", b"picture", replace(dataset.labelled("p0"), split=TEST))
    in_use = tiny_model(replace(INFO, classes=("Lee", "Kim")))

    def look(content: bytes, _: object) -> dict[str, Answers]:
        kim = 1 if content == in_use else 0
        return {"test": answers([(0, 0)], [(0, kim, 0.9)])}

    monkeypatch.setattr(group_model, "look_at_labelled", look)
    plan = exported(plan_training(dataset, wish(tmp_path, before=in_use)))
    assert measure(replace(plan, size=(INFO.width, INFO.height))).before == {
        "sha256": hashlib.sha256(in_use).hexdigest(),
        "members": {"Kim": {"map50": 1.0, "map50_95": 1.0}},
    }
    assert measure(plan).before is None  # it takes frames of another size


def test_the_exam_is_another_where_another_picture_or_box_is_asked_for(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = answers([(0, 0)], [(0, 0, 0.9)])
    monkeypatch.setattr(group_model, "look_at_labelled", lambda *_: {"test": right})

    def exam() -> str:
        return measure(exported(plan_training(dataset, wish(tmp_path)))).exam

    labels = replace(dataset.labelled("p0"), split=TEST)
    dataset.add("test", b"picture", labels)
    first = exam()
    dataset.add("more", b"picture", replace(labels, split=TRAIN))
    assert exam() == first
    moved = LabelledBox((1.0, 1.0, 9.0, 9.0), "Kim", state=CONFIRMED)
    dataset.label("test", replace(labels, boxes=(moved,), version=2))
    second = exam()
    dataset.add("another", b"picture", labels)
    assert len({first, second, exam()}) == 3


def test_a_group_file_is_read_as_it_was_written() -> None:
    group = Group("tri", ('Kim "K"', "리\t"), ("#ff0000", "#00ff00"), "tri", 3, 0.25)
    assert group_from_toml(group_to_toml(group)) == group


def test_a_mirrored_window_has_its_boxes_on_the_other_side() -> None:
    picture = np.zeros((4, 10, 3), np.uint8)
    picture[:, 1:3] = 255
    turned, boxes = mirrored(picture, np.array([[1, 0, 3, 4]], np.float32))
    assert boxes.tolist() == [[7, 0, 9, 4]]
    assert turned[:, 7:9].all()
    assert not turned[:, :7].any()
