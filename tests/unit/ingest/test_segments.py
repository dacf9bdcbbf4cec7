"""A span is cut at key frames into segments of about four seconds."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inyourarea.core.errors import Refused
from inyourarea.ingest.mezzanine import mezzanine_keys
from inyourarea.ingest.segments import RAREST_KEYS_S, cut_span, decide_segments, has_rare_keys

BASE = Fraction(1, 1000)


def stamps(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@st.composite
def videos(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """pts, key pts and end in milliseconds; key frames up to nine seconds apart."""
    steps = draw(st.lists(st.integers(1, 900), min_size=0, max_size=200))
    pts = np.cumsum([draw(st.integers(-5000, 5000)), *steps]).astype(np.int64)
    every = draw(st.integers(1, 9))
    return pts, pts[::every], int(pts[-1]) + draw(st.integers(1, 900))


@given(videos())
@settings(deadline=None)
def test_segments_cover_the_span_without_gap_or_overlap(
    video: tuple[np.ndarray, np.ndarray, int],
) -> None:
    pts, keys, end = video
    segments = decide_segments(pts, keys, (int(pts[0]), end), BASE)
    assert (segments[0].start_pts, segments[-1].end_pts) == (pts[0], end)
    assert all(a.end_pts == b.start_pts for a, b in itertools.pairwise(segments))
    assert [segment.index for segment in segments] == list(range(len(segments)))
    counted = 0
    for segment in segments:
        inside = (pts >= segment.start_pts) & (pts < segment.end_pts)
        assert segment.first_frame == counted
        assert segment.frames == inside.sum() >= 1
        assert segment.start_pts in keys
        counted += segment.frames
    assert counted == len(pts)


def test_segments_last_about_four_seconds() -> None:
    pts = np.arange(0, 60_000, 40)
    lengths = [
        segment.end_pts - segment.start_pts
        for segment in decide_segments(pts, pts[::50], (0, 60_000), BASE)
    ]
    assert lengths == [4000] * 15


def test_no_crumb_is_left_at_the_end() -> None:
    pts = np.arange(0, 4_080, 40)
    assert len(decide_segments(pts, pts[::25], (0, 4_080), BASE)) == 1


def test_a_span_may_begin_between_key_frames() -> None:
    pts = np.arange(0, 20_000, 40)
    segments = decide_segments(pts, pts[::100], (1_000, 13_000), BASE)
    assert [segment.start_pts for segment in segments] == [1_000, 4_000, 8_000]
    assert [segment.first_frame for segment in segments] == [0, 75, 175]


def test_one_frame_is_one_segment() -> None:
    (segment,) = decide_segments(stamps(7), stamps(7), (7, 8), BASE)
    assert (segment.start_pts, segment.end_pts, segment.frames) == (7, 8, 1)


def test_a_part_is_the_frames_that_begin_in_it() -> None:
    pts = stamps(500, 533, 567, 600, 633)
    assert cut_span(pts, 667, BASE, None, None) == (500, 667)
    assert cut_span(pts, 667, BASE, Fraction(33, 1000), Fraction(1, 10)) == (533, 600)
    assert cut_span(pts, 667, BASE, Fraction(34, 1000), None) == (567, 667)
    assert cut_span(pts, 667, BASE, None, Fraction(99)) == (500, 667)


@pytest.mark.parametrize(("start", "end"), [("-1", "1"), ("1", None), ("0.05", "0.05"), ("2", "1")])
def test_a_part_without_a_frame_is_refused(start: str, end: str | None) -> None:
    pts = stamps(500, 533, 567, 600, 633)
    with pytest.raises(Refused, match="no frame lies between"):
        cut_span(pts, 667, BASE, Fraction(start), Fraction(end) if end else None)


def test_key_frames_are_rare_only_where_the_span_lies() -> None:
    keys = stamps(0, 5_000, 30_000, 35_000)
    assert has_rare_keys(keys, (0, 40_000), BASE)
    assert not has_rare_keys(keys, (0, 10_000), BASE)
    assert has_rare_keys(keys, (20_000, 24_000), BASE)
    assert not has_rare_keys(keys, (31_000, 40_000), BASE)


@given(videos())
@settings(deadline=None)
def test_a_copys_key_frames_are_close_enough(video: tuple[np.ndarray, np.ndarray, int]) -> None:
    pts, _, end = video
    keys = mezzanine_keys(pts, BASE)
    assert keys[0] == pts[0]
    assert np.isin(keys, pts).all()
    assert not has_rare_keys(keys, (int(pts[0]), end), BASE)
    assert RAREST_KEYS_S > 3


def test_a_copy_whose_clock_ticks_slowly_can_be_entered_at_every_frame() -> None:
    assert mezzanine_keys(stamps(0, 1, 5), Fraction(3)).tolist() == [0, 1, 5]


@given(videos())
@settings(deadline=None)
def test_every_segment_ends_at_the_key_frame_nearest_to_four_seconds(
    video: tuple[np.ndarray, np.ndarray, int],
) -> None:
    pts, keys, end = video
    for segment in decide_segments(pts, keys, (int(pts[0]), end), BASE)[:-1]:
        later = np.append(keys[keys > segment.start_pts], end)
        off = np.abs(later - segment.start_pts - 4000)
        assert segment.end_pts == later[np.argmin(off)]
