"""Turn a dataset into what a network learns from: frames as it will be shown them, and labels.

Every picture is letterboxed to the one size that the exported file takes, so that a face is as
large in training as in use. Who has not been named yet is painted over: neither a member nor
background.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.datasets import (
    CONFIRMED,
    REJECTED,
    TEST,
    TRAIN,
    VAL,
    LabelledPicture,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.letterbox import BAR_GREY, Letterbox, fit_letterbox
from inyourarea.runtime.datasets import Dataset
from inyourarea.train.repository import write_whole
from inyourarea.train.spreading import Labels

JPEG_QUALITY = 75
"""That of the frames that a detector is given."""

LEAST_SIDE_PX = 96
"""Shortest side of a frame, with bars: at half of it there must be cells for a file's 100 rows."""

SMALLEST_IMGSZ, LARGEST_IMGSZ, USUAL_IMGSZ = 160, 4096, 1280
"""Longest side of a frame, pixels. At 1280 a face of a wide shot in 1080p, 24 px, is 16 px high."""

HELD_OUT_EVERY = 5
"""Of pictures of a single shot, each fifth is held out: better than nothing to choose by."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is learned from: labels by picture, and what the user should know about them.

    ``members`` are in class order; no label is of anybody else.
    """

    labels: Labels
    members: tuple[str, ...]
    warnings: tuple[str, ...]

    def of(self, split: str) -> list[str]:
        """The pictures of a part."""
        return [picture for picture, labels in self.labels.items() if labels.split == split]


def choose_pictures(
    everything: Iterable[tuple[str, LabelledPicture]], members: tuple[str, ...]
) -> Chosen:
    """Choose the pictures that say something: somebody is named there, or all of it is confirmed.

    Raises:
        DatasetRejected: there are fewer than two, or somebody is in none that is learned from.
    """
    labels = {picture: one for picture, one in everything if says_something(one)}
    if len(labels) < 2:
        raise DatasetRejected(
            f"The dataset has {len(labels)} labelled picture{'s'[: len(labels) != 1]}; one is to "
            "learn from and one to judge by. Collect more, and name who is in them."
        )
    warnings = []
    shown = {one.split for one in labels.values() if _shows_somebody(one)}
    if TEST not in shown:  # nobody could be judged by it
        labels = {picture: one for picture, one in labels.items() if one.split != TEST}
    splits = {one.split for one in labels.values()} if TEST in shown else shown
    if missing := [f"`{split}`" for split in (TRAIN, VAL) if split not in splits]:
        labels = _held_out(labels)
        warnings.append(
            f"Nobody is named in {' or '.join(missing)}, so every fifth is taken for `val` "
            "and the others are learned from: neighbours stand on both sides, and figures of `val` "
            "are too kind."
        )
    if TEST not in {one.split for one in labels.values()}:
        warnings.append("No shot of a member is kept for the test: figures are those of `val`.")
    _check_everybody_is_there(labels, members)
    return Chosen(labels, members, tuple(warnings))


def says_something(labels: LabelledPicture) -> bool:
    """Whether there is anything to learn from it."""
    is_named = any(box.member for box in labels.boxes)
    return labels.state != REJECTED and (is_named or labels.state == CONFIRMED)


def _held_out(labels: Labels) -> dict[str, LabelledPicture]:
    """Every fifth picture of a member is in ``val``, at least one; the test stays as it is."""
    free = [picture for picture, one in labels.items() if one.split != TEST]
    if len(free) < 2:  # all are in the test
        free = list(labels)
    shown = [picture for picture in free if _shows_somebody(labels[picture])]
    split = {picture: TRAIN for picture in free}
    split |= dict.fromkeys(shown[min(HELD_OUT_EVERY, len(shown)) - 1 :: HELD_OUT_EVERY], VAL)
    return {
        picture: replace(one, split=split.get(picture, one.split))
        for picture, one in labels.items()
    }


def _shows_somebody(labels: LabelledPicture) -> bool:
    return any(box.member for box in labels.boxes)


def _check_everybody_is_there(labels: Labels, members: tuple[str, ...]) -> None:
    seen = {box.member for one in labels.values() if one.split == TRAIN for box in one.boxes}
    missing = [name for name in members if name not in seen]
    if missing:
        raise DatasetRejected(
            f"No picture to learn from shows {', '.join(missing)}; label some, or make a dataset "
            "without."
        )


