"""The knobs of the track stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from inyourarea.runtime.settings import Environment


@dataclass(frozen=True)
class TrackSettings:
    """Track's knobs."""

    #: Seconds: a longer stretch without sightings stays open. No knob of the environment: it
    #: decides bytes, and names of objects do not tell it.
    longest_gap_s: Fraction = Fraction(7, 10)
    #: Segments of one video that wait to be drawn at once: as many as a song of four minutes has,
    #: so that a song is drawn by as many copies as there are, and who comes after a concert waits
    #: no longer than after a song.
    window: int = 64


def read_settings(environment: Mapping[str, str]) -> TrackSettings:
    """Settings from the environment. Name behind ``INYOURAREA_``: ``TRACK_WINDOW``.

    Raises:
        SettingsRejected: the value can not be used.
    """
    plain, asked = TrackSettings(), Environment(environment)
    settings = TrackSettings(window=asked.whole("TRACK_WINDOW", plain.window, 1, 10_000))
    asked.check()
    return settings
