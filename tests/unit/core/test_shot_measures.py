"""How right the shots are."""

from fractions import Fraction

import numpy as np

from inyourarea.core.shot_measures import measure_shots
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline

TIMELINE = Timeline(np.arange(200, dtype=np.int64) * 1001, Fraction(1, 30000))


def shots(*firsts, kind="cut"):
    ends = [*(first - 1 for first in firsts), 199]
    return tuple(
        Shot(first, last, kind if first else "cut")
        for first, last in zip([0, *firsts], ends, strict=True)
    )


def test_the_same_boundaries_are_all_right():
    measures = measure_shots(shots(50, 120), shots(50, 120), TIMELINE)
    assert (measures.f1, measures.missed, measures.extra) == (1, (), ())


def test_a_video_of_one_shot_found_as_one_is_right():
    assert measure_shots(shots(), shots(), TIMELINE).f1 == 1


def test_a_cut_may_be_one_frame_off_and_no_more():
    assert measure_shots(shots(51), shots(50), TIMELINE).f1 == 1
    off = measure_shots(shots(52), shots(50), TIMELINE)
    assert (off.f1, off.missed, off.extra) == (0, (50,), (52,))


def test_a_dissolve_may_be_half_a_second_off():
    truth = shots(100, kind="dissolve")
    assert measure_shots(shots(114), truth, TIMELINE).f1 == 1
    assert measure_shots(shots(116), truth, TIMELINE).f1 == 0


def test_half_a_second_off_is_the_same_wherever_it_is():
    even = Timeline(np.arange(200, dtype=np.int64), Fraction(1, 30))
    for first in range(1, 184):
        truth = shots(first, kind="dissolve")
        assert measure_shots(shots(first + 15), truth, even).f1 == 1
        assert measure_shots(shots(first + 16), truth, even).f1 == 0


def test_a_flash_taken_for_a_cut_costs_precision():
    measures = measure_shots(shots(50, 80), shots(50), TIMELINE)
    assert measures.f1 == 2 / 3
    assert measures.extra == (80,)


def test_two_boundaries_found_for_one_count_once():
    measures = measure_shots(shots(98, 104), shots(100, kind="dissolve"), TIMELINE)
    assert (measures.matched, len(measures.extra)) == (1, 1)
