"""Last step of the camera: no frame's window jumps off the one before, whatever was planned.

The planned curves keep their limits but for what nobody can follow: a face that crosses the picture
within three frames, boxes that swap between two people. There the window gives the face up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.camera_measures import Composition

Array = NDArray[np.float64]

#: Most change of ln height and most move in widths from frame to frame, a little below the 5 % and
#: .20 of a jump.
ZOOM, MOVE = 0.045, 0.19
#: The picture's edge moves the window by half the zoom times its sides; in widths that may not
#: exceed half this.
EDGE = 0.12


@dataclass(frozen=True, eq=False)
class Curve:
    """A shot's windows: ``centre`` (n, 2) in pixels and ``height`` (n,), ln of pixels."""

    centre: Array
    height: Array


def hold_inside(curve: Curve, asked: Composition) -> Curve:
    """The same with windows not larger than fits, and inside the frame."""
    height = np.minimum(curve.height, np.log(asked.largest[1]))
    half = half_sides(height, asked)
    return Curve(np.clip(curve.centre, half, np.array(asked.frame_size) - half), height)


def half_sides(height: Array, asked: Composition) -> Array:
    """Half the width and height of windows of that ln height, (n, 2), at most half the frame."""
    tall = np.exp(height) / 2
    sides = np.stack([tall * float(asked.aspect), tall], axis=1)
    return np.minimum(sides, np.array(asked.frame_size) / 2)


def without_jumps(curve: Curve, asked: Composition) -> Curve:
    """The same where no frame is off its limits; else the mean of going there late and early.

    Going through the frames forwards with limited steps comes late, going backwards starts early;
    both keep the limits, and so does their mean.
    """
    zoom = min(ZOOM, EDGE * float(asked.aspect))
    widths = 2 * half_sides(curve.height, asked)[:, 0]
    moves = np.hypot(*np.diff(curve.centre, axis=0).T) / np.minimum(widths[1:], widths[:-1])
    zooms = np.abs(np.diff(curve.height))
    if np.all(moves <= MOVE) and np.all(zooms <= zoom):
        return curve
    height = curve.height[:, None]
    late = _limited(height, np.full(len(height), zoom), (height * 0, height + 1))
    early = _limited(height[::-1], np.full(len(height), zoom), (height * 0, height + 1))[::-1]
    height = (late[:, 0] + early[:, 0]) / 2
    half = half_sides(height, asked)
    bounds = (half, np.array(asked.frame_size) - half)
    widths = 2 * half[:, 0]
    by_edge = np.abs(np.diff(height)) / 2 * (1 + 1 / float(asked.aspect))
    step = (MOVE - by_edge) * np.minimum(widths[1:], widths[:-1])
    late = _limited(curve.centre, np.append(0, step), bounds)
    back = np.append(0, step[::-1])
    early = _limited(curve.centre[::-1], back, (bounds[0][::-1], bounds[1][::-1]))[::-1]
    return Curve((late + early) / 2, height)


def _limited(wanted: Array, step: Array, bounds: tuple[Array, Array]) -> Array:
    """Going after ``wanted`` (n, d) by at most ``step`` (n,) per row, within bounds (n, d) each."""
    found = wanted.copy()
    found[0] = np.clip(wanted[0], bounds[0][0], bounds[1][0])
    for i in range(1, len(wanted)):
        way = wanted[i] - found[i - 1]
        length = float(np.sqrt((way * way).sum()))
        share = min(1.0, step[i] / length) if length > 0 else 1.0
        found[i] = np.clip(found[i - 1] + way * share, bounds[0][i], bounds[1][i])
    return found
