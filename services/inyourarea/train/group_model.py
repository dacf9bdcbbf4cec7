"""A group's own model: what is asked for, where it lies, what it reaches.

``inyourarea train`` takes the steps one after another: choose and write pictures, learn, export,
measure, publish. Each leaves files that the next one reads, and a stopped step is taken up where it
was. There is no torch here; learning and exporting are in ``group_network``.
"""

import colorsys
import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx

from inyourarea.contracts.datasets import (
    PROPOSAL,
    REJECTED,
    TEST,
    TRAIN,
    VAL,
    Box,
    LabelledPicture,
    write_labels,
)
from inyourarea.contracts.datasets import read_labels as labels_from
from inyourarea.contracts.digests import digest
from inyourarea.contracts.group import Group, group_from_toml, group_to_toml
from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.disk import words_for
from inyourarea.train.answers import look_at, look_at_labelled, open_model
from inyourarea.train.course import WINDOW, WINDOWS_PER_ROUND, Course
from inyourarea.train.graph import model_bytes, with_info
from inyourarea.train.group_card import card
from inyourarea.train.group_figures import Figures, MemberFigures, Runtime
from inyourarea.train.group_pictures import (
    Chosen,
    Labels,
    choose_pictures,
    decoded,
    frame_size,
    says_something,
    write_pictures,
)
from inyourarea.train.measure import Answers, f1, precision_and_recall, precision_table
from inyourarea.train.mistakes import confusion, write_mistakes
from inyourarea.train.repository import model_file, newest_revision, write_model, write_whole
from inyourarea.train.spreading import (
    Look,
    knows_such_faces,
    with_boxes_of,
    with_names_of,
    with_names_over_shots,
)
from inyourarea.train.windows import LabelledPicture as Labelled
from inyourarea.train.windows import read_labels

STARTING_NETWORK = NETWORKS[0]
"""That of the show's weights, from which such a network starts where nothing else is said."""

WINDOWS_PER_PICTURE = 4
"""Windows that an epoch takes of each picture: one is a seventh of a frame of 1280x736."""

LEAST_EPOCHS, EPOCHS_FROM_NOTHING = 5, 20
LEAST_WINDOWS, TEACHERS_WINDOWS = 18_000, 4_800
"""Where no epochs are given: at least so many, and until so many windows were seen (.06 s of a CPU
each for yolov5n), however few the pictures are. A network that spreads names needs to know only
those of whom it is sure."""

UNSAID_FROM = 0.1
"""Share of boxes without a name from which on it is worth half as long again to spread names."""

LABELS_REVISION = 2
"""Counts up when the same dataset comes to other labels or another course."""

FLOOR = 0.05
"""Score below which a file reports nothing."""

CONFIDENCES = tuple(np.round(np.arange(0.1, 0.55, 0.05), 2).tolist())
F1_LOSS = 0.005
"""The confidence is the lowest whose F1 is within this of the best, or within one box: who is seen
weakly is seen, and identity weighs it (docs/adr/0005). For the show's model that gives the .3 that
tracks like best."""

USUAL_CONFIDENCE = 0.3
"""Where nobody is held out to choose by."""

LONGEST_LOOK = 1920
"""Longer side, pixels, at which a network looks at most to label. Of members in 1080p that it does
not know the show's network finds 96 % so, at an overlap of .84; at 1280 it is 83 % and .82."""

