"""Hair.

What falls behind the head, the cap over the skull, the fringe over the face, locks, tails and hats.
"""

import math
from functools import cache
from itertools import pairwise

import numpy as np

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.canvas import Canvas, capsule, ellipsoid
from inyourarea.stage_show.colour import Bgr, darker, lighter, mix
from inyourarea.stage_show.head import Bundle, HeadView, Shape, hair_colours, sphere
from inyourarea.stage_show.looks import Hair

STRANDS_FROM_PX = 28.0
"""Faces lower than this show no single strands of hair."""
_SHORT = ("pixie", "crop", "cap", "buns", "ponytail", "twintails")

# Rows of a curtain of hair: height from the head's middle, half width, half depth, middle's
# distance forward; metres.
_CURTAINS = {
    "straight": ((0.06, 0.088, 0.09, -0.02), (-0.08, 0.105, 0.075, -0.04), (-0.25, 0.115, 0.05,
        -0.075), (-0.44, 0.095, 0.035, -0.09)),
    "wavy": ((0.06, 0.095, 0.10, -0.02), (-0.06, 0.135, 0.085, -0.04), (-0.18, 0.155, 0.07, -0.06),
        (-0.30, 0.165, 0.06, -0.075), (-0.38, 0.12, 0.04, -0.08)),
    "bob": ((0.06, 0.095, 0.10, -0.015), (-0.05, 0.122, 0.10, -0.02), (-0.125, 0.128, 0.095,
        -0.02)),
    "beret": ((0.05, 0.086, 0.09, -0.02), (-0.08, 0.104, 0.07, -0.04), (-0.20, 0.115, 0.05, -0.06),
        (-0.30, 0.06, 0.03, -0.07)),
}  # fmt: skip

# Locks that fall in front of the shoulder: (sideways, forward, up, radius), from the temple down.
_LOCKS = {
    "straight": (
        (0.076, 0.03, 0.0, 0.016),
        (0.088, 0.045, -0.14, 0.021),
        (0.092, 0.075, -0.34, 0.010),
    ),
    "wavy": ((0.078, 0.03, 0.0, 0.020), (0.112, 0.045, -0.12, 0.030), (0.100, 0.085, -0.30, 0.014)),
    "bob": ((0.076, 0.03, 0.02, 0.018), (0.088, 0.036, -0.05, 0.026), (0.076, 0.05, -0.11, 0.016)),
    "beret": ((0.074, 0.03, 0.0, 0.014), (0.082, 0.05, -0.12, 0.018), (0.088, 0.075, -0.24, 0.008)),
}

_FRINGES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "blunt": (((-72, 22), (-66, 48), (-30, 66), (0, 70), (30, 66), (66, 48), (72, 22), (52, 15),
        (36, 19), (18, 16), (0, 19), (-18, 16), (-36, 19), (-52, 15)),),
    "side": (((-30, 68), (0, 70), (40, 64), (72, 40), (82, 6), (66, 8), (46, 22), (16, 32), (-12,
        44)), ((-20, 68), (-60, 50), (-84, 10), (-74, 0), (-56, 20), (-34, 34), (-12, 44))),
    "centre": (((0, 66), (36, 64), (70, 44), (84, 4), (76, -14), (64, 14), (40, 36), (2, 54)), ((0,
        66), (-36, 64), (-70, 44), (-84, 4), (-76, -14), (-64, 14), (-40, 36), (-2, 54))),
    "wisps": (((-80, 4), (-74, 40), (-40, 62), (0, 66), (40, 62), (74, 40), (80, 4), (72, -18),
        (70, 22), (46, 42), (12, 44), (4, 24), (-4, 44), (-46, 42), (-70, 22), (-72, -18)),),
    "spiky": (((-78, 20), (-60, 56), (0, 74), (60, 56), (78, 20), (66, 26), (56, 14), (42, 33),
        (26, 17), (10, 36), (-8, 15), (-24, 37), (-40, 20), (-52, 38), (-66, 22)),),
    "none": (),
}  # fmt: skip


@cache
def fringe_shapes(hair: Hair) -> Bundle | None:
    """Give the fringe's outlines, each a little above the skin."""
    _, colour, _ = hair_colours(hair)
    shapes = [Shape(sphere(points), 1.06, colour, "fringe") for points in _FRINGES[hair.fringe]]
    return Bundle.of(shapes) if shapes else None


@cache
def _gloss() -> Bundle:
    """The ring of light that smooth hair shows."""
    upper = [(lon, 60 - 0.004 * lon * lon) for lon in range(-60, 61, 15)]
    lower = [
        (lon, 54 - 0.004 * lon * lon + 2.5 * (i % 2)) for i, lon in enumerate(range(60, -61, -15))
    ]
    return Bundle.of([Shape(sphere(upper + lower), 1.07, (255, 255, 255), "gloss")])


