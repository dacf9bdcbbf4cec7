"""Whether a planned show is a full and fair exam.

Predicted from the plan alone, so that a better one can be tried.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show.camera_work import (
    HEAD_Z_M,
    WIDE_ASPECT,
    FacesInShot,
    Shot,
    Stage,
    count_sweeps,
    faces_in_shot,
)
from inyourarea.stage_show.crossings import count_crossings
from inyourarea.stage_show.head import AWAY_FROM_DEG
from inyourarea.stage_show.timeline import SIDE, WIDE

FULL_FROM_S = 15.0
"""Shorter shows have no room for everything that an exam asks; they only keep its upper limits."""
CROSSINGS_PER_MINUTE = 6.0
_CROSSINGS_MARGIN = 1.35
LARGEST_FACE_FROM_PX = 375.0
HIDDEN_S = (1.0, 1.9)
AWAY_S = (1.6, 2.85)
WIDE_MEDIAN_PX = 43.0
MOST_SWEEPS = 2.0
"""Moments in 1/30 s at which a member may pass a long lens too quickly for a steady crop."""
WALKING_M_S = 2.0
"""The speed that a member keeps under in 95 % of the frames in which she is seen: a steady camera
(.06 windows of 1.3 m in 1/30 s, 2.3 m/s) can follow that, with room for the dance."""
COVERING_M = 0.13
"""Somebody nearer covers a face whose middle lies within this of her own middle.

