"""A whole hard show, drawn small: what the exam asks for is true of it, measured from its truth."""

import json

import pytest

from inyourarea.stage_show import Show, ShowSpec, draw_frame
from inyourarea.stage_show.difficulty import describe


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "members"), [(1, 4)])
def test_a_hard_show_is_as_hard_as_it_says(seed: int, members: int) -> None:
    show = Show.plan(ShowSpec(seed=seed, members=members, size=(160, 90)))
    rows = [row for frame in range(show.spec.frames) for row in draw_frame(show, frame)[1]]
    described = describe(show, rows)
    figures = json.loads(json.dumps(described))["difficulty"]
    assert 24 <= figures["face_height_px"]["min"] < 26
    assert 370 < figures["face_height_px"]["max"] <= 400
    assert figures["wide_face_height_median_px"] <= 45
    assert min(figures["crossings_per_minute"].values()) >= 6
    assert 1.0 <= figures["turned_away_longest_s"] <= 3
    assert 0.8 <= figures["hidden_longest_s"] <= 2
    assert figures["shots_with_absent_members"] >= 1
    assert 2 <= figures["shortest_shot_s"] <= figures["longest_shot_s"] <= 6.01
    assert figures["screen_face_height_median_px"] > 1.5 * figures["wide_face_height_median_px"]
    assert min(figures["transitions"].values()) >= 1
