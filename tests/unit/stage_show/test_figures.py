"""The drawn people: what truth says of a figure is what was drawn of it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inyourarea.stage_show import (
    GROUPS,
    MEMBER_NAMES,
    Show,
    ShowRefused,
    ShowSpec,
    figure,
    looks,
    skeleton,
)
from inyourarea.stage_show.camera import Camera
from inyourarea.stage_show.canvas import Canvas, ellipsoid
from inyourarea.stage_show.colour import colour_distance
from inyourarea.stage_show.head import face_share
from inyourarea.stage_show.second_group import second_looks

SIZE = (400, 400)


def standing(yaw: float, places: list[tuple[float, float]]) -> skeleton.Joints:
    count = len(places)
    poses = np.zeros((count, skeleton.POSE_SIZE))
    poses[:, 7:13] = (-0.1, 0.05, -0.45, 0.1, 0.05, -0.45)
    return skeleton.stand(poses, np.array(places), np.full(count, yaw), np.ones(count))


def paint_all(
    names: list[str], yaw: float, places: list[tuple[float, float]]
) -> tuple[Canvas, list[figure.FigureDrawn]]:
    canvas = Canvas.over(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), SIZE[1])
    camera = Camera((0.0, -10.0, 1.5), 0.0, 0.0, 0.0, 4000.0, SIZE)
    joints = standing(yaw, places)
    table = looks.member_looks()
    drawn = []
    for row, name in enumerate(names):
        person = figure.Figure(table[name], table[name].outfits[0], (joints,), row)
        drawn.append(figure.paint(canvas, [camera], person, row))
    return canvas, drawn


def face_cells(canvas: Canvas, index: int) -> np.ndarray:
    return canvas.ids == 1 + figure.PARTS_PER_FIGURE * index + figure.FACE


@pytest.mark.parametrize("name", MEMBER_NAMES)
def test_the_face_box_holds_the_drawn_face_tightly(name: str) -> None:
    canvas, (drawn,) = paint_all([name], 0.0, [(0.0, 0.0)])
    rows, columns = np.nonzero(face_cells(canvas, 0))
    x1, y1, x2, y2 = drawn.face_box
    assert x1 - 2 <= columns.min() and columns.max() <= x2 + 2
    assert y1 - 2 <= rows.min() and rows.max() <= y2 + 2
    assert columns.max() - columns.min() > 0.7 * (x2 - x1)
    assert y2 - rows.max() < 0.12 * (y2 - y1)


@pytest.mark.parametrize("name", MEMBER_NAMES)
def test_a_face_turned_away_is_not_drawn_but_its_head_is(name: str) -> None:
    _, (drawn,) = paint_all([name], math.pi, [(0.0, 0.0)])
    assert drawn.face_cells == 0
    assert drawn.head_cells > 500
    assert face_share(drawn.turned_deg) == 0


@pytest.mark.parametrize("name", MEMBER_NAMES)
def test_in_profile_half_of_the_face_counts(name: str) -> None:
    _, (drawn,) = paint_all([name], math.pi / 2, [(0.0, 0.0)])
    assert face_share(drawn.turned_deg) == pytest.approx(0.5, abs=0.01)
    assert drawn.face_cells > 0


def test_somebody_nearer_covers_a_face() -> None:
    canvas, (behind, _) = paint_all(["Aria", "Bella"], 0.0, [(0.0, 1.0), (0.0, 0.0)])
    assert np.count_nonzero(face_cells(canvas, 0)) < 0.3 * behind.face_cells


def test_nobody_outside_the_picture_is_drawn() -> None:
    canvas, (drawn,) = paint_all(["Coco"], 0.0, [(5.0, 0.0)])
    assert not canvas.picture.any()
    assert drawn.body_box[0] > drawn.body_box[2]


def test_the_nine_have_hair_that_is_told_apart_by_shape_or_colour() -> None:
    table = list(looks.member_looks().values())
    assert [look.name for look in table] == list(MEMBER_NAMES)
    for i, first in enumerate(table):
        for second in table[i + 1 :]:
            assert first.hair.style != second.hair.style
            assert colour_distance(first.hair.colour, second.hair.colour) > 9


@pytest.mark.parametrize("name", MEMBER_NAMES)
def test_a_look_alike_outfit_is_almost_but_not_quite_the_same(name: str) -> None:
    outfit = looks.member_looks()[name].outfits[0]
    distance = looks.outfit_distance(outfit, looks.look_alike(outfit))
    assert 1.0 < distance <= looks.LOOK_ALIKE_MOST_DE


def test_members_wear_different_outfits() -> None:
    table = list(looks.member_looks().values())
    for i, first in enumerate(table):
        for second in table[i + 1 :]:
            distance = looks.outfit_distance(first.outfits[0], second.outfits[0])
            assert distance > 2 * looks.LOOK_ALIKE_MOST_DE


points = st.tuples(st.floats(-4, 4), st.floats(0, 8), st.floats(0, 2))


@given(
    points, st.floats(-0.5, 0.5), st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(500, 5000)
)
def test_a_point_on_the_cameras_axis_is_the_pictures_middle(
    place: tuple[float, float, float], pan: float, tilt: float, roll: float, focal: float
) -> None:
    camera = Camera(place, pan, tilt, roll, focal, SIZE)
    ahead = np.array([place]) + camera.axes[2] * 7.0
    picture, depth = camera.project(ahead)
    assert np.allclose(picture, [[200.0, 200.0]], atol=1e-6)
    assert np.allclose(depth, 7.0)


@given(points, st.floats(-0.04, 0.04), st.floats(-0.2, 0.2))
def test_a_small_bodys_own_view_agrees_with_the_camera(
    place: tuple[float, float, float], pan: float, roll: float
) -> None:
    camera = Camera((0.0, -20.0, 3.0), pan, 0.0, roll, 2000.0, SIZE)
    middle = np.array([place])
    small = np.array([[0.01, 0.0, 0.02]])
    (centre,), (depth,) = camera.project(middle)
    to_picture, _ = camera.local_view(np.eye(3), float(depth))
    (exact,), _ = camera.project(middle + small)
    assert np.allclose(centre + to_picture @ small[0], exact, atol=0.1)


@given(
    st.lists(st.floats(-0.4, 0.4), min_size=3, max_size=3),
    st.floats(0.1, 0.5),
    st.floats(0.1, 0.5),
)
def test_a_bent_limb_keeps_the_length_of_its_bones(
    reach: list[float], first: float, second: float
) -> None:
    end = np.array(reach)
    distance = float(np.linalg.norm(end))
    if not abs(first - second) + 0.02 < distance < first + second - 0.02:
        return
    joint = skeleton.bend(np.zeros(3), end, (first, second), np.array([0.3, 1.0, 0.2]))
    assert np.linalg.norm(joint) == pytest.approx(first, abs=1e-6)
    assert np.linalg.norm(end - joint) == pytest.approx(second, abs=1e-6)


@given(st.floats(0.01, 3), st.floats(0.01, 3), st.floats(0.01, 3))
def test_an_ellipsoids_outline_reaches_its_own_box(a: float, b: float, c: float) -> None:
    camera = Camera((0.0, -20.0, 3.0), 0.2, -0.1, 0.1, 2000.0, SIZE)
    to_picture, _ = camera.local_view(np.eye(3), 20.0)
    radii = np.array([a, b, c])
    half = np.sqrt(np.sum((to_picture * radii) ** 2, axis=1))
    outline = ellipsoid(np.zeros(2), to_picture, radii)
    assert np.all(np.abs(outline) <= half * 1.0001)
    assert np.all(np.abs(outline).max(axis=0) >= half * 0.97)


def test_the_second_group_is_told_apart_and_is_nobody_of_the_first() -> None:
    table = list(second_looks().values())
    assert [look.name for look in table] == list(GROUPS["second"])
    assert not {*GROUPS["second"]} & {*MEMBER_NAMES}
    known = list(looks.member_looks().values())
    for i, look in enumerate(table):
        for other in table[i + 1 :]:
            assert look.hair.style != other.hair.style
            distance = looks.outfit_distance(look.outfits[0], other.outfits[0])
            assert distance > 2 * looks.LOOK_ALIKE_MOST_DE
        hair = [(one.hair.style, one.hair.colour) for one in known]
        assert (look.hair.style, look.hair.colour) not in hair


def test_a_show_of_the_second_group_has_its_members() -> None:
    show = Show.plan(ShowSpec(seed=3, members=7, seconds=Fraction(4), group="second"))
    assert show.members == GROUPS["second"]
    with pytest.raises(ShowRefused, match="members is 3 to 7"):
        ShowSpec(seed=3, members=8, group="second")
