"""Draw labelled pictures of the stage show: what the show's model learns from and is measured on.

Training shows have seeds from 1000 on, the shows it is measured on have seeds that no training and
no exam uses. The result is an ordinary YOLO data set, with the exact truth beside it.
"""

import csv
import io
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from inyourarea.stage_show import MEMBER_NAMES, Show, ShowSpec, TruthRow, draw_frame
from inyourarea.stage_show.draw import pictures_at
from inyourarea.stage_show.timeline import CLOSE
from inyourarea.stage_show.write import deaf_to_ctrl_c, end_with_parent
from inyourarea.train.repository import write_whole

MEMBERS = MEMBER_NAMES
"""The classes, in order."""

PICTURE_SIZE = (1280, 720)
"""Width and height of a picture: a 1080p frame as it is stored for a detector of 1280x736."""

SHOW_SECONDS = Fraction(16)
"""Seconds of a show; long enough for an outfit change, an intro and every kind of shot."""

MEMBER_COUNTS = (3, 4, 5, 6, 7, 8, 9)
SETTINGS_BY_SHARE = {"hard": 0.8, "handheld": 0.14, "easy": 0.06}

QUALITIES = (55, 93)
"""JPEG quality of a stored picture, lowest and highest: frame packs use about 75."""

LEAST_HEAD_VISIBLE = 0.4
"""Share of a head that must be seen for it to be labelled. A head turned away is labelled as well:
its hair and outfit tell who it is, and the camera needs to know where it is."""

LEAST_HEIGHT_PX = 8.0
"""Height of the smallest face that is labelled, in pixels of the stored picture (12 in 1080p);
smaller ones are specks on an LED wall."""

TRUTH_HEADER = ("picture", "name", "role", "x1", "y1", "x2", "y2", "face_visible", "head_visible")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Somebody in a stored picture: a row of the truth, the box in the picture's pixels."""

    name: str
    role: str
    x1: float
    y1: float
    x2: float
    y2: float
    face_visible: float
    head_visible: float


@dataclass(frozen=True, slots=True)
class Split:
    """One part of the data set: its name, its shows' seeds and how many pictures of each.

    ``close_ups`` pictures of each show are taken from its close shots, besides those of all of it:
    close-ups are a tenth of a show, and hold one or two faces where a wide shot holds twenty.
    """

    name: str
    seeds: range
    per_show: int
    close_ups: int = 0


def draw_split(folder: Path, split: Split, workers: int) -> None:
    """Draw a part of the data set: ``images``, ``labels`` and ``truth`` folders below ``folder``.

    A show that is there already is not drawn again, so a stopped run is taken up where it was.
    """
    for kind in ("images", "labels", "truth"):
        (folder / kind / split.name).mkdir(parents=True, exist_ok=True)
    draw = partial(_draw_show, folder, split)
    # Spawned, not forked: a fork inherits the locks of whatever threads the caller has.
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        with deaf_to_ctrl_c():  # the pool begins its processes as it is asked
            drawn = pool.map(draw, split.seeds)
        for _ in drawn:
            pass


def show_of(seed: int) -> ShowSpec:
    """The show of a seed: its setting and number of members follow from the seed.

    Large groups come more often than small ones, so that each of the nine members is learned alike.
    """
    random = np.random.default_rng(seed)
    counts = np.asarray(MEMBER_COUNTS, np.float64)
    return ShowSpec(
        seed=seed,
        members=int(random.choice(MEMBER_COUNTS, p=counts**2 / (counts**2).sum())),
        seconds=SHOW_SECONDS,
        setting=str(random.choice(list(SETTINGS_BY_SHARE), p=list(SETTINGS_BY_SHARE.values()))),
    )


