"""What can not be used is refused with file, line and reason, and nothing of it came in."""

import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from inyourarea.contracts.datasets import REJECTED, LabelledBox, LabelledPicture, Members
from inyourarea.core.errors import DatasetRejected
from inyourarea.runtime.datasets import Conflict, Dataset
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectsAway
from inyourarea.train.formats import files as bounds
from inyourarea.train.formats.files import open_files
from inyourarea.train.formats.known import FORMS, form_of
from inyourarea.train.importing import carry_out, plan_import
from labelled_files import ARIA, BEA, CLASSES, COCO_TABLES, FRAME, SIZE, WRITTEN, picture

Change = Mapping[str, bytes | None]


def text(form: str, name: str, *swap: str) -> dict[str, bytes | None]:
    """The file of that form with something else in it."""
    whole = WRITTEN[form][name].decode()
    assert swap[0] in whole
    return {name: whole.replace(swap[0], swap[1], 1).encode()}


def row(yolo: str) -> dict[str, bytes | None]:
    return {"stage/frame.txt": f"2 0.215625 0.338889 0.168750 0.366667\n{yolo}\n".encode()}


def table(name: str, change: Mapping[str, object], at: int = 0) -> dict[str, bytes | None]:
    tables = json.loads(json.dumps(COCO_TABLES))
    tables[name][at] |= change
    return {COCO: json.dumps(tables).encode()}


TXT, CLASSES_FILE, VOC, CVAT = (
    *("stage/frame.txt", "stage/classes.txt", "stage/frame.xml", "annotations.xml"),
)
COCO = "annotations/instances_default.json"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><annotation>&b;</annotation>'
)
SECRET = (
    b'<?xml version="1.0"?><!DOCTYPE annotations [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<annotations>&a;</annotations>"
)