Told = Callable[[int, int], None]
"""Told how much is done, and of how much."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: as the options of ``inyourarea train``."""

    group_file: Path
    out: Path
    models: Path
    network: str = STARTING_NETWORK
    imgsz: int | None = None
    epochs: int | None = None
    batch: int = 16
    device: str = "cpu"
    weights: Path | None = None
    can_mirror: bool = False
    only_named: bool = False

    @property
    def name(self) -> str:
        """The group's, and its model's.

        Raises:
            ModelRejected: it can be none.
        """
        name = self.group_file.stem
        if not _NAME.fullmatch(name) or name == "faces" or self.group_file.suffix != ".toml":
            raise ModelRejected(
                f"The group file {self.group_file.name!r} gives the model its name: letters, "
                "digits, '-' and '_', then '.toml', and not 'faces'."
            )
        return name

    @property
    def multiple(self) -> int:
        """Pixels of the network's coarsest stride."""
        return 64 if self.network.endswith("6") else 32

    @property
    def architecture(self) -> str:
        """The network's description in ultralytics."""
        return f"{self.network[:-1]}-p6.yaml" if self.multiple == 64 else f"{self.network}.yaml"


def starting_weights(models: Path, network: str) -> Path | None:
    """The weights to start from where none are named: the show's, for networks of their size."""
    shows = models / "show" / "show.pt"
    return shows if network == STARTING_NETWORK and shows.is_file() else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wish comes to for a dataset, and where its files lie; ``start`` are weights.

    ``look_size`` is that of the pictures as networks look at them to label them.
    ``everything`` is all of the dataset that may be learned from, by picture. ``spread`` boxes of
    those chosen were named by the network of a `teacher`.
    """

    wish: Wish
    chosen: Chosen
    size: tuple[int, int]
    folder: Path
    everything: Labels
    start: Path | None
    look_size: tuple[int, int]
    is_teacher: bool = False
    spread: int = 0

    @property
    def members(self) -> tuple[str, ...]:
        """Whom the model knows, in class order."""
        return self.chosen.members

    @property
    def info(self) -> ModelInfo:
        """What the file says of itself until it is known from which score on to believe it."""
        width, height = self.size
        name = self.wish.name
        confidence = USUAL_CONFIDENCE
        return ModelInfo(name, "group", self.members, height, width, 1, confidence, FLOOR)

    @property
    def look(self) -> ModelInfo:
        """The same of a file that looks at pictures in order to label them."""
        width, height = self.look_size
        return replace(self.info, width=width, height=height)

    @property
    def course(self) -> Course:
        """What the network learns from, and for how long."""
        wish, multiple = self.wish, self.wish.multiple
        epoch = WINDOWS_PER_PICTURE * len(self.chosen.of(TRAIN))
        least = LEAST_EPOCHS if self.start else EPOCHS_FROM_NOTHING
        usual = max(least, -(-LEAST_WINDOWS // epoch))
        epochs = wish.epochs or usual
        if self.is_teacher:
            epochs = min(epochs, -(-TEACHERS_WINDOWS // epoch))
        a_round = min(WINDOWS_PER_ROUND, max(epoch, wish.batch))
        width, height = (
            min(side, -(-window // multiple) * multiple)
            for side, window in zip(self.size, WINDOW, strict=True)
        )
        return Course(
            pictures=self.pictures,
            picture_size=self.size,
            classes=self.members,
            work=self.folder,
            seed=0,
            rounds=max(1, -(-epochs * epoch // a_round)),
            windows_per_round=a_round,
            window=(width, height),
            architecture=wish.architecture,
            start=self.start,
            batch=wish.batch,
            device=wish.device,
            can_mirror=wish.can_mirror,
        )

    @property
    def spreads(self) -> bool:
        """Whether names are spread: enough boxes have none, and it is not told otherwise."""
        unsaid = [box.is_unsaid for one in self.everything.values() for box in one.boxes]
        pays = sum(unsaid) >= max(UNSAID_FROM * len(unsaid), 1)
        return pays and not self.wish.only_named

    @property
    def teacher(self) -> "Plan":
        """How the network learns that names others."""
        return replace(self, folder=self.folder / "teacher", is_teacher=True)

    @property
    def pictures(self) -> Path:
        """The frames and their labels."""
        return self.folder / "pictures"

    @property
    def start_model(self) -> Path:
        """The weights that it starts from, as a file to look with."""
        return self.folder / "start.onnx"

    @property
    def float_model(self) -> Path:
        """The network as it was exported, in float32."""
        return self.folder / "model-fp32.onnx"

    @property
    def half_model(self) -> Path:
        """The same with weights in float16."""
        return self.folder / "model-fp16.onnx"

    @property
    def weights(self) -> Path:
        """What ``--from`` takes."""
        return self.folder / f"{self.wish.name}.pt"

    @property
    def exported(self) -> Path:
        """How true the files are to the network, and how fast; there once they all are."""
        return self.folder / "exported.json"

    def labelled(self, split: str) -> list[Labelled]:
        """The frames of a part, and who is in them."""
        return read_labels(self.pictures / "images" / split, self.size)

    @property
    def judged_on(self) -> str:
        """The part of which figures are told."""
        return TEST if self.chosen.of(TEST) else VAL


def plan_training(dataset: Dataset, wish: Wish) -> Plan:
    """What is to be done. The folder's name is the digest of all that decides the weights.

    Raises:
        DatasetRejected: there is not enough in the dataset to learn from.
        ModelRejected: the group's name can not be one.
        Refused: the weights to start from are not there, or what comes out could not be put where
            it belongs.
    """
    for folder in (wish.models / wish.name, wish.group_file.parent):
        _try_folder(folder)
    members, everything = dataset.snapshot()
    said = _count_named(everything)
    if not wish.only_named:
        everything = with_names_over_shots(everything)
    chosen = choose_pictures(everything.items(), members.names)
    sizes = [labels.size for labels in chosen.labels.values()]
    size = frame_size(sizes, wish.imgsz, wish.multiple)
    try:
        weights = wish.weights
        start = hashlib.sha256(weights.read_bytes()).hexdigest() if weights else ""
    except OSError as error:
        raise Refused(f"The weights {wish.weights} can not be read: {error.strerror}") from error
    to_learn = {
        picture: one
        for picture, one in {**everything, **chosen.labels}.items()
        if one.split == TRAIN and one.state != REJECTED
    }
    labels = [
        [picture, one.split, [[*box.box, box.member, box.state, box.tracklet] for box in one.boxes]]
        for picture, one in {**to_learn, **chosen.labels}.items()
    ]
    asked = [wish.network, list(size), wish.epochs or 0, start, wish.can_mirror, wish.only_named]
    named = digest(
        [
            "training",
            LABELS_REVISION,
            json.dumps([chosen.members, labels, asked], ensure_ascii=False),
        ]
    )
    folder = wish.out / named[:12]
    return Plan(
        wish=wish,
        chosen=chosen,
        size=size,
        folder=folder,
        everything=to_learn,
        start=weights,
        look_size=_look_size(chosen, wish, size),
        spread=_count_named(everything) - said,
    )


def _look_size(chosen: Chosen, wish: Wish, size: tuple[int, int]) -> tuple[int, int]:
    """The pictures' own size, if it is larger than that of the frames."""
    sizes = [labels.size for labels in chosen.labels.values()]
    longest = min(max(Counter(sizes).most_common(1)[0][0]), LONGEST_LOOK)
    longest -= longest % wish.multiple
    return frame_size(sizes, longest, wish.multiple) if longest > max(size) else size


