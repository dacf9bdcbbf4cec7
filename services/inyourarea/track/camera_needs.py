"""First step of the camera: what one person's window must hold in each frame of one shot.

Where there is a box that is the face; where there is none it is where the face may be by now, a
place that grows with the time since it was last known, or, for somebody who walked out, the people
who are left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from inyourarea.core.camera_measures import hardly_moving
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import TICK_S, Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.track.shots import QUICKEST_STEP_S
from inyourarea.track.standpoint import Standpoint

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Face heights, less what the source's camera zooms, are taken as a percentile over this many
#: seconds: boxes breathe by some percent from frame to frame, faces do not. Over longer times the
#: zoom's own error, a fifth of it, would come in.
HEIGHT_S = 2.5
#: Which one: a box shrinks while a head is turned or half hidden, and never grows, so more of them
#: are too small than too large (ADR 3).
HEIGHT_PERCENTILE = 65
#: How much of an observed place's pull on the window a place of another state has.
TRUST = {State.OBSERVED: 1.0, State.FOLLOWED: 0.8, State.FILLED: 0.6, State.OPEN: 0.6}
#: How far, in face heights, a followed or filled box may be off, at once and per second ...
DOUBT_START, DOUBT_RATE = 0.15, 0.5
#: ... and a person of whom nothing is known: at first a dancer's step, a face height per second;
#: after a while she may be walking, and the window eases wider until she is back.
OPEN_START, OPEN_RATE = 0.25, 1.0
WALK_AFTER_S, WALK_RATE = 0.7, 2.5
#: Beyond this many face heights the doubt grows no more: the window shows half the stage by then.
MOST_DOUBT = 6.0
#: Somebody not seen whose last (or next) box is this many face widths from the side of the picture
#: has left it (or will come in there).
EXIT_WIDTHS = 0.8
#: So many others tell how a whole stage moves (one who runs is outvoted); fewer, of themselves.
FEWEST_OTHERS = 3
#: Boxes shake; whether somebody hardly moves is told by their mean over this many seconds.
SHAKE_S = 1 / 6
#: Face heights from one frame to the next at which not the stage moved but the picture changed.
LEAP = 0.5
#: Seconds for which the window stays where somebody left the picture, as defined, and for which it
#: waits where she will come in: on its way there she would walk in outside of it.
HOLD_S, AWAIT_S = 1.0 + TICK_S, 0.5 + TICK_S


@dataclass(frozen=True, eq=False)
class Needs:
    """What the window of one person in one shot is made from; a row per frame of the shot.

    ``face`` (n, 4) is the box to hold, known or guessed, source pixels; ``height`` (n,) the calmed
    face height; ``doubt`` (n,) by how many pixels the face may be off to each side; ``trust`` (n,)
    0..1, how much the place counts; ``gone`` bool (n,): the person is out of the picture and the
    window shows ``company`` (2,), the middle of those who are there (NaN where nobody is);
    ``rests`` bool (n,): the face hardly moves.
    """

    face: Array
    height: Array
    doubt: Array
    trust: Array
    gone: Mask
    company: Array
    rests: Mask


def needs_of(tracks: Tracks, track: Track, shot: Shot, standpoint: Standpoint) -> Needs | None:
    """What this person's window must hold in this shot; None where no frame has a box.

    ``standpoint`` is the source's camera's.
    """
    frames = slice(shot.first_frame, shot.last_frame + 1)
    # Between two frames that the detector looked at, a box is as good as seen.
    state = np.where(track.reason == Reason.STRIDE, State.OBSERVED, track.state)[frames]
    known = np.flatnonzero(state <= State.FILLED)
    if not known.size:
        return None
    seconds = tracks.timeline.seconds[frames]
    boxes = track.xyxy[frames].astype(np.float64)
    zoom = standpoint.zoom[frames]
    calm = _calm_heights(boxes[known], seconds[known], zoom[known])
    steady = np.log(calm / zoom[known])
    height = np.exp(np.interp(seconds, seconds[known], steady)) * zoom
    outside = _outside(boxes, known, tracks.size[0])
    held, anchor = _at_the_side(known, seconds)
    face = _guessed(tracks, track, shot, standpoint)
    gone = outside & ~held
    face = np.where(outside[:, None], boxes[anchor], face)
    timeline = Timeline(tracks.timeline.pts[frames], tracks.timeline.time_base)
    return Needs(
        face=face,
        height=height,
        doubt=_doubt(state, seconds) * height,
        trust=_trust(state, gone),
        gone=gone,
        company=_company(tracks, track, frames, gone),
        rests=_rests(face, state, timeline),
    )


def _guessed(tracks: Tracks, track: Track, shot: Shot, standpoint: Standpoint) -> Array:
    """The boxes, and straight lines between them for who moves along with the others, (n, 4).

    The lines are straight on stage, whatever the source's camera does meanwhile.
    """
    frames = np.arange(shot.first_frame, shot.last_frame + 1)
    boxes = {
        one.person: standpoint.steady(one.xyxy[frames].astype(np.float64), frames)
        for one in tracks.people
    }
    own = boxes.pop(track.person)
    drift = np.tile(_drift(list(boxes.values()), len(frames)), (1, 2))
    known = np.flatnonzero(track.has_box[frames])
    steady = (own - drift)[known]
    seconds = tracks.timeline.seconds[frames]
    lines = [np.interp(seconds, seconds[known], steady[:, i]) for i in range(4)]
    return standpoint.pixels(np.stack(lines, axis=1) + drift, frames)


def _drift(others: list[Array], frames: int) -> Array:
    """How far everybody else has moved since the shot's first frame, (n, 2) steady pixels.

    The median of those seen in both frames, added up: many steps of a dance move all, and so does a
    panning camera of which nothing is known. Somebody unseen is guessed to go along.
    """
    drift = np.zeros((frames, 2))
    if len(others) < FEWEST_OTHERS:
        return drift
    boxes = np.array(others)
    moves = np.diff((boxes[..., :2] + boxes[..., 2:]) / 2, axis=1)
    enough = np.isfinite(moves[..., 0]).sum(axis=0) >= FEWEST_OTHERS
    if not enough.any():
        return drift
    drift[1:][enough] = np.nanmedian(moves[:, enough], axis=0)
    leaps = np.abs(drift).max(axis=1) > LEAP * np.nanmedian(boxes[..., 3] - boxes[..., 1])
    return np.cumsum(np.where(leaps[:, None], 0, drift), axis=0)


def _calm_heights(boxes: Array, seconds: Array, zoom: Array) -> Array:
    """The faces' heights by those of their boxes about then, (n,) source pixels; zoom passes."""
    heights = np.log((boxes[:, 3] - boxes[:, 1]) / zoom)
    if len(heights) < 3:
        return np.asarray(np.exp(np.percentile(heights, HEIGHT_PERCENTILE)) * zoom)
    size = _frames_in(HEIGHT_S, seconds)
    high = percentile_filter(heights, HEIGHT_PERCENTILE, size=size, mode="reflect")
    # Where they all rise or fall, it is what the upper half of that time has: too much by a part
    # of what they rise in it.
    frames = np.arange(len(heights))
    first, last = np.maximum(frames - size // 2, 0), np.minimum(frames + size // 2, frames[-1])
    rise = np.abs(high[last] - high[first]) * size / (last - first)
    return np.asarray(np.exp(high - (HEIGHT_PERCENTILE / 100 - 0.5) * rise) * zoom)


def calm_faces(tracks: Tracks, track: Track, zoom: Array) -> Array:
    """The boxes of a track with calmed heights around their own centres, (F, 4); NaN for none."""
    seconds = tracks.timeline.seconds
    faces = np.where(track.has_box[:, None], track.xyxy, np.nan).astype(np.float64)
    for shot in tracks.shots:
        frames = np.arange(shot.first_frame, shot.last_frame + 1)
        frames = frames[track.has_box[frames]]
        if frames.size:
            middle = (faces[frames, 1] + faces[frames, 3]) / 2
            half = _calm_heights(faces[frames], seconds[frames], zoom[frames]) / 2
            faces[frames, 1], faces[frames, 3] = middle - half, middle + half
    return faces


def _rests(faces: Array, state: NDArray[np.uint8], timeline: Timeline) -> Mask:
    """Where somebody who is not lost hardly moves, bool (n,)."""
    size = _frames_in(SHAKE_S, timeline.seconds)
    calm = uniform_filter1d(faces, size, axis=0, mode="nearest")
    no_starts = np.zeros(len(state), np.bool_)
    return hardly_moving(calm, timeline, no_starts) & (state <= State.FILLED)


def _frames_in(lasting: float, seconds: Array) -> int:
    """The odd number of frames nearest to so many seconds, at least 3."""
    if len(seconds) < 2:
        return 1
    step = max(float(np.median(np.diff(seconds))), QUICKEST_STEP_S)
    return 2 * max(1, round(lasting / step / 2)) + 1


def _since(seconds: Array, anchors: Mask) -> Array:
    """Seconds to the nearest anchor frame, before or after, (n,)."""
    at = seconds[anchors]
    after = np.clip(np.searchsorted(at, seconds), 0, at.size - 1)
    before = np.clip(after - 1, 0, None)
    return np.minimum(np.abs(seconds - at[before]), np.abs(at[after] - seconds))


def _doubt(state: NDArray[np.uint8], seconds: Array) -> Array:
    """By how many face heights the face may be off its box, (n,)."""
    observed = state == State.OBSERVED
    doubt = np.zeros(len(state))
    anchors = observed if observed.any() else state <= State.FILLED
    guessed = (state == State.FOLLOWED) | (state == State.FILLED)
    doubt[guessed] = (DOUBT_START + DOUBT_RATE * _since(seconds, anchors))[guessed]
    blind = state >= State.OPEN
    since = _since(seconds, state <= State.FILLED)
    walked = WALK_RATE * np.maximum(since - WALK_AFTER_S, 0)
    doubt[blind] = (OPEN_START + OPEN_RATE * since + walked)[blind]
    return np.minimum(doubt, MOST_DOUBT)


def _trust(state: NDArray[np.uint8], gone: Mask) -> Array:
    table = np.full(len(State), TRUST[State.OPEN])
    for known, trust in TRUST.items():
        table[known] = trust
    return np.where(gone, 0.0, table[state])


def _outside(boxes: Array, known: NDArray[np.int64], width: int) -> Mask:
    """Frames in which the person is out of the picture, bool (n,).

    No box, and the one before and the one after (where there is one) at the picture's side.
    """
    margin = EXIT_WIDTHS * (boxes[known, 2] - boxes[known, 0])
    outer = np.zeros(len(boxes), dtype=np.bool_)
    outer[known] = (boxes[known, 0] < margin) | (boxes[known, 2] > width - margin)
    before, after = _neighbours(known, len(boxes))
    outside = outer[before] & outer[after]
    outside[known] = False
    return outside


def _at_the_side(known: NDArray[np.int64], seconds: Array) -> tuple[Mask, NDArray[np.int64]]:
    """Where the window of somebody outside stays at the picture's side, bool (n,), for which sight.

    int64 (n,): the known frame whose box it keeps, the one left from or, soon before it, the next.
    """
    before, after = _neighbours(known, len(seconds))
    since, until = seconds - seconds[before], seconds[after] - seconds
    is_first = since <= 0  # Up to the first sight nobody has left.
    comes = (until > 0) & (until <= AWAIT_S) & (is_first | (until < since))
    held = comes | (~is_first & (since <= HOLD_S))
    return held, np.where(comes | is_first, after, before)


def _neighbours(
    known: NDArray[np.int64], frames: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The last known frame up to each frame and the first from each on, (n,).

    Before the first known frame both are that one, behind the last as well.
    """
    after = np.searchsorted(known, np.arange(frames)).clip(max=known.size - 1)
    before = np.searchsorted(known, np.arange(frames), side="right") - 1
    return known[before.clip(min=0)], known[after]


def _company(tracks: Tracks, track: Track, frames: slice, gone: Mask) -> Array:
    """The middle of everybody else's faces while this person is gone, (2,); NaN for nobody."""
    if not gone.any():
        return np.full(2, np.nan)
    places = [
        (other.xyxy[frames][gone & other.has_box[frames]].astype(np.float64))
        for other in tracks.people
        if other.person != track.person
    ]
    faces = np.concatenate([np.zeros((0, 4)), *places])
    if not len(faces):
        return np.full(2, np.nan)
    return np.asarray(np.median((faces[:, :2] + faces[:, 2:]) / 2, axis=0))
