"""What a detector that knows no names would give for a stage show, as a file for ``--boxes``.

Everybody whose head a detector sees has a box: members, dancers and the faces on the wall alike.
Boxes are jittered, and some are missed. Nothing in the file says who anybody is.
"""

from pathlib import Path

import numpy as np

from inyourarea.core import boxes
from inyourarea.core.errors import RunUnreadable
from inyourarea.core.identity_measures import SEEN
from inyourarea.core.text_lines import text_lines
from inyourarea.core.truth import ROLES, Truth, read_truth

#: Standard deviation of a box's centre and size, as a share of its sides.
JITTER = 0.05
#: Chance is the same each time.
SEED = 3
#: Share of boxes that are missed, each by itself.
MISSED = 0.1


def give_truth(show: Path, file: Path) -> int:
    """MOTChallenge text of the boxes of the show in that folder is in ``file``; the same each time.

    Returns:
        The number of people on stage: members and dancers, seen or not; a wall is not on stage.
    """
    with (show / "truth.csv").open("rb") as opened:
        truth = read_truth(text_lines(opened, RunUnreadable), "truth.csv")
    file.write_text(_motchallenge(truth), encoding="utf-8")
    return len(set(truth.who[truth.role != ROLES.index("screen")].tolist()))


def _motchallenge(truth: Truth) -> str:
    """Who is seen, with half a face or half a head (turned away), jittered and thinned out."""
    chance = np.random.default_rng(SEED)
    is_given = (np.maximum(truth.face_visible, truth.head_visible) >= SEEN) & (
        chance.random(len(truth.frame)) >= MISSED
    )
    face = truth.face[is_given]
    size = boxes.size(face)
    centre = boxes.centre(face) + chance.normal(0, JITTER, size.shape) * size
    size = size * np.exp(chance.normal(0, JITTER, size.shape))
    corner = centre - size / 2
    rows = zip(truth.frame[is_given] + 1, *corner.T, *size.T, strict=True)
    return "".join(
        f"{frame},-1,{x:.2f},{y:.2f},{w:.2f},{h:.2f},1,-1,-1,-1\n" for frame, x, y, w, h in rows
    )
