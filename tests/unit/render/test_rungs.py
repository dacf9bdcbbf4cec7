"""Rungs have even sides, the source's aspect and never more pixels than it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.render.rungs import LONGEST, half_size, stage_rungs


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        ((3840, 2160), [(1920, 1080), (1280, 720), (852, 480)]),
        ((1920, 1080), [(1920, 1080), (1280, 720), (852, 480)]),
        ((1080, 1920), [(1080, 1920), (720, 1280), (480, 852)]),
        ((1600, 900), [(1600, 900), (1280, 720), (852, 480)]),
        ((1280, 720), [(1280, 720), (852, 480)]),
        ((640, 360), [(640, 360)]),
        ((161, 97), [(160, 96)]),
    ],
)
def test_rungs_are_those_below_the_source(
    source: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    rungs = stage_rungs(source)
    assert [rung.size for rung in rungs] == sizes
    assert [rung.name for rung in rungs] == [str(min(size)) for size in sizes]


@given(st.integers(16, 8192), st.integers(16, 4320))
def test_any_source_has_rungs(width: int, height: int) -> None:
    rungs = stage_rungs((width, height))
    assert len({rung.name for rung in rungs}) == len(rungs)
    for rung in rungs:
        assert all(side % 2 == 0 and side >= 2 for side in rung.size)
        assert max(rung.size) <= LONGEST
        assert rung.size[0] <= width
        assert rung.size[1] <= height


@pytest.mark.parametrize(
    ("size", "half"),
    [((608, 1080), (304, 540)), ((610, 1080), (304, 540)), ((178, 360), None), ((64, 64), None)],
)
def test_a_fancam_is_halved_where_enough_is_left(
    size: tuple[int, int], half: tuple[int, int] | None
) -> None:
    assert half_size(size) == half
