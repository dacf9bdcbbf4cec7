"""A run against its truth: every measure of every member, and the targets beside them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes, camera_measures
from inyourarea.core.camera_measures import (
    HARDLY_MOVING_S,
    JUMP_CENTRE,
    JUMP_SIZE,
    STILL_CENTRE,
    STILL_SIZE,
    ZOOM_TURN,
    Composition,
    percentile,
    share,
)
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.framing import FRAMINGS, FULL, LARGE_FACE, SAFE_WIDTH
from inyourarea.core.identity_measures import (
    NO_OVERLAP,
    SAME_BOX,
    SAME_HIDDEN_BOX,
    SEEN,
    idf1,
    match_people,
    measure_identity,
)
from inyourarea.core.shot_measures import (
    CUT_FRAMES,
    DISSOLVE_S,
    ShotMeasures,
    match_boundaries,
    measure_shots,
)
from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Tracks
from inyourarea.core.truth import (
    Member,
    Truth,
    align,
    member_of,
    shots_of_rows,
    shots_of_show,
    true_shots,
)
from inyourarea.core.windows import CameraPath

#: A member's measures by name; NaN where nothing could be judged.
Measures = Mapping[str, float]


@dataclass(frozen=True)
class Target:
    """What a measure has to reach: at least ``limit``, or at most. ``meaning``: what it is."""

    measure: str
    limit: float
    is_least: bool
    words: str
    meaning: str

    @property
    def bound(self) -> str:
        """The limit, and on which side of it a value has to be, such as ``>= 0.99``."""
        return f"{'>=' if self.is_least else '<='} {self.limit:g}"

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the target; one that could not be judged does."""
        if math.isnan(value):
            return True
        return value >= self.limit if self.is_least else value <= self.limit


_FACES = f"of the frames with at least {SEEN:.0%} of her face in sight, those"
_HEIGHTS = ", ".join("{} {:g} to {:g}".format(one.name, *one.height) for one in FRAMINGS.values())
_BANDS = ", ".join(
    "{} {:.0%} to {:.0%}".format(one.name, *one.safe_band) for one in FRAMINGS.values()
)
#: Of the tracks, for each member; source: the product's target table.
TRACK_TARGETS = (
    Target(
        "correct",
        0.99,
        True,
        "correct member",
        f"{_FACES} whose box overlaps it by an IoU of {SAME_BOX:g}, or {SAME_HIDDEN_BOX:g} where "
        "some of it is hidden",
    ),
    Target(
        "wrong",
        0.005,
        False,
        "wrong",
        f"of the frames with a box, those where it is on somebody else (by {SAME_BOX:g}, and more "
        f"than on her) or, detected, on nobody (below {NO_OVERLAP:g} with everybody); none that is "
        "correct, or on her head in sight",
    ),
    Target(
        "longest_wrong_run_s",
        0.5,
        False,
        "longest wrong run, s",
        "seconds of the longest stretch of frames that are all wrong",
    ),
    Target(
        "filled_honestly",
        0.99,
        True,
        "filled honestly",
        "of the frames whose box was interpolated, those whose centre is within half a face width "
        "of the truth",
    ),
)
#: Of one camera, for each member.
CAMERA_TARGETS = (
    Target(
        "face_in_window",
        0.999,
        True,
        "face in window",
        f"{_FACES} whose window holds all of it that the video shows, or the centre of a face "
        f"larger than {LARGE_FACE:.0%} of the largest window",
    ),
    Target(
        "face_in_safe_area",
        0.99,
        True,
        "face in safe area",
        f"{_FACES} with it in the middle {SAFE_WIDTH:.0%} of the window's width and its centre as "
        f"far down as the framing asks ({_BANDS}); at the video's top and bottom only the width "
        "counts, at its sides not that side's margin",
    ),
    Target(
        "head_in_window",
        0.99,
        True,
        "head in window",
        f"as face in window, of the frames with at least {SEEN:.0%} of her head in sight, turned "
        "away too",
    ),
    Target(
        "framing_kept",
        0.90,
        True,
        "framing kept",
        "of the frames with her in the picture, those whose window is as many faces high as the "
        f"framing asks ({_HEIGHTS}), or as large as fits",
    ),
    Target(
        "feet_in_window",
        0.98,
        True,
        "feet in window",
        "framing full: of the frames with her feet in the picture, and room for her in such a "
        "window, those whose window holds them",
    ),
    Target(
        "still",
        0.35,
        True,
        "still while hardly moving",
        f"while her face stays within its own width for {HARDLY_MOVING_S:g} s: the frames whose "
        f"window moves at most {STILL_CENTRE:.1%} of its width and zooms at most {STILL_SIZE:.1%}",
    ),
    Target(
        "speed_p95",
        0.06,
        False,
        "speed p95",
        "how far the window's centre moves in 1/30 s, in its widths; 95% of frames are slower",
    ),
    Target("speed_p99", 0.15, False, "speed p99", "likewise; 99% of frames are slower"),
    Target(
        "acceleration_p95",
        0.017,
        False,
        "acceleration p95",
        "how much that velocity changes in 1/30 s; 95% of frames change less",
    ),
    Target(
        "jumps",
        0,
        False,
        "jumps",
        f"frames whose window moves more than {JUMP_CENTRE:.0%} of its width or zooms more than "
        f"{JUMP_SIZE:.0%}; not at the first frame of a true shot, nor where the run has found a "
        "true dissolve or wipe",
    ),
    Target(
        "zoom_reversals_per_minute",
        6,
        False,
        "zoom reversals per minute",
        f"how often it turns from closer to wider or back, {ZOOM_TURN:.0%} each way or more",
    ),
)
#: Of the shots of the whole run.
SHOT_TARGETS = (
    Target(
        "f1",
        0.99,
        True,
        "shots F1",
        "of precision and recall; a cut is found when it is within "
        f"{CUT_FRAMES} frame, a dissolve or wipe within {DISSOLVE_S:g} s",
    ),
    Target("extra", 0, False, "boundaries where none is", "found where the truth has no such"),
)


