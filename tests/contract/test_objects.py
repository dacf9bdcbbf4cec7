"""What every object store keeps; an adapter joins by one class with a fixture `objects`."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.child import Child
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import ObjectNotFound, Objects, ObjectsAway, holds
from objects_work import CLAIMED, claim, put_and_grow


class ObjectsContract:
    def test_what_was_put_is_got(self, objects: Objects) -> None:
        objects.put("a/b.bin", b"content")
        assert objects.get("a/b.bin") == b"content"
        assert objects.size("a/b.bin") == 7

    def test_a_later_put_replaces_the_object(self, objects: Objects) -> None:
        objects.put("a", b"old and longer")
        objects.put("a", b"new")
        assert objects.get("a") == b"new"

    def test_a_file_can_be_put(self, objects: Objects, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"from a file")
        objects.put("a", tmp_path / "file")
        assert objects.get("a") == b"from a file"
        assert (tmp_path / "file").read_bytes() == b"from a file"

    def test_a_range_is_read(self, objects: Objects) -> None:
        objects.put("a", bytes(range(100)))
        assert objects.read("a", 10, 5) == bytes(range(10, 15))
        assert objects.read("a", 98, 10) == bytes([98, 99])
        assert objects.read("a", 100, 10) == b""

    def test_an_empty_object_is_an_object(self, objects: Objects) -> None:
        objects.put("a", b"")
        assert objects.get("a") == b""
        assert holds(objects, "a")

    def test_nothing_is_found_where_nothing_is(self, objects: Objects) -> None:
        objects.put("a/b", b"x")
        for name in ("missing", "a", "a/b/c"):
            with pytest.raises(ObjectNotFound):
                objects.get(name)
            with pytest.raises(ObjectNotFound):
                objects.read(name, 0, 1)
            assert not holds(objects, name)

    def test_names_are_listed_by_prefix_and_in_order(self, objects: Objects) -> None:
        for key in ("b/2", "b/10", "a", "b/1", "bc"):
            objects.put(key, b"")
        assert list(objects.list("b/")) == ["b/1", "b/10", "b/2"]
        assert list(objects.list("b/1")) == ["b/1", "b/10"]
        assert list(objects.list("none/at/all")) == []
        assert list(objects.list("")) == ["a", "b/1", "b/10", "b/2", "bc"]

    def test_a_survey_tells_sizes_and_ages(self, objects: Objects) -> None:
        before_s = time.time()
        objects.put("b/2", b"four")
        objects.put("b/1", b"")
        objects.put("a", b"x")
        found = list(objects.survey("b/"))
        assert [(one.key, one.size) for one in found] == [("b/1", 0), ("b/2", 4)]
        # S3 tells whole seconds, by a clock of its own.
        assert all(before_s - 5 < one.written_s < time.time() + 5 for one in found)
        assert list(objects.survey("none/at/all")) == []

    def test_a_deleted_object_is_gone_and_may_be_deleted_again(self, objects: Objects) -> None:
        objects.put("a", b"x")
        objects.delete("a")
        objects.delete("a")
        assert not holds(objects, "a")
        assert list(objects.list("")) == []

    def test_the_first_writer_wins(self, objects: Objects) -> None:
        assert objects.put_once("a", b"first") == b"first"
        assert objects.put_once("a", b"second") == b"first"
        assert objects.get("a") == b"first"

    def test_a_writer_learns_whether_it_was_the_first(self, objects: Objects) -> None:
        ours, theirs = bytes([1, 2, 3]), bytes([1, 2, 3])
        assert objects.put_once("a", ours) is ours
        assert objects.put_once("a", theirs) is not theirs

    def test_objects_are_put_while_their_neighbours_are_deleted(self, objects: Objects) -> None:
        troubles: list[Exception] = []

        def come_and_go(name: str) -> None:
            try:
                for _ in range(200):
                    objects.put(f"a/b/{name}", b"x")
                    assert objects.get(f"a/b/{name}") == b"x"
                    objects.delete(f"a/b/{name}")
                    assert objects.put_once(f"a/b/{name}", b"y") == b"y"
                    objects.delete(f"a/b/{name}")
            except Exception as trouble:
                troubles.append(trouble)

        workers = [threading.Thread(target=come_and_go, args=(name,)) for name in "cdef"]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert troubles == []
        assert list(objects.list("")) == []

    def test_of_many_writers_at_once_all_see_the_same_winner(self, objects: Objects) -> None:
        seen: list[bytes] = []
        writers = [
            threading.Thread(target=lambda n=n: seen.append(objects.put_once("a", b"%d" % n)))
            for n in range(16)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert set(seen) == {objects.get("a")}
        assert len(seen) == 16

    def test_of_many_processes_at_once_all_see_the_same_winner(self, objects: Objects) -> None:
        children = [Child() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            asked = [
                pool.submit(child.call, claim, objects, b"%d" % number, timeout_s=60)
                for number, child in enumerate(children)
            ]
            seen = [future.result() for future in asked]
        for child in children:
            child.close()
        assert seen == [[objects.get(name) for name in CLAIMED]] * 4

    def test_a_reader_never_sees_half_an_object(self, objects: Objects) -> None:
        versions = [bytes([number]) * (3 << 20) for number in range(2)]
        objects.put("a", versions[0])
        is_over = threading.Event()

        def write() -> None:
            for turn in range(10):
                objects.put("a", versions[turn % 2])
            is_over.set()

        writer = threading.Thread(target=write)
        writer.start()
        seen = set()
        while not is_over.is_set():
            seen.add(objects.get("a"))
        writer.join()
        assert seen <= set(versions)

    def test_a_list_has_all_that_was_there_before_while_others_come(self, objects: Objects) -> None:
        before = [f"a/{number:03}" for number in range(0, 60, 2)]
        for key in before:
            objects.put(key, b"")
        writer = threading.Thread(
            target=lambda: [objects.put(f"a/{number:03}", b"") for number in range(1, 60, 2)]
        )
        writer.start()
        lists = [list(objects.list("a/")) for _ in range(5)]
        writer.join()
        for listed in lists:
            assert set(before) <= set(listed)
            assert listed == sorted(set(listed))
        assert len(list(objects.list("a/"))) == 60

    def test_names_are_as_keys_makes_them(self, objects: Objects) -> None:
        spec = facts.RunSpec(video_id="0" * 32)
        made = [
            *(keys.source("0f" * 32), keys.pack("0" * 32, spec.model, 0), keys.report(spec)),
            *(keys.stage_file("0" * 32, "1080p.mp4"), keys.fancam("a1", 3, "9x16-1080")),
            *(
                keys.upload("0" * 32) + "part-00000000000000000000",
                f"{keys.attempts('a', 'b')}/0000",
            ),
            *(keys.journal("0" * 32, 0), keys.deletion("0" * 32, 1, "a"), keys.run_poster(spec)),
            *("a/b/c", "a/b-c", "a/b.c", "a/b0c", "a/bC", "a/b_c"),
        ]
        for key in made:
            objects.put(key, key.encode())
        assert list(objects.list("")) == sorted(made)
        assert [objects.get(key).decode() for key in made] == made

    @pytest.mark.parametrize("key", ["../outside", "a/../../b", "/etc/passwd", "a//b", "제니", ""])
    def test_what_is_no_name_is_refused(self, objects: Objects, key: str) -> None:
        with pytest.raises(ValueError, match="no name for an object"):
            objects.put(key, b"x")
        with pytest.raises(ValueError, match="no name for an object"):
            objects.get(key)

    def test_a_file_that_is_not_there_can_not_be_put(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        with pytest.raises(ObjectNotFound):
            objects.put("a", tmp_path / "missing")
        assert not holds(objects, "a")

    def test_an_empty_file_and_one_of_200_mb_are_put_in_little_memory(
        self, objects: Objects, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").touch()
        objects.put("empty", tmp_path / "empty")
        assert (objects.get("empty"), objects.read("empty", 0, 10)) == (b"", b"")
        size = 200 * 1000 * 1000
        with (tmp_path / "large").open("wb") as opened:
            opened.seek(size - 4)
            opened.write(b"last")
        child = Child()
        grown = child.call(put_and_grow, objects, tmp_path / "large", timeout_s=120)
        child.close()
        assert grown < 64 << 20
        assert objects.size("large") == size
        assert objects.read("large", size - 4, 100) == b"last"

    def test_it_travels_to_another_process(self, objects: Objects) -> None:
        objects.put("a", b"from here")
        child = Child()
        assert child.call(type(objects).get, objects, "a", timeout_s=30) == b"from here"
        child.close()


class TestFolderObjects(ObjectsContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> FolderObjects:
        return FolderObjects(tmp_path / "store")

    def test_a_folder_that_can_not_be_written_is_the_store_being_away(self, tmp_path: Path) -> None:
        (tmp_path / "store").write_text("a file in its place")
        with pytest.raises((ObjectsAway, ObjectNotFound)):
            FolderObjects(tmp_path / "store")

    def test_what_a_killed_process_left_is_swept_and_never_seen(self, tmp_path: Path) -> None:
        objects = FolderObjects(tmp_path)
        (tmp_path / ".pending" / "half").write_bytes(b"half")
        assert list(objects.list("")) == []
        objects.sweep()
        assert not (tmp_path / ".pending" / "half").exists()

    def test_a_delete_leaves_no_empty_folder(self, tmp_path: Path) -> None:
        objects = FolderObjects(tmp_path)
        for key in ("a/b/c/1", "a/b/c/2", "a/d"):
            objects.put(key, b"x")
        objects.delete("a/b/c/1")
        assert (tmp_path / "a" / "b" / "c").is_dir()
        objects.delete("a/b/c/2")
        assert not (tmp_path / "a" / "b").exists()
        objects.delete("a/d")
        assert [path.name for path in tmp_path.iterdir()] == [".pending"]
