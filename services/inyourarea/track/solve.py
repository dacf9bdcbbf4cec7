"""The identity step as a whole: detections of a video in, one track per person out.

`tracklets` -> `pins` -> `evidence`, `screens`, `ghosts` -> `members` or `people` -> `recovery`,
`gaps`, `names`.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.boxes import paired_iou
from inyourarea.core.camera_measures import frame_seconds
from inyourarea.core.columns import ranges
from inyourarea.core.detections import Detections
from inyourarea.core.pins import Pin
from inyourarea.core.shots import Shot, shot_of_frames
from inyourarea.core.timeline import TICK_S, Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.track.evidence import cut_at_changes, tracklet_evidence
from inyourarea.track.gaps import (
    Sheet,
    Stage,
    empty_sheet,
    fill_gaps,
    in_picture,
    moving_average,
    open_where,
    open_where_hidden,
)
from inyourarea.track.ghosts import presence_evidence
from inyourarea.track.identity import Cast, sure_by_frame
from inyourarea.track.links import join_sure
from inyourarea.track.members import cast_by_class
from inyourarea.track.names import call_people, id_from_first_sight
from inyourarea.track.people import cast_by_appearance
from inyourarea.track.pins import (
    Orders,
    Scene,
    add_pinned_boxes,
    orders_from_pins,
    pins_in_sight,
)
from inyourarea.track.recovery import recover, unclaimed
from inyourarea.track.screens import live_evidence
from inyourarea.track.standpoint import Standpoint, fixed_standpoint, standpoint_from_motion
from inyourarea.track.tracklets import (
    Sightings,
    Tracklets,
    join_sightings,
    sightings_of,
    without_doubles,
)

#: Somebody seen for less than this, or for a smaller share of the video, is one of the others.
LEAST_SEEN_S, LEAST_SEEN_SHARE = Fraction(1), Fraction(1, 20)
#: Nor is a nameless one somebody whose looks are believed less often than this: the back of a head
#: may be taken for a face, a little, for half a minute. On drawn shows it is .32 of who is there.
LEAST_BELIEVED = 0.1
#: What was joined may be joined again.
JOINING_ROUNDS = 2
#: A followed box that covers somebody else's observed one this much has slipped to them.
SLIPPED_IOU = 0.4


@dataclass(frozen=True)
class Question:
    """All that the identity step is told.

    ``size`` is the frame's width and height; ``classes`` the members' names in the order of the
    class scores (empty: people are told apart by appearance alone); ``threshold`` the class score
    from which on a box is believed; ``people`` their number (0: find it; only without classes);
    ``smooth`` the odd number of frames of a moving average (0: none). ``motion`` (F, 4) is the
    camera's, as in `Signals`, where it is known.
    """

    detections: Detections
    shots: tuple[Shot, ...]
    timeline: Timeline
    size: tuple[int, int]
    classes: tuple[str, ...] = ()
    threshold: float = 0.25
    people: int = 0
    pins: tuple[Pin, ...] = ()
    longest_gap_s: Fraction = Fraction(7, 10)
    smooth: int = 0
    motion: NDArray[np.float32] | None = None


def solve_tracks(question: Question) -> Tracks:
    """One track per person: everybody at most once in a frame, no box across a cut.

    Raises:
        PinRejected: a pin is outside of the video, hits nobody, names somebody unknown, or
            contradicts another.
    """
    pins = pins_in_sight(question.pins, question.timeline, question.size)
    detections = add_pinned_boxes(question.detections, pins, question.timeline)
    standpoint = _standpoint(question)
    shot = shot_of_frames(question.shots)
    sightings = sightings_of(detections, question.timeline, len(question.classes), shot)
    steady = standpoint.steady(sightings.xyxy, sightings.frame)
    sightings = without_doubles(replace(sightings, xyxy=steady), question.threshold)
    tracklets = join_sightings(sightings, question.threshold)
    tracklets = cut_at_changes(sightings, tracklets, question.threshold)
    for _ in range(JOINING_ROUNDS):
        evidence = tracklet_evidence(sightings, tracklets, question.threshold)
        tracklets = join_sure(sightings, tracklets, evidence)
    pixels = detections.xyxy[sightings.row].astype(np.float64)
    scene = Scene(question.timeline, sightings, pixels)
    who = np.full(len(tracklets), -1, dtype=np.int32)
    if any(pin.end is not None for pin in pins):
        who = _cast(question, scene, tracklets, Orders())[0].who
    orders, tracklets = orders_from_pins(pins, tracklets, scene, who)
    cast, present = _cast(question, scene, tracklets, orders)
    told = _told(sightings, tracklets, cast)
    free = unclaimed(sightings, tracklets, cast.who, present)
    free &= ~np.isin(tracklets.labels(len(sightings)), orders.tracklets)
    person = recover(sightings, told, free)
    sheets = _sheets(question, detections, sightings, person, len(cast.names))
    looked = np.isin(question.timeline.pts, detections.looked)
    stage = Stage(question.timeline, question.shots, standpoint, looked, question.longest_gap_s)
    filled = open_where_hidden(fill_gaps(sheets, stage))
    for tracklet in orders.tracklets:
        course = scene.course(tracklets, tracklet)
        for number, name in enumerate(cast.names):
            if orders.denies(tracklet, name):
                filled[number] = open_where(filled[number], *course)
    if question.smooth > 1:
        filled = [moving_average(sheet, question.shots, question.smooth) for sheet in filled]
    filled = [in_picture(sheet, question.size) for sheet in filled]
    spans = sightings.frame[np.stack([tracklets.start, tracklets.end], axis=1)]
    return _reported(question, cast, filled, sure_by_frame(cast, spans, len(question.timeline)))


def _cast(
    question: Question, scene: Scene, tracklets: Tracklets, orders: Orders
) -> tuple[Cast, NDArray[np.float64]]:
    """Who each tracklet is, and (T,) nats for its being a person on the floor."""
    sightings = scene.sightings
    present = live_evidence(sightings, tracklets)
    present = present + presence_evidence(sightings, tracklets, scene.xyxy, question.shots)
    if question.classes:
        believed = (question.classes, question.threshold)
        return cast_by_class(sightings, tracklets, orders, believed, present), present
    people = question.people
    return cast_by_appearance(sightings, tracklets, orders, people, present), present


def _standpoint(question: Question) -> Standpoint:
    if question.motion is None:
        return fixed_standpoint(len(question.timeline))
    return standpoint_from_motion(question.motion, question.shots, question.size)


def _told(sightings: Sightings, tracklets: Tracklets, cast: Cast) -> NDArray[np.int32]:
    """Who each sighting is, -1 for nobody; of two of one person in a frame the surer one is."""
    told = np.append(cast.who, -1)[tracklets.labels(len(sightings))].astype(np.int32)
    order = np.lexsort((-sightings.confidence, told, sightings.frame))
    frame, who = sightings.frame[order], told[order]
    again = (frame[1:] == frame[:-1]) & (who[1:] == who[:-1])
    told[order[1:][again]] = -1
    return told


def _sheets(
    question: Question,
    detections: Detections,
    sightings: Sightings,
    person_of_sighting: NDArray[np.int32],
    people: int,
) -> list[Sheet]:
    """Each person's observed and followed boxes."""
    person = np.full(len(detections), -1, dtype=np.int32)
    person[sightings.row] = person_of_sighting
    frame = np.searchsorted(question.timeline.pts, detections.pts)
    followed = np.flatnonzero(~detections.detected)
    followed = followed[person[detections.origin[followed]] >= 0]
    shot = shot_of_frames(question.shots)[frame]
    followed = followed[shot[followed] == shot[detections.origin[followed]]]
    owner = person[detections.origin[followed]]
    keep = ~_slipped(detections, followed, owner, person, frame)
    followed, owner = followed[keep], owner[keep]
    sheets = []
    for number in range(people):
        sheet = empty_sheet(len(question.timeline))
        # The best agreeing last, so that it stays where two follow into one frame.
        mine = followed[owner == number]
        mine = mine[np.argsort(detections.confidence[mine], kind="stable")]
        for rows, state in ((mine, State.FOLLOWED), (person == number, State.OBSERVED)):
            at = frame[rows]
            sheet.state[at] = state
            sheet.xyxy[at] = detections.xyxy[rows]
            sheet.confidence[at] = detections.confidence[rows]
        sheets.append(sheet)
    return sheets


