"""The show's model: its constants, its pictures, and what it reaches.

``inyourarea train-show`` takes the steps one after another: draw, learn, export, quantise,
measure. Each leaves files that the next one reads, and a stopped step is taken up where it was.
There is no torch here; learning and exporting are in ``show_network``.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from inyourarea.contracts.group import Group, group_to_toml
from inyourarea.contracts.model import ModelInfo
from inyourarea.core.errors import Refused
from inyourarea.train.answers import Seen, against, letterboxed, look_at_split
from inyourarea.train.card import Figures, HeightRow, card
from inyourarea.train.graph import model_bytes
from inyourarea.train.int8 import in_eight_bits, to_calibrate_on
from inyourarea.train.measure import f1, precision_table, recall_by_height
from inyourarea.train.octaves import half_of, in_two_octaves
from inyourarea.train.repository import model_file, write_model, write_whole
from inyourarea.train.show_pictures import (
    MEMBERS,
    PICTURE_SIZE,
    Drawn,
    Split,
    draw_split,
    is_labelled,
)
from inyourarea.train.windows import read_picture

TRAINING = Split("train", range(1000, 1540), 10, close_ups=2)
UNSEEN = Split("val", range(530, 560), 9)
"""Shows that are in no training and in no exam."""

CLOSE_UPS = Split("close", range(560, 590), 0, close_ups=4)
"""Further such shows, for recall alone: close-ups are too few among the pictures of whole shows."""

SHOW = ModelInfo(
    name="show",
    kind="group",
    classes=MEMBERS,
    height=736,
    width=1280,
    revision=3,
    confidence=0.3,
    floor=0.05,
)

LOOKS = (SHOW, half_of(SHOW))
"""The two sizes at which the network looks at each frame; one file joins them."""

GROUP_FILE = Path("groups") / "show.toml"

COLOURS = (
    "#e8e8f0",
    "#f0dc9c",
    "#e2641c",
    "#22b7ae",
    "#ee4fa0",
    "#f2c81e",
    "#9a7ae0",
    "#c0392b",
    "#4a6fe3",
)
"""One per member, told apart on a dark page; the hair's where it is vivid."""

DRAWN_WIDTH_PX = 1920
HEIGHTS_PX = (24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 320.0)
"""Face heights for which recall is told, in pixels of a drawn frame: 1080p."""

LEAST_VISIBLE = 0.5
"""Share of a head from which on somebody counts in the recall table."""


class NotDrawn(Refused):
    """A step was asked for whose files are not there yet."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where things lie: ``work`` for what is large and temporary, ``models`` is the repository."""

    work: Path
    models: Path

    @property
    def pictures(self) -> Path:
        """The drawn data set."""
        return self.work / "pictures"

    @property
    def checkpoint(self) -> Path:
        """The newest weights of the run."""
        return self.work / "run" / "weights" / "last.pt"

    def float_model(self, look: ModelInfo) -> Path:
        """The network as it was exported for one of the `LOOKS`, in float32."""
        return self.work / f"float-{look.width}x{look.height}.onnx"

    @property
    def progress(self) -> Path:
        """How long the exported network had learned, and how true the file is to it."""
        return self.work / "exported.json"


def draw(workshop: Workshop, workers: int) -> None:
    """Draw what is missing of the pictures to learn from and to measure on."""
    for split in (UNSEEN, CLOSE_UPS, TRAINING):
        draw_split(workshop.pictures, split, workers)


def quantise(workshop: Workshop) -> Path:
    """Write the model that is used: both looks in 8 bits, each calibrated on the same pictures.

    Raises:
        NotDrawn: there is no exported network, or no picture to calibrate on.
    """
    images = sorted((workshop.pictures / "images" / TRAINING.name).glob("*.jpg"))
    if not images or not _is_exported(workshop):
        raise NotDrawn("There is no exported network yet; run the steps draw, learn and export.")
    chosen = to_calibrate_on(images)
    full, half = (
        in_eight_bits(onnx.load(workshop.float_model(look)), look, _frames(chosen, look))
        for look in LOOKS
    )
    both = in_two_octaves(full, half, SHOW, is_half_enough=True)
    return write_model(workshop.models, SHOW, model_bytes(both))


def _is_exported(workshop: Workshop) -> bool:
    return all(workshop.float_model(look).is_file() for look in LOOKS)


def _frames(images: Sequence[Path], look: ModelInfo) -> Iterator[NDArray[np.uint8]]:
    return (letterboxed(read_picture(image), look) for image in images)


def group_toml() -> str:
    """The group file of the nine."""
    show = Group("show", MEMBERS, COLOURS, SHOW.name, SHOW.revision, SHOW.confidence)
    return group_to_toml(show)


def measure(workshop: Workshop) -> Figures:
    """Measure the exported file on unseen shows and write its card.

    Raises:
        NotDrawn: there is no exported model or no picture to measure on.
    """
    file = model_file(workshop.models, SHOW)
    if not file.is_file() or not workshop.progress.is_file() or not _is_exported(workshop):
        raise NotDrawn("There is no model yet; run the steps draw, learn, export and quantise.")
    seen = look_at_split(file.read_bytes(), workshop.pictures, UNSEEN.name)
    close = look_at_split(file.read_bytes(), workshop.pictures, CLOSE_UPS.name)
    full, half = (_look_at_all(workshop.float_model(look), workshop.pictures) for look in LOOKS)
    plain = against(seen, MEMBERS, is_plain)
    labelled = precision_table(against(seen, MEMBERS, is_labelled), MEMBERS)
    figures = Figures(
        progress=json.loads(workshop.progress.read_text()),
        pictures=(_drawn(workshop, TRAINING), len(seen), len(close)),
        precision=precision_table(plain, MEMBERS),
        with_hidden=labelled,
        heights=_height_rows([*seen, *close], full, half),
        f1={level: f1(plain, level) for level in np.round(np.arange(0.1, 0.75, 0.05), 2)},
    )
    write_whole(workshop.models / SHOW.name / "README.md", card(figures, SHOW).encode())
    return figures


def _drawn(workshop: Workshop, split: Split) -> int:
    return len(list((workshop.pictures / "images" / split.name).glob("*.jpg")))


def is_plain(drawn: Drawn) -> bool:
    """Whether somebody is a member whom the measures count: at least half of the head in sight."""
    return is_labelled(drawn) and drawn.head_visible >= LEAST_VISIBLE


def is_live(drawn: Drawn) -> bool:
    """Whether such a member is on the stage itself."""
    return drawn.role == "member" and is_plain(drawn)


def _look_at_all(file: Path, pictures: Path) -> list[Seen]:
    content = file.read_bytes()
    splits = (look_at_split(content, pictures, split.name) for split in (UNSEEN, CLOSE_UPS))
    return [one for split in splits for one in split]


def _height_rows(*sides: list[Seen]) -> list[HeightRow]:
    heights = [height * PICTURE_SIZE[0] / DRAWN_WIDTH_PX for height in HEIGHTS_PX]
    recalls = (
        recall_by_height(against(seen, MEMBERS, is_live), heights, SHOW.confidence)
        for seen in sides
    )
    return [HeightRow(height, *row) for height, *row in zip(HEIGHTS_PX, *recalls, strict=True)]
