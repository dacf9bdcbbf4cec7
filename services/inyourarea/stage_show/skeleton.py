"""Joints of the performers.

Poses in a body's own axes in, joints in world metres out, all people at once.

A body's own axes: x to the viewer's right when she faces the audience, y forward, z up; the origin
lies on the floor between the feet. Yaw 0 faces the audience.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points

POSE_SIZE = 19
"""Pelvis x, z; torso lean x, y; head yaw, pitch, roll; hands left, right (from the shoulder).

Feet left, right.
"""

THIGH_M, SHIN_M = 0.44, 0.43
UPPER_ARM_M, FOREARM_M = 0.27, 0.25
PELVIS_M = 0.93
TORSO_M, SHOULDER_M, NECK_M = 0.36, 0.46, 0.52
HEAD_M = 0.135
SHOULDER_HALF_M, HIP_HALF_M = 0.140, 0.080
ANKLE_M = 0.07


@dataclass(frozen=True)
class Joints:
    """Joints of n people in world metres, each (n, 3), left before right.

    Axes (n, 3, 3) with axes as columns.
    """

    pelvis: Points
    chest: Points
    neck: Points
    head: Points
    shoulders: Points
    elbows: Points
    hands: Points
    hips: Points
    knees: Points
    ankles: Points
    body_axes: Points
    head_axes: Points


def stand(poses: Points, roots: Points, yaws: Points, heights: Points) -> Joints:
    """Put n people on the stage.

    ``poses`` (n, 19) in metres and radians of a 1.66 m body, ``roots`` (n, 2) stage x, y, ``yaws``
    (n,) in radians, ``heights`` (n,) factors. Pairs of joints have shape (n, 2, 3): left (smaller
    x) first.
    """
    n = len(poses)
    zero = np.zeros(n)
    pelvis = np.stack([poses[:, 0], zero, PELVIS_M + poses[:, 1]], axis=1)
    lean = np.stack([poses[:, 2], poses[:, 3], np.ones(n)], axis=1)
    up = lean / np.linalg.norm(lean, axis=1, keepdims=True)
    chest, neck = pelvis + TORSO_M * up, pelvis + NECK_M * up
    tilt = poses[:, 6] * 0.6
    head = neck + HEAD_M * _unit(
        up + np.stack([np.sin(tilt), poses[:, 5] * 0.4, np.ones(n)], axis=1)
    )
    side = np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    across = np.stack([np.ones(n), zero, -poses[:, 2]], axis=1)[:, None, :] * side[None, :, :1]
    shoulders = (pelvis + SHOULDER_M * up)[:, None] + SHOULDER_HALF_M * across
    hands = _within(shoulders, shoulders + poses[:, 7:13].reshape(n, 2, 3), UPPER_ARM_M + FOREARM_M)
    out_and_back = np.broadcast_to(side * 0.7 + np.array([0.0, -0.7, -0.5]), (n, 2, 3))
    elbows = bend(shoulders, hands, (UPPER_ARM_M, FOREARM_M), out_and_back)
    hips = pelvis[:, None] + HIP_HALF_M * across
    feet = side * 0.11 + np.array([0.0, 0.0, ANKLE_M]) + poses[:, 13:19].reshape(n, 2, 3)
    ankles = _within(hips, feet, THIGH_M + SHIN_M)
    forward = np.broadcast_to(side * 0.25 + np.array([0.0, 1.0, 0.0]), (n, 2, 3))
    knees = bend(hips, ankles, (THIGH_M, SHIN_M), forward)
    axes = body_axes(yaws)

    def place(local: Points) -> Points:
        scaled = local * heights.reshape(n, *(1,) * (local.ndim - 1))
        world = np.einsum("nij,n...j->n...i", axes, scaled)
        world[..., 0] += roots[:, 0].reshape(n, *(1,) * (local.ndim - 2))
        world[..., 1] += roots[:, 1].reshape(n, *(1,) * (local.ndim - 2))
        return np.asarray(world)

    parts = (pelvis, chest, neck, head, shoulders, elbows, hands, hips, knees, ankles)
    placed = [*(place(part) for part in parts), axes, axes @ _head_turn(poses[:, 4:7])]
    return Joints(*placed)


def body_axes(yaws: Points) -> Points:
    """Give the (n, 3, 3) matrices whose columns are a body's side, forward and up in the world."""
    s, c = np.sin(yaws), np.cos(yaws)
    axes = np.zeros((len(yaws), 3, 3))
    axes[:, 0, 0], axes[:, 1, 0] = c, s
    axes[:, 0, 1], axes[:, 1, 1] = s, -c
    axes[:, 2, 2] = 1.0
    return axes


def bend(start: Points, end: Points, lengths: tuple[float, float], pole: Points) -> Points:
    """Give the middle joint of a two-bone limb, bent towards ``pole``; all (..., 3)."""
    first, second = lengths
    reach = end - start
    distance = np.clip(np.linalg.norm(reach, axis=-1, keepdims=True), 1e-6, first + second)
    along = reach / distance
    ahead = (first**2 - second**2 + distance**2) / (2 * distance)
    height = np.sqrt(np.maximum(first**2 - ahead**2, 0.0))
    sideways = pole - along * np.sum(pole * along, axis=-1, keepdims=True)
    return np.asarray(start + along * ahead + _unit(sideways) * height)


def _within(start: Points, end: Points, reach: float) -> Points:
    """Pull ``end`` to within reach of ``start``."""
    offset = end - start
    distance = np.linalg.norm(offset, axis=-1, keepdims=True)
    return np.asarray(start + offset * np.minimum(1.0, reach * 0.999 / np.maximum(distance, 1e-9)))


def _unit(vectors: Points) -> Points:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _head_turn(angles: NDArray[np.float64]) -> Points:
    """Give (n, 3, 3) turns of the head in the body's axes.

    Yaw about up, then pitch (nod), then roll.
    """
    yaw, pitch, roll = angles.T
    n = len(angles)
    turn, nod, lean = (np.tile(np.eye(3), (n, 1, 1)) for _ in range(3))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = _rotation(yaw)
    nod[:, 1, 1], nod[:, 1, 2], nod[:, 2, 1], nod[:, 2, 2] = _rotation(pitch)
    lean[:, 2, 2], lean[:, 2, 0], lean[:, 0, 2], lean[:, 0, 0] = _rotation(roll)
    return turn @ nod @ lean


def _rotation(angle: Points) -> tuple[Points, Points, Points, Points]:
    s, c = np.sin(angle), np.cos(angle)
    return c, -s, s, c
