"""Anchors: pins that say who bears a name already, where a pins file gives that name to others.

Without a model a name such as ``person-2`` means nothing by itself; a sighting says who that is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.members import fold, is_numbered
from inyourarea.core.pin_places import hit_box
from inyourarea.core.pins import Pin, given_names
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Track, Tracks, surest_sighting


@dataclass(frozen=True, eq=False)
class _Placed:
    """A pin, the frame of the earlier tracks that it is set in, and who has its place there.

    ``frame`` is ``None`` where the earlier tracks do not go.
    """

    pin: Pin
    frame: int | None
    hit: Track | None


def anchors(pins: Sequence[Pin], kept: Tracks, run: Timeline) -> tuple[Pin, ...]:
    """A pin at the surest sighting of everybody whose kept number the pins give to another stretch.

    So the stretch and she are one person. Other names are given anew by every pins file, which may
    take back what an earlier one said. Not where the pins say otherwise: where she is named by
    them herself, or is elsewhere in that very frame (somebody else gets her name), or where they
    give her own boxes another name or deny hers. ``kept`` are the earlier tracks of the video that
    its names come from; ``run`` are the frames that pins count from, and in which anchors lie.
    """
    placed = [_placed(pin, kept, run) for pin in pins]
    made: dict[str, Pin] = {}
    for name in given_names(pins):
        track = _bearer(name, kept)
        if track is None or track.person in made or _is_told_otherwise(track, name, placed):
            continue
        own = [pin for pin in pins if pin.name == name and not pin.is_denial]
        frame = surest_sighting(track, _free_frames(own, kept, run))
        if frame is not None:
            made[track.person] = _anchor(track, name, frame, kept, run)
    return tuple(made.values())


def _placed(pin: Pin, kept: Tracks, run: Timeline) -> _Placed:
    at = np.flatnonzero(kept.timeline.pts == run.pts[run.frame_at(pin.start)])
    if not at.size:
        return _Placed(pin, None, None)
    frame = int(at[0])
    there = [track for track in kept.people if track.has_box[frame]]
    boxes = np.array([track.xyxy[frame] for track in there], dtype=np.float64).reshape(-1, 4)
    hit = hit_box(pin, boxes)
    return _Placed(pin, frame, None if hit is None else there[hit])


def _bearer(name: str, kept: Tracks) -> Track | None:
    """Whom the earlier run called ``person-2`` or so, where that is the name."""
    numbered = [track for track in kept.people if is_numbered(track.name)]
    return next((track for track in numbered if track.name == fold(name)), None)


def _is_told_otherwise(track: Track, name: str, placed: Sequence[_Placed]) -> bool:
    for one in placed:
        is_of_her = one.pin.name == name
        if is_of_her and not one.pin.is_denial and one.frame is not None:
            if track.has_box[one.frame]:
                return True
        elif one.hit is track and is_of_her == one.pin.is_denial:
            return True
    return False


def _free_frames(own: Sequence[Pin], kept: Tracks, run: Timeline) -> NDArray[np.bool_]:
    """Which frames of the earlier tracks are of the run, and of no stretch that is hers by pins."""
    pts = kept.timeline.pts
    free = np.isin(pts, run.pts)
    for pin in own:
        if pin.end is not None:
            until = run.pts[0] + math.ceil(pin.end / run.time_base)
            free &= (pts < run.pts[run.frame_at(pin.start)]) | (pts >= until)
    return free


def _anchor(track: Track, name: str, frame: int, kept: Tracks, run: Timeline) -> Pin:
    x1, y1, x2, y2 = (float(side) for side in track.xyxy[frame])
    return Pin(
        start=int(kept.timeline.pts[frame] - run.pts[0]) * run.time_base,
        end=None,
        x=x1,
        y=y1,
        width=x2 - x1,
        height=y2 - y1,
        name=name,
    )
