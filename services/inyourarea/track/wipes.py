"""Tells a wipe: an edge that runs through the whole picture, old on one side and new on the other.

From one frame to the next a strip beside the edge is exchanged and the rest stays as it is, however
lively the dancers are. So the strips of every possible edge are compared with the rest.
"""

import numpy as np
from numpy.typing import NDArray

from inyourarea.track.likeness import Ranks

#: The way of the edge falls into so many parts, each of which must show the exchange: an arm that
#: swings along with it for a while does not.
PARTS = 4
#: Sum of squared structure that is too little to tell anything of a strip by.
LITTLE = 20.0
#: Columns beside a strip that belong to neither side: an edge may be soft.
BESIDE_PX = 1

Profile = NDArray[np.float32]


def profiles(structure: NDArray[np.float32]) -> tuple[Profile, ...]:
    """For the edges that come from left, right, top and bottom: what strips are compared by.

    Each is (frames - 1, places + 1, 2): sums up to every column or row of the product of two
    neighbours' structure, and of their mean square.
    """
    before, after = structure[:-1], structure[1:]
    found = []
    for axis in ("tx", "ty"):
        product = np.einsum(f"tyx,tyx->{axis}", before, after)
        square = np.einsum(f"tyx,tyx->{axis}", structure, structure)
        both = np.stack([product, (square[:-1] + square[1:]) / 2], axis=2)
        for side in (both, both[:, ::-1]):
            sums = np.zeros((len(side), side.shape[1] + 1, 2), dtype=np.float32)
            np.cumsum(side, axis=1, out=sums[:, 1:])
            found.append(sums)
    return tuple(found)


def wipe_evidence(
    profile: Profile, middles: Ranks, length: int, phase: float = 0.0
) -> NDArray[np.float64]:
    """By how much an edge's strips are less alike than the rest, for wipes of one length, (n,).

    About 1 for a wipe whose edge is half way at the middle (``phase`` frames before it), 0 where
    nothing is exchanged.
    """
    places = profile.shape[1] - 1
    steps = np.arange(length + 1)
    edges = np.clip(
        np.rint(places * (steps[:, None] + (phase - 0.5, phase + 0.5)) / length), 0, places
    )
    old, new = edges.astype(np.int64).T
    ranks = np.clip(middles[:, None] - length // 2 + steps - 1, 0, len(profile) - 1)
    strip = profile[ranks, new] - profile[ranks, old]
    beside = (
        profile[ranks, np.minimum(new + BESIDE_PX, places)]
        - profile[ranks, np.maximum(old - BESIDE_PX, 0)]
    )
    rest = (profile[ranks, -1] - beside).sum(axis=1, dtype=np.float64)
    alike_in_rest = rest[:, 0] / (rest[:, 1] + 1e-3)
    parts = np.stack(
        [part.sum(axis=1, dtype=np.float64) for part in np.array_split(strip, PARTS, axis=1)]
    )
    whole = parts.sum(axis=0)
    alike = (whole[:, 0] + LITTLE * alike_in_rest) / (whole[:, 1] + LITTLE)
    alike_in_parts = (parts[..., 0] + LITTLE * alike) / (parts[..., 1] + LITTLE)
    return np.asarray(alike_in_rest - (alike + alike_in_parts.max(axis=0)) / 2)