def _draw_show(folder: Path, split: Split, seed: int) -> None:
    truth = folder / "truth" / split.name / f"{seed}.csv"
    if truth.is_file():
        return
    cv2.setNumThreads(1)
    spec = show_of(seed)
    show = Show.plan(spec)
    random = np.random.default_rng([seed, 1])
    rows = []
    for frame in _frames(show, split, random):
        picture, truth_rows = draw_frame(show, frame)
        stem = f"{seed}_{frame:05d}"
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(*QUALITIES))]
        small = cv2.resize(picture, PICTURE_SIZE, interpolation=cv2.INTER_AREA)
        scaled = [_scaled(row, spec.size) for row in truth_rows]
        labels = folder / "labels" / split.name / f"{stem}.txt"
        labels.write_text("".join(_label(drawn) for drawn in scaled if is_labelled(drawn)))
        image = folder / "images" / split.name / f"{stem}.jpg"
        write_whole(image, cv2.imencode(".jpg", small, quality)[1].tobytes())
        rows += [(stem, *astuple(drawn)) for drawn in scaled]
    text = io.StringIO()
    csv.writer(text).writerows([TRUTH_HEADER, *rows])
    write_whole(truth, text.getvalue().encode())


def _frames(show: Show, split: Split, random: np.random.Generator) -> list[int]:
    """Choose frames: one from each of as many equal parts, so that no two are alike; close-ups."""
    edges = np.linspace(0, show.spec.frames, split.per_show + 1).astype(int)
    spread = {int(random.integers(first, max(end, first + 1))) for first, end in pairwise(edges)}
    close = [
        frame
        for shot in show.shots
        if shot.slot.view == CLOSE
        for frame in range(shot.slot.first, shot.slot.last + 1)
    ]
    taken = random.permutation(close)[: split.close_ups].astype(int).tolist()
    chosen = sorted(spread.union(taken))
    return [frame for frame in chosen if not is_in_transition(show, frame)]


def is_in_transition(show: Show, frame: int) -> bool:
    """Whether two pictures are mixed in this frame: nobody could say whose label counts."""
    return pictures_at(show, frame)[1] is not None


def _scaled(row: TruthRow, size: tuple[int, int]) -> Drawn:
    across, down = PICTURE_SIZE[0] / size[0], PICTURE_SIZE[1] / size[1]
    x1, y1, x2, y2 = (round(float(value), 3) for value in np.multiply(row.face, [across, down] * 2))
    seen = (round(row.face_visible, 4), round(row.head_visible, 4))
    return Drawn(row.name, row.role, x1, y1, x2, y2, *seen)


def is_labelled(drawn: Drawn) -> bool:
    """Whether somebody in a picture is a label: a member plainly there, live or on the wall."""
    plain = drawn.head_visible >= LEAST_HEAD_VISIBLE and drawn.x2 > drawn.x1
    return drawn.name in MEMBERS and plain and drawn.y2 - drawn.y1 >= LEAST_HEIGHT_PX


def _label(drawn: Drawn) -> str:
    width, height = PICTURE_SIZE
    place = (
        (drawn.x1 + drawn.x2) / 2 / width,
        (drawn.y1 + drawn.y2) / 2 / height,
        (drawn.x2 - drawn.x1) / width,
        (drawn.y2 - drawn.y1) / height,
    )
    number = str(MEMBERS.index(drawn.name))
    return " ".join([number, *(f"{value:.6f}" for value in place)]) + "\n"


def read_truth(folder: Path, split: str) -> dict[str, list[Drawn]]:
    """Everybody who was drawn, by picture: the names of the picture files without their ending."""
    found: dict[str, list[Drawn]] = {}
    for image in sorted((folder / "images" / split).glob("*.jpg")):
        found[image.stem] = []
    for file in sorted((folder / "truth" / split).glob("*.csv")):
        with file.open(newline="") as lines:
            for row in csv.DictReader(lines):
                stem, name, role = row.pop("picture"), row.pop("name"), row.pop("role")
                numbers = {key: float(value) for key, value in row.items()}
                found[stem].append(Drawn(name, role, **numbers))
    return found
