"""The whole way on real servers: what comes out is what the laptop makes, whoever dies or is away.

The short form of `chaos_in_full.py`: one cluster, in which the scenes follow each other.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import pytest

import accidents
import chaos
from accidents import Accident
from chaos import Seen, Traffic, User, Work
from local import LocalCluster, local_cluster
from own_servers import skipped_where_not_had

#: One process has the cluster, and all of its scenes.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]

COPIES = ("ingest", "detect", "detect-2", "track", "render", "render-2", "gateway", "gateway-2")
KILLS = 8
#: Videos that are submitted at once: more than are looked at until the first is finished, however
#: many cores look at them.
QUEUED = 3 * min(max(2, os.cpu_count() or 2), 6)
#: Segments of the video beside which others do not wait: more than are looked at meanwhile, and so
#: long that it is not urgent.
LONG_SEGMENTS = 200
#: Seconds: longer than Kafka's session, so that members are lost.
OUTAGE_S = 12.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with ExitStack() as closing:
        folder = tmp_path_factory.mktemp("cluster")
        with skipped_where_not_had():
            cluster = closing.enter_context(local_cluster(folder, COPIES, chaos.TOLD))
        yield cluster


@pytest.fixture(scope="module")
def works(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> list[Work]:
    return chaos.works(tmp_path_factory.mktemp("works"), 2)


@pytest.fixture
def user(cluster: LocalCluster, tmp_path: Path) -> User:
    seed = int(os.environ.get("SEED", time.time_ns() % 10**6))
    print(f"SEED={seed}")  # what it takes to repeat it
    return User(cluster, tmp_path, random.Random(seed))


@pytest.fixture
def letters(cluster: LocalCluster) -> Iterator[list[str]]:
    """Parts of the reasons for which a scene buries something; it buries nothing else."""
    before, wanted = len(chaos.dead_letters(cluster)), list[str]()
    yield wanted
    reasons = [letter["reason"] for letter in chaos.dead_letters(cluster)[before:]]
    assert [reason for reason in reasons if not any(part in reason for part in wanted)] == []
    assert all(any(part in reason for reason in reasons) for part in wanted)


def test_a_cluster_makes_what_a_laptop_makes(
    works: list[Work], user: User, letters: list[str]
) -> None:
    for work in works:
        kinds = Counter(name.split(" ")[0].rpartition(".")[2] for name in work.expected)
        assert kinds == {"mp4": 3, "tracks": 1, "report": 1, "cameras": 2}
        user.bring_through(work)


def test_killed_services_lose_nothing(
    cluster: LocalCluster, works: list[Work], user: User, letters: list[str]
) -> None:
    seen = Seen(cluster)
    with Traffic(works, user) as traffic:
        chaos.kill_at_random(cluster, traffic, user.choice, KILLS, unit_s=1)
    assert traffic.rounds.total() >= len(works)
    assert seen.twice(traffic.rounds) < Fraction(1, 4)
    assert seen.texts("run ") == []  # nothing needed to be told again


@pytest.mark.parametrize("server", ["kafka", "store", "triton", "catalog"])
def test_a_server_that_goes_is_told_and_waited_for(
    server: str, cluster: LocalCluster, works: list[Work], user: User, letters: list[str]
) -> None:
    with Traffic(works[:1], user):
        chaos.take_away(cluster, server, OUTAGE_S)


def test_what_kafka_has_lost_is_told_again(
    cluster: LocalCluster, works: list[Work], user: User
) -> None:
    with chaos.impatient_sweeper(cluster, silence_s=15):
        with chaos.without(cluster, "detect"):
            videos = [user.submit(work) for work in works]
            for video in videos:
                user.until(video, "reading frames")
            chaos.wipe_kafka(cluster)
        for video, work in zip(videos, works, strict=True):
            assert user.until_settled(video) == "ready"
            assert user.fetched(video) == work.expected
            user.delete(video)
    assert chaos.dead_letters(cluster) == []


@pytest.mark.parametrize("accident", accidents.ACCIDENTS, ids=lambda accident: accident.__name__)
def test_what_befalls_one_video_fails_it_in_words_or_is_mended(
    accident: Accident, cluster: LocalCluster, works: list[Work], user: User, letters: list[str]
) -> None:
    letters += accident(cluster, works, user)


def test_more_copies_share_the_work_and_do_nothing_twice(
    works: list[Work], user: User, letters: list[str]
) -> None:
    shares = chaos.grow(works, user)
    assert sum(shares.values()) in (4, 5)  # what one had in hand may be done twice


def test_a_short_video_and_a_pin_do_not_wait_for_a_long_video(
    works: list[Work], user: User, letters: list[str]
) -> None:
    video = accidents.long_video(user.folder / "long", LONG_SEGMENTS)
    with accidents.under_way(video, user) as long:
        accidents.beside_a_long_video(works[0], long, user)


def test_of_videos_sent_at_once_the_first_does_not_wait_for_the_last(
    user: User, letters: list[str]
) -> None:
    (work,) = chaos.works(user.folder, 1, seconds=2)
    queued = chaos.queue_up(work, QUEUED, user)
    assert queued.last_done < Fraction(1, 2)
