"""How right the tracks are, against the truth: correct, wrong, honest, and IDF1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inyourarea.core import boxes
from inyourarea.core.camera_measures import frame_seconds, share
from inyourarea.core.members import fold
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import State, Track, Tracks
from inyourarea.core.truth import MEMBER, Member, Truth

#: A face counts as seen from this visible share on.
SEEN = 0.5
#: Overlap (IoU) of a right box with the truth; less is asked where part of the face is hidden.
SAME_BOX, SAME_HIDDEN_BOX = 0.5, 0.3
#: Below this overlap with everybody, an observed box shows nobody.
NO_OVERLAP = 0.1


@dataclass(frozen=True)
class IdentityMeasures:
    """One member's track; shares are 0..1, NaN where there was nothing to judge."""

    correct: float
    wrong: float
    longest_wrong_run_s: float
    filled_honestly: float
    frames_to_be_correct: int
    frames_with_a_box: int


def match_people(tracks: Tracks, members: Sequence[Member]) -> dict[str, Track]:
    """Whose track each member's is, by name where the names agree, else one to one, best overall.

    Best is the largest sum of correct frames (Hungarian). Members nobody is matched to are left
    out, and so are pairs without a correct frame.
    """
    by_name = {fold(person.name): person for person in tracks.people}
    matched = {
        member.name: by_name[fold(member.name)]
        for member in members
        if fold(member.name) in by_name
    }
    unnamed = [person for person in tracks.people if person not in matched.values()]
    left = [member for member in members if member.name not in matched]
    hits = np.zeros((len(left), len(unnamed)), dtype=np.int64)
    for row, member in enumerate(left):
        hits[row] = [np.count_nonzero(is_correct(person, member)) for person in unnamed]
    for pair in zip(*linear_sum_assignment(hits, maximize=True), strict=True):
        if hits[pair]:
            matched[left[pair[0]].name] = unnamed[pair[1]]
    return matched


def measure_identity(
    track: Track, member: Member, truth: Truth, timeline: Timeline
) -> IdentityMeasures:
    """The measures of one track against its member; ``truth`` is aligned and has everybody."""
    seen = member.face_visible >= SEEN
    boxed = track.has_box
    wrong = is_wrong(track, member, truth)
    filled = track.state == State.FILLED
    return IdentityMeasures(
        correct=share(is_correct(track, member), seen),
        wrong=share(wrong, boxed),
        longest_wrong_run_s=longest_run_s(wrong, timeline),
        filled_honestly=share(_is_near(track, member), filled),
        frames_to_be_correct=int(seen.sum()),
        frames_with_a_box=int(boxed.sum()),
    )


def is_correct(track: Track, member: Member) -> NDArray[np.bool_]:
    """Where a seen face has the track's box on it, bool (F,)."""
    overlap = boxes.paired_iou(_boxes(track), member.face)
    asked = np.where(member.face_visible < 1, SAME_HIDDEN_BOX, SAME_BOX)
    return np.asarray((member.face_visible >= SEEN) & (overlap >= asked))


def is_wrong(track: Track, member: Member, truth: Truth) -> NDArray[np.bool_]:
    """Where the track's box is on somebody else, or observed on nobody, bool (F,).

    Nowhere that it is correct, or on her head in sight, turned away: whoever stands behind her,
    unseen, may share her face's place better than a box shares it that is a pixel or two off.
    """
    overlap = boxes.paired_iou(_boxes(track)[truth.frame], truth.face)
    is_own = (truth.role == MEMBER) & (truth.who == truth.names.index(member.name))
    own, other = np.zeros(len(track.state)), np.zeros(len(track.state))
    np.maximum.at(own, truth.frame[is_own], overlap[is_own])
    np.maximum.at(other, truth.frame[~is_own], overlap[~is_own])
    on_other = (other >= SAME_BOX) & (other > own)
    on_nobody = (track.state == State.OBSERVED) & (np.maximum(own, other) < NO_OVERLAP)
    on_her_head = (member.head_visible >= SEEN) & (own >= SAME_BOX)
    is_right = is_correct(track, member) | on_her_head
    return np.asarray(track.has_box & (on_other | on_nobody) & ~is_right)


def is_given(
    tracks: Tracks, names: Sequence[str], frame: NDArray[np.int64], xyxy: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which labelled faces have the right person's box on them, and which somebody else's alone.

    The face of ``names[i]`` is at ``xyxy[i]`` in ``frame[i]``; both are bool (n,).
    """
    folded = np.array([fold(name) for name in names])
    own, other = np.zeros(len(frame)), np.zeros(len(frame))
    for person in tracks.people:
        overlap = np.nan_to_num(boxes.paired_iou(_boxes(person)[frame], xyxy))
        is_own = folded == fold(person.name)
        own = np.maximum(own, np.where(is_own, overlap, 0))
        other = np.maximum(other, np.where(is_own, 0, overlap))
    right = own >= SAME_BOX
    return right, ~right & (other >= SAME_BOX)


def idf1(tracks: Tracks, truth: Truth) -> float:
    """Identity F1 over all people, as TrackEval computes it; NaN where no face is seen.

    Every seen face of a member is to be found. Boxes on members who are not seen well (the face
    less than half visible) are neither right nor wrong, like MOTChallenge's ignored rows.

    Source: Ristani et al. 2016; TrackEval's Identity metric.
    """
    rows = truth.role == MEMBER
    seen = rows & (truth.face_visible >= SEEN)
    members = sorted(set(truth.who[rows].tolist()))
    hits = np.zeros((len(members), len(tracks.people)))
    counted = 0
    for column, person in enumerate(tracks.people):
        overlap = boxes.paired_iou(_boxes(person)[truth.frame], truth.face) >= SAME_BOX
        for row, who in enumerate(members):
            hits[row, column] = np.count_nonzero(overlap & seen & (truth.who == who))
        on_seen = np.zeros(len(person.state), dtype=bool)
        on_hidden = np.zeros(len(person.state), dtype=bool)
        on_seen[truth.frame[overlap & seen]] = True
        on_hidden[truth.frame[overlap & rows & ~seen]] = True
        counted += int(np.count_nonzero(person.has_box & (on_seen | ~on_hidden)))
    if not seen.any():
        return math.nan
    agreed = hits[linear_sum_assignment(hits, maximize=True)].sum()
    return float(2 * agreed / (np.count_nonzero(seen) + counted))


def longest_run_s(mask: NDArray[np.bool_], timeline: Timeline) -> float:
    """Seconds of the longest unbroken run of true frames, mask bool (F,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    before = np.concatenate([[0.0], np.cumsum(frame_seconds(timeline))])
    return float(np.max(before[edges[1::2]] - before[edges[::2]], initial=0.0))


def _is_near(track: Track, member: Member) -> NDArray[np.bool_]:
    """Where the box's centre lies within half a face width of the truth, bool (F,)."""
    distance = np.linalg.norm(boxes.centre(_boxes(track)) - boxes.centre(member.face), axis=1)
    return np.asarray(np.nan_to_num(distance, nan=np.inf) <= boxes.size(member.face)[:, 0] / 2)


def _boxes(track: Track) -> NDArray[np.float64]:
    """The track's boxes, float64 (F, 4), NaN where the state has none."""
    return np.where(track.has_box[:, None], track.xyxy.astype(np.float64), np.nan)
