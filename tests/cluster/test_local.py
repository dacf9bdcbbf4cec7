"""The whole way on real servers: what comes out is what the laptop makes, whoever dies."""

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from inyourarea.client import Client, Wishes
from local import SERVICES, LocalCluster, local_cluster
from own_servers import ServerNotHad
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = pytest.mark.slow

_DONE_S = 240


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with ExitStack() as closing:
        try:
            cluster = closing.enter_context(local_cluster(tmp_path_factory.mktemp("cluster")))
        except ServerNotHad as reason:
            if "CI" in os.environ:
                raise
            pytest.skip(str(reason))
        yield cluster


@pytest.fixture(scope="module")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def on_a_laptop(small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The fancams that the laptop makes, by person, as digests."""
    out = tmp_path_factory.mktemp("laptop")
    inyourarea("run", small_show.video, "--group", "show", "--to", "4", "--out", out)
    return digests(out / "fancams")


def digests(folder: Path) -> dict[str, str]:
    """What every file of a folder holds."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.mp4"))
    }


def made(cluster: LocalCluster, video: Path, out: Path, to_s: str = "4") -> dict[str, str]:
    """The fancams that the cluster makes, sent and fetched as a user does."""
    words = ("--server", cluster.address, "--group", "show", "--to", to_s)
    inyourarea("submit", video, *words, "--wait", "--out", out)
    return digests(out)


def test_a_cluster_makes_what_a_laptop_makes(
    cluster: LocalCluster, small_show: SmallShow, on_a_laptop: dict[str, str], tmp_path: Path
) -> None:
    assert made(cluster, small_show.video, tmp_path / "out") == on_a_laptop
    assert on_a_laptop


def test_killed_services_lose_nothing(
    cluster: LocalCluster, small_show: SmallShow, tmp_path: Path
) -> None:
    seed = int(os.environ.get("INYOURAREA_CHAOS_SEED", time.time_ns() % 10**6))
    print(f"seed {seed}")  # noqa: T201 - what it takes to repeat it
    choice = random.Random(seed)
    with Client(cluster.address) as client:
        video = client.submit(small_show.video, Wishes(group="show", to_s=3.5))
        victims = [name for name in SERVICES if name != "gateway"]
        choice.shuffle(victims)
        for name in victims:
            time.sleep(choice.uniform(0, 1.5))
            cluster.stop(name, signal.SIGKILL)
            cluster.start(name)
        end = time.monotonic() + _DONE_S
        while (state := client.video(video.id).state) == "working" and time.monotonic() < end:
            time.sleep(0.5)
        assert state == "ready"
    inyourarea("fetch", video.id, "--server", cluster.address, "--out", tmp_path / "out")
    laptop = tmp_path / "laptop"
    inyourarea("run", small_show.video, "--group", "show", "--to", "3.5", "--out", laptop)
    assert digests(tmp_path / "out") == digests(laptop / "fancams")
