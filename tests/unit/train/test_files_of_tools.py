"""Files that LabelImg and datumaro wrote come in with the boxes and names that were drawn.

`of_tools/README.md` says what wrote them; the pictures are drawn here.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from inyourarea.contracts.datasets import SPLITS, LabelledPicture
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train.formats.files import open_files
from inyourarea.train.formats.known import form_of
from inyourarea.train.importing import carry_out, plan_import
from labelled_files import CLASSES, CVAT_XML, WRITTEN, picture

OF_TOOLS = Path(__file__).parent / "of_tools"
ORDER = ("Dana", "아리아", "Bea", "Cleo")
Size, Box = tuple[int, int], tuple[float, float, float, float]
Drawn = Mapping[str, tuple[Size, Mapping[str, Box]]]

#: LabelImg knows whole pixels, the first of which is 1.
BY_LABELIMG: Drawn = {
    "a-1.jpg": ((160, 90), {"Bea": (21, 14, 48, 47), "아리아": (1, 30, 20, 90)}),
    "b.png": ((64, 128), {"Dana": (30, 1, 64, 128), "아리아": (3, 5, 4, 7)}),
    "c.jpg": ((96, 54), {}),
}
BY_DATUMARO: Drawn = {
    "train/day 1/a 1.jpg": (
        (160, 90),
        {"Bea": (21.25, 14.5, 48.75, 47), "아리아": (0, 30.4, 20, 90)},
    ),
    "train/day 2/a 1.jpg": ((64, 128), {"Dana": (30.5, 0, 64, 128)}),
    "val/a 1.jpg": ((96, 54), {"아리아": (3.25, 5, 4.5, 7.75)}),
    "val/empty.jpg": ((100, 40), {}),
}
OF_ONE_NAME: Drawn = {
    "train/same.jpg": ((80, 60), {"Dana": (1, 2, 30, 40)}),
    "val/same.jpg": ((80, 60), {"Bea": (1, 2, 30, 40)}),
}


def lay(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def lay_labels(tool: str, folder: Path) -> None:
    root = OF_TOOLS / tool
    files = [file for file in root.rglob("*") if file.is_file()]
    lay(folder, {file.relative_to(root).as_posix(): file.read_bytes() for file in files})


def drawn(pictures: Drawn) -> dict[str, bytes]:
    return {
        name: picture(seed, size, Path(name).suffix)
        for seed, (name, (size, _)) in enumerate(pictures.items())
    }


def brought(source: Path) -> tuple[tuple[str, ...], dict[str, LabelledPicture]]:
    """The members, and the labels that each picture has in a new dataset."""
    dataset = Dataset(FolderObjects(source.parent / "ours"))
    with open_files(source) as files:
        plan = plan_import(dataset, files, form_of(files), by="Kim")
        carry_out(dataset, files, plan)
    labels = {one.file: dataset.labelled(one.picture) for one in plan.arrivals}
    return dataset.members().names, labels


def boxes_of(labels: LabelledPicture) -> dict[str, Box]:
    return {box.member: box.box for box in labels.boxes}


@pytest.mark.parametrize("tool", ["labelimg-yolo", "labelimg-voc"])
@pytest.mark.parametrize("labels", ["stage one", "labels of one"])
def test_labelimgs_files_beside_the_pictures_and_in_a_folder_of_their_own(
    tool: str, labels: str, tmp_path: Path
) -> None:
    lay(tmp_path / "in" / "stage one", drawn(BY_LABELIMG))
    lay_labels(tool, tmp_path / "in" / labels)
    members, found = brought(tmp_path / "in")
    assert members == (ORDER if tool == "labelimg-yolo" else ("Bea", "아리아", "Dana"))
    assert found.keys() == {f"stage one/{name}" for name in BY_LABELIMG}
    for name, (size, boxes) in BY_LABELIMG.items():
        labelled = found[f"stage one/{name}"]
        assert labelled.size == size
        assert boxes_of(labelled).keys() == boxes.keys()
        for member, box in boxes_of(labelled).items():
            # LabelImg's shares have six decimals, and 1e-6 of 160 pixels is 1.6e-4.
            assert box == pytest.approx(boxes[member], abs=0.0 if "voc" in tool else 2e-4)


def check(source: Path, pictures: Drawn, parts: Mapping[str, str]) -> None:
    """Boxes are those that were drawn to the last digit."""
    lay(source / "images", drawn(pictures))
    members, found = brought(source)
    assert members == ORDER
    assert found.keys() == {f"images/{name}" for name in pictures}
    for name, (size, boxes) in pictures.items():
        labels = found[f"images/{name}"]
        assert (labels.size, labels.split) == (size, parts[name])
        assert boxes_of(labels) == boxes


def test_coco_of_two_parts_that_have_a_picture_of_one_name(tmp_path: Path) -> None:
    lay_labels("datumaro-coco", tmp_path / "in")
    pictures = {**BY_DATUMARO, **OF_ONE_NAME}
    check(tmp_path / "in", pictures, {name: name.partition("/")[0] for name in pictures})


def test_cvat_of_a_file_for_each_part(tmp_path: Path) -> None:
    lay_labels("datumaro-cvat", tmp_path / "in")
    part_and_name = [name.partition("/")[::2] for name in BY_DATUMARO]
    pictures = dict(zip([name for _, name in part_and_name], BY_DATUMARO.values(), strict=True))
    check(tmp_path / "in", pictures, {name: part for part, name in part_and_name})


def test_coco_whose_pictures_lie_in_one_folder_means_the_one_that_it_names(tmp_path: Path) -> None:
    files = dict(WRITTEN["coco"]) | {"images/day 2/frame.jpg": picture(7, (96, 54))}
    lay(tmp_path / "in", files)
    assert brought(tmp_path / "in")[1].keys() == {"images/frame.jpg"}


def test_a_project_of_cvat_may_have_a_picture_of_one_name_in_two_parts(tmp_path: Path) -> None:
    head, image, end = cvat_parts()
    other = image.replace("Validation", "Train").replace("Bea", "Cleo")
    lay(tmp_path / "in", {"annotations.xml": (head + image + other + end).encode()})
    for seed, part in enumerate(("Validation", "Train")):
        lay(tmp_path / "in", {f"images/{part}/frame.jpg": picture(seed)})
    found = brought(tmp_path / "in")[1]
    told = {file: (one.split, {*boxes_of(one)}) for file, one in found.items()}
    assert told == {
        "images/Validation/frame.jpg": ("val", {"Bea", CLASSES[0]}),
        "images/Train/frame.jpg": ("train", {"Cleo", CLASSES[0]}),
    }


@pytest.mark.parametrize("owner", ["task", "job"])
@pytest.mark.parametrize("part", SPLITS)
def test_a_task_of_a_video_tells_its_part_once_and_frames_without_suffix(
    owner: str, part: str, tmp_path: Path
) -> None:
    head, image, end = cvat_parts()
    labels = head[head.index("<labels>") : head.index("</labels>")] + "</labels>"
    head = head[: head.index("<project>")]
    head += f"<{owner}><subset>{part}</subset>{labels}</{owner}></meta>"
    image = image.replace(' subset="Validation" task_id="4"', "")
    image = image.replace("frame.jpg", "frame_000000")
    lay(tmp_path / "in", {"annotations.xml": (head + image + end).encode()})
    lay(tmp_path / "in", {"images/frame_000000.PNG": picture(suffix=".png")})
    ((file, labelled),) = brought(tmp_path / "in")[1].items()
    assert (file, labelled.split) == ("images/frame_000000.PNG", part)


def cvat_parts() -> tuple[str, str, str]:
    """CVAT's file of a project: what is before its only image, that, and what is behind."""
    begin, end = CVAT_XML.index("  <image"), CVAT_XML.index("</annotations>")
    return CVAT_XML[:begin], CVAT_XML[begin:end], CVAT_XML[end:]
