"""One segment from pictures to detections: look, look again, describe, follow."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.given import NO_CLASS, GivenBoxes
from inyourarea.core import boxes
from inyourarea.core.detections import DETECTED, PORTRAIT_LENGTH, Detections
from inyourarea.detect.appearance import LENGTH, Looks, look_at
from inyourarea.detect.counting import CALL_SECONDS, PICTURES
from inyourarea.detect.detector import Detector, Found
from inyourarea.detect.follow import Followed, Patience, follow
from inyourarea.detect.looking import first_look, next_look
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.sightings import Sightings, join_sightings

#: Pictures that a detector is given at once, to spread over its threads: 2.8 MB each at 1280x736.
TOGETHER = 8
#: Seconds a head is followed: a dancer's back is seen for up to three, and both ends agree then;
#: with one end only, drift grows too likely.
FOLLOW_MET_S = Fraction(3)
FOLLOW_UNMET_S = Fraction(3, 4)
#: Only boxes of at least this share of the believed confidence are followed.
FOLLOWED_SHARE = 0.8


@dataclass(frozen=True)
class Footage:
    """The source's frame size in pixels (width, height), and its time base in seconds."""

    size: tuple[int, int]
    time_base: Fraction


def look(pictures: Pictures, detector: Detector, ranks: NDArray[np.int64]) -> Sightings:
    """What the detector sees in these frames."""
    box = pictures.index.letterbox
    shift = np.array([box.left, box.top, box.left, box.top], dtype=np.float64)
    found: list[Found] = []
    for start in range(0, len(ranks), TOGETHER):
        some = [pictures.letterboxed(rank) for rank in ranks[start : start + TOGETHER].tolist()]
        with CALL_SECONDS.labels(detector.info.name).time():
            found += detector.find(np.stack(some))
        PICTURES.labels(detector.info.name).inc(len(some))
    counts = [len(one) for one in found]
    classes = len(detector.info.classes)
    xyxy = np.concatenate([np.zeros((0, 4)), *(one.xyxy for one in found)]) - shift
    scores = np.concatenate([np.zeros((0, classes), np.float32), *(one.scores for one in found)])
    seen = Sightings(
        rank=np.repeat(ranks, counts),
        xyxy=boxes.clip(xyxy, *pictures.size).astype(np.float64),
        confidence=scores.max(axis=1, initial=0.0).astype(np.float64),
        scores=scores,
        looked=ranks,
    )
    return _without_slivers(seen)


def _without_slivers(seen: Sightings) -> Sightings:
    """Without boxes that lie in the bars, of which the frame shows less than a pixel."""
    kept = (boxes.size(seen.xyxy) >= 1).all(axis=1)
    return Sightings(
        rank=seen.rank[kept],
        xyxy=seen.xyxy[kept],
        confidence=seen.confidence[kept],
        scores=seen.scores[kept],
        looked=seen.looked,
    )


def look_where_needed(pictures: Pictures, detector: Detector, footage: Footage) -> Sightings:
    """What the detector sees in as many frames as the segment needs."""
    pictured = pictures.pictured
    seconds = pictures.pts.astype(np.float64) * float(footage.time_base)
    seen = look(pictures, detector, first_look(pictured, seconds))
    while (again := next_look(seen, pictured, seconds, detector.info.confidence)).size:
        seen = join_sightings([seen, look(pictures, detector, again)])
    return seen


def take_given(pictures: Pictures, given: GivenBoxes, first_frame: int, classes: int) -> Sightings:
    """The user's boxes of this segment as sightings; every frame counts as looked at.

    ``classes`` is the number of members, 0 where they have no names: then the only score says how
    sure a box is.
    """
    box = pictures.index.letterbox
    scores = np.zeros((len(given), max(classes, 1)), dtype=np.float32)
    column = given.classes if classes else np.zeros_like(given.classes)
    told = (column != NO_CLASS) & (column < scores.shape[1])
    scores[np.flatnonzero(told), column[told]] = given.confidence[told]
    rank = given.frame - first_frame
    seen = Sightings(
        rank=rank,
        xyxy=boxes.clip(given.xyxy * box.scale, *pictures.size).astype(np.float64),
        confidence=given.confidence,
        scores=scores,
        looked=np.arange(len(pictures), dtype=np.int64),
    )
    return _without_slivers(seen)


def complete(pictures: Pictures, seen: Sightings, sure: float, footage: Footage) -> Detections:
    """The sightings with everybody's appearance, and with the heads that were followed."""
    looks = _looks(pictures, seen)
    followed = follow(
        pictures, seen, looks.vector, sure * FOLLOWED_SHARE, _patience(pictures, footage)
    )
    rows = _assembled(pictures, seen, looks, followed)
    xyxy = boxes.clip(rows.xyxy / pictures.index.letterbox.scale, *footage.size)
    return replace(rows, xyxy=xyxy.astype(np.float32))


def _looks(pictures: Pictures, seen: Sightings) -> Looks:
    vector = np.zeros((len(seen), LENGTH), dtype=np.float32)
    portrait = np.zeros((len(seen), PORTRAIT_LENGTH), dtype=np.uint8)
    for rank in np.intersect1d(seen.rank, pictures.pictured).tolist():
        rows = seen.rows_at(rank)
        there = look_at(pictures.bgr(rank), seen.xyxy[rows])
        vector[rows], portrait[rows] = there.vector, there.portrait
    return Looks(vector, portrait)


def _patience(pictures: Pictures, footage: Footage) -> Patience:
    """The longest ways in frames, at this segment's mean rate."""
    pts = pictures.pts
    step_s = Fraction(int(pts[-1] - pts[0]), max(1, len(pts) - 1)) * footage.time_base
    step_s = step_s or Fraction(1, 30)
    return Patience(max(1, int(FOLLOW_MET_S / step_s)), max(1, int(FOLLOW_UNMET_S / step_s)))


def _assembled(
    pictures: Pictures,
    seen: Sightings,
    looks: Looks,
    followed: Followed,
) -> Detections:
    """Both kinds of rows in order of time; those followed look like their origins."""
    rank = np.concatenate([seen.rank, followed.rank])
    order = np.argsort(rank, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    origin = np.concatenate([np.full(len(seen), DETECTED, np.int32), place[followed.origin]])
    blank = np.zeros((len(followed.rank), seen.scores.shape[1]), dtype=np.float32)
    xyxy = np.concatenate([seen.xyxy, boxes.clip(followed.xyxy, *pictures.size)])
    pts = pictures.pts
    return Detections(
        pts=pts[rank[order]],
        xyxy=xyxy[order].astype(np.float32),
        confidence=np.concatenate([seen.confidence, followed.confidence])[order].astype(np.float32),
        scores=np.concatenate([seen.scores, blank])[order],
        appearance=np.concatenate([looks.vector, looks.vector[followed.origin]])[order],
        portrait=np.concatenate([looks.portrait, looks.portrait[followed.origin]])[order],
        origin=origin[order],
        looked=pts[seen.looked],
    )
