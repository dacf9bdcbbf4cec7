"""What the cameras do.

Each shot's pan, tilt and zoom, aimed at people who move, with sizes that the exam asks for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from inyourarea.stage_show.camera import Camera, Points
from inyourarea.stage_show.choreography import Tracks
from inyourarea.stage_show.figure import FACE_HEIGHT_M
from inyourarea.stage_show.spec import ShowSpec
from inyourarea.stage_show.timeline import CLOSE, HALF, WIDE, Slot

SMALLEST_FACE_PX, LARGEST_FACE_PX = 24.4, 394.0
"""Face heights at 1080 lines: the exam's 24 to 400 with a little room for poses that lean."""
HEAD_Z_M = 1.52
WIDE_ASPECT = 16 / 9
"""Zooms are chosen for this aspect, so that a show of any size has the same shots."""
_AHEAD_M = 0.25
SWEEP_HEIGHTS = 0.065
"""Picture heights in 1/30 s that a face may move in front of a long lens: .12 of a 9:16 window."""
SWEEP_COST = 0.05
SWAY_S, SWAY_HEIGHTS = 0.45, 0.010
TREMOR_S, TREMOR_HEIGHTS = 0.07, 0.0022
"""A hand's slow sway and quick tremor.

Smoothing time and root mean square, 11 and 2.4 px at 1080 lines.
"""


@dataclass(frozen=True)
class Stage:
    """Who is to be filmed: everybody's tracks and face sizes (people,), members first."""

    spec: ShowSpec
    tracks: Tracks
    face_factors: Points


@dataclass(frozen=True)
class FacesInShot:
    """Everybody's face in a shot's frames.

    ``picture`` (F, n, 2) from the picture's middle, right and down, in picture heights; ``scale``
    (F, n) picture heights per metre; ``face_px`` (F, n) at 1080 lines; ``is_in`` (F, n) whether any
    of it is in a 16:9 picture.
    """

    picture: Points
    scale: Points
    face_px: Points
    is_in: NDArray[np.bool_]


@dataclass(frozen=True)
class Shot:
    """A shot of the show.

    Its slot, and its camera in every frame from ``first - margin`` on, (n, 4).

    Columns of ``path``: pan, tilt, roll in radians, focal length in picture heights.
    """

    slot: Slot
    start: int
    path: Points

    def camera(self, frame: float, size: tuple[int, int]) -> Camera:
        """Give the camera at a frame (may lie between two), held at the path's ends."""
        place = float(np.clip(frame - self.start, 0, len(self.path) - 1))
        index = min(int(place), len(self.path) - 2) if len(self.path) > 1 else 0
        after = self.path[min(index + 1, len(self.path) - 1)]
        pan, tilt, roll, focal = (
            float(v) for v in self.path[index] + (after - self.path[index]) * (place - index)
        )
        return Camera(self.slot.position, pan, tilt, roll, focal * size[1], size)


def plan_shots(
    stage: Stage, slots: tuple[Slot, ...], rng: np.random.Generator, shake: Points | None
) -> tuple[Shot, ...]:
    """Aim every shot's camera; with a hand's shake (F, 3) there is one shot, from the hall."""
    spec = stage.spec
    wides = [i for i, slot in enumerate(slots) if slot.view == WIDE]
    closes = [i for i, slot in enumerate(slots) if slot.view == CLOSE]
    shots = []
    for i, slot in enumerate(slots):
        margin = spec.frames if len(slots) == 1 else round(float(spec.fps))
        frames = np.arange(max(0, slot.first - margin), min(spec.frames, slot.last + margin + 1))
        plan = _Aim(stage, slot, frames, rng)
        if shake is not None:
            path = plan.handheld(shake)
        elif slot.view == WIDE:
            path = plan.wide(SMALLEST_FACE_PX if i == wides[-1] else float(rng.uniform(26.0, 34.0)))
        elif slot.view == CLOSE:
            path = plan.close(LARGEST_FACE_PX if i == closes[0] else float(rng.uniform(220, 360)))
        elif slot.view == HALF:
            path = plan.half(float(rng.uniform(85, 140)))
        else:
            path = plan.side(float(rng.uniform(60, 105)))
        shots.append(Shot(slot, int(frames[0]), path))
    return tuple(shots)


