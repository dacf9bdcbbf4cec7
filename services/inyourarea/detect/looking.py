"""Which frames of a segment go through the detector: some at first, then those that matter."""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core import boxes
from inyourarea.detect.links import NOBODY, link_frames
from inyourarea.detect.sightings import Sightings

#: Every so many pictured frames are looked at in the first place. On 120 frames of a hard drawn
#: show of seven (a dissolve and a cut among them) 75 % were looked at in the end with 2 and 66 %
#: with 3; of the boxes filled between two looks 1 of 102 and 4 of 174 missed their head.
STRIDE = 2
#: Boxes widened by this share of their size to each side that touch are about to cross.
CROSSING_MARGIN = 0.15
#: Of two linked boxes, one below this share of the believed confidence leaves the link in doubt.
DOUBTFUL_SHARE = 0.5


def first_look(pictured: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every STRIDE-th of the pictured ranks, and the last one, so that no frame is beyond."""
    return np.union1d(pictured[::STRIDE], pictured[-1:])


def second_look(seen: Sightings, pictured: NDArray[np.int64], sure: float) -> NDArray[np.int64]:
    """The pictured ranks between two looked ones over which a straight line can not be drawn.

    That is where somebody came or went, where two are about to cross, and where one of two linked
    boxes is far from ``sure``, the confidence from which on a box is believed.
    """
    after, before = link_frames(seen)
    is_sure = seen.confidence >= sure
    is_loose = np.zeros(len(seen), dtype=bool)
    busy = []
    for first, second in zip(seen.looked[:-1], seen.looked[1:], strict=True):
        ours, theirs = seen.rows_at(int(first)), seen.rows_at(int(second))
        is_loose[ours] = (after[ours] == NOBODY) & is_sure[ours]
        is_loose[theirs] = (before[theirs] == NOBODY) & is_sure[theirs]
        linked = ours[after[ours] != NOBODY]
        pair = np.stack([seen.confidence[linked], seen.confidence[after[linked]]])
        is_doubtful = (pair.max(axis=0) >= sure) & (pair.min(axis=0) < sure * DOUBTFUL_SHARE)
        is_coming_or_going = is_loose[ours].any() or is_loose[theirs].any()
        is_crossing = _is_crossing(seen.xyxy[ours[is_sure[ours]]])
        if is_coming_or_going or is_crossing or is_doubtful.any():
            busy.append((first, second))
    between = [pictured[(pictured > first) & (pictured < second)] for first, second in busy]
    return np.concatenate([np.zeros(0, dtype=np.int64), *between])


def _is_crossing(xyxy: NDArray[np.float64]) -> bool:
    margin = np.tile(boxes.size(xyxy) * CROSSING_MARGIN, 2) * np.array([-1, -1, 1, 1])
    shared = boxes.intersection(xyxy + margin, xyxy + margin)
    np.fill_diagonal(shared, 0)
    return bool(shared.any())
