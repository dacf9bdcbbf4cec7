"""What training a group's own model comes to: what is asked for, how long, where its files lie."""

import json
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from inyourarea.contracts.datasets import REJECTED, TEST, TRAIN, VAL, LabelledBox
from inyourarea.contracts.digests import digest, file_digest
from inyourarea.contracts.group import Group, group_from_toml
from inyourarea.contracts.model import ModelInfo
from inyourarea.contracts.proposals import with_names_over_shots
from inyourarea.contracts.trainings import NETWORKS
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.disk import words_for
from inyourarea.train.course import BATCH, WINDOW, WINDOWS_PER_ROUND, Course
from inyourarea.train.group_figures import EIGHT_BITS, FLOAT, HALF
from inyourarea.train.group_pictures import Chosen, choose_pictures, frame_size
from inyourarea.train.spreading import Labels, count_named, may_move
from inyourarea.train.windows import LabelledPicture as Labelled
from inyourarea.train.windows import read_labels

STARTING_NETWORK = NETWORKS[0]
"""That of the show's weights, from which such a network starts where nothing else is said."""

WINDOWS_PER_PICTURE = 4
"""Windows that an epoch takes of each picture: one is a seventh of a frame of 1280x736."""

LEAST_EPOCHS, EPOCHS_FROM_NOTHING = 5, 20
LEAST_WINDOWS, TEACHERS_WINDOWS = 36_000, 4_800
"""Where no epochs are given: at least so many, and until so many windows were seen (.06 s of a CPU
each for yolov5n), however few the pictures are. A network that spreads names needs to know only
those of whom it is sure."""

UNSAID_FROM = 0.1
"""Share of boxes without a name from which on it is worth half as long again to spread names."""

LABELS_REVISION = 7
"""Counts up when the same dataset comes to other labels or another course."""

FLOOR = 0.05
"""Score below which a file reports nothing."""

USUAL_CONFIDENCE = 0.3
"""Where nobody is held out to choose by."""

LONGEST_LOOK = 1920
"""Longer side, pixels, at which a network looks at most to label. Of members in 1080p that it does
not know the show's network finds 96 % so, at an overlap of .84; at 1280 it is 83 % and .82."""

