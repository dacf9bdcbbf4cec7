"""What a cluster bears: services killed, servers taken away, messages that nobody can read.

Each scene is a function over a running `LocalCluster`; `tests/cluster/test_chaos.py` plays them
short, `tests/cluster/chaos_in_full.py` (`make chaos`) in full.
"""

import hashlib
import json
import os
import random
import re
import signal
import tempfile
import threading
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import httpx
from kafka import KafkaConsumer, TopicPartition

from inyourarea.client import Client, Pin, Pins, Problem, ServerAway, Video, Wishes
from inyourarea.contracts import keys
from inyourarea.contracts.topics import DEAD_LETTERS, VERSION_HEADER
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.bus import Record
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.kafka_bus import KafkaSender
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.objects import Objects, ObjectsAway, holds
from inyourarea.runtime.worker import to_record
from inyourarea.stage_show import Show, ShowSpec, write_show
from local import LocalCluster
from own_servers import ServerNotHad, children_of
from small_show import inyourarea
from steps import read_step

#: A video of which nothing has changed for so many seconds is stuck. The sweeper tells a run again
#: after ten minutes, which would be seen.
STUCK_S = 900.0
#: Share of the killed that stay away for longer than Kafka's session, so that others take over.
_STAY_AWAY, _AWAY_S = 0.25, 10.0
#: Seconds within which health must say that a server is missing: the bus asks every 3 s, for 10 s,
#: and ten copies are asked one after the other, each for up to 5 s.
_TOLD_S = 60.0
#: Who needs which server.
_NEEDS = {
    "kafka": ("ingest", "detect", "track", "render", "gateway"),
    "store": ("ingest", "detect", "track", "render", "gateway"),
    "triton": ("detect",),
    "catalog": ("gateway",),
}
_PAUSE_S = 0.5
#: What the services of a cluster are told for these scenes: to say what they have counted.
TOLD = {"INYOURAREA_METRICS": "127.0.0.1:0"}

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Work:
    """A video, and what the laptop makes of it, as digests: its fancams, and what was `decided`."""

    video: Path
    expected: dict[str, str]


def works(folder: Path, count: int, seconds: int = 7) -> list[Work]:
    """Different shows, of two segments as a rule, and what the laptop makes of them."""
    made = []
    for number in range(count):
        place = folder / f"show-{number}"
        spec = ShowSpec(
            seed=40 + number,
            members=3,
            seconds=Fraction(seconds),
            size=(640, 360),
            fps=Fraction(24),
            setting="easy",
        )
        write_show(Show.plan(spec), place, workers=2)
        inyourarea("run", place / "stage.mp4", "--group", "show", "--out", place / "out")
        store = FolderObjects(place / "out" / ".inyourarea")
        (run,) = [key for key in store.list("runs/") if key.endswith("/accepted.binpb")]
        accepted = facts.VideoAccepted.FromString(store.get(run))
        expected = digests(place / "out" / "fancams") | decided(store, accepted)
        made.append(Work(place / "stage.mp4", expected))
    return made


def digests(folder: Path) -> dict[str, str]:
    """What every video of a folder holds."""
    return {path.name: _digest(path.read_bytes()) for path in sorted(folder.glob("*.mp4"))}


def decided(objects: Objects, accepted: facts.VideoAccepted) -> dict[str, str]:
    """A run's tracks, cameras and report."""
    spec = accepted.spec
    named = {"tracks": keys.tracks(spec), "report": keys.report(spec)}
    for part in accepted.segments:
        named[f"cameras {part.index}"] = keys.windows(spec, part.index)
    return {name: _digest(objects.get(key)) for name, key in named.items()}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Stuck(Exception):
    """Something does not go on."""


