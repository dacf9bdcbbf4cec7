"""What a camera path is judged by; the planner's report and the score call the same functions.

Every function is about one person. ``windows`` are xyxy float (F, 4) in source pixels, a row per
frame of the timeline; a row of NaN is a frame that does not count (see `counted_windows`).
``faces`` are boxes xyxy (F, 4), NaN where there is none. ``starts`` bool (F,) tells the frames at
which the picture changes anyway (the first of a shot): nothing is compared with the frame before.
Shares are NaN where no frame counts.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.framing import LARGE_FACE, SAFE_WIDTH, Framing, largest_window
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State
from inyourarea.core.windows import CameraPath

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

#: A window is still when its centre moves at most this many widths from one frame to the next ...
STILL_CENTRE = 0.002
#: ... and its size changes at most by this share.
STILL_SIZE = 0.002
#: A jump: the centre moves more than this many widths from one frame to the next ...
JUMP_CENTRE = 0.20
#: ... or the size changes more than by this share.
JUMP_SIZE = 0.05
#: Seconds for which a face must stay within its own width to be called hardly moving.
HARDLY_MOVING_S = 1.0
#: A turn of the zoom counts when the size goes this share one way and then the other: enough to be
#: seen, and well above the rounding of windows to 1/16 pixel.
ZOOM_TURN = 0.01
#: Pixels by which rounding may move an edge; no edge is called outside for less.
ROUNDING_PX = 0.25
#: How near the largest window a height must be to count as "as large as fits".
AS_LARGE_AS_FITS = 0.99


@dataclass(frozen=True)
class Composition:
    """What is asked of the windows: the framing, the source frame's size, and the aspect."""

    framing: Framing
    frame_size: tuple[int, int]
    aspect: Fraction

    @property
    def largest(self) -> tuple[float, float]:
        """Width and height of the largest window of the aspect inside the frame."""
        return largest_window(self.frame_size, self.aspect)


def counted_windows(path: CameraPath) -> NDArray[np.float64]:
    """The windows of a path, NaN in the frames of absent shots, which count for no measure."""
    return np.where((path.state == State.ABSENT)[:, None], np.nan, path.xyxy)


def shot_starts(shots: tuple[Shot, ...], frames: int) -> Mask:
    """The first frame of every shot, bool (frames,)."""
    starts = np.zeros(frames, dtype=np.bool_)
    starts[[shot.first_frame for shot in shots]] = True
    return starts


def share(of: Mask, among: Mask) -> float:
    """How much of ``among`` is ``of``, 0..1; NaN where there is nothing to count."""
    total = int(np.count_nonzero(among))
    return float(np.count_nonzero(of & among)) / total if total else float("nan")


def percentile(values: Floats, percent: float) -> float:
    """A percentile of the values that are not NaN; NaN where there are none."""
    known = values[np.isfinite(values)]
    return float(np.percentile(known, percent)) if known.size else float("nan")


def speeds(windows: Floats, timeline: Timeline, starts: Mask) -> NDArray[np.float64]:
    """How fast the centre comes from the frame before, (F,) widths per 1/30 s.

    In widths of the frame's own window; NaN at starts and where either window does not count.
    """
    velocity = _velocity(windows, timeline, starts)
    return np.asarray(np.hypot(velocity[:, 0], velocity[:, 1]))


def accelerations(windows: Floats, timeline: Timeline, starts: Mask) -> NDArray[np.float64]:
    """How much the velocity of the centre changes at a frame, (F,) widths per (1/30 s) squared.

    Needs the frame before and the one after in the same shot; NaN where they are missing.
    """
    velocity = _velocity(windows, timeline, starts)
    found = np.full(len(windows), np.nan)
    if len(windows) > 2:
        steps = timeline.steps
        change = (velocity[2:] - velocity[1:-1]) / ((steps[1:] + steps[:-1]) / 2)[:, None]
        found[1:-1] = np.hypot(change[:, 0], change[:, 1])
    return found


def jumps(windows: Floats, starts: Mask) -> Mask:
    """Frames whose window lies or sizes too far off the one before, bool (F,); none at starts.

    Give it the windows of all frames (`CameraPath.xyxy`): going from the whole frame of an absent
    person to a close window is a jump too, where the picture has no cut.
    """
    move, zoom = _changes(windows, starts)
    return np.asarray((move > JUMP_CENTRE) | (zoom > JUMP_SIZE))


def still(windows: Floats, starts: Mask) -> Mask:
    """Frames whose window is that of the frame before but for a trace, bool (F,)."""
    move, zoom = _changes(windows, starts)
    return np.asarray((move <= STILL_CENTRE) & (zoom <= STILL_SIZE))


