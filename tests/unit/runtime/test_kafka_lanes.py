"""Records wait in lanes: the channel named first, then the oldest; a lost partition's are gone."""

from inyourarea.runtime.bus import Record
from inyourarea.runtime.kafka_lanes import FEW, Lanes


def lanes(*records: tuple[str, int, int]) -> Lanes:
    """Lanes with records of (channel, partition, offset), a millisecond apart."""
    made = Lanes(("urgent", "bulk"))
    for at_ms, (channel, partition, offset) in enumerate(records):
        made.arrive(Record(channel, "", b"", {}, partition, offset), at_ms)
    return made


def taken(of: Lanes) -> list[tuple[str, int, int]]:
    records = iter(of.take, None)
    return [(record.channel, record.partition, record.offset) for record in records if record]


def test_the_urgent_lane_is_served_first_and_the_oldest_record_of_a_lane() -> None:
    waiting = lanes(("bulk", 1, 0), ("bulk", 0, 7), ("bulk", 1, 1), ("urgent", 3, 0))
    assert waiting.best_rank() == 0
    assert taken(waiting) == [("urgent", 3, 0), ("bulk", 1, 0), ("bulk", 0, 7), ("bulk", 1, 1)]
    assert waiting.best_rank() is None


def test_what_waited_of_a_lost_partition_is_gone_and_not_ours_to_commit() -> None:
    waiting = lanes(("bulk", 0, 5), ("bulk", 1, 5), ("bulk", 0, 6))
    given = waiting.take()
    assert given is not None
    assert waiting.finish(given)
    waiting.lose([("bulk", 0)])
    assert not waiting.finish(given)
    assert taken(waiting) == [("bulk", 1, 5)]


def test_a_record_that_came_again_while_it_was_in_hand_is_not_given_twice() -> None:
    waiting = lanes(("bulk", 0, 5))
    given = waiting.take()
    assert given is not None
    waiting.lose([("bulk", 0)])
    for offset in (5, 6):
        waiting.arrive(Record("bulk", "", b"", {}, 0, offset), 9)
    assert waiting.finish(given)
    assert taken(waiting) == [("bulk", 0, 6)]


def test_a_commit_never_goes_back_behind_what_others_did_meanwhile() -> None:
    waiting = lanes(("bulk", 0, 5))
    given = waiting.take()
    assert given is not None
    waiting.lose([("bulk", 0)])
    waiting.arrive(Record("bulk", "", b"", {}, 0, 9), 9)
    assert not waiting.finish(given)


def test_a_partition_with_enough_waiting_is_full() -> None:
    waiting = lanes(*(("bulk", 0, offset) for offset in range(FEW)), ("bulk", 1, 0))
    assert waiting.full() == {("bulk", 0)}
    waiting.take()
    assert waiting.full() == set()
