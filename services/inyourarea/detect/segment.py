"""One segment from pictures to detections: look and describe, look again, follow."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.given import NO_CLASS, GivenBoxes
from inyourarea.core import boxes
from inyourarea.core.detections import DETECTED, PORTRAIT_LENGTH, Detections
from inyourarea.detect.appearance import LENGTH, Looks, join_looks, look_at
from inyourarea.detect.counting import CALL_SECONDS, PICTURES
from inyourarea.detect.detector import Detector, Found
from inyourarea.detect.follow import NOBODY_FOLLOWED, Followed, Patience, follow
from inyourarea.detect.looking import first_look, next_look
from inyourarea.detect.pictures import Pictures
from inyourarea.detect.sightings import Sightings, join_sightings

#: Pictures that a detector is given at once, to spread over its threads: 2.8 MB each at 1280x736.
TOGETHER = 8
#: Seconds a head is followed: a dancer's back is seen for up to three, and both ends agree then;
#: with one end only, drift grows too likely.
FOLLOW_MET_S, FOLLOW_UNMET_S = 3.0, 0.75
#: Only boxes of at least this share of the believed confidence are followed.
FOLLOWED_SHARE = 0.8


@dataclass(frozen=True)
class Footage:
    """The source's frame size in pixels (width, height), and its time base in seconds."""

    size: tuple[int, int]
    time_base: Fraction


def look(pictures: Pictures, detector: Detector, ranks: NDArray[np.int64]) -> Sightings:
    """What the detector sees in these frames."""
    starts = range(0, max(1, len(ranks)), TOGETHER)
    some = [ranks[start : start + TOGETHER] for start in starts]
    return join_sightings([_look_together(pictures, detector, ranks) for ranks in some])


def _look_together(pictures: Pictures, detector: Detector, ranks: NDArray[np.int64]) -> Sightings:
    found: list[Found] = []
    if len(ranks):
        sheets = pictures.letterboxed(ranks.tolist())
        with CALL_SECONDS.labels(detector.info.name).time():
            found = detector.find(sheets)
        PICTURES.labels(detector.info.name).inc(len(ranks))
    box = pictures.index.letterbox
    shift = np.array([box.left, box.top, box.left, box.top], dtype=np.float64)
    xyxy = np.concatenate([np.zeros((0, 4)), *(one.xyxy for one in found)]) - shift
    xyxy = boxes.clip(xyxy, *pictures.size).astype(np.float64)
    blank = np.zeros((0, len(detector.info.classes)), np.float32)
    scores = np.concatenate([blank, *(one.scores for one in found)])
    kept = _is_in_sight(xyxy)
    rank = np.repeat(ranks, [len(one) for one in found])[kept]
    return Sightings(
        rank=rank,
        xyxy=xyxy[kept],
        confidence=scores[kept].max(axis=1, initial=0.0).astype(np.float64),
        scores=scores[kept],
        looks=_looks(pictures, rank, xyxy[kept]),
        looked=ranks,
    )


def _is_in_sight(xyxy: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Not boxes that lie in the bars, of which the frame shows less than a pixel."""
    return np.asarray((boxes.size(xyxy) >= 1).all(axis=1), dtype=bool)


def _looks(pictures: Pictures, rank: NDArray[np.int64], xyxy: NDArray[np.float64]) -> Looks:
    vector = np.zeros((len(rank), LENGTH), dtype=np.float32)
    portrait = np.zeros((len(rank), PORTRAIT_LENGTH), dtype=np.uint8)
    for one in np.intersect1d(rank, pictures.pictured).tolist():
        rows = rank == one
        there = look_at(pictures.bgr(one), xyxy[rows])
        vector[rows], portrait[rows] = there.vector, there.portrait
    return Looks(vector, portrait)


def look_where_needed(pictures: Pictures, detector: Detector, footage: Footage) -> Sightings:
    """What the detector sees in as many frames as the segment needs."""
    pictured = pictures.pictured
    seconds = _seconds(pictures, footage)
    seen = look(pictures, detector, first_look(pictured, seconds))
    while (again := next_look(seen, pictured, seconds, detector.info.confidence)).size:
        seen = join_sightings([seen, look(pictures, detector, again)])
    return seen


def take_given(pictures: Pictures, given: GivenBoxes, classes: int) -> Sightings:
    """The user's boxes of this segment as sightings; every frame counts as looked at.

    Boxes of frames that could not be decoded are left out.

    ``classes`` is the number of members, 0 where they have no names: then the only score says how
    sure a box is.
    """
    box = pictures.index.letterbox
    scores = np.zeros((len(given), max(classes, 1)), dtype=np.float32)
    column = given.classes if classes else np.zeros_like(given.classes)
    told = (column != NO_CLASS) & (column < scores.shape[1])
    scores[np.flatnonzero(told), column[told]] = given.confidence[told]
    xyxy = boxes.clip(given.xyxy * box.scale, *pictures.size).astype(np.float64)
    kept = _is_in_sight(xyxy) & np.isin(given.pts, pictures.pts)
    rank = np.searchsorted(pictures.pts, given.pts[kept])
    return Sightings(
        rank=rank,
        xyxy=xyxy[kept],
        confidence=given.confidence[kept],
        scores=scores[kept],
        looks=_looks(pictures, rank, xyxy[kept]),
        looked=np.arange(len(pictures), dtype=np.int64),
    )


def complete(pictures: Pictures, seen: Sightings, sure: float, footage: Footage) -> Detections:
    """The sightings, and the heads that were followed."""
    patience = Patience(_seconds(pictures, footage), FOLLOW_MET_S, FOLLOW_UNMET_S)
    followed = follow(pictures, seen, sure * FOLLOWED_SHARE, patience)
    return _in_source(pictures, seen, followed, footage)


def sighted(pictures: Pictures, seen: Sightings, footage: Footage) -> Detections:
    """The sightings alone; nobody is followed."""
    return _in_source(pictures, seen, NOBODY_FOLLOWED, footage)


def _in_source(
    pictures: Pictures, seen: Sightings, followed: Followed, footage: Footage
) -> Detections:
    rows = _assembled(pictures, seen, followed)
    xyxy = boxes.clip(rows.xyxy / pictures.index.letterbox.scale, *footage.size)
    return replace(rows, xyxy=xyxy.astype(np.float32))


def _seconds(pictures: Pictures, footage: Footage) -> NDArray[np.float64]:
    """Every frame's time."""
    return pictures.pts.astype(np.float64) * float(footage.time_base)


def _assembled(pictures: Pictures, seen: Sightings, followed: Followed) -> Detections:
    """Both kinds of rows in order of time; those followed look like their origins."""
    rank = np.concatenate([seen.rank, followed.rank])
    looks = join_looks([seen.looks, seen.looks[followed.origin]])
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
        appearance=looks.vector[order],
        portrait=looks.portrait[order],
        origin=origin[order],
        looked=pts[seen.looked],
    )
