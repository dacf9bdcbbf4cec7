"""A closed-GOP copy of a video whose key frames are too rare to cut at; every stage reads that."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from inyourarea.core.reasons import told
from inyourarea.ingest.probe import Probe
from inyourarea.ingest.segments import SEGMENT_S
from inyourarea.runtime.disk import words_for
from inyourarea.runtime.objects import Objects, ObjectsAway, holds
from inyourarea.runtime.source import Planes, decode_segment, pixels_of

#: Seconds between the copy's key frames: two to a segment.
_KEYS_S = SEGMENT_S / 2
#: Near lossless: at CRF 10 x264 stays above 48 dB on stage footage; the copy is read once more.
_ENCODER = {
    "preset": "veryfast",
    "crf": "10",
    "bf": "0",
    "sc_threshold": "0",
    "g": "100000",
    "threads": "2",
    "x264-params": "open-gop=0:stitchable=1",
}


def mezzanine_size(size: tuple[int, int]) -> tuple[int, int]:
    """The copy's (width, height): H.264 in 4:2:0 has even sides, so an odd last line goes."""
    return size[0] // 2 * 2, size[1] // 2 * 2


def mezzanine_keys(pts: NDArray[np.int64], time_base: Fraction) -> NDArray[np.int64]:
    """Which of the frames ``pts`` int64 (n,) are key frames in the copy."""
    step = max(1, int(_KEYS_S / time_base))
    keys = [int(pts[0])]
    while (following := int(np.searchsorted(pts, keys[-1] + step))) < pts.size:
        keys.append(int(pts[following]))
    return np.array(keys, dtype=np.int64)


def make_mezzanine(objects: Objects, key: str, copy_key: str, probe: Probe, scratch: Path) -> None:
    """The copy is stored: the same pts, upright, in our colours.

    An mp4 counts in whole parts of a second: where the source's clock ticks in several of them, the
    copy keeps the numbers and runs faster. Nobody looks at it but by pts.

    Runs in a child process, which may die of it; so the folder ``scratch`` is the caller's to
    remove. Equal input, equal bytes. Whoever has waited for another one's copy makes none.
    """
    if holds(objects, copy_key):
        return
    path = scratch / "mezzanine.mp4"
    try:
        _write(objects, key, path, probe)
    except OSError as trouble:
        raise ObjectsAway(
            told("no-scratch-folder", folder=scratch.parent, why=words_for(trouble))
        ) from trouble
    objects.put(copy_key, path)


def _write(objects: Objects, key: str, path: Path, probe: Probe) -> None:
    keys = set(mezzanine_keys(probe.pts, probe.time_base).tolist())
    width, height = mezzanine_size((probe.width, probe.height))
    # In units of the source's own time base, or parts of one, so that no stamp is rounded.
    tick = Fraction(1, probe.time_base.denominator)
    scale = str(tick.denominator)
    options = {
        "fflags": "+bitexact",
        "video_track_timescale": scale,
        "movie_timescale": scale,
        "movflags": "faststart",
        "avoid_negative_ts": "disabled",
    }
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", options=_ENCODER)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = tick
        for name in ("colorspace", "color_primaries", "color_trc", "color_range"):
            setattr(stream.codec_context, name, 1)
        end_pts = probe.end_pts
        for planes in decode_segment(objects, key, int(probe.pts[0]), end_pts):
            frame = _frame(planes, (width, height), tick)
            frame.pict_type = PictureType.I if planes.pts in keys else PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frame(planes: Planes, size: tuple[int, int], time_base: Fraction) -> VideoFrame:
    frame = VideoFrame(size[0], size[1], "yuv420p")
    for number, source in enumerate((planes.y, planes.u, planes.v)):
        rows = pixels_of(frame.planes[number])
        rows[:] = source[: rows.shape[0], : rows.shape[1]]
    frame.pts, frame.time_base = planes.pts, time_base
    return frame
