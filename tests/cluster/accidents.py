"""What befalls single videos and messages on a cluster: each fails in words or is mended.

Each accident is a function over a running `LocalCluster`, two works and a user. It returns parts of
the reasons for which records were buried: of those, and of no others, there are dead letters.
"""

import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
from kafka import KafkaConsumer, TopicPartition

import chaos
from chaos import Rounds, Seen, User, Work
from inyourarea.client import Wishes
from inyourarea.contracts import keys
from inyourarea.contracts.starts import read_start
from inyourarea.contracts.topics import DEAD_LETTERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.kafka_bus import KafkaSender
from inyourarea.runtime.kafka_member import to_record
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.objects import ObjectNotFound
from inyourarea.stage_show import Show, ShowSpec, write_show
from local import TOPICS, LocalCluster

Accident = Callable[[LocalCluster, Sequence[Work], User], tuple[str, ...]]

#: The header of a record that is a copy of another, and of what came of it.
_COPY = "chaos-copy"
#: Steps in whose middle a copy is frozen until one of them had not stored its result yet.
_FREEZES = 5
#: What the zombie says then; who takes its step over loses the mark of the start to it as well.
_LATE = "another was first to write detections/"
#: Seconds for a zombie to find that its work was done.
_ZOMBIE_S = 30.0
#: What only packs anew what was drawn: two facts lead to it, each at a copy of its own, and both
#: may find everything there.
_PACKED = {"joined the stage", "streamed fancams"}
_PAUSE_S = 0.05
#: Seconds in which whatever was in hand when a run was cancelled has ended, and much more would be.
_IN_HAND_S = 30.0
#: The pictures of a long video: small, since it is about waiting.
_LONG_SIZE, _LONG_FPS = (320, 180), Fraction(8)


def nobody_can_read_it(cluster: LocalCluster, works: Sequence[Work], user: User) -> tuple[str, ...]:
    """Bytes that are no fact, and a fact of later contracts: that video fails, the other ends."""
    one, other = works[:2]
    with chaos.without(cluster, "render"):
        broken, fine = user.submit(one), user.submit(other)
        user.until(broken, "planning cameras")
        chaos.put_on_bus(cluster, chaos.unreadable(broken), chaos.of_version_2(broken))
        assert "can be read" in user.until_settled(broken)
    assert user.until_settled(fine) == "ready"
    assert user.fetched(fine) == other.expected
    for video in (broken, fine):
        user.delete(video)
    return ("of version v2 of the contracts", "that can be read: Error parsing message")


def an_object_is_cut_short(
    cluster: LocalCluster, works: Sequence[Work], user: User
) -> tuple[str, ...]:
    """That video fails and says which; once the object is gone it is made again."""
    one, other = works[:2]
    with chaos.without(cluster, "track"):
        broken, fine = user.submit(one), user.submit(other)
        for video in (broken, fine):
            user.until(video, "finding people")
        key = keys.detections(broken, chaos.accepted_of(cluster, user, broken).spec.model, 0)
        chaos.cut_short(cluster, key)
    assert f"{key} is damaged" in user.until_settled(broken)
    assert user.until_settled(fine) == "ready"
    assert user.fetched(fine) == other.expected
    chaos.store_of(cluster).delete(key)
    user.insist(lambda client: client.retry(broken))
    assert user.until_settled(broken) == "ready"
    assert user.fetched(broken) == one.expected
    for video in (broken, fine):
        user.delete(video)
    return (f"{key} is damaged",)


def frame_packs_are_gone(
    cluster: LocalCluster, works: Sequence[Work], user: User
) -> tuple[str, ...]:
    """One has expired and one was cut short: both are made again."""
    with chaos.without(cluster, "detect"):
        video = user.submit(works[0])
        user.until(video, "reading frames")
        model = chaos.accepted_of(cluster, user, video).spec.model
        chaos.store_of(cluster).delete(keys.pack(video, model, 0))
        chaos.cut_short(cluster, keys.pack(video, model, 1))
    assert user.until_settled(video) == "ready"
    assert user.fetched(video) == works[0].expected
    user.delete(video)
    return ()


def an_encoder_crashes(cluster: LocalCluster, works: Sequence[Work], user: User) -> tuple[str, ...]:
    """Each time: the video fails in words, and goes on when it is asked for again."""
    with chaos.children_killed(cluster, "render"):
        video = user.submit(works[0])
        assert "signal 9" in user.until_settled(video)
    user.insist(lambda client: client.retry(video))
    assert user.until_settled(video) == "ready"
    assert user.fetched(video) == works[0].expected
    user.delete(video)
    return ("signal 9",)


