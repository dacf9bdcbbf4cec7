"""The keeper: runs of which nothing is heard are told again, by one gateway of several."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from inyourarea.contracts import keys
from inyourarea.contracts.datasets import Members
from inyourarea.contracts.topics import TAKE_HEADER
from inyourarea.contracts.trainings import DONE, WORKING, TrainingState, TrainingWish
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway import keeping
from inyourarea.gateway.catalog import Step
from inyourarea.gateway.handler import READING
from inyourarea.gateway.journal import Submitted
from inyourarea.gateway.keeping import announce_silent_runs, announce_silent_trainings
from inyourarea.runtime.bus import BusAway
from rehearsal_house import RehearsedSite
from waiting import until

SILENCE_S = 600


class Clock:
    """What the keeper and the catalog take for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_800_000_000
        monkeypatch.setattr("time.time_ns", lambda: self.seconds * 10**9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def told_after(site: RehearsedSite, clock: Clock, seconds: int) -> int:
    """How many facts are told when so much time has passed."""
    clock.seconds += seconds
    before = len(site.stages.told)
    announce_silent_runs(site.house, SILENCE_S)
    announce_silent_runs(site.house, SILENCE_S)  # another copy of the gateway
    return len(site.stages.told) - before


def test_a_run_that_waits_in_line_is_told_once_per_silence(
    site: RehearsedSite, clock: Clock
) -> None:
    site.submit()
    waits = (1, 60, SILENCE_S - 61, 2, 60, SILENCE_S, 1)
    assert [told_after(site, clock, each) for each in waits] == [0, 0, 0, 1, 0, 1, 0]


def test_a_step_breaks_the_silence(site: RehearsedSite, clock: Clock) -> None:
    run = site.submit()["run_id"]
    assert told_after(site, clock, 1) == 0
    clock.seconds += SILENCE_S
    site.catalog.note(Step(run, READING, 0))
    assert told_after(site, clock, SILENCE_S - 1) == 0
    assert told_after(site, clock, 2) == 1


def test_what_is_finished_is_not_told_again(site: RehearsedSite, clock: Clock) -> None:
    site.ready()
    assert told_after(site, clock, 2 * SILENCE_S) == 0


def test_a_run_that_another_version_began_is_asked_for_anew_by_who_asked(
    site: RehearsedSite, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, done = site.submit(b"one"), site.ready(b"two")
    entry = Submitted(by="kim", run_id=old["run_id"], title="one", filename="one.mp4")
    site.house.write_down(old["id"], entry)
    browsers_lack = {key for key in site.stored() if "/streams/" in key}
    monkeypatch.setattr(keys, "RENDER_REVISION", keys.RENDER_REVISION + 1)
    for key in browsers_lack:
        site.objects.delete(key)
    site.house.projection.rebuild()
    assert told_after(site, clock, 1) == 0
    assert told_after(site, clock, SILENCE_S + 1) == 2
    new = site.get(f"/videos/{old['id']}")["run_id"]
    told = {fact.run_id for fact in site.stages.told[-2:]}
    assert new != old["run_id"]
    assert told == {new, done["run_id"]}  # what is published lacks but what browsers are given
    assert site.house.journal.read(old["id"])[-1].by == "kim"
    assert site.work(old["id"])["state"] == "ready"


def test_a_new_bus_is_told_of_everything_at_once(site: RehearsedSite) -> None:
    site.submit()
    before = len(site.stages.told)
    keeping.announce_silent_runs(site.house, 0)
    assert len(site.stages.told) == before + 1
    take = site.objects.get(keys.take(site.stages.told[-1].run_id))
    assert site.stages.headers[-1] == {TAKE_HEADER: take}


def test_a_run_that_is_gone_strands_no_other(site: RehearsedSite) -> None:
    gone, left = site.submit()["run_id"], site.submit(b"another")["run_id"]
    site.objects.delete(keys.accepted(gone))
    before = len(site.stages.told)
    keeping.announce_silent_runs(site.house, 0)
    assert [fact.run_id for fact in site.stages.told[before:]] == [left]


def _one_untold(site: RehearsedSite, patch: pytest.MonkeyPatch, trouble: Exception) -> list[str]:
    """Of two unfinished runs the first can not be told, for that trouble; both, in order."""
    for content in (b"one", b"two"):
        site.submit(content)
    bad, left = site.catalog.unfinished()
    publish = site.stages.publish

    def publish_some(fact: Any, headers: Mapping[str, bytes]) -> None:
        if fact.run_id == bad:
            raise trouble
        publish(fact, headers)

    patch.setattr(site.stages, "publish", publish_some)
    return [bad, left]


def test_a_run_that_can_not_be_told_strands_no_other(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, left = _one_untold(site, monkeypatch, ValueError("too large for the bus"))
    before = len(site.stages.told)
    announce_silent_runs(site.house, 0)
    assert [fact.run_id for fact in site.stages.told[before:]] == [left]
    assert f"run {bad}" in caplog.text


def test_a_run_that_somebody_is_away_for_strands_no_other(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, left = _one_untold(site, monkeypatch, BusAway("it takes too long"))
    before = len(site.stages.told)
    with pytest.raises(BusAway):
        announce_silent_runs(site.house, 0)
    assert [fact.run_id for fact in site.stages.told[before:]] == [left]


def test_while_the_bus_is_away_it_is_not_waited_for_once_for_every_run(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def publish(fact: Any, _: Mapping[str, bytes]) -> None:
        tries.append(fact)
        raise BusAway("no broker")

    for number in range(5):
        site.submit(b"%d" % number)
    monkeypatch.setattr(site.stages, "publish", publish)
    with pytest.raises(BusAway):
        announce_silent_runs(site.house, 0)
    assert len(tries) == 3


def test_while_the_bus_is_away_no_run_is_told(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(*_: object) -> None:
        raise BusAway("no broker")

    site.submit()
    monkeypatch.setattr(site.stages, "publish", publish)
    with pytest.raises(BusAway):
        announce_silent_runs(site.house, 0)


def trainings_told(site: RehearsedSite, clock: Clock, seconds: int) -> list[facts.TrainingWanted]:
    """Which trainings are told again when so much time has passed."""
    clock.seconds += seconds
    before = len(site.stages.told)
    announce_silent_trainings(site.house, SILENCE_S)
    return [fact for fact in site.stages.told[before:] if isinstance(fact, facts.TrainingWanted)]


def test_a_training_that_is_under_way_and_silent_is_told_again(
    site: RehearsedSite, clock: Clock
) -> None:
    trainings = site.house.trainings
    for name in ("tour", "ended"):
        site.house.datasets.make(name, Members(("Ana",)))
    ended, _ = trainings.want("ended", TrainingWish("ended"), "kim")
    trainings.tell(ended, TrainingState(DONE, version=1))
    lost, _ = trainings.want("tour", TrainingWish("tour"), "kim")
    assert trainings_told(site, clock, SILENCE_S - 1) == []
    assert trainings_told(site, clock, 2) == [lost.fact]
    trainings.tell(lost, TrainingState(WORKING, step="learning", done=1, total=4))
    assert trainings_told(site, clock, SILENCE_S - 1) == []
    assert trainings_told(site, clock, 2) == [lost.fact]
    site.house.settings = replace(site.house.settings, why_no_training="nobody does")
    assert trainings_told(site, clock, SILENCE_S) == []


def test_a_training_that_can_not_be_read_strands_no_other(
    site: RehearsedSite, clock: Clock
) -> None:
    site.objects.put(keys.training(keys.dataset("newer"), 1), b'{"wish": "of a newer version"}')
    site.house.datasets.make("tour", Members(("Ana",)))
    lost, _ = site.house.trainings.want("tour", TrainingWish("tour"), "kim")
    assert trainings_told(site, clock, SILENCE_S + 1) == [lost.fact]


def test_the_keeper_outlives_a_round_that_goes_wrong(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def go_wrong() -> None:
        raise ValueError("another copy has swept it")

    monkeypatch.setattr(site.house, "sweep", go_wrong)
    site.house.settings = replace(site.house.settings, silence_s=0.02)
    site.submit()
    before = len(site.stages.told)
    with keeping.kept(site.house):
        until(lambda: len(site.stages.told) > before)
    assert "another copy has swept it" in caplog.text
