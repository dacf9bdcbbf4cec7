"""How far a run is, and how long it will take: as it went of late, without times of no work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.views import pace_s
from rehearsal_house import RehearsedSite


@pytest.mark.parametrize(
    ("pauses_s", "pace"),
    [
        ([2, 2, 2, 2], 2),
        ([2, 2, 3600, 2], 2),  # the machine slept
        ([0, 0, 0, 8, 0, 0, 0, 8], 2),  # four at a time
        ([2, 3600], 2),
    ],
)
def test_a_pace_does_not_count_the_time_in_which_nobody_worked(
    pauses_s: list[float], pace: float
) -> None:
    assert pace_s(pauses_s) == pace


@given(st.lists(st.floats(0, 1e6), min_size=2), st.floats(0, 1e9))
def test_one_longer_rest_changes_no_pace(pauses_s: list[float], rest_s: float) -> None:
    *others, longest = sorted(pauses_s)
    assert pace_s([*others, longest + rest_s]) == pace_s(pauses_s)


def test_what_is_left_is_told_as_it_went_of_late(
    site: RehearsedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = site.submit()
    run = site.catalog.run(video["run_id"])
    assert run is not None
    accepted = site.house.showing.accepted(video["run_id"])
    segments = 12
    for index in range(len(accepted.segments), segments):
        accepted.segments.add(index=index)
    site.objects.put(f"runs/{video['run_id']}/accepted.binpb", accepted.SerializeToString())
    site.house.refresh(video["id"])
    about = {"video_id": video["id"], "run_id": video["run_id"]}
    left = []
    for index, at_s in enumerate((0, 2, 4, 6, 7206, 7208)):  # two hours in which it stood still
        monkeypatch.setattr("time.time_ns", lambda at_s=at_s: at_s * 10**9)
        fact = facts.FramesExtracted(**about, segment=facts.Segment(index=index))
        site.handler.on_segment(fact)
        left.append(site.get(f"/videos/{video['id']}")["left_s"])
    assert left == [None, None, 18, 16, 14, 12]