def a_decoder_crashes(cluster: LocalCluster, works: Sequence[Work], user: User) -> tuple[str, ...]:
    """Each time: that video fails in words, the other ends; asked for again it goes on."""
    one, other = works[:2]
    with ExitStack() as crashing:
        with chaos.without(cluster, "detect"):
            broken, fine = user.submit(one), user.submit(other)
            for video in (broken, fine):
                user.until(video, "reading frames")
            model = chaos.accepted_of(cluster, user, broken).spec.model
            chaos.store_of(cluster).delete(keys.pack(broken, model, 0))  # so it is decoded again
            crashing.enter_context(chaos.children_killed(cluster, "ingest"))
        assert "signal 9" in user.until_settled(broken)
        assert user.until_settled(fine) == "ready"
        assert user.fetched(fine) == other.expected
    user.insist(lambda client: client.retry(broken))
    assert user.until_settled(broken) == "ready"
    assert user.fetched(broken) == one.expected
    for video in (broken, fine):
        user.delete(video)
    return ("signal 9",)


def each_message_comes_twice(
    cluster: LocalCluster, works: Sequence[Work], user: User
) -> tuple[str, ...]:
    """And in any order: the same bytes, and nothing is read, found, told or drawn again."""
    seen, rounds = Seen(cluster), Rounds()
    with _repeating(cluster, user.choice) as repeated:
        for work in works:
            at, video = time.time(), user.submit(work)
            assert user.until_settled(video) == "ready"
            assert user.fetched(video) == work.expected
            user.until_browsers_have_it(video)
            user.delete(video)
            rounds.add(video, at)
    assert set(repeated) >= {"segment.detected", "segment.rendered", "fancams.published"}
    assert seen.repeated(rounds) <= _PACKED
    return ()


@contextmanager
def _repeating(cluster: LocalCluster, choice: random.Random) -> Iterator[Counter[str]]:
    """Every record comes again, after others that came later; counts them by channel."""
    settings = KafkaSettings((cluster.servers.kafka.address,))
    stop, counted = threading.Event(), Counter[str]()
    consumer = KafkaConsumer(bootstrap_servers=settings.servers[0])
    names = [channel for channel in TOPICS if channel.name != DEAD_LETTERS]
    places = [TopicPartition(one.name, part) for one in names for part in range(one.partitions)]
    consumer.assign(places)
    for place, end in consumer.end_offsets(places).items():
        consumer.seek(place, end)

    def repeat() -> None:
        with closing(consumer), closing(KafkaSender(settings)) as sender:
            while not stop.is_set():
                came = [
                    to_record(place, message)
                    for place, messages in consumer.poll(500).items()
                    for message in messages
                ]
                choice.shuffle(came)
                for record in came:
                    if _COPY not in record.headers:
                        again = {**record.headers, _COPY: b"1"}
                        sender.publish(replace(record, headers=again))
                        counted[record.channel] += 1
                sender.flush()

    repeater = threading.Thread(target=repeat)
    repeater.start()
    try:
        yield counted
    finally:
        stop.set()
        repeater.join()


def a_run_is_cancelled(cluster: LocalCluster, works: Sequence[Work], user: User) -> tuple[str, ...]:
    """What waits of it is not done; asked for again it goes on to the same bytes."""
    one, other = works[:2]
    seen = Seen(cluster)
    with chaos.without(cluster, "detect"):
        video = user.submit(one)
        user.until(video, "reading frames")
        user.insist(lambda client: client.cancel(video))
    user.bring_through(other)  # which came later
    found = [step for done in seen.steps().values() for step in done if step[0] == "detect"]
    assert found
    assert video not in {step[1] for step in found}
    user.insist(lambda client: client.retry(video))
    assert user.until_settled(video) == "ready"
    assert user.fetched(video) == one.expected
    user.delete(video)
    return ()


def a_zombie_wakes(cluster: LocalCluster, works: Sequence[Work], user: User) -> tuple[str, ...]:
    """A copy freezes in its step, another does it; the first one's write comes late, counted."""
    for _, work in zip(range(_FREEZES), itertools.cycle(works), strict=False):
        seen, video = Seen(cluster), user.submit(work)
        name = _who_has_begun(cluster, "detect", user.look(video).run_id)
        cluster.processes[name].send_signal(signal.SIGSTOP)
        try:
            assert user.until_settled(video) == "ready"
        finally:
            cluster.processes[name].send_signal(signal.SIGCONT)
        end = time.monotonic() + _ZOMBIE_S
        while not (late := seen.texts(_LATE)) and time.monotonic() < end:
            time.sleep(_PAUSE_S)
        cluster.wait(name)
        assert user.fetched(video) == work.expected
        user.delete(video)
        if late:
            return ()
    raise AssertionError("no frozen copy had its write still to come")


