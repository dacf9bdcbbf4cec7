"""The journal: numbered entries, one writer per number."""

import threading
from pathlib import Path

import pytest

from inyourarea.gateway.journal import Journal, PersonNamed, StaleEdit, Titled
from inyourarea.runtime.folder_objects import FolderObjects

VIDEO = "ab" * 16


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(FolderObjects(tmp_path))


def titled(title: str) -> Titled:
    return Titled(title=title, labels={})


def test_entries_are_read_in_the_order_in_which_they_were_written(journal: Journal) -> None:
    for number in range(12):
        assert journal.append_last(VIDEO, titled(str(number))) == number + 1
    assert [entry.title for entry in journal.read(VIDEO)] == [str(n) for n in range(12)]
    assert journal.read("cd" * 16) == []
    assert journal.videos() == [VIDEO]


def test_who_has_not_seen_the_last_entry_can_not_write_the_next(journal: Journal) -> None:
    journal.append(VIDEO, titled("first"), after=0)
    with pytest.raises(StaleEdit):
        journal.append(VIDEO, titled("second"), after=0)
    assert [entry.title for entry in journal.read(VIDEO)] == ["first"]


def test_two_alike_are_still_two(journal: Journal) -> None:
    entry = titled("same")
    journal.append(VIDEO, entry, after=0)
    with pytest.raises(StaleEdit):
        journal.append(VIDEO, Titled(title="same", labels={}, at_ns=entry.at_ns), after=0)


def test_of_many_writers_at_once_nobody_is_lost(journal: Journal) -> None:
    writers = [
        threading.Thread(
            target=lambda n=n: [journal.append_last(VIDEO, titled(f"{n}-{i}")) for i in range(10)]
        )
        for n in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    titles = [entry.title for entry in journal.read(VIDEO)]
    assert sorted(titles) == sorted(f"{n}-{i}" for n in range(8) for i in range(10))
    for n in range(8):
        mine = [title for title in titles if title.startswith(f"{n}-")]
        assert mine == [f"{n}-{i}" for i in range(10)]


def test_an_entry_comes_back_as_it_was(journal: Journal) -> None:
    entry = PersonNamed(by="Kim", person="p1", name="제니", names={"en": "Jennie"}, aliases=("J",))
    journal.append_last(VIDEO, entry)
    assert journal.read(VIDEO) == [entry]