def hardly_moving(faces: Floats, timeline: Timeline, starts: Mask) -> Mask:
    """Frames within some stretch of a second in which the face stays within its own width.

    bool (F,). A stretch lies within one shot and has a face in every frame; its face width is that
    of its first frame, and the face's centre spans no more than that in x and in y.
    """
    seconds = timeline.seconds
    first = np.arange(len(seconds))
    last = np.searchsorted(seconds, seconds + HARDLY_MOVING_S - 1e-9)
    first, last = first[last < len(seconds)], last[last < len(seconds)]
    covered = np.zeros(len(seconds) + 1, dtype=np.int64)
    if not first.size:
        return np.zeros(len(seconds), dtype=np.bool_)
    centres = (faces[:, :2] + faces[:, 2:]) / 2
    spans = _range_max(centres, first, last) + _range_max(-centres, first, last)
    shots = np.cumsum(starts)
    width = (faces[:, 2] - faces[:, 0])[first]
    calm = (spans.max(axis=1) <= width) & (shots[first] == shots[last])
    np.add.at(covered, first[calm], 1)
    np.add.at(covered, last[calm] + 1, -1)
    return np.cumsum(covered)[:-1] > 0


def still_share(windows: Floats, faces: Floats, timeline: Timeline, starts: Mask) -> float:
    """The share of still frames while the person hardly moves, 0..1 (see `hardly_moving`)."""
    counted = hardly_moving(faces, timeline, starts) & np.isfinite(windows[:, 0]) & ~starts
    return share(still(windows, starts), counted)


def zoom_reversals(windows: Floats, starts: Mask) -> int:
    """How often the zoom turns from out to in or from in to out, within shots."""
    sizes = np.log(windows[:, 3] - windows[:, 1])
    edges = np.flatnonzero(starts)
    pieces = np.split(sizes, edges[edges > 0])
    return sum(_turns(piece[np.isfinite(piece)]) for piece in pieces)


def zoom_reversals_per_minute(windows: Floats, timeline: Timeline, starts: Mask) -> float:
    """Zoom reversals per minute of counted time; NaN where no frame counts."""
    lasting = frame_seconds(timeline)[np.isfinite(windows[:, 0])].sum()
    return zoom_reversals(windows, starts) / (lasting / 60) if lasting > 0 else float("nan")


def frame_seconds(timeline: Timeline) -> NDArray[np.float64]:
    """How long each frame is on screen, (F,) seconds; the last as long as the one before it."""
    if len(timeline) < 2:
        return np.zeros(len(timeline))
    lasting = np.diff(timeline.seconds)
    return np.append(lasting, lasting[-1])


def face_in_window(windows: Floats, faces: Floats, asked: Composition) -> Mask:
    """Whether the face box (what of it lies in the frame) is in the window, bool (F,).

    A face larger than 80 % of the largest window is inside when its centre is.
    """
    boxes = _clipped(faces, asked)
    whole = _inside(windows, boxes)
    return np.asarray(np.where(_is_large(faces, asked), _holds_centre(windows, faces), whole))


def face_in_safe_area(windows: Floats, faces: Floats, asked: Composition) -> Mask:
    """Whether the face is in the safe area of `asked`'s framing, bool (F,).

    The box in the central 80 % of the width, the centre in the framing's band widened by ten
    points. Where the window touches the frame's upper or lower edge or is as high as the frame,
    only the width counts; where it touches the left or right edge, that side's margin does not
    count (docs/adr/0002). A face larger than 80 % of the largest window only needs its centre
    inside the window.
    """
    boxes = _clipped(faces, asked)
    width = windows[:, 2] - windows[:, 0]
    height = windows[:, 3] - windows[:, 1]
    margin = width * (1 - SAFE_WIDTH) / 2 - ROUNDING_PX
    left = np.where(windows[:, 0] <= ROUNDING_PX, -ROUNDING_PX, margin)
    at_right = windows[:, 2] >= asked.frame_size[0] - ROUNDING_PX
    right = np.where(at_right, -ROUNDING_PX, margin)
    across = (boxes[:, 0] >= windows[:, 0] + left) & (boxes[:, 2] <= windows[:, 2] - right)
    place = ((boxes[:, 1] + boxes[:, 3]) / 2 - windows[:, 1]) / height
    low, high = asked.framing.safe_band
    down = (place >= low - ROUNDING_PX / height) & (place <= high + ROUNDING_PX / height)
    touches = (windows[:, 1] <= ROUNDING_PX) | (windows[:, 3] >= asked.frame_size[1] - ROUNDING_PX)
    safe = across & (down | touches)
    return np.asarray(np.where(_is_large(faces, asked), _holds_centre(windows, faces), safe))


def framing_kept(windows: Floats, faces: Floats, asked: Composition) -> Mask:
    """Whether the window is as high as the framing asks for that face, bool (F,).

    Where the largest window is lower than that, it must be the largest.
    """
    least, most = asked.framing.height
    face = faces[:, 3] - faces[:, 1]
    height = windows[:, 3] - windows[:, 1]
    largest = asked.largest[1]
    fits = height >= np.minimum(least * face - ROUNDING_PX, AS_LARGE_AS_FITS * largest)
    return np.asarray(fits & (height <= most * face + ROUNDING_PX))