def wait_until(
    is_so: Callable[[], object], seconds: float, what: str, pause_s: float = _PAUSE_S
) -> None:
    """It is so. Raises `Stuck`: not within so many seconds; ``what`` says what was waited for."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise Stuck(f"{what}: not within {seconds:g} s")
        time.sleep(pause_s)


@dataclass
class User:
    """Somebody who sends videos and fetches fancams, and asks again where nobody answers."""

    cluster: LocalCluster
    folder: Path
    choice: random.Random

    def insist(self, ask: Callable[[Client], Answer]) -> Answer:
        """The answer of any gateway, whenever one answers; servers that died come back by then."""
        end = time.monotonic() + STUCK_S
        while True:
            address = self.choice.choice(self.cluster.addresses)
            try:
                self.cluster.revive()
                with Client(address, patience_s=0, notes=self.folder / "notes") as client:
                    return ask(client)
            except (ServerAway, ServerNotHad, ObjectsAway):
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE_S)

    def submit(self, work: Work) -> str:
        """The video is on its way; its id."""
        return self.insist(lambda client: client.submit(work.video, Wishes(group="show"))).id

    def look(self, video: str) -> Video:
        """Where the video stands."""
        return self.insist(lambda client: client.video(video))

    def until_settled(self, video: str) -> str:
        """The state in which it has come to rest: ready, or failed and why. Raises `Stuck`."""
        found = self._followed(video, lambda _: False)
        return found.failure or found.state

    def until(self, video: str, stage: str) -> None:
        """That stage has done all of its part. Raises `Stuck`: it never will."""

        def is_done(found: Video) -> bool:
            steps = [step for step in found.progress if step.stage == stage]
            return bool(steps) and all(step.done == step.total for step in steps)

        found = self._followed(video, is_done)
        if not is_done(found):
            raise Stuck(f"{video}: {found.failure or found.state}")

    def _followed(self, video: str, is_enough: Callable[[Video], bool]) -> Video:
        """The video as soon as it has come so far, or to rest.

        Raises:
            Stuck: nothing has changed for a long time.
        """
        seen, since = None, time.monotonic()
        while True:
            found = self.look(video)
            if found.state != "working" or is_enough(found):
                return found
            if found.progress != seen:
                seen, since = found.progress, time.monotonic()
            if time.monotonic() - since > STUCK_S:
                raise Stuck(f"{video}: {seen}")
            time.sleep(_PAUSE_S)

    def fetched(self, video: str) -> dict[str, str]:
        """What the cluster made of the video, as a `Work` has it."""
        with tempfile.TemporaryDirectory(dir=self.folder) as out:

            def fetch(client: Client) -> None:
                for wanted in client.wanted(client.watch(video)):
                    client.fetch(wanted, Path(out))

            self.insist(fetch)
            store = store_of(self.cluster)
            made = self.insist(lambda _: decided(store, accepted_of(self.cluster, self, video)))
            return digests(Path(out)) | made

    def correct(self, video: str) -> None:
        """Of a second of somebody it is said that it is nobody; a run of that is on its way."""

        def correct(client: Client) -> None:
            pin = Pin(of=client.watch(video).people[0].id, from_s=1, to_s=2, nobody=True)
            client.set_pins(video, Pins(revision=client.pins(video).revision, pins=(pin,)))

        self.insist(correct)

    def delete(self, video: str) -> None:
        """The video is gone."""

        def delete(client: Client) -> None:
            try:
                client.delete(video)
            except Problem as problem:
                if problem.status != 404:  # it was done, and the answer lost
                    raise

        self.insist(delete)

    def until_browsers_have_it(self, video: str) -> None:
        """What browsers play and show of the video is made. Raises `Stuck`: it never will be."""
        accepted, store = accepted_of(self.cluster, self, video), store_of(self.cluster)
        made = (
            keys.stage_ready(video),
            keys.faces_drawn(accepted.spec),
            keys.streams_ready(accepted.run_id),
        )
        wait_until(lambda: all(holds(store, key) for key in made), STUCK_S, f"{video} in browsers")

    def bring_through(self, work: Work) -> str:
        """The video is submitted, finished, compared with the laptop's, and deleted; its id."""
        video = self.submit(work)
        outcome = self.until_settled(video)
        assert outcome == "ready", outcome
        assert self.fetched(video) == work.expected
        self.delete(video)
        return video


class Rounds:
    """When each video was submitted that has come through, again and again (Unix time)."""

    def __init__(self) -> None:
        self._begun: dict[str, list[float]] = defaultdict(list)

    def add(self, video: str, at_s: float) -> None:
        """The video has come through."""
        self._begun[video].append(at_s)

    def total(self) -> int:
        """How many videos came through."""
        return sum(map(len, self._begun.values()))

    def of(self, video: str, at_s: float) -> int:
        """The video's round in which that moment was, from 1; 0 where it was in none."""
        return bisect_right(self._begun.get(video, ()), at_s)


