"""Last step of tracking: what the run says about its own quality, person by person.

Only what follows from tracks and windows is in it, no time of day and no timing, so that the same
run gives the same bytes. Its form is ``contracts/report.schema.json``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import camera_measures as measures
from inyourarea.core.camera_measures import Composition
from inyourarea.core.framing import Framing
from inyourarea.core.picture import LARGEST_UPSCALE, Picture, output_size
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.core.windows import CameraPath
from inyourarea.track.camera_needs import calm_faces
from inyourarea.track.report_spans import IDENTITY_THRESHOLD, identity_spans, spans_to_look_at
from inyourarea.track.standpoint import Standpoint

Json = dict[str, object]
Floats = NDArray[np.floating]

#: Decimals of every figure: finer than anything here is known.
DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Planned:
    """Who is where, what was asked, and the windows of it.

    ``cameras`` has, for each of ``pictures``, one path per person in the order of
    ``tracks.people``; ``standpoint`` is where the source's camera looks, as the planner was told.
    """

    tracks: Tracks
    framing: Framing
    pictures: Sequence[Picture]
    cameras: Sequence[tuple[CameraPath, ...]]
    standpoint: Standpoint


def write_report(
    planned: Planned, warnings: Sequence[str] = (), members: Sequence[str] = ()
) -> Json:
    """The quality report of a run as JSON values, in a fixed order.

    ``warnings`` are whole sentences from the steps before; those about sizes are added here. Who
    has no box in any frame, or is one of the group's ``members`` and no track is hers, stands in
    ``missing`` and has no fancam.
    """
    tracks, pictures = planned.tracks, planned.pictures
    people = [
        _person(planned, person)
        for person, track in enumerate(tracks.people)
        if track.has_box.any()
    ]
    return {
        "version": 1,
        "video": _video(tracks),
        "framing": planned.framing.name,
        "pictures": [_picture(picture) for picture in pictures],
        "shots": len(tracks.shots),
        "others": tracks.others,
        "missing": _missing(tracks, members),
        "warnings": [*warnings, *_size_warnings(people, pictures)],
        "people": people,
    }


def _missing(tracks: Tracks, members: Sequence[str]) -> list[str]:
    seen = {track.name for track in tracks.people if track.has_box.any()}
    known = dict.fromkeys([*(track.name for track in tracks.people), *members])
    return [name for name in known if name not in seen]


def _video(tracks: Tracks) -> Json:
    timeline = tracks.timeline
    return {
        "width": tracks.size[0],
        "height": tracks.size[1],
        "time_base": f"{timeline.time_base.numerator}/{timeline.time_base.denominator}",
        "frames": len(timeline),
        "first_pts": int(timeline.pts[0]),
        "last_pts": int(timeline.pts[-1]),
        "seconds": _figure(float(measures.frame_seconds(timeline).sum())),
    }


def _picture(picture: Picture) -> Json:
    return {
        "label": picture.label,
        "aspect": f"{picture.aspect.numerator}:{picture.aspect.denominator}",
        "size": list(picture.size) if picture.size else None,
    }


def _person(planned: Planned, person: int) -> Json:
    tracks, pictures = planned.tracks, planned.pictures
    track, paths = tracks.people[person], [paths[person] for paths in planned.cameras]
    heights = (track.xyxy[:, 3] - track.xyxy[:, 1])[track.has_box]
    asks = [Composition(planned.framing, tracks.size, picture.aspect) for picture in pictures]
    calm = calm_faces(tracks, track, planned.standpoint.zoom)
    return {
        "person": track.person,
        "name": track.name,
        **_states(tracks, track),
        "face_height_p50_px": _figure(measures.percentile(heights.astype(np.float64), 50)),
        "identity": _identity(tracks, track),
        "fancams": [
            _fancam(tracks, (track, calm), path, (ask, picture))
            for path, ask, picture in zip(paths, asks, pictures, strict=True)
        ],
        "look_at": spans_to_look_at(tracks, track, paths, asks),
    }


def _states(tracks: Tracks, track: Track) -> Json:
    """Seconds and shares of each state, and how long nobody knew where the person was."""
    lasting = measures.frame_seconds(tracks.timeline)
    total = float(lasting.sum())
    spent = {state: float(lasting[track.state == state].sum()) for state in State}
    return {
        "states": {
            state.name.lower(): {
                "seconds": _figure(seconds),
                "share": _figure(seconds / total if total else math.nan),
            }
            for state, seconds in spent.items()
        },
        "absent_s": _figure(spent[State.ABSENT]),
        "longest_open_s": _figure(_longest(track.state == State.OPEN, lasting)),
    }


def _longest(there: NDArray[np.bool_], lasting: Floats) -> float:
    """Seconds of the longest run of frames."""
    before = np.concatenate([[0.0], np.cumsum(np.where(there, lasting, 0.0))])
    since = np.maximum.accumulate(np.where(there, 0.0, before[1:]))
    return float((before[1:] - since).max(initial=0.0))


def _identity(tracks: Tracks, track: Track) -> Json:
    sure = track.identity[track.has_box].astype(np.float64)
    return {
        "min": _figure(float(sure.min())),
        "mean": _figure(float(sure.mean())),
        "threshold": IDENTITY_THRESHOLD,
        "below": identity_spans(tracks, track),
    }


def _fancam(
    tracks: Tracks,
    person: tuple[Track, Floats],
    path: CameraPath,
    asked: tuple[Composition, Picture],
) -> Json:
    """The camera measures of one person in one picture; faces are the track's own boxes.

    The framing is judged by calmed faces: a detector's boxes breathe more than it allows.
    """
    (track, calm), (ask, picture) = person, asked
    timeline = tracks.timeline
    windows = measures.counted_windows(path)
    starts = measures.shot_starts(tracks.shots, len(timeline))
    faces = np.where(track.has_box[:, None], track.xyxy, np.nan).astype(np.float64)
    seen = track.has_box & np.isfinite(windows[:, 0])
    speeds = measures.speeds(windows, timeline, starts)
    acceleration = measures.percentile(measures.accelerations(windows, timeline, starts), 95)
    return {
        "picture": picture.label,
        "face_in_window": _figure(
            measures.share(measures.face_in_window(windows, faces, ask), seen)
        ),
        "face_in_safe_area": _figure(
            measures.share(measures.face_in_safe_area(windows, faces, ask), seen)
        ),
        "framing_kept": _figure(measures.share(measures.framing_kept(windows, calm, ask), seen)),
        "still_share": _figure(measures.still_share(windows, faces, timeline, starts)),
        "speed_p50": _figure(measures.percentile(speeds, 50)),
        "speed_p95": _figure(measures.percentile(speeds, 95)),
        "speed_p99": _figure(measures.percentile(speeds, 99)),
        "acceleration_p95": _figure(acceleration),
        "jumps": int(measures.jumps(path.xyxy, starts).sum()),
        "zoom_reversals_per_minute": _figure(
            measures.zoom_reversals_per_minute(windows, timeline, starts)
        ),
        **_output(windows, picture, tracks.size[1]),
    }


def _output(windows: Floats, picture: Picture, source_height: int) -> Json:
    """The encoded size and how many output pixels a source pixel becomes."""
    height = windows[:, 3] - windows[:, 1]
    height = height[np.isfinite(height)]
    tallest = float(height.max())
    size = output_size(picture, (tallest * float(picture.aspect), tallest), source_height)
    upscale = size[1] / height
    return {
        "output": list(size),
        "upscale_p50": _figure(float(np.median(upscale))),
        "upscale_max": _figure(float(upscale.max())),
    }


def _size_warnings(people: list[Json], pictures: Sequence[Picture]) -> list[str]:
    """A sentence for each fancam that became smaller than the size that was asked for."""
    asked = {picture.label: list(picture.size) for picture in pictures if picture.size}
    found = []
    for person in people:
        for fancam in cast(list[Json], person["fancams"]):
            wanted, size = asked.get(str(fancam["picture"])), cast(list[int], fancam["output"])
            if wanted and wanted != size:
                found.append(
                    f"{person['name']}: {fancam['picture']} would enlarge the source more than "
                    f"{LARGEST_UPSCALE:g} times, so the fancam is {size[0]}x{size[1]}."
                )
    return found


def _figure(value: float) -> float | None:
    """Rounded; None where there was nothing to count."""
    return round(value, DECIMALS) if math.isfinite(value) else None
