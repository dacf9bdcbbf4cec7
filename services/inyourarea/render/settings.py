"""The knobs of the render stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from inyourarea.runtime.settings import Environment


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


def read_settings(environment: Mapping[str, str]) -> RenderSettings:
    """Settings from ``INYOURAREA_SCRATCH`` and ``INYOURAREA_RENDER_FRAME_TIMEOUT_S``.

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    plain, asked = RenderSettings(), Environment(environment)
    longest_s = Fraction(plain.frame_timeout_s)
    settings = RenderSettings(
        frame_timeout_s=float(asked.seconds("RENDER_FRAME_TIMEOUT_S", longest_s, 600)),
        scratch=asked.folder("SCRATCH"),
    )
    asked.check()
    return settings