_FILES = {FLOAT: "fp32", HALF: "fp16", EIGHT_BITS: "int8"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: as the options of ``inyourarea train``.

    ``device`` is that of `TrainSettings`. ``detects_on_gpu`` where the model is to find people on a
    GPU, whatever it is trained on. ``before`` is the model's file that the group's runs use by now:
    it takes the same test.
    """

    group_file: Path
    out: Path
    models: Path
    network: str = STARTING_NETWORK
    imgsz: int | None = None
    epochs: int | None = None
    batch: int = BATCH
    device: str = "auto"
    weights: Path | None = None
    can_mirror: bool = False
    only_named: bool = False
    detects_on_gpu: bool = False
    before: bytes | None = None

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
    """The weights to start from where none are named: the show's, for networks of their size.

    Where the repository has none, as a volume has not that a cluster's job writes its models to,
    they are those that its image has beside its packages.
    """
    if network != STARTING_NETWORK:
        return None
    places = models / "show" / "show.pt", Path(sys.prefix, "share", "inyourarea", "show.pt")
    return next(filter(Path.is_file, places), None)


def group_before(wish: Wish) -> Group | None:
    """The group as its file has it by now; none: there is no such file.

    Raises:
        ModelRejected: what is there is no group file.
    """
    if not wish.group_file.exists():
        return None
    try:
        return group_from_toml(wish.group_file.read_bytes())
    except (OSError, ModelRejected) as error:
        raise ModelRejected(
            f"{wish.group_file} would be written, but is there and no group file: move it away, or "
            f"give another --group. {error}"
        ) from error


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wish comes to for a dataset, and where its files lie; ``start`` are weights.

    ``look_size`` is that of the pictures as networks look at them to label them.
    ``everything`` is all of the dataset that may be learned from, by picture. ``spread`` boxes of
    those chosen were named by the network of a `teacher`. ``placed`` named boxes of those that it
    is judged by lie where the weights see the face.
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
    placed: int = 0

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
    def enlarged(self) -> ModelInfo:
        """The same of one that looks at pictures enlarged, for the boxes of small faces."""
        multiple = self.wish.multiple
        width, height = (-(-side * 3 // (2 * multiple)) * multiple for side in self.look_size)
        return replace(self.info, width=width, height=height)

    @property
    def course(self) -> Course:
        """What the network learns from, and for how long."""
        wish, multiple = self.wish, self.wish.multiple
        epoch = WINDOWS_PER_PICTURE * len(self.chosen.of(TRAIN))
        least = LEAST_EPOCHS if wish.weights else EPOCHS_FROM_NOTHING  # not a teacher's
        usual = max(least, -(-LEAST_WINDOWS // epoch))
        epochs = wish.epochs or usual
        if self.is_teacher:
            epochs = min(epochs, -(-TEACHERS_WINDOWS // epoch))
        a_round = min(WINDOWS_PER_ROUND, max(epoch, BATCH))  # the same for every batch
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
            can_redress=True,
        )

    @property
    def spreads(self) -> bool:
        """Whether names are spread: enough boxes have none, and it is not told otherwise."""
        unsaid = [box.is_unsaid for one in self.everything.values() for box in one.boxes]
        pays = sum(unsaid) >= max(UNSAID_FROM * len(unsaid), 1)
        return pays and not self.wish.only_named

    @property
    def looks_first(self) -> bool:
        """Whether the weights look at the pictures: there are boxes that nobody has looked at."""
        everything = {**self.everything, **self.chosen.labels}.values()
        is_open = any(may_move(box, one) for one in everything for box in one.boxes)
        return self.start is not None and is_open and not self.wish.only_named

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
    def enlarged_model(self) -> Path:
        """The same, to look at pictures enlarged."""
        return self.folder / "start-enlarged.onnx"

    def file(self, numbers: str) -> Path:
        """The network as it was exported, in such numbers."""
        return self.folder / f"model-{_FILES[numbers]}.onnx"

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
    """What is to be done. The folder's name is the digest of what is learned, and how.

    The batch and the device are none of it: a training goes on where there is less memory.

    Raises:
        DatasetRejected: there is not enough in the dataset to learn from.
        ModelRejected: the group's name can not be one, or its file is there and none.
        Refused: the weights to start from are not there, or what comes out could not be put where
            it belongs.
    """
    for folder in (wish.models / wish.name, wish.group_file.parent):
        _try_folder(folder)
    group_before(wish)
    members, everything = dataset.snapshot()
    said = count_named(everything)
    if not wish.only_named:
        everything = with_names_over_shots(everything)
    chosen = choose_pictures(everything.items(), members.names)
    sizes = [labels.size for labels in chosen.labels.values()]
    size = frame_size(sizes, wish.imgsz, wish.multiple)
    try:
        weights = wish.weights
        start = file_digest(weights) if weights else ""
    except OSError as error:
        raise Refused(f"The weights {wish.weights} can not be read: {error.strerror}") from error
    to_learn = {
        picture: one
        for picture, one in {**everything, **chosen.labels}.items()
        if one.split == TRAIN and one.state != REJECTED
    }
    labels = [
        [picture, one.split, one.state, [_told(box) for box in one.boxes]]
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
        spread=count_named(everything) - said,
    )


def _told(box: LabelledBox) -> list[object]:
    return [*box.box, box.member, box.state, box.tracklet]


def _look_size(chosen: Chosen, wish: Wish, size: tuple[int, int]) -> tuple[int, int]:
    """The pictures' own size, if it is larger than that of the frames."""
    sizes = [labels.size for labels in chosen.labels.values()]
    longest = min(max(Counter(sizes).most_common(1)[0][0]), LONGEST_LOOK)
    longest -= longest % wish.multiple
    return frame_size(sizes, longest, wish.multiple) if longest > max(size) else size


def _try_folder(folder: Path) -> None:
    """A file can be made there, or where the folder would be: told now, not after hours."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise Refused(f"{folder} can not be written: {words_for(error)}") from error
