"""What was seen in the frames, before anybody knows who it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inyourarea.core.columns import joined

#: Value of ``origin`` for a box that a detector (or the user's file) gave.
DETECTED = -1

#: An appearance vector is so many parts of equal length, one after the other: fringe, top of the
#: hair, face, hair beside the neck, torso, legs. Each is the roots of a few histograms' shares, by
#: weight; one that is out of the picture is flat.
APPEARANCE_PARTS = 6
#: The first parts (hair and face) last through a change of clothes.
LASTING_PARTS = 4
#: A portrait is a small picture of the head, from a face height above the face's centre to one
#: below, and two thirds of one to both sides; six cells per face height, three colours each.
PORTRAIT_ROWS, PORTRAIT_COLUMNS = 12, 8
PORTRAIT_LENGTH = PORTRAIT_ROWS * PORTRAIT_COLUMNS * 3


@dataclass(frozen=True, eq=False)
class Detections:
    """All boxes of a stretch of video, ordered by pts, with what tells people apart.

    Rows are boxes: ``pts`` int64 (n,); ``xyxy`` float32 (n, 4) source pixels; ``confidence``
    float32 (n,) in 0..1; ``scores`` float32 (n, C), the whole class-score vector; ``appearance``
    float32 (n, D), unit length, the colours of hair and clothes around the face; ``portrait``
    uint8 (n, `PORTRAIT_LENGTH`), the head in the colours that it has beside its own skin, row by
    row, 0 where it is out of the picture (no columns: there are no portraits); ``origin``
    int32 (n,), ``DETECTED`` or, for a box that was followed through the pixels without a
    detection, the row of the detection it started from (``confidence`` is then how well the
    pixels agree, and ``scores`` are zero).

    ``looked`` int64 (m,) holds the pts of the frames that went through the detector, with or
    without a box: a frame between two of them was never asked.
    """

    pts: NDArray[np.int64]
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    scores: NDArray[np.float32]
    appearance: NDArray[np.float32]
    portrait: NDArray[np.uint8]
    origin: NDArray[np.int32]
    looked: NDArray[np.int64]

    def __post_init__(self) -> None:
        rows = self.pts.size
        looks = (self.appearance, self.portrait)
        columns = (self.xyxy, self.confidence, self.scores, *looks, self.origin)
        if any(len(column) != rows for column in columns):
            raise ValueError("the columns of detections differ in length")

    def __len__(self) -> int:
        return int(self.pts.size)

    @property
    def detected(self) -> NDArray[np.bool_]:
        """Which rows a detector gave, bool (n,); the others were followed."""
        return self.origin == DETECTED

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Detections":
        """Only these rows (indices or mask); origins of rows left out become ``DETECTED``.

        Take detections together with what was followed from them, or only detections.
        """
        index = np.arange(len(self))[rows]
        place = np.full(len(self) + 1, DETECTED, dtype=np.int32)
        place[index] = np.arange(index.size, dtype=np.int32)
        return Detections(
            pts=self.pts[index],
            xyxy=self.xyxy[index],
            confidence=self.confidence[index],
            scores=self.scores[index],
            appearance=self.appearance[index],
            portrait=self.portrait[index],
            origin=place[self.origin[index]],
            looked=self.looked,
        )


def join_detections(parts: list[Detections]) -> Detections:
    """The detections of consecutive segments as one; ``origin`` is re-based."""
    starts = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    origins = [
        np.where(part.detected, DETECTED, part.origin + start).astype(np.int32)
        for part, start in zip(parts, starts, strict=True)
    ]
    return joined(parts, origin=np.concatenate(origins))