REFUSED: list[tuple[str, str, Change, str]] = [
    # what, form, files that differ (none: not there), file, line and reason
    ("a row breaks off", "yolo", row("0 0.5 0.5 0.1"), "frame.txt, line 2: 4 columns"),
    (
        "a file breaks off in a number",
        "yolo",
        {TXT: b"2 0.215625 0.338889 0.168750 0.366667\n0 0.065625 0.666667 0.118750 0.6"},
        "frame.txt, line 2: the file breaks off",
    ),
    ("a word for a number", "yolo", row("0 0.5 half 0.1 0.1"), "frame.txt, line 2: 'half' is no"),
    ("nan", "yolo", row("0 0.5 nan 0.1 0.1"), "frame.txt, line 2: 'nan' is no number"),
    ("a class beyond the list", "yolo", row("3 0.5 0.5 0.1 0.1"), "line 2: the class '3' is none"),
    ("a class that is no number", "yolo", row("-1 0.5 0.5 0.1 0.1"), "line 2: the class '-1'"),
    ("a class behind zeros", "yolo", row("0000000009 0.5 0.5 0.1 0.1"), "the class '0000000009'"),
    ("pixels for shares", "yolo", row("0 80 45 20 20"), "line 2: sides are shares"),
    ("a box outside", "yolo", row("0 1.5 0.5 0.1 0.1"), "frame.txt, line 2: The box .* is not ins"),
    ("a box without area", "yolo", row("0 0.5 0.5 0 0.1"), "frame.txt, line 2: sides are"),
    ("bytes that are no text", "yolo", {TXT: b"0 \xff\xfe 0.5\n"}, "frame.txt: no UTF-8"),
    ("no list of classes", "yolo", {CLASSES_FILE: None}, "There are no labels"),
    ("an empty list of classes", "yolo", {CLASSES_FILE: b"\n"}, "classes.txt: no class in it"),
    (
        "an empty class",
        "yolo",
        {CLASSES_FILE: b"Aria\n\nBea\n"},
        "classes.txt, line 2: a class without a name",
    ),
    ("a class twice", "yolo", {CLASSES_FILE: b"A\nB\nA\n"}, "classes.txt: the class 'A' is there"),
    (
        "two classes of one name",
        "yolo",
        {CLASSES_FILE: b"Bea\nB\nbea\n"},
        "classes.txt: the class 'bea' is there",
    ),
    ("labels without picture", "yolo", {"stage/b.txt": b""}, "stage/b.txt: no picture of that"),
    (
        "two pictures for one file",
        "yolo",
        {"stage/frame.png": picture(suffix=".png")},
        "frame.png and stage/frame.jpg share one",
    ),
    ("a picture that is none", "yolo", {"stage/frame.jpg": b"<html>"}, "frame.jpg is no picture"),
    ("a half picture", "yolo", {"stage/frame.jpg": FRAME[:-200]}, "frame.jpg breaks off"),
    (
        "a picture twice with other boxes",
        "yolo",
        {"b/frame.jpg": FRAME, "b/frame.txt": b"", "b/classes.txt": b"Bea\n"},
        "are one picture with other boxes",
    ),
    ("nothing", "yolo", dict.fromkeys(WRITTEN["yolo"]), "There are no labels"),
    (
        "half an XML",
        "voc",
        text("voc", VOC, "</bndbox>\n\t</object>\n\t<obj", "<"),
        "frame.xml, line",
    ),
    ("a box without sides", "voc", text("voc", VOC, "bndbox>", "box>"), "frame.xml, line"),
    (
        "no number",
        "voc",
        text("voc", VOC, "<xmin>21<", "<xmin>left<"),
        "frame.xml, line 20: 'left' is no number",
    ),
    (
        "a box outside",
        "voc",
        text("voc", VOC, "<xmin>21</xmin>", "<xmin>200</xmin>"),
        "frame.xml, line 14: The box",
    ),
    (
        "a picture of another size",
        "voc",
        text("voc", VOC, "<width>160<", "<width>320<"),
        "frame.xml: labelled at 320x90 pixels, but stage/frame.jpg has 160x90",
    ),
    ("no such picture", "voc", {"stage/frame.jpg": None}, "line 1: the picture 'frame.jpg' is not"),
    (
        "an empty class",
        "voc",
        text("voc", VOC, "<name>Bea<", "<name> <"),
        "line 14: a class without",
    ),
    ("entities", "voc", {VOC: BOMB}, "frame.xml, line 1: a document type"),
    ("deep nesting", "voc", {VOC: b"<annotation>" + b"<a>" * 99_000}, "nest too deep"),
    (
        "half an XML",
        "cvat",
        {CVAT: WRITTEN["cvat"][CVAT][:-300]},
        "annotations.xml, line 64: broken or half-written",
    ),
    ("a file of this machine", "cvat", {CVAT: SECRET}, "annotations.xml, line 1: a document type"),
    (
        "a label that is not listed",
        "cvat",
        text("cvat", CVAT, 'label="Bea"', 'label="Dana"'),
        "annotations.xml, line 64: 'Dana' is none",
    ),
    (
        "a label twice",
        "cvat",
        text("cvat", CVAT, "<name>Cleo<", "<name>Bea<"),
        "annotations.xml, line 29: the class 'Bea' is there twice",
    ),
    ("a polygon", "cvat", text("cvat", CVAT, "<box ", "<polygon /><box "), "line 64: a polygon"),
    ("a turned box", "cvat", text("cvat", CVAT, "<box ", '<box rotation="20.5" '), "a turned box"),
    ("a video", "cvat", text("cvat", CVAT, "<image ", "<track /><image "), "CVAT for video"),
    ("a side is missing", "cvat", text("cvat", CVAT, "xtl=", "left="), "line 64: <box> has no xtl"),
    ("inside out", "cvat", text("cvat", CVAT, "21.00", "50.00"), "line 64: The box"),
    ("half a JSON", "coco", {COCO: b'{\n"images": [\n{"id": 1'}, "default.json, line 3: broken or"),
    ("no JSON of COCO", "coco", {COCO: b'{"images": []}'}, "'annotations' is missing"),
    ("deep JSON", "coco", {COCO: b"[" * 99_000}, "default.json: no JSON that can be read"),
    (
        "no such category",
        "coco",
        table("annotations", {"category_id": 9}),
        r"annotations\[0\]: there",
    ),
    (
        "no such image",
        "coco",
        table("annotations", {"image_id": 9}, 1),
        r"annotations\[1\]: there is",
    ),
    ("no box", "coco", table("annotations", {"bbox": [1, 2, 3]}), r"annotations\[0\]: bbox must"),
    ("infinity", "coco", table("annotations", {"bbox": [1, 2, 3, 1e999]}), "'inf' is no number"),
    ("a box outside", "coco", table("annotations", {"bbox": [1, 99, 3, 3]}), r"\[0\]: The box"),
    ("a category twice", "coco", table("categories", {"id": 2}), r"categories\[1\]: the id 2"),
    ("a name twice", "coco", table("categories", {"name": "Bea"}), "class 'Bea' is there twice"),
    ("an empty class", "coco", table("categories", {"name": ""}), r"categories\[0\]: a class with"),
    (
        "a turned box",
        "coco",
        table("annotations", {"attributes": {"rotation": 20.5}}),
        r"annotations\[0\]: a turned box",
    ),
    (
        "no such file",
        "coco",
        table("images", {"file_name": "b.jpg"}),
        r"images\[0\]: the picture 'b",
    ),
    (
        "a way out",
        "coco",
        table("images", {"file_name": "../../../etc/passwd"}),
        r"images\[0\]: the picture '../../../etc/passwd' is not there",
    ),
    (
        "labels in a folder of their own, and no picture",
        "yolo",
        {"labels/b.txt": b"", "labels/classes.txt": b"Bea\n"},
        "labels/b.txt: the picture 'b' is not there",
    ),
    (
        "two pictures of one name",
        "coco",
        {"images/b/frame.jpg": picture(2), "images/a/frame.jpg": FRAME, "images/frame.jpg": None},
        "'frame.jpg' may be images/a/frame.jpg or images/b/frame.jpg",
    ),
    ("several forms", "coco", {"a.xml": b"<annotation/>"}, "labels as voc and coco; choose"),
]


