"""The knobs of the track stage, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class TrackSettings:
    """``longest_gap_s``: a longer stretch without sightings stays open, in seconds.

    No knob of the environment: it decides bytes, and names of objects do not tell it.
    """

    longest_gap_s: Fraction = Fraction(7, 10)


def read_settings(environment: Mapping[str, str]) -> TrackSettings:  # noqa: ARG001 - the room's form
    """The settings; nothing of this stage is left to the environment."""
    return TrackSettings()
