"""Clothes on the torso and hips.

Cross-sections stacked along the spine, with patterns laid around the body.
"""

import math
from dataclasses import dataclass

import numpy as np

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.canvas import Canvas
from inyourarea.stage_show.colour import Bgr, darker, lighter
from inyourarea.stage_show.looks import Look, Outfit

# Cross-sections: height above the pelvis along the spine, half width, half depth; metres of a 1.66
# m body.
_SHOULDERS, _ARMPITS, _BUST = (0.49, 0.100, 0.065), (0.43, 0.146, 0.085), (0.34, 0.140, 0.108)
_WAIST, _HIPS = (0.17, 0.108, 0.080), (-0.02, 0.152, 0.105)
_TORSO = (_SHOULDERS, _ARMPITS, _BUST, _WAIST, _HIPS)
_SKIRT = ((0.14, 0.113, 0.086), (0.0, 0.185, 0.13), (-0.24, 0.262, 0.21))
_DRESS = ((0.17, 0.110, 0.082), (0.0, 0.180, 0.13), (-0.34, 0.285, 0.22))
_BOTTOM = ((0.13, 0.116, 0.086), (0.0, 0.158, 0.112), (-0.12, 0.140, 0.10))


@dataclass(frozen=True)
class Body:
    """A torso as one camera sees it.

    Spine points (2,), body axes to pixels (2, 3), direction to the camera (3,).
    """

    pelvis: Points
    chest: Points
    neck: Points
    to_picture: Points
    toward: Points
    unit: float

    def spine(self, height: float) -> Points:
        """Give the picture point at a height (metres) above the pelvis along the spine."""
        if height <= 0:
            return self.pelvis + self.to_picture @ np.array([0.0, 0.0, height])
        return self.pelvis + (self.neck - self.pelvis) * (height / 0.52)

    def around(self, section: tuple[float, float, float], degrees: float) -> Points:
        """Give the picture point on a cross-section at an angle from the front.

        Positive to the body's +x.
        """
        height, half_width, half_depth = section
        angle = math.radians(degrees)
        offset = np.array([half_width * math.sin(angle), half_depth * math.cos(angle), 0.0])
        return self.spine(height) + self.to_picture @ offset

    def edges(self, section: tuple[float, float, float]) -> tuple[Points, Points]:
        """Give a cross-section's outermost points, left and right in the picture."""
        height, half_width, half_depth = section
        across = self.to_picture[0]
        half = math.hypot(float(across[0]) * half_width, float(across[1]) * half_depth)
        spine = self.pelvis - self.neck
        length = math.hypot(*spine) or 1.0
        side = np.array([spine[1], -spine[0]]) / length * half
        middle = self.spine(height)
        return (middle - side, middle + side) if side[0] > 0 else (middle + side, middle - side)

    def sees(self, degrees: float) -> bool:
        """Say whether this angle around the body is on the camera's side."""
        angle = math.radians(degrees)
        return (
            math.sin(angle) * float(self.toward[0]) + math.cos(angle) * float(self.toward[1]) > 0.05
        )


def between(
    first: tuple[float, float, float], second: tuple[float, float, float], share: float
) -> tuple[float, float, float]:
    """Give the cross-section part of the way from one to the next."""
    a, b, c = (x + (y - x) * share for x, y in zip(first, second, strict=True))
    return a, b, c


def _outline(body: Body, sections: tuple[tuple[float, float, float], ...]) -> Points:
    edges = [body.edges(section) for section in sections]
    return np.array([left for left, _ in edges] + [right for _, right in reversed(edges)])


def _block(
    canvas: Canvas, body: Body, sections: tuple[tuple[float, float, float], ...], colour: Bgr
) -> None:
    """Fill a piece of clothing, with its shadow side darker and a lit stripe."""
    edges = [body.edges(section) for section in sections]
    canvas.polygon(_outline(body, sections), colour)
    for first, last, tint in (
        (0.66, 1.0, darker(colour, 0.20)),
        (0.10, 0.34, lighter(colour, 0.10)),
    ):
        left = [a + (b - a) * first for a, b in edges]
        right = [a + (b - a) * last for a, b in reversed(edges)]
        canvas.detail(np.array(left + right), tint)


