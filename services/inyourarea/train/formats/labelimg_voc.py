"""LabelImg's Pascal VOC form: for each picture an .xml of boxes in pixels, classes by name."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from inyourarea.contracts.datasets import LabelledBox
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
    view_of,
)
from inyourarea.train.formats.xml_tree import Element, read_xml, root_tag

_SIDES = ("xmin", "ymin", "xmax", "ymax")
#: Where the order of classes is: VOC has none of its own, and LabelImg keeps this file for it.
_CLASSES = "predefined_classes.txt"

KEEPS_STATES = False


def is_here(files: Files) -> bool:
    """Whether there are labels of this form."""
    return any(root_tag(name, files.read(name)) == "annotation" for name in _labels(files))


def read(files: Files, size_of: SizeOf) -> Foreign:  # noqa: ARG001 - one signature for all forms
    """What the files tell; classes in the order of a list beside them, else of first mention.

    Raises:
        DatasetRejected: what is wrong in which file and line.
    """
    place = Place(files.names)
    found = [_picture(name, read_xml(name, files.read(name)), place) for name in _labels(files)]
    listed = [name for name in files.names if name.rsplit("/", 1)[-1] == _CLASSES]
    words = files.read(listed[0]).decode(errors="replace").splitlines() if listed else []
    classes = [class_name(word, listed[0]) for word in words if word.strip()]
    classes += [box.name for picture in found for box in picture.boxes]
    pictures = [name for name in files.names if name.lower().endswith(PICTURES)]
    left = len(pictures) - len({picture.file for picture in found})
    notes = (f"{left} pictures have no .xml and were left out",) if left > 0 else ()
    return Foreign(tuple(dict.fromkeys(classes)), tuple(found), notes)


def place(name: str, split: str) -> str:
    """Where a picture goes: LabelImg opens a folder at a time."""
    return f"{split}/{name}.jpg"


def write(classes: Sequence[str], pictures: Sequence[Outgoing], put: Put) -> None:
    """Labels for pictures that lie at their `place`; LabelImg itself reads whole pixels of them."""
    put(_CLASSES, "".join(f"{name}\n" for name in classes).encode())
    for picture in pictures:
        put(f"{picture.file.removesuffix('.jpg')}.xml", _written(picture).encode())


def _labels(files: Files) -> list[str]:
    return [name for name in files.names if name.lower().endswith(".xml")]


def _picture(file: str, root: Element, place: Place) -> ForeignPicture:
    if root.tag != "annotation":
        raise DatasetRejected(f"{root.where}: <{root.tag}> is not Pascal VOC; remove the file.")
    size = root.need("size")
    sides = [_pixels(size.need(side)) for side in ("width", "height")]
    picture = place.of(root.need("filename").text, [file.rpartition("/")[0]], root.where)
    boxes = tuple(_box(one) for one in root.all("object"))
    told = (int(sides[0]), int(sides[1]))
    return ForeignPicture(picture, boxes, file, told, split_of_path(picture))


def _box(element: Element) -> ForeignBox:
    frame = element.need("bndbox")
    x1, y1, x2, y2 = (_pixels(frame.need(side)) for side in _SIDES)
    pose = element.find("pose")
    return ForeignBox(
        name=class_name(element.need("name").text, element.where),
        box=(x1, y1, x2, y2),
        where=element.where,
        view=view_of(pose.text) if pose else "",
    )


def _pixels(element: Element) -> float:
    return number(element.text, element.where)


def _written(picture: Outgoing) -> str:
    folder, _, base = picture.file.rpartition("/")
    width, height = picture.size
    return (
        f"<annotation>\n\t<folder>{folder}</folder>\n\t<filename>{base}</filename>\n"
        "\t<source>\n\t\t<database>Unknown</database>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n"
        "\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n"
        f"{''.join(_object(box, picture.size) for box in picture.boxes)}</annotation>\n"
    )


def _object(box: LabelledBox, size: tuple[int, int]) -> str:
    x1, y1, x2, y2 = box.box
    # As LabelImg tells it, whose smallest pixel is 1.
    is_truncated = x1 <= 1 or y1 <= 1 or x2 >= size[0] or y2 >= size[1]
    sides = "".join(
        f"\t\t\t<{name}>{side:.12g}</{name}>\n" for name, side in zip(_SIDES, box.box, strict=True)
    )
    return (
        f"\t<object>\n\t\t<name>{escape(box.member)}</name>\n"
        f"\t\t<pose>{box.view.capitalize() or 'Unspecified'}</pose>\n"
        f"\t\t<truncated>{int(is_truncated)}</truncated>\n\t\t<difficult>0</difficult>\n"
        f"\t\t<bndbox>\n{sides}\t\t</bndbox>\n\t</object>\n"
    )
