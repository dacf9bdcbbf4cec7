"""Heads.

A face with shaded skin, eyes, brows, nose and mouth on an egg-shaped surface, and hair around it.

All of a head's outlines are directions on a unit sphere, laid on the head's surface and projected
together; what lies beyond the horizon is moved to it, so that a turning head stays closed. A head's
own axes: x to the viewer's right in front view, y forward, z up; lengths are metres of a 1.66 m
person; the origin lies between the ears.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.canvas import Canvas, ellipsoid
from inyourarea.stage_show.colour import Bgr, darker, lighter, mix
from inyourarea.stage_show.looks import Face, Hair, Look

SKULL_M = np.array([0.073, 0.092, 0.115])
CHIN_M = 0.105
FACE_CENTRE_M = np.array([0.0, 0.02, -0.01])
FACE_RADII_M = np.array([0.076, 0.07, 0.096])
"""The truth's face: hairline to chin and ear to ear."""
AWAY_FROM_DEG = 105.0
FULL_UNTIL_DEG = 75.0
"""Turned so far from the camera a face begins to vanish, and is gone.

At 90 degrees half of it is seen.
"""
SEEN_FROM = 0.12
"""Cosine between a feature's direction and the camera's from which on it is drawn."""
FINE_FROM_PX = 40.0
"""Faces lower than this have no lines finer than a pixel, so they are not drawn."""

_TURN = np.linspace(0, 2 * math.pi, 16, endpoint=False)
_RIM = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)

_Degrees = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """One outline on the head.

    Unit directions (n, 3), how far above the skin, colour, and what it is.
    """

    directions: Points
    lift: float
    colour: Bgr
    kind: str


@dataclass(frozen=True)
class HeadView:
    """A head as one camera sees it.

    Centre (2,), head axes to pixels (2, 3), direction to the camera (3,).
    """

    centre: Points
    to_picture: Points
    toward: Points
    face_px: float

    @property
    def turned_deg(self) -> float:
        """How far the face is turned from the camera, in degrees."""
        return math.degrees(math.acos(float(np.clip(self.toward[1], -1, 1))))

    @property
    def face_box(self) -> tuple[float, float, float, float]:
        """The box of the face's ellipsoid, xyxy pixels, not clipped."""
        x, y = self.centre + self.to_picture @ FACE_CENTRE_M
        half = np.sqrt(np.sum((self.to_picture * FACE_RADII_M) ** 2, axis=1))
        return float(x - half[0]), float(y - half[1]), float(x + half[0]), float(y + half[1])


def face_share(turned_deg: float) -> float:
    """Give the share of a face that is seen at this angle from the camera.

    1 in front, .5 in profile, 0 behind.
    """
    return float(np.clip((AWAY_FROM_DEG - turned_deg) / (AWAY_FROM_DEG - FULL_UNTIL_DEG), 0.0, 1.0))


def sphere(degrees: _Degrees) -> Points:
    """Give unit directions (n, 3) of (longitude, latitude) pairs.

    Longitude 0 is forward, positive to +x.
    """
    lon, lat = np.radians(np.array(degrees, dtype=np.float64)).T
    return np.stack([np.cos(lat) * np.sin(lon), np.cos(lat) * np.cos(lon), np.sin(lat)], axis=1)


def surface(directions: Points, jaw: float, lifts: Points) -> Points:
    """Give the points (n, 3) of the head in these directions.

    ``jaw`` narrows the chin, ``lifts`` (n, 1) are factors.
    """
    below = np.maximum(0.0, -directions[:, 2])
    points = directions * SKULL_M
    points[:, 0] *= 1.0 - jaw * below * np.sqrt(below)
    points[:, 2] += (SKULL_M[2] - CHIN_M) * below
    points *= lifts
    points[:, 1] += 0.012 * below
    return points


def to_horizon(directions: Points, toward: Points) -> Points:
    """Move directions on the far side to the nearest place on the horizon."""
    normal_view = toward / SKULL_M
    normal_view = normal_view / np.linalg.norm(normal_view)
    behind = np.minimum(directions @ normal_view, 0.0)
    moved = directions - behind[:, None] * normal_view
    return np.asarray(moved / np.sqrt(np.einsum("ij,ij->i", moved, moved))[:, None])


@dataclass(frozen=True)
class Bundle:
    """Outlines that are projected together.

    All directions (m, 3) in one array, with where each shape begins.
    """

    shapes: tuple[Shape, ...]
    directions: Points
    lifts: Points
    starts: tuple[int, ...]
    middles: Points

    @classmethod
    def of(cls, shapes: Sequence[Shape]) -> "Bundle":
        """Bundle shapes in their order."""
        sizes = [len(shape.directions) for shape in shapes]
        middles = np.stack([shape.directions.mean(axis=0) / SKULL_M for shape in shapes])
        return cls(
            tuple(shapes),
            np.concatenate([shape.directions for shape in shapes]),
            np.repeat([shape.lift for shape in shapes], sizes)[:, None],
            (0, *np.cumsum(sizes).tolist()),
            middles / np.linalg.norm(middles, axis=1, keepdims=True),
        )

    def project(self, view: HeadView, jaw: float) -> Points:
        """Give the picture points (m, 2) of all outlines."""
        seen = surface(to_horizon(self.directions, view.toward), jaw, self.lifts)
        return view.centre + seen @ view.to_picture.T