def paint_torso(canvas: Canvas, body: Body, look: Look, outfit: Outfit) -> None:
    """Draw hips and torso: skin first, then the bottom, then the top with its pattern."""
    skin = look.face.skin
    canvas.polygon(_outline(body, _TORSO), darker(skin, 0.08))
    if outfit.cut == "dress":
        _block(canvas, body, _DRESS, outfit.top)
        _folds(canvas, body, _DRESS, darker(outfit.top, 0.25))
    elif outfit.cut == "skirt":
        _block(canvas, body, _SKIRT, outfit.bottom)
        _folds(canvas, body, _SKIRT, darker(outfit.bottom, 0.35))
    else:
        _block(canvas, body, _BOTTOM, outfit.bottom)
    is_short = outfit.cut == "skirt" or outfit.pattern == "cross"
    low = between(_BUST, _WAIST, 0.75) if is_short else between(_WAIST, _HIPS, 0.25)
    high = _ARMPITS if outfit.sleeve == "none" else _SHOULDERS
    sections = tuple(s for s in (high, _ARMPITS, _BUST, _WAIST, low) if s[0] >= low[0])
    _block(canvas, body, sections, outfit.top)
    if outfit.sleeve == "none":
        for degrees in (-38, 38):
            if body.sees(degrees):
                strap = [body.around(_ARMPITS, degrees), body.around(_SHOULDERS, degrees * 1.3)]
                canvas.line(np.array(strap), outfit.top, body.unit * 0.03)
    elif body.sees(0):
        neckline = [
            body.around(_SHOULDERS, -30),
            body.around(_BUST, 0),
            body.around(_SHOULDERS, 30),
        ]
        neckline[1] = neckline[1] + (body.neck - neckline[1]) * 0.35
        canvas.detail(np.array([*neckline, body.neck]), darker(skin, 0.10))
    _pattern(canvas, body, outfit, low)


def _folds(
    canvas: Canvas, body: Body, sections: tuple[tuple[float, float, float], ...], colour: Bgr
) -> None:
    for degrees in range(-150, 181, 30):
        if body.sees(degrees):
            path = np.array([body.around(section, degrees) for section in sections])
            canvas.line(path, colour, body.unit * 0.008)


def _pattern(canvas: Canvas, body: Body, outfit: Outfit, low: tuple[float, float, float]) -> None:
    """Lay the outfit's pattern over its top."""
    draw = {
        "stripes": _stripes,
        "check": _check,
        "zip": _zip,
        "buttons": _buttons,
        "sash": _sash,
        "cross": _cross,
        "belt": _belt,
        "collar": _collar,
    }.get(outfit.pattern)
    if draw is not None:
        draw(canvas, body, outfit.accent, low)


_Section = tuple[float, float, float]


def _band(canvas: Canvas, body: Body, upper: _Section, lower: _Section, colour: Bgr) -> None:
    canvas.detail(_outline(body, (upper, lower)), colour)


def _stripes(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    for share in (0.05, 0.35, 0.65):
        _band(
            canvas,
            body,
            between(_ARMPITS, low, share),
            between(_ARMPITS, low, share + 0.14),
            accent,
        )


def _check(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    for row in range(4):
        upper, lower = between(_ARMPITS, low, row / 4), between(_ARMPITS, low, (row + 1) / 4)
        for step in range(8):
            start = -180 + 45 * step + 22.5 * (row % 2)
            if body.sees(start) and body.sees(start + 22.5):
                corners = [
                    body.around(upper, start),
                    body.around(upper, start + 22.5),
                    body.around(lower, start + 22.5),
                    body.around(lower, start),
                ]
                canvas.detail(np.array(corners), accent)


def _down(body: Body, degrees: float, low: _Section) -> Points:
    return np.array([body.around(section, degrees) for section in (_ARMPITS, _BUST, low)])


def _zip(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    if body.sees(0):
        canvas.line(_down(body, 0, low), accent, body.unit * 0.022)
    _band(canvas, body, between(_ARMPITS, low, 0.92), low, accent)


def _buttons(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    for degrees in (-16, 16):
        for share in (0.1, 0.35, 0.6, 0.85):
            if body.sees(degrees):
                centre = body.around(between(_ARMPITS, low, share), degrees)
                turn = np.linspace(0, 2 * math.pi, 8, endpoint=False)
                ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) * body.unit * 0.014
                canvas.detail(centre + ring, accent)
    _collar(canvas, body, accent, low)


def _sash(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    if body.sees(0):
        corners = [(_ARMPITS, 55), (_ARMPITS, 30), (low, -60), (low, -30)]
        path = [body.around(section, degrees) for section, degrees in corners]
        canvas.detail(np.array([path[0], path[1], path[2], path[3]]), accent)
    _band(canvas, body, between(_BUST, _WAIST, 0.9), between(_WAIST, _HIPS, 0.15), accent)


def _cross(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    if body.sees(0):
        for side in (-1, 1):
            path = [
                body.around(_ARMPITS, side * 40),
                body.around(_BUST, 0),
                body.around(low, -side * 40),
            ]
            canvas.line(np.array(path), accent, body.unit * 0.022)


def _belt(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    del low
    _band(canvas, body, between(_WAIST, _HIPS, 0.05), between(_WAIST, _HIPS, 0.32), accent)


def _collar(canvas: Canvas, body: Body, accent: Bgr, low: _Section) -> None:
    del low
    if body.sees(0):
        for side in (-1, 1):
            corners = [
                body.around(_SHOULDERS, side * 34),
                body.around(_BUST, side * 3),
                body.around(_ARMPITS, side * 34),
            ]
            canvas.detail(np.array(corners), accent)
