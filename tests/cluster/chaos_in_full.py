"""Everything that a cluster bears, in full (`make chaos`); prints what it saw.

``SEED`` repeats the same choices, ``--only`` plays some scenes. Logs stay in ``build/chaos``.
"""

import argparse
import os
import random
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import accidents
from chaos import (
    TOLD,
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
from local import ROOT, LocalCluster, local_cluster

FOLDER = ROOT / "build" / "chaos"
#: Two copies of whatever there may be several of; videos are submitted at the first ingest.
COPIES = tuple(
    f"{service}{number}"
    for service in ("ingest", "detect", "track", "render", "gateway")
    for number in ("", "-2")
)
#: Seconds of the videos that a growing detect looks at: ten segments each, for three copies.
_GROWING_S = 40
#: How much more a copy may hold when the last of many videos is finished than at the first fifth.
_FLAT = 1.25


@dataclass(frozen=True)
class Play:
    """What a scene is played with."""

    cluster: LocalCluster
    works: Sequence[Work]
    folder: Path
    choice: random.Random
    asked: argparse.Namespace

    @property
    def user(self) -> User:
        """Somebody, whose choices are this scene's."""
        return User(self.cluster, self.folder, self.choice)

    def traffic(self) -> Traffic:
        """Videos that go through without pause."""
        return Traffic(self.works, self.user)


def kills(play: Play) -> None:
    """Copies are killed at random."""
    cluster, at, before = play.cluster, time.monotonic(), dead_letters(play.cluster)
    play.user.bring_through(play.works[0])
    unit_s = (time.monotonic() - at) / 4  # reading, finding, planning, drawing: one after the other
    seen, began = Seen(cluster), time.monotonic()
    with play.traffic() as traffic:
        killed = kill_at_random(cluster, traffic, play.choice, play.asked.kills, unit_s)
    assert dead_letters(cluster) == before
    each_s = (time.monotonic() - began) / killed.total()
    print(f"{killed.total()} kills, one every {each_s:.0f} s ({dict(killed)})")
    print(f"{traffic.rounds.total()} videos came through; ", end="")
    print("0 lost, 0 stuck, 0 dead letters, all bytes the laptop's")
    twice, told = float(seen.twice(traffic.rounds)), len(seen.texts("run "))
    print(f"{twice:.1%} of steps done twice, {told} runs told again")
    print(f"{len(seen.texts('another was first'))} conditional writes came second")


def outages(play: Play) -> None:
    """Each server is frozen, then killed."""
    cluster, seconds = play.cluster, play.asked.outage_s
    before = dead_letters(cluster)
    for name in cluster.servers.all():
        with play.traffic() as traffic:
            traffic.wait_for_rounds(1)
            told_s = take_away(cluster, name, seconds)
        assert dead_letters(cluster) == before
        print(f"{name} frozen {seconds:g} s and killed: told after {told_s:.0f} s", end="")
        print(f", {traffic.rounds.total()} videos came through, 0 dead letters", flush=True)


def wiped(play: Play) -> None:
    """Kafka loses everything in the middle of runs."""
    with impatient_sweeper(play.cluster, 30), play.traffic() as traffic:
        traffic.wait_for_rounds(1)
        wipe_kafka(play.cluster)
    assert dead_letters(play.cluster) == []
    print(f"Kafka's data wiped: {traffic.rounds.total()} videos came through, 0 dead letters")


def growth(play: Play) -> None:
    """One detect becomes three."""
    some = works(play.folder / "growing", 2, _GROWING_S)
    shares = grow(some, play.user)
    assert len(shares) == 3, shares
    print(f"one detect, then three: segments each {shares}")


def befallen(play: Play) -> None:
    """Every accident happens, and nothing is buried but for the reasons that it gives."""
    cluster, user = play.cluster, play.user
    for accident in accidents.ACCIDENTS:
        before, late = len(dead_letters(cluster)), Seen(cluster)
        wanted = accident(cluster, play.works, user)
        reasons = [letter["reason"] for letter in dead_letters(cluster)[before:]]
        assert all(any(part in reason for part in wanted) for reason in reasons), reasons
        assert all(any(part in reason for reason in reasons) for part in wanted), reasons
        writes, name = len(late.texts("another was first")), accident.__name__.replace("_", " ")
        print(f"{name}: {len(reasons)} dead letters, {writes} writes came late", end="")
        print(", the others finished", flush=True)


def long(play: Play) -> None:
    """Short videos and corrections do not wait for a long video."""
    video = accidents.long_video(play.folder / "long")
    waits = accidents.beside_a_long_video(play.works, video, play.user)
    print(f"beside a video of a thousand segments: {waits}")


def queue(play: Play) -> None:
    """Many videos are submitted at once."""
    queued = queue_up(play.works[0].video, play.asked.queued, play.user)
    print(f"{play.asked.queued} at once: first after {queued.done_s[0]:.0f} s", end="")
    print(f", last after {queued.done_s[-1]:.0f} s; MiB of each copy when ", end="")
    print(f"a fifth, half and all were finished: {queued.memory}")
    assert queued.done_s[0] < queued.done_s[-1] / 2
    grown = {name: held for name, held in queued.memory.items() if held[-1] > _FLAT * held[0]}
    assert not grown, grown


SCENES: MappingProxyType[str, Callable[[Play], None]] = MappingProxyType(
    {scene.__name__: scene for scene in (kills, outages, wiped, growth, befallen, long, queue)}
)


def main() -> None:
    """The scenes, one after the other, each told as it ends; one that fails ends no other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=tuple(SCENES), default=tuple(SCENES))
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outage-s", type=float, default=120)
    parser.add_argument("--queued", type=int, default=50)
    parser.add_argument("--videos", type=int, default=3, help="that go through at a time")
    asked = parser.parse_args()
    seed = int(os.environ.get("SEED", time.time_ns() % 10**6))
    print(f"SEED={seed} make chaos   repeats these choices", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    some, failed = works(FOLDER, asked.videos), list[str]()
    with local_cluster(FOLDER / "cluster", COPIES, TOLD) as cluster:
        for name in asked.only:
            # Of each scene its own: played alone it has the choices that it has among the others.
            choice, at = random.Random(f"{seed} {name}"), time.monotonic()
            try:
                SCENES[name](Play(cluster, some, FOLDER, choice, asked))
            except Exception:
                traceback.print_exc()
                failed.append(name)
                cluster.restore()
            print(f"({name}: {time.monotonic() - at:.0f} s)", flush=True)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