@dataclass(frozen=True, eq=False)
class Stage:
    """The truth laid beside a run: aligned rows, true shots, and each member over its frames."""

    truth: Truth
    shots: tuple[Shot, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, eq=False)
class Score:
    """What a run reached.

    ``matched`` member -> name of the track, "" where there is none; ``tracks`` member -> measures;
    ``cameras`` picture -> member -> measures.
    """

    matched: Mapping[str, str]
    tracks: Mapping[str, Measures]
    cameras: Mapping[str, Mapping[str, Measures]]
    shots: ShotMeasures
    idf1: float


@dataclass(frozen=True, eq=False)
class Camera:
    """One picture's paths by name, and what was asked of them."""

    asked: Composition
    paths: Mapping[str, CameraPath]


def lay_beside(show: Truth, shots: tuple[Shot, ...], timeline: Timeline) -> Stage:
    """The truth of a show over a run's frames; without ``shots`` the rows tell them.

    Raises:
        RunUnreadable: the truth shares no frame with the run, or no member is in it.
    """
    truth = align(show, timeline)
    if not truth.members:
        raise RunUnreadable("The truth has no member in the run's frames: nothing to score.")
    numbers = shots_of_show(shots, show, timeline) if shots else shots_of_rows(truth, len(timeline))
    return Stage(
        truth=truth,
        shots=true_shots(numbers, shots),
        members=tuple(member_of(truth, name, numbers) for name in truth.members),
    )


def score_run(tracks: Tracks, cameras: Mapping[str, Camera], stage: Stage) -> Score:
    """Every measure of a run: of the tracks, of each picture's cameras, of the shots."""
    matched = match_people(tracks, stage.members)
    starts = _starts(tracks.shots, stage.shots, tracks.timeline)
    of_tracks: dict[str, Measures] = {}
    of_cameras: dict[str, dict[str, Measures]] = {picture: {} for picture in cameras}
    for member in stage.members:
        track = matched.get(member.name)
        of_tracks[member.name] = (
            vars(measure_identity(track, member, stage.truth, tracks.timeline))
            if track
            else _not_tracked(member)
        )
        for picture, camera in cameras.items():
            if track and track.name in camera.paths:
                path = camera.paths[track.name]
                of_cameras[picture][member.name] = {
                    **_composition(path, member, stage, camera.asked),
                    **_motion(path, member, starts, tracks.timeline),
                }
    return Score(
        matched={
            member.name: matched[member.name].name if member.name in matched else ""
            for member in stage.members
        },
        tracks=of_tracks,
        cameras=of_cameras,
        shots=measure_shots(tracks.shots, stage.shots, tracks.timeline),
        idf1=idf1(tracks, stage.truth),
    )