def feet_can_show(faces: Floats, bodies: Floats, asked: Composition) -> Mask:
    """Whether the body ends inside the frame and a window of the framing could hold it, bool (F,).

    ``bodies`` are boxes (F, 4), head to toe, NaN where there is none.
    """
    room = np.minimum(asked.framing.height[1] * (faces[:, 3] - faces[:, 1]), asked.largest[1])
    ends = bodies[:, 3] < asked.frame_size[1] - ROUNDING_PX
    return np.asarray(ends & (bodies[:, 3] - bodies[:, 1] <= room))


def feet_in_window(windows: Floats, bodies: Floats) -> Mask:
    """Whether the lower end of the body (the middle of its edge) is in the window, bool (F,)."""
    middle = (bodies[:, 0] + bodies[:, 2]) / 2
    across = (middle >= windows[:, 0]) & (middle <= windows[:, 2])
    down = (bodies[:, 3] <= windows[:, 3] + ROUNDING_PX) & (bodies[:, 3] >= windows[:, 1])
    return np.asarray(across & down)


def others_in_window(windows: Floats, centres: Floats) -> NDArray[np.int64]:
    """How many of the other people's face centres (F, people, 2) the window holds, (F,)."""
    after = (centres >= windows[:, None, :2]).all(axis=2)
    before = (centres <= windows[:, None, 2:]).all(axis=2)
    return np.asarray((after & before).sum(axis=1))


def _velocity(windows: Floats, timeline: Timeline, starts: Mask) -> NDArray[np.float64]:
    velocity = np.full((len(windows), 2), np.nan)
    centres = (windows[:, :2] + windows[:, 2:]) / 2
    width = (windows[1:, 2] - windows[1:, 0])[:, None]
    velocity[1:] = np.diff(centres, axis=0) / width / timeline.steps[:, None]
    velocity[starts] = np.nan
    return velocity


def _changes(windows: Floats, starts: Mask) -> tuple[Floats, Floats]:
    """From the frame before: the centre's move in widths and the size's relative change, (F,)."""
    move = np.full(len(windows), np.nan)
    zoom = np.full(len(windows), np.nan)
    centres = (windows[:, :2] + windows[:, 2:]) / 2
    sides = windows[:, 2:] - windows[:, :2]
    steps = np.diff(centres, axis=0)
    move[1:] = np.hypot(steps[:, 0], steps[:, 1]) / sides[1:, 0]
    zoom[1:] = np.abs(sides[1:, 1] / sides[:-1, 1] - 1)
    move[starts], zoom[starts] = np.nan, np.nan
    return move, zoom


def _range_max(
    values: Floats, first: NDArray[np.integer], last: NDArray[np.integer]
) -> NDArray[np.float64]:
    """The largest value in each row range first..last (both inclusive), NaN where one is NaN.

    Two overlapping power-of-two stretches cover a range (sparse table).
    """
    level = np.floor(np.log2(last - first + 1)).astype(np.int64)
    best = np.full((len(first), values.shape[1]), np.nan)
    table = values.astype(np.float64)
    for power in range(int(level.max()) + 1):
        here = level == power
        ends = last[here] - 2**power + 1
        best[here] = np.maximum(table[first[here]], table[ends])
        table = np.maximum(table[: -(2**power)], table[2**power :])
    return best


def _turns(sizes: NDArray[np.float64]) -> int:
    """Turns of one shot's ln sizes, each side of a turn at least `ZOOM_TURN` long."""
    turns, direction = 0, 0
    low = high = sizes[0] if sizes.size else 0.0
    for size in sizes:
        low, high = min(low, size), max(high, size)
        if direction >= 0 and high - size >= ZOOM_TURN:
            turns += direction > 0
            direction, low = -1, size
        elif direction <= 0 and size - low >= ZOOM_TURN:
            turns += direction < 0
            direction, high = 1, size
        if direction > 0:
            low = size
        elif direction < 0:
            high = size
    return turns


def _clipped(faces: Floats, asked: Composition) -> Floats:
    width, height = asked.frame_size
    return np.asarray(np.clip(faces, 0, np.array([width, height, width, height])))


def _is_large(faces: Floats, asked: Composition) -> Mask:
    sides = faces[:, 2:] - faces[:, :2]
    return np.asarray((sides > LARGE_FACE * np.array(asked.largest)).any(axis=1))


def _inside(windows: Floats, boxes: Floats) -> Mask:
    after = (boxes[:, :2] >= windows[:, :2] - ROUNDING_PX).all(axis=1)
    return np.asarray(after & (boxes[:, 2:] <= windows[:, 2:] + ROUNDING_PX).all(axis=1))


def _holds_centre(windows: Floats, faces: Floats) -> Mask:
    centres = (faces[:, :2] + faces[:, 2:]) / 2
    return _inside(windows, np.concatenate([centres, centres], axis=1))
