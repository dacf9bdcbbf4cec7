"""One member of a Kafka consumer group, which stays one however long a step takes."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import KafkaAdminClient, MemberToRemove, OffsetSpec
from kafka.structs import MemberState

from inyourarea.runtime.bus import BusAway, Record
from inyourarea.runtime.kafka_assignor import EvenAssignor
from inyourarea.runtime.kafka_clients import connected, end_consumer
from inyourarea.runtime.kafka_lanes import Lanes
from inyourarea.runtime.kafka_settings import KafkaSettings

log = logging.getLogger(__name__)

#: Between two polls while nobody consumes, in seconds: how fast a rebalance goes on then.
_TICK_S = 0.1
#: Longest time inside one poll, in seconds: whoever else needs the consumer waits that long.
_SLICE_S = 0.5
#: While the group rebalances, one poll takes this long, in seconds, and so many follow at once.
_JOIN_S, _JOIN_TURNS = 0.25, 8
#: How much comes at once, in bytes, of a partition and of all: some 50 facts, some 1000. They bound
#: what a member holds, not a number of records per poll: of a partition that is paused with part of
#: a fetch not yet taken, kafka-python 3.0.12 gives nothing ever after (`Fetcher.fetched_records`
#: keeps the emptied `_next_partition_records`), so each poll takes all that has come.
_FETCH_BYTES, _FETCHES_BYTES, _ALL = 1 << 15, 1 << 20, 1 << 20
#: A record of a lower lane that has just come waits this long, in seconds, for one of a higher lane
#: that was published at the same time: a fetch on a local network takes less.
_SETTLE_S = 0.03
#: After a step this long, in seconds, for what a broker has just sent to be read.
_GLANCE_S = 0.01
#: After this silence, in seconds, Kafka is asked whether it is there.
_SILENCE_S = 3.0
#: A commit waits this long, in seconds, for a rebalance to end.
_COMMIT_S = 10.0
#: A consumer that failed has this long, in seconds, to say goodbye.
_GOODBYE_S = 1.0
#: What the group's new state says about a commit, which is asked again when the state is known.
_REBALANCING = (
    kafka_errors.RebalanceInProgressError,
    kafka_errors.CommitFailedError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.UnknownMemberIdError,
)


@dataclass(frozen=True)
class Pace:
    """When Kafka holds a member for dead, in seconds.

    ``session_s`` after its last sign of life (Kafka allows no less than 6): a killed process's
    records go to the others then. ``poll_s`` after its last poll, so only if the keeper hangs.
    ``request_s``: how long one question to a broker may take.
    """

    session_s: float = 8.0
    heartbeat_s: float = 1.0
    poll_s: float = 60.0
    request_s: float = 10.0


class _Losses(ConsumerRebalanceListener):  # type: ignore[misc]  # the SDK has no types
    """Hears on the SDK's own thread which partitions the member owns no more."""

    def __init__(self, assignor: EvenAssignor) -> None:
        self._assignor = assignor
        self.places: deque[TopicPartition] = deque()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self.places.extend(revoked)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self.places.extend(lost)
        # The SDK would go on claiming them when it joins anew, against their new owners.
        self._assignor.member_assignment = None

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Their records tell."""


class KafkaMember:
    """Consumes and commits for one group.

    The consumer is used by one thread at a time, under a lock: by whoever consumes or commits and,
    while nobody does, by the keeper, a thread that polls only to stay a member (partitions with
    enough records waiting are paused). It also connects, asks whether Kafka is there, and connects
    anew after an error.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, channels: tuple[str, ...], pace: Pace
    ) -> None:
        self._settings, self._group, self._channels, self._pace = settings, group, channels, pace
        self._lock = threading.Lock()
        self._lanes = Lanes(channels)
        self._losses = _Losses(EvenAssignor())
        self._consumer: KafkaConsumer | None = None
        self._admin: KafkaAdminClient | None = None
        self._away = self._twin = ""
        self._polled = self._heard = self._settled = self._looked = 0.0
        self._behind: set[TopicPartition] = set()
        self._counts = dict.fromkeys(channels, 0)
        self._is_out = False
        self._unowned: set[TopicPartition] = set()
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"keeps {group}", daemon=True)
        self._keeper.start()

    @property
    def is_closed(self) -> bool:
        """Whether the member has left."""
        return self._stop.is_set()

    @property
    def is_connected(self) -> bool:
        """Whether Kafka was reached since the member was made, or had to connect anew."""
        return self._consumer is not None

    @property
    def assigned(self) -> set[tuple[str, int]]:
        """The channels' partitions that are this member's now."""
        consumer = self._consumer
        return set() if consumer is None else {tuple(place) for place in consumer.assignment()}

    def consume(self, timeout_s: float) -> Record | None:
        """See `Bus.consume`."""
        end = time.monotonic() + timeout_s
        while True:
            self.check()
            with self._lock:
                record = self._look(end - time.monotonic())
                self._count()
            left = end - time.monotonic()
            if record is not None or left <= 0:
                return record
            if self._consumer is None:
                self._stop.wait(min(left, _SLICE_S))

    def commit(self, record: Record) -> None:
        """See `Bus.commit`; a record whose partition is another's now is left to that one."""
        place = TopicPartition(record.channel, record.partition)
        end = time.monotonic() + _COMMIT_S
        while True:
            self.check()
            with self._lock:
                self._forget_lost()
                if not self._lanes.finish(record):
                    log.info("%s is another member's now: not committed", place)
                    return
                if self._is_committed(place, record.offset + 1):
                    return
            if time.monotonic() > end:
                # As when its topics were taken away and made again, which kafka-python 3.0.12 may
                # never get over: the record comes again to whoever has its partition then.
                with self._lock:
                    self._drop(f"group {self._group} does not come to rest")
                raise BusAway(self._away)
            time.sleep(_TICK_S / 2)

    def behind(self) -> dict[str, int]:
        """See `Bus.behind`; without the lock, which a member that waits nearly always holds."""
        return self._counts

    def close(self) -> None:
        """The member has left its group, which gives its partitions to the others at once."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._keeper.join(2 * self._pace.request_s)
        if self._lock.acquire(timeout=2 * self._pace.request_s):
            self._leave()

    def check(self) -> None:
        """The member can consume and commit, as far as is known. Raises `BusAway`."""
        if self._stop.is_set():
            raise BusAway("this member has left its group")
        if self._twin or self._away:
            raise BusAway(self._twin or self._away)

    def _look(self, left_s: float) -> Record | None:
        if self._consumer is None:
            return None
        if self._lanes.best_rank() != 0:
            is_fresh = time.monotonic() - self._looked < _SETTLE_S
            self._gather(0 if is_fresh or left_s <= 0 else _GLANCE_S)
            self._looked = time.monotonic()
        if self._lanes.best_rank() is None and left_s > 0:
            self._gather(min(left_s, _SLICE_S))
        unsettled_s = self._settled - time.monotonic()
        if self._lanes.best_rank() and unsettled_s > 0:
            self._gather(unsettled_s)
        return self._lanes.take()

    def _gather(self, wait_s: float) -> None:
        """What has come waits in its lane, at most few of a partition."""
        came = self._poll(wait_s)
        while came:
            came = self._poll(0)

    def _poll(self, wait_s: float) -> bool:
        assert self._consumer is not None
        try:
            came = self._consumer.poll(timeout_ms=_ms(wait_s), max_records=_ALL)
            # A join that ends while nobody polls is forgotten by the SDK, and begun again.
            for _ in range(_JOIN_TURNS):
                if came or self._consumer.group_metadata().state is MemberState.STABLE:
                    break
                came = self._consumer.poll(timeout_ms=_ms(_JOIN_S), max_records=_ALL)
        except kafka_errors.KafkaError as error:
            self._drop(f"Kafka's consumer failed: {error}")
            raise BusAway(self._away) from error
        self._polled = time.monotonic()
        self._forget_lost()
        if came and self._lanes.best_rank() is None:
            self._settled = self._polled + _SETTLE_S
        for place, messages in came.items():
            self._heard = self._polled
            for message in messages:
                self._lanes.arrive(to_record(place, message), message.timestamp)
        self._pause_full()
        return bool(came)

    def _count(self) -> None:
        """What the member is behind is known for now; out of its group, as it last was."""
        consumer = self._consumer
        if consumer is None or consumer.group_metadata().state is not MemberState.STABLE:
            return
        counts = dict.fromkeys(self._channels, 0) | self._lanes.waiting()
        for place in consumer.assignment():
            owned = consumer._subscription.assignment.get(place)
            if owned and owned.position and owned.highwater:
                counts[place.topic] += max(0, owned.highwater - owned.position.offset)
        self._counts = counts

    def _pause_full(self) -> None:
        assert self._consumer is not None
        full = {TopicPartition(*place) for place in self._lanes.full()}
        paused = self._consumer.paused()
        for place in full - paused:
            with suppress(KeyError):  # lost a moment ago
                self._consumer.pause(place)
        for place in paused - full:
            with suppress(KeyError):
                self._consumer.resume(place)

    def _forget_lost(self) -> None:
        while self._losses.places:
            self._lanes.lose([tuple(self._losses.places.popleft())])

    def _is_committed(self, place: TopicPartition, offset: int) -> bool:
        if self._consumer is None:
            raise BusAway("Kafka is being connected to anew")
        try:
            self._consumer.commit(
                {place: OffsetAndMetadata(offset, "", -1)}, timeout_ms=_ms(self._pace.request_s)
            )
        except _REBALANCING as moving:
            log.debug("group %s rebalances: %s", self._group, moving)
            self._poll(0)
            return False
        except kafka_errors.FencedInstanceIdError as error:
            # To join again would fence the other, and so on for ever.
            self._twin = f"group {self._group} has another member named {self._settings.member}"
            raise BusAway(self._twin) from error
        except kafka_errors.KafkaError as error:
            raise BusAway(f"Kafka did not take a commit: {error}") from error
        self._heard = time.monotonic()
        return True

    def _keep(self) -> None:
        while not self._stop.wait(_TICK_S) and not self._twin:
            try:
                self._ask()
                joining = self._connected() if self._consumer is None else None
                with self._lock:
                    self._consumer = joining or self._consumer
                    is_still = time.monotonic() - self._polled > _TICK_S
                    if is_still and self._consumer is not None:  # a commit may have dropped it
                        self._poll(0)
                        self._count()
            except (kafka_errors.KafkaError, BusAway) as error:
                self._note(f"Kafka can not be reached: {error}")
            except Exception as error:  # the member must not die with its keeper
                log.exception("the keeper of group %s begins anew", self._group)
                with self._lock:
                    self._drop(f"{type(error).__name__}: {error}")

    def _ask(self) -> None:
        """Kafka is there and has the channels, and what is in them comes here.

        After an outage kafka-python 3.0.12 may fetch nothing any more (it holds on to leaders of
        before): the consumer is replaced then, and whenever it stands still while there is more.
        """
        if self._admin is None:
            self._admin = connected(KafkaAdminClient, **self._client_options())
        elif time.monotonic() - self._heard < _SILENCE_S:
            return
        places = _places(self._admin.describe_topics(list(self._channels)))
        missing = sorted(set(self._channels) - {place.topic for place in places})
        if missing:
            self._note(f"Kafka has no topic {missing[0]}: run `inyourarea topics apply`")
        else:
            stands_still = self._stands_still(self._admin)
            left_out = self._left_out(self._admin, places)
            if self._away or stands_still or left_out:
                why = "its group stands wrong" if left_out else "the consumer stands still"
                with self._lock:
                    self._drop(self._away or why)
                with suppress(kafka_errors.KafkaError):  # who is not in it can not be taken out
                    self._remove(left_out)
                self._note("")
        self._heard = time.monotonic()

    def _stands_still(self, admin: KafkaAdminClient) -> bool:
        """Whether a partition had more than has come here, at this question and at the last one."""
        at: dict[TopicPartition, int] = {}
        with self._lock:
            if self._consumer is not None:
                running = self._consumer.assignment() - self._consumer.paused()
                at = {place: self._position(place) for place in running}
        ends = admin.list_partition_offsets(dict.fromkeys(at, OffsetSpec.LATEST)) if at else {}
        before, self._behind = (
            self._behind,
            {place for place in at if ends[place].offset > at[place]},
        )
        return bool(before & self._behind)

    def _left_out(self, admin: KafkaAdminClient, places: set[TopicPartition]) -> str:
        """The member's id, if its group stood wrong at this question and at the last one.

        Either the group did not know it: after topics were taken away and made again kafka-python
        3.0.12 may fall out of its group, and poll ever after without joining it again. Or some of
        the channels' ``places`` were nobody's: whoever shared them out did not know of them yet, or
        they were taken from one member for another, who was not given them afterwards.
        """
        with self._lock:
            if (consumer := self._consumer) is None:
                return ""
            mine = str(consumer.group_metadata().member_id)
        group = admin.describe_groups([self._group])[self._group]
        members = {member["member_id"]: member["member_assignment"] for member in group["members"]}
        is_out = mine not in members
        unowned = places - _owned(members.values()) if group["group_state"] == "Stable" else set()
        was_out, self._is_out = self._is_out, is_out
        were_unowned, self._unowned = self._unowned, unowned
        return mine if (was_out and is_out) or were_unowned & unowned else ""

    def _position(self, place: TopicPartition) -> int:
        """The offset of the next record that comes here; 0 while that is not known.

        The SDK's own `position` looks all partitions through for each one, and asks for what is not
        known, as polling does: with a hundred partitions that was a fifth of what waiting cost.
        """
        assert self._consumer is not None
        owned = self._consumer._subscription.assignment.get(place)
        return int(owned.position.offset) if owned and owned.position else 0

    def _note(self, away: str) -> None:
        if away != self._away:
            log.warning("group %s: %s", self._group, away or "Kafka is there")
        self._away = away

    def _connected(self) -> KafkaConsumer:
        consumer: KafkaConsumer = connected(
            KafkaConsumer,
            group_id=self._group,
            group_instance_id=self._settings.member or None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_bytes=_FETCHES_BYTES,
            allow_auto_create_topics=False,
            partition_assignment_strategy=[self._losses._assignor],
            session_timeout_ms=_ms(self._pace.session_s),
            heartbeat_interval_ms=_ms(self._pace.heartbeat_s),
            max_poll_interval_ms=_ms(self._pace.poll_s),
            fetch_max_wait_ms=500,
            **self._client_options(),
        )
        try:
            consumer.subscribe(self._channels, listener=self._losses)
            # Who leads the group and does not know the partitions yet may give them to nobody.
            for channel in self._channels:
                consumer.partitions_for_topic(channel)
        except BaseException:
            with suppress(kafka_errors.KafkaError):
                end_consumer(consumer, _GOODBYE_S)
            raise
        return consumer

    def _client_options(self) -> dict[str, Any]:
        return self._settings.client_options() | client_times(self._pace)

    def _drop(self, reason: str) -> None:
        """The consumer is gone, and what it owned; the keeper makes another."""
        log.warning("group %s connects anew: %s", self._group, reason)
        self._away, self._heard, self._behind = reason, 0.0, set()
        self._is_out, self._unowned = False, set()
        consumer, self._consumer = self._consumer, None
        self._lanes = Lanes(self._channels)
        self._losses = _Losses(EvenAssignor())
        if consumer is not None:
            with suppress(kafka_errors.KafkaError):
                end_consumer(consumer, _GOODBYE_S)

    def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        try:
            if consumer is not None:
                member = consumer.group_metadata().member_id
                end_consumer(consumer, self._pace.request_s)
                self._remove(member)
        except kafka_errors.KafkaError as error:
            log.warning("group %s was left without a word: %s", self._group, error)
        finally:
            if self._admin is not None:
                self._admin.close()

    def _remove(self, member: str) -> None:
        """A member with a name of its own does not leave by closing: it might come back."""
        if self._settings.member and member and self._admin is not None:
            leaving = MemberToRemove(member_id=member, group_instance_id=self._settings.member)
            self._admin.remove_group_members(self._group, [leaving])


def _places(topics: Iterable[Any]) -> set[TopicPartition]:
    """All partitions of topics that Kafka described; of one that is not there it tells none."""
    return {
        TopicPartition(topic["name"], part["partition_index"])
        for topic in topics
        for part in topic["partitions"]
    }


def _owned(assignments: Iterable[Any]) -> set[TopicPartition]:
    """The partitions that are somebody's."""
    return {
        TopicPartition(part["topic"], number)
        for assignment in assignments
        for part in (assignment or {}).get("assigned_partitions", ())
        for number in part["partitions"]
    }


def client_times(pace: Pace) -> dict[str, Any]:
    """How patient every client of kafka-python is with a broker."""
    return {
        "request_timeout_ms": _ms(pace.request_s),
        "bootstrap_timeout_ms": _ms(pace.request_s / 2),
        # A broker that comes back is found within a second.
        "reconnect_backoff_max_ms": 1000,
        # New partitions are seen within half a minute.
        "metadata_max_age_ms": 30_000,
    }


def to_record(place: TopicPartition, message: Any) -> Record:
    """A message of kafka-python's as the port's record."""
    return Record(
        place.topic,
        (message.key or b"").decode(errors="replace"),
        message.value or b"",
        dict(message.headers),
        place.partition,
        message.offset,
        message.timestamp,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