def missed_targets(score: Score) -> list[str]:
    """Every target that is not met, in words, worst first being left to the reader."""
    missed = [
        f"{name}: {target.words} {measures[target.measure]:.4g}, not {target.bound}"
        for name, measures in score.tracks.items()
        for target in TRACK_TARGETS
        if not target.is_met(measures[target.measure])
    ]
    missed += [
        f"{name} ({picture}): {target.words} {measures[target.measure]:.4g}, not {target.bound}"
        for picture, members in score.cameras.items()
        for name, measures in members.items()
        for target in CAMERA_TARGETS
        if not target.is_met(measures[target.measure])
    ]
    return missed + [
        f"{target.words} {value:.4g}, not {target.bound}"
        for target, value in zip(
            SHOT_TARGETS, (score.shots.f1, len(score.shots.extra)), strict=True
        )
        if not target.is_met(value)
    ]


def _composition(
    path: CameraPath, member: Member, stage: Stage, asked: Composition
) -> dict[str, float]:
    """What the windows show; frames of shots without the member are left out."""
    windows, faces = path.xyxy, member.face
    counted = ~member.is_absent
    seen = counted & (member.face_visible >= SEEN)
    in_window = camera_measures.face_in_window(windows, faces, asked)
    in_picture = counted & np.isfinite(faces[:, 0])
    others = [other for other in stage.members if other is not member]
    centres = np.stack([boxes.centre(other.face) for other in others], axis=1) if others else None
    crowd = (
        camera_measures.others_in_window(windows, centres)[counted]
        if centres is not None
        else np.zeros(np.count_nonzero(counted))
    )
    feet = in_picture & camera_measures.feet_can_show(faces, member.body, asked)
    return {
        "face_in_window": share(in_window, seen),
        "face_in_safe_area": share(camera_measures.face_in_safe_area(windows, faces, asked), seen),
        "head_in_window": share(in_window, counted & (member.head_visible >= SEEN)),
        "framing_kept": share(camera_measures.framing_kept(windows, faces, asked), in_picture),
        "feet_in_window": share(camera_measures.feet_in_window(windows, member.body), feet)
        if asked.framing == FULL
        else math.nan,
        "others_in_window": float(crowd.mean()) if crowd.size else math.nan,
    }


def _motion(
    path: CameraPath, member: Member, starts: NDArray[np.bool_], timeline: Timeline
) -> dict[str, float]:
    """How the windows move; frames of shots without the member are left out."""
    windows = np.where(member.is_absent[:, None], np.nan, path.xyxy)
    speeds = camera_measures.speeds(windows, timeline, starts)
    changes = camera_measures.accelerations(windows, timeline, starts)
    return {
        "still": camera_measures.still_share(windows, member.face, timeline, starts),
        "speed_p50": percentile(speeds, 50),
        "speed_p95": percentile(speeds, 95),
        "speed_p99": percentile(speeds, 99),
        "acceleration_p95": percentile(changes, 95),
        "jumps": float(np.count_nonzero(camera_measures.jumps(windows, starts))),
        "zoom_reversals_per_minute": camera_measures.zoom_reversals_per_minute(
            windows, timeline, starts
        ),
    }


def _starts(
    found: tuple[Shot, ...], truth: tuple[Shot, ...], timeline: Timeline
) -> NDArray[np.bool_]:
    """Where the picture changes anyway, so that a window may jump, bool (F,).

    The first frame of every true shot, and of those of the run that begin with a true dissolve.
    """
    pairs = match_boundaries(found, truth, timeline)
    dissolves = (ours for true, ours in pairs if true.kind == "dissolve")
    return camera_measures.shot_starts((*truth, *dissolves), len(timeline))


def _not_tracked(member: Member) -> Measures:
    """The measures of a member whom nobody in the run is: never found, never wrong."""
    seen = int(np.count_nonzero(member.face_visible >= SEEN))
    return {
        "correct": 0.0 if seen else math.nan,
        "wrong": math.nan,
        "longest_wrong_run_s": 0.0,
        "filled_honestly": math.nan,
        "frames_to_be_correct": seen,
        "frames_with_a_box": 0,
    }
