"""A performer drawn whole.

Limbs, clothes and head in depth order, with what truth needs to know about her.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inyourarea.stage_show import clothes, hair, head
from inyourarea.stage_show.camera import Camera, Points
from inyourarea.stage_show.canvas import BLUR_FROM_PX, Canvas, capsule, ellipsoid
from inyourarea.stage_show.colour import Bgr, darker, lighter
from inyourarea.stage_show.looks import Look, Outfit
from inyourarea.stage_show.skeleton import Joints

FACE_HEIGHT_M = 0.192
PARTS_PER_FIGURE = 3
LONGEST_SMEAR_PX = 24.0
_NECK = 14
FACE, HEAD, BODY = range(PARTS_PER_FIGURE)
"""Who-is-where map values of figure k: 1 + 3 k + one of these."""


@dataclass(frozen=True)
class Figure:
    """A performer at one moment.

    Joints at each of the shutter's moments (the middle one is drawn sharp).
    """

    look: Look
    outfit: Outfit
    moments: tuple[Joints, ...]
    row: int
    mouth_open: int = 0
    eyes_closed: int = 0
    sway_m: float = 0.0

    @property
    def joints(self) -> Joints:
        """The joints at the middle of the shutter's time."""
        return self.moments[len(self.moments) // 2]


@dataclass(frozen=True)
class FigureDrawn:
    """What truth needs.

    Boxes not clipped, how far the face is turned, map cells shown by face and head alone, and the
    window of the map in which those were counted.
    """

    index: int
    face_box: tuple[float, float, float, float]
    body_box: tuple[float, float, float, float]
    turned_deg: float
    face_cells: int
    head_cells: int
    head_window: tuple[slice, slice]


def head_view(figure: Figure, camera: Camera) -> head.HeadView:
    """Give the head as this camera sees it."""
    joints, row = figure.joints, figure.row
    middle, depth = camera.project(joints.head[row : row + 1])
    to_picture, toward = camera.local_view(joints.head_axes[row], float(depth[0]))
    scale = figure.look.height
    offset = joints.head[row] - np.array(camera.position)
    toward = -(offset / np.linalg.norm(offset)) @ joints.head_axes[row]
    face_px = camera.focal / max(float(depth[0]), 0.05) * FACE_HEIGHT_M * scale
    return head.HeadView(middle[0], to_picture * scale, toward, face_px)


def paint(canvas: Canvas, cameras: Sequence[Camera], figure: Figure, index: int) -> FigureDrawn:
    """Draw a performer; map cells get ``1 + 3 index`` plus face, head or body.

    ``cameras`` are one for each of the figure's moments: what moves in the picture is smeared, not
    what the camera follows.
    """
    view = head_view(figure, cameras[len(cameras) // 2])
    first_part = 1 + PARTS_PER_FIGURE * index
    canvas.begin(first_part + BODY)
    painter = _Painter(canvas, cameras, figure, view, first_part)
    if painter.is_outside():
        return painter.drawn(index)
    painter.paint()
    painter.smear()
    return painter.drawn(index)


class _Painter:
    """One drawing of one figure.

    Projects the joints once, then draws parts from the farthest to the nearest.
    """

    def __init__(
        self,
        canvas: Canvas,
        cameras: Sequence[Camera],
        figure: Figure,
        view: head.HeadView,
        first_part: int,
    ) -> None:
        camera = cameras[len(cameras) // 2]
        self.canvas, self.camera, self.figure, self.view, self.first_part = (
            canvas,
            camera,
            figure,
            view,
            first_part,
        )
        self.face_cells = self.head_cells = 0
        self.head_window = slice(0, 0), slice(0, 0)
        joints, row = figure.joints, figure.row
        self.scale = view.face_px / FACE_HEIGHT_M
        self.body_to_picture, self.body_toward = camera.local_view(
            joints.body_axes[row],
            float(camera.focal / (view.face_px / FACE_HEIGHT_M / figure.look.height)),
        )
        self.body_to_picture = self.body_to_picture * figure.look.height
        limbs = [self._limb_points(*moment) for moment in zip(figure.moments, cameras, strict=True)]
        middle, self.depths = limbs[len(limbs) // 2]
        # What the whole body moves is smeared afterwards; limbs are swept by what they move against
        # it.
        self.motion = limbs[-1][0][_NECK] - limbs[0][0][_NECK]
        self.limbs = [points - (points[_NECK] - middle[_NECK]) for points, _ in limbs]

    def _limb_points(self, joints: Joints, camera: Camera) -> tuple[Points, Points]:
        """Project shoulders, elbows, hands, hips, knees, ankles (2 each), then pelvis, chest, neck.

        (15, 2).
        """
        row = self.figure.row
        world = np.concatenate(
            [
                joints.shoulders[row], joints.elbows[row], joints.hands[row],
                joints.hips[row], joints.knees[row], joints.ankles[row],
                joints.pelvis[row, None], joints.chest[row, None], joints.neck[row, None],
            ]
        )  # fmt: skip
        return camera.project(world)

    def smear(self) -> None:
        """Smear the figure along its own motion in the picture while the shutter was open."""
        length = float(np.hypot(*self.motion))
        if length < BLUR_FROM_PX:
            return
        motion = self.motion * min(1.0, LONGEST_SMEAR_PX / length)
        self.canvas.smear(motion, self.first_part, self.first_part + PARTS_PER_FIGURE)

    @property
    def points(self) -> Points:
        return self.limbs[len(self.limbs) // 2]

    def drawn(self, index: int) -> FigureDrawn:
        """Give what was drawn so far; an empty body box where nothing was."""
        x1, y1, x2, y2 = self.canvas.extent
        cells = self.face_cells, self.head_cells
        return FigureDrawn(
            index,
            self.view.face_box,
            (x1, y1, x2, y2),
            self.view.turned_deg,
            *cells,
            self.head_window,
        )

    def is_outside(self) -> bool:
        """Say whether nothing of the figure can reach the picture, or it is behind the camera."""
        if float(self.depths.min()) < 0.3:
            return True
        width, height = self.camera.size
        margin = self.view.face_px * 1.5
        low, high = self.points.min(axis=0) - margin, self.points.max(axis=0) + margin
        return bool(
            high[0] < 0
            or low[0] > width
            or high[1] < 0
            or min(low[1], self.view.face_box[1] - margin) > height
        )

    def paint(self) -> None:
        """Draw everything, farthest first."""
        depths = self.depths
        torso = float(depths[13])
        facing = float(self.body_toward[1]) > -0.1
        parts: list[tuple[float, Callable[[], None]]] = [(torso, self._torso)]
        for side in (0, 1):
            leg = float(depths[6 + side] + depths[8 + side] + depths[10 + side]) / 3
            parts.append((max(leg, torso) + 0.05 + leg * 1e-3, self._leg(side)))
            arm = float(depths[2 + side] * 0.6 + depths[4 + side] * 0.4)
            parts.append((arm, self._arm(side)))
        parts.append((torso - (0.06 if facing else 0.01), self._head))
        parts.append((torso + 0.3 if facing else torso - 0.07, self._back_hair))
        for _, draw in sorted(parts, key=lambda part: -part[0]):
            draw()

    def _back_hair(self) -> None:
        self.canvas.part = self.first_part + HEAD
        hair.paint_back(self.canvas, self.view, self.figure.look.hair, self.figure.sway_m)
        self.canvas.part = self.first_part + BODY

    def _head(self) -> None:
        look, view, canvas = self.figure.look, self.view, self.canvas
        unit = self.scale
        neck_top = view.centre + view.to_picture @ np.array([0.0, -0.005, -0.06])
        neck = self.points[14]
        canvas.polygon(
            capsule(neck, 0.047 * unit, neck_top, 0.043 * unit), darker(look.face.skin, 0.24)
        )
        canvas.part = self.first_part + HEAD
        is_turned = view.turned_deg > 100
        if (
            look.hair.style in ("ponytail", "pixie", "buns", "crop", "cap", "twintails")
            and is_turned
        ):
            head.paint_ears(canvas, view, look.face.skin)
        head.paint_skull(canvas, view, look)
        hair.paint_cap(canvas, view, look.hair)
        if (
            look.hair.style in ("ponytail", "pixie", "buns", "crop", "cap", "twintails")
            and not is_turned
        ):
            head.paint_ears(canvas, view, look.face.skin)
        if view.turned_deg < head.AWAY_FROM_DEG + 5:
            canvas.part = self.first_part + FACE
            head.paint_face(canvas, view, look, self.figure.mouth_open, self.figure.eyes_closed)
        canvas.part = self.first_part + HEAD
        hair.paint_front(canvas, view, look.hair, self.figure.sway_m)
        self._count()
        canvas.part = self.first_part + BODY

    def _count(self) -> None:
        """Count the face's and head's map cells now, before arms and other people cover them."""
        height, width = self.canvas.ids.shape
        scale = self.canvas.map_scale
        x1, y1, x2, y2 = self.view.face_box
        grown_x, grown_y = (x2 - x1) * 0.6, (y2 - y1) * 0.6
        left, right = (min(max(int(x * scale), 0), width) for x in (x1 - grown_x, x2 + grown_x))
        top, bottom = (min(max(int(y * scale), 0), height) for y in (y1 - grown_y, y2 + grown_y))
        self.head_window = slice(top, bottom), slice(left, right)
        window = self.canvas.ids[self.head_window]
        self.face_cells = int(np.count_nonzero(window == self.first_part + FACE))
        self.head_cells = self.face_cells + int(np.count_nonzero(window == self.first_part + HEAD))

    def _torso(self) -> None:
        pelvis, chest, neck = self.points[12:15]
        body = clothes.Body(pelvis, chest, neck, self.body_to_picture, self.body_toward, self.scale)
        clothes.paint_torso(self.canvas, body, self.figure.look, self.figure.outfit)

    def _limb(self, joints: tuple[int, int], radii: tuple[float, float], colour: Bgr) -> None:
        """Draw one bone's flesh or cloth, swept where it moves; radii in metres."""
        unit = self.scale
        start, end = joints
        first, last = self.limbs[0], self.limbs[-1]
        moved = max(
            float(np.abs(first[start] - last[start]).max()),
            float(np.abs(first[end] - last[end]).max()),
        )
        wide, narrow = radii[0] * unit, radii[1] * unit
        if moved > BLUR_FROM_PX:
            outlines = [capsule(limb[start], wide, limb[end], narrow) for limb in self.limbs]
            self.canvas.swept(outlines, colour)
            return
        points = self.points
        self.canvas.polygon(capsule(points[start], wide, points[end], narrow), darker(colour, 0.08))
        if wide > 2.5:
            inset = np.array([-0.22 * wide, -0.10 * wide])
            lit = capsule(
                points[start] + inset,
                wide * 0.70,
                points[end] + inset * (narrow / wide),
                narrow * 0.70,
            )
            self.canvas.detail(lit, lighter(colour, 0.05))

    def _arm(self, side: int) -> Callable[[], None]:
        def draw() -> None:
            look, outfit = self.figure.look, self.figure.outfit
            skin, sleeve = look.face.skin, outfit.sleeve
            upper = outfit.top if sleeve in ("short", "long") else skin
            lower = outfit.top if sleeve == "long" else skin
            self._limb((0 + side, 2 + side), (0.043, 0.034), upper)
            self._limb((2 + side, 4 + side), (0.034, 0.024), lower)
            if sleeve == "long":
                self._cuff(side)
            self._hand(side)

        return draw

    def _cuff(self, side: int) -> None:
        elbow, hand = self.points[2 + side], self.points[4 + side]
        start = elbow + (hand - elbow) * 0.86
        self.canvas.polygon(
            capsule(start, 0.031 * self.scale, hand, 0.030 * self.scale), self.figure.outfit.accent
        )

    def _hand(self, side: int) -> None:
        unit = self.scale
        outlines = []
        for limb in self.limbs:
            elbow, hand = limb[2 + side], limb[4 + side]
            length = math.hypot(*(hand - elbow)) or 1.0
            tip = hand + (hand - elbow) / length * 0.085 * unit * min(1.0, length / (0.12 * unit))
            outlines.append(capsule(hand, 0.026 * unit, tip, 0.017 * unit))
        moved = float(np.abs(outlines[0] - outlines[-1]).max())
        skin = self.figure.look.face.skin
        if moved > BLUR_FROM_PX:
            self.canvas.swept(outlines, skin)
        else:
            self.canvas.polygon(outlines[len(outlines) // 2], skin)

    def _leg(self, side: int) -> Callable[[], None]:
        def draw() -> None:
            outfit, skin = self.figure.outfit, self.figure.look.face.skin
            trousers = outfit.cut == "trousers"
            thigh = outfit.bottom if outfit.cut in ("trousers", "shorts") else skin
            shin = outfit.bottom if trousers else skin
            self._limb((6 + side, 8 + side), (0.080, 0.054), thigh if trousers else skin)
            if outfit.cut == "shorts":
                self._shorts(side)
            self._limb((8 + side, 10 + side), (0.054, 0.042 if trousers else 0.033), shin)
            self._boot(side, trousers)

        return draw

    def _shorts(self, side: int) -> None:
        hip, knee = self.points[6 + side], self.points[8 + side]
        unit = self.scale
        end = hip + (knee - hip) * 0.42
        self.canvas.polygon(
            capsule(hip, 0.095 * unit, end, 0.088 * unit), self.figure.outfit.bottom
        )

    def _boot(self, side: int, trousers: bool) -> None:
        unit = self.scale
        knee, ankle = self.points[8 + side], self.points[10 + side]
        shoes = self.figure.outfit.shoes
        if not trousers:
            top = ankle + (knee - ankle) * 0.42
            self.canvas.polygon(capsule(top, 0.052 * unit, ankle, 0.044 * unit), shoes)
        toe = ankle + self.body_to_picture @ np.array([0.0, 0.13, -0.045])
        heel = ankle + self.body_to_picture @ np.array([0.0, -0.02, -0.04])
        self.canvas.polygon(capsule(heel, 0.042 * unit, toe, 0.034 * unit), darker(shoes, 0.15))


def floor_shadow(canvas: Canvas, camera: Camera, figure: Figure) -> None:
    """Darken the floor under a performer's feet."""
    joints, row = figure.joints, figure.row
    ground = joints.pelvis[row : row + 1].copy()
    ground[:, 2] = 0.0
    middle, depth = camera.project(ground)
    if depth[0] < 0.5:
        return
    to_picture, _ = camera.local_view(np.eye(3), float(depth[0]))
    canvas.detail(ellipsoid(middle[0], to_picture, np.array([0.42, 0.30, 0.01])), (16, 12, 14))
