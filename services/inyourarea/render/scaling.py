"""Where a whole frame is drawn at another size, for browsers.

By libswscale's Lanczos in whole numbers, of the same bytes on every CPU: beside the resampling of
crops, which may lie anywhere between samples, its luma differs by one step at most, and it takes a
third of the time. It takes chroma as lying in the middle of its two columns, where it lies on the
left one: colours of a stage at 720 lines are a sixth of a pixel beside their place.
"""

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from inyourarea.render.crop import Canvas
from inyourarea.render.encode import blank_frame, canvas_on
from inyourarea.runtime.source import Planes

_METHOD = Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


class Room:
    """Holds one frame at a time as libav has it, of a film whose frames are of one size."""

    def __init__(self) -> None:
        self._held: VideoFrame | None = None

    def hold(self, frame: Planes) -> VideoFrame:
        """The same picture, until the next is held.

        Several scalers may look at it at once, although each notes the colours it was told in it:
        these are the same for all frames here.
        """
        if self._held is None:
            height, width = frame.y.shape
            self._held = blank_frame((width, height))
        canvas_on(self._held).copy_from(Canvas(frame.y, frame.u, frame.v))
        return self._held


def draw_whole(frame: VideoFrame, canvas: Canvas, scaler: VideoReformatter) -> None:
    """The canvas shows the whole frame; a ``scaler`` serves one thread and one size at a time."""
    small = scaler.reformat(frame, *canvas.size, "yuv420p", interpolation=_METHOD, threads=1)
    canvas.copy_from(canvas_on(small))
