"""What the gateway does, and an operator with its key, is within what that key may reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.contracts.datasets import Members
from inyourarea.contracts.reach import reached
from inyourarea.gateway.collecting import Times, find_garbage, sweep_garbage
from inyourarea.gateway.explaining import explain, list_runs, look_at_run
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects, ObjectsAway, Stored
from labelled_show import fill, tracklet_of
from rehearsal_house import RehearsedSite


class KeyOf:
    """See `Objects`; a store that lets a service's key do what the table says, and no more."""

    def __init__(self, service: str, objects: Objects) -> None:
        self._objects = objects
        self._reads, self._writes, self._deletes = reached(service)

    def put(self, key: str, content: bytes | Path) -> None:
        self._objects.put(_within(self._writes, key), content)

    def put_once(self, key: str, content: bytes) -> bytes:
        _within(self._reads, key)
        return self._objects.put_once(_within(self._writes, key), content)

    def get(self, key: str) -> bytes:
        return self._objects.get(_within(self._reads, key))

    def read(self, key: str, start: int, length: int) -> bytes:
        return self._objects.read(_within(self._reads, key), start, length)

    def size(self, key: str) -> int:
        return self._objects.size(_within(self._reads, key))

    def list(self, prefix: str) -> Iterator[str]:
        return self._objects.list(_within(self._reads, prefix))

    def survey(self, prefix: str) -> Iterator[Stored]:
        return self._objects.survey(_within(self._reads, prefix))

    def delete(self, key: str) -> None:
        self._objects.delete(_within(self._deletes, key))


def _within(prefixes: tuple[str, ...], key: str) -> str:
    if not key.startswith(prefixes):
        raise ObjectsAway(f"AccessDenied: {key}")
    return key


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RehearsedSite]:
    """A site on a cluster: the stages have keys of their own."""
    everything = FolderObjects(tmp_path / "store")
    site = RehearsedSite(tmp_path, objects=KeyOf("gateway", everything), stages_objects=everything)
    yield site
    site.close()


def test_a_video_is_made_and_deleted_with_the_gateways_key(site: RehearsedSite) -> None:
    video = site.ready()
    assert video["state"] == "ready"
    assert site.http.delete(f"/videos/{video['id']}").status_code == 204
    site.house.sweep()


def test_operators_are_told_of_usage_with_the_gateways_key(site: RehearsedSite) -> None:
    site.ready()
    (found,) = site.get("/usage")["items"]
    assert found["stored_bytes"] > 0


def test_garbage_is_collected_with_the_gateways_key(site: RehearsedSite) -> None:
    site.ready()
    times = Times(4e9, 3600)
    garbage = find_garbage(site.objects, times)
    assert garbage.needed
    list(sweep_garbage(site.objects, garbage, times))
    assert site.get("/videos")["items"][0]["state"] == "ready"


def test_a_run_is_explained_with_the_gateways_key(site: RehearsedSite) -> None:
    run = site.ready()["run_id"]
    assert explain(look_at_run(site.objects, run), 4e9).ending == "finished"
    assert [line.run_id for line in list_runs(site.objects)] == [run]


def test_a_dataset_is_labelled_with_the_gateways_key(site: RehearsedSite) -> None:
    fill(site.house.datasets.make("show", Members(("Ana",))).dataset, shots=1)
    address = f"/datasets/show/tracklets/{tracklet_of(0, 0)}"
    assert site.http.put(address, json={"member": "Ana"}).status_code == 200
    assert site.get("/datasets/show/queue")["tracklets"]["total"] == 3
