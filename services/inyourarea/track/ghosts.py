"""Which tracklets belong to the picture of another shot: dissolves and wipes show two at once.

Beside `screens`, and in its coin. A tracklet that goes on over the change of pictures without a
move stands in one picture; on the shorter side of the change it is a ghost.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.shots import Shot
from inyourarea.core.timeline import TICK_S
from inyourarea.track.tracklets import Sightings, Tracklets

Floats = NDArray[np.float64]

#: A tracklet this near to the change of pictures reaches it. Seconds; a look may have missed.
NEAR_CHANGE_S = 0.14
#: Ghosts last half a dissolve at the most. Seconds; the longest are a second whole.
LONGEST_GHOST_S = 0.7 + TICK_S
#: How far a face moves over the change, in face widths, and ln of how much its size changes.
GHOST_WIDTHS, GHOST_GROWTH = 1.0, 0.25
#: Whoever stands in a picture is seen near there also later, or was before; face widths.
NEAR_GHOST_WIDTHS = 2.0
#: What speaks against a ghost being in the shot (nats).
GHOST_NATS = 12.0


def presence_evidence(
    sightings: Sightings, tracklets: Tracklets, pixels: Floats, shots: tuple[Shot, ...]
) -> Floats:
    """Nats for each tracklet standing in its shot's own picture, (T,), <= 0.

    ``pixels`` (n, 4) are the sightings' boxes in pixels: steady coordinates end with the shot.
    """
    nats = np.zeros(len(tracklets))
    if not len(tracklets):
        return nats
    shot = sightings.shot[tracklets.start]
    for number in range(1, len(shots)):
        if shots[number].kind == "dissolve":
            before, after = np.flatnonzero(shot == number - 1), np.flatnonzero(shot == number)
            if before.size and after.size:
                nats[_ghosts(sightings, tracklets, pixels, (before, after))] = -GHOST_NATS
    return nats


def _ghosts(
    sightings: Sightings,
    tracklets: Tracklets,
    pixels: Floats,
    sides: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.intp]:
    """The shorter ones of the pairs of tracklets that go on over the change."""
    before, after = sides
    end, start = tracklets.end[before], tracklets.start[after]
    seconds = sightings.seconds
    wait = seconds[start][None, :] - seconds[end][:, None]
    size = np.sqrt((pixels[:, 2:] - pixels[:, :2]).prod(axis=1))
    centre = (pixels[:, 2:] + pixels[:, :2]) / 2
    off = np.sqrt(((centre[start][None] - centre[end][:, None]) ** 2).sum(axis=2))
    off /= np.maximum(size[end][:, None], size[start][None, :])
    growth = np.abs(np.log(size[end][:, None] / size[start][None, :]))
    same = (wait <= 2 * NEAR_CHANGE_S) & (off < GHOST_WIDTHS) & (growth < GHOST_GROWTH)
    i, j = np.nonzero(same)
    lasted, lasts = (
        np.array([_stood_for(sightings, tracklets, (size, centre), int(row)) for row in rows])
        for rows in (end[i], start[j])
    )
    shorter = np.where(lasted < lasts, before[i], after[j])
    return np.unique(shorter[np.minimum(lasted, lasts) <= LONGEST_GHOST_S])


def _stood_for(
    sightings: Sightings, tracklets: Tracklets, there: tuple[Floats, Floats], row: int
) -> float:
    """How long before or after a sighting its shot has faces there, of whatever tracklet; seconds.

    ``there`` are all sightings' sizes (n,) and centres (n, 2) in pixels. Lone weak boxes, which no
    tracklet has, are no faces.
    """
    size, centre = there
    inside = tracklets.member[sightings.shot[tracklets.member] == sightings.shot[row]]
    off = np.linalg.norm(centre[inside] - centre[row], axis=1)
    growth = np.abs(np.log(size[inside] / size[row]))
    near = (off < NEAR_GHOST_WIDTHS * size[row]) & (growth < GHOST_GROWTH)
    return float(np.abs(sightings.seconds[inside[near]] - sightings.seconds[row]).max())
