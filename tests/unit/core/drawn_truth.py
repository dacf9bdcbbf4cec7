"""A truth of two members in three shots, and a run that is right about it."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Reason, State, Track, Tracks
from inyourarea.core.truth import ROLES, Truth

FRAMES = 90
SIZE = (1920, 1080)
TIMELINE = Timeline(np.arange(FRAMES, dtype=np.int64) * 1001, Fraction(1, 30000))
#: Bora is nowhere in the last shot.
SHOTS = (Shot(0, 29), Shot(30, 59, "dissolve"), Shot(60, 89))
FACES = {"Ada": (900.0, 200.0, 940.0, 250.0), "Bora": (1300.0, 220.0, 1340.0, 270.0)}


def rows_of(name, role, frames, face, **shares):
    """Truth of somebody who stands still."""
    count = len(frames)
    shot = np.searchsorted([30, 60], frames, side="right")
    x1, y1, x2, y2 = face
    return Truth(
        names=(name,),
        frame=np.array(frames, dtype=np.int64),
        pts=TIMELINE.pts[frames],
        shot=shot.astype(np.int32),
        who=np.zeros(count, dtype=np.int32),
        role=np.full(count, ROLES.index(role), dtype=np.uint8),
        face=np.tile(face, (count, 1)),
        body=np.tile((x1 - 60, y1 - 20, x2 + 60, y2 + 400), (count, 1)),
        face_visible=np.full(count, shares.get("face_visible", 1.0)),
        head_visible=np.full(count, shares.get("head_visible", 1.0)),
    )


def joined(*parts):
    """Rows of several people as one truth, in the order of frames."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    who = np.concatenate([np.full(len(p.who), names.index(p.names[0])) for p in parts])
    order = np.argsort(np.concatenate([part.frame for part in parts]), kind="stable")
    columns = {
        column: np.concatenate([getattr(part, column) for part in parts])[order]
        for column in vars(parts[0])
        if column not in ("names", "who")
    }
    return Truth(names=names, who=who[order].astype(np.int32), **columns)


def the_truth():
    """Ada all along, Bora in the first two shots."""
    return joined(
        rows_of("Ada", "member", np.arange(90), FACES["Ada"]),
        rows_of("Bora", "member", np.arange(60), FACES["Bora"]),
    )


def track_on(name, frames, face, state=State.OBSERVED):
    """A track with one box in some frames, open elsewhere."""
    states = np.full(FRAMES, State.OPEN, dtype=np.uint8)
    states[frames] = state
    boxed = states <= State.FILLED
    return Track(
        person=name,
        name=name,
        state=states,
        reason=np.where(states == State.FILLED, Reason.GAP, Reason.NONE).astype(np.uint8),
        xyxy=np.where(boxed[:, None], np.array(face), np.nan).astype(np.float32),
        confidence=boxed.astype(np.float32),
        identity=boxed.astype(np.float32),
    )


def right_tracks():
    """The run that sees everything as it is."""
    ada = track_on("Ada", np.arange(90), FACES["Ada"])
    bora = track_on("Bora", np.arange(60), FACES["Bora"])
    bora.state[60:] = State.ABSENT
    return Tracks(TIMELINE, SIZE, SHOTS, (ada, bora))


def with_people(*people):
    """The same run with other people."""
    return replace(right_tracks(), people=people)
