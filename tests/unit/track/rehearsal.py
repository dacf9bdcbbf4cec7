"""A group on a generated stage with exact truth, and a detector that looks at it badly.

Faces only, no pictures: people on a floor under a pin-hole camera, backing dancers, a wall high
behind them that shows members larger and late, cuts, turned-away and hidden faces.
"""

import tracemalloc
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linear_sum_assignment

from inyourarea.core.boxes import iou
from inyourarea.core.detections import Detections
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Tracks

MEMBER, DANCER, SCREEN = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Truth:
    """Rows of truth ordered by frame: who (index), role, face box, shares visible."""

    timeline: Timeline
    size: tuple[int, int]
    shots: tuple[Shot, ...]
    names: tuple[str, ...]
    frame: np.ndarray
    who: np.ndarray
    role: np.ndarray
    xyxy: np.ndarray
    face_visible: np.ndarray
    head_visible: np.ndarray


def rehearse(seed=0, *, members=4, dancers=2, seconds=10.0, shot_s=4.0, wall=True):
    """A show without pictures: truth of everybody's face in every frame."""
    fps = 30
    rng = np.random.default_rng(seed)
    frames = int(seconds * fps)
    timeline = Timeline(np.arange(frames, dtype=np.int64), Fraction(1, fps))
    shots = _shots(rng, frames, fps, shot_s)
    rows = []
    people = members + dancers
    home = rng.uniform(-4, 4, people)
    for number, shot in enumerate(shots):
        rows += _shot_rows(rng, shot, number, (members, people, wall), home)
        home = rng.permutation(home) + rng.normal(0, 0.5, people)
    table = np.array([row[:3] + row[7:] for row in rows])
    boxes = np.array([row[3:7] for row in rows])
    order = np.argsort(table[:, 0], kind="stable")
    table, boxes = table[order], boxes[order]
    return Truth(
        timeline=timeline,
        size=(1920, 1080),
        shots=shots,
        names=tuple(f"member-{i}" for i in range(members)),
        frame=table[:, 0].astype(int),
        who=table[:, 1].astype(int),
        role=table[:, 2].astype(int),
        xyxy=boxes,
        face_visible=table[:, 3],
        head_visible=table[:, 4],
    )


def _shots(rng, frames, fps, shot_s):
    shots, at = [], 0
    while at < frames:
        end = min(frames, at + max(fps, int(rng.uniform(0.6, 1.4) * shot_s * fps)))
        if frames - end < fps:
            end = frames
        shots.append(Shot(at, end - 1))
        at = end
    return tuple(shots)


def _shot_rows(rng, shot, number, cast, home):
    members, people, wall = cast
    fps = 30
    time = np.arange(len(shot)) / fps
    focal = 1900.0 * (1.0 if number % 3 else 2.2)
    pan = 0.0 if number % 3 else rng.uniform(-1, 1)
    ground = np.stack([_way(rng, time, home[p], p, p >= members) for p in range(people)])
    away = np.zeros((people, len(shot)), dtype=bool)
    for p in range(people):
        if rng.random() < 0.5:
            start = int(rng.uniform(0, len(shot)))
            away[p, start : start + int(rng.uniform(0.3, 2.5) * fps)] = True
    faces = [_project(ground[p], focal, pan) for p in range(people)]
    rows = []
    for p in range(people):
        nearer = [q for q in range(people) if ground[q, 0, 1] < ground[p, 0, 1]]
        hidden = np.max(
            [np.zeros(len(shot)), *(_cover(faces[p], faces[q]) for q in nearer)], axis=0
        )
        role = MEMBER if p < members else DANCER
        for i in np.flatnonzero(_is_inside(faces[p])):
            head = 1 - hidden[i]
            face = 0.0 if away[p, i] else head
            rows.append((shot.first_frame + i, p, role, *faces[p][i], face, head))
    if wall:
        star = int(rng.integers(members))
        rows += _wall_rows(shot, star, ground[star], away[star], focal)
    return rows


def _way(rng, time, home, person, is_dancer):
    """Where somebody's head is: walking somewhere, bouncing to the beat, metres (n, 3)."""
    goal = home + rng.normal(0, 1.5)
    beat = 2 * np.pi * 2.0 * time + rng.uniform(0, 6)
    x = home + (goal - home) * np.clip(time / max(time[-1], 0.1), 0, 1) + 0.12 * np.sin(beat / 2)
    y = np.full(time.size, 16 + 2 * (person % 3) + rng.normal(0, 0.3) + 2 * is_dancer)
    return np.stack([x, y, 1.55 + 0.07 * np.sin(beat) + 0.02 * person], axis=1)


def _wall_rows(shot, star, ground, away, focal):
    """The star's picture on the wall: larger, high, a fifth of a second late."""
    rows = []
    height = 95.0 * focal / 1900
    for i in range(len(shot)):
        late = max(0, i - 6)
        x = 960 + 0.9 * (ground[late, 0] - ground[0, 0]) * focal / 18
        y = 260 - (ground[late, 2] - 1.55) * focal / 12
        box = (x - 0.38 * height, y - height / 2, x + 0.38 * height, y + height / 2)
        if box[1] >= 0:
            rows.append((shot.first_frame + i, star, SCREEN, *box, float(not away[late]), 1.0))
    return rows