class Traffic:
    """Videos go through without pause, one per work at a time, while this context is open.

    Those under way at its end are waited for. What went wrong is raised then, or by `check`.
    Each is sent by a user whose choices follow from those of the one that is given.
    """

    def __init__(self, some: Sequence[Work], user: User) -> None:
        self.rounds = Rounds()
        self._stop, self._troubles = threading.Event(), list[BaseException]()
        senders = [replace(user, choice=random.Random(user.choice.random())) for _ in some]
        self._threads = [
            threading.Thread(target=self._send, args=each)
            for each in zip(some, senders, strict=True)
        ]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.check()

    def check(self) -> None:
        """All went well so far."""
        if self._troubles:
            raise self._troubles[0]

    def wait_for_rounds(self, count: int) -> None:
        """So many videos have come through, in all."""

        def have() -> bool:
            self.check()
            return self.rounds.total() >= count

        wait_until(have, STUCK_S, f"{count} videos through")

    def _send(self, work: Work, user: User) -> None:
        while not self._stop.is_set():
            try:
                at = time.time()
                self.rounds.add(user.bring_through(work), at)
            except BaseException as trouble:  # told where the test is
                self._troubles.append(trouble)
                return


@dataclass
class Seen:
    """What the services have logged since this was made."""

    cluster: LocalCluster

    def __post_init__(self) -> None:
        self._from = {name: self._size(name) for name in self.cluster.copies}

    def _size(self, name: str) -> int:
        log = self.cluster.log(name)
        return log.stat().st_size if log.exists() else 0

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """A copy's lines."""
        if not self.cluster.log(name).exists():
            return
        with self.cluster.log(name).open("rb") as log:
            log.seek(self._from.get(name, 0))
            for line in log:
                if line.startswith(b"{") and line.endswith(b"}\n"):
                    yield json.loads(line)

    def texts(self, beginning: str) -> list[str]:
        """What any copy said that begins so."""
        return [
            line["text"]
            for name in self.cluster.copies
            for line in self.lines(name)
            if line["text"].startswith(beginning)
        ]

    def steps(self) -> dict[str, Counter[tuple[str, ...]]]:
        """Per copy, how often it did each step: of which video, segment and kind."""
        done: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for name, step, _ in self._done():
            done[name][step] += 1
        return done

    def twice(self, rounds: Rounds) -> Fraction:
        """The share of these rounds' steps that were brought to their end twice.

        A step that is killed in the middle, and done anew by another, has one end.
        """
        done = self._in(rounds)
        return Fraction(done.total() - len(done), max(1, len(done)))

    def repeated(self, rounds: Rounds) -> set[str]:
        """What was brought to its end twice in these rounds."""
        return {step[-1] for (step, _), count in self._in(rounds).items() if count > 1}

    def _in(self, rounds: Rounds) -> Counter[tuple[tuple[str, ...], int]]:
        """How often each step was done in each round of its video."""
        done = Counter((step, rounds.of(step[1], at_s)) for _, step, at_s in self._done())
        return Counter({each: count for each, count in done.items() if each[1]})

    def _done(self) -> Iterator[tuple[str, tuple[str, ...], float]]:
        """Each step that was done: by which copy, which one, and when (Unix time)."""
        for name in self.cluster.copies:
            for line in self.lines(name):
                if step := read_step(line):
                    service = name.partition("-")[0]
                    yield name, (service, *step), datetime.fromisoformat(line["at"]).timestamp()


def kill_at_random(
    cluster: LocalCluster, traffic: Traffic, choice: random.Random, kills: int, unit_s: float
) -> Counter[str]:
    """Copies are killed, one every 2 x (start + unit) seconds; returns who, how often."""
    killed: Counter[str] = Counter()
    while killed.total() < kills:
        name = choice.choice(cluster.copies)
        at = time.monotonic()
        cluster.stop(name, signal.SIGKILL)
        away_s = _AWAY_S if choice.random() < _STAY_AWAY else 0.0
        time.sleep(away_s)
        cluster.start(name)
        cluster.wait(name)
        start_s = time.monotonic() - at - away_s
        time.sleep(max(0.0, at + away_s + 2 * (start_s + unit_s) - time.monotonic()))
        killed[name] += 1
        traffic.check()
    return killed


