"""The chart on a cluster: `make test-kubernetes`, with KUBECONFIG and the images on its nodes."""

import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from inyourarea.client import Client, Wishes
from release import NAME, Failed, Release, digests, eventually, run
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

STAGES = ("ingest", "detect", "track", "render", "gateway")
_DONE_S = 900


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    if "KUBECONFIG" not in os.environ:
        pytest.skip("KUBECONFIG names no cluster")
    release = Release(f"iya-{uuid.uuid4().hex[:6]}")
    release.make_namespace()
    try:
        release.upgrade()
        release.wait()
        yield release
    finally:
        run("kubectl", "delete", "namespace", release.namespace, "--wait=false")


@pytest.fixture(scope="module")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def token(release: Release) -> str:
    return release.token()


def _laptop(show: SmallShow, to_s: str, out: Path) -> dict[str, str]:
    inyourarea("run", show.video, "--group", "show", "--to", to_s, "--out", out)
    return digests(out / "fancams")


def _sent(release: Release, token: str, show: SmallShow, to_s: float) -> str:
    with release.tunnel() as address, Client(address, token=token) as client:
        return client.submit(show.video, Wishes(group="show", to_s=to_s)).id


def _fetched(release: Release, token: str, video: str, out: Path) -> dict[str, str]:
    with release.tunnel() as address, Client(address, token=token) as client:
        eventually(lambda: client.video(video).state != "working", _DONE_S)
        shown = client.video(video)
        assert shown.state == "ready", shown.failure
        for wanted in client.wanted(client.watch(video)):
            client.fetch(wanted, out)
    return digests(out)


def test_the_fancams_are_the_laptops(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 4)
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "4", tmp_path / "laptop")
    assert made


def test_helm_test_reaches_everything(release: Release) -> None:
    assert "Phase:          Succeeded" in release.helm("test", NAME)


def test_no_pod_of_a_stage_is_needed_for_ever(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 3.5)
    for stage in STAGES:
        for pod in release.pods(stage):
            release.kubectl("delete", "pod", pod, "--wait=false", "--grace-period=5")
    release.wait()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "3.5", tmp_path / "laptop")


def test_an_upgrade_and_a_rollback_lose_nothing(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 3)
    release.upgrade("defaults.podAnnotations.version=next")
    release.helm("rollback", NAME)
    release.wait()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "3", tmp_path / "laptop")


def test_a_stage_at_zero_finishes_when_it_comes_back(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    deployment = f"deploy/{NAME}-inyourarea-detect"
    release.kubectl("scale", deployment, "--replicas=0")
    eventually(lambda: not release.pods("detect"), 120)
    video = _sent(release, token, small_show, 2.5)
    threading.Timer(5, release.kubectl, ("scale", deployment, "--replicas=2")).start()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "2.5", tmp_path / "laptop")


def test_an_upgrade_whose_broker_is_away_is_held_back(release: Release) -> None:
    pods = set(release.pods("ingest"))
    with pytest.raises(Failed, match="pre-upgrade hooks failed"):
        release.upgrade(
            *("dev.enabled=false", "kafka.servers={nobody:9092}", "setup.patienceS=30"),
            *("objectStore.endpoint=http://nobody:1", f"objectStore.secretName={NAME}"),
            f"catalog.secretName={NAME}",
        )
    assert set(release.pods("ingest")) == pods
    release.upgrade()
    release.wait()


def test_an_uninstall_leaves_nothing(release: Release) -> None:
    release.helm("uninstall", NAME, "--wait")
    eventually(lambda: release.everything() == [], 180)
