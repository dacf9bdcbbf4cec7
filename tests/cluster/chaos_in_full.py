"""Everything that a cluster bears, in full (`make chaos`); prints what it saw.

``SEED`` repeats the same choices.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import accidents
from chaos import (
    Seen,
    Traffic,
    User,
    Work,
    dead_letters,
    grow,
    impatient_sweeper,
    kill_at_random,
    queue_up,
    take_away,
    wipe_kafka,
    works,
)
from local import LocalCluster, local_cluster

#: Two copies of whatever there may be several of; videos are submitted at the first ingest.
COPIES = tuple(
    f"{service}{number}"
    for service in ("ingest", "detect", "track", "render", "gateway")
    for number in ("", "-2")
)


def main() -> None:
    """Everything in full."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outage-s", type=float, default=120)
    parser.add_argument("--queued", type=int, default=50)
    parser.add_argument("--videos", type=int, default=3, help="that go through at a time")
    asked = parser.parse_args()
    seed = int(os.environ.get("SEED", time.time_ns() % 10**6))
    print(f"SEED={seed} make chaos   repeats these choices")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        some = works(folder, asked.videos)
        with local_cluster(folder / "cluster", COPIES) as cluster:
            play(cluster, some, folder, random.Random(seed), asked)


def play(
    cluster: LocalCluster,
    some: Sequence[Work],
    folder: Path,
    choice: random.Random,
    asked: argparse.Namespace,
) -> None:
    """Every scene, one after the other, each told as it ends."""
    at = time.monotonic()
    User(cluster, folder).bring_through(some[0])
    unit_s = (time.monotonic() - at) / 4  # reading, finding, planning, drawing: one after the other
    seen = Seen(cluster)
    with Traffic(cluster, some, folder) as traffic:
        killed = kill_at_random(cluster, traffic, choice, asked.kills, unit_s)
    assert dead_letters(cluster) == []
    told = len(seen.texts("run "))
    print(f"{killed.total()} kills ({dict(killed)}): {traffic.rounds.total()} videos came through")
    print("0 lost, 0 stuck, 0 dead letters, all bytes the laptop's")
    print(f"{float(seen.twice(traffic.rounds)):.1%} of steps done twice, {told} runs told again")
    print(f"{len(seen.texts('another was first'))} conditional writes lost to a twin")
    for name in cluster.servers.all():
        with Traffic(cluster, some, folder) as traffic:
            traffic.wait_for_rounds(1)
            told_s = take_away(cluster, name, asked.outage_s)
        assert dead_letters(cluster) == []
        count = traffic.rounds.total()
        print(f"{name} frozen {asked.outage_s:g} s and killed: told after {told_s:.0f} s", end="")
        print(f", {count} videos came through, 0 dead letters")
    with impatient_sweeper(cluster, 30), Traffic(cluster, some, folder) as traffic:
        traffic.wait_for_rounds(1)
        wipe_kafka(cluster)
    print(f"Kafka's data wiped: {traffic.rounds.total()} videos came through")
    print(f"one detect, then three: segments each {grow(cluster, some, folder)}")
    user = User(cluster, folder, choice)
    for accident in accidents.ACCIDENTS:
        befall(accident, cluster, some, user)
    long = accidents.long_video(folder / "long")
    waits = accidents.beside_a_long_video(cluster, some[0], long, user)
    print(f"beside a video of a thousand segments: {waits}")
    if asked.queued:
        queued = queue_up(cluster, some[0].video, asked.queued, folder)
        assert queued["first_s"] < queued["last_s"] / 2
        print(f"{asked.queued} at once: {queued}")


def befall(
    accident: accidents.Accident, cluster: LocalCluster, some: Sequence[Work], user: User
) -> None:
    """It happens, and nothing is buried but for the reasons that it gives."""
    before, late = len(dead_letters(cluster)), Seen(cluster)
    wanted = accident(cluster, some, user)
    reasons = [letter["reason"] for letter in dead_letters(cluster)[before:]]
    assert all(any(part in reason for part in wanted) for reason in reasons), reasons
    assert all(any(part in reason for reason in reasons) for part in wanted), reasons
    writes = len(late.texts("another was first"))
    name = accident.__name__.replace("_", " ")
    print(f"{name}: {len(reasons)} dead letters, {writes} writes came late, the others finished")


if __name__ == "__main__":
    main()