def _is_inside(boxes):
    return (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, 2] <= 1920) & (boxes[:, 3] <= 1080)


def _project(ground, focal, pan):
    scale = focal / ground[:, 1]
    x = 960 + (ground[:, 0] - pan) * scale
    y = 620 - (ground[:, 2] - 2.2) * scale - 0.02 * focal
    h = 0.25 * scale
    return np.stack([x - 0.38 * h, y - h / 2, x + 0.38 * h, y + h / 2], axis=1)


def _cover(back, front):
    low, high = np.maximum(back[:, :2], front[:, :2]), np.minimum(back[:, 2:], front[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    return shared / (back[:, 2:] - back[:, :2]).prod(axis=1)


@dataclass(frozen=True)
class Eyes:
    """How well the detector sees: stride, jitter, misses, confusion of classes."""

    stride: int = 1
    jitter: float = 0.04
    misses: float = 0.08
    confused: float = 0.06
    false_per_frame: float = 0.02
    look_alikes: tuple[int, int] | None = (0, 1)
    follow_s: float = 0.0


def detect(truth, seed=0, eyes=Eyes(), classes=None, looks=48):
    """Detections of the truth as a group's model gives them, class scores and appearance too."""
    rng = np.random.default_rng(seed + 1000)
    classes = len(truth.names) if classes is None else classes
    people = int(truth.who.max()) + 1
    look = rng.gamma(0.4, 1.0, (people, looks))
    if eyes.look_alikes is not None and people > 1:
        a, b = eyes.look_alikes
        look[b] = 0.75 * look[a] + 0.25 * look[b]
    looked = np.arange(0, len(truth.timeline), eyes.stride)
    visible = truth.face_visible
    side = np.sqrt((truth.xyxy[:, 2:] - truth.xyxy[:, :2]).prod(axis=1))
    chance = np.clip((visible - 0.3) / 0.4, 0, 1) * (1 - eyes.misses) * np.clip(side / 22, 0.3, 1)
    seen = (rng.random(truth.frame.size) < chance) & np.isin(truth.frame, looked)
    rows = np.flatnonzero(seen)
    n = rows.size
    scale = side[rows, None] * eyes.jitter
    xyxy = truth.xyxy[rows] + rng.normal(0, 1, (n, 4)) * scale
    scores = _scores(rng, truth, rows, side[rows], classes, eyes)
    wash = rng.gamma(3.0, 1 / 3, (len(truth.timeline) // 15 + 1, looks))[truth.frame[rows] // 15]
    appearance = look[truth.who[rows]] * (0.7 + 0.3 * wash) * rng.gamma(6, 1 / 6, (n, looks))
    frame = truth.frame[rows]
    false = np.flatnonzero(rng.random(looked.size) < eyes.false_per_frame)
    m = false.size
    centre = rng.uniform([100, 100], [1820, 980], (m, 2))
    half = rng.uniform(10, 30, (m, 1))
    xyxy = np.concatenate([xyxy, np.concatenate([centre - half, centre + half], axis=1)])
    extra = rng.uniform(0.01, 0.08, (m, classes))
    if classes:
        extra[np.arange(m), rng.integers(0, classes, m)] = rng.uniform(0.2, 0.45, m)
    scores = np.concatenate([scores, extra])
    appearance = np.concatenate([appearance, rng.gamma(0.4, 1.0, (m, looks))])
    frame = np.concatenate([frame, looked[false]])
    confidence = scores.max(axis=1) if classes else rng.uniform(0.5, 0.9, frame.size)
    keep = confidence >= 0.1
    order = np.flatnonzero(keep)[np.argsort(frame[keep], kind="stable")]
    appearance /= np.linalg.norm(appearance, axis=1, keepdims=True)
    found = Detections(
        pts=truth.timeline.pts[frame[order]],
        xyxy=xyxy[order].astype(np.float32),
        confidence=confidence[order].astype(np.float32),
        scores=scores[order].astype(np.float32),
        appearance=appearance[order].astype(np.float32),
        portrait=np.zeros((len(order), 0), dtype=np.uint8),
        origin=np.full(order.size, -1, dtype=np.int32),
        looked=truth.timeline.pts[looked],
    )
    return _without_overlaps(found)


def _scores(rng, truth, rows, side, classes, eyes):
    n = rows.size
    scores = np.clip(rng.exponential(0.03, (n, classes)), 0.001, 0.3)
    if not classes:
        return scores
    who, role = truth.who[rows], truth.role[rows]
    sure = np.clip(0.45 + side / 90 + rng.normal(0, 0.12, n), 0.08, 0.95)
    sure *= np.clip(truth.face_visible[rows] + 0.2, 0, 1)
    mine = role != DANCER
    scores[np.flatnonzero(mine), who[mine]] = sure[mine]
    scores[np.flatnonzero(~mine), rng.integers(0, classes, (~mine).sum())] = rng.uniform(
        0.03, 0.4, (~mine).sum()
    )
    # Confusion comes in bursts of a third of a second: blur, strobe, a hand before the face.
    burst = truth.frame[rows] // 10 * 64 + who
    lots = np.random.default_rng(1).random(int(burst.max(initial=0)) + 1)
    bad = mine & (lots[burst] < eyes.confused)
    other = (who + 1 + burst % max(1, classes - 1)) % classes
    index = np.flatnonzero(bad)
    scores[index, other[index]] = sure[index] * 0.9
    scores[index, who[index]] = sure[index] * rng.uniform(0.2, 0.8, index.size)
    if eyes.look_alikes is not None:
        for a, b in (eyes.look_alikes, eyes.look_alikes[::-1]):
            alike = np.flatnonzero(mine & (who == a))
            scores[alike, b] = np.maximum(
                scores[alike, b], sure[alike] * rng.uniform(0.1, 0.7, alike.size)
            )
    return scores


def _without_overlaps(found):
    """Class-agnostic NMS, as the detector does it."""
    keep = np.ones(len(found), dtype=bool)
    for pts in np.unique(found.pts):
        rows = np.flatnonzero(found.pts == pts)
        rows = rows[np.argsort(-found.confidence[rows], kind="stable")]
        overlap = iou(found.xyxy[rows], found.xyxy[rows])
        for i in range(rows.size):
            if keep[rows[i]]:
                keep[rows[i + 1 :][overlap[i, i + 1 :] > 0.5]] = False
    return found.take(keep)


@dataclass(frozen=True)
class Marks:
    """Measures of one member, as defined: shares 0..1 and the longest wrong run in seconds."""

    correct: float
    wrong: float
    longest_wrong_s: float
    filled_honestly: float


def mark(tracks: Tracks, truth: Truth) -> dict[str, Marks]:
    """The measures of every member by name; people without a class are matched best overall."""
    frames = len(truth.timeline)
    ours = [_dense(truth, person) for person in range(len(truth.names))]
    hits = np.zeros((len(truth.names), len(tracks.people)))
    for i, (box, visible) in enumerate(ours):
        for j, track in enumerate(tracks.people):
            hits[i, j] = _correct(track, box, visible)[0].sum()
            if track.name in truth.names:
                hits[i, j] = 1e6 * (truth.names[i] == track.name)
    pairs = dict(zip(*linear_sum_assignment(-hits), strict=True))
    marks = {}
    for i, (box, visible) in enumerate(ours):
        track = tracks.people[pairs[i]] if i in pairs and hits[i, pairs[i]] > 0 else None
        if track is None:
            marks[truth.names[i]] = Marks(0.0 if (visible >= 0.5).any() else 1.0, 0, 0, 1)
            continue
        right, asked = _correct(track, box, visible)
        wrong = _wrong(track, truth, i, box)
        run = longest = 0
        for bad in wrong:
            run = run + 1 if bad else 0
            longest = max(longest, run)
        fill = (track.state == State.FILLED) & ~np.isnan(box[:, 0])
        off = np.hypot(
            *((track.xyxy[:, :2] + track.xyxy[:, 2:]) / 2 - (box[:, :2] + box[:, 2:]) / 2).T
        )
        honest = off[fill] <= 0.5 * (box[fill, 2] - box[fill, 0])
        lies = ((track.state == State.FILLED) & np.isnan(box[:, 0])).sum()
        step = float(truth.timeline.seconds[-1]) / max(1, frames - 1)
        marks[truth.names[i]] = Marks(
            right.sum() / max(1, asked.sum()),
            wrong.sum() / max(1, track.has_box.sum()),
            longest * step,
            honest.sum() / max(1, honest.size + lies) if honest.size + lies else 1.0,
        )
    return marks


def _dense(truth, person):
    box = np.full((len(truth.timeline), 4), np.nan)
    visible = np.zeros(len(truth.timeline))
    mine = (truth.who == person) & (truth.role == MEMBER)
    box[truth.frame[mine]] = truth.xyxy[mine]
    visible[truth.frame[mine]] = truth.face_visible[mine]
    return box, visible


def _paired(a, b):
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    return np.nan_to_num(shared / union)


def _correct(track, box, visible):
    asked = visible >= 0.5
    overlap = _paired(track.xyxy, box)
    need = np.where(visible < 1, 0.3, 0.5)
    return asked & track.has_box & (overlap >= need), asked


def _wrong(track, truth, person, box):
    own = _paired(track.xyxy, box)
    most = np.zeros(own.size)
    anybody = own.copy()
    other = ~((truth.who == person) & (truth.role == MEMBER))
    rows = np.flatnonzero(other)
    overlap = _paired(track.xyxy[truth.frame[rows]], truth.xyxy[rows])
    np.maximum.at(most, truth.frame[rows], overlap)
    anybody = np.maximum(anybody, most)
    somebody = (most >= 0.5) & (most > own)
    nobody = (track.state == State.OBSERVED) & (anybody < 0.1)
    return track.has_box & (somebody | nobody)


def most_memory(work, *told):
    """Bytes that the work holds at its peak."""
    tracemalloc.start()
    work(*told)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most