def _slipped(
    detections: Detections,
    followed: NDArray[np.intp],
    owner: NDArray[np.int32],
    person: NDArray[np.int32],
    frame: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Which followed boxes lie on the observed box of somebody else."""
    slipped = np.zeros(followed.size, dtype=bool)
    seen = np.flatnonzero(detections.detected)
    low = np.searchsorted(frame[seen], frame[followed], side="left")
    count = np.searchsorted(frame[seen], frame[followed], side="right") - low
    ours, at = ranges(low, count)
    theirs = seen[at]
    overlap = paired_iou(detections.xyxy[followed[ours]], detections.xyxy[theirs])
    is_other = person[theirs] != owner[ours]
    slipped[ours[is_other & (overlap > SLIPPED_IOU)]] = True
    return slipped


def _reported(
    question: Question, cast: Cast, sheets: list[Sheet], identity: NDArray[np.float32]
) -> Tracks:
    """Tracks of those who are seen long enough; the rest is a number."""
    lasting = frame_seconds(question.timeline) if len(question.timeline) > 1 else np.ones(1)
    least = _least_seen_s(float(lasting.sum()))
    people, others = [], 0
    for number, (name, sheet) in enumerate(zip(cast.names, sheets, strict=True)):
        # Looks are closer where more happens; between two neighbours she is as good as seen.
        is_seen = (sheet.state == State.OBSERVED) | (sheet.reason == Reason.STRIDE)
        seen = float(lasting[is_seen].sum())
        if not seen:
            continue
        if seen < least - TICK_S or not (name or _is_believed(sheet, question.threshold)):
            others += 1
            continue
        known = sheet.state <= State.FILLED
        track = Track(
            person=name,
            name=name,
            state=sheet.state,
            reason=sheet.reason,
            xyxy=sheet.xyxy.astype(np.float32),
            confidence=sheet.confidence.astype(np.float32),
            identity=np.where(known, identity[number], 0).astype(np.float32),
        )
        if not question.classes:
            track = _with_id(track, question.timeline)
        people.append(track)
    ordered = tuple(people) if question.classes else call_people(people, cast.names)
    return Tracks(question.timeline, question.size, question.shots, ordered, others)


def _is_believed(sheet: Sheet, threshold: float) -> bool:
    looks = sheet.confidence[sheet.state == State.OBSERVED]
    return bool((looks >= threshold).mean() >= LEAST_BELIEVED)


def _least_seen_s(duration: float) -> float:
    """How long somebody must be observed in a video of that length; seconds.

    In a video shorter than two seconds half of it is enough.
    """
    least = max(float(LEAST_SEEN_S), float(LEAST_SEEN_SHARE) * duration)
    return min(least, duration / 2)


def _with_id(track: Track, timeline: Timeline) -> Track:
    return replace(track, person=id_from_first_sight(track, timeline))
