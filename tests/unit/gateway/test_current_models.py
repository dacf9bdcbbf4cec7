"""Runs are given the version that their group uses when they are asked for, and keep it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.contracts.published import PublishedVersion
from inyourarea.gateway.explaining import unfinished_runs_of
from inyourarea.gateway.models import CurrentModels
from inyourarea.runtime.model_versions import ModelVersions
from published_models import dim, publish
from rehearsal_house import RehearsedSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RehearsedSite]:
    site = RehearsedSite(tmp_path)
    site.house.models = CurrentModels(site.house.models, lambda: ModelVersions(site.objects))
    yield site
    site.close()


@pytest.fixture
def versions(site: RehearsedSite) -> ModelVersions:
    """Two versions, of which nobody has chosen any."""
    found = ModelVersions(site.objects)
    for floor in (0.3, 0.4):
        publish(found, dim(floor))
    return found


def digest_of(site: RehearsedSite, video: dict) -> str:
    return str(site.house.showing.accepted(video["run_id"]).spec.model.sha256)


def digest(version: PublishedVersion) -> str:
    return version.file.served.sha256


def test_a_gateway_that_runs_learns_of_a_group(
    site: RehearsedSite, versions: ModelVersions
) -> None:
    body = {"upload_id": site.upload(), "group": "pair"}
    assert "unknown-group" in site.http.post("/videos", json=body).text
    assert site.get("/groups")["items"] == []
    versions.choose("pair", 1, 0, "kim")
    (group,) = site.get("/groups")["items"]
    assert [member["name"] for member in group["members"]] == ["red", "green"]
    assert digest_of(site, site.submit(group="pair")) == digest(versions.version("pair", 1))


def test_a_run_under_way_keeps_its_version_and_the_next_has_the_new_one(
    site: RehearsedSite, versions: ModelVersions
) -> None:
    first, second = (versions.version("pair", number) for number in (1, 2))
    versions.choose("pair", 1, 0, "kim")
    before = site.submit(b"one", group="pair")
    versions.choose("pair", 2, 1, "kim")
    after = site.submit(b"two", group="pair")
    assert digest_of(site, before) == digest(first)
    assert digest_of(site, after) == digest(second)
    assert unfinished_runs_of(site.objects, digest(first)) == [before["run_id"]]
    again = site.submit(b"one", group="pair")
    assert again["id"] == before["id"]
    assert digest_of(site, again) == digest(second)