def take_away(cluster: LocalCluster, name: str, seconds: float) -> dict[str, float]:
    """A server is frozen for so long, then killed and started again; health and metrics tell it.

    Returns after how many seconds of the outage each who needs it had said so.
    """
    server = cluster.servers.all()[name]
    needing = [copy for copy in cluster.copies if copy.partition("-")[0] in _NEEDS[name]]
    at, told_s = time.monotonic(), dict[str, float]()

    def all_have_told() -> bool:
        for copy in needing:
            if copy not in told_s and cluster.health(copy, name) is False:
                told_s[copy] = time.monotonic() - at
        return len(told_s) == len(needing)

    server.pause()
    try:
        what = f"health of {needing} without {name}"
        wait_until(all_have_told, _TOLD_S, what)
        wait_until(lambda: all(cluster.health(copy) is False for copy in needing), _TOLD_S, what)
        assert all(cluster.health(copy, "process") for copy in cluster.copies)
        for copy in needing:
            assert name in missing(cluster, copy), copy
        time.sleep(max(0.0, at + seconds - time.monotonic()))
    finally:
        server.go_on()
    cluster.wait()
    with cluster.killed(name):
        time.sleep(seconds / 4)
    cluster.wait()
    what = f"metrics of {needing} with {name}"
    wait_until(lambda: not any(missing(cluster, copy) for copy in needing), _TOLD_S, what)
    return told_s


def missing(cluster: LocalCluster, name: str) -> set[str]:
    """What a copy's metrics say is missing."""
    port = re.findall(r"metrics on port (\d+)", cluster.log(name).read_text())[-1]
    told = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=_TOLD_S).text
    return set(re.findall(r'^inyourarea_missing{dependency="(\w+)"} 1', told, re.MULTILINE))


def wipe_kafka(cluster: LocalCluster) -> None:
    """Kafka has lost all that it held, and has its topics again."""
    with cluster.killed("kafka"):
        cluster.servers.kafka.format()
    cluster.servers.make_topics()
    cluster.wait()


@contextmanager
def told(cluster: LocalCluster, service: str, name: str, value: int) -> Iterator[None]:
    """All copies of that service work with this setting."""
    copies = [copy for copy in cluster.copies if copy.partition("-")[0] == service]

    def restart() -> None:
        for copy in copies:
            cluster.stop(copy)
            cluster.start(copy)
        cluster.wait(*copies)

    cluster.environment[f"INYOURAREA_{name}"] = str(value)
    restart()
    try:
        yield
    finally:
        del cluster.environment[f"INYOURAREA_{name}"]
        restart()


def impatient_sweeper(cluster: LocalCluster, silence_s: int) -> AbstractContextManager[None]:
    """Runs are told again after so many seconds of silence."""
    return told(cluster, "gateway", "GATEWAY_SILENCE_S", silence_s)


def dead_letters(cluster: LocalCluster) -> list[dict[str, str]]:
    """The headers and keys of all dead letters, the oldest first."""
    place = TopicPartition(DEAD_LETTERS, 0)
    consumer = KafkaConsumer(bootstrap_servers=cluster.servers.kafka.address)
    with closing(consumer):
        consumer.assign([place])
        consumer.seek_to_beginning(place)
        end = consumer.end_offsets([place])[place]
        letters: list[dict[str, str]] = []
        while consumer.position(place) < end:
            for record in consumer.poll(1000).get(place, []):
                headers = {name: value.decode() for name, value in record.headers}
                letters.append({**headers, "key": record.key.decode()})
    return letters


@contextmanager
def without(cluster: LocalCluster, service: str) -> Iterator[None]:
    """No copy of that service runs; afterwards all do."""
    names = [name for name in cluster.copies if name.partition("-")[0] == service]
    for name in names:
        cluster.stop(name)
    try:
        yield
    finally:
        for name in names:
            cluster.start(name)
    cluster.wait(*names)


def store_of(cluster: LocalCluster) -> MinioObjects:
    """The store, as its owner."""
    return MinioObjects(cluster.servers.store.settings())


