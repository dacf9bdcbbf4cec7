"""Cut training windows out of labelled pictures: the second step of training.

A network that has no fixed size may learn from windows that are smaller than the frames it is used
on, as long as a face has the same size in pixels. Windows are put where people are, so little is
spent on an empty stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.core.errors import Refused
from inyourarea.core.letterbox import BAR_GREY

NATIVE_SHARE = 0.5
"""Share of the windows that are cut at the picture's own scale."""

HEIGHTS_PX = (12.0, 210.0)
"""Face heights, in the network's pixels, that the other windows are scaled to."""

LARGEST_ZOOM = 3.0
"""The most that a window is enlarged; beyond it a face is only blur."""

CLOSE_UP_FROM_PX = 85.0
CLOSE_UP_TIMES = 4
"""Pictures with a face from that height on (128 in 1080p) are rare and matter as much: they come
more often."""

ANYWHERE_SHARE = 0.12
"""Share of windows that are put anywhere, so that an empty stage and dancers are learned too."""

BARS_SHARE = 0.08
"""Share of the windows that get a letterbox bar."""

LEAST_LEFT = 0.4
"""Share of a face that must be inside the window for it to be asked for."""

GAIN_SPREAD, GAMMA_SPREAD = 0.12, 0.25
"""Standard deviations of the log of a channel's gain and of the gamma: a camera's white balance and
exposure; stage light is in the pictures already."""

REDRESSED_SHARE = 0.3
"""Share of the faces below which the clothes get another colour: on another stage they have one."""

CLOTHES = (1.25, 0.2, 3.0)
"""Where they are: so many widths of the face to either side of its middle, and from so many of its
heights below it to so many."""

DYE_SPREAD = 0.5
"""Standard deviation of the log of each channel's gain that dyes them."""


class PictureUnreadable(Refused):
    """A picture of the data set can not be read."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture file and its boxes: xyxy float32 (n, 4) in its pixels, classes int64 (n,)."""

    file: Path
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """Where to cut, in the picture's pixels."""

    x: int
    y: int
    width: int
    height: int


def choose_window(
    random: np.random.Generator,
    labelled: LabelledPicture,
    picture: tuple[int, int],
    size: tuple[int, int],
    rarity: NDArray[np.float64],
) -> Window:
    """Choose a window that lies inside the picture, mostly around somebody, rare classes first.

    ``picture`` and ``size`` are (width, height); ``rarity`` is each class's weight.
    """
    face = np.asarray([*random.uniform((0, 0), picture)] * 2, np.float32)
    if len(labelled.boxes) and random.random() > ANYWHERE_SHARE:
        weights = rarity[labelled.classes]
        face = labelled.boxes[random.choice(len(weights), p=weights / weights.sum())]
    extent = face[2:] - face[:2]
    # Both sides shrink alike, so the window is no larger than what the picture has.
    largest = min(picture[0] / size[0], picture[1] / size[1])
    scale = min(_window_scale(random, float(extent[1])), largest)
    width, height = round(size[0] * scale), round(size[1] * scale)
    # The face may come to lie anywhere in the window but for its outer tenth, and stays whole.
    room = np.clip((np.asarray([width, height]) - extent) / 2, 0, (0.4 * width, 0.4 * height))
    centre = (face[:2] + face[2:]) / 2 + random.uniform(-1, 1, 2) * room
    x = int(np.clip(round(centre[0] - width / 2), 0, picture[0] - width))
    y = int(np.clip(round(centre[1] - height / 2), 0, picture[1] - height))
    return Window(x, y, width, height)


def _window_scale(random: np.random.Generator, face_height: float) -> float:
    """Size of a window in sizes of the network's input: 1, or what changes the face's height."""
    if random.random() < NATIVE_SHARE or face_height <= 0:
        return 1.0
    height = float(np.exp(random.uniform(*np.log(HEIGHTS_PX))))
    return max(face_height / height, 1 / LARGEST_ZOOM)


def in_random_order(
    random: np.random.Generator, pictures: Sequence[LabelledPicture]
) -> list[LabelledPicture]:
    """One pass over the pictures, close-ups several times."""
    tallest = [max((one.boxes[:, 3] - one.boxes[:, 1]).tolist(), default=0.0) for one in pictures]
    times = [CLOSE_UP_TIMES if tall >= CLOSE_UP_FROM_PX else 1 for tall in tallest]
    order = random.permutation(np.repeat(np.arange(len(pictures)), times))
    return [pictures[index] for index in order]


