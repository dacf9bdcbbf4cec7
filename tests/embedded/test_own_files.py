"""Only what a run wrote, and is still as it wrote it, is taken away."""

import json
from pathlib import Path

import pytest

from inyourarea.embedded.own_files import OwnFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.mp4").write_bytes(b"as written")
    OwnFiles(out, tmp_path / "list.json").add("a.mp4", person="Aria")
    return out


def again(folder: Path) -> OwnFiles:
    """As the next run reads the list."""
    return OwnFiles(folder, folder.parent / "list.json")


def test_a_file_as_it_was_written_is_removed(folder: Path) -> None:
    assert again(folder).remove("a.mp4")
    assert list(folder.iterdir()) == []
    assert list(again(folder)) == []


def test_a_file_of_other_bytes_stays_and_is_no_longer_a_runs_own(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"As written")
    assert not again(folder).remove("a.mp4")
    assert (folder / "a.mp4").read_bytes() == b"As written"
    assert list(again(folder)) == []


def test_a_renamed_file_stays_a_runs_own(folder: Path) -> None:
    again(folder).rename("a.mp4", "b.mp4")
    assert [(name, file.person) for name, file in again(folder)] == [("b.mp4", "Aria")]
    assert again(folder).remove("b.mp4")


def test_no_file_is_renamed_over_another(folder: Path) -> None:
    (folder / "b.mp4").write_bytes(b"the user's")
    again(folder).rename("a.mp4", "b.mp4")
    assert (folder / "b.mp4").read_bytes() == b"the user's"
    assert (folder / "a.mp4").read_bytes() == b"as written"


def test_a_list_reaches_no_file_outside_of_its_folder(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_bytes(b"as written")
    list_file = folder.parent / "list.json"
    listed = json.loads(list_file.read_text())
    entry = listed.pop("a.mp4")
    list_file.write_text(json.dumps({"../outside": entry, str(outside): entry}))
    assert list(again(folder)) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', '{"a": {"size": 1}}', '{"a": {"b": 1}}']
)
def test_a_damaged_list_is_an_empty_one(text: str, folder: Path) -> None:
    (folder.parent / "list.json").write_text(text)
    assert list(again(folder)) == []
