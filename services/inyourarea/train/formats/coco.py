"""COCO JSON: ``images``, ``annotations`` and ``categories``, a file for each part of a dataset."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from inyourarea.core.errors import DatasetRejected
from inyourarea.train.formats.files import Files, Place
from inyourarea.train.formats.foreign import (
    Foreign,
    ForeignBox,
    ForeignPicture,
    Outgoing,
    Put,
    SizeOf,
    class_name,
    number,
    split_of,
    split_of_path,
    unique,
    view_of,
)

KEEPS_STATES = True
_TABLES = ("images", "annotations", "categories")
Row = Mapping[str, Any]


def is_here(files: Files) -> bool:
    """Whether there are labels of this form."""
    return any(name.lower().endswith(".json") for name in files.names)


def read(files: Files, size_of: SizeOf) -> Foreign:  # noqa: ARG001 - one signature for all forms
    """What the files tell; classes in the order of their categories' ids.

    Raises:
        DatasetRejected: what is wrong in which file, and in which row of which table.
    """
    place = Place(files.names)
    classes: dict[str, None] = {}
    found: list[ForeignPicture] = []
    crowds = 0
    for file in files.names:
        if file.lower().endswith(".json"):
            tables = _tables(file, files.read(file))
            names = _categories(file, tables["categories"])
            classes |= dict.fromkeys(names[key] for key in sorted(names))
            boxes, left = _boxes(file, tables["annotations"], names)
            found += _pictures(file, tables["images"], boxes, place)
            crowds += left
    notes = (f"{crowds} crowds were left out",) if crowds else ()
    return Foreign(tuple(classes), tuple(found), notes)


def place(name: str, split: str) -> str:  # noqa: ARG001 - one signature for all forms
    """Where a picture goes."""
    return f"images/{name}.jpg"


def write(classes: Sequence[str], pictures: Sequence[Outgoing], put: Put) -> None:
    """Labels for pictures that lie at their `place`."""
    categories = [
        {"id": key, "name": name, "supercategory": ""} for key, name in enumerate(classes, 1)
    ]
    for split in sorted({picture.split for picture in pictures}):
        part = [picture for picture in pictures if picture.split == split]
        images = [
            {
                "id": key,
                "width": picture.size[0],
                "height": picture.size[1],
                "file_name": picture.file.removeprefix("images/"),
            }
            for key, picture in enumerate(part, 1)
        ]
        tables = {
            "info": {"description": "InYourArea"},
            "licenses": [],
            "categories": categories,
            "images": images,
            "annotations": _annotations(classes, part),
        }
        written = json.dumps(tables, ensure_ascii=False)
        put(f"annotations/instances_{split}.json", written.encode())


def _annotations(classes: Sequence[str], pictures: Sequence[Outgoing]) -> list[Row]:
    rows: list[Row] = []
    for image, picture in enumerate(pictures, 1):
        for box in picture.boxes:
            x1, y1, x2, y2 = box.box
            rows.append(
                {
                    "id": len(rows) + 1,
                    "image_id": image,
                    "category_id": classes.index(box.member) + 1,
                    "segmentation": [],
                    "area": (x2 - x1) * (y2 - y1),
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "iscrowd": 0,
                    "attributes": {
                        "view": box.view,
                        "state": box.state,
                        "tracklet": box.tracklet,
                    },
                }
            )
    return rows


def _tables(file: str, content: bytes) -> dict[str, list[Row]]:
    try:
        found = json.loads(content)
    except json.JSONDecodeError as error:
        raise DatasetRejected(
            f"{file}, line {error.lineno}: broken or half-written JSON ({error.msg})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise DatasetRejected(f"{file}: no JSON that can be read ({error}).") from error
    for name in _TABLES:
        rows = found.get(name) if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise DatasetRejected(f"{file}: no COCO JSON, '{name}' is missing or no list of rows.")
    return {name: found[name] for name in _TABLES}


def _categories(file: str, rows: Sequence[Row]) -> dict[int, str]:
    found: dict[int, str] = {}
    for at, row in enumerate(rows):
        where = f"{file}, categories[{at}]"
        key = _whole(row, "id", where)
        if key in found:
            raise DatasetRejected(f"{where}: the id {key} is there twice.")
        found[key] = class_name(_text(row, "name", where), where)
    unique(list(found.values()), f"{file}, categories")
    return found


def _boxes(
    file: str, rows: Sequence[Row], names: Mapping[int, str]
) -> tuple[dict[int, list[ForeignBox]], int]:
    """The boxes by their image's id, and how many crowds are among the rows."""
    found: dict[int, list[ForeignBox]] = {}
    crowds = 0
    for at, row in enumerate(rows):
        where = f"{file}, annotations[{at}]"
        if row.get("iscrowd"):
            crowds += 1
            continue
        category = _whole(row, "category_id", where)
        if category not in names:
            raise DatasetRejected(f"{where}: there is no category {category}.")
        sides = row.get("bbox")
        if not isinstance(sides, list) or len(sides) != 4:
            raise DatasetRejected(f"{where}: bbox must be x, y, width and height.")
        x, y, width, height = (number(str(side), where) for side in sides)
        attributes = row.get("attributes")
        attributes = attributes if isinstance(attributes, dict) else {}
        if number(str(attributes.get("rotation", 0)), where) % 360:
            raise DatasetRejected(f"{where}: a turned box; draw it upright.")
        told = {name: value for name, value in attributes.items() if isinstance(value, str)}
        box = ForeignBox(
            name=names[category],
            box=(x, y, x + width, y + height),
            where=where,
            view=view_of(told.get("view", "")),
            told=told,
        )
        found.setdefault(_whole(row, "image_id", where), []).append(box)
    return found, crowds


def _pictures(
    file: str, rows: Sequence[Row], boxes: dict[int, list[ForeignBox]], place: Place
) -> list[ForeignPicture]:
    found: dict[int, ForeignPicture] = {}
    for at, row in enumerate(rows):
        where = f"{file}, images[{at}]"
        key = _whole(row, "id", where)
        if key in found:
            raise DatasetRejected(f"{where}: the id {key} is there twice.")
        picture = place.of(_text(row, "file_name", where), _folders(file), where)
        size = _whole(row, "width", where), _whole(row, "height", where)
        split = split_of(_part(file)) or split_of_path(picture)
        found[key] = ForeignPicture(picture, tuple(boxes.pop(key, ())), where, size, split)
    if boxes:
        lost = next(iter(boxes.values()))[0]
        raise DatasetRejected(f"{lost.where}: there is no image {next(iter(boxes))}.")
    return list(found.values())


def _folders(file: str) -> list[str]:
    """Where its pictures may be, likeliest first; CVAT has a folder for each part in ``images``."""
    folder, _, base = file.rpartition("/")
    root = re.sub(r"(^|/)annotations$", "", folder)
    part = base.rpartition(".")[0].partition("_")[2]
    return [folder, *(f"{root}/{name}".strip("/") for name in (f"images/{part}", part, "images"))]


def _part(file: str) -> str:
    """What a file's name says of the part: ``instances_train.json``, ``instances_val2017.json``."""
    stem = file.rsplit("/", 1)[-1].rpartition(".")[0]
    return stem.rpartition("_")[2].rstrip("0123456789")


def _whole(row: Row, name: str, where: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DatasetRejected(f"{where}: {name} is missing, or no whole number.")
    return value


def _text(row: Row, name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise DatasetRejected(f"{where}: {name} is missing, or no text.")
    return value
