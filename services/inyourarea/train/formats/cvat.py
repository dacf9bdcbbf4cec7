"""CVAT for images 1.1: an ``annotations.xml`` of all pictures, which lie in ``images``.

Of a project they lie there in a folder for each part, which each ``<image>`` names; of a task its
``<meta>`` does.
"""

from collections import Counter
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from inyourarea.contracts.datasets import LabelledBox
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
from inyourarea.train.formats.xml_tree import Element, read_xml, root_tag

KEEPS_STATES = True
_SIDES = ("xtl", "ytl", "xbr", "ybr")
#: What else an image may hold: `tag` is of the whole picture, the others are no boxes.
_SHAPES = ("polygon", "polyline", "points", "cuboid", "mask", "ellipse", "skeleton")
#: Attributes of a box that our own files have, with CVAT's description of each.
_ATTRIBUTES = {
    "view": ("select", "unknown\nfrontal\nprofile"),
    "state": ("select", "confirmed\nproposed"),
    "tracklet": ("text", ""),
}


def is_here(files: Files) -> bool:
    """Whether there are labels of this form."""
    return any(root_tag(name, files.read(name)) == "annotations" for name in _labels(files))


def read(files: Files, size_of: SizeOf) -> Foreign:  # noqa: ARG001 - one signature for all forms
    """What the files tell; classes in the order of the task's or project's labels.

    Raises:
        DatasetRejected: what is wrong in which file and line.
    """
    place = Place(files.names)
    classes: dict[str, None] = {}
    found: list[ForeignPicture] = []
    for file in _labels(files):
        root = read_xml(file, files.read(file))
        if root.tag != "annotations":
            raise DatasetRejected(f"{root.where}: <{root.tag}> is not CVAT's; remove the file.")
        known = _classes(root)
        classes |= dict.fromkeys(known)
        _check_images(root)
        part = _part(root)
        found += [_picture(image, known, place, file, part) for image in root.all("image")]
    return Foreign(tuple(classes), tuple(found))


def place(name: str, split: str) -> str:
    """Where a picture goes: as in a project of CVAT, which alone has several parts."""
    return f"images/{split}/{name}.jpg"


def write(classes: Sequence[str], pictures: Sequence[Outgoing], put: Put) -> None:
    """Labels for pictures that lie at their `place`."""
    attributes = "".join(
        f"\n            <attribute><name>{name}</name><mutable>False</mutable>"
        f"<input_type>{kind}</input_type><default_value></default_value>"
        f"<values>{values}</values></attribute>"
        for name, (kind, values) in _ATTRIBUTES.items()
    )
    labels = "".join(
        f"\n        <label>\n          <name>{escape(name)}</name>"
        f"\n          <type>rectangle</type>\n          <attributes>{attributes}"
        "\n          </attributes>\n        </label>"
        for name in classes
    )
    parts = Counter(picture.split for picture in pictures)
    task_ids = {part: task for task, part in enumerate(parts, 1)}
    tasks = "".join(
        f"\n        <task>\n          <id>{task_ids[part]}</id>\n          <size>{size}</size>"
        f"\n          <mode>annotation</mode>\n          <subset>{part}</subset>\n        </task>"
        for part, size in parts.items()
    )
    subsets = "\n".join(parts)
    images = "".join(
        _image(number_, picture, task_ids[picture.split])
        for number_, picture in enumerate(pictures)
    )
    put(
        "annotations.xml",
        (
            '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
            f"  <meta>\n    <project>\n      <tasks>{tasks}\n      </tasks>\n"
            f"      <subsets>{subsets}</subsets>\n      <labels>{labels}\n      </labels>\n"
            f"    </project>\n  </meta>\n{images}</annotations>\n"
        ).encode(),
    )


def _labels(files: Files) -> list[str]:
    return [name for name in files.names if name.lower().endswith(".xml")]


def _classes(root: Element) -> tuple[str, ...]:
    """The labels of a task, a project or a job."""
    meta = root.need("meta")
    for owner in meta.children:
        labels = owner.find("labels")
        if labels:
            names = [class_name(one.need("name").text, one.where) for one in labels.all("label")]
            return unique(names, labels.where)
    raise DatasetRejected(f"{meta.where}: <meta> names no labels.")


def _part(root: Element) -> str:
    """What a task or a job calls the part that all its images are in; a project does not."""
    told = [owner.find("subset") for owner in root.need("meta").children]
    return next((one.text.strip() for one in told if one), "")


def _check_images(root: Element) -> None:
    if root.find("track"):
        raise DatasetRejected(
            f"{root.all('track')[0].where}: this is CVAT for video; export it for images."
        )
    for image in root.all("image"):
        for child in image.children:
            if child.tag in _SHAPES:
                raise DatasetRejected(f"{child.where}: a {child.tag}; draw boxes, or remove it.")


def _picture(
    image: Element, known: tuple[str, ...], place: Place, labels: str, part: str
) -> ForeignPicture:
    folder, _, base = labels.rpartition("/")
    part = image.attributes.get("subset", part)
    folders = [f"{folder}/images/{part}".strip("/"), f"{folder}/images".strip("/")]
    file = place.of(image.attribute("name"), folders, image.where)
    width, height = (
        int(number(image.attribute(side), image.where)) for side in ("width", "height")
    )
    split = split_of(part) or split_of_path(file) or split_of(base.rpartition(".")[0])
    boxes = tuple(_box(box, known) for box in image.all("box"))
    return ForeignPicture(file, boxes, image.where, (width, height), split)


def _box(element: Element, known: tuple[str, ...]) -> ForeignBox:
    name = class_name(element.attribute("label"), element.where)
    if name not in known:
        raise DatasetRejected(f"{element.where}: {name[:80]!r} is none of the task's labels.")
    if number(element.attributes.get("rotation", "0"), element.where) % 360:
        raise DatasetRejected(f"{element.where}: a turned box; draw it upright.")
    x1, y1, x2, y2 = (number(element.attribute(side), element.where) for side in _SIDES)
    told = {one.attribute("name").lower(): one.text.strip() for one in element.all("attribute")}
    view = view_of(told.get("view", ""))
    return ForeignBox(name, (x1, y1, x2, y2), element.where, view, told)


def _image(place_: int, picture: Outgoing, task: int) -> str:
    width, height = picture.size
    name = picture.file.rpartition("/")[2]
    boxes = "".join(_written(box) for box in picture.boxes)
    return (
        f'  <image id="{place_}" name={quoteattr(name)} subset="{picture.split}" '
        f'task_id="{task}" width="{width}" height="{height}">\n{boxes}  </image>\n'
    )


def _written(box: LabelledBox) -> str:
    sides = " ".join(
        f'{name}="{_pixels(side)}"' for name, side in zip(_SIDES, box.box, strict=True)
    )
    told = {"view": box.view or "unknown", "state": box.state, "tracklet": box.tracklet}
    attributes = "".join(
        f'      <attribute name="{name}">{escape(value)}</attribute>\n'
        for name, value in told.items()
    )
    return (
        f'    <box label={quoteattr(box.member)} source="manual" occluded="0" {sides} '
        f'z_order="0">\n{attributes}    </box>\n'
    )


def _pixels(side: float) -> str:
    """Two decimals as CVAT writes them, more where they are needed."""
    short = f"{side:.2f}"
    return short if float(short) == side else f"{side:.12g}"
