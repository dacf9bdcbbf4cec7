"""A segment's pieces show, at every pts, what each window frames there."""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest

from footage import as_bytes, decoded, ideal_crop, ssim, stage, stamps
from inyourarea.core.errors import VideoUnreadable
from inyourarea.core.tracks import State
from inyourarea.core.windows import QUANTUM_PX
from inyourarea.render.crop import Canvas
from inyourarea.render.drawing import SegmentPlan, View, draw_pieces, in_step
from inyourarea.render.fit import fit
from inyourarea.render.resample import Scratch
from inyourarea.runtime.source import Planes

SOURCE = (320, 180)
#: The definition's measure of a fancam against the ideal crop.
ALIKE = 0.97


def plan_of(pts: Sequence[int], end: int, time_base: Fraction = Fraction(1, 30000)) -> SegmentPlan:
    return SegmentPlan("source", pts[0], end, tuple(pts), time_base, 30)


def frames_at(pts: Sequence[int]) -> list[Planes]:
    """The stage wanders right by 1.7 pixels a frame."""
    return [stage(SOURCE, stamp, 1.7 * rank) for rank, stamp in enumerate(pts)]


def panning(frames: int, start: tuple[float, ...], step: tuple[float, ...]) -> np.ndarray:
    """Windows that move by ``step`` pixels a frame, in sixteenths."""
    path = np.array(start) + np.arange(frames)[:, None] * np.array(step)
    return np.round(path / QUANTUM_PX).astype(np.int64)


def view_of(windows: np.ndarray, size: tuple[int, int], state: State = State.OBSERVED) -> View:
    return View(size, windows, np.full(len(windows), state, np.uint8))


PTS = [1001 * rank for rank in range(24)]
END = 1001 * 24


def test_every_frame_shows_its_window_of_the_source() -> None:
    views = [
        view_of(panning(24, (20, 10, 100, 152), (1.8125, 0.0625, 1.8125, 0.0625)), (80, 142)),
        view_of(panning(24, (0, 0, 57, 180), (0, 0, 0, 0)), (100, 316)),
        view_of(panning(24, (263, 0, 320, 180), (-0.5, 0, 0, 0)), (56, 178)),
    ]
    frames = frames_at(PTS)
    for view, piece in zip(views, draw_pieces(frames, plan_of(PTS, END), views), strict=True):
        shown = decoded(piece)
        assert len(shown) == 24
        for rank, frame in list(enumerate(frames))[::3]:
            window = view.windows[rank] * QUANTUM_PX
            ideal = [as_bytes(plane) for plane in ideal_crop(frame, window, view.size)]
            assert ssim(shown[rank].y, ideal[0]) >= ALIKE
            assert ssim(shown[rank].u, ideal[1]) >= ALIKE
            assert ssim(shown[rank].v, ideal[2]) >= ALIKE


def test_the_same_windows_give_the_same_bytes() -> None:
    views = [
        view_of(panning(24, (place, 10, place + 80, 152), (1.5, 0, 1.5, 0)), (80, 142))
        for place in (0, 20, 40, 60, 80)
    ]
    once = draw_pieces(frames_at(PTS), plan_of(PTS, END), views)
    again = draw_pieces(frames_at(PTS), plan_of(PTS, END), views)
    alone = draw_pieces(frames_at(PTS), plan_of(PTS, END), views[3:4])
    assert once == again
    assert alone == once[3:4]
    assert len(set(once)) == 5


@pytest.mark.parametrize(
    ("pts", "end", "time_base"),
    [
        ([0, 3, 10, 12, 13, 20], 27, Fraction(1, 100)),
        ([500, 501, 502], 503, Fraction(1001, 30000)),
        ([90000, 93003, 96006], 99009, Fraction(1, 90000)),
        ([40], 1040, Fraction(1, 1000)),
        ([-67, -33, 0], 33, Fraction(1, 1000)),
    ],
)
def test_a_piece_keeps_every_stamp_and_the_last_duration(
    pts: list[int], end: int, time_base: Fraction
) -> None:
    views = [view_of(panning(len(pts), (0, 0, 80, 142), (0, 0, 0, 0)), (80, 142))]
    (piece,) = draw_pieces(frames_at(pts), plan_of(pts, end, time_base), views)
    assert stamps(piece) == [(stamp - pts[0]) * time_base for stamp in [*pts, end]]


def test_a_piece_begins_with_its_only_forced_key_frame_and_says_its_colours() -> None:
    views = [view_of(panning(24, (0, 0, 80, 142), (0, 0, 0, 0)), (80, 142))]
    (piece,) = draw_pieces(frames_at(PTS), plan_of(PTS, END), views)
    with av.open(io.BytesIO(piece)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        context = stream.codec_context
        assert [packet.is_keyframe for packet in packets] == [True] + [False] * 23
        assert all(packet.pts == packet.dts for packet in packets)
        assert (context.profile, context.pix_fmt) == ("High", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


def test_the_absent_see_the_whole_stage() -> None:
    windows = np.tile(np.array([0, 0, 320 * 16, 180 * 16]), (24, 1))
    views = [view_of(windows, (90, 160), State.ABSENT), view_of(windows, (90, 160), State.ABSENT)]
    one, other = draw_pieces(frames_at(PTS), plan_of(PTS, END), views)
    assert one == other
    for frame, shown in zip(frames_at(PTS), decoded(one), strict=True):
        canvas = Canvas.blank(90, 160)
        fit(frame, canvas, Scratch())
        assert ssim(shown.y, canvas.y) >= ALIKE


def test_somebody_may_leave_at_a_cut() -> None:
    windows = panning(24, (100, 10, 180, 152), (0, 0, 0, 0))
    states = np.array([State.FOLLOWED] * 12 + [State.ABSENT] * 12, np.uint8)
    windows[12:] = [0, 0, 320 * 16, 180 * 16]
    frames = frames_at(PTS)
    (piece,) = draw_pieces(frames, plan_of(PTS, END), [View((80, 142), windows, states)])
    shown = decoded(piece)
    before = as_bytes(ideal_crop(frames[11], (100, 10, 180, 152), (80, 142))[0])
    canvas = Canvas.blank(80, 142)
    fit(frames[12], canvas, Scratch())
    assert ssim(shown[11].y, before) >= ALIKE
    assert ssim(shown[12].y, canvas.y) >= ALIKE


def test_nobody_to_draw_is_no_trouble() -> None:
    assert draw_pieces(frames_at(PTS), plan_of(PTS, END), []) == []


def shown_for(there: Sequence[int], wanted: Sequence[int]) -> list[int]:
    frames = [stage((16, 16), stamp) for stamp in there]
    return [frame.pts for frame in in_step(iter(frames), wanted)]


def test_a_missing_frame_repeats_the_one_before() -> None:
    assert shown_for([0, 2, 3], [0, 1, 2, 3, 4]) == [0, 0, 2, 3, 3]


def test_a_missing_start_shows_the_first_frame_there_is() -> None:
    assert shown_for([2, 3], [0, 1, 2, 3]) == [2, 2, 2, 3]


def test_an_extra_frame_is_dropped() -> None:
    assert shown_for([0, 1, 2, 3, 4], [1, 3]) == [1, 3]


def test_an_extra_frame_is_not_repeated_for_a_missing_one() -> None:
    assert shown_for([0, 5, 20], [0, 10, 20]) == [0, 0, 20]


def test_a_segment_without_any_frame_is_unreadable() -> None:
    with pytest.raises(VideoUnreadable, match="can not be decoded"):
        shown_for([], [0, 1])