def boxes_in_window(
    boxes: NDArray[np.float32],
    window: Window,
    size: tuple[int, int],
    clear: tuple[int, int, int, int],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give the boxes in the resized window's pixels, and which are in sight by enough.

    They are clipped to what no bar covers of the window, ``clear`` (xyxy).
    """
    scale = np.asarray([size[0] / window.width, size[1] / window.height] * 2, np.float32)
    corner = np.asarray([window.x, window.y] * 2, np.float32)
    moved = (boxes - corner) * scale
    clipped = np.clip(moved, clear[:2] * 2, clear[2:] * 2).astype(np.float32)
    whole = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
    left = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    return clipped, left >= LEAST_LEFT * np.maximum(whole, 1e-6)


def relit(random: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture by a camera with another white balance and exposure."""
    levels = np.linspace(0, 1, 256)
    gamma = np.exp(random.normal(0, GAMMA_SPREAD))
    gains = np.exp(random.normal(0, GAIN_SPREAD, 3))
    table = np.clip(levels[:, None] ** gamma * gains, 0, 1) * 255
    return np.asarray(cv2.LUT(picture, table.round().astype(np.uint8)[None]), np.uint8)


def redressed(
    random: np.random.Generator, picture: NDArray[np.uint8], boxes: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The same with the clothes of some in another colour, everybody's face as it was.

    Clothes tell who somebody is in the videos that were labelled, and little in the next ones:
    channels change places and get other gains, so that folds and light stay.
    """
    dyed = picture.copy()
    aside, top, bottom = CLOTHES
    for x1, y1, x2, y2 in boxes[random.random(len(boxes)) < REDRESSED_SHARE].tolist():
        middle, width, height = (x1 + x2) / 2, x2 - x1, y2 - y1
        across = slice(max(0, round(middle - aside * width)), round(middle + aside * width))
        down = slice(max(0, round(y2 + top * height)), round(y2 + bottom * height))
        dye = np.exp(random.normal(0, DYE_SPREAD, 3))
        clothes = picture[down, across][..., random.permutation(3)] * dye
        dyed[down, across] = np.clip(clothes, 0, 255)
    for x1, y1, x2, y2 in np.rint(boxes).astype(int).tolist():
        dyed[y1:y2, x1:x2] = picture[y1:y2, x1:x2]
    return dyed


def with_bar(
    random: np.random.Generator, picture: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """Cover one side by a letterbox bar; say what stays clear, xyxy."""
    height, width = picture.shape[:2]
    side = int(random.integers(4))
    deep = int(random.uniform(0.01, 0.3) * (height, width)[side % 2])
    left, top, right, bottom = (deep if side == at else 0 for at in (1, 0, 3, 2))
    clear = (left, top, width - right, height - bottom)
    barred = np.full_like(picture, BAR_GREY)
    seen = np.s_[top : clear[3], left : clear[2]]
    barred[seen] = picture[seen]
    return barred, clear


def mirrored(
    picture: NDArray[np.uint8], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The same with left and right changed; only where both sides of an outfit are alike."""
    width = picture.shape[1]
    turned = boxes.copy()
    turned[:, [0, 2]] = width - boxes[:, [2, 0]]
    return np.ascontiguousarray(picture[:, ::-1]), turned


def read_picture(file: Path) -> NDArray[np.uint8]:
    """Read a picture as RGB uint8 (h, w, 3).

    Raises:
        PictureUnreadable: the file is missing or no picture.
    """
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise PictureUnreadable(f"{file} is missing or no picture; take it out of the data set.")
    return np.asarray(picture, np.uint8)


def cut_window(
    random: np.random.Generator,
    labelled: LabelledPicture,
    size: tuple[int, int],
    rarity: NDArray[np.float64],
    can_redress: bool = False,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Read the picture, give one training window: RGB uint8 (h, w, 3), its boxes, its classes."""
    picture = read_picture(labelled.file)
    whole = (picture.shape[1], picture.shape[0])
    window = choose_window(random, labelled, whole, size, rarity)
    cut = picture[window.y : window.y + window.height, window.x : window.x + window.width]
    if (window.width, window.height) != size:
        # As pictures are shrunk where the network is used: by the mean of what a pixel covers.
        how = cv2.INTER_AREA if window.width > size[0] else cv2.INTER_LINEAR
        cut = np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)
    clear = (0, 0, *size)
    if can_redress:
        cut = redressed(random, cut, boxes_in_window(labelled.boxes, window, size, clear)[0])
    if random.random() < BARS_SHARE:
        cut, clear = with_bar(random, cut)
    boxes, inside = boxes_in_window(labelled.boxes, window, size, clear)
    return relit(random, np.ascontiguousarray(cut)), boxes[inside], labelled.classes[inside]


def read_labels(pictures: Path, size: tuple[int, int]) -> list[LabelledPicture]:
    """Read a YOLO data set's folder of pictures; ``labels`` lies beside ``images``.

    ``size`` is (width, height) of all pictures.
    """
    labels = pictures.parent.parent / "labels" / pictures.name
    found = []
    for file in sorted(pictures.glob("*.jpg")):
        text = (labels / f"{file.stem}.txt").read_text()
        rows = np.asarray([line.split() for line in text.splitlines()], np.float64).reshape(-1, 5)
        half = rows[:, 3:] / 2
        boxes = np.concatenate([rows[:, 1:3] - half, rows[:, 1:3] + half], axis=1)
        scaled = (boxes * np.asarray(size * 2)).astype(np.float32)
        found.append(LabelledPicture(file, scaled, rows[:, 0].astype(np.int64)))
    return found


def class_rarity(pictures: Sequence[LabelledPicture], classes: int) -> NDArray[np.float64]:
    """A weight for each class that evens out how often it is seen: one over its count's root."""
    counts = np.bincount(np.concatenate([one.classes for one in pictures]), minlength=classes)
    return 1 / np.sqrt(np.maximum(counts, 1.0))
