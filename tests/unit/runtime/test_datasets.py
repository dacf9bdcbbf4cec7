"""What is kept of labelled pictures, and who is told when two change the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import CONFIRMED, LabelledBox, LabelledPicture, Members
from inyourarea.core.errors import DatasetRejected, UnknownMember
from inyourarea.runtime.datasets import Conflict, Dataset, MembersConflict, NameConflict
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectNotFound

MEMBERS = Members(("Aria", "Bea"))
ARIA = LabelledBox((1, 1, 5, 5), "Aria", "run:0:1")
SOMEBODY = LabelledBox((6, 1, 9, 5), "", "run:0:2")
LABELS = LabelledPicture((10, 10), (ARIA, SOMEBODY), video="ab", pts=5, shot=2)


@pytest.fixture(params=["", keys.dataset("tour")], ids=["a folder", "a gateway's store"])
def dataset(tmp_path: Path, request: pytest.FixtureRequest) -> Dataset:
    return Dataset.make(FolderObjects(tmp_path), request.param, MEMBERS)


def test_a_picture_is_got_as_it_was_added(dataset: Dataset) -> None:
    assert dataset.add("ab-5", b"jpeg", LABELS)
    assert dataset.add("ab-10", b"other", replace(LABELS, pts=10))
    assert list(dataset.pictures()) == ["ab-10", "ab-5"]
    assert dataset.picture("ab-5") == b"jpeg"
    assert dataset.labelled("ab-5") == LABELS


def test_adding_a_picture_again_leaves_its_labels(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    assert not dataset.add("ab-5", b"jpeg", replace(LABELS, boxes=()))
    assert dataset.labelled("ab-5") == LABELS


def test_labels_are_kept_in_all_versions(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    changed = replace(LABELS, boxes=(ARIA,), version=2, by="Kim", at_ns=7)
    dataset.label("ab-5", changed)
    assert dataset.labelled("ab-5") == changed
    assert dataset.history("ab-5") == [LABELS, changed]
    assert dict(dataset.everything()) == {"ab-5": changed}


def test_of_two_editors_the_second_is_told(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    first = replace(LABELS, boxes=(ARIA,), version=2, by="Kim", at_ns=7)
    dataset.label("ab-5", first)
    with pytest.raises(Conflict) as conflict:
        dataset.label("ab-5", replace(first, by="Lee"))
    assert conflict.value.newest == first
    with pytest.raises(Conflict):
        dataset.label("ab-5", replace(first, version=4))
    assert dataset.history("ab-5") == [LABELS, first]


def test_where_a_picture_is_from_does_not_change(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    with pytest.raises(ValueError, match="does not change"):
        dataset.label("ab-5", replace(LABELS, version=2, split="test"))


def test_nobody_is_labelled_who_is_no_member(dataset: Dataset) -> None:
    strange = replace(LABELS, boxes=(replace(ARIA, member="Cleo"),))
    with pytest.raises(UnknownMember, match=r"Cleo.*Aria, Bea"):
        dataset.add("ab-5", b"jpeg", strange)
    assert list(dataset.pictures()) == []


def test_one_name_is_given_to_a_whole_tracklet(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    dataset.add("ab-6", b"jpeg", replace(LABELS, pts=6, boxes=(SOMEBODY,)))
    dataset.add("ab-7", b"jpeg", replace(LABELS, pts=7, boxes=(ARIA,)))
    assert dataset.name_tracklet("run:0:2", "Bea", "Kim") == 2
    bea = replace(SOMEBODY, member="Bea", state=CONFIRMED)
    assert dataset.labelled("ab-5").boxes == (ARIA, bea)
    assert dataset.labelled("ab-6").by == "Kim"
    assert dataset.labelled("ab-7").version == 1
    assert dataset.name_tracklet("run:0:2", "Bea", "Lee") == 2
    assert dataset.labelled("ab-6").version == 2
    assert dataset.name_tracklet("run:0:9", "Bea", "Kim") == 0
    with pytest.raises(UnknownMember):
        dataset.name_tracklet("run:0:2", "Cleo", "Kim")


class Hasty(FolderObjects):
    """A store where somebody else deletes a box between looking and naming, once."""

    key = keys.dataset_labels("", "ab-5", 2)

    def put_once(self, key: str, content: bytes) -> bytes:
        if key == self.key:
            self.key = ""
            Dataset(self).label("ab-5", replace(LABELS, boxes=(SOMEBODY,), version=2, by="Lee"))
        return super().put_once(key, content)


def test_naming_a_tracklet_keeps_what_another_does_meanwhile(tmp_path: Path) -> None:
    dataset = Dataset.make(Hasty(tmp_path), "", MEMBERS)
    dataset.add("ab-5", b"jpeg", LABELS)
    assert dataset.name_tracklet("run:0:2", "Bea", "Kim") == 1
    assert [one.by for one in dataset.history("ab-5")] == ["proposal", "Lee", "Kim"]
    assert [box.member for box in dataset.labelled("ab-5").boxes] == ["Bea"]


class Contrary(Hasty):
    """A store where somebody else names a box otherwise meanwhile, once."""

    def put_once(self, key: str, content: bytes) -> bytes:
        if key == self.key:
            self.key = ""
            Dataset(self).name_tracklet("run:0:2", "Aria", "Lee")
        return super().put_once(key, content)


def test_naming_a_tracklet_heeds_who_names_it_otherwise_meanwhile(tmp_path: Path) -> None:
    dataset = Dataset.make(Contrary(tmp_path), "", MEMBERS)
    dataset.add("ab-5", b"jpeg", LABELS)
    with pytest.raises(NameConflict) as conflict:
        dataset.name_tracklet("run:0:2", "Bea", "Kim")
    assert conflict.value.by == "Lee"
    assert dataset.labelled("ab-5").boxes[1].member == "Aria"


def test_renaming_a_member_renames_her_in_all_labels(dataset: Dataset) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    dataset.change(dataset.members().renamed("Aria", "아리아"))
    assert dataset.members().names == ("아리아", "Bea")
    assert dataset.labelled("ab-5").boxes[0].member == "아리아"
    assert dataset.counts().members["아리아"].boxes == 1
    assert dataset.history("ab-5")[0].boxes[0].member == "아리아"


class Renaming(FolderObjects):
    """A store where somebody renames Aria as soon as somebody has read who the members are, once.

    What is named from then on is named so.
    """

    is_renamed = True

    def get(self, key: str) -> bytes:
        content = super().get(key)
        if not self.is_renamed and key == keys.dataset_members("", 1):
            self.is_renamed = True
            other = Dataset(FolderObjects(self._root))
            other.change(other.members().renamed("Aria", "아리아"))
            other.name_tracklet("run:0:2", "아리아", "Lee")
        return content


def test_what_is_counted_is_of_the_members_though_one_is_renamed_meanwhile(tmp_path: Path) -> None:
    objects = Renaming(tmp_path)
    dataset = Dataset.make(objects, "", MEMBERS)
    dataset.add("ab-5", b"jpeg", LABELS)
    objects.is_renamed = False
    assert dataset.counts().members["Aria"].boxes == 1
    assert dataset.counts().members["아리아"].boxes == 2


def test_whoever_still_uses_a_former_name_means_the_same_member(dataset: Dataset) -> None:
    dataset.change(dataset.members().renamed("Aria", "Ari"))
    dataset.add("ab-5", b"jpeg", LABELS)
    dataset.label("ab-5", replace(LABELS, version=2, by="Kim"))
    assert [one.boxes[0].member for one in dataset.history("ab-5")] == ["Ari", "Ari"]
    assert dataset.name_tracklet("run:0:2", "Aria", "Kim") == 1
    assert dataset.name_tracklet("run:0:2", "aria", "Kim") == 1
    assert dataset.labelled("ab-5").version == 3
    assert dataset.counts().members["Ari"].boxes == 2
    dataset.take_name_back("run:0:2", "Aria", "Kim")
    assert dataset.counts().members["Ari"].boxes == 1


def test_of_two_who_change_the_members_the_second_is_told(dataset: Dataset) -> None:
    seen = dataset.members()
    dataset.change(seen.with_added("Cleo"))
    with pytest.raises(MembersConflict) as conflict:
        dataset.change(seen.with_added("Dana"))
    assert conflict.value.newest.names == ("Aria", "Bea", "Cleo")


def test_what_else_lies_in_the_folder_is_let_alone(dataset: Dataset, tmp_path: Path) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    for folder in [*tmp_path.rglob("labels"), *tmp_path.rglob("ab-5"), *tmp_path.rglob("dataset")]:
        for name in (".DS_Store", "000009.json~", "notes.txt"):
            (folder / name).write_bytes(b"mine")
    assert list(dataset.pictures()) == ["ab-5"]
    assert dataset.labelled("ab-5") == LABELS
    assert dataset.history("ab-5") == [LABELS]
    assert dataset.members() == MEMBERS


def test_a_dataset_is_made_once(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    assert not Dataset(objects).is_made()
    with pytest.raises(DatasetRejected, match="no dataset"):
        Dataset(objects).members()
    Dataset.make(objects, "", MEMBERS)
    assert Dataset.make(objects, "", MEMBERS).is_made()
    with pytest.raises(MembersConflict):
        Dataset.make(objects, "", Members(("Bea", "Aria")))


def test_a_damaged_label_file_is_named(dataset: Dataset, tmp_path: Path) -> None:
    dataset.add("ab-5", b"jpeg", LABELS)
    file = next(tmp_path.rglob("labels/ab-5/000001.json"))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(DatasetRejected, match=r"ab-5/000001.json: The label file is no JSON"):
        Dataset(dataset._objects, dataset._prefix).labelled("ab-5")
    with pytest.raises(ObjectNotFound):
        dataset.labelled("ab-6")
