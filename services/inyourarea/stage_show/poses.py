"""The dance.

A small library of poses, a sequence of them in time with the beat, and steps while walking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.skeleton import POSE_SIZE

_PELVIS_X, _PELVIS_Z, _LEAN_X, _LEAN_Y, _HEAD_YAW, _HEAD_PITCH, _HEAD_ROLL = range(7)
_LEFT_HAND, _RIGHT_HAND = slice(7, 10), slice(10, 13)
_LEFT_FOOT, _RIGHT_FOOT = slice(13, 16), slice(16, 19)

_REST = (-0.09, 0.06, -0.46)

# (left hand, right hand, pelvis x, pelvis z, lean x, head roll, feet apart): metres and radians;
# hands from the shoulder.
_TABLE: tuple[
    tuple[tuple[float, ...], tuple[float, ...], float, float, float, float, float], ...
] = (
    (_REST, (0.09, 0.06, -0.46), 0.0, 0.0, 0.0, 0.0, 0.0),
    ((-0.10, 0.06, -0.34), (0.10, 0.06, -0.34), 0.05, -0.01, -0.04, 0.08, 0.06),
    ((-0.16, 0.06, 0.46), (0.16, 0.06, 0.46), 0.0, -0.01, 0.0, 0.0, 0.03),
    ((-0.10, 0.06, -0.34), (0.36, 0.12, 0.30), -0.06, -0.02, 0.10, 0.12, 0.10),
    ((-0.36, 0.12, 0.30), (0.10, 0.06, -0.34), 0.06, -0.02, -0.10, -0.12, 0.10),
    ((-0.50, 0.06, 0.04), (0.50, 0.06, 0.04), 0.0, -0.03, 0.0, 0.0, 0.14),
    ((0.10, 0.26, -0.12), (-0.10, 0.26, -0.12), 0.0, 0.0, 0.0, 0.14, 0.0),
    (_REST, (0.14, 0.10, 0.22), 0.04, -0.01, 0.05, -0.10, 0.05),
    ((-0.04, 0.18, -0.44), (0.04, 0.18, -0.44), 0.0, -0.20, 0.0, 0.0, 0.16),
    ((0.16, 0.20, -0.26), (-0.16, 0.20, -0.26), -0.05, -0.04, 0.0, -0.08, 0.08),
    ((-0.30, 0.10, -0.30), (0.20, 0.06, 0.42), 0.10, -0.05, -0.16, -0.15, 0.15),
    ((-0.20, 0.06, 0.42), (0.30, 0.10, -0.30), -0.10, -0.05, 0.16, 0.15, 0.15),
    ((-0.10, 0.06, -0.34), (0.04, 0.48, -0.06), 0.0, -0.06, 0.0, 0.0, 0.12),
    ((-0.16, 0.08, 0.24), _REST, -0.04, -0.01, -0.05, 0.10, 0.05),
    ((-0.46, 0.12, 0.10), (-0.22, 0.30, 0.0), 0.08, -0.04, 0.06, 0.0, 0.12),
    ((0.22, 0.30, 0.0), (0.46, 0.12, 0.10), -0.08, -0.04, -0.06, 0.0, 0.12),
)


@dataclass(frozen=True)
class Dance:
    """Which pose is reached at which half beat; ``half_beat`` in frames; ``delays`` (n,) in frames.

    ``size`` (n,).
    """

    sequence: NDArray[np.int64]
    half_beat: float
    delays: Points
    size: Points


def library() -> Points:
    """Give all poses, shape (16, 19)."""
    poses = np.zeros((len(_TABLE), POSE_SIZE))
    for pose, (left, right, pelvis_x, pelvis_z, lean, roll, apart) in zip(
        poses, _TABLE, strict=True
    ):
        pose[_PELVIS_X], pose[_PELVIS_Z], pose[_LEAN_X], pose[_HEAD_ROLL] = (
            pelvis_x,
            pelvis_z,
            lean,
            roll,
        )
        pose[_LEFT_HAND], pose[_RIGHT_HAND] = left, right
        pose[_LEFT_FOOT], pose[_RIGHT_FOOT] = (-apart, 0.0, 0.0), (apart, 0.0, 0.0)
    return poses


def dance_poses(dance: Dance, frame: float) -> Points:
    """Give everybody's pose (n, 19) at a moment: quick towards the next pose, then held."""
    poses = library()
    place = np.maximum((frame - dance.delays) / dance.half_beat, 0.0)
    index = place.astype(np.int64)
    share = np.minimum((place - index) * 1.5, 1.0)
    share = share * share * (3 - 2 * share)
    sequence = dance.sequence
    first = poses[sequence[index % len(sequence)]]
    second = poses[sequence[(index + 1) % len(sequence)]]
    blended = first + (second - first) * share[:, None]
    blended *= dance.size[:, None]
    bounce = np.abs(np.sin(np.pi * place / 2))
    blended[:, _PELVIS_Z] -= 0.025 * bounce
    blended[:, _HEAD_PITCH] -= 0.06 * bounce
    return blended


def with_steps(poses: Points, speed: Points, travelled: Points) -> Points:
    """Add steps to poses (n, 19) of people who walk.

    ``speed`` (n,) in m/s, ``travelled`` (n,) metres so far.
    """
    stride = np.clip(speed / 1.5, 0.0, 1.0)
    phase = travelled * np.pi / 0.62
    stepped = poses.copy()
    for foot, hand, turn in ((_LEFT_FOOT, _RIGHT_HAND, 0.0), (_RIGHT_FOOT, _LEFT_HAND, np.pi)):
        swing = np.sin(phase + turn) * stride
        stepped[:, foot.start + 1] += 0.20 * swing
        stepped[:, foot.start + 2] += 0.10 * np.maximum(0.0, np.cos(phase + turn)) * stride
        stepped[:, hand.start + 1] += 0.10 * swing
    stepped[:, _LEAN_Y] += 0.06 * stride
    stepped[:, _PELVIS_Z] -= 0.02 * stride
    return stepped
