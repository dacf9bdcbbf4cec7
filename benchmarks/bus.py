"""Kafka as a bus of small facts: latency of one, throughput of many, and what idling costs.

Starts a Kafka of its own; prints one figure a line.
"""

import statistics
import sys
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from inyourarea.runtime.bus import Bus, Record  # noqa: E402
from kafka_house import KafkaHouse, kafka_house  # noqa: E402

#: A fact as the stages send them: ids, an interval, a few object keys.
_FACT = bytes(400)
_SINGLE, _MANY = 200, 2000


def main() -> None:
    """Print the figures."""
    with kafka_house("facts.urgent", "facts.bulk") as house, house.emptied():
        sender = house.join(f"senders-{uuid.uuid4().hex}", ("facts.urgent",))
        bus = house.join("group", ("facts.urgent", "facts.bulk"))
        for lane in ("urgent", "bulk"):
            _tell(f"one fact, {lane} lane, publish to consume, ms", _latencies(sender, bus, lane))
        _throughput(sender, bus)
        _idling(house)


def _latencies(sender: Bus, bus: Bus, lane: str) -> list[float]:
    taken = []
    for number in range(_SINGLE):
        began = time.perf_counter()
        sender.publish(Record(f"facts.{lane}", f"{number}", _FACT))
        sender.flush()
        while (record := bus.consume(1)) is None:
            pass
        taken.append(1000 * (time.perf_counter() - began))
        bus.commit(record)
    return taken


def _throughput(sender: Bus, bus: Bus) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(_MANY):
        sender.publish(Record("facts.bulk", f"{number}", _FACT))
    sender.flush()
    published, published_cpu = time.perf_counter() - began, time.process_time() - cpu
    began, cpu, commits = time.perf_counter(), time.process_time(), []
    for _ in range(_MANY):
        while (record := bus.consume(1)) is None:
            pass
        start = time.perf_counter()
        bus.commit(record)
        commits.append(1000 * (time.perf_counter() - start))
    took, took_cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"published: {_MANY / published:.0f}/s, {1000 * published_cpu / _MANY:.2f} CPU ms each")
    print(
        f"consumed, each committed: {_MANY / took:.0f}/s, {1000 * took_cpu / _MANY:.2f} CPU ms each"
    )
    _tell("one commit, ms", commits)


def _idling(house: KafkaHouse) -> None:
    cpu = time.process_time()
    time.sleep(10)
    members = len(house.members)
    print(f"idle: {100 * (time.process_time() - cpu) / 10 / members:.1f} % of a core per member")


def _tell(what: str, figures: list[float]) -> None:
    tenths = statistics.quantiles(figures, n=10)
    print(f"{what}: median {statistics.median(figures):.1f}, 9 of 10 under {tenths[-1]:.1f}")


if __name__ == "__main__":
    main()