def cut_short(cluster: LocalCluster, key: str) -> None:
    """Half of the object is lost."""
    store = store_of(cluster)
    content = store.get(key)
    store.put(key, content[: len(content) // 2])


def put_on_bus(cluster: LocalCluster, *records: Record) -> None:
    """The records are published."""
    sender = KafkaSender(KafkaSettings((cluster.servers.kafka.address,)))
    with closing(sender):
        for record in records:
            sender.publish(record)
        sender.flush()


def unreadable(video: str) -> Record:
    """Bytes that are no fact, on the way of that video."""
    return Record("segment.detected", video, b"\xff\xff no fact")


def of_version_2(video: str) -> Record:
    """A fact of later contracts."""
    record = to_record(facts.SegmentDetected(video_id=video, run_id="later"))
    return replace(record, headers={VERSION_HEADER: b"v2"})


def accepted_of(cluster: LocalCluster, user: User, video: str) -> facts.VideoAccepted:
    """What was decided for the video's newest run."""
    run = user.look(video).run_id
    return facts.VideoAccepted.FromString(store_of(cluster).get(keys.accepted(run)))


@contextmanager
def children_killed(cluster: LocalCluster, service: str) -> Iterator[None]:
    """Whatever the service decodes or encodes with dies at once."""
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(0.05):
            for name, process in list(cluster.processes.items()):
                if name.partition("-")[0] == service:
                    for child in children_of(process.pid):
                        with suppress(ProcessLookupError):
                            os.kill(child, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        stop.set()
        killer.join()


def memory_of(cluster: LocalCluster) -> dict[str, float]:
    """MiB that each copy and its children hold."""
    pages: Counter[str] = Counter()
    for name, process in cluster.processes.items():
        for pid in (process.pid, *children_of(process.pid)):
            with suppress(FileNotFoundError, ProcessLookupError):  # a child that ended meanwhile
                pages[name] += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return {name: count * os.sysconf("SC_PAGE_SIZE") / 2**20 for name, count in pages.items()}


def grow(some: Sequence[Work], user: User) -> dict[str, int]:
    """One detect becomes three while videos are looked at; returns how many segments each did.

    Nothing is done twice, but for what the one had in hand when it gave others a part.
    """
    cluster = user.cluster
    others = [name for name in cluster.copies if name.partition("-")[0] == "detect"][1:]
    third, seen = "detect-3", Seen(cluster)
    for name in others:
        cluster.stop(name)
    videos = [user.submit(work) for work in some]
    wait_until(lambda: seen.steps()["detect"], STUCK_S, "a segment that one detect has done")
    cluster.add(third)
    try:
        for name in (*others, third):
            cluster.start(name)
        for video, work in zip(videos, some, strict=True):
            assert user.until_settled(video) == "ready"
            assert user.fetched(video) == work.expected
            user.delete(video)
        done = {name: steps for name, steps in seen.steps().items() if name.startswith("detect")}
        everything: Counter[tuple[str, ...]] = sum(done.values(), Counter())
        assert everything.total() <= len(everything) + 1
    finally:
        cluster.remove(third)
    return {name: steps.total() for name, steps in done.items()}


def another(work: Work, number: int, folder: Path) -> Work:
    """The same pictures in a video of its own: behind them is an empty box of MP4 with a number."""
    video = folder / f"{number}-{work.video.name}"
    box = (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
    video.write_bytes(work.video.read_bytes() + box)
    return replace(work, video=video)


@dataclass(frozen=True)
class Queued:
    """How it was when many videos had been submitted at once.

    ``done_s``: after how many seconds each was finished. ``last_done``: the share that was done of
    the last one's steps when the first one was finished. ``memory``: MiB that each copy held when a
    fifth, half and all of them were.
    """

    done_s: list[float]
    last_done: Fraction
    memory: dict[str, tuple[int, ...]]


def queue_up(work: Work, count: int, user: User) -> Queued:
    """Videos with these pictures are submitted at once, all are finished and as the laptop's."""
    at = time.monotonic()
    videos = [user.submit(another(work, number, user.folder)) for number in range(count)]
    waiting, shares = list(videos), dict[str, Fraction]()
    done_s, memory = list[float](), list[dict[str, float]]()
    while waiting:
        time.sleep(_PAUSE_S)
        for one in list(waiting):
            state = user.look(one).state
            assert state in ("working", "ready"), state
            if state == "ready":
                waiting.remove(one)
                done_s.append(time.monotonic() - at)
                memory.append(memory_of(user.cluster))
                shares = shares or {other: _share_done(user.look(other)) for other in waiting}
                last = one
    for one in videos:
        assert user.fetched(one) == work.expected
        user.delete(one)
    told = [memory[place] for place in (count // 5, count // 2, -1)]
    held = {name: tuple(round(each[name]) for each in told) for name in told[-1]}
    return Queued(done_s, shares[last], held)


def _share_done(video: Video) -> Fraction:
    """Which part of all of its steps is done."""
    steps = video.progress
    return Fraction(sum(one.done for one in steps), max(1, sum(one.total for one in steps)))