def _oval(lon: float, lat: float, width: float, height: float, count: int = 14) -> _Degrees:
    turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return [(lon + width * math.cos(t), lat + height * math.sin(t)) for t in turn]


def _almond(lon: float, lat: float, width: float, height: float) -> _Degrees:
    """An eye: pointed ends, the outer one (away from the nose) higher."""
    outer = math.copysign(1.0, lon)
    turn = np.linspace(0, 2 * math.pi, 16, endpoint=False)
    return [
        (
            lon + width * math.cos(t),
            lat
            + height * math.sin(t) * (1 - 0.35 * abs(math.cos(t)) ** 3)
            + outer * 1.6 * math.cos(t),
        )
        for t in turn
    ]


_SKIN = (
    (0, 50), (22, 49), (42, 44), (60, 32), (74, 14), (80, -4), (80, -22), (72, -42), (58,
    -60), (34, -74), (0, -82), (-34, -74), (-58, -60), (-72, -42), (-80, -22), (-80, -4),
    (-74, 14), (-60, 32), (-42, 44), (-22, 49),
)  # fmt: skip


@cache
def face_shapes(face: Face, mouth_open: int, eyes_closed: int) -> Bundle:
    """Give a face's outlines in drawing order; ``mouth_open`` 0 to 3, ``eyes_closed`` 0 or 1."""
    skin = face.skin
    shapes = [Shape(sphere(_SKIN), 1.0, skin, "skin")]
    for side in (-1, 1):
        blush = mix(skin, (110, 110, 235), face.blush)
        shapes.append(Shape(sphere(_oval(side * 38, -21, 13, 8)), 1.0, blush, "soft"))
        socket = darker(skin, 0.10)
        shapes.append(Shape(sphere(_oval(side * 24, 2, 15, 8)), 1.0, socket, "soft"))
        shapes += _eye(face, side, eyes_closed)
        shapes.append(_brow(face, side))
    shapes += _nose(skin)
    shapes += _mouth(face, mouth_open)
    return Bundle.of(shapes)


def _eye(face: Face, side: int, closed: int) -> list[Shape]:
    lon, lat = side * 24.0, 0.0
    width, height = 11.5 * face.eye_width, 6.2 * face.eye_height
    liner = darker(face.brow, 0.6)
    if closed:
        lid = [(lon - width, lat), (lon, lat - 3), (lon + width, lat), (lon, lat - 5.5)]
        return [Shape(sphere(lid), 1.0, liner, "eye")]
    lash = _almond(
        lon,
        lat + 0.9 * face.liner,
        width * (1 + 0.10 * face.liner),
        height * 1.1 + 1.2 * face.liner,
    )
    return [
        Shape(sphere(lash), 1.0, liner, "eye"),
        Shape(
            sphere(_almond(lon, lat - 0.7, width * 0.93, height * 0.92)),
            1.0,
            (244, 244, 246),
            "eye",
        ),
        Shape(sphere(_oval(lon, lat, height * 0.92, height * 0.92)), 1.0, face.iris, "eye"),
        Shape(
            sphere(_oval(lon, lat, height * 0.45, height * 0.45, 10)),
            1.0,
            darker(face.iris, 0.75),
            "eye",
        ),
        Shape(sphere(_oval(lon - 2.0, lat + 2.2, 1.5, 1.5, 8)), 1.0, (255, 255, 255), "fine"),
    ]


def _brow(face: Face, side: int) -> Shape:
    thick = 2.6 * face.brow_thick
    top = [(side * 11, 14 + thick), (side * 26, 18 + thick), (side * 40, 14)]
    return Shape(
        sphere([*top, (side * 26, 16.5 - thick * 0.4), (side * 11, 13 - thick * 0.4)]),
        1.0,
        face.brow,
        "eye",
    )


def _nose(skin: Bgr) -> list[Shape]:
    shade = darker(skin, 0.17)
    return [
        Shape(sphere([(1.5, 6), (7, -14), (11, -25), (0, -29), (3, -20)]), 1.0, shade, "soft"),
        Shape(
            sphere([(-1.6, 2), (1.6, 2), (3.4, -20), (-3.4, -20)]),
            1.03,
            lighter(skin, 0.30),
            "soft",
        ),
        Shape(sphere(_oval(0, -24, 9, 3.4, 10)), 1.02, darker(skin, 0.24), "soft"),
        Shape(sphere(_oval(-5, -25.5, 2.4, 1.3, 8)), 1.02, darker(skin, 0.6), "fine"),
        Shape(sphere(_oval(5, -25.5, 2.4, 1.3, 8)), 1.02, darker(skin, 0.6), "fine"),
    ]


