"""What ingest may be asked to do: the limits on what strangers send, and the size of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from inyourarea.runtime.settings import Environment


@dataclass(frozen=True)
class Limits:
    """What a video may be at most; a video over any of them is refused with the number."""

    #: Seconds: the longest concert.
    duration_s: int = 4 * 3600
    #: Four hours at 60 frames a second.
    frames: int = 4 * 3600 * 60
    #: Frames in any one second, so that a segment is a bounded piece of work; cameras of phones
    #: record up to 960 for slow motion.
    frames_per_s: int = 1000
    #: Pixels over all frames: four hours of 3840x2160 at 60 frames a second.
    pixels: int = 4 * 3600 * 60 * 3840 * 2160
    #: Pixels of the shorter side: below it no face can be told from another.
    shortest_side: int = 16
    #: Pixels of the longer side, after pixels were made square.
    longest_side: int = 8192


@dataclass(frozen=True)
class IngestSettings:
    """Ingest's knobs."""

    limits: Limits = Limits()
    #: Seconds for one probe: reading ten gigabytes over a network.
    probe_timeout_s: float = 300.0
    #: Seconds for one segment of some four seconds; the slowest codec at 8192x4320 takes about 200.
    segment_timeout_s: float = 600.0
    #: Seconds for a sound track of four hours to be encoded.
    audio_timeout_s: float = 900.0
    #: Seconds per frame, and at least, for the closed-GOP copy.
    mezzanine_frame_timeout_s: float = 1.0
    mezzanine_timeout_s: float = 120.0
    #: Folder for one copy or sound track in the making; none: the system's own for temporary files.
    scratch: Path | None = None
    #: Segments of one video that are on their way at once: enough for every worker of a small
    #: cluster, few enough that the frame packs of a long video do not fill a laptop's disk.
    window: int = 8
    #: Seconds of video up to which it travels in the urgent lane; corrections do, however long.
    urgent_s: int = 180


def read_settings(environment: Mapping[str, str]) -> IngestSettings:
    """Settings from the environment; limits are not for it.

    Names behind ``INYOURAREA_``: ``SCRATCH``, ``INGEST_WINDOW``, ``INGEST_URGENT_S`` and
    ``INGEST_SEGMENT_TIMEOUT_S``.

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    plain, asked = IngestSettings(), Environment(environment)
    longest_s = Fraction(plain.segment_timeout_s)
    settings = IngestSettings(
        segment_timeout_s=float(asked.seconds("INGEST_SEGMENT_TIMEOUT_S", longest_s, 86_400)),
        scratch=asked.folder("SCRATCH"),
        window=asked.whole("INGEST_WINDOW", plain.window, 1, 10_000),
        urgent_s=asked.whole("INGEST_URGENT_S", plain.urgent_s, 0, 86_400),
    )
    asked.check()
    return settings