def paint_back(canvas: Canvas, view: HeadView, hair: Hair, sway: float) -> None:
    """Draw what falls behind the neck.

    ``sway`` in metres moves its lower end sideways in the picture.
    """
    shade, colour, _ = hair_colours(hair)
    rows = _CURTAINS.get(hair.style)
    if rows is not None:
        outline = _curtain(view, rows, sway, hair.volume)
        canvas.polygon(outline, shade)
        middle = outline.mean(axis=0)
        canvas.detail(
            middle + (outline - middle) * np.array([0.86, 0.97]), darker(hair.colour, 0.16)
        )
        if view.face_px > STRANDS_FROM_PX:
            _strands(canvas, view, outline, hair)
    elif hair.style == "ponytail":
        _tail(
            canvas,
            view,
            ((0.0, -0.085, 0.085, 0.035), (0.0, -0.17, 0.02, 0.045), (0.0, -0.17, -0.30, 0.012)),
            sway,
            colour,
        )
    elif hair.style == "twintails":
        for side in (-1.0, 1.0):
            path = (
                (side * 0.085, -0.03, 0.05, 0.026),
                (side * 0.15, -0.03, -0.05, 0.042),
                (side * 0.165, 0.0, -0.34, 0.012),
            )
            _tail(canvas, view, path, sway, colour)
    elif hair.style == "afro":
        _ball(canvas, view, (0.0, -0.02, 0.05), 0.175 * hair.volume, shade)
        for i in range(16):
            turn = 2 * math.pi * i / 16
            centre = (0.145 * math.cos(turn), -0.02, 0.055 + 0.145 * math.sin(turn))
            _ball(canvas, view, centre, 0.048, shade)
        _ball(canvas, view, (-0.02, -0.02, 0.07), 0.14 * hair.volume, colour)


def paint_cap(canvas: Canvas, view: HeadView, hair: Hair) -> None:
    """Draw the hair over the skull; the face is drawn over it."""
    shade, colour, gloss = hair_colours(hair)
    volume = hair.volume
    low = 0.045 if hair.style in _SHORT else 0.036
    centre = view.centre + view.to_picture @ np.array([0.0, -0.012, low])
    radii = np.array([0.083 * volume, 0.098 * volume, 0.130 * volume - low])
    canvas.polygon(ellipsoid(centre, view.to_picture, radii), shade)
    canvas.detail(
        ellipsoid(
            centre + view.to_picture @ np.array([-0.004, 0, 0.008]), view.to_picture, radii * 0.93
        ),
        colour,
    )
    if hair.style in ("pixie", "crop"):
        return
    top = view.centre + view.to_picture @ np.array([-0.012, -0.005, 0.055])
    canvas.detail(
        ellipsoid(top, view.to_picture, radii * np.array([0.62, 0.62, 0.5])),
        lighter(hair.colour, 0.07),
    )
    if view.toward[1] > 0.2 and hair.style != "afro":
        canvas.detail(_gloss().project(view, 0.0), mix(colour, gloss, 0.6))


def paint_front(canvas: Canvas, view: HeadView, hair: Hair, sway: float) -> None:
    """Draw what lies over the face and before the shoulders: fringe, locks, buns, hats, ribbons."""
    shade, colour, gloss = hair_colours(hair)
    if view.toward[1] > -0.45:
        for side in (-1.0, 1.0):
            lock = _LOCKS.get(hair.style)
            if lock is not None:
                _tail(
                    canvas,
                    view,
                    tuple((side * x, y, z, r) for x, y, z, r in lock),
                    sway * 0.5,
                    colour,
                )
    fringe = fringe_shapes(hair)
    if fringe is not None:
        _fringe(canvas, view, fringe, (colour, mix(colour, gloss, 0.45)))
    _ornaments(canvas, view, hair, shade)