def _mouth(face: Face, opening: int) -> list[Shape]:
    lat, drop = -41.0, 4.2 * opening
    lips = face.lips
    upper = [(-19, lat), (-7, lat + 4.6), (0, lat + 3.2), (7, lat + 4.6), (19, lat), (0, lat - 1)]
    lower = [
        (-19, lat),
        (0, lat - 0.5),
        (19, lat),
        (10, lat - 6 - drop),
        (0, lat - 7.6 - drop),
        (-10, lat - 6 - drop),
    ]
    shapes = [
        Shape(sphere(_oval(0, lat - 12 - drop, 9, 2.6)), 1.0, darker(face.skin, 0.12), "soft")
    ]
    shapes.append(Shape(sphere(lower), 1.0, lips, "eye"))
    if opening:
        inside = [
            (-15, lat),
            (0, lat + 1),
            (15, lat),
            (8, lat - 2.4 - drop),
            (-8, lat - 2.4 - drop),
        ]
        shapes.append(Shape(sphere(inside), 1.0, (40, 24, 70), "eye"))
        teeth = [(-11, lat), (0, lat + 1), (11, lat), (8, lat - 2.2), (-8, lat - 2.2)]
        shapes.append(Shape(sphere(teeth), 1.0, (240, 244, 246), "fine"))
    shapes.append(Shape(sphere(upper), 1.0, darker(lips, 0.14), "eye"))
    shapes.append(
        Shape(sphere(_oval(0, lat - 4 - drop, 6, 1.3, 8)), 1.0, lighter(lips, 0.4), "fine")
    )
    return shapes


def paint_face(
    canvas: Canvas, view: HeadView, look: Look, mouth_open: int, eyes_closed: int
) -> None:
    """Draw the face over the head; nothing where it is turned away."""
    bundle = face_shapes(look.face, mouth_open, eyes_closed)
    points = bundle.project(view, look.face.jaw)
    is_seen = bundle.middles @ view.toward > SEEN_FROM
    skin, outline = look.face.skin, points[: bundle.starts[1]]
    canvas.polygon(outline, darker(skin, 0.16))
    _shade(canvas, view, outline, skin)
    for number, shape in enumerate(bundle.shapes[1:], start=1):
        if shape.kind == "fine" and view.face_px < FINE_FROM_PX:
            continue
        if is_seen[number]:
            canvas.detail(points[bundle.starts[number] : bundle.starts[number + 1]], shape.colour)


def _shade(canvas: Canvas, view: HeadView, outline: Points, skin: Bgr) -> None:
    """Lighten the skin step by step towards a place left above the middle.

    Where the light comes from.
    """
    steps = int(np.clip(view.face_px / 14, 2, 12))
    low, high = outline.min(axis=0), outline.max(axis=0)
    light = low + (high - low) * np.array([0.44, 0.46])
    for step in range(steps):
        share = (step + 1) / steps
        inner = light + (outline - light) * (1.0 - 0.62 * share)
        canvas.detail(inner, mix(darker(skin, 0.16), lighter(skin, 0.10), share))


def paint_skull(canvas: Canvas, view: HeadView, look: Look) -> None:
    """Draw the head's own shape in shaded skin.

    What neither hair nor face will cover, nape and jaw.
    """
    side = np.array([view.toward[1], -view.toward[0], 0.0])
    side = side / max(math.hypot(side[0], side[1]), 1e-6)
    around = _RIM[:, :1] * side + _RIM[:, 1:] * np.array([0.0, 0.0, 1.0])
    seen = surface(to_horizon(around, view.toward), look.face.jaw, np.array([[0.98]]))
    canvas.polygon(view.centre + seen @ view.to_picture.T, darker(look.face.skin, 0.22))


def paint_ears(canvas: Canvas, view: HeadView, skin: Bgr) -> None:
    """Draw the ears that are on the camera's side."""
    for side in (-1.0, 1.0):
        if side * view.toward[0] > -0.35:
            centre = view.centre + view.to_picture @ np.array([side * 0.074, -0.004, -0.008])
            canvas.polygon(
                ellipsoid(centre, view.to_picture, np.array([0.009, 0.018, 0.028])),
                darker(skin, 0.12),
            )


def hair_colours(hair: Hair) -> tuple[Bgr, Bgr, Bgr]:
    """Give a hair's shade, colour and gloss."""
    return darker(hair.colour, 0.35), hair.colour, lighter(hair.colour, 0.32)
