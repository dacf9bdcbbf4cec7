"""The camera: out of the tracks, a window for every person and frame, planned shot by shot.

Needs (`camera_needs`) are gathered at knots (`camera_demand`), heights are decided first
(`camera_size`), then places (`camera_place`); this file lays the knots out and reads the curves at
the frames, where the last limits hold (`camera_limits`).

Source: Grundmann, Kwatra, Essa 2011, L1-optimal camera paths; here of a crop instead of a warp.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import Framing
from inyourarea.core.picture import Picture
from inyourarea.core.shots import Shot
from inyourarea.core.tracks import State, Tracks
from inyourarea.core.windows import CameraPath, quantise
from inyourarea.track.camera_demand import gather
from inyourarea.track.camera_knots import lay_knots
from inyourarea.track.camera_limits import Curve, half_sides, hold_inside, without_jumps
from inyourarea.track.camera_needs import Needs, needs_of
from inyourarea.track.camera_place import plan_across, plan_down
from inyourarea.track.camera_size import plan_heights
from inyourarea.track.standpoint import Standpoint, fixed_standpoint

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Block:
    """One person in one shot with at least one box."""

    person: int
    shot: Shot
    needs: Needs
    seconds: Array


def plan_cameras(
    tracks: Tracks, framing: Framing, picture: Picture, standpoint: Standpoint | None = None
) -> tuple[CameraPath, ...]:
    """One camera path per person, in the order of ``tracks.people``.

    ``standpoint`` is of the source's camera, where its motion is known: a zoom is no growing face.

    In a shot without a box of the person the window is the whole frame and the state ``ABSENT``.
    Elsewhere the window has the picture's aspect, lies inside the frame, and moves like a tripod
    operator: still, straight or parabolic, jumping nowhere but at the shot's first frame. Shots do
    not influence each other, to the last bit.
    """
    asked = Composition(framing, tracks.size, picture.aspect)
    standpoint = standpoint or fixed_standpoint(len(tracks.timeline))
    blocks = [
        block
        for person in range(len(tracks.people))
        for shot in tracks.shots
        if (block := _block(tracks, person, shot, standpoint)) is not None
    ]
    whole = np.array([0, 0, *tracks.size], dtype=np.float64)
    windows = np.tile(whole, (len(tracks.people), len(tracks.timeline), 1))
    state = np.full(windows.shape[:2], State.ABSENT, dtype=np.uint8)
    if blocks:
        planned = _plan(blocks, asked, picture)
        for block, rows in zip(blocks, planned, strict=True):
            frames = slice(block.shot.first_frame, block.shot.last_frame + 1)
            windows[block.person, frames] = rows
            state[block.person, frames] = np.minimum(
                tracks.people[block.person].state[frames], State.OPEN
            )
    return tuple(
        CameraPath(track.person, track.name, windows[person], state[person])
        for person, track in enumerate(tracks.people)
    )


def _block(tracks: Tracks, person: int, shot: Shot, standpoint: Standpoint) -> _Block | None:
    needs = needs_of(tracks, tracks.people[person], shot, standpoint)
    if needs is None:
        return None
    seconds = tracks.timeline.seconds[shot.first_frame : shot.last_frame + 1]
    return _Block(person, shot, needs, seconds - seconds[0])


def _plan(blocks: list[_Block], asked: Composition, picture: Picture) -> list[Array]:
    """The windows of each block, (frames of its shot, 4)."""
    seconds = [block.seconds for block in blocks]
    knots = lay_knots(seconds)
    demand = gather(knots, [block.needs for block in blocks], seconds)
    heights = plan_heights(knots, demand, asked, picture)
    at_knots = np.exp(knots.at_knots(heights))[demand.knot]
    at_knots = np.minimum(at_knots, asked.largest[1])
    across = plan_across(knots, demand, asked, at_knots)
    down = plan_down(knots, demand, asked, at_knots)
    centres = np.stack([knots.at_frames(across), knots.at_frames(down)], axis=1)
    edges = np.cumsum([len(times) for times in seconds])[:-1]
    pieces = zip(np.split(centres, edges), np.split(knots.at_frames(heights), edges), strict=True)
    return [_windows(Curve(centre, height), asked) for centre, height in pieces]


def _windows(curve: Curve, asked: Composition) -> Array:
    """The windows of a shot's frames (n, 4), inside the frame and without a jump."""
    kept = without_jumps(hold_inside(curve, asked), asked)
    half = half_sides(kept.height, asked)
    return quantise(np.concatenate([kept.centre - half, kept.centre + half], axis=1))
