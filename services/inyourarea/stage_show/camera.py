"""The pin-hole camera that looks at the stage: world metres in, picture pixels out.

The world: x to the right as the audience sees it, y away from the audience, z up; the stage floor
is z = 0.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]

NEAREST_M = 0.05
"""What is nearer than this is drawn as if it were this far: keeps projections finite."""


@dataclass(frozen=True)
class Camera:
    """A camera at ``position`` (metres); ``pan``, ``tilt``, ``roll`` in radians.

    ``focal`` in pixels.

    Pan 0 and tilt 0 look straight at the stage (along +y); pan is positive to the right, tilt
    upwards.
    """

    position: tuple[float, float, float]
    pan: float
    tilt: float
    roll: float
    focal: float
    size: tuple[int, int]

    @cached_property
    def axes(self) -> Points:
        """Rows right, up and forward in world coordinates, shape (3, 3)."""
        sp, cp = math.sin(self.pan), math.cos(self.pan)
        st, ct = math.sin(self.tilt), math.cos(self.tilt)
        right = np.array([cp, -sp, 0.0])
        forward = np.array([sp * ct, cp * ct, st])
        up = np.cross(right, forward)
        sr, cr = math.sin(self.roll), math.cos(self.roll)
        return np.stack([right * cr + up * sr, up * cr - right * sr, forward])

    @cached_property
    def _origin(self) -> Points:
        return np.array(self.position)

    def project(self, world: Points) -> tuple[Points, Points]:
        """Give picture points (n, 2) and depths (n,) in metres of world points (n, 3).

        Picture coordinates have the origin at the corner of the first pixel, so its centre is (.5,
        .5).
        """
        seen = (world - self._origin) @ self.axes.T
        depth = np.maximum(seen[:, 2], NEAREST_M)
        scale = self.focal / depth
        picture = np.empty((len(world), 2))
        picture[:, 0] = self.size[0] / 2 + seen[:, 0] * scale
        picture[:, 1] = self.size[1] / 2 - seen[:, 1] * scale
        return picture, seen[:, 2]

    def local_view(self, axes: Points, depth: float) -> tuple[Points, Points]:
        """Give the (2, 3) matrix from a small body's own axes to pixels.

        And the direction to the camera there.

        ``axes`` has the body's axes as columns, in world coordinates. Within a head or a torso
        perspective is left out: a body is small against its distance.
        """
        scale = self.focal / max(depth, NEAREST_M)
        to_picture = np.stack([self.axes[0], -self.axes[1]]) * scale @ axes
        return to_picture, -self.axes[2] @ axes