def with_spread_names(
    plan: Plan, dataset: Dataset, network: ModuleType, begin: Callable[[str], Told]
) -> Plan:
    """The plan with more and better labels, by networks that look at the pictures (ADR 39).

    ``network`` is the module of this package that learns. ``begin`` is told of each step.

    Raises:
        DatasetRejected: a picture is none.
        TrainingStopped: the disk or the memory is full.
    """
    if not plan.spreads:
        return plan
    if plan.start:
        network.export_start(plan)
        plan = see_as_start(plan, dataset, begin("looking"))
    teacher = plan.teacher
    some = begin("some pictures")
    write_pictures(dataset, teacher.chosen, teacher.pictures, teacher.size, some)
    step = begin("first steps")
    network.learn(teacher, lambda done, rounds, _: step(done, rounds))
    network.export_teacher(teacher)
    return spread(plan, dataset, begin("naming"))


def see_as_start(plan: Plan, dataset: Dataset, tell: Told) -> Plan:
    """The plan with the boxes of the network it starts from, where that knows such faces.

    Raises:
        DatasetRejected: a picture is none.
    """
    everything = {**plan.everything, **plan.chosen.labels}

    def find() -> dict[str, LabelledPicture]:
        looks = _looks(plan.start_model, everything, dataset, tell)
        if not knows_such_faces(everything, looks):
            return everything
        proposed = {picture: _untouched(dataset, picture) for picture in everything}
        return with_boxes_of(everything, looks, proposed)

    return _with_labels(plan, _kept(plan.folder / "seen.json", find))


