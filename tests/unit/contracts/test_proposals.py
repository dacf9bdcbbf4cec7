"""What a run proposes: what was seen, as whose, and which boxes one click may name."""

from fractions import Fraction

import numpy as np

from inyourarea.contracts.datasets import PROPOSED
from inyourarea.contracts.proposals import Proposals
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks

O, F, FILLED = State.OBSERVED, State.FOLLOWED, State.FILLED  # noqa: E741 - reads as a table


def run(
    states: list[State], sureness: list[float], box: tuple[float, float, float, float]
) -> Tracks:
    """One person in two shots of three frames each."""
    track = Track(
        person="p1",
        name="Aria",
        state=np.array(states, np.uint8),
        reason=np.zeros(6, np.uint8),
        xyxy=np.tile(np.array(box, np.float32), (6, 1)),
        confidence=np.ones(6, np.float32),
        identity=np.array(sureness, np.float32),
    )
    timeline = Timeline(np.arange(6, dtype=np.int64), Fraction(1, 30))
    return Tracks(timeline, (100, 50), (Shot(0, 2), Shot(3, 5)), (track,))


def test_only_what_was_observed_is_proposed() -> None:
    tracks = run([O, F, FILLED, State.OPEN, State.ABSENT, O], [1.0] * 6, (10, 10, 20.1234, 20))
    proposals = Proposals("ab", tracks, {"p1": "Aria"})
    assert [len(proposals.boxes(frame)) for frame in range(6)] == [1, 0, 0, 0, 0, 1]
    box = proposals.boxes(0)[0]
    assert (box.box, box.member, box.state) == ((10, 10, 20.12, 20), "Aria", PROPOSED)


def test_who_is_not_known_has_no_name() -> None:
    proposals = Proposals("ab", run([O] * 6, [1.0] * 6, (10, 10, 20, 20)), {})
    assert proposals.boxes(0)[0].member == ""


def test_a_box_at_the_edge_is_clipped_and_one_outside_left_out() -> None:
    at_edge = Proposals("ab", run([O] * 6, [1.0] * 6, (90, -5, 110, 20)), {})
    assert at_edge.boxes(0)[0].box == (90, 0, 100, 20)
    outside = Proposals("ab", run([O] * 6, [1.0] * 6, (101, 0, 120, 20)), {})
    assert outside.boxes(0) == ()


def test_a_tracklet_ends_with_its_shot_and_where_the_sureness_is_another() -> None:
    tracks = run([O, FILLED, O, O, O, O], [0.9, 0.9, 0.9, 0.9, 0.7, 0.9], (10, 10, 20, 20))
    proposals = Proposals("ab", tracks, {})
    named = [box.tracklet for frame in range(6) for box in proposals.boxes(frame)]
    assert named == ["ab:0:0-0", "ab:0:0-0", "ab:1:0-0", "ab:1:0-1", "ab:1:0-2"]
