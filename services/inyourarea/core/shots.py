"""A shot: the frames between two cuts."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

ShotKind: TypeAlias = Literal["cut", "dissolve"]


@dataclass(frozen=True)
class Shot:
    """Frames ``first_frame`` to ``last_frame``, both inclusive; ``kind`` is how it began.

    A wipe counts as ``dissolve``. The first shot of a video began with a ``cut``.
    """

    first_frame: int
    last_frame: int
    kind: ShotKind = "cut"

    def __len__(self) -> int:
        return self.last_frame - self.first_frame + 1


def shot_of_frames(shots: tuple[Shot, ...]) -> NDArray[np.int32]:
    """The number of the shot that each frame belongs to, int32 (frames,)."""
    return np.repeat(np.arange(len(shots), dtype=np.int32), [len(shot) for shot in shots])
