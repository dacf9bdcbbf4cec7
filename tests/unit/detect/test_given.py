"""The user's boxes survive the way through the object store, segment by segment."""

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from inyourarea.contracts.given import GivenBoxes, read_given, write_given
from inyourarea.core.errors import Refused


def boxes_at(frames: list[int]) -> GivenBoxes:
    rows = np.arange(len(frames), dtype=np.float64)
    return GivenBoxes(
        pts=np.array(frames, dtype=np.int64),
        classes=(np.arange(len(frames)) % 4 - 1).astype(np.int32),
        xyxy=np.stack([rows, rows + 0.5, rows + 20.125, rows + 30], axis=1).reshape(-1, 4),
        confidence=np.linspace(0.1, 1, len(frames)).round(3),
    )


@over(
    frames=st.lists(st.integers(-9, 60), max_size=60),
    first=st.integers(-9, 60),
    count=st.integers(0, 30),
)
def test_a_segment_gets_its_own_boxes_and_no_others(
    frames: list[int], first: int, count: int
) -> None:
    everything = boxes_at(frames)
    part = read_given(write_given(everything), first, first + count)
    rows = np.argsort(everything.pts, kind="stable")
    rows = rows[(everything.pts[rows] >= first) & (everything.pts[rows] < first + count)]
    assert part.pts.tolist() == everything.pts[rows].tolist()
    assert part.classes.tolist() == everything.classes[rows].tolist()
    assert np.allclose(part.xyxy, everything.xyxy[rows])
    assert np.allclose(part.confidence, everything.confidence[rows])


def test_what_an_earlier_version_wrote_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="--boxes again"):
        read_given(b"frame,class,x1,y1,x2,y2,confidence\n1,0,2,3,4,5,1\n", 0, 10)
