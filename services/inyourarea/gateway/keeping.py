"""What a gateway looks after from time to time: leftovers go, no run or training is stranded."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from inyourarea.contracts.runs import is_current
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.catalog import Step
from inyourarea.gateway.house import House
from inyourarea.gateway.journal import PinsSet, Submitted, last_of
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.submission import submit_again
from inyourarea.runtime.json_logs import speaking_of
from inyourarea.runtime.worker import AWAY, by_itself, take_of

log = logging.getLogger(__name__)

#: Seconds between two rounds.
_ROUND_S = 60.0
#: The store is swept every so many rounds: that lists much of it.
_SWEEP_ROUNDS = 10
#: Runs in a row that somebody is away for: each may have been waited for a minute and more.
_MOST_ABSENCES = 3
#: Trainings are looked for every so many rounds: that lists all datasets, and may tell a fact more.
_TRAINING_ROUNDS = 60
#: Seconds without a word after which a training is told again: a percent of one takes less.
_TRAINING_SILENCE_S = 3600.0
#: The step that the keeper notes when it has seen a run, and when it has told it again.
_TOLD = "told again"


@contextmanager
def kept(house: House) -> Iterator[None]:
    """The house is looked after, now and from time to time."""
    stop = threading.Event()

    def keep() -> None:
        turn = 0
        while not stop.is_set():
            try:
                if turn % _SWEEP_ROUNDS == 0:
                    house.sweep()
                announce_silent_runs(house, house.settings.silence_s)
                if turn % _TRAINING_ROUNDS == 0:
                    announce_silent_trainings(house, _TRAINING_SILENCE_S)
            except AWAY as away:
                log.warning("the house can not be looked after now: %s", away)
            except Exception:  # whoever looks after all runs must not die of one
                log.exception("the house was looked after in vain")
            turn += 1
            stop.wait(min(_ROUND_S, house.settings.silence_s / 2))

    keeper = threading.Thread(target=keep, name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def announce_silent_runs(house: House, silence_s: float) -> None:
    """Unfinished runs of which nothing was heard for so long are told to all stages again.

    One that somebody is away for strands no other; where that is so of several in a row it is for
    all of them.

    Each stage finds what there is, makes what is missing, and tells its facts again; so whatever
    was lost on the way, the bus itself included, a run comes to its end. One that another version
    of the program began is asked for anew, since stages leave it. A run that waits in line
    is silent as well: its silence counts from when it was first seen, or told again, by any copy of
    the gateway.
    """
    absent, in_a_row = None, 0
    for run in house.catalog.unfinished():
        try:
            with by_itself(f"run {run}"):
                _announce_silent_run(house, run, silence_s)
            in_a_row = 0
        except AWAY as away:
            absent, in_a_row = away, in_a_row + 1
            if in_a_row == _MOST_ABSENCES:
                break
    if absent:
        raise absent


def _announce_silent_run(house: House, run: str, silence_s: float) -> None:
    steps = house.catalog.steps(run)
    last_ns = max((last for _, _, last in steps.values()), default=None)
    if last_ns is not None and time.time_ns() - last_ns <= silence_s * 1e9:
        return
    if last_ns is not None or not silence_s:
        try:
            accepted = house.showing.accepted(run)
        except NotThere:  # its video was deleted since
            return
        with speaking_of(accepted):
            _tell_again(house, accepted)
    house.catalog.note(Step(run, _TOLD, steps.get(_TOLD, (0,))[0]))


def _tell_again(house: House, accepted: facts.VideoAccepted) -> None:
    run, row = accepted.run_id, house.catalog.video(accepted.video_id)
    if row and row["run_id"] == run and row["state"] == "working" and not is_current(accepted):
        log.info("run %s of another version is asked for anew", run)
        asked = last_of(house.journal.read(row["id"]), Submitted, PinsSet)
        return submit_again(house, row, asked.by if asked else "")
    log.info("run %s is told again", run)
    return house.stages.publish(accepted, take_of(run, house.objects))


def announce_silent_trainings(house: House, silence_s: float) -> None:
    """Trainings under way of which nothing was heard for so long are told to whoever trains again.

    What was lost, as with a bus that is a new one, would else keep its dataset from another. One
    that ends meanwhile is not done again.
    """
    if house.settings.why_no_training:
        return
    for training, state in house.trainings.under_way():
        if time.time_ns() - state.at_ns > silence_s * 1e9:
            with by_itself(f"training {training.number} of {training.dataset}"):
                log.info("training %d of %s is told again", training.number, training.dataset)
                house.stages.publish(training.fact)
