"""Boxes while a segment is worked on: by frame rank, in the pixels of the pack's pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.detect.appearance import Looks, join_looks


@dataclass(frozen=True, eq=False)
class Sightings:
    """What a detector, or the user, saw in the pictures of one segment, ordered by rank.

    ``rank`` int64 (n,) counts the segment's frames from 0; ``xyxy`` float64 (n, 4) pixels of the
    pack's pictures, without bars; ``confidence`` float64 (n,); ``scores`` float32 (n, C);
    ``looks`` says of each row what that person looks like; ``looked`` int64 (m,) are the ranks that
    were asked for, ascending.
    """

    rank: NDArray[np.int64]
    xyxy: NDArray[np.float64]
    confidence: NDArray[np.float64]
    scores: NDArray[np.float32]
    looks: Looks
    looked: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.rank.size)

    def rows_at(self, rank: int) -> NDArray[np.int64]:
        """The rows of one frame, ascending."""
        low, high = np.searchsorted(self.rank, [rank, rank + 1])
        return np.arange(low, high)


def join_sightings(parts: list[Sightings]) -> Sightings:
    """Several looks at different frames as one, ordered by rank."""
    rank = np.concatenate([part.rank for part in parts])
    order = np.argsort(rank, kind="stable")
    return Sightings(
        rank=rank[order],
        xyxy=np.concatenate([part.xyxy for part in parts])[order],
        confidence=np.concatenate([part.confidence for part in parts])[order],
        scores=np.concatenate([part.scores for part in parts])[order],
        looks=join_looks([part.looks for part in parts])[order],
        looked=np.sort(np.concatenate([part.looked for part in parts])),
    )
