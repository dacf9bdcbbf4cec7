"""LabelImg's YOLO form: for each picture a .txt of shares of it, beside them ``classes.txt``."""

import re
from collections.abc import Sequence

from inyourarea.core.errors import DatasetRejected
from inyourarea.train.formats.files import PICTURES, Files, Place
from inyourarea.train.formats.foreign import (
    Foreign,
    ForeignBox,
    ForeignPicture,
    Outgoing,
    Put,
    SizeOf,
    class_name,
    number,
    split_of_path,
    unique,
)

CLASSES = "classes.txt"
#: As LabelImg writes a row.
_ROW = re.compile(r"\d+( -?\d+\.\d{6}){4}")

KEEPS_STATES = False


def is_here(files: Files) -> bool:
    """Whether there are labels of this form."""
    return any(_folder_and_base(name)[1] == CLASSES for name in files.names)


def read(files: Files, size_of: SizeOf) -> Foreign:
    """What the files tell; a picture without a .txt is left out.

    Raises:
        DatasetRejected: what is wrong in which file and line.
    """
    pictures = _by_stem([name for name in files.names if name.lower().endswith(PICTURES)])
    labels = {
        name.removesuffix(".txt"): name
        for name in files.names
        if name.endswith(".txt") and _folder_and_base(name)[1] != CLASSES
    }
    classes = {
        _folder_and_base(name)[0]: _classes(files, name)
        for name in files.names
        if _folder_and_base(name)[1] == CLASSES
    }
    place = Place(files.names)
    with_pictures = {_folder_and_base(stem)[0] for stem in pictures}
    found = []
    for stem, file in labels.items():
        folder, base = _folder_and_base(stem)
        picture = pictures.get(stem)
        if picture is None and folder in with_pictures:
            raise DatasetRejected(f"{file}: no picture of that name is beside it; remove it.")
        # LabelImg may have been told another folder to save labels in.
        picture = picture or place.of(base, (), file)
        known = classes.get(_folder_and_base(file)[0])
        if known is None:
            raise DatasetRejected(f"{file}: {CLASSES} is not beside it; its classes have no names.")
        boxes = _boxes(file, _text(files, file), known, size_of(picture))
        found.append(ForeignPicture(picture, boxes, file, split=split_of_path(picture)))
    left = len({*pictures.values()} - {one.file for one in found})
    notes = (f"{left} pictures have no .txt and were left out",) if left else ()
    return Foreign(_in_one_order(list(classes.values())), tuple(found), notes)


def place(name: str, split: str) -> str:
    """Where a picture goes: LabelImg opens a folder at a time."""
    return f"{split}/{name}.jpg"


def write(classes: Sequence[str], pictures: Sequence[Outgoing], put: Put) -> None:
    """Labels for pictures that lie at their `place`; read back they are the same to 1e-9 pixel."""
    listed = "".join(f"{name}\n" for name in classes).encode()
    for split in sorted({picture.split for picture in pictures}):
        put(f"{split}/{CLASSES}", listed)
    for picture in pictures:
        width, height = picture.size
        rows = []
        for box in picture.boxes:
            x1, y1, x2, y2 = box.box
            middle = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
            shares = (*middle, (x2 - x1) / width, (y2 - y1) / height)
            rows.append(f"{classes.index(box.member)} {' '.join(map(_share, shares))}\n")
        put(f"{picture.file.removesuffix('.jpg')}.txt", "".join(rows).encode())


def _share(value: float) -> str:
    """Six decimals as LabelImg writes them, more where they are needed."""
    digits = f"{value:.13f}".rstrip("0")
    return digits if len(digits) > len("0.123456") else f"{value:.6f}"


def _folder_and_base(name: str) -> tuple[str, str]:
    folder, _, base = name.rpartition("/")
    return folder, base


def _by_stem(pictures: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in pictures:
        stem = name.rpartition(".")[0]
        if stem in found:
            raise DatasetRejected(f"{name} and {found[stem]} share one .txt; rename one of them.")
        found[stem] = name
    return found


def _text(files: Files, file: str) -> str:
    try:
        return files.read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetRejected(f"{file}: no UTF-8 text; save it as UTF-8.") from error


def _classes(files: Files, file: str) -> tuple[str, ...]:
    lines = _text(files, file).rstrip("\r\n").splitlines()
    names = [class_name(line, f"{file}, line {n}") for n, line in enumerate(lines, 1)]
    if not names:
        raise DatasetRejected(f"{file}: no class in it; write one name a line.")
    return unique(names, file)


def _in_one_order(orders: list[tuple[str, ...]]) -> tuple[str, ...]:
    """All folders' classes: those of the longest list first, the others' behind them."""
    longest_first = sorted(orders, key=len, reverse=True)
    return tuple(dict.fromkeys(name for order in longest_first for name in order))


def _boxes(
    file: str, text: str, classes: tuple[str, ...], size: tuple[int, int]
) -> tuple[ForeignBox, ...]:
    lines = text.splitlines()
    if lines and not text.endswith("\n") and _is_cut(lines):
        raise DatasetRejected(f"{file}, line {len(lines)}: the file breaks off in a number.")
    return tuple(
        _box(line.split(), f"{file}, line {n}", classes, size)
        for n, line in enumerate(lines, 1)
        if line.strip()
    )


def _is_cut(lines: list[str]) -> bool:
    """Whether all rows but the last are LabelImg's, or what there is of the only one."""
    *rows, last = lines
    is_labelimgs = all(_ROW.fullmatch(row) for row in rows)
    digits = [len(word.partition(".")[2]) for word in last.split()[1:]]
    return is_labelimgs and digits[:-1] == [6] * 3 and digits[-1] < 6


def _box(
    words: list[str], where: str, classes: tuple[str, ...], size: tuple[int, int]
) -> ForeignBox:
    if len(words) != 5:
        raise DatasetRejected(
            f"{where}: {len(words)} columns; a row is class, x, y, width and height."
        )
    is_number = words[0].isascii() and words[0].isdigit() and len(words[0]) < 10
    if not is_number or int(words[0]) >= len(classes):
        raise DatasetRejected(
            f"{where}: the class {words[0][:40]!r} is none of the {len(classes)} in {CLASSES}."
        )
    x, y, width, height = (number(word, where) for word in words[1:])
    if not (0 < width <= 1.5 and 0 < height <= 1.5):
        raise DatasetRejected(f"{where}: sides are shares of the picture, above 0 and at most 1.")
    x1, y1 = (x - width / 2) * size[0], (y - height / 2) * size[1]
    box = x1, y1, x1 + width * size[0], y1 + height * size[1]
    return ForeignBox(classes[int(words[0])], box, where)