class _Aim:
    """One shot's aiming: people's places in its frames, and the paths that views are made of."""

    def __init__(
        self, stage: Stage, slot: Slot, frames: NDArray[np.int64], rng: np.random.Generator
    ) -> None:
        self.spec, self.slot, self.rng = stage.spec, slot, rng
        self.fps = float(stage.spec.fps)
        self.face_factors = stage.face_factors
        self.heads = head_places(stage, frames)
        self.own = slice(slot.first - int(frames[0]), slot.last - int(frames[0]) + 1)
        self.frames = frames

    def wide(self, smallest_px: float) -> Points:
        """Hold everybody, the smallest face at a height in pixels of 1080 lines.

        Drift and zoom slowly.
        """
        members = self.heads[:, : self.spec.members]
        aim = self._smooth(members.mean(axis=1), 1.2)
        aim[:, 0] *= 0.6
        aim[:, 2] = 1.9
        aim[:, 0] += self._drift(0.25)
        zoom = 1.0 + np.linspace(0.0, float(self.rng.uniform(0.05, 0.14)), len(aim)) * (
            1 if self.rng.random() < 0.6 else 0
        )
        return self._path(aim, zoom, smallest_px, np.min)

    def half(self, middle_px: float) -> Points:
        """Follow two or three members who stand together."""
        members = self.heads[self.own, : self.spec.members].mean(axis=0)
        chosen = int(self.rng.integers(0, self.spec.members))
        near = np.argsort(
            np.abs(members[:, 0] - members[chosen, 0])
            + 0.3 * np.abs(members[:, 1] - members[chosen, 1])
        )[:2]
        aim = self._smooth(self.heads[:, near].mean(axis=1), 0.5)
        aim[:, 2] = 1.28
        zoom = np.exp(np.linspace(0.0, float(self.rng.uniform(-0.2, 0.25)), len(aim)))
        return self._path(aim, zoom, middle_px, np.median, near)

    def close(self, largest_px: float) -> Points:
        """Follow one member with a free view, her face large, while nobody sweeps past the lens."""
        members = self.heads[self.own, : self.spec.members]
        cost = 0.25 * members[..., 1].mean(axis=0) + self._blocked()
        cost += np.ptp(members[..., 0], axis=0) + 0.5 * np.ptp(members[..., 1], axis=0)
        cost += self.rng.uniform(0, 0.3, self.spec.members)
        zoom = np.exp(np.linspace(float(self.rng.uniform(-0.25, 0.0)), 0.0, len(self.frames)))
        paths = []
        for chosen in range(self.spec.members):
            aim = self._smooth(self.heads[:, chosen], 0.35)
            aim[:, 2] -= 0.10
            path = self._path(aim, zoom, largest_px, np.max, np.array([chosen]))
            cost[chosen] += SWEEP_COST * count_sweeps(self._faces(path), self.own, self.spec)
            paths.append(path)
        return paths[int(np.argmin(cost))]

    def side(self, middle_px: float) -> Points:
        """Look across the stage at the member who leaves most of the others out of the picture."""
        best = None
        for chosen in self.rng.permutation(self.spec.members):
            target = np.array([int(chosen)])
            aim = self._smooth(self.heads[:, chosen], 0.6)
            aim[:, 2] = 1.3
            path = self._path(aim, np.ones(len(aim)), middle_px, np.median, target)
            seen = self._ever_seen(path)[: self.spec.members]
            score = (int(seen.sum()) if seen.sum() < self.spec.members else 99) + 50 * (
                not seen[chosen]
            )
            if best is None or score < best[0]:
                best = (score, path)
        assert best is not None
        return best[1]

    def handheld(self, shake: Points) -> Points:
        """One long shot from the hall.

        Slow pans and zooms from wide to half and back, with a shaking hand.
        """
        members = self.heads[:, : self.spec.members]
        aim = self._smooth(members.mean(axis=1), 1.0)
        aim[:, 0] += self._drift(0.4)
        aim[:, 2] = 1.85
        wave = 0.5 - 0.5 * np.cos(
            2 * np.pi * self.frames / self.fps / float(self.rng.uniform(9, 12))
        )
        path = self._path(aim, 1.0 + 1.3 * wave**3, SMALLEST_FACE_PX, np.min)
        path[:, 0] -= shake[self.frames, 0] / path[:, 3]
        path[:, 1] += shake[self.frames, 1] / path[:, 3]
        path[:, 2] += shake[self.frames, 2]
        return path

    def _drift(self, metres: float) -> Points:
        phase, speed = float(self.rng.uniform(0, 6.28)), float(self.rng.uniform(0.4, 0.9))
        return np.asarray(metres * np.sin(self.frames / self.fps * speed + phase))

    def _smooth(self, points: Points, seconds: float) -> Points:
        return np.asarray(gaussian_filter1d(points, seconds * self.fps, axis=0, mode="nearest"))

    def _path(
        self,
        aim: Points,
        zoom: Points,
        face_px: float,
        measure: object,
        who: NDArray[np.int64] | None = None,
    ) -> Points:
        """Look at ``aim`` (n, 3).

        Scale the zoom so that the measured face height is as asked and none exceeds the largest.
        """
        offset = aim - np.array(self.slot.position)
        pan = np.arctan2(offset[:, 0], offset[:, 1])
        tilt = np.arctan2(offset[:, 2], np.hypot(offset[:, 0], offset[:, 1]))
        path = np.stack([pan, tilt, np.zeros(len(aim)), zoom], axis=1)
        chosen = np.arange(self.spec.members) if who is None else who
        heights = self._faces(path).face_px
        assert callable(measure)
        path[:, 3] *= face_px / float(measure(heights[self.own][:, chosen]))
        for _ in range(4):
            faces = self._faces(path)
            seen = np.where(faces.is_in, faces.face_px, 0.0)[self.own].max()
            if seen <= LARGEST_FACE_PX:
                break
            path[:, 3] *= LARGEST_FACE_PX / seen * 0.999
        return path

    def _faces(self, path: Points) -> FacesInShot:
        return project_heads(self.heads, self.slot.position, path, self.face_factors)

    def _ever_seen(self, path: Points) -> NDArray[np.bool_]:
        return np.asarray(self._faces(path).is_in[self.own].any(axis=0))

    def _blocked(self) -> Points:
        """Give for each member how much somebody nearer stands in the camera's way, (members,)."""
        offset = self.heads[self.own][..., :2] - np.array(self.slot.position[:2])
        bearing = np.arctan2(offset[..., 0], offset[..., 1])
        distance = np.linalg.norm(offset, axis=2)
        apart = np.abs(bearing[:, :, None] - bearing[:, None, :]) * distance[:, :, None]
        nearer = distance[:, None, :] < distance[:, :, None] - _AHEAD_M
        return np.asarray(
            4.0 * ((apart < 0.45) & nearer).any(axis=2).mean(axis=0)[: self.spec.members]
        )


