"""Labels as other tools write them come in and go out again, and nothing of them is lost."""

import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.contracts.datasets import (
    CONFIRMED,
    FRONTAL,
    PROFILE,
    PROPOSED,
    REJECTED,
    SPLITS,
    LabelledBox,
    LabelledPicture,
    Members,
)
from inyourarea.core.errors import DatasetRejected
from inyourarea.runtime.datasets import Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.train.exporting import export_dataset
from inyourarea.train.formats import coco, cvat, labelimg_voc, labelimg_yolo
from inyourarea.train.formats.files import open_files
from inyourarea.train.formats.foreign import Foreign, Outgoing
from inyourarea.train.formats.jpeg import as_jpeg, check_picture, size_of
from inyourarea.train.formats.known import FORMS, form_of
from inyourarea.train.importing import Plan, carry_out, plan_import
from labelled_files import (
    ARIA,
    ARIA_BOX,
    BEA,
    BEA_BOX,
    CLASSES,
    CLASSES_TXT,
    CVAT_XML,
    SIZE,
    VOC_XML,
    WRITTEN,
    YOLO_TXT,
    picture,
)

EACH_FORM = pytest.mark.parametrize("form", FORMS)


class Given:
    """Files that are not on any disk."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.names = tuple(sorted(files))

    def read(self, name: str) -> bytes:
        return self.files[name]


def read(form: str) -> Foreign:
    return FORMS[form].read(Given(dict(WRITTEN[form])), lambda _: SIZE)


@EACH_FORM
def test_the_form_is_found_out(form: str) -> None:
    assert form_of(Given(dict(WRITTEN[form]))) is FORMS[form]


@EACH_FORM
def test_what_the_tools_write_is_read(form: str) -> None:
    found = read(form)
    assert set(found.classes) == ({*CLASSES} if form != "voc" else {ARIA, BEA})
    assert form == "voc" or found.classes == CLASSES
    (one,) = found.pictures
    assert one.file.endswith("/frame.jpg")
    assert [box.name for box in one.boxes] == [BEA, ARIA]
    for box, sides in zip(one.boxes, (BEA_BOX, ARIA_BOX), strict=True):
        assert box.box == pytest.approx(sides, abs=1e-4)  # LabelImg's shares have six decimals
    assert one.size == (None if form == "yolo" else SIZE)


def test_cvat_tells_views_and_parts() -> None:
    (one,) = read("cvat").pictures
    assert [box.view for box in one.boxes] == ["", PROFILE]
    assert one.split == "val"


def put_into(files: dict[str, bytes]) -> labelimg_yolo.Put:
    return files.__setitem__


def outgoing(file: str) -> Outgoing:
    boxes = (LabelledBox(BEA_BOX, BEA), LabelledBox(ARIA_BOX, ARIA))
    return Outgoing(file, SIZE, "train", boxes)


def test_labelimgs_yolo_files_are_written_byte_for_byte() -> None:
    files: dict[str, bytes] = {}
    boxes = [replace(box, box=box.box) for box in read("yolo").pictures[0].boxes]
    ours = tuple(LabelledBox(box.box, box.name) for box in boxes)
    one = Outgoing("train/frame.jpg", SIZE, "train", ours)
    labelimg_yolo.write(CLASSES, [one], put_into(files))
    assert files == {
        "train/frame.txt": YOLO_TXT.encode(),
        "train/classes.txt": CLASSES_TXT.encode(),
    }


def test_voc_is_written_as_labelimg_does() -> None:
    files: dict[str, bytes] = {}
    labelimg_voc.write(CLASSES, [outgoing("stage/frame.jpg")], put_into(files))
    ours = files["stage/frame.xml"].decode()
    path = "\t<path>/home/kim/stage/frame.jpg</path>\n"
    assert ours == VOC_XML.replace(' verified="yes"', "").replace(path, "")


def test_cvat_finds_the_elements_and_attributes_that_it_writes_itself() -> None:
    files: dict[str, bytes] = {}
    cvat.write(CLASSES, [outgoing("images/train/frame.jpg")], put_into(files))
    ours, theirs = (
        ElementTree.fromstring(files["annotations.xml"]),
        ElementTree.fromstring(CVAT_XML),
    )
    task = "meta/project/tasks/task"
    for path in ("image", "image/box", "meta/project/labels/label/name", f"{task}/size"):
        mine, its = ours.findall(path), theirs.findall(path)
        assert [one.text and one.text.strip() for one in mine] == [
            one.text and one.text.strip() for one in its
        ]
        assert all({*one.attrib} <= {*its[0].attrib} for one in mine)
    assert ours.findall("image/box")[0].attrib == theirs.findall("image/box")[0].attrib


AWKWARD = Members(('A "B" <&>', "해린", "Cleo"))


def awkward_dataset(folder: Path) -> Dataset:
    """Fractions of a pixel, boxes at each side, names of other scripts, all parts and states."""
    dataset = Dataset.make(FolderObjects(folder), "", AWKWARD)
    random = np.random.default_rng(4)
    for number in range(9):
        low = random.uniform(0, 40, 2)
        high = low + random.uniform(1, 40, 2)
        boxes = (
            LabelledBox((*low, *high), "해린", f"run:0:{number}", PROFILE, CONFIRMED),
            LabelledBox((0, 0, 160, 90), AWKWARD.names[0], view=FRONTAL, state=CONFIRMED),
            LabelledBox((1 / 3, 2, 7, 8), "Cleo", state=PROPOSED),
        )
        labels = LabelledPicture(
            SIZE, boxes[: number % 4], video="ab", pts=number, split=SPLITS[number % 3]
        )
        dataset.add(f"ab-{number}", picture(number), labels)
    return dataset


def bring(dataset: Dataset, source: Path, **wishes: bool) -> Plan:
    with open_files(source) as files:
        plan = plan_import(dataset, files, form_of(files), by="Kim", **wishes)
        carry_out(dataset, files, plan)
    return plan


@EACH_FORM
@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_a_round_trip_into_another_dataset_loses_nothing(
    form: str, target: str, tmp_path: Path
) -> None:
    ours = awkward_dataset(tmp_path / "ours")
    export_dataset(ours, FORMS[form], tmp_path / target)
    theirs = Dataset(FolderObjects(tmp_path / "theirs"))
    bring(theirs, tmp_path / target)
    assert theirs.members().names == AWKWARD.names
    before = {ours.picture(name): labels for name, labels in ours.everything()}
    after = {theirs.picture(name): labels for name, labels in theirs.everything()}
    assert before.keys() == after.keys()
    for content, labels in before.items():
        found = after[content]
        assert (found.size, found.split) == (labels.size, labels.split)
        assert [box.member for box in found.boxes] == [box.member for box in labels.boxes]
        for mine, its in zip(labels.boxes, found.boxes, strict=True):
            assert its.box == pytest.approx(mine.box, abs=1e-9)
            if form != "yolo":
                assert its.view == mine.view
            if form in ("cvat", "coco"):
                assert (its.tracklet, its.state) == (mine.tracklet, mine.state)


@EACH_FORM
def test_what_comes_back_unchanged_changes_nothing(form: str, tmp_path: Path) -> None:
    ours = awkward_dataset(tmp_path / "ours")
    before = dict(ours.everything())
    export_dataset(ours, FORMS[form], tmp_path / "out")
    bring(ours, tmp_path / "out")
    assert bring(ours, tmp_path / "out").unchanged == 9
    assert {*before} == {*ours.pictures()}
    for name, labels in ours.everything():
        was = before[name]
        assert labels.boxes == was.boxes
        assert (labels.video, labels.pts, labels.split) == (was.video, was.pts, was.split)


@pytest.mark.parametrize("state", [PROPOSED, CONFIRMED])
def test_a_box_that_was_moved_elsewhere_is_moved_and_who_has_no_name_stays(
    state: str, tmp_path: Path
) -> None:
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(("Bea", "Aria")))
    bea = LabelledBox(BEA_BOX, "Bea", "run:0:1")
    aria = LabelledBox(ARIA_BOX, "Aria", "run:0:2", state=CONFIRMED)
    nobody = LabelledBox((100, 1, 120, 20), "", "run:0:3", state=state)
    ours.add("ab-1", picture(), LabelledPicture(SIZE, (bea, aria, nobody), video="ab", pts=1))
    export_dataset(ours, labelimg_voc, tmp_path / "out")
    file = tmp_path / "out" / "train" / "ab-1.xml"
    file.write_text(file.read_text().replace("<xmax>48</xmax>", "<xmax>58</xmax>"))
    bring(ours, tmp_path / "out")
    labels = ours.labelled("ab-1")
    moved = LabelledBox((21, 14, 58, 47), "Bea", state=CONFIRMED)
    assert labels.boxes == (moved, aria, nobody)
    assert (labels.version, labels.by) == (2, "Kim")
    assert labels.state == state  # not confirmed while nobody has said who that is


@pytest.mark.parametrize("form", ["cvat", "coco"])
def test_who_is_known_to_be_no_member_is_so_in_another_dataset_too(
    form: str, tmp_path: Path
) -> None:
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(("Bea",)))
    bea = LabelledBox(BEA_BOX, "Bea", state=CONFIRMED)
    nobody = LabelledBox(ARIA_BOX, "", "run:0:3", state=CONFIRMED)
    unsaid = LabelledBox((100, 1, 120, 20), "", "run:0:4")
    ours.add("ab-1", picture(), LabelledPicture(SIZE, (bea, nobody, unsaid), video="ab", pts=1))
    assert export_dataset(ours, FORMS[form], tmp_path / "out").unnamed == 1
    theirs = Dataset(FolderObjects(tmp_path / "theirs"))
    bring(theirs, tmp_path / "out")
    assert theirs.members().names == ("Bea",)
    ((_, labels),) = theirs.everything()
    assert labels.boxes == (bea, nobody)
    bring(ours, tmp_path / "out")
    assert ours.labelled("ab-1").boxes == (bea, nobody, unsaid)


@pytest.mark.parametrize("form", ["cvat", "coco"])
def test_who_is_no_member_is_deleted_and_moved_as_everybody_is(form: str, tmp_path: Path) -> None:
    deleted, seen = (LabelledBox(box, "", state=CONFIRMED) for box in (BEA_BOX, ARIA_BOX))
    unsaid = LabelledBox((100, 1, 120, 20), "", "run:0:4")
    moved = replace(seen, box=(60.0, 60.0, 80.0, 80.0))
    ours, theirs = (
        Dataset.make(FolderObjects(tmp_path / name), "", Members(("Bea",))) for name in "ab"
    )
    ours.add("ab-1", picture(), LabelledPicture(SIZE, (deleted, seen, unsaid), video="ab", pts=1))
    theirs.add("ab-1", picture(), LabelledPicture(SIZE, (moved,), video="ab", pts=1))
    export_dataset(theirs, FORMS[form], tmp_path / "out")
    bring(ours, tmp_path / "out")
    assert ours.labelled("ab-1").boxes == (moved, unsaid)


@EACH_FORM
def test_a_picture_with_a_proposal_is_not_confirmed_by_a_round_trip(
    form: str, tmp_path: Path
) -> None:
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(("Bea", "Aria")))
    bea, aria = LabelledBox(BEA_BOX, "Bea", state=CONFIRMED), LabelledBox(ARIA_BOX, "Aria")
    ours.add("ab-1", picture(), LabelledPicture(SIZE, (bea, aria), video="ab", pts=1))
    export_dataset(ours, FORMS[form], tmp_path / "out")
    bring(ours, tmp_path / "out")
    assert ours.labelled("ab-1").boxes == (bea, aria)
    assert ours.labelled("ab-1").state == PROPOSED


@pytest.mark.parametrize("form", ["cvat", "coco"])
def test_a_box_that_was_renamed_elsewhere_leaves_its_tracklet_and_a_moved_one_does_not(
    form: str, tmp_path: Path
) -> None:
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(("Bea", "Aria", "Cleo")))
    bea, aria = LabelledBox(BEA_BOX, "Bea", "run:0:1"), LabelledBox(ARIA_BOX, "Aria", "run:0:2")
    ours.add("ab-1", picture(), LabelledPicture(SIZE, (bea, aria), video="ab", pts=1))
    theirs = Dataset.make(FolderObjects(tmp_path / "theirs"), "", ours.members())
    moved = replace(aria, box=(ARIA_BOX[0] + 5, *ARIA_BOX[1:]))
    renamed = LabelledPicture(SIZE, (replace(bea, member="Cleo"), moved), video="ab", pts=1)
    theirs.add("ab-1", picture(), renamed)
    export_dataset(theirs, FORMS[form], tmp_path / "out")
    bring(ours, tmp_path / "out")
    found = {box.member: box.tracklet for box in ours.labelled("ab-1").boxes}
    assert found == {"Cleo": "", "Aria": "run:0:2"}


@EACH_FORM
def test_classes_in_another_order_come_by_their_names(form: str, tmp_path: Path) -> None:
    names = (BEA, "Dana", ARIA, "cleo")
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(names))
    write_out(tmp_path / "in", dict(WRITTEN[form]))
    bring(ours, tmp_path / "in")
    assert ours.members().names == names
    ((_, labels),) = ours.everything()
    assert [box.member for box in labels.boxes] == [BEA, ARIA]
    assert labels.boxes[0].box == pytest.approx(BEA_BOX, abs=1e-4)
    assert (labels.by, labels.state) == ("Kim", CONFIRMED)


def test_a_class_without_a_box_is_kept_and_told_of(tmp_path: Path) -> None:
    ours = Dataset(FolderObjects(tmp_path / "ours"))
    write_out(tmp_path / "in", dict(WRITTEN["yolo"]))
    assert bring(ours, tmp_path / "in").notes == ("no box of 'Cleo'",)
    assert ours.members().names == CLASSES


def test_classes_that_are_nobody_are_taken_in_only_when_asked(tmp_path: Path) -> None:
    ours = Dataset.make(FolderObjects(tmp_path / "ours"), "", Members((ARIA,)))
    write_out(tmp_path / "in", dict(WRITTEN["yolo"]))
    with pytest.raises(DatasetRejected, match=r"frame.txt, line 1: 'Bea' is none of .*add-members"):
        bring(ours, tmp_path / "in")
    bring(ours, tmp_path / "in", adds_members=True)
    assert ours.members().names == (ARIA, "Cleo", BEA)


SIDES = st.tuples(*[st.floats(0, 160), st.floats(0, 90)] * 2)


@EACH_FORM
@given(st.lists(SIDES, max_size=5))
def test_any_box_comes_back(form: str, sides: list[tuple[float, float, float, float]]) -> None:
    boxes = []
    for x1, y1, x2, y2 in sides:
        low, high = (min(x1, x2), min(y1, y2)), (max(x1, x2), max(y1, y2))
        if high[0] - low[0] > 0.01 and high[1] - low[1] > 0.01:
            boxes.append(LabelledBox((*low, *high), BEA))
    files: dict[str, bytes] = {}
    file = FORMS[form].place("frame", "val")
    FORMS[form].write(CLASSES, [Outgoing(file, SIZE, "val", tuple(boxes))], put_into(files))
    (found,) = FORMS[form].read(Given({**files, file: b""}), lambda _: SIZE).pictures
    assert found.split == "val"
    assert len(found.boxes) == len(boxes)
    for mine, its in zip(boxes, found.boxes, strict=True):
        assert its.box == pytest.approx(mine.box, abs=1e-9)


def test_rejected_pictures_and_unnamed_boxes_do_not_go_out(tmp_path: Path) -> None:
    ours = awkward_dataset(tmp_path / "ours")
    labels = ours.labelled("ab-1")
    ours.label("ab-1", replace(labels, version=2, state=REJECTED))
    ours.label(
        "ab-2", replace(ours.labelled("ab-2"), version=2, boxes=(LabelledBox((1, 1, 2, 2)),))
    )
    done = export_dataset(ours, coco, tmp_path / "out", with_proposals=False)
    assert (done.pictures, done.unnamed) == (8, 1)
    assert done.boxes == 2 + 0 + 1 + 2 + 2  # of ab-3 to ab-7; the third of each is proposed
    assert not list((tmp_path / "out").rglob("ab-1.jpg"))


def test_an_export_replaces_nothing(tmp_path: Path) -> None:
    ours = awkward_dataset(tmp_path / "ours")
    (tmp_path / "out.zip").write_text("mine")
    with pytest.raises(DatasetRejected, match="there already"):
        export_dataset(ours, coco, tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_text() == "mine"


def write_out(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_a_zip_of_a_mac_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in WRITTEN["yolo"].items():
            opened.writestr(name, content)
        opened.writestr("__MACOSX/stage/._frame.txt", b"\0\5\26\7")
        opened.writestr("stage/.DS_Store", b"\0")
    ours = Dataset(FolderObjects(tmp_path / "ours"))
    assert len(bring(ours, tmp_path / "in.zip").arrivals) == 1


def turned(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with a camera's word that it is to be turned."""
    table = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0"
    segment = b"Exif\0\0" + table + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + jpeg[2:]


