"""Versions of groups' models keep their promises in every store; a store joins by one class."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.published import PublishedVersion
from inyourarea.core.errors import ModelRejected, Refused
from inyourarea.gateway.models import CurrentModels
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.model_versions import ChosenMeanwhile, ModelVersions
from inyourarea.runtime.objects import ObjectNotFound, Objects, ObjectsAway
from minio_server import MinioServer, minio
from own_servers import skipped_where_not_had
from published_models import PAIR, card, dim, file_of, publish
from tiny_model import INFO, tiny_model


class ModelVersionsContract:
    def test_a_published_version_is_what_was_given(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        first, second = publish(versions), publish(versions, dim(0.3), card(red=0.9))
        assert (first.number, second.number) == (1, 2)
        assert versions.versions("pair") == [first, second]
        assert versions.version("pair", 2) == second
        assert versions.groups() == ["pair"]
        assert versions.content(second.file.served.sha256) == tiny_model(dim(0.3))
        assert versions.file(second.file.served.sha256) == file_of(dim(0.3))
        assert second.card.told["epochs"] == 3
        assert second.by == "kim"

    def test_a_run_names_the_bytes(self, objects: Objects) -> None:
        version = publish(ModelVersions(objects), group=replace(PAIR, confidence=0.4))
        digest = version.file.served.sha256
        assert version.model.sha256 == digest
        assert version.model.name == f"tiny-{digest[:12]}"
        assert version.model.confidence == 0.4
        assert (version.model.width, version.model.height) == (INFO.width, INFO.height)
        assert tuple(version.model.members) == INFO.classes

    def test_the_same_file_again_is_the_version_that_it_was(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        first = publish(versions)
        publish(versions, dim(0.3))
        objects.delete(keys.model_file(first.file.served.sha256))  # a store that was restored
        assert publish(versions) == first
        assert len(versions.versions("pair")) == 2
        assert versions.content(first.file.served.sha256) == tiny_model()

    def test_nothing_is_used_until_somebody_chooses(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        publish(versions)
        assert versions.current("pair") is None
        versions.choose("pair", 1, 0, "kim")
        current = versions.current("pair")
        assert current is not None
        assert current.number == 1

    def test_the_file_in_use_is_had_as_long_as_it_is_there(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        used = publish(versions)
        assert versions.content_in_use("pair") is None
        versions.choose("pair", 1, 0, "kim")
        assert versions.content_in_use("pair") == tiny_model()
        objects.delete(keys.model_file(used.file.served.sha256))  # a store that was restored
        assert versions.content_in_use("pair") is None

    def test_groups_of_any_name_have_versions_of_their_own(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        publish(versions)
        other = publish(versions, dim(0.4), group=replace(PAIR, name="소녀시대"))
        assert other.number == 1
        assert versions.groups() == ["pair", "소녀시대"]
        versions.choose("소녀시대", 1, 0, "kim")
        assert versions.current("pair") is None

    def test_two_who_choose_at_once_are_told_of_each_other(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        for floor in (0.2, 0.3, 0.4):
            publish(versions, dim(floor))
        versions.choose("pair", 1, 0, "kim")
        seen = len(versions.choices("pair"))
        versions.choose("pair", 2, seen, "kim")
        with pytest.raises(ChosenMeanwhile, match="kim has chosen version 2 of 'pair' just now"):
            versions.choose("pair", 3, seen, "lee")
        assert [choice.version for choice in versions.choices("pair")] == [1, 2]

    def test_of_many_who_choose_at_once_one_wins(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        for number in range(1, 5):
            publish(versions, dim(number / 10))
        together = threading.Barrier(4)

        def choose(number: int) -> bool:
            together.wait()
            try:
                versions.choose("pair", number, 0, f"operator-{number}")
            except ChosenMeanwhile:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(choose, range(1, 5)))
        assert won.count(True) == 1
        (choice,) = versions.choices("pair")
        assert choice.version == won.index(True) + 1

    def test_of_many_who_publish_at_once_each_has_a_number(self, objects: Objects) -> None:
        versions, together = ModelVersions(objects), threading.Barrier(4)

        def one(number: int) -> int:
            together.wait()
            return publish(versions, dim(number / 10)).number

        with ThreadPoolExecutor(4) as pool:
            numbers = list(pool.map(one, range(1, 5)))
        assert sorted(numbers) == [1, 2, 3, 4]
        floors = [one.file.served.info.floor for one in versions.versions("pair")]
        assert floors == [(numbers.index(number) + 1) / 10 for number in range(1, 5)]

    def test_going_back_leads_to_what_was_used_before_and_on_from_there(
        self, objects: Objects
    ) -> None:
        versions = ModelVersions(objects)
        for place in range(3):
            publish(versions, dim(0.2 + place / 10))
            versions.choose("pair", place + 1, place, "kim")
        used = []
        for _ in range(3):
            versions.go_back("pair", versions.choices("pair"), "lee")
            current = versions.current("pair")
            used.append(current and current.number)
        assert used == [2, 1, None]
        with pytest.raises(ModelRejected, match="no way back"):
            versions.go_back("pair", versions.choices("pair"), "lee")
        with pytest.raises(ModelRejected, match="no way back"):
            versions.go_back("nobody", [], "lee")
        assert [choice.by for choice in versions.choices("pair")] == ["kim"] * 3 + ["lee"] * 3
        versions.choose("pair", 3, 6, "kim")
        versions.go_back("pair", versions.choices("pair"), "lee")
        assert versions.current("pair") is None

    def test_a_version_in_use_is_not_retired(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        publish(versions)
        versions.choose("pair", 1, 0, "kim")
        with pytest.raises(Refused, match="'pair' uses version 1; choose another one first"):
            versions.retire("pair", 1)
        assert not versions.is_retired("pair", 1)

    def test_a_retired_version_is_not_chosen_and_its_number_not_given(
        self, objects: Objects
    ) -> None:
        versions = ModelVersions(objects)
        first = publish(versions)
        publish(versions, dim(0.3))
        versions.choose("pair", 1, 0, "kim")
        versions.choose("pair", 2, 1, "kim")
        versions.retire("pair", 1)
        assert versions.forget_file(first)
        with pytest.raises(ObjectNotFound):
            versions.content(first.file.served.sha256)
        with pytest.raises(ModelRejected, match="Version 1 of 'pair' was retired"):
            versions.choose("pair", 1, 2, "kim")
        with pytest.raises(ModelRejected, match="was retired"):
            versions.go_back("pair", versions.choices("pair"), "kim")
        with pytest.raises(ModelRejected, match="has no version 9; there are: 2"):
            versions.version("pair", 9)
        assert publish(versions).number == 3

    def test_going_back_to_what_is_being_retired_leaves_no_group_without_a_file(
        self, objects: Objects, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        versions = ModelVersions(objects)
        for place in range(3):
            publish(versions, dim(0.2 + place / 10))
            versions.choose("pair", place + 1, place, "kim")
        look = ModelVersions.version

        def look_and_lose(self: ModelVersions, group: str, number: int) -> PublishedVersion:
            found = look(self, group, number)
            if number == 2:  # somebody else, who sees no choice of it, retires it now
                objects.put_once(keys.model_retired(group, 2), b"")
            return found

        monkeypatch.setattr(ModelVersions, "version", look_and_lose)
        with pytest.raises(ModelRejected, match="Version 2 of 'pair' was retired just now"):
            versions.go_back("pair", versions.choices("pair"), "lee")
        current = versions.current("pair")
        assert current is not None
        assert current.number == 1

    def test_a_file_that_another_group_has_too_stays(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        first = publish(versions)
        publish(versions, group=replace(PAIR, name="other"))
        versions.retire("pair", 1)
        assert not versions.forget_file(first)
        assert versions.content(first.file.served.sha256) == tiny_model()

    def test_a_gateway_gives_runs_the_version_of_now(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        models = CurrentModels({}, lambda: ModelVersions(objects))
        assert list(models) == []
        first, second = publish(versions), publish(versions, dim(0.3))
        assert models.get("pair") is None
        versions.choose("pair", 1, 0, "kim")
        assert models["pair"].model == first.model
        versions.choose("pair", 2, 1, "kim")
        assert models["pair"].model == second.model
        assert models["pair"].group == second.group
        assert list(models) == ["pair"]

    def test_what_can_not_be_read_is_said(self, objects: Objects) -> None:
        versions = ModelVersions(objects)
        publish(versions)
        for content in (b"{", b"[]", b"{}", b'{"group": {}}'):
            objects.put(keys.model_version("pair", 1), content)
            with pytest.raises(ModelRejected, match="can not be read"):
                versions.version("pair", 1)


class TestInAFolder(ModelVersionsContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> FolderObjects:
        return FolderObjects(tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[MinioServer]:
    with skipped_where_not_had(), minio() as server:
        yield server


class TestInABucket(ModelVersionsContract):
    @pytest.fixture
    def objects(self, server: MinioServer) -> MinioObjects:
        settings = server.settings(f"test-{uuid.uuid4().hex[:12]}")
        apply_bucket(settings)
        return MinioObjects(settings)

    def test_operators_publish_with_the_gateways_key_and_detect_reads_with_its_own(
        self, server: MinioServer, objects: MinioObjects
    ) -> None:
        bucket = objects._settings.bucket
        gateway, detect = (
            ModelVersions(MinioObjects(server.let_in(name, bucket)))
            for name in ("gateway", "detect")
        )
        version = publish(gateway)
        gateway.choose("pair", 1, 0, "kim")
        digest = version.file.served.sha256
        assert detect.file(digest) == version.file
        assert detect.content(digest) == tiny_model()
        with pytest.raises(ObjectsAway):
            detect.choose("pair", 1, 1, "detect")
        with pytest.raises(ObjectsAway):
            publish(detect, dim(0.3))
        publish(gateway, dim(0.3))
        gateway.choose("pair", 2, 1, "kim")
        gateway.retire("pair", 1)
        assert gateway.forget_file(version)
