"""What is written of trainings, as it is read again."""

import json

from inyourarea.contracts.trainings import (
    WORKING,
    Training,
    TrainingState,
    TrainingWish,
    read_state,
    read_training,
    write_state,
    write_training,
)

WANTED = Training("tour", 2, TrainingWish("ive", imgsz=640, is_forced=True), "kim", 7)


def test_what_is_written_is_read_again() -> None:
    assert read_training(write_training(WANTED)) == WANTED
    state = TrainingState(WORKING, step="learning", done=1, total=4)
    assert read_state(write_state(state)) == state


def test_what_a_later_program_wrote_is_read_as_far_as_it_is_known() -> None:
    told = json.loads(write_training(WANTED))
    told["wish"]["optimiser"] = told["priority"] = "new"
    assert read_training(json.dumps(told).encode()) == WANTED
    state = json.loads(write_state(TrainingState()))
    assert read_state(json.dumps({**state, "eta_s": 9}).encode()) == TrainingState()