def _fringe(canvas: Canvas, view: HeadView, fringe: Bundle, colours: tuple[Bgr, Bgr]) -> None:
    points = fringe.project(view, 0.0)
    for first, end in pairwise(fringe.starts):
        outline = points[first:end]
        canvas.polygon(outline, colours[0])
        if view.face_px > STRANDS_FROM_PX:
            middle = outline.mean(axis=0)
            canvas.line(
                middle + (outline[: len(outline) // 2] - middle) * 0.85,
                colours[1],
                view.face_px / 90,
            )


def _ornaments(canvas: Canvas, view: HeadView, hair: Hair, shade: Bgr) -> None:
    ribbon = hair.ribbon or hair.colour
    if hair.style == "buns":
        for side in (-1.0, 1.0):
            _ball(canvas, view, (side * 0.085, -0.02, 0.118), 0.047, shade)
            _ball(canvas, view, (side * 0.085 - 0.005, -0.015, 0.124), 0.037, hair.colour)
            _ball(canvas, view, (side * 0.066, -0.01, 0.094), 0.014, ribbon)
    elif hair.style == "twintails":
        for side in (-1.0, 1.0):
            _ball(canvas, view, (side * 0.088, -0.025, 0.055), 0.022, ribbon)
    elif hair.style == "ponytail":
        _ball(canvas, view, (0.0, -0.05, 0.128), 0.036, hair.colour)
        _ball(canvas, view, (0.0, -0.075, 0.105), 0.022, ribbon)
    elif hair.style == "pixie":
        for x, z in ((-0.06, 0.118), (-0.02, 0.140), (0.03, 0.136), (0.068, 0.110)):
            tip = view.centre + view.to_picture @ np.array([x * 1.25, 0.0, z + 0.012])
            root = view.centre + view.to_picture @ np.array([x * 0.8, 0.0, z - 0.04])
            canvas.polygon(
                capsule(root, view.face_px * 0.13, tip, view.face_px * 0.02), hair.colour
            )
    elif hair.style == "beret":
        _disc(canvas, view, (0.022, -0.02, 0.112), (0.112, 0.115, 0.048), ribbon)
        _disc(canvas, view, (0.006, -0.015, 0.126), (0.088, 0.09, 0.030), lighter(ribbon, 0.12))
    elif hair.style == "cap":
        _disc(canvas, view, (0.0, -0.012, 0.062), (0.088, 0.105, 0.078), hair.colour)
        _disc(canvas, view, (0.0, 0.095, 0.042), (0.066, 0.062, 0.010), darker(hair.colour, 0.3))


def _curtain(
    view: HeadView, rows: tuple[tuple[float, ...], ...], sway: float, volume: float
) -> Points:
    """Give the outline of hair that hangs down.

    Rows are cut across, seen from the camera's side.
    """
    left, right = [], []
    cosine, sine = view.toward[1], view.toward[0]
    scale = view.face_px / 0.192
    for height, half_width, half_depth, forward in rows:
        middle = view.centre + view.to_picture @ np.array([0.0, forward, 0.0])
        half = math.hypot(half_width * cosine, half_depth * sine) * scale * volume
        drop = np.array([sway * scale * min(0.0, height) / -0.4, -height * scale])
        left.append(middle + drop - np.array([half, 0.0]))
        right.append(middle + drop + np.array([half, 0.0]))
    tip = (left[-1] + right[-1]) / 2 + np.array([0.0, 0.03 * scale])
    top = (left[0] + right[0]) / 2 - np.array([0.0, 0.05 * scale])
    return np.array([top, *right, tip, *reversed(left)])


def _tail(
    canvas: Canvas, view: HeadView, path: tuple[tuple[float, ...], ...], sway: float, colour: Bgr
) -> None:
    """Draw a lock of hair along a path of (x, y, z, radius).

    It hangs, so its lower parts fall straight down.
    """
    scale = view.face_px / 0.192
    points = []
    for x, y, z, radius in path:
        held = view.to_picture @ np.array([x, y, max(z, 0.0)])
        fall = np.array([sway * scale * min(0.0, z) / -0.3, -min(z, 0.0) * scale])
        points.append((view.centre + held + fall, radius * scale))
    for (start, first), (end, second) in pairwise(points):
        canvas.polygon(capsule(start, first, end, second), colour)
    if view.face_px > STRANDS_FROM_PX:
        shine = np.array([point - np.array([radius * 0.35, 0.0]) for point, radius in points])
        canvas.line(shine, lighter(colour, 0.25), view.face_px / 60)


def _ball(
    canvas: Canvas, view: HeadView, centre: tuple[float, ...], radius: float, colour: Bgr
) -> None:
    _disc(canvas, view, centre, (radius, radius, radius), colour)


def _disc(
    canvas: Canvas, view: HeadView, centre: tuple[float, ...], radii: tuple[float, ...], colour: Bgr
) -> None:
    place = view.centre + view.to_picture @ np.array(centre)
    canvas.polygon(ellipsoid(place, view.to_picture, np.array(radii)), colour)


def _strands(canvas: Canvas, view: HeadView, outline: Points, hair: Hair) -> None:
    """Draw the lines along which long hair falls."""
    count = (len(outline) - 2) // 2
    right, left = outline[1 : 1 + count], outline[: -count - 1 : -1]
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):
        tint = darker(hair.colour, 0.42) if int(share * 20) % 2 else lighter(hair.colour, 0.1)
        canvas.line(left + (right - left) * share, tint, view.face_px / 70)
