"""The knobs of the track stage."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class TrackSettings:
    """``longest_gap_s``: a longer stretch without sightings stays open, in seconds."""

    longest_gap_s: Fraction = Fraction(7, 10)