def write_zip(target: Path, files: Mapping[str, bytes | None]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            if content is not None:
                opened.writestr(name, content)


def write_folder(target: Path, files: Mapping[str, bytes | None]) -> None:
    target.mkdir()
    for name, content in files.items():
        if content is not None:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)


def objects_of(folder: Path) -> dict[str, bytes]:
    objects = FolderObjects(folder)
    return {name: objects.get(name) for name in objects.list("")}


def made(folder: Path) -> Dataset:
    """A dataset of one picture, of all members of the samples."""
    dataset = Dataset.make(FolderObjects(folder), "", Members(CLASSES))
    labels = LabelledPicture(SIZE, (LabelledBox((1, 1, 9, 9), BEA),), video="ab", pts=1)
    dataset.add("ab-1", picture(9), labels)
    return dataset


def bring(dataset: Dataset, source: Path) -> None:
    with open_files(source) as files:
        plan = plan_import(dataset, files, form_of(files), by="Kim")
        carry_out(dataset, files, plan)


@pytest.mark.parametrize("write", [write_folder, write_zip], ids=["folder", "zip"])
@pytest.mark.parametrize(
    ("form", "change", "words"),
    [refused[1:] for refused in REFUSED],
    ids=[f"{form}: {what}" for what, form, _, _ in REFUSED],
)
def test_bad_files_are_refused_with_the_reason_and_nothing_comes_in(
    form: str,
    change: Change,
    words: str,
    write: Callable[[Path, Change], None],
    tmp_path: Path,
) -> None:
    # A good picture comes first, so that something could be left halfway.
    source = tmp_path / "in.zip" if write is write_zip else tmp_path / "in"
    write(source, {**WRITTEN[form], **change})
    for folder in (tmp_path / "new", tmp_path / "made"):
        dataset = made(folder) if folder.name == "made" else Dataset(FolderObjects(folder))
        before = objects_of(folder)
        with pytest.raises(DatasetRejected, match=words):
            bring(dataset, source)
        assert objects_of(folder) == before