def frame_size(
    sizes: Iterable[tuple[int, int]], imgsz: int | None, multiple: int
) -> tuple[int, int]:
    """Width and height of the frames: the commonest shape of the pictures, with narrow bars.

    ``imgsz`` is the longer side (none: the usual one, or the pictures' own where they are smaller);
    both sides are whole in ``multiple``.

    Raises:
        DatasetRejected: ``imgsz`` is not.
    """
    width, height = Counter(sizes).most_common(1)[0][0]
    longest = max(width, height)
    if imgsz is None:
        imgsz = max(min(USUAL_IMGSZ, _up(longest, multiple)), _up(SMALLEST_IMGSZ, multiple))
    if imgsz % multiple or not SMALLEST_IMGSZ <= imgsz <= LARGEST_IMGSZ:
        raise DatasetRejected(
            f"--imgsz is a multiple of {multiple} from {_up(SMALLEST_IMGSZ, multiple)} to "
            f"{LARGEST_IMGSZ} for this network, not {imgsz}."
        )
    shorter = max(_up(round(min(width, height) * imgsz / longest), multiple), LEAST_SIDE_PX)
    shorter = min(_up(shorter, multiple), imgsz)
    return (imgsz, shorter) if width >= height else (shorter, imgsz)


def _up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple


def write_pictures(
    dataset: Dataset,
    chosen: Chosen,
    folder: Path,
    size: tuple[int, int],
    tell: Callable[[int, int], None],
) -> None:
    """The frames and their labels are in ``images/<part>`` and ``labels/<part>`` of the folder.

    Labels are lines of class, centre and size as shares of the frame. What is there is not written
    again. ``tell`` hears how many are done, and of how many.

    Raises:
        DatasetRejected: a picture is none.
    """
    classes = {name: number for number, name in enumerate(chosen.members)}
    for split in (TRAIN, VAL, TEST):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
    for done, (name, labels) in enumerate(chosen.labels.items(), 1):
        file = folder / "images" / labels.split / f"{name}.jpg"
        if not file.is_file():
            picture = decoded(name, dataset.picture(name))
            frame, place = _frame(picture, labels, size)
            lines = _lines(labels, place, size, classes)
            write_whole(folder / "labels" / labels.split / f"{name}.txt", lines.encode())
            quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
            write_whole(file, cv2.imencode(".jpg", frame, quality)[1].tobytes())
        tell(done, len(chosen.labels))


def decoded(name: str, content: bytes) -> NDArray[np.uint8]:
    """A picture's pixels, BGR.

    Raises:
        DatasetRejected: it is none.
    """
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise DatasetRejected(f"The picture {name} is none; reject it, or collect it again.")
    return np.asarray(picture, np.uint8)


def _frame(
    picture: NDArray[np.uint8], labels: LabelledPicture, size: tuple[int, int]
) -> tuple[NDArray[np.uint8], Letterbox]:
    """The picture in a frame, grey where nobody knows who it is."""
    unsaid = [box.box for box in labels.boxes if box.is_unsaid]
    named = [box.box for box in labels.boxes if not box.is_unsaid]
    whole = picture.copy()
    for x1, y1, x2, y2 in np.asarray(unsaid).reshape(-1, 4).round().astype(int).tolist():
        picture[y1:y2, x1:x2] = BAR_GREY
    for x1, y1, x2, y2 in np.asarray(named).reshape(-1, 4).round().astype(int).tolist():
        picture[y1:y2, x1:x2] = whole[y1:y2, x1:x2]  # who is known is seen, also beside a stranger
    place = fit_letterbox((picture.shape[1], picture.shape[0]), size)
    frame = np.full((size[1], size[0], 3), BAR_GREY, np.uint8)
    inner = (place.inner_width, place.inner_height)
    down, right = place.top + place.inner_height, place.left + place.inner_width
    frame[place.top : down, place.left : right] = cv2.resize(
        picture, inner, interpolation=cv2.INTER_AREA
    )
    return frame, place


def _lines(
    labels: LabelledPicture, place: Letterbox, size: tuple[int, int], classes: Mapping[str, int]
) -> str:
    lines = []
    for box in labels.boxes:
        if box.member:
            x1, y1, x2, y2 = place.to_picture(np.asarray(box.box)).tolist()
            centre = ((x1 + x2) / 2 / size[0], (y1 + y2) / 2 / size[1])
            sides = ((x2 - x1) / size[0], (y2 - y1) / size[1])
            numbers = " ".join(f"{value:.6f}" for value in (*centre, *sides))
            lines.append(f"{classes[box.member]} {numbers}\n")
    return "".join(lines)
