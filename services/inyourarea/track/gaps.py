"""From sightings to a box in every frame where that is honest: the last step of identity.

What was observed stays as it is; what was followed through the pixels fills what it can; short
gaps between two sightings in one shot are filled by a smoother; longer ones stay open.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.ndimage import binary_dilation

from inyourarea.core.boxes import paired_iou
from inyourarea.core.shots import Shot, shot_of_frames
from inyourarea.core.timeline import TICK_S, Timeline
from inyourarea.core.tracks import Reason, State
from inyourarea.track.standpoint import Standpoint

Floats = NDArray[np.float64]

#: A detector's boxes wander by this share of the face's size when it is sure; more when not.
JITTER_SHARE = 0.03
#: How violently heads move: white acceleration, in face sizes per second, squared, times second.
SHAKE = 80.0
#: The same for the natural logarithm of width and height.
GROWTH = 1.0
#: Shorter gaps were filled right in all cases of the drawn show; of the longer ones (up to
#: .7 s) a third was off by more than half a face, since dancers do not wait. Seconds.
SHORT_GAP_S = 0.27
#: A longer gap is filled where filling is usually this good for this person; face widths.
MOST_ERROR = 0.2
#: No gap is filled whose ends, going on as over their last frames, miss each other in its middle
#: by more than this: one of them is somebody else, or much has happened. Face widths; frames.
MOST_MISMATCH, SPEED_FRAMES = 2.5, 3
#: And no gap over a missed look one of whose ends is seen less surely: a half hidden head has a
#: crooked box. Of frames between surer ends none of 107 missed the face of the drawn shows by half
#: its width, of the others 39 of 166. Confidence.
LEAST_END = 0.2
#: Frames around a gap in which that is told, and the fewest cases of it.
CONTEXT_LONG, FEWEST_TRIALS = 60, 8
#: No half way is filled this close to a dissolve's middle, where people fade instead of coming or
#: going. Of 19 frames filled there 10 were off by half a face, of 91 others 5. Seconds.
DISSOLVE_S = 0.3 + TICK_S
#: A filled box that overlaps somebody's observed one this much is behind it.
HIDDEN_IOU = 0.6
#: A guessed box that overlaps one this much that somebody said is not hers is a guess at that one.
DENIED_IOU = 0.3


@dataclass(frozen=True, eq=False)
class Stage:
    """Where gaps are filled: the frames, the shots, the camera, and which frames were looked at.

    ``looked`` bool (F,); ``longest_gap_s`` is the longest time between two sightings that is
    filled.
    """

    timeline: Timeline
    shots: tuple[Shot, ...]
    standpoint: Standpoint
    looked: NDArray[np.bool_]
    longest_gap_s: Fraction


@dataclass(frozen=True, eq=False)
class Sheet:
    """A person's row per frame, as it is filled in: see `core.tracks.Track` for the columns.

    ``xyxy`` float64 (F, 4) source pixels.
    """

    state: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    xyxy: Floats
    confidence: Floats


def empty_sheet(frames: int) -> Sheet:
    """Nobody anywhere."""
    return Sheet(
        np.full(frames, State.ABSENT, dtype=np.uint8),
        np.zeros(frames, dtype=np.uint8),
        np.full((frames, 4), np.nan),
        np.zeros(frames),
    )


def fill_gaps(sheets: list[Sheet], stage: Stage) -> list[Sheet]:
    """Give each person a box in every frame between two sightings that are close enough.

    Takes sheets that hold observed and followed boxes only. A gap of at most
    ``stage.longest_gap_s`` inside one shot, and every gap between two neighbouring frames that
    the detector looked at, is filled by a Rauch-Tung-Striebel smoother with constant velocity
    over centre and size and marked ``filled``, as is half of the way from a look with the person to
    the next without, except near a dissolve; longer ones are ``open``, as is the rest of a shot in
    which the person is seen. Observed and followed boxes are returned unchanged.
    """
    shot = shot_of_frames(stage.shots)
    filled = [_fillable(sheet, shot, stage) for sheet in sheets]
    boxes = _smoothed(sheets, filled, shot, stage)
    return [
        _finished(sheet, fill, box, shot, stage)
        for sheet, fill, box in zip(sheets, filled, boxes, strict=True)
    ]


def _fillable(sheet: Sheet, shot: NDArray[np.int32], stage: Stage) -> NDArray[np.bool_]:
    """Which frames lie in a gap that may be filled, bool (F,)."""
    known = np.flatnonzero(sheet.state <= State.FOLLOWED)
    fill = np.zeros(sheet.state.size, dtype=bool)
    if known.size < 2:
        return fill
    a, b = known[:-1], known[1:]
    longest = int(stage.longest_gap_s / stage.timeline.time_base)
    looks = np.cumsum(stage.looked)
    unlooked = looks[b - 1] == looks[a]
    wait = stage.timeline.pts[b] - stage.timeline.pts[a]
    good = (shot[a] == shot[b]) & (b > a + 1) & ((wait <= longest) | unlooked)
    missed = good & ~unlooked
    sure = np.minimum(sheet.confidence[a], sheet.confidence[b]) >= LEAST_END
    good[missed] = sure[missed] & _ends_agree(sheet, stage, shot, (a[missed], b[missed]))
    seconds = wait * float(stage.timeline.time_base)
    for gap in np.flatnonzero(good & ~unlooked & (seconds > SHORT_GAP_S)):
        good[gap] = _usual_error(sheet, shot, stage, (int(a[gap]), int(b[gap]))) < MOST_ERROR
    edge = np.zeros(sheet.state.size + 1, dtype=np.int32)
    edge[a[good] + 1] += 1
    edge[b[good]] -= 1
    fill = np.cumsum(edge[:-1]) > 0
    _add_shot_edges(fill, sheet.state <= State.FOLLOWED, stage)
    _add_half_ways(fill, sheet, shot, stage)
    return fill


def _ends_agree(
    sheet: Sheet,
    stage: Stage,
    shot: NDArray[np.int32],
    gaps: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.bool_]:
    """Whether both ends of each gap (a, b), going on as they go, meet in its middle."""
    frames = np.arange(sheet.state.size)
    boxes = stage.standpoint.steady(sheet.xyxy, frames)
    known = sheet.state <= State.FOLLOWED
    seconds = stage.timeline.seconds
    met = []
    for end, inward in ((gaps[0], -1), (gaps[1], 1)):
        inner = np.clip(end + inward * SPEED_FRAMES, 0, frames.size - 1)
        usable = known[inner] & (shot[inner] == shot[end])
        moved = (boxes[end, :2] + boxes[end, 2:] - boxes[inner, :2] - boxes[inner, 2:]) / 2
        usable &= inner != end
        time = np.where(usable, seconds[end] - seconds[inner], 1.0)
        speed = np.where(usable[:, None], moved / time[:, None], np.nan)
        middle = (seconds[gaps[0]] + seconds[gaps[1]]) / 2
        place = (boxes[end, :2] + boxes[end, 2:]) / 2
        met.append(place + speed * (middle - seconds[end])[:, None])
    widths = boxes[gaps[0], 2] - boxes[gaps[0], 0]
    off = np.sqrt(((met[0] - met[1]) ** 2).sum(axis=1)) / widths
    return ~(off > MOST_MISMATCH)


def _usual_error(
    sheet: Sheet, shot: NDArray[np.int32], stage: Stage, gap: tuple[int, int]
) -> float:
    """How far off, in face widths, a gap as long as this one would be filled where it can be told.

    Root mean square over the person's known boxes around the gap, of the middle between two of them
    that are as far apart; infinite where there are too few.
    """
    half, low, high = (gap[1] - gap[0]) // 2, gap[0] - CONTEXT_LONG, gap[1] + CONTEXT_LONG
    frames = np.arange(max(0, low), min(sheet.state.size, high + 1))
    frames = frames[shot[frames] == shot[gap[0]]]
    boxes = stage.standpoint.steady(sheet.xyxy[frames], frames)
    known = sheet.state[frames] <= State.FOLLOWED
    middle = np.flatnonzero(known[half : frames.size - half]) + half
    middle = middle[known[middle - half] & known[middle + half]]
    if middle.size < FEWEST_TRIALS:
        return float("inf")
    place = (boxes[:, :2] + boxes[:, 2:]) / 2
    off = (place[middle - half] + place[middle + half]) / 2 - place[middle]
    widths = boxes[middle, 2] - boxes[middle, 0]
    return float(np.sqrt(((off / widths[:, None]) ** 2).sum(axis=1).mean()))


def _add_shot_edges(fill: NDArray[np.bool_], known: NDArray[np.bool_], stage: Stage) -> None:
    """Also fill the frames of a shot before its first and behind its last looked-at frame.

    With a stride the neighbouring looked-at frame lies in the next shot; a few frames are
    continued from this one, if the person is there in it.
    """
    for shot in stage.shots:
        begin, stop = shot.first_frame, shot.last_frame + 1
        looks = begin + np.flatnonzero(stage.looked[begin:stop])
        if looks.size < 2:
            continue
        if known[looks[0]] and looks[0] - begin < looks[1] - looks[0]:
            fill[begin : looks[0]] = ~known[begin : looks[0]]
        if known[looks[-1]] and stop - looks[-1] <= looks[-1] - looks[-2]:
            fill[looks[-1] + 1 : stop] = ~known[looks[-1] + 1 : stop]


def _add_half_ways(
    fill: NDArray[np.bool_], sheet: Sheet, shot: NDArray[np.int32], stage: Stage
) -> None:
    """Also fill the nearer half of the frames between a look with the person and one without.

    Somewhere between the two she came or went: most likely in the middle. Not in a dissolve, where
    she fades.
    """
    is_known = sheet.state <= State.FOLLOWED
    known = np.concatenate([[0], np.cumsum(is_known)])
    sure = is_known & (sheet.confidence >= LEAST_END)
    looks = np.flatnonzero(stage.looked)
    a, b = looks[:-1], looks[1:]
    inside = (b > a + 1) & (shot[a] == shot[b])
    # What is filled begins at a known box, or nothing would say where she is.
    fades = _is_dissolving(stage)
    leaves = inside & sure[a] & (known[b + 1] == known[a + 1]) & ~fades[a + 1]
    comes = inside & sure[b] & (known[b] == known[a]) & ~fades[b - 1]
    edge = np.zeros(fill.size + 1, dtype=np.int32)
    np.add.at(edge, a[leaves] + 1, 1)
    np.add.at(edge, (a[leaves] + b[leaves]) // 2 + 1, -1)
    np.add.at(edge, (a[comes] + b[comes] + 1) // 2, 1)
    np.add.at(edge, b[comes], -1)
    fill |= (np.cumsum(edge[:-1]) > 0) & ~fades


def _is_dissolving(stage: Stage) -> NDArray[np.bool_]:
    """Which frames are within `DISSOLVE_S` of a dissolve's middle, bool (F,)."""
    seconds = stage.timeline.seconds
    middles = [shot.first_frame for shot in stage.shots if shot.kind == "dissolve"]
    near = [np.abs(seconds - seconds[middle]) <= DISSOLVE_S for middle in middles]
    return np.any([np.zeros(seconds.size, dtype=bool), *near], axis=0)