def test_every_form_of_the_table_is_good_where_nothing_differs(tmp_path: Path) -> None:
    for form, files in WRITTEN.items():
        write_zip(tmp_path / f"{form}.zip", files)
        dataset = made(tmp_path / form)
        bring(dataset, tmp_path / f"{form}.zip")
        assert len(list(dataset.pictures())) == 2


@pytest.mark.parametrize(
    "name", ["../out.txt", "stage/../../out.txt", "/etc/out.txt", "C:/out.txt", "..\\out.txt"]
)
def test_a_zip_that_leads_out_of_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    write_zip(tmp_path / "in.zip", {**WRITTEN["yolo"], name: b"0"})
    before = sorted(tmp_path.rglob("*"))
    with (
        pytest.raises(DatasetRejected, match="leads out of the zip file"),
        open_files(tmp_path / "in.zip"),
    ):
        pass
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", [".", ""])
def test_an_entry_without_a_name_is_let_alone(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as opened:
        opened.writestr("classes.txt", b"Bea\n")
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        opened.writestr(entry, b"0")
    with open_files(tmp_path / "in.zip") as files:
        assert files.read("classes.txt") == b"Bea\n"


@pytest.mark.parametrize("names", [1, 2])  # in the zip's head, and before the file itself
def test_a_name_that_is_no_text_is_refused(names: int, tmp_path: Path) -> None:
    write_zip(tmp_path / "in.zip", {"é.txt": b"0"})
    content = (tmp_path / "in.zip").read_bytes()
    (tmp_path / "in.zip").write_bytes(content.replace("é".encode(), b"\xff\xff", names))
    with pytest.raises(DatasetRejected), open_files(tmp_path / "in.zip") as files:
        files.read("é.txt")


@pytest.mark.slow
def test_a_zip_of_100_000_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as opened:
        for number in range(100_000):
            opened.writestr(f"{number}.txt", b"")
    with (
        pytest.raises(DatasetRejected, match="more than 50000 files"),
        open_files(tmp_path / "in.zip"),
    ):
        pass


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        for number in range(5):
            opened.writestr(f"{number}.txt", b"\0" * 8 * 2**20)
    with (
        pytest.raises(DatasetRejected, match=r"would unpack from .* to 40 MiB"),
        open_files(tmp_path / "in.zip"),
    ):
        pass


def test_a_zip_that_says_less_than_it_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_zip(tmp_path / "in.zip", {"classes.txt": b"A" * 100_000})
    content = bytearray((tmp_path / "in.zip").read_bytes())
    at = content.rindex(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    (tmp_path / "in.zip").write_bytes(content)
    monkeypatch.setattr(bounds, "LARGEST_FILE", 50_000)
    with (
        pytest.raises(DatasetRejected, match=r"classes.txt can not be unpacked|is larger than"),
        open_files(tmp_path / "in.zip") as files,
    ):
        files.read("classes.txt")


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_FILE", 1 << 20)
    write_folder(tmp_path / "in", {"a.jpg": b"\0" * ((1 << 20) + 1)})
    with (
        pytest.raises(DatasetRejected, match=r"a.jpg is larger than 1 MiB"),
        open_files(tmp_path / "in") as files,
    ):
        files.read("a.jpg")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", b"no zip"])
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(content)
    with pytest.raises(DatasetRejected, match="is no zip file"), open_files(tmp_path / "in.zip"):
        pass
    with pytest.raises(DatasetRejected, match="is not there"), open_files(tmp_path / "none"):
        pass


@pytest.mark.parametrize(
    ("packed", "at"), [(zipfile.ZIP_DEFLATED, 45), (zipfile.ZIP_BZIP2, 45), (zipfile.ZIP_LZMA, 50)]
)
def test_a_damaged_entry_is_refused(packed: int, at: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w", packed) as opened:
        opened.writestr("classes.txt", b"Aria\n" * 40)
    content = bytearray((tmp_path / "in.zip").read_bytes())
    content[at] ^= 0xFF
    (tmp_path / "in.zip").write_bytes(content)
    with (
        pytest.raises(DatasetRejected, match=r"classes.txt can not be unpacked"),
        open_files(tmp_path / "in.zip") as files,
    ):
        files.read("classes.txt")


def many(folder: Path, pictures: int = 6) -> Path:
    files: dict[str, bytes | None] = {"classes.txt": "\n".join(CLASSES).encode()}
    for number in range(pictures):
        files[f"{number}.jpg"] = picture(number)
        files[f"{number}.txt"] = b"2 0.5 0.5 0.1 0.1\n"
    write_folder(folder, files)
    return folder


class Filling(FolderObjects):
    """A disk that is full after so many objects."""

    left = 1_000_000

    def put_once(self, key: str, content: bytes) -> bytes:
        if self.left == 0:
            raise ObjectsAway("the disk is full; make room on it and ask again")
        self.left -= 1
        return super().put_once(key, content)


@pytest.mark.parametrize("left", [0, 3, 6, 8])
def test_a_disk_that_fills_in_the_middle_leaves_the_dataset_as_it_was(
    left: int, tmp_path: Path
) -> None:
    made(tmp_path / "ours")
    before = objects_of(tmp_path / "ours")
    objects = Filling(tmp_path / "ours")
    objects.left = left
    with pytest.raises(ObjectsAway, match="full"):
        bring(Dataset(objects), many(tmp_path / "in"))
    assert objects_of(tmp_path / "ours") == before
    objects.left = 100
    bring(Dataset(objects), tmp_path / "in")
    assert len(list(Dataset(objects).pictures())) == 7


@pytest.mark.parametrize("left", [0, 6, 7, 10])
def test_a_new_dataset_that_does_not_fit_is_none(left: int, tmp_path: Path) -> None:
    objects = Filling(tmp_path / "ours")
    objects.left = left
    with pytest.raises(ObjectsAway):
        bring(Dataset(objects), many(tmp_path / "in"))
    assert objects_of(tmp_path / "ours") == {}


def test_members_that_were_added_are_taken_back(tmp_path: Path) -> None:
    Dataset.make(FolderObjects(tmp_path / "ours"), "", Members(("Dana",)))
    before = objects_of(tmp_path / "ours")
    objects = Filling(tmp_path / "ours")
    objects.left = 8
    with open_files(many(tmp_path / "in")) as files:
        plan = plan_import(Dataset(objects), files, FORMS["yolo"], by="Kim", adds_members=True)
        with pytest.raises(ObjectsAway):
            carry_out(Dataset(objects), files, plan)
    assert objects_of(tmp_path / "ours") == before


def test_a_picture_of_too_many_faces_is_refused(tmp_path: Path) -> None:
    source = many(tmp_path / "in", 1)
    rows = [f"0 0.5 0.5 {0.1 + number / 1000} 0.1\n" for number in range(301)]
    (source / "0.txt").write_text("".join(rows))
    with pytest.raises(DatasetRejected, match=r"0.txt: There are more than 300 boxes"):
        bring(Dataset(FolderObjects(tmp_path / "ours")), source)


def test_new_labels_are_taken_back_too(tmp_path: Path) -> None:
    source = many(tmp_path / "in")
    dataset = made(tmp_path / "ours")
    bring(dataset, source)
    before = objects_of(tmp_path / "ours")
    for file in source.glob("?.txt"):
        file.write_bytes(b"0 0.5 0.5 0.1 0.1\n")
    objects = Filling(tmp_path / "ours")
    objects.left = 4
    with pytest.raises(ObjectsAway):
        bring(Dataset(objects), source)
    assert objects_of(tmp_path / "ours") == before
    objects.left = 6
    bring(Dataset(objects), source)
    assert {one.boxes[0].member for _, one in Dataset(objects).everything() if not one.video} == {
        ARIA
    }


def test_an_editor_who_was_faster_is_not_overwritten(tmp_path: Path) -> None:
    source = many(tmp_path / "in")
    dataset = made(tmp_path / "ours")
    bring(dataset, source)
    (source / "5.txt").write_bytes(b"0 0.5 0.5 0.1 0.1\n")
    (source / "6.txt").write_bytes(b"0 0.5 0.5 0.1 0.1\n")
    (source / "6.jpg").write_bytes(picture(6))
    with open_files(source) as files:
        plan = plan_import(dataset, files, FORMS["yolo"], by="Kim")
        changed = next(one for one in plan.arrivals if one.labels.version == 2)
        dataset.label(changed.picture, replace(changed.labels, boxes=(), by="Lee"))
        with pytest.raises(DatasetRejected, match="Somebody changed the dataset") as refused:
            carry_out(dataset, files, plan)
    assert isinstance(refused.value.__cause__, Conflict)
    assert dataset.labelled(changed.picture).by == "Lee"
    assert len(list(dataset.pictures())) == 7


def test_a_picture_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    source = many(tmp_path / "in")
    dataset = made(tmp_path / "ours")
    before = objects_of(tmp_path / "ours")
    with open_files(source) as files:
        plan = plan_import(dataset, files, FORMS["yolo"], by="Kim")
        (source / "3.jpg").write_bytes(picture(33))
        with pytest.raises(DatasetRejected, match=r"3.jpg was changed meanwhile"):
            carry_out(dataset, files, plan)
    assert objects_of(tmp_path / "ours") == before


def test_pictures_without_a_video_get_their_part_by_their_digest(tmp_path: Path) -> None:
    parts = []
    for name in ("a", "b"):
        dataset = Dataset(FolderObjects(tmp_path / name))
        bring(dataset, many(tmp_path / f"in-{name}", 40))
        parts.append({picture: labels.split for picture, labels in dataset.everything()})
    assert parts[0] == parts[1]
    assert {*parts[0].values()} == {"train", "val", "test"}


def test_a_dataset_of_one_picture_is_one(tmp_path: Path) -> None:
    dataset = Dataset(FolderObjects(tmp_path / "ours"))
    bring(dataset, many(tmp_path / "in", 1))
    assert dataset.counts().members[BEA].boxes == 1


def test_a_box_that_hangs_over_is_cut_and_told_of(tmp_path: Path) -> None:
    source = many(tmp_path / "in", 1)
    (source / "0.txt").write_bytes(b"2 0.0 0.5 0.2 0.2\n")
    dataset = Dataset(FolderObjects(tmp_path / "ours"))
    with open_files(source) as files:
        plan = plan_import(dataset, files, FORMS["yolo"], by="Kim")
    assert plan.arrivals[0].labels.boxes[0].box == pytest.approx((0, 36, 16, 54))
    assert "1 boxes reached out of their picture and were cut at its side" in plan.notes
    assert not dataset.is_made()


def test_a_class_may_be_called_as_a_member_was_called_before(tmp_path: Path) -> None:
    dataset = made(tmp_path / "made")
    dataset.change(dataset.members().renamed(BEA, "Beatrice"))
    write_folder(tmp_path / "in", WRITTEN["yolo"])
    bring(dataset, tmp_path / "in")
    assert dataset.members().names == tuple("Beatrice" if name == BEA else name for name in CLASSES)
    assert dataset.counts().members["Beatrice"].confirmed == 1


def test_a_rejected_picture_stays_rejected_and_that_is_told(tmp_path: Path) -> None:
    dataset = made(tmp_path / "made")
    write_folder(tmp_path / "in", WRITTEN["yolo"])
    bring(dataset, tmp_path / "in")
    (name,) = (name for name in dataset.pictures() if name != "ab-1")
    labels = dataset.labelled(name)
    dataset.label(name, replace(labels, version=2, boxes=(), state=REJECTED))
    with open_files(tmp_path / "in") as files:
        plan = plan_import(dataset, files, form_of(files), by="Kim")
        carry_out(dataset, files, plan)
    assert dataset.labelled(name).state == REJECTED
    assert dataset.labelled(name).boxes == labels.boxes
    assert "1 pictures are rejected in the dataset and stay so" in plan.notes


def test_nobody_labels_in_the_name_of_the_program(tmp_path: Path) -> None:
    write_folder(tmp_path / "in", WRITTEN["yolo"])
    with open_files(tmp_path / "in") as files, pytest.raises(DatasetRejected, match="'proposal'"):
        plan_import(made(tmp_path / "made"), files, form_of(files), by="proposal")
