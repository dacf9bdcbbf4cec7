"""The port to whatever finds people in pictures: a model here, or one on a server."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.model import ModelInfo
from inyourarea.core.errors import DependencyAway


class ModelRejectedInput(Exception):
    """The model was given pictures that it does not take."""


class DetectorAway(DependencyAway):
    """The detector can not be reached; what was asked may be asked again later."""

    dependency = "triton"


class DetectorFailed(Exception):
    """The detector was reached and could not answer."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a detector saw in one picture, best first.

    ``xyxy`` float32 (n, 4) in pixels of the letterboxed picture; ``scores`` float32 (n, C), the
    whole class-score vector of each box.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The best class score of each box, float32 (n,)."""
        return self.scores.max(axis=1, initial=0.0)

    def __len__(self) -> int:
        return len(self.xyxy)


class Detector(Protocol):
    """Finds people in letterboxed pictures; the same pictures give the same answer."""

    @property
    def info(self) -> ModelInfo:
        """What the model says of itself: its classes, its picture size, its scores."""
        ...

    @property
    def sha256(self) -> str:
        """The digest of the model file."""
        ...

    def find(self, pictures: NDArray[np.uint8]) -> list[Found]:
        """What is in each picture: uint8 RGB (N, height, width, 3), letterboxed; N may be 0.

        Raises:
            ModelRejectedInput: the pictures have another shape or type.
            DetectorAway: nobody answers.
            DetectorFailed: somebody does, but with no boxes.
            ModelRejected: the model is no longer the one that it was.
        """
        ...


def check_pictures(pictures: NDArray[np.uint8], info: ModelInfo) -> None:
    """Refuse what the model does not take; every adapter asks this first.

    Raises:
        ModelRejectedInput: not uint8 (N, height, width, 3) of the model's size.
    """
    wanted = (info.height, info.width, 3)
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] != wanted:
        raise ModelRejectedInput(
            f"The model {info.name!r} takes uint8 pictures of {list(wanted)}, but was given "
            f"{pictures.dtype} of {list(pictures.shape[1:])}; letterbox them to its size first."
        )


def trim(xyxy: NDArray[np.float32], scores: NDArray[np.float32]) -> list[Found]:
    """A model's answer (N, 100, 4) and (N, 100, C) without the zero rows beyond what was found."""
    kept = scores.max(axis=2, initial=0.0) > 0
    return [Found(xyxy[i][kept[i]], scores[i][kept[i]]) for i in range(len(xyxy))]