def _who_has_begun(cluster: LocalCluster, service: str, run: str) -> str:
    """The copy that works on a step of the run. Raises `Stuck`: none does."""
    store, found = chaos.store_of(cluster), list[str]()

    def is_found() -> bool:
        for key in list(store.list("attempts/")):
            with suppress(ObjectNotFound):
                start = read_start(store.get(key))
                group, _, name = start.worker.partition(" ")
                if group == service and start.run_id == run:
                    found.append(name)
        return bool(found)

    what = f"a step of {run} that {service} has begun"
    chaos.wait_until(is_found, chaos.STUCK_S, what, _PAUSE_S)
    return found[0]


#: All of them, in the order in which they are played.
ACCIDENTS: tuple[Accident, ...] = (
    nobody_can_read_it,
    an_object_is_cut_short,
    frame_packs_are_gone,
    an_encoder_crashes,
    a_decoder_crashes,
    a_run_is_cancelled,
    each_message_comes_twice,
    a_zombie_wakes,
)


def long_video(folder: Path, segments: int) -> Path:
    """A video of so many segments of four seconds: one short show, again and again."""
    spec = ShowSpec(
        seed=7, members=3, seconds=Fraction(8), size=_LONG_SIZE, fps=_LONG_FPS, setting="easy"
    )
    write_show(Show.plan(spec), folder, workers=2)
    target = folder / "long.mp4"
    with av.open(folder / "stage.mp4") as source, av.open(target, "w") as long:
        shown = source.streams.video[0]
        stream = long.add_stream_from_template(shown)
        packets = [packet for packet in source.demux(shown) if packet.dts is not None]
        length = round(spec.seconds / shown.time_base)
        stamps = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(-(-4 * segments // int(spec.seconds))):
            for packet, (pts, dts) in zip(packets, stamps, strict=True):
                packet.stream = stream
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.time_base = shown.time_base
                long.mux(packet)
    return target


@contextmanager
def under_way(long: Path, user: User) -> Iterator[str]:
    """Some of a long video has been looked at; afterwards it is deleted."""
    video = user.insist(lambda client: client.submit(long, Wishes(group="show"))).id
    what = "a segment of the long video"
    try:
        chaos.wait_until(lambda: looked_at(video, user)[0], chaos.STUCK_S, what, _PAUSE_S)
        yield video
    finally:
        user.delete(video)


def looked_at(video: str, user: User) -> tuple[int, int]:
    """How many of its segments, and of how many."""
    steps = user.look(video).progress
    return next((one.done, one.total) for one in steps if one.stage == "finding people")


def beside_a_long_video(work: Work, long: str, user: User) -> dict[str, float]:
    """A short video and a pin of it, which would be in the long one's lane, do not wait for that.

    Returns how many seconds each took.
    """
    at = time.monotonic()
    video = user.submit(work)
    assert user.until_settled(video) == "ready"
    assert user.fetched(video) == work.expected
    short_s = time.monotonic() - at
    done, total = looked_at(long, user)
    assert done < total / 4
    with chaos.told(user.cluster, "ingest", "INGEST_URGENT_S", 0):  # no video is short
        at = time.monotonic()
        user.correct(video)
        assert user.until_settled(video) == "ready"
        pin_s = time.monotonic() - at
    assert chaos.accepted_of(user.cluster, user, video).lane == facts.LANE_URGENT
    done, total = looked_at(long, user)
    assert done < total / 2
    user.delete(video)
    return {"short": short_s, "pin": pin_s}


def cancelled(video: str, user: User) -> int:
    """Of a cancelled run nothing is done but what was in hand; how many steps those were."""
    user.insist(lambda client: client.cancel(video))
    seen = Seen(user.cluster)
    time.sleep(_IN_HAND_S)
    after = [step for done in seen.steps().values() for step in done if step[1] == video]
    at_work = ("ingest", "detect", "render")
    hands = [name for name in user.cluster.copies if name.startswith(at_work)]
    assert len(after) <= len(hands), after
    return len(after)
