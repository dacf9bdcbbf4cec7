"""The CSV files of a finished run: lines out when it is written, lines in when it is scored."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.core.detections import Detections
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.shots import Shot, shot_of_frames
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.windows import CameraPath

DETECTION_COLUMNS = ("frame", "class", "x", "y", "w", "h", "confidence")
TRACK_COLUMNS = (
    *("frame", "pts", "shot", "name", "state", "reason"),
    *("x1", "y1", "x2", "y2", "confidence"),
)
CAMERA_COLUMNS = ("frame", "pts", "shot", "name", "state", "x1", "y1", "x2", "y2")
SHOT_COLUMNS = ("shot", "first_frame", "last_frame", "kind")


def detections_csv(
    detections: Detections, timeline: Timeline, size: tuple[int, int]
) -> Iterator[str]:
    """The lines of ``detections.csv``: every box a detector gave, in the original product's form.

    Frames count from 1, centre and size are shares of the frame, ``class`` is the best of the class
    scores. Boxes that were followed are left out: nobody detected them.
    """
    seen = detections.take(detections.detected)
    frames = np.searchsorted(timeline.pts, seen.pts) + 1
    classes = seen.scores.argmax(axis=1) if seen.scores.shape[1] else np.zeros(len(seen), np.int64)
    shares = boxes.to_centre(seen.xyxy.astype(np.float64)) / np.array([*size, *size])
    yield _line(DETECTION_COLUMNS)
    for row in np.lexsort((np.arange(len(seen)), frames)):
        x, y, w, h = shares[row]
        place = f"{frames[row]},{classes[row]},{x:.6f},{y:.6f},{w:.6f},{h:.6f}"
        yield f"{place},{seen.confidence[row]:.4f}\n"


def tracks_csv(tracks: Tracks) -> Iterator[str]:
    """The lines of ``tracks.csv``: a row per frame and person with a box, to 1/100 pixel."""
    shots = shot_of_frames(tracks.shots)
    has_box = [person.has_box for person in tracks.people]
    yield _line(TRACK_COLUMNS)
    heads = [_field(person.name) for person in tracks.people]
    for frame, pts in enumerate(tracks.timeline.pts.tolist()):
        for person, head, boxed in zip(tracks.people, heads, has_box, strict=True):
            if not boxed[frame]:
                continue
            state = State(person.state[frame]).name.lower()
            reason = Reason(person.reason[frame])
            why = "" if reason == Reason.NONE else reason.name.lower()
            x1, y1, x2, y2 = person.xyxy[frame]
            box = f"{x1:.2f},{y1:.2f},{x2:.2f},{y2:.2f}"
            start = f"{frame},{pts},{shots[frame]},{head},{state},{why}"
            yield f"{start},{box},{person.confidence[frame]:.4f}\n"


def camera_csv(
    timeline: Timeline, shots: tuple[Shot, ...], paths: Sequence[CameraPath]
) -> Iterator[str]:
    """The lines of ``camera.csv``: the window of every person in every frame, exactly."""
    numbers = shot_of_frames(shots)
    yield _line(CAMERA_COLUMNS)
    heads = [_field(path.name) for path in paths]
    for frame, pts in enumerate(timeline.pts.tolist()):
        for path, head in zip(paths, heads, strict=True):
            state = State(path.state[frame]).name.lower()
            # 1/16 of a pixel has four decimals, so the file holds the window itself
            window = ",".join(f"{side:.4f}" for side in path.xyxy[frame])
            yield f"{frame},{pts},{numbers[frame]},{head},{state},{window}\n"


def shots_csv(shots: Iterable[Shot]) -> Iterator[str]:
    """The lines of ``shots.csv``."""
    yield _line(SHOT_COLUMNS)
    for number, shot in enumerate(shots):
        yield f"{number},{shot.first_frame},{shot.last_frame},{shot.kind}\n"


def read_shots(lines: Iterable[str], file: str = "shots.csv") -> tuple[Shot, ...]:
    """The shots of a ``shots.csv``, checked to follow each other without a hole.

    Raises:
        RunUnreadable: a row is broken, or the shots leave frames out.
    """
    shots: list[Shot] = []
    for number, (_, first, last, kind) in table(lines, SHOT_COLUMNS, file):
        if kind not in ("cut", "dissolve"):
            raise RunUnreadable(f"{file} line {number}: {kind!r} is no kind of shot.")
        shot = Shot(
            whole(first, file, number),
            whole(last, file, number),
            "cut" if kind == "cut" else "dissolve",
        )
        expected = shots[-1].last_frame + 1 if shots else 0
        if shot.first_frame != expected or shot.last_frame < expected:
            raise RunUnreadable(
                f"{file} line {number}: the shot begins at frame {shot.first_frame}, "
                f"but {expected} comes next."
            )
        shots.append(shot)
    return tuple(shots)


def read_camera(
    lines: Iterable[str], file: str = "camera.csv"
) -> tuple[NDArray[np.int64], tuple[CameraPath, ...]]:
    """The pts of every frame, int64 (F,), and everybody's camera, as ``camera.csv`` holds them.

    The file knows names only, so ``person`` is the name.

    Raises:
        RunUnreadable: a row is broken, a person lacks a frame, or pts do not rise.
    """
    states: dict[str, list[State]] = {}
    windows: dict[str, list[list[float]]] = {}
    pts_of: list[int] = []
    for number, (frame, pts, _, name, state, *window) in table(lines, CAMERA_COLUMNS, file):
        rank, stamp = whole(frame, file, number), whole(pts, file, number)
        if rank == len(pts_of):
            pts_of.append(stamp)
        if rank != len(states.setdefault(name, [])) or pts_of[rank] != stamp:
            raise RunUnreadable(f"{file} line {number}: frame {frame} of {name} is out of order.")
        states[name].append(_state(state, file, number))
        windows.setdefault(name, []).append([real(side, file, number) for side in window])
    paths = tuple(
        CameraPath(
            person=name,
            name=name,
            xyxy=np.array(windows[name], dtype=np.float64),
            state=np.array(states[name], dtype=np.uint8),
        )
        for name in states
    )
    is_rising = all(before < after for before, after in pairwise(pts_of))
    if not is_rising or any(len(path.state) != len(pts_of) for path in paths):
        raise RunUnreadable(f"{file} does not have one row for every frame and person.")
    return np.array(pts_of, dtype=np.int64), paths


def read_tracks(
    lines: Iterable[str],
    timeline: Timeline,
    size: tuple[int, int],
    shots: tuple[Shot, ...],
    file: str = "tracks.csv",
) -> Tracks:
    """The people of a ``tracks.csv``, in order of their first row.

    The file has rows for boxes only: a person without one in a whole shot is ``absent`` there and
    ``open`` in the other frames. It knows names only, so ``person`` is the name; ``identity`` is 1
    where there is a box.

    Raises:
        RunUnreadable: a row is broken, names an unknown frame, or comes twice.
    """
    people: dict[str, Track] = {}
    for number, (frame, pts, _, name, state, reason, *rest) in table(lines, TRACK_COLUMNS, file):
        rank = whole(frame, file, number)
        if not 0 <= rank < len(timeline) or timeline.pts[rank] != whole(pts, file, number):
            raise RunUnreadable(f"{file} line {number}: the run has no frame {frame} at pts {pts}.")
        track = people.get(name) or people.setdefault(name, _empty_track(name, len(timeline)))
        if track.has_box[rank]:
            raise RunUnreadable(f"{file} line {number}: {name} has a second box in frame {frame}.")
        *box, confidence = (real(value, file, number) for value in rest)
        track.state[rank] = _state(state, file, number)
        track.reason[rank] = _reason(reason, file, number)
        track.xyxy[rank] = box
        track.confidence[rank] = confidence
        track.identity[rank] = 1
    for track in people.values():
        for shot in shots:
            there = slice(shot.first_frame, shot.last_frame + 1)
            if not track.has_box[there].any():
                track.state[there] = State.ABSENT
    return Tracks(timeline, size, shots, tuple(people.values()))


def table(
    lines: Iterable[str], columns: Sequence[str], file: str
) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row of a CSV whose header names exactly these columns.

    Raises:
        RunUnreadable: another header, or a row with another number of fields.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if header != list(columns):
            raise RunUnreadable(f"{file} does not begin with the line {','.join(columns)}.")
        for fields in reader:
            if len(fields) != len(columns):
                raise RunUnreadable(
                    f"{file} line {reader.line_num} has {len(fields)} fields, not {len(columns)}."
                )
            yield reader.line_num, fields
    except csv.Error as error:
        raise RunUnreadable(f"{file} line {reader.line_num} is broken: {error}.") from error


def whole(text: str, file: str, number: int) -> int:
    """A field that holds a whole number of at most 64 bits.

    Raises:
        RunUnreadable: it does not.
    """
    try:
        return int(np.int64(int(text)))
    except (ValueError, OverflowError):
        raise RunUnreadable(
            f"{file} line {number}: {text!r} is no whole number of at most 64 bits."
        ) from None


def real(text: str, file: str, number: int) -> float:
    """A field that holds a finite number.

    Raises:
        RunUnreadable: it does not.
    """
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise RunUnreadable(f"{file} line {number}: {text!r} is no number.")
    return value


def _state(text: str, file: str, number: int) -> State:
    try:
        return State[text.upper()]
    except KeyError:
        raise RunUnreadable(f"{file} line {number}: {text!r} is no state.") from None


def _reason(text: str, file: str, number: int) -> Reason:
    try:
        return Reason[text.upper() or "NONE"]
    except KeyError:
        raise RunUnreadable(f"{file} line {number}: {text!r} is no reason.") from None


def _empty_track(name: str, frames: int) -> Track:
    return Track(
        person=name,
        name=name,
        state=np.full(frames, State.OPEN, dtype=np.uint8),
        reason=np.zeros(frames, dtype=np.uint8),
        xyxy=np.full((frames, 4), np.nan, dtype=np.float32),
        confidence=np.zeros(frames, dtype=np.float32),
        identity=np.zeros(frames, dtype=np.float32),
    )


def _line(fields: Sequence[str]) -> str:
    return ",".join(fields) + "\n"


def _field(text: str) -> str:
    """One field as CSV writes it: quoted where it holds a comma, a quote or a line's end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([text])
    return out.getvalue().removesuffix("\r\n")