def test_pictures_are_kept_as_they_are_but_upright_and_jpeg() -> None:
    jpeg = picture()
    assert as_jpeg("a.jpg", jpeg) is jpeg
    png = picture(suffix=".png")
    assert size_of("a.png", png) == SIZE
    difference = cv2.absdiff(
        cv2.imdecode(np.frombuffer(as_jpeg("a.png", png), np.uint8), cv2.IMREAD_COLOR),
        cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR),
    )
    assert difference.mean() < 60  # noise is the worst that a JPEG can be given
    on_its_side = turned(jpeg, 6)
    assert size_of("a.jpg", on_its_side) == (90, 160)
    check_picture("a.jpg", on_its_side)
    assert size_of("a.jpg", as_jpeg("a.jpg", on_its_side)) == (90, 160)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no picture"),
        (b"GIF89a", "is no picture"),
        (b"<html>not found</html>", "is no picture"),
        (picture()[:900], "breaks off"),
        (picture()[:-300], "breaks off"),
        (picture(suffix=".png")[:-300], "breaks off"),
        (b"\xff\xd8\xff\xd9", "no JPEG that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40 + b"IEND", "0x0 pixels"),
        (picture(suffix=".png")[:60] + b"\0" * 40 + b"IEND", "can not be decoded"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x40\0\0\0\x40\0" + b"\0" * 9 + b"IEND",
            "16384x16384 pixels",
        ),
    ],
)
def test_a_picture_that_is_none_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(DatasetRejected, match=f"a.jpg .*{words}"):
        check_picture("a.jpg", content)