Half a head and some hair.
"""
_TOP_M = 1.67
_INTO_FRAME = 0.46


@dataclass(frozen=True)
class Outlook:
    """What a plan will be like.

    Lengths in seconds, heights in pixels at 1080 lines, crossings per minute.
    """

    crossings: tuple[float, float, float]
    smallest_face_px: float
    largest_face_px: float
    wide_median_px: float
    hidden_s: float
    away_s: float
    is_somebody_absent_in_side_views: bool
    sweeps: float
    walking_m_s: float

    def shortcomings(self, is_full: bool, is_handheld: bool) -> float:
        """Say how far the plan is from a full exam: 0 where nothing is missing."""
        short = max(0.0, self.hidden_s - HIDDEN_S[1]) + max(0.0, self.away_s - AWAY_S[1])
        short += max(0.0, self.wide_median_px - WIDE_MEDIAN_PX) / 10
        short += 0.02 * max(0.0, self.sweeps - MOST_SWEEPS) + max(
            0.0, self.walking_m_s - WALKING_M_S
        )
        if is_full:
            wanted = CROSSINGS_PER_MINUTE * _CROSSINGS_MARGIN
            short += sum(max(0.0, wanted - rate) for rate in self.crossings)
            short += max(0.0, HIDDEN_S[0] - self.hidden_s) + max(0.0, AWAY_S[0] - self.away_s)
            if not is_handheld:
                short += max(0.0, LARGEST_FACE_FROM_PX - self.largest_face_px) / 50
                short += 0.0 if self.is_somebody_absent_in_side_views else 1.0
        return short


def foresee(stage: Stage, shots: tuple[Shot, ...]) -> Outlook:
    """Predict what the show will be like, from where everybody's head is in the cameras' views."""
    spec, members = stage.spec, stage.spec.members
    fps = float(spec.fps)
    shape = (spec.frames, len(stage.face_factors))
    across, widths, heights = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    numbers = np.zeros(spec.frames, np.int64)
    hidden, away = np.zeros((shape[0], members), bool), np.zeros((shape[0], members), bool)
    absent, sweeps = True, 0.0
    seen_at_all = np.zeros((shape[0], members), bool)
    for number, shot in enumerate(shots):
        frames = np.arange(shot.slot.first, shot.slot.last + 1)
        view = faces_in_shot(stage, shot, frames)
        numbers[frames] = number
        seen_at_all[frames] = view.is_in[:, :members]
        sweeps += count_sweeps(view, slice(None), spec)
        is_in = view.is_in & (np.abs(view.picture[..., 0]) < WIDE_ASPECT * _INTO_FRAME)
        is_in &= np.abs(view.picture[..., 1]) < _INTO_FRAME
        across[frames] = np.where(view.is_in, view.picture[..., 0], np.nan)
        widths[frames] = view.face_px / 1080 * 0.8
        heights[frames] = np.where(is_in, view.face_px, np.nan)
        hidden[frames] = _covered(view)[:, :members] & is_in[:, :members]
        away[frames] = _turned(stage, shot, frames)[:, :members] & view.is_in[:, :members]
        if shot.slot.view == SIDE:
            absent &= not view.is_in[:, :members].any(axis=0).all()
    minutes = spec.frames / fps / 60
    rates = count_crossings(across, widths, stage.tracks.roots[..., 1], numbers, members)
    seen = heights[:, :members]
    wides = np.array([shot.slot.view == WIDE for shot in shots])[numbers]
    return Outlook(
        crossings=(rates[0] / minutes, rates[1] / minutes, rates[2] / minutes),
        smallest_face_px=float(np.nanmin(seen)),
        largest_face_px=float(np.nanmax(seen)),
        wide_median_px=float(np.nanmedian(seen[wides])),
        hidden_s=longest_run(hidden, numbers) / fps,
        away_s=longest_run(away, numbers) / fps,
        is_somebody_absent_in_side_views=absent,
        sweeps=sweeps,
        walking_m_s=_walking(stage, seen_at_all),
    )


def _covered(view: FacesInShot) -> NDArray[np.bool_]:
    """Say (F, n) whose face is behind somebody nearer."""
    x, y, scale = view.picture[..., 0], view.picture[..., 1], view.scale
    nearer = scale[:, None, :] > scale[:, :, None] * 1.004
    close = np.abs(x[:, :, None] - x[:, None, :]) < COVERING_M * scale[:, None, :]
    tops = y - (_TOP_M - HEAD_Z_M) * scale
    above = tops[:, None, :] < y[:, :, None] + 0.1 * view.face_px[:, :, None] / 1080
    return np.asarray((nearer & close & above).any(axis=2))


def _walking(stage: Stage, seen: NDArray[np.bool_]) -> float:
    """Give the 95th percentile of the fastest member's speed in m/s, where seen (F, members)."""
    step = np.diff(stage.tracks.travelled[:, : seen.shape[1]], axis=0) * float(stage.spec.fps)
    walks = [step[mask[1:], member] for member, mask in enumerate(seen.T) if mask[1:].any()]
    return max((float(np.quantile(walk, 0.95)) for walk in walks), default=0.0)


def _turned(stage: Stage, shot: Shot, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say (F, n) whose face is turned from the camera."""
    offset = stage.tracks.roots[frames] - np.array(shot.slot.position[:2])
    bearing = np.arctan2(offset[..., 0], offset[..., 1])
    facing = np.cos(stage.tracks.yaws[frames] + bearing)
    return np.asarray(facing < np.cos(np.radians(AWAY_FROM_DEG)))


def longest_run(mask: NDArray[np.bool_], shots: NDArray[np.int64]) -> int:
    """Give the longest run of frames in which a column of the mask (F, N) holds, within a shot.

    ``shots`` (F,) says in which shot each frame is.
    """
    longest = 0
    edges = [0, *(np.flatnonzero(np.diff(shots)) + 1).tolist(), len(shots)]
    for first, end in pairwise(edges):
        padded = np.zeros((end - first + 2, mask.shape[1]), np.int8)
        padded[1:-1] = mask[first:end]
        change = np.diff(padded, axis=0)
        for column in change.T:
            starts, ends = np.flatnonzero(column == 1), np.flatnonzero(column == -1)
            if len(starts):
                longest = max(longest, int((ends - starts).max()))
    return longest
