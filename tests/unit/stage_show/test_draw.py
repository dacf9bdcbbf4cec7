"""Single frames: pure, alike at every size, and true."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from inyourarea.stage_show import Show, ShowSpec, TruthRow, draw_frame
from inyourarea.stage_show.draw import pictures_at
from inyourarea.stage_show.timeline import WIPE

SIZE = (320, 180)


@pytest.fixture(scope="module")
def show() -> Show:
    return Show.plan(ShowSpec(seed=3, members=5, size=SIZE))


Drawn = dict[int, tuple[NDArray[np.uint8], list[TruthRow]]]


@pytest.fixture(scope="module")
def drawn(show: Show) -> Drawn:
    """Frames from all over the show, drawn once for all who look at many."""
    return {frame: draw_frame(show, frame) for frame in range(0, show.spec.frames, 13)}


def transition_frames(show: Show, kind: str) -> range:
    slot = next(shot.slot for shot in show.shots if shot.slot.transition == kind)
    return range(slot.first - slot.overlap // 2, slot.first + slot.overlap // 2)


def test_a_frame_does_not_depend_on_the_frames_before(show: Show) -> None:
    picture, rows = draw_frame(show, 200)
    draw_frame(show, 17)
    again, rows_again = draw_frame(Show.plan(show.spec), 200)
    assert np.array_equal(picture, again)
    assert rows == rows_again


def test_boxes_lie_in_the_picture_and_shares_between_nothing_and_all(drawn: Drawn) -> None:
    for frame, (picture, rows) in drawn.items():
        assert picture.shape == (180, 320, 3)
        assert picture.dtype == np.uint8
        for row in rows:
            for x1, y1, x2, y2 in (row.face, row.body):
                assert 0 <= x1 < x2 <= 320
                assert 0 <= y1 < y2 <= 180
            assert 0 <= row.face_visible <= 1
            assert 0 <= row.head_visible <= 1
            assert row.pts == frame * 1001
            assert row.role in ("member", "dancer", "screen")


def test_truth_is_the_same_at_every_size(show: Show) -> None:
    large = Show.plan(ShowSpec(seed=3, members=5, size=(960, 540)))
    for frame in (60, 400):
        small_rows, large_rows = draw_frame(show, frame)[1], draw_frame(large, frame)[1]
        assert len(small_rows) == len(large_rows)
        for a, b in zip(small_rows, large_rows, strict=True):
            assert (a.name, a.role, a.shot) == (b.name, b.role, b.shot)
            assert np.allclose(np.array(a.face) * 3, b.face, atol=0.1)
            assert a.face_visible == pytest.approx(b.face_visible, abs=0.15)


def test_a_live_member_appears_once_outside_transitions(show: Show, drawn: Drawn) -> None:
    for frame, (_, rows) in drawn.items():
        if pictures_at(show, frame)[1] is not None:
            continue
        names = [row.name for row in rows if row.role != "screen"]
        assert len(names) == len(set(names))


def test_the_wall_shows_members_larger_than_themselves_and_above_them(drawn: Drawn) -> None:
    pairs = 0
    for _, everybody in drawn.values():
        rows = [row for row in everybody if row.head_visible > 0.9]
        live = {row.name: row.face for row in rows if row.role == "member"}
        for row in rows:
            if row.role == "screen" and row.name in live and row.face[1] > 0:
                own = live[row.name]
                assert row.face[3] - row.face[1] > 1.5 * (own[3] - own[1])
                assert row.face[3] < own[1]
                pairs += 1
    assert pairs > 12


@pytest.mark.parametrize("kind", ["dissolve", WIPE])
def test_in_a_transition_both_pictures_people_have_rows_and_one_dominates(
    show: Show, kind: str
) -> None:
    shots_seen = set()
    for frame in transition_frames(show, kind):
        first, second, weight = pictures_at(show, frame)
        assert second == first + 1
        dominant = second if weight >= 0.5 else first
        rows = draw_frame(show, frame)[1]
        shots_seen |= {row.shot for row in rows}
        for row in rows:
            assert row.shot in (first, second)
            if row.shot != dominant:
                assert row.face_visible < 0.5
    assert len(shots_seen) == 2


def test_a_flash_brightens_the_whole_picture_at_its_frame(show: Show) -> None:
    lit = 0
    for frame in show.lights.flash_frames[:8]:
        if show.lights.strobe[frame - 1] != show.lights.strobe[frame]:
            continue
        before, _ = draw_frame(show, frame - 1)
        flash, _ = draw_frame(show, frame)
        gain = flash.astype(int).mean(axis=2) - before.astype(int).mean(axis=2)
        inside = gain[30:150]
        assert np.quantile(inside, 0.1) > 15
        lit += 1
    assert lit > 3


def test_the_intro_has_bars_and_they_cover_what_lies_under_them(show: Show) -> None:
    picture, rows = draw_frame(show, 5)
    assert not picture[170:].any()
    under = [row for row in rows if row.face[3] < 20]
    assert all(row.face_visible == 0 for row in under)
    later, _ = draw_frame(show, show.letterbox_until + 3)
    assert later[:15].any()


def rows_by_name(rows: list[TruthRow], role: str) -> dict[str, TruthRow]:
    return {row.name: row for row in rows if row.role == role}


def test_a_member_who_turned_away_has_no_visible_face_but_a_visible_head(drawn: Drawn) -> None:
    found = 0
    for _, rows in drawn.values():
        for row in rows:
            if row.role == "member" and row.face_visible == 0 and row.head_visible > 0.8:
                found += 1
    assert found > 3


def test_a_changed_outfit_is_seen_from_its_cut_on(show: Show) -> None:
    assert show.outfit_change is not None
    name, frame = show.outfit_change
    performer = next(p for p in show.performers if p.name == name)
    assert performer.outfit(frame - 1) != performer.outfit(frame)
    assert frame in [shot.slot.first for shot in show.shots if shot.slot.transition == "cut"]


def test_a_frame_outside_the_show_is_an_error(show: Show) -> None:
    with pytest.raises(IndexError, match="not in 0"):
        draw_frame(show, show.spec.frames)


def test_odd_aspects_can_be_drawn() -> None:
    show = Show.plan(ShowSpec(seed=2, seconds=Fraction(1), size=(180, 320)))
    picture, rows = draw_frame(show, 10)
    assert picture.shape == (320, 180, 3)
    assert rows
