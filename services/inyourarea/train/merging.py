"""Labels that come back to a picture that has some: what files can not tell is not lost."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from inyourarea.contracts.datasets import (
    CONFIRMED,
    PROPOSED,
    REJECTED,
    LabelledBox,
    LabelledPicture,
)
from inyourarea.core.boxes import iou

#: Tools round to whole pixels: a box that moved less than this was not moved by anybody.
_ROUNDING_PX = 1.0
#: From this overlap on, two boxes are of one face.
_SAME_FACE_IOU = 0.5


def merged(
    old: LabelledPicture, fresh: LabelledPicture, *, tells_states: bool, tells_nobody: bool
) -> LabelledPicture:
    """The version after ``old``: boxes keep what files can not tell.

    Boxes without a name stay, but those known to be no member's where the file ``tells_nobody``.

    Where the file ``tells_states`` no more than LabelImg's, a box that was not moved has the state
    that it had. The picture is not confirmed while one of its boxes is only proposed, or nobody has
    said whose it is. A rejected one stays so.
    """
    kept = [_as_it_was(box, old, tells_states=tells_states) for box in fresh.boxes]
    untold = [box for box in old.boxes if box.is_unsaid or not (box.member or tells_nobody)]
    nobody = [box for box in untold if not _overlaps(box, fresh.boxes)]
    is_open = any(not box.member and box.state == PROPOSED for box in (*kept, *nobody))
    is_said = fresh.state == CONFIRMED and all(box.state == CONFIRMED for box in kept)
    is_confirmed = (old.state == CONFIRMED or is_said) and not is_open
    state = CONFIRMED if is_confirmed else PROPOSED
    return replace(
        old,
        boxes=(*kept, *nobody),
        version=old.version + 1,
        by=fresh.by,
        at_ns=fresh.at_ns,
        state=REJECTED if old.state == REJECTED else state,
    )


def _as_it_was(box: LabelledBox, old: LabelledPicture, *, tells_states: bool) -> LabelledBox:
    for other in _near(box, old):
        if other.member == box.member:
            view = box.view or other.view
            return replace(other, view=view, state=box.state if tells_states else other.state)
    hers = [other.tracklet for other in old.boxes if other.member == box.member]
    return replace(box, tracklet=box.tracklet if box.tracklet in hers else "")


def _near(box: LabelledBox, old: LabelledPicture) -> Iterator[LabelledBox]:
    for other in old.boxes:
        sides = zip(box.box, other.box, strict=True)
        if all(abs(ours - theirs) <= _ROUNDING_PX for ours, theirs in sides):
            yield other


def _overlaps(box: LabelledBox, others: tuple[LabelledBox, ...]) -> bool:
    if not others:
        return False
    theirs = np.array([other.box for other in others])
    return bool((iou(np.array([box.box]), theirs) >= _SAME_FACE_IOU).any())


def says_the_same(old: LabelledPicture | None, labels: LabelledPicture) -> bool:
    """Whether the labels are those that a picture has; it may have none."""
    return old is not None and (set(old.boxes), old.state) == (set(labels.boxes), labels.state)
