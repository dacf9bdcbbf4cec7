"""The knobs of the render stage."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RenderSettings:
    """How long a segment may take, and where files are made before they are stored.

    A segment is ended after ``least_timeout_s`` plus ``frame_timeout_s`` for each of its frames
    in each fancam; drawing one takes about 10 ms. ``scratch`` is a folder for one whole fancam;
    none: the system's own for temporary files.
    """

    least_timeout_s: float = 120.0
    frame_timeout_s: float = 1.0
    scratch: Path | None = None
