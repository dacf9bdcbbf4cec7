"""Everything that a cluster bears, in full (`make chaos`); ends with a table of what it saw.

``SEED`` repeats the same choices, ``--only`` plays some scenes. Logs stay in ``build/chaos``.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
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
#: Segments of the video beside which others do not wait, and seconds of each of many at once.
_LONG_SEGMENTS, _QUEUED_S = 1000, 4
#: How much more a copy may hold when the last of many videos is finished than at the first fifth.
_FLAT = 1.25

#: What happened, and what was seen of it.
Row = tuple[str, str]

#: What needs no more than Kafka, by the tests that show it.
_TESTED: MappingProxyType[str, Row] = MappingProxyType(
    {
        "test_a_step_longer_than_the_longest_poll_gap_keeps_its_membership": (
            "a step longer than max.poll.interval.ms",
            "its copy stays a member, each record comes once",
        ),
        "test_a_message_with_a_field_of_later_contracts_is_handled_and_keeps_it_on_the_bus": (
            "a message with a field of later contracts",
            "is handled, and keeps it",
        ),
    }
)


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


def kills(play: Play) -> Iterator[Row]:
    """Copies are killed at random."""
    cluster, at, before = play.cluster, time.monotonic(), dead_letters(play.cluster)
    play.user.bring_through(play.works[0])
    unit_s = (time.monotonic() - at) / 4  # reading, finding, planning, drawing: one after the other
    seen, began = Seen(cluster), time.monotonic()
    with play.traffic() as traffic:
        killed = kill_at_random(cluster, traffic, play.choice, play.asked.kills, unit_s)
    assert dead_letters(cluster) == before
    each_s = (time.monotonic() - began) / killed.total()
    came = f"{traffic.rounds.total()} videos came through, 0 lost, 0 stuck, 0 dead letters"
    yield f"{killed.total()} kills, one every {each_s:.0f} s", f"{came}, all bytes the laptop's"
    yield "who was killed, and how often", _each(killed)
    told = len(seen.texts("run "))
    yield "steps done twice", f"{float(seen.twice(traffic.rounds)):.1%}; {told} runs told again"
    yield "conditional writes that came second", f"{len(seen.texts('another was first'))}"


def outages(play: Play) -> Iterator[Row]:
    """Each server is frozen, then killed."""
    cluster, seconds = play.cluster, play.asked.outage_s
    before = dead_letters(cluster)
    for name in cluster.servers.all():
        with play.traffic() as traffic:
            traffic.wait_for_rounds(1)
            told_s = take_away(cluster, name, seconds)
        assert dead_letters(cluster) == before
        came = f"{traffic.rounds.total()} videos came through, 0 dead letters"
        told = {copy: f"{each:.0f} s" for copy, each in told_s.items()}
        yield f"{name} frozen for {seconds:g} s, then killed", came
        yield f"health and metrics say that {name} is missing after", _each(told)


def wiped(play: Play) -> Iterator[Row]:
    """Kafka loses everything in the middle of runs."""
    with impatient_sweeper(play.cluster, 30), play.traffic() as traffic:
        traffic.wait_for_rounds(1)
        wipe_kafka(play.cluster)
    assert dead_letters(play.cluster) == []
    yield "Kafka's data wiped", f"{traffic.rounds.total()} videos came through, 0 dead letters"


def growth(play: Play) -> Iterator[Row]:
    """One detect becomes three."""
    some = works(play.folder / "growing", 2, _GROWING_S)
    shares = grow(some, play.user)
    assert len(shares) == 3, shares
    yield "one detect, then three: segments that each looked at", _each(shares)


def befallen(play: Play) -> Iterator[Row]:
    """Every accident happens, and nothing is buried but for the reasons that it gives."""
    cluster, user = play.cluster, play.user
    for accident in accidents.ACCIDENTS:
        before, late = len(dead_letters(cluster)), Seen(cluster)
        wanted = accident(cluster, play.works, user)
        reasons = [letter["reason"] for letter in dead_letters(cluster)[before:]]
        assert all(any(part in reason for part in wanted) for reason in reasons), reasons
        assert all(any(part in reason for reason in reasons) for part in wanted), reasons
        writes = len(late.texts("another was first"))
        buried = f"{len(reasons)} dead letters{''.join(f' ({part})' for part in wanted)}"
        said = f"{buried}, {writes} writes came second, the others finished"
        yield accident.__name__.replace("_", " "), said


def tested(_: Play) -> Iterator[Row]:
    """What needs no cluster is shown by tests, on a Kafka of their own."""
    for test, row in _TESTED.items():
        place = f"tests/cluster/test_kafka.py::{test}"
        subprocess.run([sys.executable, "-m", "pytest", "-q", place], check=True, cwd=ROOT)
        yield row


def long(play: Play) -> Iterator[Row]:
    """Short videos and corrections do not wait for a long video."""
    user, at = play.user, time.monotonic()
    user.bring_through(play.works[0])
    alone_s = time.monotonic() - at
    video = accidents.long_video(play.folder / "long", _LONG_SEGMENTS)
    with accidents.under_way(video, user) as run:
        took_s = accidents.beside_a_long_video(play.works[0], run, user)
        done, total = accidents.looked_at(run, user)
        after = accidents.cancelled(run, user)
    took = ", ".join(f"{what} after {each:.0f} s" for what, each in took_s.items())
    yield f"beside a video of {total} segments", f"{took}; alone {alone_s:.0f} s; {done} looked at"
    yield "that one cancelled", f"{after} steps, which were in hand, came to their end"
    assert total >= _LONG_SEGMENTS


def queue(play: Play) -> Iterator[Row]:
    """Many videos are submitted at once."""
    (work,) = works(play.folder / "queued", 1, _QUEUED_S)
    queued = queue_up(work, play.asked.queued, play.user)
    first, last = f"{queued.done_s[0]:.0f} s", f"{queued.done_s[-1]:.0f} s"
    last_done = f"of which {float(queued.last_done):.0%} was done at the first's"
    yield f"{play.asked.queued} at once", f"first after {first}, last after {last}, {last_done}"
    held = {name: " ".join(map(str, each)) for name, each in queued.memory.items()}
    yield "MiB of each copy when a fifth, half and all were finished", _each(held)
    assert queued.last_done < Fraction(1, 2)
    grown = {name: held for name, held in queued.memory.items() if held[-1] > _FLAT * held[0]}
    assert not grown, grown


def _each(found: Mapping[str, object]) -> str:
    """Who, and what of each, in the order of their names."""
    return ", ".join(f"{name} {found[name]}" for name in sorted(found))


SCENES: MappingProxyType[str, Callable[[Play], Iterator[Row]]] = MappingProxyType(
    {
        scene.__name__: scene
        for scene in (kills, outages, wiped, growth, befallen, tested, long, queue)
    }
)


def main() -> None:
    """The scenes, one after the other, and a table of all; one that fails ends no other."""
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
    rows = [("what", "seen"), ("---", "---"), ("seed", str(seed))]
    with local_cluster(FOLDER / "cluster", COPIES, TOLD) as cluster:
        for name in asked.only:
            # Of each scene its own: played alone it has the choices that it has among the others.
            choice, at = random.Random(f"{seed} {name}"), time.monotonic()
            try:
                for row in SCENES[name](Play(cluster, some, FOLDER, choice, asked)):
                    rows.append(row)
                    print(": ".join(row), flush=True)
            except Exception:
                traceback.print_exc()
                failed.append(name)
                rows.append((name, "failed"))
                cluster.restore()
            print(f"({name}: {time.monotonic() - at:.0f} s)", flush=True)
    print("", *(f"| {what} | {seen} |" for what, seen in rows), sep="\n")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