def _finished(
    sheet: Sheet, fill: NDArray[np.bool_], boxes: Floats, shot: NDArray[np.int32], stage: Stage
) -> Sheet:
    known = sheet.state <= State.FOLLOWED
    seen_in = np.zeros(len(stage.shots), dtype=bool)
    seen_in[shot[known]] = True
    state = np.where(seen_in[shot], State.OPEN, State.ABSENT).astype(np.uint8)
    state[known] = sheet.state[known]
    state[fill] = State.FILLED
    reason = np.where(fill, Reason.GAP, Reason.NONE).astype(np.uint8)
    reason[fill & _between_neighbours(known, stage.looked, shot)] = Reason.STRIDE
    xyxy = sheet.xyxy.copy()
    xyxy[fill] = boxes[fill]
    confidence = np.where(known, sheet.confidence, 0.0)
    confidence[fill] = _fill_confidence(known, sheet.confidence, fill)
    return Sheet(state, reason, xyxy, confidence)


def _between_neighbours(
    known: NDArray[np.bool_], looked: NDArray[np.bool_], shot: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Frames between two neighbouring looked-at frames (or a cut), where the person is in both."""
    frames = np.arange(known.size)
    looks = np.flatnonzero(looked)
    if looks.size < 2:
        return np.zeros(known.size, dtype=bool)
    after = np.searchsorted(looks, frames)
    low, high = looks[np.maximum(after - 1, 0)], looks[np.minimum(after, looks.size - 1)]
    at_cut = (shot[low] != shot) | (shot[high] != shot) | (after == 0) | (after == looks.size)
    return np.asarray(~looked & (at_cut | (known[low] & known[high])))


def _fill_confidence(
    known: NDArray[np.bool_], confidence: Floats, fill: NDArray[np.bool_]
) -> Floats:
    """Half of what the two ends have, drawn straight between them."""
    at = np.flatnonzero(known)
    if not at.size:
        return np.zeros(0)
    return np.asarray(0.5 * np.interp(np.flatnonzero(fill), at, confidence[at]))


def _smoothed(
    sheets: list[Sheet],
    filled: list[NDArray[np.bool_]],
    shot: NDArray[np.int32],
    stage: Stage,
) -> list[Floats]:
    """The smoothed box of every fillable frame, one (F, 4) per sheet, NaN elsewhere."""
    boxes = [np.full(sheet.xyxy.shape, np.nan) for sheet in sheets]
    runs = [
        _Run(number, frames)
        for number, (sheet, fill) in enumerate(zip(sheets, filled, strict=True))
        for frames in _runs(sheet.state <= State.FOLLOWED, fill, shot)
    ]
    if not runs:
        return boxes
    frames = np.concatenate([run.frames for run in runs])
    owner = np.repeat([run.sheet for run in runs], [run.frames.size for run in runs])
    begins = np.zeros(frames.size, dtype=bool)
    begins[np.cumsum([0] + [run.frames.size for run in runs])[:-1]] = True
    xyxy = np.concatenate([sheets[run.sheet].xyxy[run.frames] for run in runs])
    sure = np.concatenate([sheets[run.sheet].confidence[run.frames] for run in runs])
    path = _to_path(stage.standpoint.steady(xyxy, frames))
    step = np.diff(stage.timeline.seconds[frames], prepend=0.0)
    smooth = _smooth(path, np.clip(sure, 0.05, 1.0), step, begins)
    result = stage.standpoint.pixels(_from_path(smooth), frames)
    for number, box in enumerate(boxes):
        mine = (owner == number) & filled[number][frames]
        box[frames[mine]] = result[mine]
    return boxes


@dataclass(frozen=True, eq=False)
class _Run:
    """Consecutive frames of one sheet, from one known box to another, with gaps to fill."""

    sheet: int
    frames: NDArray[np.intp]


#: Known boxes this far from a gap still say how the head moves into it. Frames.
CONTEXT_FRAMES = 12


def _runs(
    known: NDArray[np.bool_], fill: NDArray[np.bool_], shot: NDArray[np.int32]
) -> list[NDArray[np.intp]]:
    """Stretches without a hole, inside one shot, around the frames to fill."""
    near = binary_dilation(fill, iterations=CONTEXT_FRAMES) if fill.any() else fill
    use = (known | fill) & near
    frames = np.flatnonzero(use)
    if not frames.size:
        return []
    split = np.flatnonzero((np.diff(frames) > 1) | (np.diff(shot[frames]) != 0)) + 1
    return [run for run in np.split(frames, split) if fill[run].any()]


def _to_path(boxes: Floats) -> Floats:
    """Centre x, y, and ln of width and height, (n, 4)."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, np.log(sides)], axis=1)


def _from_path(path: Floats) -> Floats:
    half = np.exp(path[:, 2:]) / 2
    return np.concatenate([path[:, :2] - half, path[:, :2] + half], axis=1)


def _smooth(path: Floats, sure: Floats, step: Floats, begins: NDArray[np.bool_]) -> Floats:
    """Means of a constant-velocity smoother through ``path`` (n, 4), NaN rows unknown.

    All runs at once: the smoother's normal equations are one banded system whose blocks do not
    touch where ``begins`` is set. ``sure`` (n,) 0..1 is how well each row is known, ``step``
    (n,) seconds since the row before.
    """
    known = ~np.isnan(path[:, 0])
    run = np.cumsum(begins) - 1
    side = np.exp(path[:, 2:].mean(axis=1))
    typical = np.bincount(run, np.where(known, side, 0)) / np.bincount(run, known)
    unit = np.stack([typical[run], np.ones(run.size)])
    noise = JITTER_SHARE / sure
    means = []
    for axes, shake, scale in ((slice(0, 2), SHAKE, unit[0]), (slice(2, 4), GROWTH, unit[1])):
        precision = np.where(known, 1 / noise**2, 0.0)
        target = np.nan_to_num(path[:, axes] / scale[:, None])
        # The means of the run, so that the numbers stay small.
        offset = np.stack(
            [np.bincount(run, known * column) / np.bincount(run, known) for column in target.T],
            axis=1,
        )[run]
        solved = _solve_banded(precision, target - offset, shake, np.where(begins, 0, step))
        means.append((solved + offset) * scale[:, None])
    return np.concatenate(means, axis=1)


def _solve_banded(precision: Floats, target: Floats, shake: float, step: Floats) -> Floats:
    """Positions that minimise squared misses and squared accelerations, (n, k).

    The state of a row is position and speed; ``step`` 0 begins anew. Source: the information
    form of Rauch, Tung, Striebel 1965 for white-noise acceleration of density ``shake``.
    """
    n = precision.size
    joined = step[1:] > 0
    dt = np.where(joined, step[1:], 1.0)
    # Inverse of Q = shake * [[dt^3/3, dt^2/2], [dt^2/2, dt]], 0 where rows are not joined.
    strength = np.where(joined, 1.0 / shake, 0.0)
    q11, q12, q22 = 12 / dt**3 * strength, -6 / dt**2 * strength, 4 / dt * strength
    band = np.zeros((4, 2 * n))
    pos, speed = band[:, 0::2], band[:, 1::2]
    # Lower form: band[k, j] is entry (j + k, j).
    pos[0] += precision
    speed[0] += 1e-9  # A lone row has no speed: keep the system regular.
    pos[0, 1:] += q11
    speed[0, 1:] += q22
    pos[1, 1:] += q12
    # F^T Qinv F with F = [[1, dt], [0, 1]].
    pos[0, :-1] += q11
    pos[1, :-1] += q11 * dt + q12
    speed[0, :-1] += q11 * dt**2 + 2 * q12 * dt + q22
    # -Qinv F couples a row with the next.
    pos[2, :-1] -= q11
    pos[3, :-1] -= q12
    speed[1, :-1] -= q11 * dt + q12
    speed[2, :-1] -= q12 * dt + q22
    right = np.zeros((2 * n, target.shape[1]))
    right[0::2] = precision[:, None] * target
    return np.asarray(solveh_banded(band, right, lower=True)[0::2])


def open_where_hidden(sheets: list[Sheet]) -> list[Sheet]:
    """Take back what was filled over a missed look where somebody else's observed face is.

    There the person is hidden behind the other, and the box would show the wrong one.
    """
    return [_without(sheet, [other for other in sheets if other is not sheet]) for sheet in sheets]


def _without(sheet: Sheet, others: list[Sheet]) -> Sheet:
    is_gap = sheet.reason == Reason.GAP
    hidden = np.zeros(is_gap.size, dtype=bool)
    for other in others:
        overlap = paired_iou(sheet.xyxy, other.xyxy)
        hidden |= is_gap & (other.state == State.OBSERVED) & (overlap > HIDDEN_IOU)
    return _opened(sheet, hidden)


def open_where(sheet: Sheet, frames: NDArray[np.intp], boxes: Floats) -> Sheet:
    """Take back what was followed or filled onto these boxes (n, 4): they are somebody else's."""
    is_guessed = np.isin(sheet.state[frames], (State.FOLLOWED, State.FILLED))
    taken = np.zeros(sheet.state.size, dtype=bool)
    taken[frames] = is_guessed & (paired_iou(sheet.xyxy[frames], boxes) > DENIED_IOU)
    return _opened(sheet, taken)


def _opened(sheet: Sheet, there: NDArray[np.bool_]) -> Sheet:
    state, reason = sheet.state.copy(), sheet.reason.copy()
    xyxy, confidence = sheet.xyxy.copy(), sheet.confidence.copy()
    state[there], reason[there] = State.OPEN, Reason.NONE
    xyxy[there], confidence[there] = np.nan, 0.0
    return Sheet(state, reason, xyxy, confidence)


def in_picture(sheet: Sheet, size: tuple[int, int]) -> Sheet:
    """Guessed boxes clipped to the picture; of whom nothing is left in it there is no box."""
    is_guessed = np.isin(sheet.state, (State.FOLLOWED, State.FILLED))
    inside = np.clip(sheet.xyxy, 0, np.array(size * 2, dtype=np.float64))
    xyxy = np.where(is_guessed[:, None], inside, sheet.xyxy)
    is_out = is_guessed & (xyxy[:, :2] >= xyxy[:, 2:]).any(axis=1)
    return _opened(Sheet(sheet.state, sheet.reason, xyxy, sheet.confidence), is_out)


def moving_average(sheet: Sheet, shots: tuple[Shot, ...], frames: int) -> Sheet:
    """Boxes averaged over ``frames`` (odd) neighbours without a gap or a cut between them.

    At the ends of a stretch the average is over as many frames on either side as there are.
    """
    half = frames // 2
    has_box = sheet.state <= State.FILLED
    shot = shot_of_frames(shots)
    xyxy = sheet.xyxy.copy()
    at = np.flatnonzero(has_box)
    split = np.flatnonzero((np.diff(at) > 1) | (np.diff(shot[at]) != 0)) + 1
    for run in np.split(at, split):
        reach = np.minimum(half, np.minimum(np.arange(run.size), np.arange(run.size)[::-1]))
        total = np.concatenate([np.zeros((1, 4)), np.cumsum(sheet.xyxy[run], axis=0)])
        middle = np.arange(run.size)
        mean = (total[middle + reach + 1] - total[middle - reach]) / (2 * reach + 1)[:, None]
        xyxy[run] = mean
    return Sheet(sheet.state, sheet.reason, xyxy, sheet.confidence)
