"""What a file of another tool tells of pictures, and what such a file is told of ours."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from inyourarea.contracts.datasets import FRONTAL, PROFILE, SPLITS, LabelledBox
from inyourarea.core.errors import DatasetRejected
from inyourarea.core.members import fold, tidy

#: The class of boxes that are known to be no member's, in forms that keep states.
NOBODY = "no member"
#: Words of other tools for a part of a dataset.
_SPLITS = {"validation": "val", "valid": "val", "training": "train", "testing": "test"}
#: Words of other tools for a view; VOC knows Left, Right, Frontal and Rear.
_VIEWS = {"left": PROFILE, "right": PROFILE, FRONTAL: FRONTAL, PROFILE: PROFILE}

#: Width and height of a picture among the files, upright, by its name there.
SizeOf = Callable[[str], tuple[int, int]]
#: Takes a file's name and content.
Put = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class ForeignBox:
    """A box of a class: ``box`` xyxy in pixels, as told; ``where`` is the file and the line.

    ``told`` is what our own export said besides: tracklet, state.
    """

    name: str
    box: tuple[float, float, float, float]
    where: str
    view: str = ""
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignPicture:
    """A picture ``file`` and who is in it; ``size`` and ``split`` where the labels tell them."""

    file: str
    boxes: tuple[ForeignBox, ...]
    where: str
    size: tuple[int, int] | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Everything that the files tell; ``classes`` in their order, also those without a box.

    ``notes`` say what was left out, for the user.
    """

    classes: tuple[str, ...]
    pictures: tuple[ForeignPicture, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A picture as it leaves: ``file`` is the name that its format gave it."""

    file: str
    size: tuple[int, int]
    split: str
    boxes: tuple[LabelledBox, ...]


def split_of(word: str) -> str:
    """Which part of a dataset another tool means; empty where it is none of ours."""
    lower = word.strip().lower()
    found = _SPLITS.get(lower, lower)
    return found if found in SPLITS else ""


def split_of_path(file: str) -> str:
    """The part that one of a file's folders is called after; empty where none is."""
    return next((found for part in file.split("/")[-2::-1] if (found := split_of(part))), "")


def view_of(word: str) -> str:
    """Which view another tool means; empty where it does not tell."""
    return _VIEWS.get(word.strip().lower(), "")


def class_name(text: str, where: str) -> str:
    """A class's name, tidied.

    Raises:
        DatasetRejected: it is empty.
    """
    name = tidy(text)
    if not name:
        raise DatasetRejected(f"{where}: a class without a name; give it one, or remove it.")
    return name


def unique(names: list[str], where: str) -> tuple[str, ...]:
    """The classes' names, none of them twice.

    Raises:
        DatasetRejected: one is there twice.
    """
    folded = [fold(name) for name in names]
    twice = [name for at, name in enumerate(names) if folded[at] in folded[:at]]
    if twice:
        raise DatasetRejected(f"{where}: the class {twice[0]!r} is there twice; names are unique.")
    return tuple(names)


def number(text: str, where: str) -> float:
    """A finite number.

    Raises:
        DatasetRejected: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DatasetRejected(f"{where}: {text[:40]!r} is no number.")
    return value