def _untouched(dataset: Dataset, picture: str) -> set[Box]:
    """The boxes that the program proposed: who moves one makes it another."""
    first = dataset.history(picture)[0]
    return {box.box for box in first.boxes} if first.by == PROPOSAL else set()


def spread(plan: Plan, dataset: Dataset, tell: Told) -> Plan:
    """The plan with the names that the network of its `teacher` is sure of, beside people's.

    Raises:
        DatasetRejected: a picture is none.
    """

    def find() -> dict[str, LabelledPicture]:
        looks = _looks(plan.teacher.float_model, plan.everything, dataset, tell)
        return with_names_of(plan.everything, looks, plan.members)

    named = _kept(plan.folder / "spread.json", find)
    more = _count_named(named) - _count_named(plan.everything)
    found = _with_labels(plan, {**plan.chosen.labels, **named})
    return replace(found, start=plan.teacher.weights, spread=plan.spread + more)


def _with_labels(plan: Plan, labels: Labels) -> Plan:
    everything = {picture: one for picture, one in labels.items() if one.split == TRAIN}
    chosen = {picture: one for picture, one in labels.items() if says_something(one)}
    return replace(plan, chosen=replace(plan.chosen, labels=chosen), everything=everything)


def _kept(file: Path, find: Callable[[], dict[str, LabelledPicture]]) -> dict[str, LabelledPicture]:
    """Labels that were found once, by picture."""
    if not file.is_file():
        found = {picture: write_labels(one).decode() for picture, one in find().items()}
        write_whole(file, json.dumps(found, ensure_ascii=False).encode())
    told = json.loads(file.read_text(encoding="utf-8"))
    return {picture: labels_from(one.encode()) for picture, one in told.items()}


def _count_named(labels: Labels) -> int:
    return sum(bool(box.member) for one in labels.values() for box in one.boxes)


def _looks(model: Path, labels: Labels, dataset: Dataset, tell: Told) -> dict[str, Look]:
    session, info = open_model(model.read_bytes())
    looks = {}
    for done, picture in enumerate(labels, 1):
        content = decoded(picture, dataset.picture(picture))[..., ::-1]
        looks[picture] = Look(*look_at(session, info, np.ascontiguousarray(content)))
        tell(done, len(labels))
    return looks


