"""The empty stage: floor, backdrop, light columns, truss with beams, the crowd's lights.

Drawn at half the picture's size.
"""

import colorsys
import math
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import NEAREST_M, Camera, Points
from inyourarea.stage_show.canvas import SUBPIXEL_BITS, fixed_point
from inyourarea.stage_show.colour import Bgr

STAGE_LEFT_M, STAGE_RIGHT_M, STAGE_FRONT_M, STAGE_BACK_M = -7.5, 7.5, -0.8, 9.0
BACKDROP_Y_M = 9.6
TRUSS_Y_M, TRUSS_Z_M = 6.8, 7.0
FARTHEST_PX = 8000.0
"""Points are held within this, since OpenCV's fixed-point drawing overflows beyond 2^15 pixels."""
_LAMPS = 7
_BEAM_SCALE = 4


def paint_set(camera: Camera, hue: float, frame: float, fps: float) -> NDArray[np.uint8]:
    """Give the picture (H, W, 3) of the stage with nobody on it.

    ``hue`` 0..1 colours its lights.
    """
    width, height = camera.size
    small = replace(camera, focal=camera.focal / 2, size=(-(-width // 2), -(-height // 2)))
    picture = _backdrop(small, hue)
    _columns(picture, small, hue, frame / fps)
    _floor(picture, small, hue)
    _crowd(picture, small, hue, frame / fps)
    _beams(picture, small, hue, frame / fps)
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )


def neon(hue: float, value: float, saturation: float = 0.75) -> Bgr:
    """Give a bright BGR colour of a hue (turns round at 1)."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(blue * 255), round(green * 255), round(red * 255)


def _fill(
    picture: NDArray[np.uint8], camera: Camera, world: list[tuple[float, float, float]], colour: Bgr
) -> None:
    points = clip_to_front(np.array(world), camera)
    if len(points) >= 3:
        flat = np.clip(camera.project(points)[0], -FARTHEST_PX, FARTHEST_PX)
        cv2.fillPoly(picture, [fixed_point(flat)], colour, cv2.LINE_AA, SUBPIXEL_BITS)


def clip_to_front(world: Points, camera: Camera) -> Points:
    """Cut a polygon (n, 3) where it passes behind the camera."""
    depth = (world - np.array(camera.position)) @ camera.axes[2] - 4 * NEAREST_M
    kept = []
    for i in range(len(world)):
        j = (i + 1) % len(world)
        if depth[i] >= 0:
            kept.append(world[i])
        if (depth[i] >= 0) != (depth[j] >= 0):
            kept.append(world[i] + (world[j] - world[i]) * (depth[i] / (depth[i] - depth[j])))
    return np.array(kept).reshape(-1, 3)


def _backdrop(camera: Camera, hue: float) -> NDArray[np.uint8]:
    dark, glow = np.array(neon(hue, 0.09, 0.6)), np.array(neon(hue + 0.08, 0.30, 0.7))
    ramp = np.linspace(0, 1, 9)[:, None]
    strip = (dark + (glow - dark) * np.sin(np.pi * ramp) ** 2)[:, None, :].astype(np.uint8)
    return np.asarray(
        cv2.resize(strip, camera.size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )


_World: TypeAlias = list[tuple[float, float, float]]


def _upright(left: float, right: float, depth: float, low: float, high: float) -> _World:
    """Give a standing rectangle that faces the audience."""
    return [(left, depth, low), (right, depth, low), (right, depth, high), (left, depth, high)]


def _lying(left: float, right: float, near: float, far: float) -> _World:
    """Give a rectangle on the floor."""
    return [(left, near, 0), (right, near, 0), (right, far, 0), (left, far, 0)]


def _columns(picture: NDArray[np.uint8], camera: Camera, hue: float, seconds: float) -> None:
    """Draw light columns along the backdrop and at the stage's sides."""
    for i in range(14):
        x = -9.1 + 1.4 * i
        value = 0.35 + 0.3 * math.sin(seconds * 2.4 + i * 0.9)
        colour = neon(hue + 0.03 * (i % 3), max(0.12, value))
        _fill(picture, camera, _upright(x, x + 0.16, BACKDROP_Y_M, 0.0, 2.0), colour)
    for x in (-8.6, 8.6):
        for i in range(5):
            y = 1.0 + 1.9 * i
            colour = neon(hue + 0.5, 0.3 + 0.2 * math.sin(seconds * 3 + i))
            _fill(
                picture,
                camera,
                [(x, y, 0), (x, y + 0.25, 0), (x, y + 0.25, 5.5), (x, y, 5.5)],
                colour,
            )


def _floor(picture: NDArray[np.uint8], camera: Camera, hue: float) -> None:
    """Draw the floor with its tiles, and the stage's front with a strip of light."""
    left, right, front, back = STAGE_LEFT_M, STAGE_RIGHT_M, STAGE_FRONT_M, STAGE_BACK_M
    shades = 8
    for i in range(shades):
        near = front + (back - front) * (shades - 1 - i) / shades
        far = near + (back - front) / shades
        colour = neon(hue + 0.02, 0.13 + 0.16 * (1 - i / shades), 0.55)
        _fill(picture, camera, _lying(left, right, near, far), colour)
    for x in np.linspace(left, right, 11):
        _fill(picture, camera, _lying(float(x), float(x) + 0.03, front, back), neon(hue, 0.36, 0.5))
    for y in np.linspace(front, back, 8):
        _fill(picture, camera, _lying(left, right, float(y), float(y) + 0.03), neon(hue, 0.34, 0.5))
    _fill(picture, camera, _upright(left, right, front, -1.4, 0.0), neon(hue, 0.07))
    _fill(picture, camera, _upright(left, right, front, -0.09, 0.0), neon(hue + 0.5, 0.9, 0.45))


def _crowd(picture: NDArray[np.uint8], camera: Camera, hue: float, seconds: float) -> None:
    """Draw the heads and light sticks of the first rows, below the stage's edge."""
    count = 150
    index = np.arange(count)
    x = -9.0 + 18.0 * ((index * 0.618034) % 1.0)
    y = -1.6 - 4.4 * ((index * 0.754878) % 1.0)
    wave = 0.12 * np.sin(seconds * 6.0 + index)
    world = np.stack([x + wave, y, -0.62 + 0.18 * ((index * 0.41) % 1.0)], axis=1)
    points, depths = camera.project(world)
    for i in np.argsort(-depths):
        if depths[i] < 1.0 or not -50 < points[i, 1] < picture.shape[0] + 60:
            continue
        scale = camera.focal / depths[i]
        centre = fixed_point(points[i : i + 1] + np.array([0.0, 0.30 * scale]))[0]
        cv2.circle(
            picture,
            centre,
            max(1, round(0.13 * scale * 16)),
            neon(hue + 0.5, 0.10 + 0.05 * (i % 3), 0.5),
            -1,
            cv2.LINE_AA,
            SUBPIXEL_BITS,
        )
        if i % 3 == 0:
            stick = points[i] + np.array([[0.16, 0.1], [0.2, -0.14]]) * scale
            colour = neon(0.45 + 0.2 * (i % 2), 0.85)
            width = max(1, round(0.03 * scale))
            line = [fixed_point(stick)]
            cv2.polylines(picture, line, False, colour, width, cv2.LINE_AA, SUBPIXEL_BITS)


def _beams(picture: NDArray[np.uint8], camera: Camera, hue: float, seconds: float) -> None:
    """Add lamps on the truss and their beams in the haze, drawn small and soft."""
    width, height = camera.size
    size = -(-width // _BEAM_SCALE), -(-height // _BEAM_SCALE)
    small = replace(camera, focal=camera.focal / _BEAM_SCALE, size=size)
    haze = np.zeros((size[1], size[0], 3), np.uint8)
    y, z = TRUSS_Y_M, TRUSS_Z_M
    for i in range(_LAMPS):
        x = -6.3 + 12.6 * i / (_LAMPS - 1)
        reach = x * 0.55 + 2.6 * math.sin(seconds * 1.1 + i * 1.3)
        layer = np.zeros_like(haze)
        beam = [
            (x - 0.08, y, z),
            (reach - 0.75, y - 1, 0),
            (reach + 0.75, y - 1, 0),
            (x + 0.08, y, z),
        ]
        _fill(layer, small, beam, neon(hue + 0.12 * (i % 3), 0.22, 0.6))
        _fill(
            layer, small, _upright(x - 0.25, x + 0.25, y, z - 0.25, z + 0.25), neon(hue, 0.9, 0.25)
        )
        cv2.add(haze, layer, dst=haze)
    blurred = cv2.GaussianBlur(haze, (5, 5), 0)
    soft = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.add(picture, soft, dst=picture)