def head_places(stage: Stage, frames: NDArray[np.int64]) -> Points:
    """Give where everybody's head is (F, n, 3) in world metres.

    Without the dance's own small motion.
    """
    height = HEAD_Z_M * stage.face_factors - stage.tracks.crouch[frames]
    return np.concatenate([stage.tracks.roots[frames], height[..., None]], axis=2)


def faces_in_shot(stage: Stage, shot: Shot, frames: NDArray[np.int64]) -> FacesInShot:
    """Give everybody's face in these frames of a shot."""
    path = shot.path[frames - shot.start]
    return project_heads(head_places(stage, frames), shot.slot.position, path, stage.face_factors)


def project_heads(
    heads: Points, position: tuple[float, float, float], path: Points, face_factors: Points
) -> FacesInShot:
    """Project heads (F, n, 3) through a camera path (F, 4), roll left out."""
    offset = heads - np.array(position)
    cos_pan, sin_pan = np.cos(path[:, :1]), np.sin(path[:, :1])
    cos_tilt, sin_tilt = np.cos(path[:, 1:2]), np.sin(path[:, 1:2])
    level = offset[..., 0] * sin_pan + offset[..., 1] * cos_pan
    ahead = level * cos_tilt + offset[..., 2] * sin_tilt
    across = offset[..., 0] * cos_pan - offset[..., 1] * sin_pan
    down = level * sin_tilt - offset[..., 2] * cos_tilt
    scale = path[:, 3:4] / np.maximum(ahead, 0.1)
    picture = np.stack([across * scale, down * scale], axis=2)
    is_in = (np.abs(picture[..., 0]) < WIDE_ASPECT / 2 + 0.08 * scale) & (ahead > 0.5)
    is_in &= np.abs(picture[..., 1]) < 0.5 + 0.10 * scale
    return FacesInShot(picture, scale, FACE_HEIGHT_M * face_factors * scale * 1080, is_in)


def count_sweeps(faces: FacesInShot, own: slice, spec: ShowSpec) -> float:
    """Count the moments (in 1/30 s) at which a member's face moves through the picture too quickly.

    Nobody could crop a steady picture of somebody who passes a long lens at a run.
    """
    x = faces.picture[own, : spec.members, 0]
    moved = np.abs(np.diff(x, axis=0)) * float(spec.fps) / 30
    inside = faces.is_in[own, : spec.members]
    quick = (moved > SWEEP_HEIGHTS) & inside[1:] & inside[:-1]
    return float(quick.sum()) * 30 / float(spec.fps)


def hand_shake(spec: ShowSpec, rng: np.random.Generator) -> Points:
    """Give the hand's shake (F, 3): right and down in picture heights, roll in radians.

    Slow sway and quick tremor.
    """
    fps = float(spec.fps)
    shake = np.zeros((spec.frames, 3))
    for seconds, size in ((SWAY_S, SWAY_HEIGHTS), (TREMOR_S, TREMOR_HEIGHTS)):
        noise = gaussian_filter1d(
            rng.standard_normal((spec.frames, 3)), seconds * fps, axis=0, mode="nearest"
        )
        shake += noise * size / np.maximum(noise.std(axis=0), 1e-9)
    shake[:, 2] *= 0.25
    return shake