def _try_folder(folder: Path) -> None:
    """A file can be made there, or where the folder would be: told now, not after hours."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise Refused(f"{folder} can not be written: {words_for(error)}") from error


def measure(plan: Plan) -> Figures:
    """Choose the confidence on ``val``, tell figures of the test; mistakes are pictures."""
    content = plan.float_model.read_bytes()
    held_out = look_at_labelled(content, plan.labelled(VAL))
    is_test = plan.judged_on == TEST
    answers = look_at_labelled(content, plan.labelled(TEST)) if is_test else held_out
    confidence = choose_confidence(list(held_out.values()))
    found = confusion(answers, plan.members, confidence)
    images = plan.pictures / "images" / plan.judged_on
    shown = write_mistakes(found.mistakes, images, plan.folder / "mistakes")
    exported = json.loads(plan.exported.read_text())
    course = plan.course
    return Figures(
        judged_on=plan.judged_on,
        confidence=confidence,
        members=_member_figures(list(answers.values()), plan.members, confidence),
        confusion=found.table(),
        mistakes=tuple((file.name, mistake.picture, mistake.words) for file, mistake in shown),
        runtimes=tuple(Runtime(**one) for one in exported["runtimes"]),
        pictures={split: len(plan.chosen.of(split)) for split in (TRAIN, VAL, TEST)},
        windows=course.rounds * course.windows_per_round,
        spread=plan.spread,
        start=exported["start"],
        warnings=plan.chosen.warnings,
    )


def choose_confidence(answers: list[Answers]) -> float:
    """The lowest score from which on to believe a box that costs next to no F1."""
    asked = sum(len(one.truth) for one in answers)
    if not asked:
        return USUAL_CONFIDENCE
    reached = {level: f1(answers, level) for level in CONFIDENCES}
    best = max(reached.values())
    return min(level for level, value in reached.items() if value >= best - max(F1_LOSS, 1 / asked))


def _member_figures(
    answers: list[Answers], members: tuple[str, ...], confidence: float
) -> Mapping[str, MemberFigures]:
    table = precision_table(answers, members)
    return {
        name: MemberFigures(
            *table[name],
            *precision_and_recall(answers, number, confidence),
            boxes=sum(int((one.truth_class == number).sum()) for one in answers),
        )
        for number, name in enumerate(members)
    }


def publish(plan: Plan, figures: Figures) -> Group:
    """The model is in the repository, a new version unless it is there already, with its card.

    The group file names it.
    """
    wish = plan.wish
    model = onnx.load(plan.float_model)
    info = replace(plan.info, confidence=figures.confidence)
    revision = newest_revision(wish.models, wish.name)
    info = replace(info, revision=max(revision, 1))
    content = model_bytes(with_info(model, info))
    file = model_file(wish.models, info)
    if file.is_file() and file.read_bytes() != content:
        info = replace(info, revision=revision + 1)
        content = model_bytes(with_info(model, info))
    file = write_model(wish.models, info, content)
    half = model_bytes(with_info(onnx.load(plan.half_model), info))
    write_whole(plan.half_model, half)
    told = {"model": info.name, "version": info.revision, **asdict(figures), **figures.test()}
    told |= {"size": plan.size, "network": wish.network, "members": list(plan.members)}
    text = json.dumps(_without_nan(told), ensure_ascii=False, indent=1)
    for folder in (plan.folder, file.parent):
        write_whole(folder / "card.json", text.encode())
        write_whole(folder / "card.md", card(info, wish.network, figures).encode())
    group = _group(wish, info)
    write_whole(wish.group_file, group_to_toml(group).encode())
    return group


def _without_nan(value: Any) -> Any:
    """The same as JSON knows it: what is not known is null."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _group(wish: Wish, info: ModelInfo) -> Group:
    """The group, in the colours that its members had."""
    colours = _colours(len(info.classes))
    if wish.group_file.is_file():
        try:
            before = group_from_toml(wish.group_file.read_text(encoding="utf-8"))
        except ModelRejected:
            before = None
        if before:
            had = dict(zip(before.members, before.colours, strict=True))
            colours = tuple(map(had.get, info.classes, colours))
    return Group(
        name=info.name,
        members=info.classes,
        colours=colours,
        model=info.name,
        version=info.revision,
        confidence=info.confidence,
    )


def _colours(count: int) -> tuple[str, ...]:
    """As many hues, evenly apart, light enough for a dark page."""
    tones = (colorsys.hls_to_rgb(number / count, 0.65, 0.7) for number in range(count))
    return tuple("#" + "".join(f"{round(255 * part):02x}" for part in tone) for tone in tones)
