"""Into which spans a video is cut for the workers. Pure."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import Refused
from inyourarea.core.reasons import told

#: Seconds a segment should last: short enough to be lost without harm and to spread over workers,
#: long enough that opening the source and the encoder's first key frame do not count.
SEGMENT_S = Fraction(4)
#: Seconds between key frames from which on a closed-GOP copy is made.
RAREST_KEYS_S = Fraction(10)


def cut_span(
    pts: NDArray[np.int64],
    end_pts: int,
    time_base: Fraction,
    from_s: Fraction | None,
    to_s: Fraction | None,
) -> tuple[int, int]:
    """The half-open pts interval of the part from ``from_s`` to ``to_s`` seconds.

    Seconds count from the first frame. The part begins at the first frame that is not before
    ``from_s`` and ends before the first that is not before ``to_s``, or with the video.

    Raises:
        Refused: no frame lies there.
    """
    duration = float((end_pts - int(pts[0])) * time_base)
    begins = from_s if from_s is not None else Fraction(0)
    first = int(np.searchsorted(pts, _at(pts, begins, time_base)))
    last = pts.size if to_s is None else int(np.searchsorted(pts, _at(pts, to_s, time_base)))
    if begins < 0 or first >= pts.size or last <= first:
        figures = {"start": f"{float(begins):g}", "length": f"{duration:g}"}
        if to_s is None:
            raise Refused(told("rest", **figures))
        raise Refused(told("part", end=f"{float(to_s):g}", **figures))
    return int(pts[first]), int(pts[last]) if last < pts.size else end_pts


def _at(pts: NDArray[np.int64], seconds: Fraction, time_base: Fraction) -> int:
    """The first pts that is not before that time."""
    return int(pts[0]) - int(-seconds // time_base)


def has_rare_keys(key_pts: NDArray[np.int64], span: tuple[int, int], time_base: Fraction) -> bool:
    """Whether decoding into the middle of the span would take too long a run-up.

    ``key_pts`` int64 (k,) of the whole video, its first frame among them.
    """
    last_before = max(0, int(np.searchsorted(key_pts, span[0], side="right")) - 1)
    stops = [*key_pts[last_before:][key_pts[last_before:] < span[1]].tolist(), span[1]]
    return bool(np.max(np.diff(stops)) * time_base > RAREST_KEYS_S)


def decide_segments(
    pts: NDArray[np.int64],
    key_pts: NDArray[np.int64],
    span: tuple[int, int],
    time_base: Fraction,
) -> list[facts.Segment]:
    """Consecutive segments that cover the span, each begun at a key frame near 4 s after the last.

    ``pts`` int64 (n,) and ``key_pts`` int64 (k,) are of the whole video; frames are counted from
    the span's first. Every segment holds a frame.
    """
    keys = key_pts[(key_pts > span[0]) & (key_pts < span[1])]
    starts = [span[0]]
    while (following := _next_start(keys, starts[-1], span[1], time_base)) is not None:
        starts.append(following)
    first, *counts = np.searchsorted(pts, [span[0], *starts[1:], span[1]]).tolist()
    ranks = [0, *(count - first for count in counts)]
    return [
        facts.Segment(
            index=index,
            start_pts=start,
            end_pts=end,
            first_frame=ranks[index],
            frames=ranks[index + 1] - ranks[index],
        )
        for index, (start, end) in enumerate(zip(starts, [*starts[1:], span[1]], strict=True))
    ]


def _next_start(keys: NDArray[np.int64], start: int, end: int, time_base: Fraction) -> int | None:
    """The key frame whose distance from ``start`` is nearest to a segment's length, or none.

    What is left at the end is not cut where that would leave a crumb.
    """
    length = float(SEGMENT_S / time_base)
    if end - start <= 1.5 * length:
        return None
    first, at = np.searchsorted(keys, [start + 1, start + int(length)]).tolist()
    later = np.append(keys[max(first, at - 1) : at + 2], end)
    nearest = int(later[np.argmin(np.abs(later - start - length))])
    return None if nearest == end else nearest
