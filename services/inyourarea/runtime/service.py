"""A stage as a process of its own: workers between Kafka and S3, questions over gRPC, one end."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TypeVar

import grpc
from google.protobuf.descriptor import FileDescriptor

from inyourarea.contracts.topics import channels
from inyourarea.core.errors import Refused
from inyourarea.runtime import kafka_settings, metrics, minio_settings, tls
from inyourarea.runtime.bus import Bus, Sender
from inyourarea.runtime.child import Child
from inyourarea.runtime.counted import CountedChild
from inyourarea.runtime.dependencies import Ask, Dependencies
from inyourarea.runtime.json_logs import log_as_json
from inyourarea.runtime.kafka_bus import KafkaBus, KafkaSender
from inyourarea.runtime.kafka_settings import KafkaSettings
from inyourarea.runtime.kafka_topics import KafkaTopics, changes
from inyourarea.runtime.metrics_server import Missing, answering_about
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import Objects, holds
from inyourarea.runtime.remembered import RememberedObjects
from inyourarea.runtime.rpc import RpcServer
from inyourarea.runtime.settings import Environment, named_files, parse_address, read_together
from inyourarea.runtime.tls import Tls
from inyourarea.runtime.traces import trace_to_collector
from inyourarea.runtime.worker import AWAY, Handlers, Worker, channels_of

log = logging.getLogger(__name__)

#: Seconds that a worker has for its unit once the process is told to end: the longest unit's own.
_FAREWELL_S = 900.0
#: Seconds after which a service that could not begin tries again.
_BEGIN_AGAIN_S = 2.0
#: Seconds between two looks at the files that settings name.
_LOOK_AGAIN_S = 60.0
#: Seconds in which a job's unit comes, if one waits: a member of a group has work after ten.
_UNIT_COMES_S = 120.0
#: Seconds that questions under way have then.
_ANSWERS_S = 30.0

Add = Callable[[grpc.Server], None]
Opened = TypeVar("Opened")
#: What a service is told beside what every service is: its own settings.
Own = TypeVar("Own")


@dataclass(frozen=True)
class Need:
    """Whom a service asks beside Kafka and the store: where, and how it is seen to be there.

    Health tells that it is missing, unless most of what the service does needs nobody else.
    """

    where: str
    ask: Ask
    is_told: bool = True


#: By name.
Needs = Mapping[str, Need]


@dataclass(frozen=True)
class ServiceSettings:
    """What every service is told: where the others are, and where it answers itself."""

    kafka: KafkaSettings
    store: MinioSettings
    #: Where it answers questions and says how it is, HOST:PORT.
    listen: str
    #: Where it says what it has counted, HOST:PORT; nowhere, if empty.
    metrics: str = ""
    #: What it proves to other services, and they to it; none: nothing is encrypted.
    tls: Tls | None = None


def read_settings(environment: Mapping[str, str]) -> ServiceSettings:
    """Settings from the environment: of Kafka, S3, TLS, ``INYOURAREA_LISTEN`` and ``_METRICS``.

    Raises:
        SettingsRejected: values are missing or can not be used; all problems are told together.
    """
    readers = (kafka_settings.read_settings, minio_settings.read_settings, _addresses)
    kafka, store, (listen, counted), proof = read_together(environment, *readers, tls.read_settings)
    return ServiceSettings(kafka, store, listen, counted, proof)


def _addresses(environment: Mapping[str, str]) -> tuple[str, str]:
    asked, read = Environment(environment), partial(parse_address, least_port=0)
    wanted = "HOST:PORT; port 0 is any that is free"
    listen = asked.read("LISTEN", "127.0.0.1:0", read, wanted)
    metrics = asked.read("METRICS", "", read, wanted)
    asked.check()
    return listen, metrics


@dataclass
class Readiness:
    """Whom to ask what a service lacks to be ready; another one from when it has begun."""

    lacks: Missing = lambda: "it begins"

    def missing(self) -> str:
        """What it lacks now, in words."""
        return self.lacks()


class Ground:
    """What a service stands on; everything it opens is closed with it."""

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        opened: ExitStack,
        readiness: Readiness | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.readiness = readiness or Readiness()
        self.objects: Objects = RememberedObjects(MinioObjects(settings.store))
        self._opened = opened
        #: The processor seconds that a worker here is charged with.
        self.clock: Callable[[], float] = time.thread_time
        self._buses: list[KafkaBus] = []

    def child(self) -> Child:
        """A process for work that may crash."""
        child = CountedChild()
        self._opened.callback(child.close)
        return child

    def open(self, part: AbstractContextManager[Opened]) -> Opened:
        """The part is open until the service ends."""
        return self._opened.enter_context(part)

    def sender(self) -> Sender:
        """A way to publish facts."""
        sender = KafkaSender(self.settings.kafka)
        self._opened.callback(sender.close)
        return sender

    def bus(self, group: str, channels: tuple[str, ...]) -> Bus:
        """A member of a consumer group."""
        bus = KafkaBus(self.settings.kafka, group, channels)
        self._opened.callback(bus.close)
        self._buses.append(bus)
        return bus

    def ask_bus(self) -> None:
        """Kafka was reached and is there. Raises `BusAway`."""
        for bus in self._buses:
            bus.check()

    def ask_store(self) -> None:
        """The store answers. Raises `ObjectsAway`."""
        holds(self.objects, "attempts/none")


def _nothing_more(_: grpc.Server) -> None:
    """Only health is answered."""


@dataclass(frozen=True)
class Service:
    """What a service does: the handlers of each of its consumer groups, and its answers."""

    groups: Mapping[str, Handlers]
    add: Add = _nothing_more
    #: Where those are described.
    files: tuple[FileDescriptor, ...] = ()


def _nobody_else(_: Ground, __: object) -> Needs:
    """Kafka and the store are all that is needed."""
    return {}


def run_service(
    name: str,
    read: Callable[[Mapping[str, str]], Own],
    open_service: Callable[[Ground, Own], Service],
    needs: Callable[[Ground, Own], Needs] = _nobody_else,
) -> int:
    """Be that service until SIGTERM; 0 when it ended in order, 1 where it could not begin.

    ``read`` reads its own settings; all that is wrong in the environment is told together. What is
    away when it begins is waited for; meanwhile it is alive, and not ready. A certificate or secret
    that was renewed in its file ends it in order too: whoever keeps it running starts it with that.
    ``--check`` says what it would connect to and whether it can, and ends.
    """
    is_check = _is_check(name)
    files = named_files(os.environ)
    try:
        settings, own = read_together(os.environ, read_settings, read)
        if is_check:
            return _check(name, settings, lambda ground: needs(ground, own))
        log_as_json(name)
        trace_to_collector(name)
        # From now on: the first process of a container is told to end in vain until it listens.
        stop = stop_at_signals()
        threading.Thread(target=_stop_once_renewed, args=(stop, files), daemon=True).start()

        def begin(ground: Ground) -> tuple[Service, Needs]:
            return open_service(ground, own), needs(ground, own)

        with ExitStack() as beside:
            readiness = Readiness()
            if settings.metrics:
                about = answering_about(readiness.missing, settings.metrics)
                log.info("metrics on port %d", beside.enter_context(about))
            stand = partial(Ground, name, settings, readiness=readiness)
            while not stop.is_set() and not _is_served(stand, begin, stop):
                stop.wait(_BEGIN_AGAIN_S)
    except Refused as refused:
        print(f"inyourarea.{name}: {refused}", file=sys.stderr)  # noqa: T201 - its last word
        return 1
    return 0


def _is_check(name: str) -> bool:
    parser = argparse.ArgumentParser(prog=f"python -m inyourarea.{name}")
    parser.add_argument("--check", action="store_true", help="say what it reaches, and end")
    return bool(parser.parse_args().check)


def run_unit(
    name: str,
    read: Callable[[Mapping[str, str]], Own],
    open_service: Callable[[Ground, Own], Service],
) -> int:
    """Do the one unit that waits first for the service's only group, and end: a job.

    0 where it came to its end, a bad one too, or none waited for `_UNIT_COMES_S`; 1 where it could
    not begin. Told to end, it leaves the unit to another. ``read`` and ``--check`` as of a service.
    """
    is_check = _is_check(name)
    try:
        settings, own = read_together(os.environ, read_settings, read)
        if is_check:
            return _check(name, settings, lambda _: {})
        log_as_json(name)
        trace_to_collector(name)
        stop = stop_at_signals()
        with ExitStack() as opened:
            ground = Ground(name, settings, opened)
            ((group, handlers),) = open_service(ground, own).groups.items()
            bus = ground.bus(group, channels_of(handlers))
            who = f"{group} {settings.kafka.member}"
            worker = Worker(group, bus, ground.objects, handlers, name=who, clock=time.process_time)
            _do_one(worker, stop)
    except (*AWAY, Refused) as refused:
        print(f"inyourarea.{name}: {refused}", file=sys.stderr)  # noqa: T201 - its last word
        return 1
    return 0


def _do_one(worker: Worker, stop: threading.Event) -> None:
    end = time.monotonic() + _UNIT_COMES_S
    while not stop.is_set() and time.monotonic() < end:
        if record := worker.bus.consume(worker.patience.poll_s):
            return worker.work(record, stop)
    log.info("nothing waits")
    return None


def _is_served(
    stand: Callable[[ExitStack], Ground],
    begin: Callable[[Ground], tuple[Service, Needs]],
    stop: threading.Event,
) -> bool:
    """Whether the service could begin; then it has ended."""
    with ExitStack() as opened:
        ground = stand(opened)
        try:
            service, needs = begin(ground)
        except AWAY as away:
            log.warning("it can not begin yet: %s", away)
            return False
        serve(ground, service, needs, stop)
        return True


def stop_at_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def set_it(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, set_it)
    signal.signal(signal.SIGINT, set_it)
    return stop


def _stop_once_renewed(stop: threading.Event, files: Mapping[str, bytes]) -> None:
    """The process is told to end once a file holds something else than ``files``, by setting."""
    while not stop.wait(_LOOK_AGAIN_S):
        now = named_files(os.environ)
        if renewed := [name for name in files.keys() & now if now[name] != files[name]]:
            log.info("it ends, to begin with what is new: %s", ", ".join(sorted(renewed)))
            stop.set()


def serve(ground: Ground, service: Service, needs: Needs, stop: threading.Event) -> None:
    """Work and answer until told to stop: no new question first, then the units in hand end.

    Health is told of each dependency by its name (``kafka``, ``store`` and the service's own), of
    the process as ``process``, and of the whole: NOT_SERVING until all dependencies have answered,
    and while one is missing. Metrics tell the same.
    """
    ground.clock = clock_of(service)
    settings = ground.settings
    server = RpcServer(settings.listen, service.add, service.files, settings.tls)
    threads = [start_worker(ground, group, service.groups[group], stop) for group in service.groups]
    own = {name: need.ask for name, need in needs.items() if need.is_told}
    asks = {"kafka": ground.ask_bus, "store": ground.ask_store, **own}
    dependencies = ground.open(Dependencies(asks))
    ground.readiness.lacks = partial(_missing, stop, dependencies)
    server.say(is_serving=True, of="process")
    server.say(is_serving=False)
    server.start()
    log.info("serving on port %d", server.port)
    known: dict[str, str] = {}
    while not stop.wait(1.0):
        if not all(thread.is_alive() for thread in threads):
            stop.set()
            raise Refused("a worker has died; see the log above")
        known = _tell(server, asks, known, dependencies.missing())
    server.stop(_ANSWERS_S)
    for thread in threads:
        thread.join(_FAREWELL_S)


def clock_of(service: Service) -> Callable[[], float]:
    """What counts the processor seconds of a worker: its thread's, or all of the process.

    The latter where it is alone, so that what its libraries' threads do is its own; where questions
    are answered, those are charged by themselves.
    """
    is_alone = len(service.groups) == 1 and service.add is _nothing_more
    return time.process_time if is_alone else time.thread_time


def _tell(
    server: RpcServer, needs: Iterable[str], known: Mapping[str, str], missing: dict[str, str]
) -> dict[str, str]:
    """Health and metrics say what is missing, and the log what has changed; returns ``missing``."""
    for name in needs:
        metrics.MISSING.labels(name).set(name in missing)
        server.say(is_serving=name not in missing, of=name)
        if name in missing and name not in known:
            log.warning("missing: %s: %s", name, missing[name])
        elif name in known and name not in missing:
            log.info("there: %s", name)
    server.say(is_serving=not missing)
    return missing


def start_worker(
    ground: Ground, group: str, handlers: Handlers, stop: threading.Event
) -> threading.Thread:
    """A worker of that consumer group is at work."""
    channels = channels_of(handlers)
    bus = ground.bus(group, channels)
    for channel in channels:
        metrics.begin_at_zero(group, channel)
        behind = metrics.RECORDS_BEHIND.labels(group, channel)
        behind.set_function(partial(_behind, bus, channel))
    member = ground.settings.kafka.member
    worker = Worker(
        group, bus, ground.objects, handlers, name=f"{group} {member}", clock=ground.clock
    )
    thread = threading.Thread(target=worker.run, args=(stop,), name=group, daemon=True)
    thread.start()
    return thread


def _behind(bus: Bus, channel: str) -> float:
    return bus.behind().get(channel, 0)


def _missing(stop: threading.Event, dependencies: Dependencies) -> str:
    """What is missing for the service to be ready, in words."""
    if stop.is_set():
        return "it is told to end"
    missing = {f"{name}: {text}" for name, text in dependencies.missing().items()}
    return "; ".join(sorted({*metrics.waited_for().values(), *missing}))


def _check(name: str, settings: ServiceSettings, needs: Callable[[Ground], Needs]) -> int:
    """Say, a line each, what this service connects to and whether it can."""
    outcome = 0
    with ExitStack() as opened:
        ground = Ground(name, settings, opened)
        asked: dict[str, Ask] = {
            f"Kafka at {', '.join(settings.kafka.servers)}": partial(_reach_bus, ground),
            f"bucket {settings.store.bucket} at {settings.store.endpoint}": ground.ask_store,
            **{f"{of} at {need.where}": need.ask for of, need in needs(ground).items()},
        }
        for what, ask in asked.items():
            try:
                ask()
                print(f"reached: {what}")  # noqa: T201 - the command's answer
            except (*AWAY, Refused) as away:
                outcome = 1
                print(f"not reached: {what}: {' '.join(str(away).split())}")  # noqa: T201
    return outcome


def _reach_bus(ground: Ground) -> None:
    wanted = channels(ground.settings.kafka.lane_partitions)
    with closing(KafkaTopics(ground.settings.kafka)) as topics:
        missing = changes(wanted, topics.find(channel.name for channel in wanted))
    if missing:
        raise Refused(f"{len(missing)} topics are not as they should be: `inyourarea topics apply`")
