"""The stage show.

Draws a group's performance with exact truth, for demo, tests, benchmarks and training.

A frame is a pure function of ``(show, frame)``: :func:`draw_frame` draws any frame of a
:class:`Show` by itself, :func:`write_show` writes the whole video with its truth.
"""

from inyourarea.stage_show.draw import draw_frame
from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.spec import (
    GROUPS,
    MEMBER_NAMES,
    SETTINGS,
    ShowRefused,
    ShowSpec,
    TruthRow,
)
from inyourarea.stage_show.write import write_show

__all__ = [
    "GROUPS",
    "MEMBER_NAMES",
    "SETTINGS",
    "Show",
    "ShowRefused",
    "ShowSpec",
    "TruthRow",
    "draw_frame",
    "write_show",
]
